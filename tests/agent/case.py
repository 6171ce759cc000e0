# SPDX-License-Identifier: MIT
"""What the cases of agent_test.py share: their list, an agent between two peers, samples whose place is known."""
import os
import re
import signal
import struct
import sys
import time

from rig import RATE, Failure, Peer, until

CASES = []
# A sanitizer keeps freed memory for a while.
MEMORY_MAY_GROW = (64 if 'ASAN_OPTIONS' in os.environ else 2) << 20


def case(function):
    CASES.append(function)
    return function


def expect(condition, words):
    if not condition:
        raise Failure(words)


def near(value, wanted, tolerance, what):
    expect(abs(value - wanted) <= tolerance, f'{what} is {value:.6g}, not {wanted} +- {tolerance}')


class Bench:
    """An agent between two peers."""

    def __init__(self, rig, *more, output='format=pcm', input='format=pcm', **options):
        self.rig = rig
        self.out, self.mic = Peer(rig.path('out.sock')), Peer(rig.path('in.sock'))
        self.words = ['--output', f'unix://{rig.path("out.sock")}?{output}', '--input', f'unix://{rig.path("in.sock")}?{input}', *more]
        self.options, self.agent, self.children = options, None, []

    def __enter__(self):
        open(self.rig.path('agent.log'), 'wb').close()
        try:
            self.agent = self.rig.start_agent(*self.words, **self.options)
            until(lambda: self.out.connections and self.mic.connections, 5, 'both connections')
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in self.children:
            self.rig.end(child)
        code = self.rig.end(self.agent) if self.agent else None
        self.out.close()
        self.mic.close()
        if sys.exc_info()[0] is None and code != 0:
            raise Failure(f'the agent ended with {code}: {self.rig.log()}')

    def play(self, path):
        self.children.append(self.rig.play(path))
        return self.children[-1]

    def record(self, name='record.wav'):
        path = self.rig.path(name)
        if os.path.exists(path):
            os.unlink(path)
        process = self.rig.record(path)
        self.children.append(process)
        until(lambda: os.path.exists(path) and os.path.getsize(path) > 1000, 5, 'the recorder begins')
        return process, path

    def stop(self, process):
        """A recorder completes its file at an interrupt."""
        self.children.remove(process)
        self.rig.end(process, signal.SIGINT)

    def resident(self):
        with open(f'/proc/{self.agent.pid}/status', encoding='ascii') as file:
            return int(re.search(r'VmRSS:\s+(\d+)', file.read()).group(1)) * 1024


def floats(packets):
    """Left channel of PCM packets."""
    return [v for _, data in packets for v in struct.unpack(f'<{len(data) // 4}f', data)[::2]]


class Place:
    """Where in a known noise a piece of it comes from."""

    def __init__(self, values):
        self.values, self.index = values, {}
        for i in range(len(values) - 3):
            self.index.setdefault(self.key(values[i:i + 3]), i)

    @staticmethod
    def key(three):
        """One number instead of a tuple: a fifth of the memory."""
        return (three[0] << 40) + (three[1] << 20) + three[2]

    def of(self, samples):
        """Frame of the first sample; None for what is not from it."""
        return self.index.get(self.key([round(v * 32768) for v in samples[:3]])) if len(samples) >= 3 else None

    def behind(self, shm, peer, samples=12):
        """Seconds by which the newest packet is behind what the device was just given, as shared memory shows it. The best of several
        looks: the rest is this test's own delay."""
        best = None
        for _ in range(samples):
            count = len(peer.packets)
            until(lambda: len(peer.packets) > count, 5, 'a packet')
            data = peer.packets[-1][1]
            newest = shm_newest(shm)
            at = self.of(struct.unpack(f'<{len(data) // 4}f', data)[::2])
            given = self.of(newest) if newest else None
            if at is not None and given is not None:
                best = given - at if best is None else min(best, given - at)
        expect(best is not None, 'packets of the noise')
        return best / RATE


def shm_newest(name):
    """The last 64 frames of a stereo device, left channel. docs/protocols/audio-shm.md"""
    with open(f'/dev/shm/{name}', 'rb') as file:
        data = file.read()
    head, _, size, channels, _ = struct.unpack('<5I', data[:20])
    start = head - 64 * channels
    return struct.unpack('<128f', data[20 + 4 * start:20 + 4 * head])[::2] if 0 <= start and head <= size else None


def play_and_collect(rig, bench, path, seconds):
    player = bench.play(path)
    until(lambda: player.poll() is not None, seconds + 8, 'the player ends')
    expect(player.returncode == 0, f'pw-cat: {rig.log("pw-cat.log")}')
    previous = -1
    while len(bench.out.packets) != previous:  # what is on its way
        previous = len(bench.out.packets)
        time.sleep(0.1)
    return bench.out.take()
