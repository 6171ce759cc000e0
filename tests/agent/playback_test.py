#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--audio-passthru with a real PipeWire: a desktop's sound is played on its host, also after the daemon came back.

usage: playback_test.py ORIEL-AGENT ORIEL        TAP on standard output

The agent's sink stands for the host's sound card: what is played there comes to a peer, and can be listened to.
"""
import os
import re
import signal
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import Bench, expect, floats  # noqa: E402
from rig import Rig, loud, pitch, until  # noqa: E402

LOG = 'oriel.log'


def tone_plays(bench):
    """What comes now is the test card's tone."""
    bench.out.take()
    until(lambda: len(bench.out.packets) > 200, 15, lambda: f'sound: {bench.rig.log(LOG)}')
    until(lambda: abs(pitch(loud(floats(bench.out.packets[-100:]))) - 1000) < 5, 15, 'the tone of 1 kHz')


def daemon_comes_back(rig, oriel):  # lesson 22
    with Bench(rig) as bench:
        server = rig.spawn(oriel, 'serve', 'pattern:', '--audio-passthru', '--listen', '127.0.0.1:0', log=LOG)
        tone_plays(bench)
        rig.end(rig.pipewire, signal.SIGKILL)
        rig.end(rig.wireplumber)
        until(lambda: 'nothing plays on this host' in rig.log(LOG), 10, 'a line that says so')
        expect(server.poll() is None, 'the server goes on')
        rig.start_pipewire()
        rig.start_wireplumber()
        tone_plays(bench)
        said = rig.log(LOG)
        expect(len(re.findall('nothing plays on this host', said)) == 1, f'one line, not one an attempt: {said}')
        expect("this host's speakers are back" in said, f'the other line: {said}')
        expect(rig.end(server) == 0, 'the server ends well')


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    agent, oriel = map(os.path.abspath, sys.argv[1:])
    print('1..1', flush=True)
    with Rig(agent) as rig:
        try:
            daemon_comes_back(rig, oriel)
        except Exception:  # of whatever kind: it is a failed case  pylint: disable=broad-except
            print('not ok 1 - daemon_comes_back')
            print('\n'.join('# ' + line for line in (traceback.format_exc() + rig.log(LOG)).splitlines()))
            return 1
    print('ok 1 - daemon_comes_back')
    return 0


if __name__ == '__main__':
    sys.exit(main())
