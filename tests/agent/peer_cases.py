# SPDX-License-Identifier: MIT
"""Every fault of the host's end: gone, asleep, flooding, talking nonsense."""
import math
import os
import random
import socket
import struct
import time

from case import MEMORY_MAY_GROW, Bench, Place, case, expect, floats, near, shm_newest
from rig import RATE, Microphone, Peer, loud, noise_wav, pitch, read_floats, tone, until, write_wav

DELAY_MAY_DIFFER = 0.06  # seconds, as the machine may be busy; what is kept by mistake is the socket's 100 ms or more


@case
def peer_gone_and_back(rig):  # lessons 27, 29
    place = Place(noise_wav(rig.path('noise.wav'), 30))
    shm = f'oriel-test-{os.getpid()}'
    with Bench(rig, '--shm', shm) as bench:
        bench.play(rig.path('noise.wav'))
        until(lambda: len(bench.out.packets) > 100, 5, 'sound')
        before = place.behind(shm, bench.out)
        bench.out.close()
        until(lambda: not rig.status()['output']['connected'], 3, 'the agent notices')
        time.sleep(1.5)  # sound goes on meanwhile, and must not be kept
        given = until(lambda: place.of(shm_newest(shm) or []), 3, 'the noise in shared memory')
        bench.out = Peer(rig.path('out.sock'))

        def first():  # a cycle the player missed is silence
            places = (place.of(struct.unpack('<6f', data[:24])[::2]) for _, data in bench.out.packets[:] if len(data) >= 24)
            return next((at for at in places if at is not None), 0)
        until(first, 20, lambda: f'sound again: {rig.log()}')
        # Nobody could connect before; what was given more than a cycle earlier is old.
        expect(first() >= given - 128, f'the first packet is of frame {first()}, {given} was there before')
        near(place.behind(shm, bench.out), before, DELAY_MAY_DIFFER, 'the delay after, in seconds, against before')
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
        place, is_pcm = Place(noise_wav(rig.path('noise.wav'), 30)), words == 'format=pcm'
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
                near(place.behind(shm, bench.out), before, DELAY_MAY_DIFFER, 'the delay afterwards, in seconds, against before')
            expect(bench.resident() - size < MEMORY_MAY_GROW, 'memory grew')
    run.__name__ = f'peer_of_{words.replace("format=", "").replace("frame=", "opus_")}_stopped'
    return run


case(peer_stopped('format=pcm'))
case(peer_stopped('frame=20'))


@case
def flood_costs_little(rig):
    """Most of it waits at the peer: by what was read, not by the processor's time, which is the bench's to measure."""
    with Bench(rig) as bench:
        recorder, path = bench.record()
        size, packet = bench.resident(), struct.pack('>H', 960) + tone(500, 120)
        start, before = time.monotonic(), rig.status()['input']
        pid = os.fork()  # so that its own work is not in this process's lock
        if pid == 0:
            try:
                connection = bench.mic.connection
                end = time.monotonic() + 3
                while time.monotonic() < end:
                    connection.sendall(packet * 64)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        status = rig.status()['input']
        seconds = time.monotonic() - start
        expect(status['throttled'] - before['throttled'] > 3, str(status))
        most = 4 * RATE * 8 * (seconds + 1)
        expect(status['bytes'] - before['bytes'] <= most, f'{status["bytes"] - before["bytes"]} bytes read in {seconds:.1f} s, not {most:.0f}')
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
            # PCM has nothing to know noise by; of Opus some thirty packets are enough, and the next connection is heard.
            expect(shape == 'pcm' or (status['protocol_errors'] >= 1 and status['bad_packets'] >= 1), str(status))
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
def peer_that_is_away_is_one_line(rig):
    open(rig.path('agent.log'), 'wb').close()
    agent = rig.start_agent('--output', f'unix://{rig.path("nobody")}', '--input', f'unix://{rig.path("nobody")}')
    try:
        until(lambda: all(rig.status()[end]['failures'] >= 3 for end in ('output', 'input')), 20, 'three attempts')
        lines = [line for line in rig.log().splitlines() if 'not connected' in line]
        expect(len(lines) == 2, 'one line for each end, not one for each attempt: ' + str(lines))
    finally:
        rig.end(agent)


@case
def peer_killed_at_any_instant(rig):  # lessons 20, 29
    write_wav(rig.path('tone.wav'), 440, 60)
    instants = random.Random(3)
    with Bench(rig) as bench:
        source = Microphone(bench.mic, 660, 2.5, True)
        try:
            bench.play(rig.path('tone.wav'))
            recorder, path = bench.record()
            for count in range(1, 4):
                until(lambda: bench.out.connection and bench.mic.connection, 14, 'both connections')
                bench.out.take()
                until(lambda: bench.out.packets, 10, 'sound')
                time.sleep(instants.uniform(0, 0.1))
                bench.out.hang_up()
                time.sleep(instants.uniform(0, 0.01))
                bench.mic.hang_up()
                until(lambda: all(rig.status()[end]['failures'] >= count for end in ('output', 'input')), 10, 'the agent notices')
            until(lambda: bench.out.connection and bench.mic.connection, 14, 'both connections')
            bench.out.take()
            until(lambda: len(bench.out.packets) > 100, 20, 'sound again')
            heard = len(read_floats(path))
            until(lambda: len(loud(read_floats(path)[heard:], 0.2)) > RATE // 2, 20, 'the microphone again')
            bench.stop(recorder)
        finally:
            source.stop()
        near(pitch(loud(floats(bench.out.take()))), 440, 5, 'pitch')
        expect(rig.status()['input']['protocol_errors'] == 0, 'a packet that was cut off is no error of the protocol')


@case
def microphone_that_slept_is_back_at_its_target(rig):  # lesson 27
    """What it says at once afterwards is two seconds old: of that, nothing stays as delay. In frames of the device, a second."""
    with Bench(rig) as bench:
        source = Microphone(bench.mic, 660, 2.5, True)
        try:
            recorder, path = bench.record()
            until(lambda: len(loud(read_floats(path), 0.2)) > RATE, 10, 'a second of sound')
            source.is_paused = True
            time.sleep(2)
            source.is_paused = False
            until(lambda: source.behind < 0.01, 20, 'the backlog is sent')
            start = rig.status()['devices'][1]['frames']

            def is_back():
                status = rig.status()
                is_close = status['input']['ring_ms'] <= status['input']['target_ms'] + 5
                expect(is_close or status['devices'][1]['frames'] - start < 1.5 * RATE, f'not within a second: {status["input"]}')
                return is_close and status['input']['health'] == 'flowing'
            until(is_back, 20, 'back at the target')
            bench.stop(recorder)
        finally:
            source.stop()
