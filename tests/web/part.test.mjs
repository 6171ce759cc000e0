// SPDX-License-Identifier: MIT
// Of which part of a video picture a page draws what, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Display } from '../../web/js/display.js';
import { readPart, Union } from '../../web/js/part.js';
import { Pictures } from '../../web/js/pictures.js';
import { Screen } from '../../web/js/screen.js';
import { Track } from '../../web/js/track.js';
import { Video } from '../../web/js/video.js';
import { FLAG, MESSAGE, PART_MAX, PICTURE_HEADER_SIZE } from '../../web/js/wire.js';

const WIDTH = 100;
const HEIGHT = 70;
let seed = 1;
const random = (below) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

/** A VIDEO with a part of these rectangles ([x, y, width, height]), and one byte of access unit. */
function message(rects, { sequence = 1, flags = FLAG.PART, count = rects.length, type = MESSAGE.VIDEO } = {}) {
  const part = flags & FLAG.PART ? 2 + rects.length * 8 : 0;
  const view = new DataView(new ArrayBuffer(PICTURE_HEADER_SIZE + part + 1));
  view.setUint8(0, type);
  view.setUint8(1, flags);
  view.setUint32(4, sequence, true);
  view.setUint16(16, WIDTH, true);
  view.setUint16(18, HEIGHT, true);
  if (part) view.setUint16(PICTURE_HEADER_SIZE, count, true);
  rects.flat().forEach((value, i) => view.setUint16(PICTURE_HEADER_SIZE + 2 + i * 2, value, true));
  return view;
}

const read = (view) => readPart(view, { flags: view.getUint8(1), width: WIDTH, height: HEIGHT });

test('part_is_read', () => {
  assert.deepEqual(read(message([], { flags: 0 })), { part: null, rtpTime: null, end: PICTURE_HEADER_SIZE });
  assert.deepEqual(read(message([])), { part: [], rtpTime: null, end: PICTURE_HEADER_SIZE + 2 });
  assert.deepEqual(read(message([[0, 16, 32, 16], [80, 64, 20, 6]])), {
    part: [{ x: 0, y: 16, width: 32, height: 16 }, { x: 80, y: 64, width: 20, height: 6 }],
    rtpTime: null,
    end: PICTURE_HEADER_SIZE + 18,
  });
});

test('part_of_a_picture_by_rtp_is_followed_by_its_time', () => {
  const view = message([[0, 16, 32, 16]], { flags: FLAG.PART | FLAG.RTP });
  const short = new DataView(view.buffer.slice(0, PICTURE_HEADER_SIZE + 13));
  const whole = new Uint8Array(PICTURE_HEADER_SIZE + 14);
  whole.set(new Uint8Array(view.buffer).subarray(0, PICTURE_HEADER_SIZE + 10));
  whole.set([4, 3, 2, 0xff], PICTURE_HEADER_SIZE + 10);
  assert.deepEqual(read(new DataView(whole.buffer)),
    { part: [{ x: 0, y: 16, width: 32, height: 16 }], rtpTime: 0xff020304, end: PICTURE_HEADER_SIZE + 14 });
  assert.equal(read(short), null, 'cut');
});

test('part_outside_of_the_picture_or_the_message_is_refused', () => {
  for (const rect of [[0, 0, 0, 16], [0, 0, 16, 0], [8, 0, 16, 16], [0, 8, 16, 16], [0, 0, 24, 16], [0, 0, 16, 24],
    [96, 0, 16, 16], [0, 64, 16, 16], [112, 0, 16, 16], [0, 65520, 16, 65535]])
    assert.equal(read(message([rect])), null, String(rect));
  assert.equal(read(message([[0, 0, 16, 16]], { flags: FLAG.PART | FLAG.KEY })), null);
  assert.equal(read(message([[0, 0, 16, 16]], { count: 2 })), null, 'more than there is');
  assert.equal(read(message(Array(PART_MAX + 1).fill([0, 0, 16, 16]))), null);
  const cut = message([], { flags: 0 });
  cut.setUint8(1, FLAG.PART);
  assert.equal(read(cut), null, 'no count');
});

