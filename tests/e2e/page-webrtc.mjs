// SPDX-License-Identifier: MIT
//
// The page's own video by WebRTC beside its WebSocket, in Chromium.
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { api, oriel, stats } from './lib/process.mjs';
import { canvasPixels, openDesktop, pageStats, painted, pinTransport } from './lib/browser.mjs';
import { portOf, relay, through } from './lib/lossy.mjs';

/** Opens a desktop whose video shall come by `transport`. */
const open = (t, server, transport, options = {}) => openDesktop(t, server, {
  ...options,
  prepare: async (page) => {
    await pinTransport(page, transport);
    await options.prepare?.(page);
  },
});

const by = (page, state, ms = 10_000) => until(async () => {
  const s = await pageStats(page);
  return s.transport?.state === state ? s : null;
}, ms, `video by ${state}`);

async function snapshot(server) {
  return PNG.sync.read(Buffer.from(await (await api(server, '/snapshot.png')).arrayBuffer()));
}

/** Whether all pixels around are like this one, in a picture of 4 bytes a pixel. */
function flat({ width, data }, x, y, reach) {
  const at = (px, py) => (py * width + px) * 4;
  const own = at(x, y);
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const other = at(x + dx, y + dy);
      for (let c = 0; c < 3; c++) if (data[other + c] !== data[own + c]) return false;
    }
  }
  return true;
}

/** The largest difference of a channel among the pixels of flat areas, which blur of 4:2:0 does not reach. */
function flatDifference(picture, other) {
  const REACH = 6;
  let [most, seen] = [0, 0];
  for (let y = REACH; y < picture.height - REACH; y += 3) {
    for (let x = REACH; x < picture.width - REACH; x += 3) {
      if (!flat(picture, x, y, REACH)) continue;
      seen++;
      const at = (y * picture.width + x) * 4;
      for (let c = 0; c < 3; c++) most = Math.max(most, Math.abs(picture.data[at + c] - other.data[at + c]));
    }
  }
  assert.ok(seen > 1000, `${seen} pixels of flat areas`);
  return most;
}

test('page by WebRTC: a still screen ends exact on the canvas; the <video> shows the same colours', async (t) => {
  const size = [640, 480];
  const server = await oriel(t, ['serve', `pattern:?size=${size.join('x')}&scene=static`]);
  const page = await open(t, server, 'webrtc', { size });
  await by(page, 'rtp');
  const exact = await until(async () => {
    const [shot, now] = [await snapshot(server), await canvasPixels(page)];
    const same = shot.width === now.width && Buffer.compare(Buffer.from(shot.data), Buffer.from(now.data)) === 0;
    return same && (await pageStats(page)).surface === 'canvas' ? shot : null;
  }, 10_000, 'an exact picture');
  await page.evaluate(() => {
    document.getElementById('screen').style.opacity = '0';
    for (const id of ['cursor', 'handle', 'bar']) document.getElementById(id).style.display = 'none';
  });
  const shown = PNG.sync.read(await page.screenshot());
  const most = flatDifference(exact, shown);
  t.log(`the <video> differs by ${most} of 255 at most`);
  assert.ok(most <= 2, `colours differ by ${most}`);
  const now = await stats(server);
  assert.equal(now.viewers, 1, 'one page is one viewer');
});

test('page by WebRTC: motion, another size, UDP that dies and comes again', async (t) => {
  const server = await oriel(t, ['serve', 'pattern:?size=640x480&scene=motion&fps=30']);
  let way = null;
  const page = await open(t, server, 'webrtc', {
    size: [640, 480],
    prepare: (opened) => opened.route('**/whep/view', async (route) => {
      const response = await route.fetch();
      const answer = await response.text();
      way ??= await relay(t, portOf(answer));
      await route.fulfill({ response, body: through(way.port)(answer) });
    }),
  });
  const first = await by(page, 'rtp');
  const moving = await painted(page, first.painted + 30);
  assert.equal(moving.surface, 'stream');
  assert.deepEqual([moving.counts.keyRequests, moving.error], [0, '']);

  await page.setViewportSize({ width: 721, height: 545 });
  const larger = await until(async () => {
    const s = await pageStats(page);
    return s.width === 721 && s.height === 545 ? s : null;
  }, 5000, 'the other size');
  const after = await painted(page, larger.painted + 15);
  assert.deepEqual([after.transport.state, after.surface], ['rtp', 'stream']);
  const box = await page.evaluate(() => {
    const video = document.querySelector('video.moving');
    return [video.videoWidth, video.videoHeight, video.style.objectViewBox];
  });
  t.log(`an odd size: ${box}`);

  way.set(1); // of media all is lost; checks go on
  const back = await by(page, 'socket', 5000);
  assert.match(back.transport.reason, /stopped coming/);
  await painted(page, back.painted + 30, 5000);
  const socket = await pageStats(page);
  assert.equal(socket.surface, 'canvas');

  way.set(0);
  await page.evaluate(() => document.getElementById('transport').dispatchEvent(new Event('change')));
  const again = await by(page, 'rtp');
  await painted(page, again.painted + 15);
  const { viewers, viewer } = await stats(server);
  assert.deepEqual([viewers, viewer[0].skips], [1, 0]);
  t.log(`${(await pageStats(page)).counts.keys} key frames in all`);
  assert.deepEqual(page.faults, []);
});
