/* SPDX-License-Identifier: MIT
 *
 * The speaker of a build without PipeWire.
 */
#include <string.h>

#include "core/log.h"
#include "desktop/speaker.h"

int oriel_speaker_create(struct oriel_speaker **speaker) {
  oriel_warn("desktop", "nothing plays on this host: this build has no PipeWire (install libpipewire-0.3-dev and build "
                        "again); viewers hear as ever");
  *speaker = NULL;
  return 0;
}

void oriel_speaker_destroy(struct oriel_speaker *speaker) {
  (void)speaker;
}

void oriel_speaker_push(struct oriel_speaker *speaker, const struct oriel_packet *packet) {
  (void)speaker;
  (void)packet;
}

bool oriel_speaker_stats(const struct oriel_speaker *speaker, struct oriel_receiver_stats *stats) {
  (void)speaker;
  memset(stats, 0, sizeof *stats);
  return false;
}
