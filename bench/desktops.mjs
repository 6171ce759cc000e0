// SPDX-License-Identifier: MIT
//
// What a desktop costs that nobody looks at: processor time and memory of a process with 1, 10 and 100 of them, and its end.
import { readFileSync, readdirSync } from 'node:fs';
import { oriel } from '../tests/e2e/lib/process.mjs';
import { pause, scope } from './common.mjs';

const kinds = [
  ['test pictures of 64 x 64', 'pattern:?size=64x64&scene=static'],
  ['VMs that are not there', 'qemu:/nowhere/qmp.sock'],
];

/** Nanoseconds that all threads of a process have run: finer than /proc/PID/stat's hundredths of a second. */
const ranNs = (pid) => readdirSync(`/proc/${pid}/task`)
  .reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0);

const anonymousKiB = (pid) => Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

async function measure(t, count, address, seconds) {
  const names = Array.from({ length: count }, (_, i) => `d${i}=${address}`);
  const server = await oriel(t, ['serve', ...names]);
  await pause(2000); // the start's own work is over
  const [ran, from] = [ranNs(server.pid), performance.now()];
  await pause(seconds * 1000);
  const percent = (ranNs(server.pid) - ran) / ((performance.now() - from) * 1e4);
  const kib = anonymousKiB(server.pid);
  const ending = performance.now();
  server.child.kill('SIGTERM');
  await server.exited;
  return { percent, kib, endMs: performance.now() - ending };
}

/** Rows by `row(name, value, target, met)`. */
export async function desktops(row, quick) {
  for (const [kind, address] of kinds) {
    let one = 0;
    for (const count of [1, 10, 100])
      await scope(async (t) => {
        const { percent, kib, endMs } = await measure(t, count, address, quick ? 5 : 20);
        const each = count > 1 ? (kib - one) / (count - 1) : kib;
        if (count === 1) one = kib;
        row(`${count} ${kind}, idle, % of a core`, percent.toFixed(3), '< 0.5', percent < 0.5);
        row(`${count} ${kind}, KiB ${count > 1 ? 'for each further one' : 'of the process'}`, Math.round(each),
          count > 1 ? '< 1024' : '', count > 1 ? each < 1024 : null);
        row(`${count} ${kind}, ms from SIGTERM to the end`, Math.round(endMs), '< 2000', endMs < 2000);
      });
  }
}
