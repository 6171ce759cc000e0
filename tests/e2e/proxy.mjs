// SPDX-License-Identifier: MIT
//
// The page behind a real nginx, below a path: with docs/proxy.md's configuration, and with one that drops upgrades.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { freePort, oriel, root, start, temporary } from './lib/process.mjs';
import { openPage, painted, sessionKept } from './lib/browser.mjs';

/** Oriel and nginx before it; the address of the page, with its token. `change` edits the configuration. */
async function behindNginx(t, change = (config) => config) {
  const dir = temporary(t);
  const [outer, inner] = [await freePort(), await freePort()];
  const server = await oriel(t, ['serve', 'pattern:?size=640x480&scene=static', '--public-url', `http://localhost:${outer}/vms/one/`],
    { env: { ORIEL_LISTEN: `127.0.0.1:${inner}` } });
  const documented = /```nginx\n([^]*?)```/.exec(readFileSync(join(root, 'docs', 'proxy.md'), 'utf8'))[1];
  const servers = documented.replace('443 ssl', `127.0.0.1:${outer}`).replace(/ *ssl_.*\n/g, '')
    .replace('vm.example', 'localhost').replace('127.0.0.1:8080', `127.0.0.1:${inner}`);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${dir}/${kind};`).join('\n');
  writeFileSync(join(dir, 'nginx.conf'), `${process.getuid() === 0 ? 'user root;\n' : ''}daemon off;\nmaster_process off;
pid ${dir}/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths}\n${change(servers)}}\n`);
  const nginx = start(t, 'nginx', ['-e', 'stderr', '-c', join(dir, 'nginx.conf')], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  await until(() => fetch(`http://localhost:${outer}/vms/one/healthz`).then((answer) => answer.ok, () => false), 10_000, `nginx (${nginx.output})`);
  assert.equal(new URL(server.url).pathname, '/vms/one/');
  return server.url;
}

test('proxy: the page works below a path behind nginx', async (t) => {
  const url = await behindNginx(t);
  const page = await openPage(t, { size: [640, 480] });
  const failed = [];
  page.on('response', (response) => { if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`); });
  await page.goto(url);
  await painted(page);
  await sessionKept(page);
  await page.reload(); // without the token: the cookie has the path, and is found again
  await painted(page);
  assert.deepEqual(failed, []);
});

test('proxy: the page says that the proxy drops upgrades', async (t) => {
  const url = await behindNginx(t, (config) => config.replace(/ *proxy_(http_version|set_header (Upgrade|Connection)) .*\n/g, ''));
  const page = await openPage(t, { size: [640, 480] });
  await page.goto(url);
  await page.getByText('The proxy does not pass WebSocket upgrades').waitFor({ timeout: 15_000 });
});
