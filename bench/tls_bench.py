#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What viewers under TLS cost the server: one and eight that look at a picture in motion, acknowledged as a page does.

Several builds are measured in turns, so that what else the machine does meets all of them alike.

usage: tls_bench.py ORIEL... [--rounds=N] [--seconds=N] [--plain] [--address=DESKTOP]

Prints medians, with the least and the most.
"""
import base64
import os
import re
import selectors
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import time

TOKEN = 'a-token-for-the-measurement'
VIDEO, TILES, HELLO, ACK, PING, PONG = 0x02, 0x03, 0x41, 0x42, 0x71, 0x72
options = dict(word[2:].partition('=')[::2] for word in sys.argv[1:] if word.startswith('--'))
builds = [word for word in sys.argv[1:] if not word.startswith('--')]
ADDRESS = options.get('address', 'pattern:?size=1280x720&fps=60&scene=motion')
ROUNDS, SECONDS, PLAIN = int(options.get('rounds', 5)), float(options.get('seconds', 8)), 'plain' in options


def frame(payload):
    """A client's: masked, with zeros."""
    return bytes([0x82, 0x80 | len(payload)]) + bytes(4) + payload


class Viewer:
    """Reads what comes, answers pings, and acknowledges each picture as painted."""

    def __init__(self, port, context):
        plain = socket.create_connection(('127.0.0.1', port), 20)
        self.socket = context.wrap_socket(plain, server_hostname='localhost') if context else plain
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f'GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n'
                             f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n'
                             f'Sec-WebSocket-Protocol: oriel.v1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n').encode())
        self.data = b''
        while b'\r\n\r\n' not in self.data:
            self.data += self.socket.recv(65536)
        head, self.data = self.data.split(b'\r\n\r\n', 1)
        assert b' 101 ' in head, head
        self.socket.sendall(frame(struct.pack('<B3xHBBIHH', HELLO, 1, 0, 0, 3, 0, 0)))
        self.socket.setblocking(False)
        self.pictures = self.bytes = 0

    def message(self):
        """The next one that is whole; None."""
        if len(self.data) < 2:
            return None
        size, at = self.data[1], 2
        if size >= 126:
            at = 4 if size == 126 else 10
            if len(self.data) < at:
                return None
            size = int.from_bytes(self.data[2:at], 'big')
        if len(self.data) < at + size:
            return None
        payload, self.data = self.data[at:at + size], self.data[at + size:]
        return payload

    def attend(self):
        try:
            while more := self.socket.recv(1 << 18):
                self.data += more
                self.bytes += len(more)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        while (payload := self.message()) is not None:
            now = time.monotonic_ns() // 1000
            if payload[0] in (VIDEO, TILES):
                sequence = struct.unpack_from('<I', payload, 4)[0]
                self.pictures += 1
                self.socket.sendall(frame(struct.pack('<B3xIIIQQQ', ACK, sequence, sequence, sequence, now, now, now)))
            elif payload[0] == PING:
                self.socket.sendall(frame(struct.pack('<B3xQQ', PONG, struct.unpack_from('<Q', payload, 4)[0], now)))


def used(pid):
    """Of the loop's thread and of all: nanoseconds on a core, and of the first how often it gave the core up."""
    def ran(task):
        with open(f'/proc/{pid}/task/{task}/schedstat', encoding='ascii') as file:
            return int(file.read().split()[0])
    with open(f'/proc/{pid}/task/{pid}/status', encoding='ascii') as file:
        switches = sum(int(count) for count in re.findall(r'ctxt_switches:\s+(\d+)', file.read()))
    return ran(pid), sum(ran(task) for task in os.listdir(f'/proc/{pid}/task')), switches


def measure(build, count, scratch):
    words = [] if PLAIN else ['--tls-cert', f'{scratch}/cert.pem', '--tls-key', f'{scratch}/key.pem']
    server = subprocess.Popen([build, 'serve', ADDRESS, '--listen', '127.0.0.1:0', *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, env={**os.environ, 'ORIEL_TOKEN': TOKEN,
                                                                         'XDG_RUNTIME_DIR': scratch})
    try:
        ready_at = re.compile(r'ready: https?://[^:/]+:(\d+)/')
        port = next(int(found[1]) for line in server.stdout if (found := ready_at.match(line)))
        context = None
        if not PLAIN:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        viewers = [Viewer(port, context) for _ in range(count)]
        ready = selectors.DefaultSelector()
        for viewer in viewers:
            ready.register(viewer.socket, selectors.EVENT_READ, viewer)

        def run(seconds):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                for key, _ in ready.select(0.05):
                    key.data.attend()
        run(2)  # the start's own work is over
        before = used(server.pid)
        pictures, size, begun = sum(v.pictures for v in viewers), sum(v.bytes for v in viewers), time.monotonic()
        run(SECONDS)
        took, after = time.monotonic() - begun, used(server.pid)
        seen = sum(v.pictures for v in viewers) - pictures
        return {
            'loop thread, us a picture sent': (after[0] - before[0]) / 1e3 / seen,
            'loop thread, switches a picture sent': (after[2] - before[2]) / seen,
            'loop thread, % of a core': (after[0] - before[0]) / took / 1e7,
            'all threads, % of a core': (after[1] - before[1]) / took / 1e7,
            'pictures a second, each viewer': seen / took / count,
            'Mbit/s, all viewers': (sum(v.bytes for v in viewers) - size) / took / 125000,
        }
    finally:
        server.terminate()
        server.wait(20)


def main():
    with tempfile.TemporaryDirectory(prefix='oriel-tls-bench.') as scratch:
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                        '-days', '1', '-subj', '/CN=localhost', '-keyout', f'{scratch}/key.pem', '-out',
                        f'{scratch}/cert.pem'], check=True, stderr=subprocess.DEVNULL)
        for count in (1, 8):
            rounds = {build: [] for build in builds}
            for _ in range(ROUNDS):
                for build in builds:
                    rounds[build].append(measure(build, count, scratch))
            for build, results in rounds.items():
                print(f'{count} viewer{"s" if count > 1 else ""}, {build}')
                for name in results[0]:
                    values = [result[name] for result in results]
                    print(f'  {name.ljust(36)} {statistics.median(values):9.2f}  '
                          f'({min(values):.2f} to {max(values):.2f})', flush=True)


main()
