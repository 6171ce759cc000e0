#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants each kind of violation in a small tree and sees the checks report it, and only it.

usage: self_test.py COMPILER...
"""
import json
import os
import sys
import tempfile
import unittest

import arrows
import circles
import files
import headers
import lessons
import names

COMPILER = ['cc']
SPDX = '/* SPDX-License-Identifier: MIT */\n'
CLEAN = {
    'core/a.h': SPDX + '#ifndef A_H\n#define A_H\n#include <stdint.h>\nstruct a {\n  uint32_t x;\n};\n#endif\n',
    'core/a.c': SPDX + '#include "core/a.h"\n',
    'server/server.h': SPDX + '#include "desktop/desktop.h"\n',
    'server/asset.h': SPDX,
    'desktop/desktop.h': SPDX + '#include "source/source.h"\n',
    'source/source.h': SPDX + '#include "core/a.h"\n',
    'web/embed.c': SPDX + '#include "server/asset.h"\n#include "wire/w.h"\n',
    'wire/w.h': SPDX + '#include <linux/vm_sockets.h>\n',
    'guest/demo/local.c': SPDX + '#include "scene.h"\n',
    'cli/main.c': SPDX + '#include "server/server.h"\n#include "vm/qemu.h"\n#include "version.h"\n',
    'tests/core/a_test.c': SPDX + '#include "core/a.c"\n#include "server/server.h"\n',
    'core/meson.build': '# SPDX-License-Identifier: MIT\ncore_dep = 1\n',
    'build-other/core/generated.c': '#include "server/server.h"\n',
    'web/node_modules/x.js': 'no licence of ours\n',
}


class Planted(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = self.folder.name
        for path, text in CLEAN.items():
            self.write(path, text)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def expect(self, problems, start):
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(start), problems[0])

    def test_clean_tree(self):
        self.assertEqual(arrows.check(self.root), [])
        self.assertEqual(files.check(self.root), [])
        self.assertEqual(circles.check(self.root, ['core']), ([], []))
        self.assertEqual(names.check(self.root, ['server']), ([], []))

    def test_include_upwards(self):
        self.write('core/bad.c', SPDX + '#include "core/a.h"\n\n #  include "server/server.h"\n')
        self.expect(arrows.check(self.root), 'core/bad.c:4: includes server/server.h')

    def test_include_upwards_in_brackets(self):
        self.write('core/bad.c', SPDX + '#include <server/server.h>\n')
        self.expect(arrows.check(self.root), 'core/bad.c:2:')

    def test_include_past_the_transitive_one(self):
        self.write('server/bad.c', SPDX + '#include "source/source.h"\n')
        self.expect(arrows.check(self.root), 'server/bad.c:2: includes source/source.h')

    def test_include_between_apart_rooms(self):
        self.write('tap/bad.c', SPDX + '#include "guest/agent/agent.h"\n')
        self.expect(arrows.check(self.root), 'tap/bad.c:2:')

    def test_include_of_more_than_the_header(self):
        self.write('web/bad.c', SPDX + '#include "server/server.h"\n')
        self.expect(arrows.check(self.root), 'web/bad.c:2:')

    def test_include_in_a_deep_folder(self):
        self.write('source/qemu/bad.h', SPDX + '#include "desktop/desktop.h"\n')
        self.expect(arrows.check(self.root), 'source/qemu/bad.h:2:')

    def test_include_of_tests(self):
        self.write('core/bad.c', SPDX + '#include "tests/core/helper.h"\n')
        self.expect(arrows.check(self.root), 'core/bad.c:2: includes tests/core/helper.h')

    def test_include_by_dots(self):
        self.write('core/bad.c', SPDX + '#include "../server/server.h"\n')
        self.expect(arrows.check(self.root), 'core/bad.c:2:')

    def test_dependency_upwards(self):
        self.write('core/meson.build', '# SPDX-License-Identifier: MIT\ndependencies: [core_dep, server_dep]\n')
        self.expect(arrows.check(self.root), 'core/meson.build: depends on server_dep')

    def test_licence_missing(self):
        self.write('core/bad.c', '/* Purpose. */\n' + SPDX)
        self.expect(files.check(self.root), 'core/bad.c:1:')

    def test_licence_below_interpreter(self):
        self.write('scripts/good.sh', '#!/bin/sh\n# SPDX-License-Identifier: MIT\n')
        self.assertEqual(files.check(self.root), [])
        self.write('scripts/bad.sh', '#!/bin/sh\n\n# SPDX-License-Identifier: MIT\n')
        self.expect(files.check(self.root), 'scripts/bad.sh:1:')

    def test_file_too_long(self):
        self.write('core/long.c', SPDX + '\n' * 449)
        self.write('tests/core/long_test.c', SPDX + '\n' * 999)
        self.assertEqual(files.check(self.root), [])
        self.write('core/long.c', SPDX + '\n' * 450)
        self.expect(files.check(self.root), 'core/long.c: 451 lines')
        self.write('core/long.c', SPDX)
        self.write('tests/core/long_test.c', SPDX + '\n' * 1000)
        self.expect(files.check(self.root), 'tests/core/long_test.c: 1001 lines')

    def test_empty_tree(self):
        with tempfile.TemporaryDirectory() as empty:
            self.assertEqual(len(arrows.check(empty)), 1)
            self.assertEqual(len(files.check(empty)), 1)
            self.assertEqual(len(circles.check(empty)[0]), 1)
            self.assertEqual(len(names.check(empty)[0]), 1)

    def circles(self):
        problems, others = circles.check(self.root, ['core'])
        self.assertEqual(others, [])
        return problems

    def test_circle_of_includes(self):
        self.write('core/b.h', SPDX + '#include "core/a.h"\nvoid b(void);\n')
        self.write('core/b.c', SPDX + '#include "core/b.h"\nvoid b(void) {\n}\n')
        self.assertEqual(self.circles(), [])
        self.write('core/a.c', SPDX + '#include "core/a.h"\n#include "core/b.h"\n')
        self.expect(self.circles(), 'circle of 2 files: core/a -> core/b; core/b -> core/a')

    def test_circle_of_three(self):
        for one, other in ('bc', 'cd', 'db'):
            self.write(f'core/{one}.h', f'{SPDX}struct {one};\n')
            self.write(f'core/{one}.c', f'{SPDX}#include "core/{other}.h"\n#include "core/a.h"\n')
        self.expect(self.circles(), 'circle of 3 files: core/b -> core/c; core/c -> core/d; core/d -> core/b')

    def test_circle_through_a_header_for_all(self):
        # Both know only the private header, which promises what each of them has.
        self.write('core/private.h', SPDX + 'int b(void);\nextern const int c[];\n')
        self.write('core/b.h', SPDX + 'struct b;\n')
        self.write('core/b.c', SPDX + '#include "core/private.h"\nint b(void) {\n  return c[0];\n}\n')
        self.write('core/c.h', SPDX + 'struct c;\n')
        self.write('core/c.c', SPDX + '#include "core/private.h"\nconst int c[] = {1};\n')
        self.expect(self.circles(), 'circle of 3 files: core/b -> core/private;')

    def test_no_circle_in_one_file_of_several_parts(self):
        self.write('core/b.h', SPDX + 'int b(void);\nint b_part(void);\n')
        self.write('core/b.c', SPDX + '#include "core/b.h"\nint b(void) {\n  return b_part();\n}\n')
        self.write('core/b_part.c', SPDX + '#include "core/b.h"\nint b_part(void) {\n  return 1;\n}\n')
        self.assertEqual(self.circles(), [])

    def test_no_circle_in_words_of_comments_and_bodies(self):
        self.write('core/b.h', SPDX + '/* d(); */\nstruct d *b(void);\nstatic inline int e(int d) {\n  return d;\n}\n')
        self.write('core/d.h', SPDX + 'int d(void);\n')
        self.write('core/d.c', SPDX + '#include "core/d.h"\n#include "core/b.h"\nint d(void) {\n  return e(1);\n}\n')
        self.assertEqual(self.circles(), [])

    def test_circle_elsewhere_is_only_told(self):
        self.write('server/a.h', SPDX + '#include "server/b.h"\n')
        self.write('server/b.h', SPDX + '#include "server/a.h"\n')
        problems, others = circles.check(self.root, ['core'])
        self.assertEqual(problems, [])
        self.expect(others, 'circle of 2 files: server/a')

    def test_circle_with_a_file_of_a_chain(self):
        self.write('desktop/sound_a.h', SPDX + '#include "desktop/b.h"\n')
        self.write('desktop/b.h', SPDX + '#include "desktop/sound_a.h"\n')
        self.expect(circles.check(self.root, ['core'], ['desktop/sound'])[0], 'circle of 2 files: desktop/b')
        self.assertEqual(circles.check(self.root, ['core'], ['desktop/c'])[0], [])

    def names(self, source, server):
        self.write('source/source.h', SPDX + source)
        self.write('server/bad.c', SPDX + '#include "server/server.h"\n' + server)
        problems, others = names.check(self.root, ['server'])
        self.assertEqual(others, [])
        return problems

    def test_name_through_another_header(self):
        self.expect(self.names('int oriel_source_open(void);\n', 'int x(void) {\n  return oriel_source_open();\n}\n'),
                    'server/bad.c: oriel_source_open of source/source.h, which server/ may not know, through desktop/desktop.h')

    def test_constant_and_type_through_another_header(self):
        problems = self.names('enum oriel_state {\n  ORIEL_GONE, /* over */\n  ORIEL_THERE = 1,\n};\n#define ORIEL_MOST 3\n',
                              'int y = ORIEL_MOST + (enum oriel_state)ORIEL_THERE;\n')
        self.expect(problems, 'server/bad.c: ORIEL_MOST, ORIEL_THERE, oriel_state of source/source.h')

    def test_names_that_may_be_known(self):
        # Handed on by a pointer that desktop.h has; a field's name; words of comments and strings.
        self.write('desktop/desktop.h', SPDX + '#include "source/source.h"\nvoid oriel_show(struct oriel_source *source);\n')
        self.assertEqual(self.names('struct oriel_source {\n  int level;\n};\nint oriel_gone(void);\n',
                                    '/* oriel_gone */\nint level;\nconst char *z = "oriel_gone";\n'
                                    'void show(struct oriel_source *s) {\n  oriel_show(s);\n}\n'), [])

    def lessons(self, kept, held):
        self.write('docs/lessons.md', f'| 3 | a rule | {kept} | {held} |\n')
        self.write('core/a.c', SPDX + '/* Lessons 3 and 4. */\n')
        return [problem for problem in lessons.check(self.root) if 'cites lesson 4' not in problem]

    def test_lesson_whose_places_are_there(self):
        self.write('tests/core/b_test.c', SPDX + 'static void b_is_so(void **state);\n')
        self.assertEqual(self.lessons('`core/a.c`, `core/`', '`a_test`; `b_test` `b_is_so`; `tests/core/b_test.c`'), [])

    def test_lesson_whose_place_went(self):
        self.expect(self.lessons('`core/gone.c`', '`a_test`'), 'docs/lessons.md:1: lesson 3: core/gone.c is not there')

    def test_lesson_whose_test_went(self):
        self.expect(self.lessons('`core/a.c`', '`gone_test`'), 'docs/lessons.md:1: lesson 3: no test is called gone_test')
        self.expect(self.lessons('`core/a.c`', '`a_test` `a_was_so`'),
                    'docs/lessons.md:1: lesson 3: tests/core/a_test.c has no case a_was_so')

    def test_lesson_that_nobody_wrote_down(self):
        self.lessons('`core/a.c`', '`a_test`')
        self.expect(lessons.check(self.root), 'core/a.c: cites lesson 4, which docs/lessons.md does not have')

    def compile(self):
        build = os.path.join(self.root, 'build')
        command = {'directory': build, 'file': '../core/a.c', 'command': 'cc -I.. -Wall -Werror -c ../core/a.c'}
        self.write('build/compile_commands.json', json.dumps([command]))
        return headers.check(self.root, build, COMPILER)

    def test_header_alone(self):
        self.assertEqual(self.compile(), ([], 1))

    def test_header_that_needs_another(self):
        self.write('core/bad.h', '#ifndef BAD_H\n#define BAD_H\nuint32_t bad(void);\n#endif\n')
        problems, _ = self.compile()
        self.expect(problems, 'core/bad.h does not compile alone')

    def test_header_without_guard(self):
        self.write('core/bad.h', 'struct bad {\n  int x;\n};\n')
        problems, _ = self.compile()
        self.expect(problems, 'core/bad.h does not compile alone')


if __name__ == '__main__':
    if len(sys.argv) > 1:
        COMPILER = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
