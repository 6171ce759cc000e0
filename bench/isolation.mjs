// SPDX-License-Identifier: MIT
//
// node bench/isolation.mjs [--rounds=6] [--seconds=5] [--only=KIND]: what a desktop notices of another one's trouble. One
// server with a quiet desktop of 60 pictures a second, whose viewer looks how late they are; beside it another desktop
// with each kind of trouble (isolation_load.mjs). Rounds of three windows in turning order: quiet; the trouble at another
// desktop of the same server ("same"); the trouble at a second server ("peer"), which costs the machine the same and the
// quiet desktop's server nothing. What `same` has more than `peer` is our server's doing.
import { join } from 'node:path';
import { oriel, root, start, temporary } from '../tests/e2e/lib/process.mjs';
import { rawViewer } from '../tests/e2e/lib/raw-viewer.mjs';
import { until } from '../tests/e2e/lib/runner.mjs';
import { capturedMs, option, pause, quantile, scope, spread, spreadText } from './common.mjs';

const rounds = option('rounds', 6);
const seconds = option('seconds', 5);
const TARGET_MS = 2;
const only = process.argv.find((word) => word.startsWith('--only='))?.slice(7);

/** What the trouble is, and what its load counts. */
const kinds = {
  motion: ['1280x720 in full motion, 4 viewers', 'pictures'],
  killed: ['its QEMU killed and started again', 'times'],
  stopped: ['its QEMU stopped (SIGSTOP)', 'inputs into it'],
  added: ['a desktop added and removed', 'times'],
  input: ['its viewers flood input', 'messages'],
};
if (only && !kinds[only]) throw new Error(`--only takes one of ${Object.keys(kinds).join(', ')}`);

/** A server with the desktops that a load needs. */
async function serve(t, more) {
  const qmp = join(temporary(t), 'qmp.sock');
  const admin = 'admin-token-of-the-bench';
  const server = await oriel(t, ['serve', ...more, 'busy=pattern:?scene=motion&fps=60&size=1280x720', `vm=qemu:${qmp}`],
    { env: { ORIEL_ADMIN_TOKEN: admin } });
  return Object.assign(server, { qmp, admin });
}

/** Starts a load on a server and waits until it has begun. */
async function trouble(t, kind, { origin, port, token, admin, qmp }) {
  const load = start(t, process.execPath, [join(root, 'bench', 'isolation_load.mjs'), kind, JSON.stringify({ origin, port, token, admin, qmp })]);
  await until(() => {
    if (load.ended()) throw new Error(`the load ended:\n${load.output}`);
    return load.output.includes('begun\n');
  }, 30_000, `${kind} to begin`);
  return load;
}

/** Ends it; what it did in a second. */
async function calm(load, fromMs) {
  const tookS = (performance.now() - fromMs) / 1000;
  await load.stop();
  const did = Number(/^did (\d+)$/m.exec(load.output)?.[1] ?? 0);
  if (!did) throw new Error(`the load did nothing:\n${load.output}`);
  return did / tookS;
}

/** The p99 of one number in each window. */
const p99s = (windows, what) => windows.map((one) => quantile(one[what], 0.99));

function report(kind, of, did) {
  const least = Math.min(...Object.values(of).flat().flatMap(({ delays }) => delays));
  const [words, counted] = kinds[kind];
  console.log(`\n${words} (${spread(did).middle.toFixed(1)} ${counted} a second)`);
  for (const [name, windows] of Object.entries(of)) {
    const middles = windows.map(({ delays }) => quantile(delays, 0.5) - least);
    const late = p99s(windows, 'delays').map((value) => value - least);
    const fps = spread(windows.map(({ delays }) => delays.length / seconds)).middle;
    console.log(`  ${name.padEnd(6)} late ms p50 ${spreadText(middles)}, p99 ${spreadText(late)}; intervals p99 ${spreadText(p99s(windows, 'intervals'))}; ${fps.toFixed(1)} fps`);
  }
  const less = (a, b) => p99s(of[a], 'delays').map((value, round) => value - p99s(of[b], 'delays')[round]);
  const ours = less('same', 'peer');
  console.log(`  same - quiet, p99 ms: ${spreadText(less('same', 'quiet'))}`);
  console.log(`${spread(ours).middle <= TARGET_MS ? '+' : '!'} same - peer, p99 ms: ${spreadText(ours)}; target at most ${TARGET_MS}`);
}

await scope(async (t) => {
  const server = await serve(t, ['quiet=pattern:?scene=motion&fps=60&size=320x200']);
  const peer = await serve(t, []);
  let heard = [];
  await rawViewer(t, server, { desktop: 'quiet', capabilities: 3, answers: true, heard: (message) => {
    const captured = capturedMs(message);
    if (captured !== null) heard.push({ at: performance.now(), captured });
  } });
  const window = async () => {
    heard = [];
    await pause(seconds * 1000);
    return { delays: heard.map(({ at, captured }) => at - captured), intervals: heard.slice(1).map(({ at }, i) => at - heard[i].at) };
  };
  await pause(2000);
  for (const kind of Object.keys(kinds).filter((name) => !only || name === only)) {
    const of = { quiet: [], same: [], peer: [] };
    const did = [];
    for (let round = 0; round < rounds; round++) {
      const names = ['quiet', 'same', 'peer'];
      names.push(...names.splice(0, round % names.length));
      for (const name of names) {
        const load = name === 'quiet' ? null : await trouble(t, kind, name === 'same' ? server : peer);
        const from = performance.now();
        await pause(500);
        of[name].push(await window());
        if (load) did.push(await calm(load, from));
      }
    }
    report(kind, of, did);
  }
});
