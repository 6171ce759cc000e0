// SPDX-License-Identifier: MIT
//
// A small sequential runner: named cases, each with a time limit, resources that are released in reverse order, and a
// last line `N passed, N failed`. After a failure `t.failed` tells the clean-up so. Sequential on purpose: two cores cannot
// run two browsers and still mean anything.

const cases = [];

/** Registers a case. `body(t)` gets `t.after(fn)` for clean-up; it fails by throwing. */
export function test(name, body, { timeoutMs = 60_000 } = {}) {
  cases.push({ name, body, timeoutMs });
}

function withTimeout(promise, ms, what) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no end within ${ms} ms`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

async function runCase({ name, body, timeoutMs }) {
  const cleanups = [];
  const t = { after: (fn) => cleanups.push(fn), log: (text) => console.log(`    ${text}`) };
  const started = performance.now();
  let failure = null;
  try {
    await withTimeout(Promise.resolve().then(() => body(t)), timeoutMs, name);
  } catch (error) {
    failure = error;
    t.failed = name;
  }
  for (const fn of cleanups.reverse()) {
    try {
      await withTimeout(Promise.resolve().then(fn), 20_000, `${name}: clean-up`);
    } catch (error) {
      failure ??= error;
    }
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${failure ? 'FAIL' : 'ok  '} ${name} (${seconds} s)`);
  if (failure) console.log(String(failure.stack ?? failure).replace(/^/gm, '    '));
  return !failure;
}

/** Runs the cases whose name contains `filter`, prints the last line, returns the exit code. */
export async function run(filter = '') {
  let passed = 0;
  let failed = 0;
  for (const one of cases.filter((c) => c.name.includes(filter))) {
    if (await runCase(one)) passed++;
    else failed++;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed || !passed ? 1 : 0;
}

/** Calls `probe` until it returns something true, at most `ms`; the value is returned. For state that has no event. */
export async function until(probe, ms, what) {
  const end = performance.now() + ms;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
