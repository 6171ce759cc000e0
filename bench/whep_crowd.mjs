// SPDX-License-Identifier: MIT
//
// Many receivers of WebRTC (build/bench/whep_receivers), and the signalling for them: WHEP, where we offer, and servers that
// offer themselves, to whose offers they answer.
import { request } from 'node:http';
import { join } from 'node:path';
import { root, start } from '../tests/e2e/lib/process.mjs';
import { until } from '../tests/e2e/lib/runner.mjs';

const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

/** {status, body, headers} of one request, from a local address. */
export function ask(url, { method = 'GET', headers = {}, body = '', localAddress } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) }, localAddress, timeout: 20_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => { text += piece; }).on('end', () => resolve({ status: response.statusCode, body: text, headers: response.headers }));
    });
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${url}: no answer`))).end(body);
  });
}

/** The offer of a receiver: one H.264 video, as a browser's. */
function offerOf(receiver, fingerprint) {
  return [
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 102 103', 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=recvonly', 'a=rtcp-mux', 'a=rtcp-rsize', 'a=setup:active',
    `a=ice-ufrag:${receiver.ufrag}`, `a=ice-pwd:${receiver.password}`, `a=fingerprint:sha-256 ${fingerprint}`,
    `a=candidate:1 1 udp 2122260223 ${receiver.address} ${receiver.port} typ host`,
    'a=rtpmap:102 H264/90000', 'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f',
    'a=rtcp-fb:102 transport-cc', 'a=rtcp-fb:102 nack', 'a=rtcp-fb:102 nack pli', 'a=rtpmap:103 rtx/90000', 'a=fmtp:103 apt=102',
    `a=extmap:3 ${TRANSPORT_CC}`, 'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid', 'a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay', '',
  ].join('\r\n');
}

/** What a receiver has to know of the other side's description. */
export function peerOf(sdp) {
  const field = (pattern) => pattern.exec(sdp)?.[1];
  const candidate = /^a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host/im.exec(sdp);
  const lite = /^a=ice-lite/m.test(sdp);
  return {
    lite, address: lite ? candidate[1] : '127.0.0.1', port: lite ? candidate[2] : '9',
    ufrag: field(/^a=ice-ufrag:(\S+)/m), password: field(/^a=ice-pwd:(\S+)/m),
    transport: Number(new RegExp(`^a=extmap:(\\d+)\\S* ${TRANSPORT_CC}`, 'm').exec(sdp)?.[1] ?? 0),
  };
}

/** The answer of a receiver to a server's offer of one H.264 video. */
export function answerTo(sdp, receiver, fingerprint) {
  const type = /^a=rtpmap:(\d+) H264\/90000/im.exec(sdp)[1];
  const mid = /^a=mid:(\S+)/m.exec(sdp)[1];
  const of = (pattern) => [...sdp.matchAll(pattern)].map(([line]) => line);
  return [
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', `a=group:BUNDLE ${mid}`,
    `m=video 9 UDP/TLS/RTP/SAVPF ${type}`, 'c=IN IP4 0.0.0.0', `a=mid:${mid}`, 'a=recvonly', 'a=rtcp-mux', 'a=setup:active',
    `a=ice-ufrag:${receiver.ufrag}`, `a=ice-pwd:${receiver.password}`, `a=fingerprint:sha-256 ${fingerprint}`,
    `a=candidate:1 1 udp 2122260223 ${receiver.address} ${receiver.port} typ host`, 'a=end-of-candidates',
    `a=rtpmap:${type} H264/90000`, ...of(new RegExp(`^a=(fmtp|rtcp-fb):${type} .*$`, 'gm')),
    ...of(new RegExp(`^a=extmap:\\d+\\S* ${TRANSPORT_CC}.*$`, 'gm')), '',
  ].map((line) => line.trim()).join('\r\n');
}

/** `count` receivers, at most `perAddress` of them at one address: {list, fingerprint, counts(), connect(receiver, sdp)}. */
export async function receivers(t, count, perAddress = 60) {
  const child = start(t, join(root, 'build', 'bench', 'whep_receivers'), [count, perAddress].map(String), { stdio: ['pipe', 'pipe', 'pipe'] });
  const list = await until(() => {
    const found = [...child.output.matchAll(/^receiver (\d+) (\S+) (\d+) (\S+) (\S+)$/gm)];
    return found.length === count && found.map(([, index, address, port, ufrag, password]) => ({ index, address, port, ufrag, password }));
  }, 10_000, `${count} receivers`);
  const fingerprint = /^fingerprint (\S+)$/m.exec(child.output)[1];
  return {
    list, fingerprint,
    /** The newest counts of all together. */
    counts() {
      const lines = [...child.output.matchAll(/^\{.*\}$/gm)];
      return lines.length ? JSON.parse(lines.at(-1)[0]) : { open: 0 };
    },
    connect(receiver, sdp) {
      const peer = peerOf(sdp);
      child.child.stdin.write(`${receiver.index} ${peer.lite ? 'lite' : 'full'} ${peer.address} ${peer.port} ${peer.ufrag} ${peer.password} ${peer.transport}\n`);
    },
    async opened(wanted = count, ms = 30_000) {
      await until(() => this.counts().open >= wanted, ms, () => `${wanted} receivers to connect: ${JSON.stringify(this.counts())} ${child.output.slice(-300)}`);
    },
  };
}

/** Has them watch by WHEP, `paths` in turn. Eight of an address may wait at a time, so each waits for its last ones. */
export async function watchByWhep(crowd, server, paths) {
  const step = 32;
  for (let from = 0; from < crowd.list.length; from += step) {
    const some = crowd.list.slice(from, from + step);
    for (const [at, receiver] of some.entries()) {
      const path = paths[(from + at) % paths.length];
      const { status, body } = await ask(server.origin + path, {
        method: 'POST', body: offerOf(receiver, crowd.fingerprint), localAddress: receiver.address,
        headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/sdp' },
      });
      if (status !== 201) throw new Error(`WHEP: ${status} ${body}`);
      crowd.connect(receiver, body);
      if (at % 8 === 7) await crowd.opened(Math.max(0, from + at - 8));
    }
    await crowd.opened(from + some.length);
  }
}
