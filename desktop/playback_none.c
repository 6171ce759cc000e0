/* SPDX-License-Identifier: MIT
 *
 * Local playback in a build without PipeWire.
 */
#include <string.h>

#include "core/log.h"
#include "desktop/playback.h"

int oriel_playback_create(struct oriel_playback **playback) {
  oriel_warn("desktop", "nothing plays on this host: this build has no PipeWire (install libpipewire-0.3-dev and build "
                        "again); viewers hear as ever");
  *playback = NULL;
  return 0;
}

void oriel_playback_destroy(struct oriel_playback *playback) {
  (void)playback;
}

static void offer(void *user, struct oriel_packet *packet) {
  (void)user;
  (void)packet;
}

struct oriel_sound_listener oriel_playback_listener(struct oriel_playback *playback) {
  return (struct oriel_sound_listener){.offer = offer, .user = playback};
}

bool oriel_playback_stats(const struct oriel_playback *playback, struct oriel_receiver_stats *stats) {
  (void)playback;
  memset(stats, 0, sizeof *stats);
  return false;
}
