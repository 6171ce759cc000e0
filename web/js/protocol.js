// SPDX-License-Identifier: MIT
// Messages of docs/protocols/viewer.md as bytes: readers of what the server sends, writers of what we send. Pure.
import { AUDIO_HEADER_SIZE, HEADER_SIZE, MESSAGE, PICTURE_HEADER_SIZE, TEXT_MAX, VERSION } from './wire.js';

export const ROLE = Object.freeze({ VIEWER: 0, CONTROLLER: 1 });
export const BUTTON = Object.freeze({ LEFT: 0, MIDDLE: 1, RIGHT: 2, SIDE: 3, EXTRA: 4 });

const TWO_32 = 2 ** 32;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Times stay below 2^53 us, so a number holds them. @param {DataView<ArrayBuffer>} view @param {number} at */
const readU64 = (view, at) => view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);

/** @param {DataView} view @param {number} at @param {number} value */
export function writeU64(view, at, value) {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

/** @param {DataView<ArrayBuffer>} view @param {number} at */
function readText(view, at) {
  const length = Math.min(view.getUint16(at, true), TEXT_MAX, view.byteLength - at - 2);
  return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + at + 2, length));
}

/** Smallest size of each message from the server; shorter ones are not read. @type {Record<number, number>} */
const smallest = {
  [MESSAGE.SERVER_HELLO]: 26,
  [MESSAGE.VIDEO]: PICTURE_HEADER_SIZE + 1,
  [MESSAGE.TILES]: PICTURE_HEADER_SIZE + 2,
  [MESSAGE.AUDIO]: AUDIO_HEADER_SIZE + 1,
  [MESSAGE.CURSOR_SHAPE]: 12,
  [MESSAGE.CURSOR_POSITION]: 13,
  [MESSAGE.STATE]: 12,
  [MESSAGE.ROLE]: 5,
  [MESSAGE.SKIPPED]: 8,
  [MESSAGE.VOLUME]: 9,
  [MESSAGE.MICROPHONE_STATE]: 9,
  [MESSAGE.CONTROL_STATE]: 17,
  [MESSAGE.TYPED]: 12,
  [MESSAGE.ABILITIES]: 9, [MESSAGE.MEDIA_TICKET]: 68,
  [MESSAGE.CLIPBOARD_STATE]: 13, [MESSAGE.CLIPBOARD]: 17,
  [MESSAGE.PING]: 12, [MESSAGE.PONG]: 20, [MESSAGE.BYE]: 8,
};

/** True when `view` holds a message of a known type and at least its fixed part. @param {DataView<ArrayBuffer>} view */
export function messageValid(view) {
  if (view.byteLength < HEADER_SIZE) return false;
  const size = smallest[view.getUint8(0)];
  return size !== undefined && view.byteLength >= size;
}

/** @param {DataView<ArrayBuffer>} view */
export const readServerHello = (view) => ({
  version: view.getUint16(4, true),
  capabilities: view.getUint32(8, true),
  id: view.getUint32(12, true),
  serverUs: readU64(view, 16),
  name: readText(view, 24),
});

/** Header of VIDEO and TILES; the payload starts at PICTURE_HEADER_SIZE. @param {DataView<ArrayBuffer>} view */
export const readPicture = (view) => ({
  flags: view.getUint8(1),
  sequence: view.getUint32(4, true),
  captureUs: readU64(view, 8),
  width: view.getUint16(16, true),
  height: view.getUint16(18, true),
  madeUs: view.getUint32(20, true),
  waitedUs: view.getUint32(24, true),
  damagePixels: view.getUint32(28, true),
});

/** @param {DataView<ArrayBuffer>} view */
export const readAudio = (view) => ({ sequence: view.getUint32(4, true), captureUs: readU64(view, 8) });

/** Null when the pixels do not fit the size. @param {DataView<ArrayBuffer>} view */
export function readCursorShape(view) {
  const width = view.getUint16(4, true);
  const height = view.getUint16(6, true);
  if (width > 256 || height > 256 || view.byteLength !== 12 + width * height * 4) return null;
  const pixels = new Uint8ClampedArray(view.buffer, view.byteOffset + 12, width * height * 4);
  return { width, height, hotX: view.getUint16(8, true), hotY: view.getUint16(10, true), pixels };
}

