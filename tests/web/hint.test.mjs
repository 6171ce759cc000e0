// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';

class FakeElement extends EventTarget {
  hidden = true;
}
const names = ['chip-pointer', 'chip-lock', 'chip-pointer-close'];
const elements = Object.fromEntries(names.map((name) => [name, new FakeElement()]));
Object.assign(globalThis, {
  HTMLElement: FakeElement,
  HTMLButtonElement: FakeElement,
  document: { getElementById: (id) => elements[id] },
});
const { MouseHint } = await import('../../web/js/mouse-hint.js');

test('mouse_hint_comes_with_a_mouse_and_can_be_sent_away', () => {
  const stage = new EventTarget();
  const chip = elements['chip-pointer'];
  let useful = true;
  const hint = new MouseHint(stage, { useful: () => useful, lock: () => {}, leave: () => {} });
  const press = (pointerType) => stage.dispatchEvent(Object.assign(new Event('pointerdown'), { pointerType }));
  hint.update();
  assert.ok(chip.hidden, 'over a boot menu that nobody clicks at');
  press('touch');
  assert.ok(chip.hidden, 'a phone has nothing to lock');
  press('mouse');
  assert.ok(!chip.hidden);
  useful = false;
  hint.update();
  assert.ok(chip.hidden, 'locked');
  useful = true;
  elements['chip-pointer-close'].dispatchEvent(new Event('click'));
  press('mouse');
  hint.update();
  assert.ok(chip.hidden, 'sent away');
  hint.update(true);
  hint.update(false);
  press('mouse');
  assert.ok(!chip.hidden, 'the guest changed its mind since');
});
