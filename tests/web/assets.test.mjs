// SPDX-License-Identifier: MIT
// The lists of modules in index.html and web/meson.build, against what the modules import; and the rules of the CSP.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const web = new URL('../../web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, web), 'utf8');
const page = read('index.html');
const html = page + read('interface.html') + read('list.html');
const modules = readdirSync(new URL('js/', web))
  .filter((name) => name.endsWith('.js'))
  .map((name) => name.slice(0, -3))
  .sort();
const imports = (name) =>
  [...read(`js/${name}.js`).matchAll(/(?:from|import) '\.\/([\w-]+)\.js'/g)].map(([, target]) => target);

/** Those that `name` asks for itself, once it runs. */
const deferred = (name) =>
  [...read(`js/${name}.js`).matchAll(/(?:await|=) import\('\.\/([\w-]+)\.js'\)/g)].map(([, target]) => target);

/** Every module that the page needs before `name` runs. */
function reach(name, seen = new Set()) {
  if (!seen.has(name)) {
    seen.add(name);
    imports(name).forEach((target) => reach(target, seen));
  }
  return seen;
}
const all = (...names) => names.reduce((seen, name) => reach(name, seen), new Set());
const first = all('main', 'session', ...deferred('session'));
const list = all('desktops');
const later = [...all(...deferred('main'))].filter((name) => !first.has(name));

/** A list of web/meson.build. */
const listed = (list) =>
  [...read('meson.build').match(new RegExp(`^${list} = \\[([^\\]]*)\\]`, 'm'))[1].matchAll(/'([\w-]+)'/g)].map(
    ([, name]) => name,
  );

test('modules_of_the_first_picture_come_together', () => {
  assert.deepEqual([...listed('web_page'), ...listed('web_first'), 'wire'].sort(), [...first].sort());
});

test('modules_of_the_interface_wait_for_the_first_picture', () => {
  assert.deepEqual(listed('web_rest'), later.sort());
  for (const name of ['keyboard', 'audio', 'ui', 'devices']) assert.ok(!first.has(name), name);
});

test('session_says_hello_before_any_file_is_there', () => {
  assert.deepEqual([...listed('web_page'), 'wire'].sort(), [...all('session', ...deferred('session'))].sort());
  assert.deepEqual(imports('session'), []); // so that it runs by itself in tests
});

test('modules_of_the_list_come_in_one_file_behind_the_page', () => {
  assert.deepEqual([...listed('web_list'), 'wire'].sort(), [...list].filter((name) => !listed('web_page').includes(name)).sort());
});

test('modules_of_workers_are_served_by_themselves', () => {
  const entries = modules.filter((name) => /-(worker|worklet)$/.test(name));
  assert.deepEqual([...listed('web_alone'), 'wire'].sort(), [...all(...entries)].sort());
});

test('modules_are_all_built_in_and_used', () => {
  assert.deepEqual([...new Set([...first, ...later, ...list, ...listed('web_alone')])].sort(), modules);
});

