// SPDX-License-Identifier: MIT
// What a page knows of itself in numbers; documented in web/README.md.
import { nowUs } from './clock.js';
import { codecs } from './codecs.js';

/** @param {import('./client.js').Client} client */
export function statsOf(client) {
  const { pictures, link, screen, devices } = client;
  const now = nowUs();
  const { counts, video, order, ack } = pictures;
  return {
    state: client.status.state,
    detail: client.status.detail || client.guest.detail,
    role: client.role === null ? 'none' : client.controls ? 'controller' : 'viewer',
    id: client.party.id,
    holder: client.party.state.holder,
    name: client.name,
    width: screen.width,
    height: screen.height,
    received: counts.received,
    decoded: counts.decoded,
    surface: pictures.display.stream?.shown ? 'stream' : pictures.display.motion.choice,
    /** Which way video comes; null until the devices are there. */
    transport: devices ? devices.way.stats() : null,
    painted: counts.painted,
    fps: pictures.fps.read(now),
    bitrate_bps: pictures.bitrate.read(now),
    bursts: counts.bursts,
    skipped: client.skipped,
    reconnects: link.reconnects,
    recoveries: devices?.watchdog.recoveries ?? 0,
    rtt_us: link.clock.rttUs,
    sequence: { received: ack.now.received, decoded: ack.now.decoded, painted: ack.now.painted },
    counts: { ...counts },
    queues: { decoder: video.queued, held: order.held.length, send_bytes: link.socket?.bufferedAmount ?? 0 },
    delays: pictures.readDelays(),
    /** Null until the devices are there. */
    audio: devices ? devices.sound.stats() : null,
    microphone: devices ? devices.microphone.stats() : null,
    codec: video.codec,
    codecs: codecs.names,
    error: pictures.lastError,
  };
}
