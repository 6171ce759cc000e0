// SPDX-License-Identifier: MIT
//
// The trouble that a desktop can be in, as a process of its own: node bench/isolation_load.mjs KIND SERVER, by
// isolation.mjs. Says "begun", goes on until SIGTERM, and says "did N".
import { api, start } from '../tests/e2e/lib/process.mjs';
import { rawViewer } from '../tests/e2e/lib/raw-viewer.mjs';
import { until } from '../tests/e2e/lib/runner.mjs';
import { capturedMs, pause, scope } from './common.mjs';

const VIEWERS = 4;
const EVENTS_PER_SECOND = 900; // a server takes 1000 of a viewer
const POINTER = 0x44; // wire/viewer.h
const [kind, text] = process.argv.slice(2);
const server = JSON.parse(text);
const state = { did: 0, over: false };
const ended = new Promise((resolve) => process.once('SIGTERM', () => {
  state.over = true;
  resolve();
}));
const begun = () => console.log('begun');

function pointer(x, y) {
  const message = Buffer.alloc(8);
  message[0] = POINTER;
  message.writeUInt16LE(x, 4);
  message.writeUInt16LE(y, 6);
  return message;
}

/** Moves the pointer `count` times. */
function move(viewer, count) {
  for (let i = 0; i < count && !viewer.closed; i++, state.did++) viewer.send(pointer(state.did % 640, state.did % 400));
}

/** A machine that shows its firmware's screen, once the server has it. */
async function boot(t) {
  const vm = start(t, 'qemu-system-x86_64', ['-accel', 'tcg', '-M', 'q35', '-m', '64', '-nodefaults', '-no-user-config', '-vga', 'none',
    '-device', 'virtio-vga', '-device', 'virtio-tablet-pci', '-display', 'dbus,p2p=yes', '-qmp', `unix:${server.qmp},server=on,wait=off`]);
  await until(async () => {
    if (vm.ended()) throw new Error(`QEMU ended: ${vm.output}`);
    return (await (await api(server, '/d/vm/api/v1/desktop')).json()).state === 'running';
  }, 20_000, 'the machine to be served');
  return vm;
}

const loads = {
  async motion(t) {
    for (let i = 0; i < VIEWERS; i++)
      await rawViewer(t, server, { desktop: 'busy', answers: true, heard: (message) => { state.did += capturedMs(message) !== null; } });
    begun();
    await ended;
  },
  async killed(t) {
    await rawViewer(t, server, { desktop: 'vm', answers: true });
    begun();
    while (!state.over) {
      const vm = await boot(t);
      await pause(200);
      await vm.stop('SIGKILL');
      state.did++;
    }
  },
  async stopped(t) {
    const vm = await boot(t);
    const viewer = await rawViewer(t, server, { desktop: 'vm', role: 1, answers: true });
    vm.child.kill('SIGSTOP');
    t.after(() => vm.child.kill('SIGCONT'));
    begun();
    while (!state.over) {
      move(viewer, EVENTS_PER_SECOND / 10);
      await pause(100);
    }
  },
  async added() {
    const headers = { authorization: `Bearer ${server.admin}` };
    const order = (name) => JSON.stringify({ name, address: 'pattern:?scene=static&size=640x400' });
    begun();
    for (; !state.over; state.did++) {
      const name = `fleeting-${state.did}`;
      const added = await fetch(`${server.origin}/api/v1/desktops`, { method: 'POST', headers, body: order(name) });
      const removed = await fetch(`${server.origin}/api/v1/desktops/${name}`, { method: 'DELETE', headers });
      if (added.status !== 201 || removed.status !== 204) throw new Error(`added: ${added.status}, removed: ${removed.status}`);
    }
  },
  /** As much as is taken from each; and one that sends more, is sent away and comes again. */
  async input(t) {
    const viewers = [];
    for (let i = 0; i < VIEWERS; i++) viewers.push(await rawViewer(t, server, { desktop: 'busy', role: 1, capabilities: 0, answers: true }));
    begun();
    let greedy = null;
    while (!state.over) {
      if (!greedy || greedy.closed) greedy = await rawViewer(t, server, { desktop: 'busy', capabilities: 0, answers: true });
      for (const viewer of viewers) move(viewer, EVENTS_PER_SECOND / 10);
      move(greedy, EVENTS_PER_SECOND);
      await pause(100);
    }
  },
};

await scope(async (t) => {
  await loads[kind](t);
  console.log(`did ${state.did}`);
});
process.exit(0);
