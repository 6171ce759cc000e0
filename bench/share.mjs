// SPDX-License-Identifier: MIT
//
// node bench/share.mjs [--rounds=4] [--seconds=5]: who gets how much of a processor that is too small for all. A server on
// one core with desktops in full motion, each with a viewer: what each takes for its pictures, and how many it makes.
import { binary, oriel, stats } from '../tests/e2e/lib/process.mjs';
import { rawViewer } from '../tests/e2e/lib/raw-viewer.mjs';
import { option, pause, scope, spread, spreadText } from './common.mjs';

const rounds = option('rounds', 4);
const seconds = option('seconds', 5);
/** At 120 pictures a second half of a core and more, of one thread; the drawing comes on top. */
const motion = (fps) => `pattern:?scene=motion&fps=${fps}&size=1280x720,fps=${fps}`;
const LIMIT = 15;

/** What each took in a window: percent of the core, and pictures a second. */
async function window(server, names) {
  const read = () => Promise.all(names.map((name) => stats(server, name)));
  const before = await read();
  await pause(seconds * 1000);
  const after = await read();
  return after.map((now, i) => {
    const us = now.time_us - before[i].time_us;
    return {
      percent: ((now.cpu_us - before[i].cpu_us) * 100) / us,
      fps: ((now.pictures_video + now.pictures_tiles - before[i].pictures_video - before[i].pictures_tiles) * 1e6) / us,
    };
  });
}

/** Desktops by name -> their options, all on one core. Windows of each. */
async function measure(desktops, fps) {
  const names = Object.keys(desktops);
  return scope(async (t) => {
    const words = names.map((name) => `${name}=${motion(fps)}${desktops[name]}`);
    const server = await oriel(t, ['-c', '0', binary, 'serve', ...words], { executable: 'taskset' });
    for (const desktop of names) await rawViewer(t, server, { desktop, capabilities: 3, answers: true });
    await pause(2000);
    const windows = [];
    for (let round = 0; round < rounds; round++) windows.push(await window(server, names));
    return names.map((name, i) => ({ name, of: windows.map((one) => one[i]) }));
  });
}

function report(title, all) {
  console.log(`\n${title}`);
  for (const { name, of } of all)
    console.log(`  ${name.padEnd(8)} % of the core ${spreadText(of.map(({ percent }) => percent), 1)}, pictures a second ${spreadText(of.map(({ fps }) => fps), 1)}`);
  return all.map(({ of }) => spread(of.map(({ percent }) => percent)).middle);
}

for (const [count, fps] of [[2, 120], [4, 60]]) {
  const desktops = Object.fromEntries(Array.from({ length: count }, (_, i) => [`d${i}`, '']));
  const shares = report(`${count} in full motion`, await measure(desktops, fps));
  const ratio = Math.max(...shares) / Math.min(...shares);
  console.log(`${ratio <= 1.1 ? '+' : '!'} the most : the least ${ratio.toFixed(2)}; target at most 1.10`);
}
const [free, limited] = report(`one of two with cpu-limit=${LIMIT}`, await measure({ free: '', limited: `,cpu-limit=${LIMIT}` }, 120));
const holds = limited <= LIMIT + 0.5 && limited >= LIMIT * 0.9;
console.log(`${holds ? '+' : '!'} limited ${limited.toFixed(1)} %, the other ${free.toFixed(1)} %; target ${LIMIT} %, and no more`);
