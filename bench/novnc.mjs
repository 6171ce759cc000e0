// SPDX-License-Identifier: MIT
//
// The peer: npm's noVNC, bundled, in a page as small as it can be, speaking to QEMU's own VNC server over WebSocket.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../tests/e2e/lib/process.mjs';

const require = createRequire(join(root, 'tests', 'e2e', 'package.json'));

const page = (port) => `<!doctype html><meta charset="utf-8"><title>noVNC</title>
<style>html,body,#novnc{margin:0;height:100%;background:#000}</style><div id="novnc"></div><script type="module" src="/novnc.js?port=${port}"></script>`;

const client = `import RFB from '@novnc/novnc';
const port = new URL(import.meta.url).searchParams.get('port');
const rfb = new RFB(document.getElementById('novnc'), 'ws://127.0.0.1:' + port);
rfb.scaleViewport = false;
rfb.resizeSession = false;
rfb.addEventListener('connect', () => { window.connected = true; rfb.focus(); });
window.rfb = rfb;`;

/** Serves the page for a VNC WebSocket on `port`; returns {url, close}. */
export async function serveNovnc(port) {
  const esbuild = require('esbuild');
  const built = await esbuild.build({ stdin: { contents: client, resolveDir: join(root, 'tests', 'e2e') }, bundle: true, format: 'esm',
    minify: true, write: false, target: 'es2022' });
  const script = built.outputFiles[0].text;
  const server = createServer((request, response) => {
    const isScript = request.url.startsWith('/novnc.js');
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : page(port));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
