// SPDX-License-Identifier: MIT
// Video by RTP beside the WebSocket: tried, taken, left; and the order of what both ways bring.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { nowUs } from '../../web/js/clock.js';
import { PictureWay } from '../../web/js/picture-way.js';
import { Pictures } from '../../web/js/pictures.js';
import { FLAG, MESSAGE, PICTURE_HEADER_SIZE, PICTURE_WAY } from '../../web/js/wire.js';

const SIDE = 16;
const TICKET = 'ab'.repeat(32);
const SECOND = 1_000_000;

/** What the browser does, as far as it is used here. */
const browser = { peers: [], videos: [], frames: [] };

class Element {
  constructor() {
    this.classes = new Set();
    this.classList = { add: (name) => this.classes.add(name), remove: (name) => this.classes.delete(name) };
    this.style = { setProperty: (name, value) => (this.style[name] = value) };
  }
  setAttribute() {}
  remove() {}
  before() {}
  after() {}
  play() { return Promise.resolve(); }
  getContext() { return { putImageData() {}, clearRect() {} }; }
  requestVideoFrameCallback(callback) { this.callback = callback; }
}

class Peer {
  constructor() {
    browser.peers.push(this);
    this.connectionState = 'new';
  }
  addTransceiver() { return { setCodecPreferences: (codecs) => (this.codecs = codecs) }; }
  async setLocalDescription() { this.localDescription = { sdp: 'offer' }; }
  async setRemoteDescription({ sdp }) { this.answer = sdp; }
  close() { this.closed = true; }
  become(state) {
    this.connectionState = state;
    if (state === 'connected') this.ontrack?.({ track: {} });
    this.onconnectionstatechange?.();
  }
}

beforeEach(() => {
  browser.peers = [];
  browser.videos = [];
  globalThis.setInterval = () => 1;
  globalThis.clearInterval = () => {};
  globalThis.requestAnimationFrame = (callback) => browser.frames.push(callback);
  globalThis.cancelAnimationFrame = () => {};
  globalThis.ImageData = class {};
  globalThis.MediaStream = class {};
  globalThis.RTCPeerConnection = Peer;
  globalThis.RTCRtpReceiver = { getCapabilities: () => ({ codecs: [{ mimeType: 'video/H264' }, { mimeType: 'video/VP8' }] }) };
  globalThis.document = {
    hidden: false,
    addEventListener() {},
    createElement(name) {
      const element = new Element();
      if (name === 'video') browser.videos.push(element);
      return element;
    },
  };
});

/** A page that is connected and has painted, with video wished by `transport`. */
function open(transport = 'webrtc', answer = { status: 201, body: 'answer' }) {
  const sent = [];
  const drawn = [];
  const screen = { canvas: new Element(), companions: new Set(), accompany() {}, width: SIDE, height: SIDE,
    resize(width, height) { Object.assign(screen, { width, height }); },
    drawable: () => ({ putImageData() {} }),
    drawFrame: (_frame, _width, _height, part) => drawn.push(part) > 0,
    drawRectangle: () => drawn.push('tile') > 0 };
  const pictures = new Pictures(screen, (view) => sent.push(view.getUint8(0)), (us) => us, () => {}, () => {});
  pictures.video.decode = (_unit, _key, note) => pictures.drawFrame({}, note) ?? true; // at once
  pictures.video.reset = () => {};
  const requests = [];
  const client = {
    pictures, screen,
    link: { painted: true, clock: { rttUs: 0 }, send: (view) => sent.push([view.getUint8(0), view.getUint8(4)]) },
    session: { request: async (path, options) => {
      requests.push([path, options.headers['Oriel-Media-Ticket'], options.body]);
      return { status: answer.status, text: async () => answer.body };
    } },
  };
  const settings = { get: () => transport };
  const way = new PictureWay(client, settings);
  const ticket = new DataView(new ArrayBuffer(68));
  new Uint8Array(ticket.buffer, 4).set(new TextEncoder().encode(TICKET));
  way.lookedUs = nowUs();
  way.message(ticket);
  let sequence = 0;
  /** Of the server: VIDEO by the WebSocket (null), by both or by RTP, with this timestamp; or tiles. */
  const receive = (kind, { time = null, key = false, unit = true, part = null } = {}) => {
    const rects = part ? 2 + part.length * 8 : 0;
    const tail = time === null ? 0 : 4;
    const payload = kind === 'tiles' ? 2 + 12 + 4 : unit ? 1 : 0;
    const view = new DataView(new ArrayBuffer(PICTURE_HEADER_SIZE + rects + tail + payload));
    view.setUint8(0, kind === 'tiles' ? MESSAGE.TILES : MESSAGE.VIDEO);
    view.setUint8(1, (key ? FLAG.KEY : 0) | (part ? FLAG.PART : 0) | (tail ? FLAG.RTP : 0));
    view.setUint32(4, ++sequence, true);
    view.setBigUint64(8, BigInt(nowUs()), true);
    view.setUint16(16, SIDE, true);
    view.setUint16(18, SIDE, true);
    if (part) view.setUint16(PICTURE_HEADER_SIZE, part.length, true);
    part?.flat().forEach((value, i) => view.setUint16(PICTURE_HEADER_SIZE + 2 + i * 2, value, true));
    if (tail) view.setUint32(PICTURE_HEADER_SIZE + rects, time, true);
    if (kind === 'tiles') {
      view.setUint16(PICTURE_HEADER_SIZE, 1, true);
      [0, 0, 1, 1].forEach((value, i) => view.setUint16(PICTURE_HEADER_SIZE + 2 + i * 2, value, true));
      view.setUint32(PICTURE_HEADER_SIZE + 10, 4, true);
      [0xfe, 1, 2, 3].forEach((value, i) => view.setUint8(PICTURE_HEADER_SIZE + 14 + i, value));
    }
    pictures.receive(view, nowUs());
    return sequence;
  };
  const present = (time) => {
    const video = browser.videos.at(-1);
    video.callback(0, { rtpTimestamp: time, presentationTime: performance.now() });
  };
  const look = (afterUs = 0) => {
    way.lookedUs = nowUs() + afterUs;
    way.look(nowUs() + afterUs);
  };
  const ways = () => sent.filter((entry) => entry[0] === MESSAGE.PICTURE_WAY).map(([, value]) => value);
  return { way, pictures, screen, drawn, sent, requests, receive, present, look, ways };
}

