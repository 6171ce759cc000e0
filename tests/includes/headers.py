#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every header as the only include of a translation unit, twice in a row, with the project's warnings.

usage: headers.py ROOT BUILD COMPILER...        exit 0, or 1 with the compiler's words

Flags (paths of libraries, definitions, warnings) are those of the header's own room, from the build's
compile_commands.json. guest/demo is left out: its programs are built for another system by guest/demo/build.sh.
"""
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import tree

KEPT = re.compile(r'-(I|isystem|D|W|std=|f(no-)?strict|pthread)')


def flags_of_rooms(root, build):
    """Room -> flags, in order of appearance and without repeats, of all its compiled files."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        commands = json.load(file)
    flags = {}
    for command in commands:
        path = os.path.realpath(os.path.join(command['directory'], command['file']))
        # Generated sources lie in the build, in their room's folder.
        home = build if os.path.commonpath([path, os.path.realpath(build)]) == os.path.realpath(build) else root
        room = os.path.relpath(path, os.path.realpath(home)).split(os.sep)[0]
        words = shlex.split(command['command'])
        for word, after in zip(words, words[1:] + ['']):
            if not KEPT.match(word) or word.startswith('-Wl,'):
                continue
            pair = (word, after) if word in ('-isystem', '-I', '-D') else (word,)
            flags.setdefault(room, {})[pair] = None
    return {room: [word for pair in pairs for word in pair] for room, pairs in flags.items()}


def compile_alone(compiler, flags, build, header):
    """None, or the compiler's complaint about `header`, a path from the root."""
    # Twice: the second pass sees a missing guard. -I of the root comes with the room's flags.
    unit = f'#include "{header}"\n#include "{header}"\ntypedef int not_empty;\n'
    done = subprocess.run([*compiler, *flags, '-fsyntax-only', '-x', 'c', '-'], input=unit, text=True, cwd=build,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return f'{header} does not compile alone:\n{done.stdout}' if done.returncode else None


def check(root, build, compiler):
    """Complaints, and how many headers were compiled."""
    flags = flags_of_rooms(root, build)
    headers = [path for path in tree.walk(root, *(room for room in tree.ARROWS if room in flags))
               if path.endswith('.h') and not path.startswith(os.path.join('guest', 'demo', ''))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: compile_alone(compiler, flags[path.split(os.sep)[0]], build, path), headers)
        problems = [problem for problem in results if problem]
    if not headers:
        problems.append(f'{root}: no header found in any compiled room')
    return problems, len(headers)


if __name__ == '__main__':
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    found, count = check(sys.argv[1], sys.argv[2], sys.argv[3:])
    print('\n'.join(found) if found else f'{count} headers compile alone')
    sys.exit(1 if found else 0)
