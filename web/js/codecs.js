// SPDX-License-Identifier: MIT
// What this browser decodes. A decoder that exists may still lack the codec, so it is asked, once, while the log-in is
// on its way. Tiles need none: they carry the picture alone where there is no video, at a lower rate.

/** High, up to 1920x1080 and 1280x720: the most that the server's encoders send. */
const VIDEO = ['avc1.640028', 'avc1.64001f'];
/** Three times the server's work, and made for nobody who takes the above. */
const OTHER_VIDEO = ['vp8'];
const SOUND = { codec: 'opus', sampleRate: 48_000, numberOfChannels: 2 };

/**
 * @template {{codec: string}} C
 * @param {{isConfigSupported(config: C): Promise<{supported?: boolean}>} | undefined} decoder @param {C[]} configs
 */
export async function decodesAny(decoder, configs) {
  for (const config of configs) {
    try {
      if (decoder && (await decoder.isConfigSupported(config)).supported) return true;
    } catch {
      /* it does not even know the name */
    }
  }
  return false;
}

class Codecs {
  constructor() {
    this.video = false;
    this.vp8 = false;
    this.sound = false;
    /** @type {Promise<void> | null} */
    this.asking = null;
  }

  /** Both are known. Asking takes this thread milliseconds: not before a WebSocket is on its way. */
  get asked() {
    return (this.asking ??= this.ask());
  }

  async ask() {
    const { VideoDecoder: video, AudioDecoder: sound } = /** @type {Partial<typeof globalThis>} */ (globalThis);
    const shows = (/** @type {string[]} */ names) =>
      decodesAny(
        video,
        names.map((codec) => ({ codec, optimizeForLatency: true })),
      );
    [this.video, this.sound] = await Promise.all([
      shows(VIDEO),
      typeof AudioWorkletNode === 'function' && decodesAny(sound, [SOUND]),
    ]);
    this.vp8 = !this.video && (await shows(OTHER_VIDEO));
  }

  /** Pictures may come by WebRTC, too, and a <video> says which it shows. */
  get webrtc() {
    return (
      this.video &&
      typeof RTCPeerConnection === 'function' &&
      typeof HTMLVideoElement === 'function' &&
      'requestVideoFrameCallback' in HTMLVideoElement.prototype
    );
  }

  /** What a user reads in the statistics. */
  get names() {
    return [...(this.video ? ['H.264'] : []), ...(this.vp8 ? ['VP8'] : []), 'tiles', ...(this.sound ? ['Opus'] : [])].join(', ');
  }

  /** Why there is no video; '' when there is. */
  get lack() {
    if (this.video || this.vp8) return '';
    return isSecureContext
      ? 'This browser decodes neither H.264 nor VP8: the picture comes without it, at a lower rate.'
      : 'Browsers decode video on encrypted pages only: the picture comes without it, at a lower rate. ' +
          'Open this page by https, or through localhost.';
  }
}

export const codecs = new Codecs();
