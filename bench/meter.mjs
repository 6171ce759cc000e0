// SPDX-License-Identifier: MIT
//
// The meter: the same for every client that paints into a canvas. It runs inside the page and knows only the canvas.

/** Installed in the page before its scripts. `window.meter.arm()` starts waiting for the next key press;
 *  `window.meter.take()` resolves with milliseconds from that key event to the first animation frame after the block's
 *  pixel has changed. The canvas is looked at every three milliseconds, by a task and not by animation frames: a page that has
 *  a frame pending when a key arrives makes Chromium hold other tasks, the network's too, until that frame is out, so a
 *  loop of frames delays what it measures by up to a frame (seen: messages arrive 1 to 2 ms after a frame, whatever
 *  the phase of the key). */
export function installMeter() {
  const probe = document.createElement('canvas');
  probe.width = probe.height = 1;
  const context = probe.getContext('2d', { willReadFrequently: true });
  const pixel = (canvas) => {
    const scale = canvas.width / (window.meter.desktopWidth || canvas.width);
    context.drawImage(canvas, 52 * scale, 52 * scale, 1, 1, 0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return (r << 16) | (g << 8) | b;
  };
  const differs = (a, b) => [16, 8, 0].some((shift) => Math.abs(((a >> shift) & 255) - ((b >> shift) & 255)) > 40);
  window.meter = {
    desktopWidth: 0,
    canvas: () => document.querySelector('canvas#screen, #novnc canvas'),
    colour: () => pixel(window.meter.canvas()),
    arm() {
      const before = pixel(this.canvas());
      this.result = new Promise((resolve) => {
        let pressed = 0;
        addEventListener('keydown', () => { pressed = performance.now(); }, { capture: true, once: true });
        const end = performance.now() + 3000;
        const look = () => {
          const canvas = this.canvas();
          if (pressed && canvas && differs(pixel(canvas), before)) requestAnimationFrame(() => resolve(performance.now() - pressed));
          else if (performance.now() > end) resolve(null);
          else scheduler.postTask(look, { delay: 3 });
        };
        look();
      });
    },
    take() { return this.result; },
  };
  // Time from navigation to the first frame that shows the card's block in one of its colours.
  window.firstPicture = new Promise((resolve) => {
    const palette = [0x202020, 0xe03030, 0x30c030, 0x3050e0, 0xe0e0e0, 0xe0c020];
    const look = () => {
      const canvas = window.meter.canvas();
      if (canvas && canvas.width > 300 && palette.some((rgb) => !differs(pixel(canvas), rgb))) resolve(performance.now());
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** Presses a key `count` times, at uneven intervals, and returns the delays in ms. */
export async function keyToPhoton(page, count) {
  const delays = [];
  for (let i = 0; i < count; i++) {
    await page.evaluate(() => window.meter.arm());
    await page.keyboard.down('KeyA');
    const delay = await page.evaluate(() => window.meter.take());
    await page.keyboard.up('KeyA');
    if (delay === null) throw new Error('no colour change within 3 s of a key press');
    delays.push(delay);
    // An uneven pause: no sampling in step with any timer of the guest, the server or the browser.
    await page.waitForTimeout(90 + Math.random() * 110);
  }
  return delays;
}

export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  return { count: sorted.length, min: sorted[0], p50: at(0.5), p95: at(0.95) };
}