const settle = async () => { for (let i = 0; i < 10; i++) await null; };

/** As far as `both`. */
async function connect(page) {
  page.receive('video', { key: true });
  page.look();
  await settle();
  browser.peers.at(-1).become('connected');
}

/** As far as `rtp`, whose key frame is at 1000. */
async function take(page) {
  await connect(page);
  page.receive('video', { key: true, time: 1000 });
  page.present(1000);
}

test('way_asks_by_the_ticket_for_h264_alone', async () => {
  const page = open();
  await connect(page);
  assert.deepEqual(page.requests, [['whep/view', TICKET, 'offer']]);
  assert.deepEqual(browser.peers[0].codecs.map(({ mimeType }) => mimeType), ['video/H264']);
  assert.equal(browser.peers[0].answer, 'answer');
  assert.deepEqual([page.way.state, page.ways()], ['both', [PICTURE_WAY.BOTH]]);
});

test('way_is_not_tried_by_who_pinned_the_socket_nor_without_a_ticket_nor_before_a_picture', async () => {
  const pinned = open('websocket');
  pinned.look();
  const early = open();
  early.way.client.link.painted = false;
  early.look();
  const without = open();
  without.way.ticket = '';
  without.look();
  document.hidden = true;
  const hidden = open();
  hidden.look();
  assert.deepEqual([pinned, early, without, hidden].map(({ way }) => way.state), Array(4).fill('socket'));
  assert.equal(browser.peers.length, 0);
});

test('way_by_itself_waits_for_motion', async () => {
  const page = open('auto');
  page.look();
  assert.equal(page.way.state, 'socket');
  const { race } = page.way;
  race.begin(nowUs() - 1.2 * SECOND);
  for (let i = 0; i < 20; i++) race.seen(10_000, nowUs());
  page.look();
  assert.equal(page.way.state, 'connecting');
});

test('both_ways_show_the_sockets_until_rtp_showed_one', async () => {
  const page = open();
  await connect(page);
  page.receive('video', { key: true, time: 1000 });
  page.receive('video', { time: 1001 });
  assert.equal(page.drawn.length, 3);
  assert.equal(page.pictures.rtp.alone, false);
  page.present(1001);
  assert.equal(page.screen.canvas.classes.has('under'), false, 'the canvas has it already');
  assert.deepEqual([page.way.state, page.ways()], ['rtp', [PICTURE_WAY.BOTH, PICTURE_WAY.RTP]]);
  page.receive('video', { time: 1002 }); // with the unit, since the server does not know yet
  assert.equal(page.drawn.length, 3, 'not decoded any more');
  page.present(1002);
  assert.equal(page.screen.canvas.classes.has('under'), true);
  assert.equal(page.pictures.ack.now.painted, 4);
});

test('a_picture_that_rtp_shows_before_it_is_announced_counts', async () => {
  const page = open();
  await connect(page);
  page.present(1000);
  page.receive('video', { key: true, time: 1000 });
  assert.equal(page.way.state, 'rtp');
  page.present(1002);
  page.receive('video', { time: 1001, unit: false });
  assert.equal(page.pictures.ack.now.painted, 2);
  page.receive('video', { time: 1002, unit: false });
  assert.equal(page.pictures.ack.now.painted, 4);
});

test('tiles_wait_for_the_pictures_before_them_and_older_ones_do_not_come_back', async () => {
  const page = open();
  await take(page);
  page.receive('video', { time: 1001, unit: false });
  const tiles = page.receive('tiles');
  assert.equal(page.pictures.order.held.length, 1, 'its picture is not shown yet');
  page.present(1001);
  const { moving } = page.pictures.display.stream;
  assert.deepEqual(moving.tiles.map(({ sequence }) => sequence), [tiles]);
  page.receive('video', { time: 1002, unit: false });
  assert.equal(moving.tiles.length, 1, 'until a newer picture is there');
  page.present(1002);
  assert.equal(moving.tiles.length, 0);
});

