# SPDX-License-Identifier: MIT
"""Every fault of the host's end, of the daemon and of the agent itself."""
import math
import os
import signal
import socket
import struct
import time

from case import MEMORY_MAY_GROW, Bench, Place, case, expect, floats, near, shm_newest
from rig import RATE, Microphone, Peer, loud, noise_wav, pitch, read_floats, tone, until, write_wav

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
