// SPDX-License-Identifier: MIT
// The audio thread's end of the sound: takes decoded blocks by message, plays them out of the ring.
import { AudioRing } from './audio-ring.js';

const REPORT_BLOCKS = 188; // of 128 frames: twice a second at 48 kHz

class OrielOutput extends AudioWorkletProcessor {
  constructor() {
    super();
    this.ring = new AudioRing();
    this.blocks = 0;
    // The page gives a port that leads to the decoder, wherever that is.
    this.port.onmessage = ({ data }) => {
      data.port.onmessage = (/** @type {MessageEvent} */ event) => this.take(event.data);
    };
  }

  /** @param {{clear?: boolean, targetMs?: number, planes?: Float32Array, fresh?: boolean}} message */
  take({ clear, targetMs, planes, fresh }) {
    if (clear) this.ring.clear();
    if (targetMs) this.ring.setTarget(targetMs);
    if (!planes) return;
    const frames = planes.length / 2;
    this.ring.push(planes.subarray(0, frames), planes.subarray(frames), fresh);
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, outputs) {
    const [left, right] = outputs[0];
    this.ring.pull(left, right ?? left);
    if (++this.blocks % REPORT_BLOCKS === 0) {
      const { fill, target, speed, playing, counts } = this.ring;
      this.port.postMessage({ fill, target, speed, playing, ...counts });
    }
    return true;
  }
}

registerProcessor('oriel-output', OrielOutput);
