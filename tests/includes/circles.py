#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds circles between the files of a room.

usage: circles.py ROOT        exit 0, or 1 with one line per finding in the rooms that are kept free of them

A file is a header and what implements it: its .c of the same name, and a .c without a header of its own whose functions
it declares. A file knows what its lines include; and a header that declares what another file implements knows that
one, too, or one private header for all would hide every circle.
"""
import os
import sys

import ctext
import tree

# Rooms that are free of circles, and stay so. What the others have is only printed.
STRICT = ['core', 'wire', 'transport', 'audio', 'media', 'source', 'guest', 'driver', 'desktop', 'webrtc', 'server', 'vm',
          'cli']
# Files of other rooms that are in no circle, and stay so, by how their names begin.
CHAINS = []


class Room:
    """The files of one room, and who knows whom."""

    def __init__(self, root, room):
        paths = [path for path in tree.walk(root, room) if path.endswith(('.c', '.h'))]
        self.texts = {path: tree.read(root, path) for path in paths}
        self.headers = {path for path in paths if path.endswith('.h')}
        declared = {path: ctext.declared(self.texts[path]) for path in self.headers}
        defined = {path: ctext.defined(self.texts[path]) for path in paths if path.endswith('.c')}
        self.files = {path: self.file_of(path, defined, declared) for path in paths}
        self.arrows = {file: set() for file in self.files.values()}
        for path in paths:
            for target in ctext.includes(self.texts[path]):
                self.add(path, self.resolve(path, target))
        for header in self.headers:
            for path, names in defined.items():
                if names & declared[header]:
                    self.add(header, path)

    def resolve(self, path, target):
        """Headers are named from the root; guest/demo names its own beside it."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), target))
        return target if target in self.files or beside not in self.files else beside

    def file_of(self, path, defined, declared):
        """The file that a path belongs to: a path without its ending."""
        stem = os.path.splitext(path)[0]
        if path.endswith('.h') or stem + '.h' in self.headers:
            return stem
        shares = sorted((-len(defined[path] & names), header) for header, names in declared.items())
        return os.path.splitext(shares[0][1])[0] if shares and shares[0][0] else stem

    def add(self, path, target):
        if target in self.files and self.files[target] != self.files[path]:
            self.arrows[self.files[path]].add(self.files[target])

    def reached(self, file):
        """Files that a file knows, directly or not."""
        seen, waiting = set(), [file]
        while waiting:
            for target in self.arrows[waiting.pop()] - seen:
                seen.add(target)
                waiting.append(target)
        return seen

    def circles(self):
        """Groups of files each of which knows all others of its group."""
        reached = {file: self.reached(file) for file in self.arrows}
        groups = {frozenset(other for other in reached[file] if file in reached[other])
                  for file in reached if file in reached[file]}
        return sorted(sorted(group) for group in groups)


def describe(room, group):
    """One line: who of a circle knows whom."""
    arrows = [f'{file} -> {", ".join(sorted(room.arrows[file] & set(group)))}' for file in group]
    return f'circle of {len(group)} files: ' + '; '.join(arrows)


def find_circles(root):
    """Room -> one line per circle in it."""
    found = {}
    for name in tree.ARROWS:
        if os.path.isdir(os.path.join(root, name)):
            room = Room(root, name)
            found[name] = [describe(room, group) for group in room.circles()]
    return found


def check(root, strict=None, chains=None):
    """One line per finding in a strict room or with a file of a chain, and one per finding elsewhere."""
    strict = STRICT if strict is None else strict
    chains = CHAINS if chains is None else chains
    problems, others = [], []
    found = find_circles(root)
    for room, lines in found.items():
        for line in lines:
            bad = room in strict or any(begin in line for begin in chains)
            (problems if bad else others).append(line)
    if not found:
        problems.append(f'{root}: no room found; is this the source tree?')
    return problems, others


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    bad, known = check(sys.argv[1])
    print('\n'.join(f'(known) {line}' for line in known))
    print('\n'.join(bad) if bad else f'no circle in {", ".join(STRICT + CHAINS)}')
    sys.exit(1 if bad else 0)
