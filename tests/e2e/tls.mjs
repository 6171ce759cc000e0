// SPDX-License-Identifier: MIT
//
// The page under TLS, from a server with a certificate of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { oriel, temporary } from './lib/process.mjs';
import { openPage, painted, pageStats, sessionKept } from './lib/browser.mjs';

/** Files of a certificate that nobody has signed, and of its key. */
function certificate(t) {
  const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(temporary(t), name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
    '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return ['--tls-cert', cert, '--tls-key', key];
}

test('TLS: the page moves, and moves again by its cookie', async (t) => {
  const server = await oriel(t, ['serve', 'pattern:?size=1280x720&fps=30&scene=motion', ...certificate(t)]);
  assert.match(server.url, /^https:/);
  const page = await openPage(t, { size: [1280, 720], extra: { ignoreHTTPSErrors: true } });
  await page.goto(server.url);
  await painted(page, 60, 20_000);
  assert.ok(await page.evaluate(() => window.isSecureContext));
  await sessionKept(page);
  await page.reload(); // by the cookie, which is for TLS alone
  await painted(page, 60, 20_000);
  const before = (await pageStats(page)).painted;
  await until(async () => (await pageStats(page)).painted > before + 30, 10_000, 'more pictures');
});