test('part_of_any_bytes_is_refused_or_lies_inside', () => {
  for (let round = 0; round < 5000; round++) {
    const view = message(Array.from({ length: random(20) }, () => [0, 0, 16, 16]));
    const size = view.byteLength - PICTURE_HEADER_SIZE;
    for (let i = 0; i < 4; i++) view.setUint8(PICTURE_HEADER_SIZE + random(size), random(256));
    const got = read(view);
    if (!got) continue;
    assert.ok(got.end <= view.byteLength);
    for (const { x, y, width, height } of got.part)
      assert.ok(width > 0 && height > 0 && x + width <= WIDTH && y + height <= HEIGHT);
  }
});

/** A picture as one number for each pixel. */
class Pixels {
  constructor() {
    this.width = WIDTH;
    this.height = HEIGHT;
    this.values = new Uint32Array(WIDTH * HEIGHT);
    this.takes = true;
  }
  fill(value, { x, y, width, height }) {
    for (let row = y; row < y + height; row++) this.values.fill(value, row * WIDTH + x, row * WIDTH + x + width);
  }
  drawFrame(frame, width, height, part) {
    assert.deepEqual([width, height], [WIDTH, HEIGHT]);
    if (this.takes) for (const rect of part ?? [{ x: 0, y: 0, width, height }]) this.fill(frame.value, rect);
    return this.takes;
  }
  drawRectangle(x, y, width, height, words) {
    if (this.takes) this.fill(words[0], { x, y, width, height });
    return this.takes;
  }
  resize() {}
}

const rect = () => {
  const [x, y] = [random(7) * 16, random(5) * 16];
  return { x, y, width: Math.min(WIDTH - x, 16 + random(4) * 16), height: Math.min(HEIGHT - y, 16 + random(3) * 16) };
};

test('union_is_what_its_parts_are_and_no_more', () => {
  const union = new Union();
  for (let round = 0; round < 500; round++) {
    const [wanted, got] = [new Pixels(), new Pixels()];
    for (let parts = random(4); parts >= 0; parts--) {
      const part = Array.from({ length: random(5) }, rect);
      for (const one of part) wanted.fill(1, one);
      union.add(part, WIDTH, HEIGHT);
    }
    let area = 0;
    for (const one of union.rects()) {
      got.fill(1, one);
      area += one.width * one.height;
    }
    assert.deepEqual(got.values, wanted.values);
    assert.equal(area, wanted.values.reduce((sum, value) => sum + value, 0), 'none twice');
    union.clear();
    assert.deepEqual(union.rects(), []);
  }
  union.add([], WIDTH, HEIGHT);
  union.add(null, 640, 480);
  union.add([{ x: 0, y: 0, width: 16, height: 16 }], 640, 480);
  assert.equal(union.rects(), null);
});

/** A page whose decoder gives pictures out when the test says so. */
function open() {
  globalThis.requestAnimationFrame = () => 1;
  globalThis.cancelAnimationFrame = () => {};
  const screen = new Pixels();
  const asked = [];
  const send = (view) => view.getUint8(0) === MESSAGE.KEY_FRAME && asked.push(view.getUint8(4));
  const pictures = new Pictures(screen, send, (us) => us, () => {}, () => {});
  const waiting = [];
  pictures.video.decode = (_, key, note) => {
    pictures.video.notes.set(note.sequence, note);
    waiting.push(note);
    return true;
  };
  const take = () => {
    take.last = waiting.shift();
    pictures.video.notes.delete(take.last.sequence);
    return take.last;
  };
  let sequence = 0;
  return {
    screen, pictures, asked,
    video: (part) => {
      const view = message((part ?? []).map(({ x, y, width, height }) => [x, y, width, height]),
        { sequence: ++sequence, flags: part ? FLAG.PART : FLAG.KEY });
      pictures.receive(view, sequence);
      return sequence;
    },
    tiles: ({ x, y }, exact = true) => {
      pictures.receive(tilesMessage(++sequence, x, y, exact), sequence);
      return sequence;
    },
    /** The decoder's next picture: its pixels have its sequence as their value. */
    decode: () => pictures.drawFrame({ value: take().sequence }, take.last),
    lose: () => void take(),
  };
}

