// SPDX-License-Identifier: MIT
//
// Child processes: oriel itself and bare QEMUs, each with a known end.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './runner.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const binary = process.env.ORIEL_BINARY ?? join(root, 'build', 'oriel');
export const guestDir = process.env.ORIEL_GUEST_DIR ?? join(root, 'build', 'guest');

/** A directory that vanishes with the case. */
export function temporary(t) {
  const path = mkdtempSync(join(tmpdir(), 'oriel-e2e-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function ended(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child, signal = 'SIGTERM') {
  if (ended(child)) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 8000);
  await exit;
  clearTimeout(timer);
}

/** Starts a command; output is kept in `.output`. */
export function start(t, command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const handle = {
    child, pid: child.pid, output: '',
    stop: (signal) => stop(child, signal),
    ended: () => ended(child),
  };
  const keep = (chunk) => { handle.output = (handle.output + chunk).slice(-200_000); };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(`\n${error}\n`));
  handle.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  t.after(() => handle.stop());
  return handle;
}

/** Runs oriel with `args` and tokens of the test's own, and waits for its ready line: {url, viewUrl, origin, token, pid,
 *  stop, …}. */
export async function oriel(t, args, { env = {}, timeoutMs = 30_000, executable = binary } = {}) {
  const token = env.ORIEL_TOKEN ?? randomBytes(16).toString('hex');
  const viewToken = randomBytes(16).toString('hex');
  const handle = start(t, executable, args, {
    env: { ...process.env, ORIEL_LISTEN: '127.0.0.1:0', ORIEL_VIEW_TOKEN: viewToken, ...env, ORIEL_TOKEN: token },
  });
  const line = await until(() => {
    if (handle.ended() && !/^ready: /m.test(handle.output)) throw new Error(`oriel ended early:\n${handle.output}`);
    return /^ready: (\S+)$/m.exec(handle.output);
  }, timeoutMs, `oriel ${args.join(' ')}: ready line (so far: ${handle.output.slice(-400)})`);
  const url = new URL(line[1]);
  const link = (secret) => `${line[1].replace(/#.*/, '')}#token=${secret}`;
  return Object.assign(handle, { url: link(token), viewUrl: link(viewToken), origin: url.origin, port: Number(url.port), token, viewToken });
}

/** GET/POST with the bearer token. */
export function api(server, path, options = {}) {
  return fetch(server.origin + path, { ...options, headers: { authorization: `Bearer ${server.token}`, ...options.headers } });
}

/** Of a desktop by its name, where there are several. */
export async function stats(server, name = '') {
  return (await api(server, `${name && `/d/${name}`}/api/v1/stats`)).json();
}

/** The server's list of desktops. */
export async function desktopsOf(server) {
  return (await (await api(server, '/api/v1/desktops')).json()).desktops;
}

/** Resident bytes, open files and threads of a process. */
export function usage(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return { rssKiB: field('VmRSS'), threads: field('Threads'), fds: readdirSync(`/proc/${pid}/fd`).length };
}

/** CPU seconds used by a process so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** QEMU arguments for the demo guest. `append`: words added to the kernel command line. */
export function guestArguments({ qmp, monitor, append = [], display = ['-display', 'dbus,p2p=yes,audiodev=a'], audio = 'dbus', serial, size = [1280, 720], memory = 512 }) {
  const base = readFileSync(join(guestDir, 'cmdline'), 'utf8').trim();
  return ['-accel', 'tcg', '-M', 'q35', '-cpu', 'max', '-m', String(memory), '-nodefaults', '-no-user-config', '-name', 'e2e',
    '-kernel', join(guestDir, 'vmlinuz'), '-initrd', join(guestDir, 'initrd.img'), '-append', [base, ...append].join(' '),
    '-vga', 'none', '-device', `virtio-vga,xres=${size[0]},yres=${size[1]}`, '-device', 'virtio-keyboard-pci', '-device', 'virtio-tablet-pci',
    ...(audio ? ['-audiodev', `${audio},id=a`, '-device', 'intel-hda', '-device', 'hda-duplex,audiodev=a'] : []),
    ...(serial ? ['-chardev', `file,id=s,path=${serial}`, '-serial', 'chardev:s'] : []),
    ...(monitor ? ['-qmp', `unix:${monitor},server=on,wait=off`] : []),
    ...display, '-qmp', `unix:${qmp},server=on,wait=off`];
}

/** A TCP port of loopback that nobody uses. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Connects to a UNIX socket that QEMU (`start`'s handle, if given) is about to make. */
export async function connectTo(t, path, vm = null) {
  const socket = await until(() => new Promise((resolve, reject) => {
    if (vm?.ended()) reject(new Error(`QEMU ended: ${vm.output}`));
    const s = createConnection(path);
    s.once('connect', () => resolve(s));
    s.once('error', () => resolve(null));
  }), 10_000, `the socket ${path}`);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return socket;
}

/** A QMP client on a UNIX socket: call(name, args) -> return value. */
export async function qmp(t, path) {
  const socket = await connectTo(t, path);
  const waiting = new Map();
  let buffered = '';
  let next = 1;
  socket.on('data', (chunk) => {
    buffered += chunk;
    for (let end; (end = buffered.indexOf('\n')) >= 0; buffered = buffered.slice(end + 1)) {
      const message = JSON.parse(buffered.slice(0, end));
      const entry = waiting.get(message.id);
      if (!entry) continue;
      waiting.delete(message.id);
      if (message.error) entry.reject(new Error(`QMP ${message.error.desc}`));
      else entry.resolve(message.return);
    }
  });
  const call = (execute, args) => new Promise((resolve, reject) => {
    waiting.set(next, { resolve, reject });
    socket.write(`${JSON.stringify({ execute, arguments: args, id: next++ })}\n`);
  });
  await call('qmp_capabilities');
  return { call, close: () => socket.destroy() };
}

/** Lines a guest wrote to its serial port, from a file. */
export function serialLines(path) {
  try {
    return readFileSync(path, 'latin1').split(/\r?\n/);
  } catch {
    return [];
  }
}
