// SPDX-License-Identifier: MIT
// What a viewer says first: what it can take, which role and size it wants.
import { codecs } from './codecs.js';
import { wantedSize } from './geometry.js';
import { ROLE, writeHello } from './protocol.js';
import { parseSize } from './settings.js';
import { CAP } from './wire.js';

/**
 * Device pixels per guest pixel while the window is followed: by default as many as the screen has per CSS pixel, so
 * that a dense screen does not make everything tiny.
 * @param {string} choice the size setting @param {number} percent 0 = so
 */
export function sizeDivisor(choice, percent) {
  if (choice !== 'fit') return 1;
  return percent ? percent / 100 : Math.max(1, devicePixelRatio || 1);
}

/**
 * The desktop's size to ask for; null leaves it as it is.
 * @param {string} choice the size setting @param {number} percent the scale setting
 * @param {{width: number, height: number}} stage device pixels
 */
export function chosenSize(choice, percent, stage) {
  if (choice === 'keep') return null;
  return parseSize(choice) ?? (stage.width ? wantedSize(stage, sizeDivisor(choice, percent)) : null);
}

/**
 * Only once `codecs.asked` is through.
 * @param {boolean} control @param {{width: number, height: number} | null} size
 */
export function helloMessage(control, size) {
  let capabilities = CAP.RESIZE | CAP.TILES | CAP.COMMANDS | CAP.MICROPHONE | CAP.CLIPBOARD_OUT;
  if (codecs.video) capabilities |= CAP.H264 | CAP.OPENING | CAP.PART;
  else if (codecs.vp8) capabilities |= CAP.VP8 | CAP.PART;
  if (codecs.webrtc) capabilities |= CAP.WEBRTC;
  if (codecs.sound) capabilities |= CAP.OPUS;
  const { width, height } = (control && size) || { width: 0, height: 0 };
  return writeHello({ role: control ? ROLE.CONTROLLER : ROLE.VIEWER, capabilities, width, height });
}