/** TILES with one black pixel, which the page's screen shows as its value. */
function tilesMessage(sequence, x, y, exact) {
  const view = new DataView(new ArrayBuffer(PICTURE_HEADER_SIZE + 2 + 12 + 1));
  view.setUint8(0, MESSAGE.TILES);
  view.setUint8(1, exact ? FLAG.SHARPENING : 0);
  view.setUint32(4, sequence, true);
  view.setUint16(16, WIDTH, true);
  view.setUint16(18, HEIGHT, true);
  [1, x, y, 1, 1, 1, 0].forEach((value, i) => view.setUint16(PICTURE_HEADER_SIZE + i * 2, value, true));
  view.setUint8(view.byteLength - 1, 0xc0);
  return view;
}
const TILE = 0xff000000;

const left = { x: 0, y: 0, width: 16, height: 16 };
const right = { x: 64, y: 0, width: 16, height: 16 };

test('part_alone_is_drawn', () => {
  const { screen, video, decode } = open();
  const key = video(null);
  decode();
  assert.ok(screen.values.every((value) => value === key));
  const second = video([left]);
  decode();
  assert.deepEqual([0, 15, 16, 16 * WIDTH].map((i) => screen.values[i]), [second, second, key, key]);
  video([]);
  decode();
  assert.equal(screen.values[0], second, 'an empty part changes nothing');
});

test('part_of_a_picture_that_is_left_out_is_drawn_with_the_next', () => {
  const { screen, pictures, video, decode } = open();
  const key = video(null);
  decode();
  for (let i = 0; i < 3; i++) video(i === 1 ? [right] : [left]);
  const last = video([{ x: 0, y: 64, width: 16, height: 6 }]);
  decode(); // drawn or not: the key has not been in an animation frame yet, and three wait
  decode();
  assert.equal(pictures.counts.undrawn, 2);
  assert.equal(screen.values[0], key);
  decode();
  decode();
  assert.deepEqual([screen.values[0], screen.values[64], screen.values[64 * WIDTH]], [last - 1, last - 1, last]);
  assert.equal(screen.values[32], key, 'and nothing else');
});

test('part_that_a_canvas_without_context_did_not_take_is_drawn_later', () => {
  const { screen, video, decode } = open();
  video(null);
  screen.takes = false;
  decode();
  screen.takes = true;
  const next = video([left]);
  decode();
  assert.ok(screen.values.every((value) => value === next));
});

test('what_a_canvas_did_not_take_is_asked_for_once_it_does', () => {
  const { screen, pictures, asked, video, tiles, decode } = open();
  video(null);
  decode();
  pictures.lastRequestUs = -1e9;
  screen.takes = false;
  tiles(left); // the server will not send it again
  screen.takes = true;
  assert.equal(asked.length, 0);
  for (let i = 0; i < 2; i++) {
    video([right]);
    decode();
  }
  assert.equal(asked.length, 1);
  screen.takes = false;
  tiles(left);
  screen.takes = true;
  video(null); // for whatever reason
  decode();
  pictures.lastRequestUs = -1e9;
  video([right]);
  decode();
  assert.equal(asked.length, 1, 'a key frame makes up for it');
});