test('page_has_nothing_inline_that_the_csp_forbids', () => {
  assert.doesNotMatch(html, /\sstyle=|\son[a-z]+=|<style|javascript:/i);
  for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
    assert.match(attributes, /src="[\w-]+\.js"/);
    assert.equal(body, '');
  }
  for (const name of modules)
    assert.doesNotMatch(read(`js/${name}.js`), /\beval\(|new Function|innerHTML|setAttribute\('style/, name);
});

test('page_has_what_the_first_modules_look_for_before_their_script', () => {
  const before = page.slice(0, page.indexOf('<script type="module" async src="first.js">'));
  for (const id of ['screen', 'stage', 'cursor', 'later']) assert.ok(before.includes(`id="${id}"`), id);
  assert.ok(before.indexOf('<script src="session.js">') < before.indexOf('rel="stylesheet"'), 'no style is waited for');
});

test('page_labels_every_control', () => {
  for (const [, attributes, body] of html.matchAll(/<button([^>]*)>([\s\S]*?)<\/button>/g)) {
    const words = body.replace(/<[^>]*>/g, '').trim();
    assert.ok(
      /aria-label="/.test(attributes) || words || /id="(status-action|confirm-yes)"/.test(attributes),
      attributes,
    );
  }
  for (const [, icon] of html.matchAll(/href="#i-([\w-]+)"/g)) assert.ok(html.includes(`<symbol id="i-${icon}"`), icon);
  for (const [, target] of html.matchAll(/aria-(?:controls|labelledby)="([\w-]+)"/g))
    assert.ok(html.includes(`id="${target}"`), target);
});

test('files_stay_readable', () => {
  const styles = readdirSync(web).filter((name) => name.endsWith('.css'));
  for (const name of ['index.html', 'list.html', 'interface.html', ...styles, ...modules.map((module) => `js/${module}.js`)]) {
    assert.ok(read(name).split('\n').length <= (name === 'interface.html' ? 500 : 300), `${name} is long`);
  }
});

test('readme_names_every_module_and_every_choice', async () => {
  const readme = read('README.md');
  const unnamed = modules.filter((name) => name !== 'wire' && !new RegExp(`\\b${name}\\.js`).test(readme));
  assert.deepEqual(unnamed, []);
  for (const [, name] of readme.matchAll(/([a-z0-9-]+)\.js\b/g)) {
    assert.ok(modules.includes(name) || ['first', 'list', 'rest'].includes(name), `${name}.js is named and not there`);
  }
  const { settings } = await import('../../web/js/settings.js');
  for (const name of Object.keys(settings.values)) assert.ok(readme.includes(`\`${name}\``), name);
});

test('no_address_leaves_the_folder_of_the_page', () => {
  // A proxy may serve the page below a path of its own.
  const plain = html.replace(/<svg[^]*?<\/svg>/g, '');
  for (const [, address] of plain.matchAll(/(?:href|src|action)="([^"#]*)"/g)) {
    assert.doesNotMatch(address, /^\/|:\/\//);
  }
  const manifest = JSON.parse(read('manifest.webmanifest'));
  const addresses = [manifest.start_url, ...manifest.icons.map(({ src }) => src)];
  for (const address of addresses) assert.doesNotMatch(address, /^\//);
  const styles = readdirSync(web).filter((file) => file.endsWith('.css'));
  for (const name of styles) assert.doesNotMatch(read(name), /url\(['"]?\//);
  for (const name of modules.filter((module) => module !== 'wire')) {
    // What a browser fetches by a name: fetch, modules of worklets and workers, WebSockets.
    const asks = /(?:fetch|request|addModule|URL|Worker|WebSocket)\(\s*['"`]([^'"`]*)/g;
    for (const [, address] of read(`js/${name}.js`).matchAll(asks))
      assert.doesNotMatch(address, /^\/|:\/\//, name);
  }
});

test('shortcuts_of_the_page_are_named_where_they_help', () => {
  const keys = [...read('js/ui.js').matchAll(/event\.code === 'Key([A-Z])'/g)].map(([, key]) => key);
  assert.ok(keys.length >= 3);
  const titles = [...html.matchAll(/title="([^"]*)"/g)].map(([, title]) => title);
  for (const key of keys) {
    assert.ok(titles.some((title) => title.includes(`Ctrl+Alt+Shift+${key}`)), `no tooltip names the shortcut ${key}`);
  }
  for (const [tag] of html.matchAll(/<button[^>]*aria-keyshortcuts="[^>]*>/g)) {
    const [, key] = /aria-keyshortcuts="Control\+Alt\+Shift\+([A-Z])"/.exec(tag);
    assert.match(tag, new RegExp(`title="[^"]*Ctrl\\+Alt\\+Shift\\+${key}`), tag);
  }
  for (const [tag, id] of html.matchAll(/<button[^>]*id="([^"]*)"[^>]*class="tool"[^>]*>/g)) {
    assert.match(tag, /title="/, `#${id} has no tooltip`);
  }
});
