#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that docs/lessons.md is so: every number that a comment cites has a row there, and every file and test that a
row names exists.

usage: lessons.py ROOT        exit 0, or 1 with one line per violation
"""
import os
import re
import sys

import tree

PAGE = os.path.join('docs', 'lessons.md')
CITED = re.compile(r'\b[Ll]essons? (\d+(?:(?:, | and )\d+)*)')
CODE = re.compile(r'`([^`]+)`')
SOURCES = ('.c', '.h', '.py', '.sh', '.js', '.mjs', '.md')


def rows(text):
    """(line, number, where it is kept, what holds it) of each row."""
    for line, row in enumerate(text.split('\n'), 1):
        cells = [cell.strip() for cell in row.split('|')]
        if len(cells) == 6 and cells[1].isdigit():
            yield line, int(cells[1]), CODE.findall(cells[3]), CODE.findall(cells[4])


def tests_named(name, paths):
    """Files that a name without a folder stands for."""
    if '/' in name:
        return [name] if name in paths else []
    return [path for path in paths if path.startswith('tests' + os.sep)
            and os.path.basename(path) in (name, name + '.c')]


def check_held(root, held, paths):
    """The names of one cell: a file, then cases in it, then perhaps another file."""
    files = []
    for name in held:
        found = tests_named(name, paths)
        if found:
            files = found
        elif '/' in name or name.endswith(('.c', '.py', '.mjs')) or not files:
            yield f'no test is called {name}'
        elif not any(re.search(rf'\b{re.escape(name)}\b', tree.read(root, path)) for path in files):
            yield f'{" and ".join(files)} has no case {name}'


def check(root):
    """One line per violation in the tree at root."""
    paths = {path for path in tree.walk(root)}
    folders = {os.path.dirname(path) for path in paths}
    problems, numbers = [], set()
    for line, number, kept, held in rows(tree.read(root, PAGE)):
        numbers.add(number)
        wrong = [f'{name} is not there' for name in kept if name not in paths and name.rstrip('/') not in folders]
        wrong += check_held(root, [name for name in held if not name.startswith('make ')], paths)
        problems += [f'{PAGE}:{line}: lesson {number}: {what}: say where the rule is kept, and held, now'
                     for what in wrong]
    for path in sorted(paths):
        if path.endswith(SOURCES) and path != PAGE and not path.startswith(os.path.join('tests', 'includes')):
            for match in CITED.finditer(tree.read(root, path)):
                problems += [f'{path}: cites lesson {number}, which {PAGE} does not have'
                             for number in map(int, re.findall(r'\d+', match.group(1))) if number not in numbers]
    if not numbers:
        problems.append(f'{root}: no row found in {PAGE}; is this the source tree?')
    return problems


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = check(sys.argv[1])
    print('\n'.join(found) if found else 'every lesson that is cited has a row, and what the rows name is there')
    sys.exit(1 if found else 0)
