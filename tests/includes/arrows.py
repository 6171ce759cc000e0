#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks every #include line and every room's meson.build against the table of who may know whom.

usage: arrows.py ROOT        exit 0, or 1 with one line per violation
"""
import os
import re
import sys

import ctext
import tree

DEPENDENCY = re.compile(r'\b(%s)_dep\b' % '|'.join(tree.ARROWS))


def allowed(room, target):
    """Whether code of `room` may name the header `target`, a path from the root."""
    other = target.split('/')[0]
    return other == room or other in tree.ARROWS[room] or target in tree.ARROWS[room]


def check_include(root, room, path, quote, target):
    """None, or what is wrong with one #include line."""
    first = target.split('/')[0]
    if '..' in target.split('/'):
        return f'includes "{target}": name headers from the root, not by ".."'
    known = first in tree.ARROWS or first in tree.OUTSIDE
    if '/' in target and known and (quote == '"' or os.path.exists(os.path.join(root, target))):
        if first in tree.OUTSIDE:
            return f'includes {target}: nothing depends on {first}/'
        return None if allowed(room, target) else f'includes {target}: {room}/ may not know {first}/'
    return None


def check(root):
    """One line per violation in the tree at root."""
    rooms = [room for room in tree.ARROWS if os.path.isdir(os.path.join(root, room))]
    problems, seen = [], 0
    for path in tree.walk(root, *rooms):
        room = path.split(os.sep)[0]
        if path.endswith(('.c', '.h')):
            text = tree.read(root, path)
            for match in ctext.INCLUDE.finditer(text):
                seen += 1
                problem = check_include(root, room, path, match.group(1), match.group(2))
                if problem:
                    problems.append(f'{path}:{text.count(chr(10), 0, match.start(2)) + 1}: {problem}')
        elif path == os.path.join(room, 'meson.build'):
            for other in sorted(set(DEPENDENCY.findall(tree.read(root, path)))):
                # A header alone, as web/ may take from server/, is no reason to link the room.
                if other != room and other not in tree.ARROWS[room]:
                    problems.append(f'{path}: depends on {other}_dep: {room}/ may not know {other}/')
    if not seen:
        problems.append(f'{root}: no #include line found; is this the source tree?')
    return problems


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = check(sys.argv[1])
    print('\n'.join(found) if found else 'every include follows the table')
    sys.exit(1 if found else 0)
