# SPDX-License-Identifier: MIT
"""C text as far as the checks read it: what a file includes, what it defines, and what it declares for others."""
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
BLANKED = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', re.MULTILINE)
MACRO = re.compile(r'^[ \t]*#[ \t]*define[ \t]+(\w+)', re.MULTILINE)
WORD = re.compile(r'[A-Za-z_]\w*')
TAG = re.compile(r'\b(?:struct|union|enum)\s+([A-Za-z_]\w*)')
FORWARD = re.compile(r'\b(?:struct|union)\s+([A-Za-z_]\w*)\s*;')
ENUM = re.compile(r'\benum\b[^{;()]*\{([^}]*)\}')
ATTRIBUTE = re.compile(r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)')


def _spaces(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def code(text):
    """The text with comments and strings blanked, line by line as it was. Directives stay."""
    return BLANKED.sub(_spaces, text)


def _statements(text):
    """(head, ends with a body) of each statement outside of any body."""
    text = ATTRIBUTE.sub(_spaces, DIRECTIVE.sub(_spaces, code(text)))
    depth, head, statements = 0, '', []
    for part in re.split(r'([{};])', text):
        if part == '{':
            if not depth:
                statements.append((head, True))
                head = ''
            depth += 1
        elif part == '}':
            depth -= 1
        elif not depth and part == ';':
            statements.append((head, False))
            head = ''
        elif not depth:
            head += part
    return statements


def _outside_parentheses(head):
    depth, kept = 0, ''
    for char in head:
        depth -= char == ')'
        kept += char if not depth and char != ')' else ' '
        depth += char == '('
    return kept


def defined(text):
    """Names of the functions and variables with external linkage that a .c file defines."""
    names = set()
    for head, has_body in _statements(text):
        words = WORD.findall(_outside_parentheses(head.split('=')[0].split('[')[0]))
        if not words or words[0] in ('static', 'typedef', 'extern', 'static_assert', '_Static_assert'):
            continue
        is_function = has_body and '(' in head and '=' not in head
        is_variable = '(' not in head.split('=')[0] and '=' in head and len(words) > 1
        if is_function or is_variable:
            names.add(words[-1])
    return names


def declared(text):
    """Names outside of any body of a header that could be those of functions and variables."""
    names = set()
    for head, has_body in _statements(text):
        if not has_body:
            names.update(WORD.findall(TAG.sub(_spaces, _outside_parentheses(head))))
    return names


def offered(text):
    """(names of functions, macros and constants; tags of types that are complete or known) which a header gives to
    whoever includes it."""
    blanked = code(text)
    names = set(MACRO.findall(blanked))
    for body in ENUM.findall(blanked):
        names.update(word.group(0) for word in (WORD.match(part.strip()) for part in body.split(',')) if word)
    for head, has_body in _statements(text):
        words = WORD.findall(_outside_parentheses(head))
        if '(' in head or (words and words[0] in ('extern', 'typedef')):
            names.update(words[-1:])
    return names, set(TAG.findall(blanked))


def includes(text):
    """Paths as they stand in the #include lines."""
    return [match.group(2) for match in INCLUDE.finditer(text)]