test('tiles_between_pictures_keep_their_place', () => {
  const { screen, pictures, video, tiles, decode } = open();
  video(null);
  decode();
  video([left, right]);
  tiles(left); // refinement behind the first, ahead of the others
  video([right]);
  const last = video([right]);
  decode();
  assert.equal(pictures.counts.undrawn, 0, 'it is drawn, for tiles wait behind it');
  decode();
  decode();
  assert.deepEqual([screen.values[0], screen.values[64]], [TILE, last]);
});

test('tiles_behind_a_picture_that_the_decoder_left_out_ask_for_a_key', () => {
  const { pictures, asked, video, tiles, decode, lose } = open();
  video(null);
  decode();
  pictures.lastRequestUs = -1e9;
  video([left]);
  tiles(left);
  video([right]);
  lose();
  assert.equal(asked.length, 0);
  decode();
  assert.equal(asked.length, 1);
});

test('video_gives_the_parts_of_what_its_decoder_left_out', () => {
  const got = [];
  const video = new Video((_, note) => got.push(note.part), () => {});
  video.decoder = {};
  const frame = (timestamp) => ({ timestamp, close() {} });
  video.notes.set(0, { part: [left] }).set(1, { part: [] }).set(2, { part: [right] });
  video.take(video.decoder, frame(2));
  video.notes.set(3, { part: null }).set(4, { part: [right] });
  video.take(video.decoder, frame(4));
  assert.deepEqual(got, [[left, right], null]);
  assert.equal(video.queued, 0);
});

test('malformed_part_is_not_decoded_and_asks_for_a_key', () => {
  const { pictures, asked, video, decode } = open();
  video(null);
  decode();
  pictures.lastRequestUs = -1e9;
  video([{ x: 8, y: 0, width: 16, height: 16 }]);
  assert.equal(pictures.video.queued, 0);
  assert.equal(pictures.lastError, 'malformed part');
  assert.equal(asked.length, 1);
  pictures.lastRequestUs = -1e9;
  video([left]);
  assert.equal(pictures.video.queued, 0, 'what builds on it is not used either');
});

/** What a track would have been given. */
function moving(screen) {
  const display = new Display(screen, () => {});
  display.motion.arrive = () => 'track';
  const track = { last: null, tiles: [], closed: false, write: (frame) => (track.last = frame) && true };
  track.drawTile = (...tile) => track.tiles.push(tile) > 0;
  track.close = (draw) => draw(track.last, WIDTH, HEIGHT);
  display.track = track;
  return { display, track };
}

test('parts_that_a_track_showed_are_drawn_when_it_ends', () => {
  const screen = new Pixels();
  const { display } = moving(screen);
  const note = (part) => ({ sequence: 1, width: WIDTH, height: HEIGHT, part });
  assert.equal(display.show({ value: 1 }, note([left]), false), 'track');
  display.show({ value: 2 }, note([right]), false);
  assert.ok(screen.values.every((value) => value === 0), 'the canvas below keeps what it had');
  display.motion.arrive = () => 'canvas';
  assert.equal(display.show({ value: 3 }, note([{ x: 32, y: 0, width: 16, height: 16 }]), false), 'canvas');
  assert.deepEqual([0, 16, 32, 64, 80].map((x) => screen.values[x]), [2, 0, 3, 2, 0]);
  assert.equal(display.track, null);
});

test('screen_draws_once_through_a_clip_of_all_rectangles', () => {
  const calls = [];
  const note = (name) => (...rest) => void calls.push([name, ...rest.slice(0, 4).filter(Number.isInteger)].join(' '));
  const names = ['save', 'beginPath', 'rect', 'clip', 'drawImage', 'restore'];
  const context = Object.fromEntries(names.map((name) => [name, note(name)]));
  const canvas = { width: WIDTH, height: HEIGHT, getContext: () => context, addEventListener() {} };
  const screen = new Screen(canvas, {});
  const draws = (part) => {
    calls.length = 0;
    assert.ok(screen.drawFrame({}, WIDTH, HEIGHT, part));
    return calls.join();
  };
  assert.equal(draws([left, right]), 'save,beginPath,rect 0 0 16 16,rect 64 0 16 16,clip,drawImage 0 0 100,restore');
  for (const part of [null, [{ x: 0, y: 0, width: WIDTH, height: HEIGHT }]])
    assert.equal(draws(part), 'save,drawImage 0 0 100,restore');
  assert.equal(draws([]), '');
});

