#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""count.py TESTLOG.JSON: prints "PASSED FAILED" of a meson run, in cases rather than executables.

A cmocka or TAP test counts its own cases; one that ended badly without a failed case (a crash, a time-out, a sanitizer's
report at exit) counts as one failure more; a test without cases of its own (a corpus replay) counts as one.
"""
import json
import re
import sys


def cases(output):
    started = len(re.findall(r'^\[ RUN      \]', output, re.M))
    skipped = len(re.findall(r'^\[  SKIPPED \]', output, re.M))
    passed = len(re.findall(r'^\[       OK \]', output, re.M))
    failed = started - passed - skipped
    passed += len(re.findall(r'^ok \d', output, re.M))
    failed += len(re.findall(r'^not ok \d', output, re.M))
    return passed, failed


def main():
    passed = failed = 0
    with open(sys.argv[1], encoding='utf-8') as lines:
        for line in lines:
            test = json.loads(line)
            good, bad = cases(test.get('stdout') or '')
            if test['result'] == 'OK' and good + bad == 0:
                good = 1
            if test['result'] != 'OK' and bad == 0:
                bad = 1
            passed += good
            failed += bad
    print(passed, failed)


main()
