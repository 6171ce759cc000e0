# SPDX-License-Identifier: MIT
"""PipeWire comes and goes, and so do the agent and players."""
import os
import random
import signal
import time

from case import Bench, case, expect, floats, near
from rig import loud, pitch, until, write_wav


@case
def pipewire_restarted(rig):  # lesson 22
    """The target is 1 s. How long it took is printed; what fails is only what no busy machine explains."""
    write_wav(rig.path('tone.wav'), 440, 30)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        until(lambda: len(bench.out.packets) > 50, 5, 'sound')
        backs, sounds = [], []
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            rig.end(rig.pipewire, how)
            rig.end(rig.wireplumber)
            until(lambda: not rig.status()['pipewire']['connected'], 3, 'the agent notices')
            expect([d['state'] for d in rig.status()['devices']] == ['absent', 'absent'], 'everything is dropped')
            bench.out.take()
            rig.start_pipewire()
            ready = time.monotonic()
            until(lambda: rig.node('oriel-output'), 15, 'the sink is back')
            backs.append(time.monotonic() - ready)
            rig.start_wireplumber()
            until(lambda: rig.has_ports('oriel-output', 2), 15, 'the sink is set up')
            ready = time.monotonic()
            bench.play(rig.path('tone.wav'))
            until(lambda: bench.out.packets, 15, 'sound again')
            sounds.append(time.monotonic() - ready)
        measured = ', '.join(f'{back:.2f} + {sound:.2f} s' for back, sound in zip(backs, sounds))
        print(f'# devices back + sound again: {measured}', flush=True)
        expect(min(backs) < 5 and min(sounds) < 5, f'the devices back, and sound again: {measured}')
        until(lambda: abs(pitch(loud(floats(bench.out.packets[-40:]))) - 440) < 3, 15, 'the tone')
        expect(rig.status()['pipewire']['connections'] >= 4, 'four connections')  # a daemon that is ending may answer once more


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
def killed_and_started_again(rig):  # lesson 20
    with Bench(rig) as bench:
        rig.end(bench.agent, signal.SIGKILL)
        until(lambda: rig.node('oriel-output') is None, 5, 'the devices go')
        bench.agent = rig.start_agent(*bench.words)
        expect(rig.status()['pid'] == bench.agent.pid, 'the socket it left is replaced')


@case
def killed_at_any_instant(rig):  # lesson 20
    write_wav(rig.path('tone.wav'), 440, 60)
    instants, shm = random.Random(5), f'oriel-test-{os.getpid()}'
    with Bench(rig, '--shm', shm) as bench:
        for _ in range(8):
            rig.end(bench.agent, signal.SIGKILL)
            bench.agent = rig.start_agent(*bench.words, wait=False)
            time.sleep(instants.uniform(0, 0.3))
        rig.end(bench.agent, signal.SIGKILL)
        until(lambda: rig.node('oriel-output') is None, 10, 'the devices go')
        bench.agent = rig.start_agent(*bench.words)
        names = [thing['info']['props'].get('node.name') for thing in rig.dump() if thing.get('type') == 'PipeWire:Interface:Node']
        expect(names.count('oriel-output') == 1 and names.count('oriel-input') == 1, str(names))
        bench.play(rig.path('tone.wav'))
        until(lambda: bench.out.connection, 15, 'a connection')
        bench.out.take()
        until(lambda: len(bench.out.packets) > 100, 15, 'sound')
        near(pitch(loud(floats(bench.out.take()[-50:]))), 440, 5, 'pitch')
        until(lambda: (rig.status()['shm'] or {}).get('frames', 0) > 0, 5, 'frames in shared memory')
    expect(not os.path.exists(f'/dev/shm/{shm}'), 'the name goes with the agent')


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
