// SPDX-License-Identifier: MIT
//
// Other servers of WebRTC, to be measured beside ours with the same receivers: GStreamer's webrtcbin and janus, both of
// Debian, both with H.264 of 2 Mbit/s coming in as RTP.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, root, start, temporary } from '../tests/e2e/lib/process.mjs';
import { until } from '../tests/e2e/lib/runner.mjs';
import { answerTo, ask } from './whep_crowd.mjs';

/** Sends snow at 2 Mbit/s and 30 pictures a second to a UDP port. */
export function startRtp(t, port) {
  return start(t, 'gst-launch-1.0', ['-q', 'videotestsrc', 'is-live=true', 'pattern=snow', '!', 'video/x-raw,width=320,height=240,framerate=30/1',
    '!', 'x264enc', 'tune=zerolatency', 'speed-preset=ultrafast', 'bitrate=2000', 'key-int-max=30', '!', 'h264parse', '!',
    'rtph264pay', 'pt=102', 'mtu=1200', 'config-interval=-1', '!', 'udpsink', 'host=127.0.0.1', `port=${port}`]);
}

const json = async (url, body) => {
  const { status, body: text } = await ask(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  if (status !== 200) throw new Error(`${url}: ${status} ${text}`);
  return JSON.parse(text);
};

/** {pid, watch(crowd, receivers)}: a webrtcbin for each that watches. */
export async function webrtcbin(t, rtpPort) {
  const port = await freePort();
  const child = start(t, '/usr/bin/python3', [join(root, 'bench', 'whep_webrtcbin.py'), String(rtpPort), String(port)], { stdio: ['pipe', 'pipe', 'pipe'] });
  await until(() => /^ready$/m.test(child.output) || (child.ended() && (() => { throw new Error(`webrtcbin: ${child.output}`); })()), 20_000, 'webrtcbin');
  return {
    pid: child.pid,
    async watch(crowd, some) {
      for (const receiver of some) {
        const { id, sdp } = await json(`http://127.0.0.1:${port}/offer`, '');
        crowd.connect(receiver, sdp);
        await json(`http://127.0.0.1:${port}/answer/${id}`, answerTo(sdp, receiver, crowd.fingerprint));
      }
    },
  };
}

/** Settings of janus: loopback alone, HTTP, and one mountpoint. */
function configureJanus(dir, port, rtpPort) {
  const write = (name, text) => writeFileSync(join(dir, name), text);
  const plugins = ['audiobridge', 'duktape', 'echotest', 'lua', 'nosip', 'recordplay', 'sip', 'textroom', 'videocall', 'videoroom', 'voicemail'].map((name) => `libjanus_${name}.so`);
  const transports = ['mqtt', 'nanomsg', 'pfunix', 'rabbitmq', 'websockets'].map((name) => `libjanus_${name}.so`);
  write('janus.jcfg', `general: { configs_folder = "${dir}", debug_level = 3, session_timeout = 0, server_name = "bench" }
media: { rtp_port_range = "20000-40000" }
nat: { ice_enforce_list = "127.0.0.1", ignore_mdns = true }
plugins: { disable = "${plugins}" }
transports: { disable = "${transports}" }
events: { broadcast = false }
loggers: { disable = "libjanus_jsonlog.so" }
`);
  write('janus.transport.http.jcfg', `general: { json = "plain", base_path = "/janus", http = true, port = ${port}, ip = "127.0.0.1" }\nadmin: { admin_http = false }\n`);
  write('janus.plugin.streaming.jcfg', `snow: { type = "rtp", id = 1, description = "snow", audio = false, video = true, videoport = ${rtpPort}, videoiface = "127.0.0.1", videopt = 102, videocodec = "h264", videofmtp = "profile-level-id=42e01f;packetization-mode=1", secret = "none" }\n`);
}

/** {pid, watch(crowd, receivers)}: janus with its streaming plug-in. */
export async function janus(t, rtpPort) {
  const dir = join(temporary(t), 'janus');
  const port = await freePort();
  mkdirSync(dir);
  configureJanus(dir, port, rtpPort);
  const child = start(t, 'janus', ['-F', dir, '-C', join(dir, 'janus.jcfg')]);
  const url = `http://127.0.0.1:${port}/janus`;
  await until(() => (child.ended() ? Promise.reject(new Error(`janus: ${child.output.slice(-2000)}`)) : ask(`${url}/info`).then(({ status }) => status === 200, () => false)), 20_000, 'janus');
  let transaction = 0;
  const say = (path, body) => json(url + path, { transaction: String(transaction++), ...body });
  return {
    pid: child.pid,
    async watch(crowd, some) {
      for (const receiver of some) {
        const session = (await say('', { janus: 'create' })).data.id;
        const handle = (await say(`/${session}`, { janus: 'attach', plugin: 'janus.plugin.streaming' })).data.id;
        await say(`/${session}/${handle}`, { janus: 'message', body: { request: 'watch', id: 1 } });
        const sdp = await until(async () => JSON.parse((await ask(`${url}/${session}?maxev=1`)).body).jsep?.sdp, 10_000, 'an offer of janus');
        crowd.connect(receiver, sdp);
        await say(`/${session}/${handle}`, { janus: 'message', body: { request: 'start' }, jsep: { type: 'answer', sdp: answerTo(sdp, receiver, crowd.fingerprint) } });
      }
    },
  };
}
