// SPDX-License-Identifier: MIT
//
// Clients of WHEP that others wrote: libraries, players of pages, and what a relay or a capture makes of our packets.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createConnection } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { test, until } from './lib/runner.mjs';
import { freePort, oriel, root, start, stats, temporary } from './lib/process.mjs';
import { openPage } from './lib/browser.mjs';
import { decoded, received } from './lib/whep.mjs';

const moving = ['serve', 'pattern:?size=640x360&scene=motion&fps=30'];
const lib = (name) => join(root, 'tests', 'e2e', 'lib', name);

/** An address of this host that is not loopback: libnice looks for nobody there. */
function ownAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

/** Runs a client to its end: the line of JSON that it prints. */
async function outcome(t, command, script, server, pictures) {
  const client = start(t, command, [lib(script), server.origin, server.token, String(pictures)]);
  await until(() => client.ended(), 30_000, `the end of ${script}`);
  const line = /^\{.*\}$/m.exec(client.output);
  assert.ok(line && client.child.exitCode === 0, `${script}: ${client.output}`);
  return JSON.parse(line[0]);
}

/** Captures what goes through the server's UDP port: a function that ends it, and gives the file. null where this user
 *  may not capture. */
async function capture(t, port) {
  const file = join(temporary(t), 'whep.pcap');
  const shark = start(t, 'dumpcap', ['-q', '-i', 'any', '-f', `udp port ${port}`, '-w', file]);
  await until(() => shark.ended() || /File: /.test(shark.output), 10_000, 'the capture');
  if (shark.ended()) return null;
  return async () => {
    await shark.stop('SIGINT');
    return file;
  };
}

/** The protocols that tshark finds in each packet of a capture, "eth:…:udp:stun". */
function dissect(file) {
  const how = ['rtp_udp', 'stun_udp', 'dtls_udp'].flatMap((name) => ['--enable-heuristic', name]);
  const { status, stdout, stderr } = spawnSync('tshark', ['-r', file, ...how, '-T', 'fields', '-e', 'frame.protocols'],
    { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter(Boolean);
}

/** Nothing is malformed; what SRTCP encrypts is read as reports that say nonsense, and so left out. */
function assertSound(t, file) {
  const packets = dissect(file).filter((protocols) => !/:rtcp/.test(protocols));
  const count = (name) => packets.filter((one) => one.split(':').includes(name)).length;
  const counts = ['stun', 'dtls', 'rtp'].map((name) => [name, count(name)]);
  t.log(counts.map(([name, seen]) => `${seen} of ${name}`).join(', '));
  for (const [name, seen] of counts) assert.ok(seen > 0, `no packet of ${name} in the capture`);
  assert.deepEqual(packets.filter((protocols) => /malformed/.test(protocols)).slice(0, 3), []);
}

test('whep: werift, libdatachannel and webrtcbin play, and tshark reads their packets', async (t) => {
  const address = ownAddress();
  const server = await oriel(t, [...moving, ...(address ? ['--public-address', address] : [])]);
  const end = await capture(t, server.port);
  const [werift, datachannel, webrtcbin] = await Promise.all([
    outcome(t, process.execPath, 'whep-werift.mjs', server, 30),
    outcome(t, process.execPath, 'whep-datachannel.mjs', server, 30),
    outcome(t, '/usr/bin/python3', 'whep-gstreamer.py', server, 30)]);
  assert.ok(werift.pictures >= 30 && datachannel.pictures >= 30, JSON.stringify({ werift, datachannel }));
  assert.deepEqual([webrtcbin.width, webrtcbin.height], [640, 360]);
  const { whep } = await stats(server);
  assert.ok(whep.ended_closed === 3 && whep.ended_dtls === 0 && whep.checks_refused === 0, JSON.stringify(whep));
  if (end) assertSound(t, await end());
  else t.log('not captured: this user may not (dumpcap needs root, or the group wireshark)');
});

/** A page of another origin with the players of others: {page, origin}. Servers must allow that origin. */
async function playersPage(t) {
  const entryPoints = [lib('whep-players.js')];
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: 'iife' });
  const web = createServer((request, response) => {
    const script = request.url === '/players.js';
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ? outputFiles[0].text
      : '<!doctype html><video muted playsinline autoplay></video><script src="/players.js"></script>');
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => web.close());
  const origin = `http://127.0.0.1:${web.address().port}`;
  const page = await openPage(t);
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  const open = () => page.goto(`${origin}/`);
  await open();
  return { page, origin, open, faults };
}

