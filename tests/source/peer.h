/* SPDX-License-Identifier: MIT
 *
 * A source and a QEMU that is none, which have met: what the tests with fake_qemu begin and end with. One at a time.
 */
#ifndef ORIEL_TESTS_SOURCE_PEER_H
#define ORIEL_TESTS_SOURCE_PEER_H

#include "fake_qemu.h"
#include "recorder.h"
#include "source/source.h"

enum { PEER_PATIENCE_MS = 15000 };

struct peer {
  char path[64];
  struct fake_qemu *fake;
  struct recorder recorder;
  struct oriel_source *source;
};
extern struct peer test;

/** cmocka's set-up and tear-down; what the test left NULL is left alone. */
int peer_begin(void **state);
int peer_end(void **state);
/** Starts the source, unwatched. */
void peer_attach(void);
/** Starts both, watched. */
void peer_start(const struct fake_qemu_options *options);
/** And waits until they know each other. */
void peer_meet(const struct fake_qemu_options *options);
/** Waits until what was held before is released. peer_meet() has done so. */
void peer_wait_input_reset(void);
/** An array of bytes, floating. */
GVariant *peer_bytes(size_t size, int fill);
/** The arguments of Init, floating. */
GVariant *peer_pcm(guint64 id, guchar bits, guint32 rate, guchar channels, bool big_endian);

#endif
