// SPDX-License-Identifier: MIT
// web/bundle.c: several modules as one file do what they do as modules, and what it does not know it refuses.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';

const dir = mkdtempSync(join(tmpdir(), 'oriel-bundle-'));
after(() => rmSync(dir, { recursive: true }));
const tool = join(dir, 'bundle');
const source = fileURLToPath(new URL('../../web/bundle.c', import.meta.url));
/** CC may hold arguments, as 'ccache gcc'. */
function compile(tool, source, ...options) {
  const [compiler, ...first] = (process.env.CC ?? 'cc').split(/\s+/).filter(Boolean);
  execFileSync(compiler, [...first, '-std=c17', ...options, '-o', tool, source]);
}

compile(tool, source, '-D_GNU_SOURCE');

/** Writes modules and bundles them. @param {Record<string, string>} files @param {string[]} places NAME=BUNDLE */
function bundle(name, files, places = []) {
  const paths = Object.entries(files).map(([file, text]) => {
    const path = join(dir, `${file}.js`);
    writeFileSync(path, text);
    return path;
  });
  mkdirSync(join(dir, 'out'), { recursive: true });
  const out = join(dir, 'out', `${name}.mjs`);
  const { status, stderr } = spawnSync(tool, [out, ...paths, '--', ...places], { encoding: 'utf8' });
  return { status, stderr, load: () => import(pathToFileURL(out).href) };
}

test('bundle_runs_modules_in_the_order_of_their_imports', async () => {
  const { status, load } = bundle('order', {
    top: `// c
import {
  base as other,
  Counter,
} from './a-base.js';
import './side.js';
/** doc
 * import { no } from './no.js'
 */
export const made = new Counter(other).twice();
export const late = () => import('./a-base.js');
`,
    'a-base': `export const base = 21;
export class Counter {
  /** @param {number} n */
  constructor(n) {
    this.n = n;
  }
  twice() {
    return this.n * 2; // two
  }
}
export async function unused() {}
`,
    side: "globalThis.bundled = 'side';\n",
  });
  assert.equal(status, 0);
  const all = await load();
  assert.equal(all.$top.made, 42);
  assert.equal(globalThis.bundled, 'side');
  assert.equal((await all.$top.late()).base, 21);
  assert.deepEqual(Object.keys(all).sort(), ['$a_base', '$side', '$top']);
});

test('bundle_makes_a_script_for_the_page_and_finds_it_there', async () => {
  const places = ['early=page', 'opening=first'];
  const page = bundle('page', { early: "export const found = () => import('./opening.js');\nexport const number = 7;\n" }, places);
  assert.equal(page.status, 0);
  const script = readFileSync(join(dir, 'out', 'page.mjs'), 'utf8');
  assert.match(script, /^const \$early = /m);
  assert.doesNotMatch(script, /^(im|ex)port /m, 'it is no module');
  assert.match(script, /import\('\.\/first\.js'\)\.then\(\(all\) => all\.\$opening\)/);
  const { status, load } = bundle('first', { opening: "import { number } from './early.js';\nexport const twice = 2 * number;\n" }, places);
  assert.equal(status, 0);
  vm.runInThisContext(script);
  assert.equal((await load()).$opening.twice, 14);
  const refused = bundle('page', { early: "import { a } from './other.js';\n" }, ['early=page']);
  assert.match(refused.stderr, /which is no module/);
});

test('inline_puts_a_script_into_the_page_once', () => {
  const inline = join(dir, 'inline');
  compile(inline, fileURLToPath(new URL('../../web/inline.c', import.meta.url)));
  const run = (page, script) => {
    writeFileSync(join(dir, 'page.html'), page);
    writeFileSync(join(dir, 'early.js'), script);
    return spawnSync(inline, [join(dir, 'made.html'), join(dir, 'page.html'), join(dir, 'early.js')], { encoding: 'utf8' });
  };
  const tag = '<script src="early.js"></script>';
  assert.equal(run(`<p>${tag}<b>`, "'a'\n").status, 0);
  assert.equal(readFileSync(join(dir, 'made.html'), 'utf8'), "<p><script>'a'\n</script><b>");
  assert.match(run('<p>', 'a').stderr, /does not have/);
  assert.match(run(tag + tag, 'a').stderr, /once/);
  assert.match(run(tag, "'</script>'").stderr, /ends or comments out/);
});

test('bundle_refuses_what_it_does_not_know', () => {
  const refused = {
    "export default 1;\n": /only const, class and function are exported/,
    "export let x = 1;\n": /only const, class and function are exported/,
    "import * as x from './y.js';\n": /only `import { … } from` is known/,
    "import { x } from 'y';\n": /other than '.\/NAME.js'/,
    "import { x }": /ends in the middle/,
    '/* a\n': /ends in the middle/,
    'const here = import.meta.url;\n': /import.meta/,
    '/* a\n*/ code();\n': /code after the end of a comment/,
    "import { x } from './odd.js';\nexport const x2 = x;\n": /imports itself/,
  };
  for (const [text, why] of Object.entries(refused)) {
    const { status, stderr } = bundle('refused', { odd: text });
    assert.equal(status, 1, text);
    assert.match(stderr, why);
  }
});
