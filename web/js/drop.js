// SPDX-License-Identifier: MIT
// Files, links and text that are dropped on the page: without this the browser would leave the desktop for them.

const SENTENCE = 'What is dropped here does not reach the guest.';

/** @param {(text: string) => void} say */
export function swallowDrops(say) {
  /** A field takes dropped text, but no file. @param {DragEvent} event */
  const fieldTakes = ({ target, dataTransfer }) =>
    target instanceof Element && target.matches('input, textarea') && !dataTransfer?.types.includes('Files');
  addEventListener('dragover', (event) => {
    if (fieldTakes(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'; // with 'none' no word could be said
  });
  addEventListener('drop', (event) => {
    if (fieldTakes(event)) return;
    event.preventDefault();
    say(SENTENCE);
  });
}
