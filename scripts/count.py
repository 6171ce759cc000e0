#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""count.py TESTLOG.JSON: prints "PASSED FAILED" of a meson run, in cases rather than executables; then what failed, a line each.

A cmocka or TAP test counts its own cases; one that ended badly without a failed case (a crash, a time-out, a sanitizer's
report at exit) counts as one failure more; a test without cases of its own (a corpus replay) counts as one.
"""
import json
import re
import sys


def cases(output):
    """Returns how many cases passed, and the names of those that did not; skipped ones are neither."""
    begun = re.findall(r'^\[ RUN      \] (.*)', output, re.M)
    ended = set(re.findall(r'^\[(?:       OK|  SKIPPED) \] (.*)', output, re.M))
    bad = [name for name in begun if name not in ended]
    bad += re.findall(r'^not ok \d+ ?-? ?(.*)', output, re.M)
    passed = len(re.findall(r'^\[       OK \]', output, re.M))
    passed += len(re.findall(r'^ok \d+(?!.*# *SKIP)', output, re.M | re.I))
    return passed, bad


def main():
    passed, failed = 0, []
    with open(sys.argv[1], encoding='utf-8') as lines:
        for line in lines:
            test = json.loads(line)
            good, bad = cases(test.get('stdout') or '')
            if test['result'] == 'OK' and good + len(bad) == 0:
                good = 1
            if test['result'] != 'OK' and not bad:
                bad = [test['result'].lower()]
            passed += good
            failed += [f'{test["name"]}: {name}' for name in bad]
    print(passed, len(failed))
    print('\n'.join(failed))


main()