/** Has a player play: its connection is window.peer. */
function playBy(page, name, server, configuration = {}) {
  return page.evaluate(async ([player, url, token, options]) => {
    const video = document.querySelector('video');
    window.playing = await window.players[player](video, url, token, options);
    window.peer = window.playing.peer;
  }, [name, `${server.origin}/whep/view`, server.viewToken, configuration]);
}

test('whep: players of pages play, restart and end: whip-whep, @eyevinn/webrtc-player', async (t) => {
  const { page, origin, open, faults } = await playersPage(t);
  const server = await oriel(t, [...moving, '--allow-origin', origin]);
  await playBy(page, 'whipWhep', server);
  const first = await decoded(page, 10);
  await page.evaluate(() => window.playing.restart());
  await decoded(page, first.framesDecoded + 30);
  await page.evaluate(() => window.playing.stop());
  await until(async () => (await stats(server)).viewers === 0, 5000, 'the end of whip-whep');
  await open();
  await playBy(page, 'eyevinn', server);
  await decoded(page, 10);
  await page.evaluate(() => window.playing.stop());
  assert.deepEqual(faults, []);
});

/** coturn on loopback, with a secret: {port, secret}. */
async function coturn(t) {
  const port = await freePort();
  const secret = 'shared-with-coturn-alone';
  const relay = start(t, 'turnserver', ['-n', '--no-cli', '--no-tls', '--no-dtls', '--log-file=stdout', '--simple-log',
    '--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1', '--realm=oriel',
    '--use-auth-secret', `--static-auth-secret=${secret}`,
    '--allow-loopback-peers', `--pidfile=${join(temporary(t), 'pid')}`],
  { cwd: temporary(t) });
  await until(() => new Promise((resolve, reject) => { // what it prints stays in its buffer
    if (relay.ended()) reject(new Error(`turnserver ended: ${relay.output}`));
    const socket = createConnection(port, '127.0.0.1', () => resolve(socket.destroy()));
    socket.on('error', () => resolve(null));
  }), 10_000, 'coturn');
  return { port, secret };
}

/** The way that is in use: what both of its candidates are. */
function wayOf(page) {
  return page.evaluate(async () => {
    const all = await window.peer.getStats();
    const transport = [...all.values()].find(({ type }) => type === 'transport');
    const pair = all.get(transport?.selectedCandidatePairId);
    const local = all.get(pair?.localCandidateId);
    return { type: local?.candidateType, by: local?.relayProtocol };
  });
}

test('whep: a client that has nothing but a relay plays by coturn, over UDP and TCP', async (t) => {
  const { page, origin, open } = await playersPage(t);
  const relay = await coturn(t);
  for (const by of ['udp', 'tcp']) {
    const url = `turn:127.0.0.1:${relay.port}?transport=${by}`;
    const server = await oriel(t, [...moving, '--allow-origin', origin, '--ice-server', url],
      { env: { ORIEL_TURN_SECRET: relay.secret } });
    await playBy(page, 'whipWhep', server, { iceTransportPolicy: 'relay' });
    await decoded(page, 30);
    assert.deepEqual(await wayOf(page), { type: 'relay', by });
    assert.equal((await received(page)).state, 'connected');
    assert.ok(!server.output.includes(relay.secret), 'the secret is in the log');
    await open();
  }
});
