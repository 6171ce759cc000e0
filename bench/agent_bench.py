#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Delay from Oriel Output to Oriel Input, and what it costs, with a real PipeWire and a peer that sends every packet back.

Beside it a plain pair of devices in cycles of the same length, with a memory copy in between: what that costs on this machine and by
how much it is late, no devices on PipeWire can do without.

usage: agent_bench.py ORIEL-AGENT LOOP-PROBE [--quick]        a table; exit 0 when every target is met
"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'agent'))
from rig import Failure, Rig, until  # noqa: E402

SHAPES = (  # name, options, most p99 of the delay in ms, most CPU in percent of a core
    ('PCM', 'format=pcm', 10, 1),
    ('Opus 5 ms', 'format=opus&frame=5', 15, 3),
    ('Opus 10 ms', 'format=opus&frame=10', None, 3),
    ('Opus 20 ms', 'format=opus&frame=20', 30, 3),
)
QUANTUM = 128  # frames of a cycle, which the agent asks for
missed = 0


def row(name, value, target='', met=None):
    global missed
    missed += met is False
    print(f'{" " if met is None else "+" if met else "!"} {name.ljust(58)} {value.rjust(22)}  {target}', flush=True)


def busy(pid):
    """Seconds on a core, in nanoseconds' resolution, of all threads."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{task}/schedstat', encoding='ascii') as file:
            total += int(file.read().split()[0])
    return total / 1e9


def link(rig, start, end):
    until(lambda: rig.call('pw-link', start, end)[0] == 0, 5, f'linking {start} with {end}')


def start_agent(rig, options):
    out, mic = rig.path('out.sock'), rig.path('in.sock')
    return rig.start_agent('--output', f'unix://{out}?{options}', '--input', f'unix://{mic}?{options}')


def start_plain(rig, path):
    pair = rig.spawn(path, str(QUANTUM))
    until(lambda: rig.has_ports('oriel-output', 2) and rig.has_ports('oriel-input', 2), 10, 'the plain pair')
    return pair


def measure(rig, probe_path, start, chirps, stall_ms=0):
    """Delays in ms (None for a chirp that was lost), share of a core, status at the end (None for the plain pair), p50, p99 and most of
    what the cycles came late, in us."""
    out, mic = rig.path('out.sock'), rig.path('in.sock')
    log = rig.path(os.path.basename(probe_path) + '.log')
    if os.path.exists(log):
        os.unlink(log)
    with open(rig.path('delays'), 'wb') as delays:
        probe = rig.spawn(probe_path, out, mic, str(chirps), str(stall_ms), stdout=delays)
    until(lambda: os.path.exists(mic), 5, 'the probe')
    child = start(rig)
    try:
        until(lambda: rig.node('oriel-probe') is not None, 5, 'the node of the probe')
        link(rig, 'oriel-probe:out', 'oriel-output:playback_FL')
        link(rig, 'oriel-probe:out', 'oriel-output:playback_FR')
        link(rig, 'oriel-input:capture_FL', 'oriel-probe:in')
        time.sleep(1)
        begin, before = time.monotonic(), busy(child.pid)
        seconds = chirps * 0.22
        time.sleep(seconds * 0.8)
        share = (busy(child.pid) - before) / (time.monotonic() - begin)
        status = rig.status() if os.path.exists(rig.path('run/oriel/agent.sock')) else None
        until(lambda: probe.poll() is not None, seconds + 20, 'the probe ends')
    finally:
        rig.end(child)
        rig.end(probe)
    late = re.search(r'cycles late us: (\d+) (\d+) (\d+)', rig.log(os.path.basename(log)))
    with open(rig.path('delays'), encoding='ascii') as file:
        return [None if line.strip() == 'lost' else float(line) for line in file], share, status, [int(v) for v in late.groups()]


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def show(name, delays, late, most_ms=None):
    there = [d for d in delays if d is not None]
    if not there:
        raise Failure(f'{name}: no chirp came back')
    p99 = percentile(there, 0.99)
    row(f'{name}: device to device, median', f'{percentile(there, 0.5):.1f} ms')
    row(f'{name}: device to device, p99', f'{p99:.1f} ms', f'<= {most_ms} ms' if most_ms else '', p99 <= most_ms if most_ms else None)
    row(f'{name}: chirps lost of {len(delays)}', str(len(delays) - len(there)), '0', len(there) == len(delays))
    row(f'{name}: the graph\'s cycles late, p50 / p99 / most', f'{late[0]} / {late[1]} / {late[2]} us')


def main():
    words = [word for word in sys.argv[1:] if not word.startswith('--')]
    if len(words) != 2:
        sys.exit(__doc__)
    agent, probe = map(os.path.abspath, words)
    chirps = 40 if '--quick' in sys.argv else 150
    with Rig(agent) as rig:
        delays, floor, _, late = measure(rig, probe, lambda r: start_plain(r, os.path.join(os.path.dirname(probe), 'plain_pair')), chirps)
        show('Plain pair', delays, late)
        row('Plain pair: CPU', f'{floor * 100:.2f} % of a core')
        for name, options, most_ms, most_cpu in SHAPES:
            delays, share, status, late = measure(rig, probe, lambda r, o=options: start_agent(r, o), chirps)
            show(name, delays, late, most_ms)
            row(f'{name}: CPU of the agent', f'{share * 100:.2f} % of a core', f'< {most_cpu} %', share * 100 < most_cpu)
            row(f'{name}: of it beyond the plain pair\'s', f'{(share - floor) * 100:.2f} % ({share / floor:.2f} times)')
            handed, sent = status['output']['delay']['handed'], status['output']['delay']['sent']
            row(f'{name}: data thread to transport thread, p50 / p99', f'{handed["p50_us"]} / {handed["p99_us"]} us')
            row(f'{name}: coding and sending, p50 / p99', f'{sent["p50_us"]} / {sent["p99_us"]} us')
            row(f'{name}: receiver target, jitter', f'{status["input"]["target_ms"]} / {status["input"]["jitter_ms"]} ms')
            row(f'{name}: underruns, xruns', f'{status["input"]["underruns"]} / {sum(d["xruns"] for d in status["devices"])}')
        delays, _, _, late = measure(rig, probe, lambda r: start_agent(r, 'format=pcm'), 30, 2000)
        third = len(delays) // 3
        there = [d for d in delays[third + 15:] if d is not None]
        most = max(there) if there else float('inf')
        row('PCM: delay a second after the peer slept for 2 s, most', f'{most:.1f} ms', '<= 10 ms', most <= 10)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
