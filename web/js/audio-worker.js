// SPDX-License-Identifier: MIT
// Decodes sound away from the page's thread: what it makes goes straight to the audio thread.
import { SoundStream } from './audio-stream.js';

const REPORT_MS = 500;

/** @type {SoundStream | null} */
let stream = null;

onmessage = ({ data }) => {
  if (data.port) {
    // A browser may have decoders in pages alone.
    if (typeof AudioDecoder !== 'function') postMessage({ unable: true });
    else stream = new SoundStream(data.port);
  }
  if (data.reset) stream?.reset();
  if (data.packet) stream?.receive(new DataView(data.packet), data.receivedUs);
};

setInterval(() => stream && postMessage(stream.stats()), REPORT_MS);
