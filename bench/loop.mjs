// SPDX-License-Identifier: MIT
//
// node bench/loop.mjs [--rounds=6] [--seconds=5]: what the network loop does to viewers. A viewer of 60 pictures a second
// while one connection floods the server with pipelined requests, and without, in turn: how late its pictures are. And
// how often the server's threads switch meanwhile. The flood is a process of its own.
import { readFileSync, readdirSync } from 'node:fs';
import { oriel, start } from '../tests/e2e/lib/process.mjs';
import { rawViewer } from '../tests/e2e/lib/raw-viewer.mjs';
import { capturedMs, option, pause, quantile, scope, spread, spreadText } from './common.mjs';

const rounds = option('rounds', 6);
const seconds = option('seconds', 5);
const DEPTH = 64;

/** Keeps DEPTH requests on their way for ever. */
const flood = `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
const request = 'GET /healthz HTTP/1.1\\r\\nHost: 127.0.0.1:' + process.argv[1] + '\\r\\n\\r\\n';
let tail = '', answers = 0;
socket.on('data', (data) => {
  const text = tail + data.toString('latin1');
  const parts = text.split('HTTP/1.1 200');
  tail = parts.at(-1).slice(-12);
  answers += parts.length - 1;
  socket.write(request.repeat(parts.length - 1));
});
socket.write(request.repeat(${DEPTH}));
setInterval(() => { console.log(answers); answers = 0; }, 1000);
`;

/** Switches of all threads of a process, of their own will and not. */
function switches(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    for (const [, count] of status.matchAll(/ctxt_switches:\s*(\d+)/g)) sum += Number(count);
  }
  return sum;
}

await scope(async (t) => {
  const server = await oriel(t, ['serve', 'pattern:?scene=motion&fps=60&size=1280x720']);
  let delays = [];
  await rawViewer(t, server, { answers: true, heard: (message) => {
    const captured = capturedMs(message);
    if (captured !== null) delays.push(performance.now() - captured);
  } });
  const window = async () => {
    await pause(500);
    delays = [];
    const before = switches(server.pid);
    await pause(seconds * 1000);
    return { delays, switches: (switches(server.pid) - before) / seconds };
  };
  await pause(2000);
  const quiet = [], flooded = [], answers = [];
  for (let round = 0; round < rounds; round++) {
    for (const floods of round % 2 ? [true, false] : [false, true]) {
      const attacker = floods ? start(t, process.execPath, ['-e', flood, String(server.port)]) : null;
      (floods ? flooded : quiet).push(await window());
      if (!attacker) continue;
      answers.push(...attacker.output.trim().split('\n').slice(1).map(Number));
      await attacker.stop('SIGKILL');
    }
  }
  const least = Math.min(...[...quiet, ...flooded].flatMap((one) => one.delays));
  const late = (all, q) => all.map((one) => quantile(one.delays, q) - least);
  const fps = (all) => all.map((one) => one.delays.length / seconds);
  for (const [name, all] of [['quiet', quiet], ['flooded', flooded]]) {
    console.log(`${name.padEnd(8)} pictures a second ${spreadText(fps(all))}, late ms p50 ${spreadText(late(all, 0.5))}, p99 ${spreadText(late(all, 0.99))}, switches a second ${spreadText(all.map((one) => one.switches))}`);
  }
  const more = quiet.map((_, round) => late(flooded, 0.99)[round] - late(quiet, 0.99)[round]);
  console.log(`p99 in the flood less p99 before, ms: ${spreadText(more)}; target at most 5. The flood had ${spread(answers).middle} answers a second.`);
  const attacker = start(t, process.execPath, ['-e', flood, String(server.port)]);
  await pause(1000);
  const from = performance.now();
  server.child.kill('SIGTERM');
  await server.exited;
  console.log(`SIGTERM in the flood to the end: ${(performance.now() - from).toFixed(0)} ms`);
  await attacker.stop('SIGKILL');
});
