#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every source file names its licence at the top and stays short: a file of a room 450 lines, others (tests,
benchmarks) 1000.

usage: files.py ROOT        exit 0, or 1 with one line per violation
"""
import os
import sys

import tree

LINES_MAX, OUTSIDE_LINES_MAX = 450, 1000
# HTML is free of the licence rule: its first line is the document type.
LICENSED = ('.c', '.h', '.m', '.py', '.sh', '.js', '.mjs', '.css', '.ts')
LICENSED_NAMES = ('meson.build', 'Makefile')
BOUNDED = LICENSED + ('.html',)


def licensed(text):
    """The licence is on the first line, or on the second below a '#!' line."""
    lines = text.split('\n', 2)
    if lines[0].startswith('#!'):
        lines = lines[1:]
    return 'SPDX-License-Identifier: MIT' in lines[0]


def check(root):
    """One line per violation in the tree at root."""
    problems, seen = [], 0
    for path in tree.walk(root):
        name = os.path.basename(path)
        if not name.endswith(BOUNDED) and name not in LICENSED_NAMES:
            continue
        seen += 1
        text = tree.read(root, path)
        if not name.endswith('.html') and not licensed(text):
            problems.append(f'{path}:1: no "SPDX-License-Identifier: MIT" at the top')
        lines = text.count('\n')
        most = LINES_MAX if path.split(os.sep)[0] in tree.ARROWS else OUTSIDE_LINES_MAX
        if lines > most:
            problems.append(f'{path}: {lines} lines, more than {most}')
    if not seen:
        problems.append(f'{root}: no source file found; is this the source tree?')
    return problems


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = check(sys.argv[1])
    print('\n'.join(found) if found else 'every file is licensed and of bounded length')
    sys.exit(1 if found else 0)
