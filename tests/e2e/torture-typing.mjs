// SPDX-License-Identifier: MIT
//
// `node tests/e2e/torture-typing.mjs [words of a case's name]`: 10,000 characters through each kind of keyboard, exactly,
// into machines without an operating system, Linux text consoles and a Wayland terminal. Each case stays below nine
// minutes: a BIOS takes few keys a second, nine from a USB keyboard, and gets its text in parts.
import { run, test } from './lib/runner.mjs';
import { closeBrowser } from './lib/browser.mjs';
import { assertTyped, everyCharacter, typeIntoBios, typeIntoConsole, typeIntoTerminal, usbKeyboard, virtioKeyboard } from './typing.mjs';

const CHARACTERS = Number(process.env.ORIEL_TORTURE_CHARACTERS ?? 10_000);
const LIMIT = 500_000;
const text = everyCharacter(CHARACTERS);
const torture = (what, body) => test(`torture: ${what}`, body, { timeoutMs: LIMIT + 30_000 });

for (const [name, devices, parts] of [['PS/2', [], 3], ['USB', usbKeyboard, 6]]) {
  for (let part = 0; part < parts; part++) {
    const [from, to] = [part, part + 1].map((edge) => Math.floor((CHARACTERS * edge) / parts));
    torture(`a BIOS with a ${name} keyboard, part ${part + 1} of ${parts}`, (t) => typeIntoBios(t, devices, text.slice(from, to), LIMIT));
  }
}

for (const [name, devices] of [['PS/2', []], ['USB', usbKeyboard], ['virtio', virtioKeyboard]]) {
  torture(`a Linux console with a ${name} keyboard`, async (t) => {
    assertTyped(await typeIntoConsole(t, devices, `${text}\n`, LIMIT), `${text}\n`);
  });
}

torture('a Wayland terminal with a virtio keyboard', async (t) => {
  assertTyped(await typeIntoTerminal(t, `${text}\n`, LIMIT), `${text}\n`);
});

const code = await run(`torture: ${process.argv.slice(2).join(' ')}`);
await closeBrowser();
process.exit(code);
