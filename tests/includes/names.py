#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds names of a room that another may not know, and that reach it through a third room's header all the same.

usage: names.py ROOT        exit 0, or 1 with one line per finding in the rooms that are kept free of them
"""
import os
import sys

import arrows
import ctext
import tree

# Rooms that use only what they may include; what the others use besides is only printed.
STRICT = ['core', 'wire', 'transport', 'audio', 'media', 'source', 'desktop', 'server', 'guest', 'driver', 'vm',
          'cli']


class Tree:
    """What each header of the tree includes and offers."""

    def __init__(self, root):
        rooms = [room for room in tree.ARROWS if os.path.isdir(os.path.join(root, room))]
        self.texts = {path: tree.read(root, path) for path in tree.walk(root, *rooms) if path.endswith(('.c', '.h'))}
        self.offered = {path: ctext.offered(text) for path, text in self.texts.items() if path.endswith('.h')}
        self.included = {path: [target for target in ctext.includes(text) if target in self.offered]
                         for path, text in self.texts.items()}

    def reached(self, path):
        """Header -> the header it came through, of all that one file sees."""
        through, waiting = {}, [path]
        while waiting:
            current = waiting.pop(0)
            for target in self.included[current]:
                if target not in through and target != path:
                    through[target] = current
                    waiting.append(target)
        return through

    def smuggled(self, path):
        """One line per name that a file uses and may not know. A type whose name an allowed header gives away, as a
        pointer that is only handed on, is known."""
        room = path.split('/')[0]
        through = self.reached(path)
        forbidden = [header for header in through if not arrows.allowed(room, header)]
        if not forbidden:
            return []
        known = [self.offered[header] for header in through if header not in forbidden]
        code = ctext.DIRECTIVE.sub('', ctext.code(self.texts[path]))
        tags = set(ctext.TAG.findall(code))
        words = set(ctext.WORD.findall(ctext.TAG.sub('', code)))
        own = set(ctext.FORWARD.findall(code))
        lines = []
        for header in forbidden:
            names, types = self.offered[header]
            used = (names & words) - set().union(*(name for name, _ in known))
            used |= (types & tags) - set().union(*(type_ for _, type_ in known)) - own
            if used:
                lines.append(f'{path}: {", ".join(sorted(used))} of {header}, which {room}/ may not know, through '
                             f'{through[header]}')
        return lines


def check(root, strict=None):
    """One line per finding in a strict room, and one per finding elsewhere."""
    strict = STRICT if strict is None else strict
    whole, problems, others = Tree(root), [], []
    for path in whole.texts:
        lines = whole.smuggled(path)
        (problems if path.split('/')[0] in strict else others).extend(lines)
    if not whole.texts:
        problems.append(f'{root}: no room found; is this the source tree?')
    return problems, others


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    bad, found_elsewhere = check(sys.argv[1])
    for line in found_elsewhere:
        print(f'(known) {line}')
    print('\n'.join(bad) if bad else f'every name is of a header that may be included, in {", ".join(STRICT)}')
    sys.exit(1 if bad else 0)