/** @param {DataView<ArrayBuffer>} view */
export const readCursorPosition = (view) => ({
  x: view.getInt32(4, true),
  y: view.getInt32(8, true),
  visible: view.getUint8(12) !== 0,
});

/** @param {DataView<ArrayBuffer>} view */
export const readState = (view) => ({
  state: view.getUint8(4),
  absolute: view.getUint8(5) !== 0,
  width: view.getUint16(6, true),
  height: view.getUint16(8, true),
  detail: readText(view, 10),
});

/** @param {DataView<ArrayBuffer>} view */
export const readAbilities = (view) => ({ capabilities: view.getUint32(4, true), display: view.getUint8(8) });

/** @param {DataView<ArrayBuffer>} view */
export const readRole = (view) => view.getUint8(4);

/** @param {DataView<ArrayBuffer>} view */
export const readSkipped = (view) => view.getUint32(4, true);

/** @param {DataView<ArrayBuffer>} view */
export const readVolume = (view) => ({
  left: view.getUint16(4, true) / 65535,
  right: view.getUint16(6, true) / 65535,
  muted: view.getUint8(8) !== 0,
});

/** @param {DataView<ArrayBuffer>} view */
export const readControlState = (view) => {
  const holderName = readText(view, 13);
  const size = view.getUint16(13, true);
  return {
    holder: view.getUint32(4, true),
    asker: view.getUint32(8, true),
    way: view.getUint8(12),
    holderName,
    askerName: view.byteLength >= 17 + size ? readText(view, 15 + size) : '',
  };
};

/** @param {DataView<ArrayBuffer>} view */
export const readMicrophoneState = (view) => ({ use: view.getUint8(4), talker: view.getUint32(5, true) });

/** @param {DataView<ArrayBuffer>} view */
export const readTyped = (view) => /** @type {const} */ ([view.getUint32(4, true), view.getUint32(8, true)]);

/** @param {DataView<ArrayBuffer>} view */
export const readPing = (view) => readU64(view, 4);

/** @param {DataView<ArrayBuffer>} view */
export const readPong = (view) => ({ pingUs: readU64(view, 4), serverUs: readU64(view, 12) });

/** @param {DataView<ArrayBuffer>} view */
export const readBye = (view) => ({ reason: view.getUint16(4, true), text: readText(view, 6) });

/** @param {number} type @param {number} size */
function message(type, size) {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint8(0, type);
  return view;
}

/** @param {number} low @param {number} value @param {number} high */
const clamp = (low, value, high) => Math.max(low, Math.min(high, Math.round(value)));

/** What a session's cookie alone does not prove. @param {string} secret hexadecimal digits */
export function writeAuthenticate(secret) {
  const digits = encoder.encode(secret);
  const view = message(MESSAGE.AUTHENTICATE, HEADER_SIZE + digits.length);
  new Uint8Array(view.buffer, HEADER_SIZE).set(digits);
  return view;
}

/** @param {{role: number, capabilities: number, width: number, height: number}} hello size 0 keeps the desktop's */
export function writeHello({ role, capabilities, width, height }) {
  const view = message(MESSAGE.VIEWER_HELLO, 16);
  view.setUint16(4, VERSION, true);
  view.setUint8(6, role);
  view.setUint32(8, capabilities, true);
  view.setUint16(12, width, true);
  view.setUint16(14, height, true);
  return view;
}

/**
 * Fills a 40 byte view, which is used again for every ACK.
 * @param {DataView<ArrayBuffer>} view
 * @param {{received: number, decoded: number, painted: number, receivedUs: number, decodedUs: number,
 *   paintedUs: number}} ack
 */
export function fillAck(view, ack) {
  view.setUint8(0, MESSAGE.ACK);
  view.setUint32(4, ack.received, true);
  view.setUint32(8, ack.decoded, true);
  view.setUint32(12, ack.painted, true);
  writeU64(view, 16, ack.receivedUs);
  writeU64(view, 24, ack.decodedUs);
  writeU64(view, 32, ack.paintedUs);
}
export const ACK_SIZE = 40;

/** @param {number} usage @param {boolean} pressed */
export function writeKey(usage, pressed) {
  const view = message(MESSAGE.KEY, 7);
  view.setUint16(4, usage, true);
  view.setUint8(6, pressed ? 1 : 0);
  return view;
}

/** Two unsigned 16 bit fields. @param {number} type @param {number} a @param {number} b */
function writePair(type, a, b) {
  const view = message(type, 8);
  view.setUint16(4, clamp(0, a, 65535), true);
  view.setUint16(6, clamp(0, b, 65535), true);
  return view;
}

