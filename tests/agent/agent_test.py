#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oriel-agent with a real PipeWire and WirePlumber: both devices, every fault of the host's end and of the daemon.

usage: agent_test.py ORIEL-AGENT [CASE...]        TAP on standard output
"""
import math
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import (RATE, Failure, Microphone, Opus, Peer, Rig, loud, noise_wav, pitch, read_floats, rms, tone, until,  # noqa: E402
                 write_wav)

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

    def cpu(self, seconds):
        """Cores used over that time."""
        def ticks():
            with open(f'/proc/{self.agent.pid}/stat', encoding='ascii') as file:
                fields = file.read().rsplit(')', 1)[1].split()
            return int(fields[11]) + int(fields[12])
        before, start = ticks(), time.monotonic()
        time.sleep(seconds)
        return (ticks() - before) / os.sysconf('SC_CLK_TCK') / (time.monotonic() - start)

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
            self.index.setdefault(tuple(values[i:i + 3]), i)

    def of(self, samples):
        """Frame of the first sample; None for what is not from it."""
        return self.index.get(tuple(round(v * 32768) for v in samples[:3])) if len(samples) >= 3 else None

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


# ---- devices ----

@case
def devices_appear(rig):
    with Bench(rig, '--output-name', 'Speakers of the host', '--input-name', 'Microphone of the host'):
        sink, source = rig.node('oriel-output')['info']['props'], rig.node('oriel-input')['info']['props']
        expect(sink['media.class'] == 'Audio/Sink' and source['media.class'] == 'Audio/Source', 'media.class')
        expect(sink['node.description'] == 'Speakers of the host', sink['node.description'])
        expect(source['node.description'] == 'Microphone of the host', source['node.description'])
        status = rig.status()
        expect(status['pipewire']['connected'] and status['pipewire']['version'].startswith('0.3'), status['pipewire'])
        expect([d['state'] for d in status['devices']] == ['idle', 'idle'], 'idle devices do not run: ' + str(status['devices']))


@case
def quantum_is_low_although_in_a_vm(rig):
    expect(rig.is_vm, 'the rig raises the minimum')
    write_wav(rig.path('tone.wav'), 440, 3)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        until(lambda: rig.status()['devices'][0]['state'] == 'running', 5, 'the device runs')
        until(lambda: len(bench.out.packets) > 10, 3, 'packets')
        device = rig.status()['devices'][0]
        expect(device['quantum'] == 128, f'quantum {device["quantum"]}')
        expect(device['clients'] == ['pw-cat'], str(device['clients']))
        expect(rig.status()['devices'][1]['state'] == 'idle', 'playing does not start the microphone')


@case
def volume_and_mute_are_honoured(rig):
    write_wav(rig.path('tone.wav'), 440, 8, 0.5)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        until(lambda: rig.status()['devices'][0]['peak_db'] > -7, 5, 'full level')
        node = str(rig.status()['devices'][0]['node'])
        rig.call('wpctl', 'set-volume', node, '0.5')
        until(lambda: abs(rig.status()['devices'][0]['peak_db'] + 24.1) < 0.3, 3, lambda: f'18 dB less: {rig.status()["devices"][0]}')
        near(rig.status()['devices'][0]['volume'], 0.125, 0.001, 'volume')
        rig.call('wpctl', 'set-mute', node, '1')
        until(lambda: rig.status()['devices'][0]['peak_db'] < -190, 3, 'silence')
        expect(rig.status()['devices'][0]['muted'], 'muted is told')
        bench.out.take()
        until(lambda: len(bench.out.packets) > 20, 3, 'packets of silence')
        expect(max(map(abs, floats(bench.out.take()[-10:]))) == 0, 'what is sent is silent')
        rig.call('wpctl', 'set-mute', node, '0')
        rig.call('wpctl', 'set-volume', node, '1.0')
        until(lambda: rig.status()['devices'][0]['peak_db'] > -7, 3, 'full level again')


def play_and_collect(rig, bench, path, seconds):
    player = bench.play(path)
    until(lambda: player.poll() is not None, seconds + 8, 'the player ends')
    expect(player.returncode == 0, f'pw-cat: {rig.log("pw-cat.log")}')
    previous = -1
    while len(bench.out.packets) != previous:  # what is on its way
        previous = len(bench.out.packets)
        time.sleep(0.1)
    return bench.out.take()


# ---- sound out ----

@case
def pcm_arrives_bit_by_bit(rig):
    values, tries = noise_wav(rig.path('noise.wav'), 1), []
    with Bench(rig) as bench:
        for _ in range(5):  # a busy machine costs PipeWire, or the player, a cycle now and then
            packets = play_and_collect(rig, bench, rig.path('noise.wav'), 1)
            expect(not bench.out.errors, f'lengths {bench.out.errors}')
            expect(all(len(data) % 8 == 0 for _, data in packets), 'whole frames')
            heard = floats(packets)
            start = next((i for i, v in enumerate(heard) if v != 0), len(heard))
            wrong = sum(abs(v * 32768 - w) > 0.01 for v, w in zip(heard[start:], values))
            tries.append(f'{wrong} of {len(values)} samples differ, {len(heard) - start} came')
            if wrong == 0 and len(heard) - start >= len(values):
                return
    raise Failure('; '.join(tries))


def opus_of(milliseconds):
    def run(rig):
        write_wav(rig.path('tone.wav'), 997, 2)
        with Bench(rig, output=f'frame={milliseconds}', input='format=opus') as bench:
            packets = play_and_collect(rig, bench, rig.path('tone.wav'), 2)
            opus, heard = Opus(), []
            for _, data in packets:
                frames = opus.decode(data)
                expect(frames is not None and len(frames) == RATE * milliseconds // 1000 * 2, f'a packet of {milliseconds} ms of Opus')
                heard += frames[::2]
            sounding = loud(heard, 0.2)
            expect(len(sounding) > 1.5 * RATE, f'{len(sounding)} frames of 2 s')
            near(pitch(sounding), 997, 1, 'pitch')
            near(rms(sounding[4800:-4800]), 0.5 / math.sqrt(2), 0.02, 'level')
    run.__name__ = f'opus_of_{milliseconds}_ms_is_valid'
    return run


for length in (5, 10, 20):
    case(opus_of(length))


@case
def many_channels_are_mixed(rig):
    write_wav(rig.path('tone.wav'), 440, 1.5, 0.4, channels=8)
    with Bench(rig, '--channels', '8', channels=8) as bench:
        expect(rig.node('oriel-output')['info']['n-input-ports'] == 8, 'eight ports')
        heard = floats(play_and_collect(rig, bench, rig.path('tone.wav'), 1.5))
        near(pitch(loud(heard, 0.1)), 440, 1, 'pitch')
        near(max(heard), 0.4, 0.02, 'eight channels at 0.4, level')


@case
def one_channel_and_another_rate_are_converted(rig):
    write_wav(rig.path('tone.wav'), 440, 1.5, rate=44100, channels=1)
    with Bench(rig, '--channels', '1', '--rate', '96000', channels=1) as bench:
        heard = floats(play_and_collect(rig, bench, rig.path('tone.wav'), 1.5))
        near(pitch(loud(heard, 0.1)), 440, 1, 'pitch')


# ---- microphone ----

def microphone(pcm):
    def run(rig):
        with Bench(rig, input='format=pcm' if pcm else 'format=opus') as bench:
            source = Microphone(bench.mic, 660, 2.5 if pcm else 5, pcm)
            try:
                recorder, path = bench.record()
                until(lambda: len(loud(read_floats(path), 0.2)) > 1.5 * RATE, 8, lambda: f'1.5 s of sound: {rig.status()["input"]}')
                expect(rig.status()['input']['health'] == 'flowing', rig.status()['input']['health'])
                bench.stop(recorder)
            finally:
                source.stop()
            heard = loud(read_floats(path), 0.2)[4800:]
            near(pitch(heard), 660, 3, 'pitch')
            near(rms(heard), 0.5 / math.sqrt(2), 0.02, 'level')
    run.__name__ = f'microphone_of_{"pcm" if pcm else "opus"}_is_recorded'
    return run


case(microphone(True))
case(microphone(False))


@case
def two_recorders_hear_the_same(rig):  # lesson 25
    with Bench(rig) as bench:
        source = Microphone(bench.mic, 660, 2.5, True)
        try:
            one, one_path = bench.record('one.wav')
            two, two_path = bench.record('two.wav')
            until(lambda: len(loud(read_floats(two_path), 0.2)) > RATE, 8, 'a second of sound')
            bench.stop(one)
            bench.stop(two)
        finally:
            source.stop()
        first, second = read_floats(one_path), read_floats(two_path)
        pieces = [second[i:i + 480] for i in range(len(second) // 4, len(second) * 3 // 4, 480)]
        places = {}
        for i, value in enumerate(first):
            places.setdefault(value, []).append(i)
        same = sum(any(first[i:i + 480] == piece for i in places.get(piece[0], ())) for piece in pieces)
        # A recorder that misses a cycle on a busy machine misses it alone; one that shares a queue misses every other.
        expect(same > 0.6 * len(pieces), f'{same} of {len(pieces)} pieces of 10 ms are in both')


@case
def nobody_records_nothing_is_kept(rig):  # lesson 27
    with Bench(rig) as bench:
        old = Microphone(bench.mic, 300, 2.5, True)
        until(lambda: rig.status()['input']['idle_packets'] > 50, 5, 'packets while idle')
        old.stop()
        new = Microphone(bench.mic, 900, 2.5, True)
        try:
            recorder, path = bench.record()
            until(lambda: len(loud(read_floats(path), 0.2)) > RATE // 2, 8, 'half a second of sound')
            bench.stop(recorder)
        finally:
            new.stop()
        near(pitch(loud(read_floats(path), 0.2)[:4800]), 900, 20, 'pitch of the first 100 ms')


# ---- faults ----

@case
def pipewire_restarted(rig):  # lesson 22
    write_wav(rig.path('tone.wav'), 440, 30)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        until(lambda: len(bench.out.packets) > 50, 5, 'sound')
        for how in (signal.SIGKILL, signal.SIGTERM):
            rig.end(rig.pipewire, how)
            rig.end(rig.wireplumber)
            until(lambda: not rig.status()['pipewire']['connected'], 3, 'the agent notices')
            expect([d['state'] for d in rig.status()['devices']] == ['absent', 'absent'], 'everything is dropped')
            bench.out.take()
            rig.start_pipewire()
            rig.start_wireplumber()
            ready = time.monotonic()
            until(lambda: rig.has_ports('oriel-output', 2), 5, 'the sink is back')
            back = time.monotonic() - ready
            bench.play(rig.path('tone.wav'))
            until(lambda: len(bench.out.packets) > 50, 5, 'sound again')
            expect(back < 1.0 + 0.5, f'back after {back:.2f} s, WirePlumber\'s own start included')
        expect(rig.status()['pipewire']['connections'] >= 3, 'three connections')  # a daemon that is ending may answer once more
        near(pitch(loud(floats(bench.out.take())[-4800:])), 440, 3, 'pitch')


@case
def pipewire_later_than_the_agent(rig):
    rig.end(rig.pipewire)
    rig.end(rig.wireplumber)
    with Bench(rig, wait=False):
        until(lambda: 'no PipeWire yet' in rig.log(), 5, 'a line of log')
        rig.start_pipewire()
        rig.start_wireplumber()
        until(lambda: rig.has_ports('oriel-output', 2), 5, 'the sink')
        expect(rig.log().count('no PipeWire yet') == 1, 'one line, not one an attempt')


@case
def peer_gone_and_back(rig):  # lessons 27, 29
    place = Place(noise_wav(rig.path('noise.wav'), 12))
    shm = f'oriel-test-{os.getpid()}'
    with Bench(rig, '--shm', shm) as bench:
        bench.play(rig.path('noise.wav'))
        until(lambda: len(bench.out.packets) > 100, 5, 'sound')
        before = place.behind(shm, bench.out)
        bench.out.close()
        until(lambda: not rig.status()['output']['connected'], 3, 'the agent notices')
        time.sleep(1.5)  # sound goes on meanwhile, and must not be kept
        bench.out = Peer(rig.path('out.sock'))
        until(lambda: len(bench.out.packets) > 20, 12, lambda: f'sound again: {rig.log()}')
        given = place.of(shm_newest(shm) or [])
        firsts = [place.of(struct.unpack('<6f', data[:24])[::2]) for _, data in bench.out.packets[:20] if len(data) >= 24]
        first = next((at for at in firsts if at is not None), None)  # a cycle the player missed is silence
        expect(first is not None and (given is None or given - first < RATE * 0.25), f'the first packet is {given} - {first} frames old')
        near(place.behind(shm, bench.out), before, 0.006, 'the delay after, in seconds, against before')
        expect(rig.status()['output']['connections'] == 2, 'two connections')


@case
def peer_that_hangs_up_at_once_is_not_stormed(rig):
    write_wav(rig.path('tone.wav'), 440, 10)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        end, before = time.monotonic() + 4, bench.out.connections
        while time.monotonic() < end:
            bench.out.hang_up()
            time.sleep(0.01)
        expect(1 <= bench.out.connections - before <= 4, f'{bench.out.connections - before} connections in 4 s')


def peer_stopped(words):
    def run(rig):  # lesson 27
        place, is_pcm = Place(noise_wav(rig.path('noise.wav'), 10)), words == 'format=pcm'
        shm = f'oriel-test-{os.getpid()}'
        with Bench(rig, '--shm', shm, output=words) as bench:
            bench.play(rig.path('noise.wav'))
            until(lambda: len(bench.out.packets) > 30, 5, 'sound')
            size = bench.resident()
            before = place.behind(shm, bench.out) if is_pcm else 0
            bench.out.is_reading = False
            until(lambda: rig.status()['output']['dropped_packets'] > 20, 8, 'old packets give way')
            bench.out.take()
            bench.out.is_reading, start = True, time.monotonic()
            until(lambda: len(bench.out.packets) > 60, 5, 'sound again')
            old = [data for at, data in bench.out.take() if at - start < 0.015]
            seconds = sum(len(data) / 8 / RATE if is_pcm else 0.02 for data in old)
            expect(seconds < 0.45, f'{seconds:.2f} s of old sound waited')
            if is_pcm:
                near(place.behind(shm, bench.out), before, 0.006, 'the delay afterwards, in seconds, against before')
            expect(bench.resident() - size < MEMORY_MAY_GROW, 'memory grew')
    run.__name__ = f'peer_of_{words.replace("format=", "").replace("frame=", "opus_")}_stopped'
    return run


case(peer_stopped('format=pcm'))
case(peer_stopped('frame=20'))


@case
def flood_costs_little(rig):
    with Bench(rig) as bench:
        recorder, path = bench.record()
        size, packet = bench.resident(), struct.pack('>H', 960) + tone(500, 120)
        pid = os.fork()  # so that its own work is not in this process's lock
        if pid == 0:
            try:
                connection = bench.mic.connection
                end = time.monotonic() + 3
                while time.monotonic() < end:
                    connection.sendall(packet * 64)
            finally:
                os._exit(0)
        cpu = bench.cpu(2.5)
        os.waitpid(pid, 0)
        status = rig.status()['input']
        expect(status['throttled'] > 3, str(status))
        expect(cpu < 0.25, f'{cpu * 100:.0f} % of a core')
        expect(bench.resident() - size < MEMORY_MAY_GROW, 'memory grew')
        # Sound afterwards is current.
        bench.mic.hang_up()
        until(lambda: bench.mic.connection, 12, 'a new connection')
        source = Microphone(bench.mic, 800, 2.5, True)
        try:
            until(lambda: abs(pitch(read_floats(path)[-RATE // 2:]) - 800) < 5, 8, lambda: f'800 Hz: {rig.status()["input"]}')
        finally:
            source.stop()
        bench.stop(recorder)


@case
def wrong_lengths_close(rig):
    with Bench(rig) as bench:
        for count, bad in enumerate((b'\0\0', struct.pack('>H', 1501) + bytes(1501), b'\xff\xff', struct.pack('>H', 9) + bytes(9), b'\x01\x00half'), 1):
            until(lambda: bench.mic.connection, 14, 'a connection')
            bench.mic.send(bad)
            until(lambda: rig.status()['input']['protocol_errors'] == count, 4, f'{bad[:2]} is an error')
            until(lambda: bench.mic.connection is None, 3, 'closed')
        expect('0 or more than 1500 bytes' in rig.log(), 'a line of log')


@case
def garbage_is_silence_not_noise(rig):
    for shape in ('opus', 'pcm'):
        with Bench(rig, input='format=' + shape) as bench:
            recorder, path = bench.record()
            junk = os.urandom(200 * 400)
            for i in range(200):
                size = 1 + (i * 7) % 400
                body = junk[i * 400:i * 400 + size]
                if shape == 'pcm':
                    body = struct.pack('<4f', math.nan, math.inf, -math.inf, 1e30) * 8
                bench.mic.send(struct.pack('>H', len(body)) + body)
                time.sleep(0.005)
            source = Microphone(bench.mic, 800, 2.5 if shape == 'pcm' else 5, shape == 'pcm')
            try:
                until(lambda: len(loud(read_floats(path)[-RATE // 2:], 0.2)) > RATE * 0.45, 12, lambda: f'sound after garbage: {rig.status()["input"]}')
            finally:
                source.stop()
            bench.stop(recorder)
            expect(all(math.isfinite(v) for v in read_floats(path)), 'only numbers')
            status = rig.status()['input']
            expect(status['bad_packets'] > 10 or shape == 'pcm', str(status))
            expect(max(map(abs, read_floats(path))) <= 16, 'no sample above +24 dB')


@case
def talk_on_the_output_is_closed(rig):
    with Bench(rig) as bench:
        bench.out.send(bytes(200 * 1024))
        until(lambda: bench.out.connection is None, 5, 'closed')
        expect('talks on the connection' in rig.log(), rig.log())


@case
def half_open_peer(rig):
    """Closed for writing by the peer: the stream ended as far as the agent can tell."""
    with Bench(rig) as bench:
        bench.mic.connection.shutdown(socket.SHUT_WR)
        until(lambda: rig.status()['input']['failures'] >= 1, 5, 'noticed')


@case
def killed_and_started_again(rig):  # lesson 20
    with Bench(rig) as bench:
        rig.end(bench.agent, signal.SIGKILL)
        until(lambda: rig.node('oriel-output') is None, 5, 'the devices go')
        bench.agent = rig.start_agent(*bench.words)
        expect(rig.status()['pid'] == bench.agent.pid, 'the socket it left is replaced')


@case
def player_storm(rig):
    write_wav(rig.path('tone.wav'), 440, 30)
    with Bench(rig) as bench:
        for _ in range(15):
            player = rig.play(rig.path('tone.wav'))
            time.sleep(0.08)
            rig.end(player, signal.SIGKILL)
        until(lambda: rig.status()['devices'][0]['client_count'] == 0, 5, 'no clients')
        bench.play(rig.path('tone.wav'))
        bench.out.take()
        until(lambda: len(bench.out.packets) > 100, 5, 'sound')
        near(pitch(loud(floats(bench.out.take()[-50:]))), 440, 5, 'pitch')


# ---- the program ----

@case
def settings_and_their_errors(rig):
    agent = rig.agent_path
    code, text = rig.call(agent, '--check', '--output', 'none', '--input', 'none')
    expect(code == 0 and 'rate = 48000' in text and 'output = none' in text, text)
    expect(rig.call(agent, '--check', '--rate', '48001')[0] == 2, 'a rate')
    for words, wanted in ((['--rate', '1'], 'must be 44100, 48000'), (['--channels=17'], '1 to 16'), (['--bogus', '1'], 'unknown option'),
                          (['--output', 'ftp://x'], 'output is "ftp://x"'), (['--frame', '2.5', '--output', 'unix:///x'], 'need PCM'),
                          (['--rate'], 'needs a value'), (['stray'], 'unexpected "stray"'), (['--config', '/nowhere'], 'cannot read /nowhere')):
        code, text = rig.call(agent, '--check', *words)
        expect(code == 2 and wanted in text and text.count('\n') == 1, f'{words}: {code} {text}')
    path = rig.path('agent.conf')
    for body, wanted in (('rate = 96000\n# note\nshm = /studio', 'shm = studio'), ('ratte = 1', ':1: no setting "ratte"'),
                         ('\n\nrate 5', ':3: "rate 5" is no line'),
                         ('rate = 44100\nOutputChannels = 6\nTransport = tcp://127.0.0.1:5', 'output = tcp://127.0.0.1:5')):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(body)
        code, text = rig.call(agent, '--check', '--config', path)
        expect(wanted in text and code == (0 if body.startswith('rate') else 2), f'{body!r}: {code} {text}')
    code, text = rig.call(agent, '--help')
    expect(code == 0 and '--output ADDRESS' in text, text)
    code, text = rig.call(agent, '--status')
    expect(code == 1 and 'no agent answers' in text, text)


@case
def users_file_is_read(rig):
    folder = os.path.join(rig.home, '.config', 'oriel')
    os.makedirs(folder, exist_ok=True)
    try:
        with open(os.path.join(folder, 'agent.conf'), 'w', encoding='utf-8') as file:
            file.write('output-name = From the file\nchannels = 6\n')
        text = rig.call(rig.agent_path, '--check', '--channels', '4')[1]
        expect('output-name = From the file' in text and 'output-channels = 4' in text, text)
    finally:
        os.unlink(os.path.join(folder, 'agent.conf'))


@case
def changed_file_is_taken_at_sighup(rig):
    folder = os.path.join(rig.home, '.config', 'oriel')
    path = os.path.join(folder, 'agent.conf')
    os.makedirs(folder, exist_ok=True)
    try:
        with Bench(rig) as bench:
            pid = bench.agent.pid
            for text, wanted in (('output-name = Changed\n', 'Changed'), ('output-name = Lost\nrate = 1\n', 'Changed')):
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(text)
                bench.agent.send_signal(signal.SIGHUP)
                if wanted in text:
                    until(lambda: rig.call(rig.agent_path, '--status')[0] == 0 and rig.status()['devices'][0]['name'] == wanted, 10, 'the new name')
                else:
                    until(lambda: 'the settings stay as they were' in rig.log(), 5, 'a warning')
                    os.truncate(path, 0)  # which --status reads, too
                expect(rig.status()['devices'][0]['name'] == wanted and rig.status()['pid'] == pid, str(rig.status()['devices'][0]))
            expect(bench.out.connections == 2, 'the new settings made one new stream')
    finally:
        os.unlink(path)


@case
def second_agent_is_refused(rig):
    with Bench(rig):
        code, text = rig.call(rig.agent_path, '--output', 'none', '--input', 'none')
        expect(code == 1 and 'another oriel-agent answers' in text, f'{code} {text}')


@case
def memory_is_shared(rig):
    values = noise_wav(rig.path('noise.wav'), 3)
    place = Place(values)
    name = f'oriel-test-{os.getpid()}'
    with Bench(rig, '--shm', name) as bench:
        bench.play(rig.path('noise.wav'))
        until(lambda: (rig.status()['shm'] or {}).get('frames', 0) > RATE // 2, 5, 'frames in shared memory')
        until(lambda: place.of(shm_newest(name) or []) is not None, 3, 'samples of what is played')
    expect(not os.path.exists(f'/dev/shm/{name}'), 'the name goes with the agent')


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    agent, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:]
    cases = [c for c in CASES if not wanted or c.__name__ in wanted]
    print(f'1..{len(cases)}', flush=True)
    failed = 0
    with Rig(agent) as rig:
        for number, run in enumerate(cases, 1):
            start, error = time.monotonic(), None
            try:
                run(rig)
            except (Failure, OSError, KeyError, ValueError, IndexError, subprocess.TimeoutExpired, AttributeError, TypeError) as failure:
                error = failure
                trace = traceback.format_exc()
            print(f'{"not ok" if error else "ok"} {number} - {run.__name__} # {time.monotonic() - start:.1f} s', flush=True)
            if error:
                failed += 1
                print('\n'.join('# ' + line for line in (trace + '\n' + rig.log()).splitlines()), flush=True)
                for daemon in ('pipewire', 'wireplumber'):  # so that the next case has a fair start
                    if getattr(rig, daemon).poll() is not None:
                        getattr(rig, 'start_' + daemon)()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
