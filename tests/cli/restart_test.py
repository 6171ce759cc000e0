#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The end of a VM that `oriel run` started, with a viewer connected: it is shown, and the VM starts again. The real QEMU,
whose guest is a boot sector. Output is TAP.

usage: restart_test.py ORIEL
"""
import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ORIEL = os.path.abspath(sys.argv[1])
SCRATCH = tempfile.mkdtemp(prefix='oriel-restart-test.', dir='/tmp')
LIMIT_S = 20  # of waits that end at once unless something is broken
TOKEN = 'a-token-for-this-test-only'
DISK = os.path.join(SCRATCH, 'sleeps.img')
results, running = [], []


def until(holds, what):
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f'waited {LIMIT_S} s for {what}')


class Oriel:
    def __init__(self, arguments, **more):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(('ORIEL_', 'LISTEN_', 'WATCHDOG_', 'NOTIFY_')) and name != 'RUNTIME_DIRECTORY'}
        environment = {**kept, 'XDG_RUNTIME_DIR': SCRATCH, 'TMPDIR': SCRATCH, 'XDG_CACHE_HOME': SCRATCH,
                       'ORIEL_TOKEN': TOKEN, 'ORIEL_LISTEN': '127.0.0.1:0', **more}
        self.log = open(os.path.join(SCRATCH, 'log'), 'w+')
        self.viewer = None
        running.append(self)
        self.process = subprocess.Popen([ORIEL, *arguments], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=environment)
        self.port = int(until(lambda: re.search(r'^ready: http://127\.0\.0\.1:(\d+)', self.said(), re.M), 'ready')[1])

    def said(self):
        with open(self.log.name) as file:
            return file.read()

    def ask(self, method, path):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=LIMIT_S)
        connection.request(method, path, headers={'Authorization': f'Bearer {TOKEN}'})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def state(self):
        return self.ask('GET', '/api/v1/desktop')[1]['state']

    def start(self):
        return self.ask('POST', '/api/v1/desktop/start')

    def look(self):
        """Connects as a viewer."""
        self.viewer = socket.create_connection(('127.0.0.1', self.port), LIMIT_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.viewer.sendall((f'GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {TOKEN}\r\n'
                             f'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
                             f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: oriel.v1\r\n\r\n').encode())
        assert b' 101 ' in self.viewer.recv(4096)
        hello = bytes([0x41, 0, 0, 0]) + (1).to_bytes(2, 'little') + bytes(2) + (7).to_bytes(4, 'little') + bytes(4)
        self.viewer.sendall(bytes([0x82, 0x80 | len(hello)]) + bytes(4) + hello)
        until(lambda: self.ask('GET', '/api/v1/desktop')[1]['viewers'] == 1, 'the viewer')

    def qemu(self):
        return int(re.findall(r'in QEMU \(process (\d+)', self.said())[-1])

    def kill_vm(self):
        os.kill(self.qemu(), signal.SIGKILL)
        until(lambda: self.state() == 'gone', 'the end to be seen')

    def quit_vm(self):
        monitor = socket.socket(socket.AF_UNIX)
        monitor.connect(os.path.join(SCRATCH, 'monitor'))
        monitor.sendall(b'{"execute":"qmp_capabilities"}{"execute":"quit"}')
        until(lambda: self.state() == 'gone', 'the end to be seen')
        monitor.close()

    def ends(self):
        status = self.process.wait(LIMIT_S)
        self.close()
        return status

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(LIMIT_S)
        if self.viewer:
            self.viewer.close()
        self.log.close()


def run(*more, **environment):
    return Oriel(['run', DISK, '--accel', 'tcg', '--memory', '64M', '--network', 'none', '--name', 'again', *more,
                  '--', '-qmp', f'unix:{SCRATCH}/monitor,server=on,wait=off'], **environment)


def starts_again():
    oriel = run()
    oriel.look()
    until(lambda: oriel.state() == 'running', 'the VM')
    status, body = oriel.start()
    assert (status, body['error']) == (409, 'the machine runs, or is being started')
    arguments = []
    for end in (oriel.quit_vm, oriel.kill_vm):
        with open(f'/proc/{oriel.qemu()}/cmdline') as file:
            arguments.append(file.read())
        before = oriel.qemu()
        end()
        assert oriel.start()[0] == 202
        until(lambda: oriel.qemu() != before and oriel.state() == 'running', 'the VM again')
    with open(f'/proc/{oriel.qemu()}/cmdline') as file:
        arguments.append(file.read())
    assert len(set(arguments)) == 1, 'with the same command line'
    assert 'role=script command=start result=passed-on' in oriel.said()
    oriel.process.send_signal(signal.SIGINT)
    assert oriel.ends() == 0
    assert os.listdir(os.path.join(SCRATCH, 'oriel')) == [], 'nothing stays'


def signal_does_not_wait():
    oriel = run('--persistent')
    oriel.look()
    until(lambda: oriel.state() == 'running', 'the VM')
    oriel.quit_vm()
    oriel.process.send_signal(signal.SIGTERM)
    assert oriel.ends() == 0, 'the viewer is still there, so that only the signal ends it'
    assert os.listdir(os.path.join(SCRATCH, 'oriel')) == []


def last_viewer_takes_the_offer_along():
    oriel = run()
    oriel.look()
    until(lambda: oriel.state() == 'running', 'the VM')
    oriel.quit_vm()
    oriel.viewer.close()
    assert oriel.ends() == 0


def failed_start_can_be_tried_again():
    oriel = run()
    oriel.look()
    until(lambda: oriel.state() == 'running', 'the VM')
    oriel.quit_vm()
    os.rename(DISK, DISK + '.away')
    try:
        assert oriel.start()[0] == 202
        until(lambda: re.search(r'^oriel: .*sleeps\.img', oriel.said(), re.M), 'why it did not start')
    finally:
        os.rename(DISK + '.away', DISK)
    until(lambda: oriel.start()[0] == 202, 'the failed start to be over')
    until(lambda: oriel.state() == 'running', 'the VM')
    oriel.close()


def lost_vm_is_the_service_managers():
    path = os.path.join(SCRATCH, 'notify')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        oriel = run(NOTIFY_SOCKET=path)
        oriel.look()
        until(lambda: oriel.state() == 'running', 'the VM')
        os.kill(oriel.qemu(), signal.SIGKILL)
        assert oriel.ends() == 1


def machine_of_others_is_left_alone():
    oriel = Oriel(['serve', 'pattern:'])
    status, body = oriel.start()
    assert status == 501 and 'was not started here' in body['error']
    oriel.close()


def case(function):
    try:
        function()
        results.append(True)
        print(f'ok {len(results)} - {function.__name__}', flush=True)
    except Exception as error:  # the other cases still run
        results.append(False)
        print(f'not ok {len(results)} - {function.__name__}\n# {type(error).__name__}: {error}', flush=True)
        with open(os.path.join(SCRATCH, 'log')) as file:
            print(''.join(f'# {line}' for line in file), flush=True)
    while running:
        running.pop().close()


def main():
    with open(DISK, 'wb') as file:  # cli; hlt; jmp. SeaBIOS does not boot an AHCI disk of a single sector
        file.write(b'\xfa\xf4\xeb\xfd'.ljust(510, b'\0') + b'\x55\xaa' + bytes((1 << 20) - 512))
    cases = [starts_again, signal_does_not_wait, last_viewer_takes_the_offer_along, failed_start_can_be_tried_again,
             lost_vm_is_the_service_managers, machine_of_others_is_left_alone]
    try:
        for each in cases:
            case(each)
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    print(f'1..{len(cases)}')
    return not all(results)


sys.exit(main())
