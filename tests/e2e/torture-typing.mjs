// SPDX-License-Identifier: MIT
//
// `node tests/e2e/torture-typing.mjs`: 10,000 characters through each kind of keyboard, exactly. Half an hour, most of it the
// USB keyboard, from which a BIOS takes nine keys a second.
import assert from 'node:assert/strict';
import { run, test } from './lib/runner.mjs';
import { closeBrowser } from './lib/browser.mjs';
import { everyCharacter, md5, typeIntoBios, typeIntoTerminal } from './typing.mjs';

const CHARACTERS = Number(process.env.ORIEL_TORTURE_CHARACTERS ?? 10_000);
const HOUR = 3_600_000;

test('torture: a BIOS with a PS/2 keyboard', (t) => typeIntoBios(t, [], everyCharacter(CHARACTERS), HOUR), { timeoutMs: HOUR });

test('torture: a BIOS with a USB keyboard',
  (t) => typeIntoBios(t, ['-device', 'qemu-xhci,id=usb', '-device', 'usb-kbd,bus=usb.0'], everyCharacter(CHARACTERS), HOUR),
  { timeoutMs: HOUR });

test('torture: a Wayland terminal with a virtio keyboard', async (t) => {
  const text = `${everyCharacter(CHARACTERS)}\n`;
  assert.equal(await typeIntoTerminal(t, text, HOUR), md5(text));
}, { timeoutMs: HOUR });

const code = await run('torture:');
await closeBrowser();
process.exit(code);