test('parts_of_pictures_that_rtp_showed_or_left_out_are_drawn_when_the_motion_ends', async () => {
  const page = open();
  await take(page);
  page.pictures.display.rest();
  page.drawn.length = 0;
  Object.assign(page.screen, { width: SIDE, height: SIDE });
  page.receive('video', { time: 1001, unit: false, part: [[0, 0, 16, 16]] });
  page.receive('video', { time: 1002, unit: false, part: [] });
  page.present(1002); // 1001 was never seen
  assert.deepEqual(page.drawn, []);
  page.pictures.display.rest();
  assert.deepEqual(page.drawn, [[{ x: 0, y: 0, width: 16, height: 16 }]]);
  assert.equal(page.screen.canvas.classes.has('under'), false);
});

test('what_the_canvas_got_meanwhile_is_not_undone', async () => {
  const page = open();
  await connect(page);
  page.receive('video', { key: true, time: 1000 });
  page.receive('tiles');
  page.present(1000); // older than the tiles
  assert.equal(page.way.state, 'rtp');
  assert.equal(page.screen.canvas.classes.has('under'), false);
});

test('a_video_that_is_wider_than_its_picture_is_cropped', async () => {
  const page = open();
  await take(page);
  const video = browser.videos.at(-1);
  Object.assign(video, { videoWidth: SIDE + 1, videoHeight: SIDE });
  page.receive('video', { time: 1001, unit: false });
  page.present(1001);
  assert.equal(video.style['object-view-box'], 'inset(0 1px 0px 0)');
});

test('way_returns_when_announced_pictures_are_not_seen', async () => {
  const page = open();
  await take(page);
  page.look(30 * SECOND);
  assert.equal(page.way.state, 'rtp', 'nothing was announced');
  page.receive('video', { time: 1001, unit: false });
  page.look(0.5 * SECOND);
  assert.equal(page.way.state, 'rtp');
  page.look(0.7 * SECOND);
  assert.deepEqual([page.way.state, page.ways().at(-1)], ['socket', PICTURE_WAY.SOCKET]);
  assert.ok(browser.peers[0].closed);
  const shown = page.drawn.length;
  page.receive('video', { time: 1002, unit: false }); // was on its way
  page.receive('tiles');
  assert.equal(page.drawn.length, shown, 'nothing fits before a key frame');
  assert.ok(!page.sent.includes(MESSAGE.KEY_FRAME), 'which the server makes by itself');
  page.receive('video', { key: true });
  assert.equal(page.drawn.length, shown + 1);
});

test('a_page_that_stood_still_itself_does_not_judge', async () => {
  const page = open();
  await take(page);
  page.receive('video', { time: 1001, unit: false });
  page.way.lookedUs = nowUs();
  page.way.look(nowUs() + 2 * SECOND);
  assert.equal(page.way.state, 'rtp');
});

test('way_returns_when_the_browser_or_the_server_ends_it', async () => {
  const lost = open();
  await take(lost);
  browser.peers.at(-1).become('disconnected');
  assert.deepEqual([lost.way.state, lost.ways().at(-1)], ['socket', PICTURE_WAY.SOCKET]);
  const ended = open();
  await take(ended);
  const shown = ended.drawn.length;
  ended.receive('video', { key: true });
  assert.deepEqual([ended.way.state, ended.drawn.length], ['socket', shown + 1]);
});

test('a_way_that_never_connects_is_given_up_and_nothing_was_missed', async () => {
  const page = open();
  page.receive('video', { key: true });
  page.look();
  await settle();
  page.receive('video');
  page.look(4.9 * SECOND);
  assert.equal(page.way.state, 'connecting');
  page.look(5.1 * SECOND);
  assert.deepEqual([page.way.state, page.way.reason], ['socket', 'UDP does not come through.']);
  assert.equal(page.drawn.length, 2);
  page.look();
  assert.equal(page.way.state, 'socket', 'not at once again');
});

test('refusals_are_told_in_the_servers_words', async () => {
  const page = open('webrtc', { status: 503, body: '{"detail":"no UDP port"}' });
  page.look();
  await settle();
  assert.deepEqual([page.way.state, page.way.reason], ['socket', 'no UDP port']);
});

test('another_connection_begins_with_another_ticket', async () => {
  const page = open();
  await take(page);
  page.way.disconnected();
  assert.deepEqual([page.way.state, page.way.ticket, page.pictures.rtp], ['socket', '', null]);
  assert.notEqual(page.ways().at(-1), PICTURE_WAY.SOCKET, 'there is nobody to tell');
  page.look();
  assert.equal(browser.peers.length, 1);
});

test('who_pins_the_socket_has_it_at_once', async () => {
  const page = open();
  await take(page);
  page.way.settings.get = () => 'websocket';
  page.way.chosen();
  assert.deepEqual([page.way.state, page.ways().at(-1)], ['socket', PICTURE_WAY.SOCKET]);
});
