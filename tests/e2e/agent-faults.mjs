// SPDX-License-Identifier: MIT
//
// A guest's sound by its agent while things go wrong at both ends of real virtio-serial ports: the VM is suspended, a host stops
// reading, either side is killed at any instant, the guest is switched off. What is heard afterwards is what plays then.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { binary, oriel, qmp, start, stats, usage } from './lib/process.mjs';
import { test, until } from './lib/runner.mjs';
import { agentStatus, asUser, bootSound } from './lib/sound-guest.mjs';

const soundInput = async (server) => (await stats(server)).sound.inputs[0];

/** Packets of 20 ms go on; returns how many came since `from`. */
async function flows(server, from, ms, what) {
  return until(async () => {
    const { packets } = await soundInput(server);
    return packets >= from + 50 ? packets - from : 0;
  }, ms, `a second of sound ${what}`);
}

/** Packets within `ms` from now. However slow the machine, sound of that time has no more: the rest would be a backlog. */
async function packetsWithin(server, ms) {
  const from = performance.now();
  const { packets } = await soundInput(server);
  await pause(ms);
  const now = (await soundInput(server)).packets;
  return { count: now - packets, most: Math.ceil((performance.now() - from) / 20) + 30 };
}

/** Process id, open files and memory of the guest's agent. */
async function agentUsage(sh) {
  const said = await sh('p=$(pidof oriel-agent); echo "agent $p $(ls /proc/$p/fd | wc -l) $(awk "/VmRSS/{print \\$2}" /proc/$p/status)."');
  const [pid, fds, rssKiB] = /agent (\d+) (\d+) (\d+)\./.exec(said).slice(1).map(Number); // a shell may talk of its jobs, too
  return { pid, fds, rssKiB };
}

/** `measure` may see more for a while: connections of this test to oriel's port end some seconds after their last use. */
async function assertNoGrowth(before, measure, what) {
  let after;
  await until(async () => {
    after = await measure();
    return after.fds <= before.fds && after.rssKiB < before.rssKiB + 4096;
  }, 60_000, 'no growth').catch(() => assert.fail(`${what} grew: ${JSON.stringify([before, after])}`));
}

/** What `suspend` does takes five seconds; `sound` counts from its end. */
async function assertCurrentAfter(t, server, what, suspend) {
  const before = await soundInput(server);
  await suspend();
  const { count, most } = await packetsWithin(server, 1500);
  assert.ok(count <= most, `${count} packets after ${what} are a backlog: at most ${most}`);
  const { packets, bad, connections } = await soundInput(server);
  await flows(server, packets, 120_000, `after ${what}`);
  assert.equal(bad, before.bad);
  t.log(`${what}: ${packets - count - before.packets} packets meanwhile, then ${count} of at most ${most}; ${connections - before.connections} new connections`);
}

test('agent: suspended, stopped, killed and left: sound that goes on is current, and nothing grows', async (t) => {
  const { qmp: socket, monitor: second, mic, vm, sh } = await bootSound(t, {});
  const monitor = await qmp(t, second);
  const suspend = async () => {
    await monitor.call('stop');
    await pause(5000);
    await monitor.call('cont');
  };

  // The microphone of a VM that is suspended: what waited for it meanwhile is not heard late.
  const mouth = start(t, binary, ['audio', 'test', `unix://${mic}`, '--send', '--tone', '800', '--seconds', '400', '--wait', '60']);
  await sh(`(${asUser} pw-cat -r --target oriel-input /tmp/r.wav >/dev/null 2>&1) &`);
  await until(async () => (await agentStatus(sh)).input.health === 'flowing', 120_000, 'the microphone in the guest');
  const { bytes } = (await agentStatus(sh)).input;
  await suspend();
  const input = await until(async () => {
    const { input: now } = await agentStatus(sh);
    return now.health === 'flowing' && now.bytes > bytes + 5000 && now.ring_ms < now.target_ms + 60 ? now : null;
  }, 120_000, 'the microphone to be current after the suspension');
  t.log(`microphone: ${input.ring_ms} of ${input.target_ms} ms in the receiver, ${input.trimmed_frames} frames trimmed`);
  await mouth.stop('SIGKILL');
  await sh('kill $(pidof pw-cat)');

  const server = await oriel(t, ['serve', `qemu:${socket}`]);
  await sh(`(while :; do ${asUser} chime --loop 1000; done >/dev/null 2>&1) &`);
  await flows(server, 0, 120_000, 'from the guest');
  const before = { host: usage(server.pid), guest: await agentUsage(sh) };
  await assertCurrentAfter(t, server, 'a suspension', suspend);
  // A host that does not read for a while gets at first what the ports' buffers held; it trims that (docs/audio-path.md).
  await assertCurrentAfter(t, server, 'a host that stopped reading', async () => {
    process.kill(server.pid, 'SIGSTOP');
    await pause(3000);
    process.kill(server.pid, 'SIGCONT');
    await pause(200);
  });
  await assertNoGrowth(before.host, () => usage(server.pid), 'oriel');
  await assertNoGrowth(before.guest, () => agentUsage(sh), 'the agent');

  for (let i = 0; i < 3; i++) {
    await pause(Math.random() * 300);
    const { packets } = await soundInput(server);
    await sh('kill -9 $(pidof oriel-agent)');
    await flows(server, packets, 120_000, 'of the next agent');
  }
  assert.equal((await soundInput(server)).bad, 0);
  await assertNoGrowth(before.host, () => usage(server.pid), 'oriel while agents were killed');

  // The host's side is killed; the agent tries again after 1, 2, 4 … 10 s.
  const guest = await agentUsage(sh);
  await server.stop('SIGKILL');
  await until(async () => !(await agentStatus(sh)).output.connected, 60_000, 'the agent to notice');
  const next = await oriel(t, ['serve', `qemu:${socket}`]);
  await until(async () => (await soundInput(next)).packets > 0, 120_000, 'sound for the next oriel');
  const { count, most } = await packetsWithin(next, 1500);
  assert.ok(count <= most, `${count} packets at first are a backlog: at most ${most}`);
  await flows(next, 0, 120_000, 'for the next oriel');
  assert.equal((await agentUsage(sh)).pid, guest.pid);
  await assertNoGrowth(guest, () => agentUsage(sh), 'the agent while its host was killed');
  const attached = usage(next.pid);
  await monitor.call('system_powerdown');
  await until(() => vm.ended(), 120_000, 'the guest to switch itself off');
  await until(async () => !(await soundInput(next)).connected, 60_000, 'oriel to notice');
  assert.equal((await soundInput(next)).bad, 0);
  await assertNoGrowth(attached, () => usage(next.pid), 'oriel without its VM');
}, { timeoutMs: 600_000 });