test('refinement_ends_a_track_before_it_is_drawn', () => {
  const screen = new Pixels();
  const { display, track } = moving(screen);
  display.show({ value: 1 }, { sequence: 1, width: WIDTH, height: HEIGHT, part: [left] }, false);
  display.rest();
  display.drawTile(2, [0, 0, 1, 1, Uint32Array.of(7)]);
  assert.deepEqual([screen.values[0], screen.values[1], track.tiles.length], [7, 1, 0]);
  assert.equal(display.motion.choice, 'canvas');
});

/** What the browser gives a track, as far as it is used here. */
function browse() {
  const element = () => ({
    classList: { add() {}, remove() {} },
    setAttribute() {}, remove() {}, requestVideoFrameCallback() {},
    play: () => Promise.resolve(),
    getContext: () => ({ putImageData() {}, clearRect() {} }),
  });
  globalThis.document = { createElement: element };
  globalThis.MediaStream = class {};
  globalThis.ImageData = class { constructor(data) { this.value = new Uint32Array(data.buffer)[0]; } };
  globalThis.VideoFrame = class {
    constructor({ value }, { visibleRect }) { Object.assign(this, { value, visibleRect }); }
    clone() { return this; }
    close() {}
  };
  globalThis.MediaStreamTrackGenerator = class {
    constructor() { this.readyState = 'live'; }
    get writable() {
      return { getWriter: () => ({ write: () => Promise.resolve(), abort: () => Promise.resolve() }) };
    }
    stop() {}
  };
  return element();
}

test('tiles_older_than_a_tracks_last_picture_are_under_it_when_it_ends', () => {
  const canvas = { ...browse(), after() {} };
  const put = [];
  const screen = { canvas, companions: new Set(), accompany() {}, resize() {}, width: WIDTH, height: HEIGHT,
    drawable: () => ({ putImageData: ({ value }) => put.push(value) }) };
  const track = new Track(screen, () => {});
  const note = (sequence) => ({ sequence, width: WIDTH, height: HEIGHT, part: [left] });
  track.write({ value: 1 }, note(1));
  track.drawTile(2, 0, 0, 1, 1, Uint32Array.of(22));
  track.write({ value: 3 }, note(3)); // covers the tile, and was not presented yet
  track.drawTile(4, 0, 0, 1, 1, Uint32Array.of(44));
  track.close(({ value }) => put.push(value));
  assert.deepEqual(put, [3, 44]);
});

test('track_says_what_its_video_presented_by_the_decoders_timestamps', () => {
  const callbacks = [];
  const video = browse();
  video.requestVideoFrameCallback = (callback) => void callbacks.push(callback);
  globalThis.document = { createElement: () => video };
  const screen = { canvas: { ...video, after() {} }, companions: new Set(), accompany() {}, resize() {} };
  const seen = [];
  const track = new Track(screen, ({ sequence }) => seen.push(sequence));
  const write = (timestamp, sequence) => track.write({ timestamp }, { sequence, width: WIDTH, height: HEIGHT });
  const present = (timestamp) => callbacks.pop()(0, { mediaTime: timestamp / 1e6 });
  for (const at of [141, 142, 143]) write(at, at);
  present(142); // the first was left out
  present(7); // nothing of ours
  present(143);
  write(144, 144);
  write(0, 200); // of a new decoder
  write(141, 201);
  present(0);
  present(141);
  assert.deepEqual([seen, track.waiting.size], [[142, 143, 200, 201], 0]);
});
