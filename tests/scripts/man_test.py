#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Manual pages say what --help says, option by option, and groff has nothing to say about them.

usage: man_test.py PAGE PROGRAM HELP...     exit 0, or 1 with one line per fault
"""
import os
import re
import subprocess
import sys


def run(*words):
    env = {name: value for name, value in os.environ.items() if not name.startswith('ORIEL_')}
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                          env={**env, 'LC_ALL': 'C'})


def squeezed(text):
    """Without spaces and line ends, which a formatter may change."""
    return re.sub(r'\s+', '', text)


page, program, *helps = sys.argv[1:]
shown = run('groff', '-man', '-Tascii', '-P-cbou', '-rHY=0', '-ww', page)
faults = [f'groff: {line}' for line in shown.stderr.splitlines()]
text = squeezed(shown.stdout)
options = 0
for words in helps:
    said = run(program, *words.split()).stdout
    for name, rest in re.findall(r'(?m)^  (--[a-z-]+)(.*(?:\n {16,}.*)*)', said):
        options += 1
        if squeezed(name + rest) not in text:
            faults.append(f'{page}: "{name}" is not as `{os.path.basename(program)} {words}` has it')
if options < 5:
    faults.append(f'{page}: {options} options found: has --help another form now?')
print('\n'.join(faults) if faults else f'{options} options are in {page}')
sys.exit(1 if faults else 0)
