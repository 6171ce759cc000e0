/* SPDX-License-Identifier: MIT
 *
 * The writer of transport-wide feedback. One thread.
 */
#include "feedback.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "core/bytes.h"

enum { COUNT_MAX = 8192, RUN_MIN = 8, VECTOR = 7, TICK_US = 250, TICKS_OF_REFERENCE = 256 };

static int64_t ticks_of(int64_t us) {
  return us >= 0 ? us / TICK_US : -((-us + TICK_US - 1) / TICK_US);
}

/* Fills symbols and differences of times; returns the reference, units of 64 ms. */
static int64_t digest(const int64_t *arrived_us, size_t count, uint8_t *symbols, int64_t *deltas) {
  int64_t reference = 0, last = 0;
  int begun = 0;
  for (size_t i = 0; i < count; i++) {
    symbols[i] = 0;
    if (arrived_us[i] == FEEDBACK_LOST)
      continue;
    const int64_t now = ticks_of(arrived_us[i]);
    if (!begun) {
      reference = now / TICKS_OF_REFERENCE;
      last = reference * TICKS_OF_REFERENCE;
      begun = 1;
    }
    deltas[i] = now - last;
    assert_true(deltas[i] >= INT16_MIN && deltas[i] <= INT16_MAX);
    symbols[i] = deltas[i] >= 0 && deltas[i] <= 255 ? 1 : 2;
    last = now;
  }
  return reference;
}

static void write_chunks(struct oriel_writer *writer, const uint8_t *symbols, size_t count) {
  for (size_t i = 0; i < count;) {
    size_t run = 1;
    while (i + run < count && run < 8191 && symbols[i + run] == symbols[i])
      run++;
    if (run >= RUN_MIN || i + run == count) {
      oriel_write_u16_be(writer, (uint16_t)((unsigned)symbols[i] << 13 | (unsigned)run));
      i += run;
      continue;
    }
    unsigned word = 0xc000;
    for (unsigned k = 0; k < VECTOR; k++)
      word |= (i + k < count ? (unsigned)symbols[i + k] : 0u) << (12 - 2 * k);
    oriel_write_u16_be(writer, (uint16_t)word);
    i += VECTOR;
  }
}

size_t feedback_write(uint8_t *data, size_t size, uint8_t number, uint16_t base, const int64_t *arrived_us,
                      size_t count) {
  static uint8_t symbols[COUNT_MAX];
  static int64_t deltas[COUNT_MAX];
  assert_in_range(count, 1, COUNT_MAX);
  const int64_t reference = digest(arrived_us, count, symbols, deltas);
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, size);
  oriel_write_u32_be(&writer, 0x8fcd0000); /* the length comes last */
  oriel_write_u32_be(&writer, 1);
  oriel_write_u32_be(&writer, 2);
  oriel_write_u16_be(&writer, base);
  oriel_write_u16_be(&writer, (uint16_t)count);
  oriel_write_u32_be(&writer, (uint32_t)(reference & 0xffffff) << 8 | number);
  write_chunks(&writer, symbols, count);
  for (size_t i = 0; i < count; i++)
    if (symbols[i] == 1)
      oriel_write_u8(&writer, (uint8_t)deltas[i]);
    else if (symbols[i] == 2)
      oriel_write_u16_be(&writer, (uint16_t)(int16_t)deltas[i]);
  while (oriel_writer_size(&writer) % 4)
    oriel_write_u8(&writer, 0);
  const size_t written = oriel_writer_size(&writer);
  assert_true(written);
  data[2] = (uint8_t)((written / 4 - 1) >> 8);
  data[3] = (uint8_t)(written / 4 - 1);
  return written;
}
