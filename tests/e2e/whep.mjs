// SPDX-License-Identifier: MIT
//
// Chromium as a WHEP client of `oriel serve pattern:`: picture, sound, loss, and the life of a session.
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { api, oriel, stats } from './lib/process.mjs';
import { heardPeak } from './lib/browser.mjs';
import { psnr } from './lib/card.mjs';
import { relay, through } from './lib/lossy.mjs';
import { decoded, offerFrom, play, post, received, videoPixels } from './lib/whep.mjs';

const still = ['serve', 'pattern:?size=1280x720&scene=static'];
const moving = ['serve', 'pattern:?size=1280x720&scene=motion&fps=30'];

/** Waits until the <video> shows what the desktop does. */
async function showsDesktop(page, server) {
  return until(async () => {
    const shot = PNG.sync.read(Buffer.from(await (await api(server, '/snapshot.png')).arrayBuffer()));
    const now = await videoPixels(page);
    return now.width === shot.width && now.height === shot.height && psnr(now, shot) >= 38;
  }, 8000, 'PSNR of at least 38 dB');
}

test('whep: what Chromium plays equals the snapshot', async (t) => {
  const server = await oriel(t, still);
  const { page, response } = await play(t, server);
  assert.equal(response.headers.get('content-type'), 'application/sdp');
  assert.match(response.headers.get('location'), /^\/whep\/session\/[0-9a-f]{32}$/);
  await decoded(page);
  await until(async () => (await stats(server)).pictures_sharpened > 0, 5000, 'a sharpened picture');
  await showsDesktop(page, server);
});

test('whep: what Chromium plays in VP8 equals the snapshot, beside H.264', async (t) => {
  const server = await oriel(t, still);
  const other = await play(t, server);
  const { page } = await play(t, server, { codecs: 'vp8' });
  await decoded(other.page);
  const { codecId } = await decoded(page);
  const codec = await page.evaluate(async (id) => (await window.peer.getStats()).get(id).mimeType, codecId);
  assert.equal(codec, 'video/VP8');
  await showsDesktop(page, server);
  await showsDesktop(other.page, server);
});

test('whep: motion flows, and needs no key frames', async (t) => {
  const server = await oriel(t, moving);
  const { page } = await play(t, server);
  const first = await decoded(page);
  await decoded(page, first.framesDecoded + 60);
  const { video } = await received(page);
  const delay = (video.jitterBufferDelay / video.jitterBufferEmittedCount) * 1000;
  t.log(`${video.framesDecoded} decoded, ${video.framesDropped} dropped, ${delay.toFixed(1)} ms in the buffer`);
  assert.ok((video.pliCount ?? 0) <= 1, `${video.pliCount} key frames were asked for`);
});

test('whep: sound is heard at its pitch beside the picture', async (t) => {
  const server = await oriel(t, still);
  const { page } = await play(t, server, { sound: true });
  await decoded(page);
  await page.evaluate(() => {
    const context = new AudioContext();
    context.createMediaStreamSource(window.stream).connect(context.destination);
  });
  await api(server, '/api/v1/desktop'); // nothing but a sign that the server answers while media flow
  await until(async () => {
    const now = await heardPeak(page);
    return now.db > -40 && Math.abs(now.hz - 1000) < 5;
  }, 15_000, 'the tone of 1 kHz');
});

test('whep: lost packets are sent again, and no key frame is asked for', async (t) => {
  const server = await oriel(t, moving);
  const way = await relay(t, server.port, { seed: 7 });
  const { page } = await play(t, server, { change: through(way.port) });
  const first = await decoded(page, 5);
  way.set(0.05);
  await until(async () => way.lost() >= 40, 20_000, 'forty lost packets');
  way.set(0);
  const after = await decoded(page, first.framesDecoded + 60);
  t.log(`${way.lost()} of ${way.lost() + way.passed()} lost; ${after.nackCount} asked for, ` +
    `${after.retransmittedPacketsReceived} repeated, ${after.pliCount} key frames asked for`);
  assert.ok(after.nackCount > 0, 'nothing was asked for again');
  assert.ok(after.retransmittedPacketsReceived > 0, 'nothing was sent again');
  const { whep } = await stats(server);
  assert.ok(whep.missed > 0 && whep.repeated > 0 && whep.packets > 100 && whep.bytes > 100_000, JSON.stringify(whep));
  assert.ok(whep.open === 1 && whep.keys >= 1 && whep.slowest_kbps > 0, JSON.stringify(whep));
  assert.ok((after.pliCount ?? 0) <= 1, `${after.pliCount} key frames were asked for`);
});

test('whep: DELETE ends a session; it is there once, and for the right token alone', async (t) => {
  const server = await oriel(t, still);
  const { page, location } = await play(t, server, { token: server.viewToken });
  await decoded(page);
  await until(async () => (await stats(server)).viewers === 1, 3000, 'one viewer');
  const send = (token) =>
    fetch(server.origin + location, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  assert.equal((await send('wrong')).status, 401);
  assert.equal((await send(server.viewToken)).status, 200);
  await until(async () => (await stats(server)).viewers === 0, 3000, 'no viewer');
  assert.equal((await send(server.viewToken)).status, 404);
  const ended = ['failed', 'closed', 'disconnected'];
  await until(async () => ended.includes((await received(page)).state), 15_000, 'the end in the page');
});

test('whep: offers that do not fit are refused with the reason', async (t) => {
  const server = await oriel(t, still);
  const { offer } = await offerFrom(t);
  const cases = [
    [415, offer, { type: 'text/plain' }],
    [401, offer, { token: 'wrong' }],
    [400, ''],
    [400, 'hello'],
    [400, 'v=0\r\n' + 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\n'.repeat(200)],
    [413, offer + 'a=x:\r\n'.repeat(8000)],
    [422, offer.replace(/^a=ice-ufrag.*\r\n/gm, '')],
    [422, offer.replace(/^a=fingerprint.*\r\n/gm, '')],
    [422, offer.replaceAll(/(H264|VP8)\/90000/g, 'H263/90000')],
    [422, offer.replace(/^m=video \d+/m, 'm=video 0')],
    [404, offer, { path: '/d/none/whep/view' }],
  ];
  for (const [status, sdp, options] of cases) {
    const response = await post(server, sdp, options);
    const text = await response.text();
    assert.equal(response.status, status, `${sdp.slice(0, 40)}: ${text}`);
    if (status === 422 || status === 400) {
      assert.match(response.headers.get('content-type'), /^application\/problem\+json/);
      assert.ok(JSON.parse(text).detail.length > 10, text);
    }
  }
});
