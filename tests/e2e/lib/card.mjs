// SPDX-License-Identifier: MIT
//
// Reading the test card (wire/testcard.h) from RGBA pixels, and comparing pictures.
export const card = {
  block: { x: 32, y: 32, width: 96, height: 96 },
  palette: [0x202020, 0xe03030, 0x30c030, 0x3050e0, 0xe0e0e0, 0xe0c020],
  counter: { x: 32, y: 144, cell: 16, bits: 16 },
};

const at = (image, x, y) => {
  const i = (y * image.width + x) * 4;
  return [image.data[i], image.data[i + 1], image.data[i + 2]];
};

/** Index of the block's colour in the palette, or -1 when it is none of them (within 24 levels). */
export function blockColour(image) {
  const [r, g, b] = at(image, card.block.x + 20, card.block.y + 20);
  return card.palette.findIndex(
    (rgb) => Math.max(Math.abs((rgb >> 16) - r), Math.abs(((rgb >> 8) & 255) - g), Math.abs((rgb & 255) - b)) < 24,
  );
}

/** The binary frame counter. */
export function counter(image) {
  let value = 0;
  for (let bit = 0; bit < card.counter.bits; bit++) {
    const [r] = at(image, card.counter.x + bit * card.counter.cell + 8, card.counter.y + 8);
    value = value * 2 + (r > 128 ? 1 : 0);
  }
  return value;
}

/** Peak signal to noise over R, G and B of two pictures of one size, dB. Infinity when equal. */
export function psnr(a, b) {
  if (a.width !== b.width || a.height !== b.height)
    throw new Error(`sizes differ: ${a.width}x${a.height} and ${b.width}x${b.height}`);
  let sum = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    for (let c = 0; c < 3; c++) sum += (a.data[i + c] - b.data[i + c]) ** 2;
  }
  return sum ? 10 * Math.log10((255 * 255 * (a.data.length / 4) * 3) / sum) : Infinity;
}

/** How many colours there are in RGBA pixels. */
export function coloursIn({ data }) {
  return new Set(new Uint32Array(new Uint8Array(data).buffer)).size;
}

/** A binary PPM (QEMU's screendump) as RGBA. */
export function parsePpm(buffer) {
  const match = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(buffer.subarray(0, 64).toString('latin1'));
  if (!match) throw new Error('not a P6 picture with 255 levels');
  const [width, height] = [Number(match[1]), Number(match[2])];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0, from = match[0].length; i < width * height; i++) {
    for (let c = 0; c < 3; c++) data[i * 4 + c] = buffer[from++];
  }
  return { width, height, data };
}