/** Two signed 16 bit fields. @param {number} type @param {number} a @param {number} b */
function writeSignedPair(type, a, b) {
  const view = message(type, 8);
  view.setInt16(4, clamp(-32768, a, 32767), true);
  view.setInt16(6, clamp(-32768, b, 32767), true);
  return view;
}

/** @param {number} x @param {number} y */
export const writePointer = (x, y) => writePair(MESSAGE.POINTER, x, y);
/** @param {number} dx @param {number} dy */
export const writeMotion = (dx, dy) => writeSignedPair(MESSAGE.MOTION, dx, dy);
/** In 1/120 detent, right and down positive. @param {number} dx @param {number} dy */
export const writeWheel = (dx, dy) => writeSignedPair(MESSAGE.WHEEL, dx, dy);
/** @param {number} width @param {number} height */
export const writeResize = (width, height) => writePair(MESSAGE.RESIZE, width, height);

/** Single byte fields. @param {number} type @param {number[]} bytes */
function writeBytes(type, ...bytes) {
  const view = message(type, HEADER_SIZE + bytes.length);
  bytes.forEach((byte, index) => view.setUint8(HEADER_SIZE + index, byte));
  return view;
}

/** @param {number} button @param {boolean} pressed */
export const writeButton = (button, pressed) => writeBytes(MESSAGE.BUTTON, button, pressed ? 1 : 0);
/** Bits of both: 1 Caps Lock, 2 Num Lock. @param {number} known @param {number} on */
export const writeLocks = (known, on) => writeBytes(MESSAGE.LOCKS, known, on);
export const writeReleaseAll = () => writeBytes(MESSAGE.RELEASE_ALL);
/** @param {number} reason */
export const writeKeyFrame = (reason) => writeBytes(MESSAGE.KEY_FRAME, reason);
/** @param {boolean} pictures @param {boolean} sound */
export const writeWant = (pictures, sound) => writeBytes(MESSAGE.WANT, pictures ? 1 : 0, sound ? 1 : 0);
/** @param {boolean} wanted */
export const writeControl = (wanted) => writeBytes(MESSAGE.CONTROL, wanted ? 1 : 0);

/** @param {number} asker @param {boolean} granted */
export function writeControlAnswer(asker, granted) {
  const view = message(MESSAGE.CONTROL_ANSWER, 9);
  view.setUint32(4, asker, true);
  view.setUint8(8, granted ? 1 : 0);
  return view;
}

/**
 * A text that begins at `at`, cut at a character's border.
 * @param {number} type @param {number} at @param {string} text
 */
function writeText(type, at, text) {
  const bytes = new Uint8Array(TEXT_MAX);
  const { written } = encoder.encodeInto(text, bytes);
  const view = message(type, at + 2 + written);
  view.setUint16(at, written, true);
  new Uint8Array(view.buffer, at + 2).set(bytes.subarray(0, written));
  return view;
}

/** @param {string} name what this viewer calls itself; empty: the server numbers it */
export const writeName = (name) => writeText(MESSAGE.NAME, HEADER_SIZE, name);

/** @param {number} sequence @param {number} captureUs @param {Uint8Array} opus empty: the microphone ends */
export function writeMicrophone(sequence, captureUs, opus) {
  const view = message(MESSAGE.MICROPHONE, AUDIO_HEADER_SIZE + opus.length);
  view.setUint32(4, sequence >>> 0, true);
  writeU64(view, 8, Math.max(0, Math.round(captureUs)));
  new Uint8Array(view.buffer, AUDIO_HEADER_SIZE).set(opus);
  return view;
}

/** @param {number} us */
export function writePing(us) {
  const view = message(MESSAGE.PING, 12);
  writeU64(view, 4, us);
  return view;
}

/** @param {number} pingUs @param {number} us */
export function writePong(pingUs, us) {
  const view = message(MESSAGE.PONG, 20);
  writeU64(view, 4, pingUs);
  writeU64(view, 12, us);
  return view;
}

/** @param {number} reason @param {string} text at most TEXT_MAX bytes of UTF-8; ours are short ASCII */
export function writeBye(reason, text) {
  const view = writeText(MESSAGE.BYE, 6, text);
  view.setUint16(4, reason, true);
  return view;
}
