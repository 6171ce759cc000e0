// SPDX-License-Identifier: MIT
// The microphone's audio thread: blocks of 10 ms, mono, with their loudest sample, by message.

class OrielCapture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 100));
    this.fill = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const channels = inputs[0];
    const frames = channels[0]?.length ?? 128; // a source without channels is silent
    for (let i = 0; i < frames; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.fill++] = channels.length ? sum / channels.length : 0;
      if (this.fill === this.block.length) this.flush();
    }
    return true;
  }

  flush() {
    let peak = 0;
    for (const sample of this.block) peak = Math.max(peak, Math.abs(sample));
    this.port.postMessage({ samples: this.block, peak }, [this.block.buffer]);
    this.block = new Float32Array(Math.round(sampleRate / 100));
    this.fill = 0;
  }
}

registerProcessor('oriel-capture', OrielCapture);
