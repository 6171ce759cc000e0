#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A manual page from what a program's own --help says, so that the two cannot differ.

usage: man.py OUTPUT NAME VERSION 'one line about it' PROGRAM HELP...

Each HELP is a command line for PROGRAM, as 'help run'; the first makes the page's beginning, each other a section of its
own. PROGRAM runs without a settings file and without options from the environment.
"""
import os
import re
import subprocess
import sys

OPTION = re.compile(r'  (--[a-z-]+|-[A-Za-z])((?:[ ,]+\S+)*?)(?:  +(.*)|$)')  # --name VALUE  text
INDENT = re.compile(r' {16,}(\S.*)')  # an option's text, continued


def escaped(text):
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return '\\&' + text if text[:1] in ('.', "'") else text


def said_by(program, words):
    env = {name: value for name, value in os.environ.items() if not name.startswith('ORIEL_')}
    return subprocess.run([program, *words.split()], stdout=subprocess.PIPE, text=True, check=True, timeout=60,
                          env={**env, 'LC_ALL': 'C'}).stdout


def prose(lines):
    """Paragraphs; what is indented keeps its lines."""
    page, kept = [], False
    for line in lines:
        if line.startswith(' ') != kept:
            page.append('.EE' if kept else '.EX')
            kept = not kept
        page.append(escaped(line) if line else ('' if kept else '.PP'))
    return page + (['.EE'] if kept else [])


def section(text):
    """A help's text: prose, with lists of options in between."""
    page, lines, at, pending = [], text.rstrip('\n').split('\n'), 0, []
    while at < len(lines):
        found = OPTION.match(lines[at])
        at += 1
        if not found:
            pending.append(lines[at - 1])
            continue
        page += prose(pending)
        pending = []
        words = [found[3] or '']
        while at < len(lines) and INDENT.match(lines[at]):
            words.append(INDENT.match(lines[at])[1])
            at += 1
        value = f' \\fI{escaped(found[2].strip())}\\fR' if found[2].strip() else ''
        page += ['.TP', f'\\fB{escaped(found[1])}\\fR{value}', escaped(' '.join(word.strip() for word in words).strip())]
    return page + prose(pending)


def main():
    output, name, version, summary, program, *helps = sys.argv[1:]
    page = ['.\\" Made of --help by scripts/man.py.', f'.TH {name.upper()} 1 "" "Oriel {version}" "Oriel"', '.SH NAME',
            f'{escaped(name)} \\- {escaped(summary)}', '.SH DESCRIPTION']
    for i, words in enumerate(helps):
        if i > 0:
            page.append('.SH "' + escaped(f'{name} {re.sub("(^help | ?--help$)", "", words)}'.upper()) + '"')
        page += section(said_by(program, words))
    page += ['.SH SEE ALSO', 'The documentation in share/doc/oriel; \\fBoriel doctor\\fR says what works on a machine.']
    # Requests that make empty space twice are told by groff.
    text = re.sub(r'(\.PP\n)+(?=\.(PP|SH|TP|EX)|$)', '', '\n'.join(page) + '\n')
    text = re.sub(r'(\.SH[^\n]*\n)\.PP\n', r'\1', text)
    with open(output, 'w', encoding='utf-8') as file:
        file.write(text)


if __name__ == '__main__':
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    main()
