#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oriel-agent with a real PipeWire and WirePlumber: both devices, every fault of the host's end and of the daemon.

usage: agent_test.py ORIEL-AGENT [CASE...]        TAP on standard output
"""
import os
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case import CASES  # noqa: E402
from rig import Failure, Rig  # noqa: E402
import device_cases, sound_cases, peer_cases, daemon_cases, program_cases  # noqa: E401,E402,F401  their cases list themselves


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
