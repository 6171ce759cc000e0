// SPDX-License-Identifier: MIT
// The browser's question before this tab closes, for those who want it: Ctrl+W closes a tab whatever a page does.
import { byId } from './dom.js';

/** @param {import('./settings.js').SettingsStore} settings @param {() => boolean} open there is a desktop to lose */
export function askBeforeClosing(settings, open) {
  const choice = byId('ask-closing', HTMLInputElement);
  const ask = (/** @type {BeforeUnloadEvent} */ event) => open() && event.preventDefault();
  // Only while it is wanted: browsers keep no page with such a listener in their cache for going back.
  const follow = () => {
    if (choice.checked) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  };
  choice.checked = settings.get('askClosing');
  choice.addEventListener('change', () => {
    settings.set('askClosing', choice.checked);
    follow();
  });
  follow();
}
