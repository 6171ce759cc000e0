// SPDX-License-Identifier: MIT
// What the type checker's own library does not know.

interface Window {
  oriel: Readonly<{
    stats(): ReturnType<import('./js/client.js').Client['stats']>;
    setSize(value: string): Promise<void>;
  }>;
}

interface Navigator {
  readonly keyboard?: { lock?(codes?: string[]): Promise<void>; unlock?(): void };
}

declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: 'video' });
  readonly writable: WritableStream<VideoFrame>;
}

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare const sampleRate: number;
