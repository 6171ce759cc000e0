/* SPDX-License-Identifier: MIT
 *
 * The sound of the active input on its way to the listeners. Packets of a guest's own Opus that sounds alone are handed
 * on untouched; while something else sounds, too, they are decoded, mixed and coded here, once. Between the two nothing
 * is heard of the change: decoders on both sides are told what was before.
 *
 * Thread-safety: the audio thread, but for init and finish.
 */
#ifndef ORIEL_DESKTOP_SOUND_RELAY_H
#define ORIEL_DESKTOP_SOUND_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"
#include "desktop/sound_mix.h"
#include "desktop/sound_output.h"

struct oriel_sound_history; /* of a guest's own Opus */

struct oriel_sound_relay {
  struct oriel_sound_mix *mix;       /* borrowed */
  struct oriel_sound_output *output; /* borrowed */
  struct oriel_sound_history *history; /* owned; NULL where no input has Opus */
  bool codes; /* the last packet was ours, not the guest's own */
};

/** 0, -ENOMEM; then finish. */
int oriel_sound_relay_init(struct oriel_sound_relay *relay, struct oriel_sound_mix *mix,
                           struct oriel_sound_output *output);
/** Also for one that is all zero. */
void oriel_sound_relay_finish(struct oriel_sound_relay *relay);
/** A whole packet of frames of the active input: mixed with what else sounds, coded, and handed on. */
void oriel_sound_relay_frames(struct oriel_sound_relay *relay, float *frames, uint64_t captured_ns);
/** A packet of the active input's own Opus, direct: handed on as it is, or mixed and coded. */
void oriel_sound_relay_packet(struct oriel_sound_relay *relay, struct oriel_packet *packet);
/** The same, not direct: for decoders that will have to know it. */
void oriel_sound_relay_remember(struct oriel_sound_relay *relay, struct oriel_packet *packet);
/** Another input is active from now on; what `resampler`, of the former one, did not hear of its packets while they
 *  were handed on it learns now, where not NULL. */
void oriel_sound_relay_change(struct oriel_sound_relay *relay, struct oriel_resampler *resampler);
/** The next packet is handed on, or decoded by a decoder that has to hear what was before. */
void oriel_sound_relay_return(struct oriel_sound_relay *relay);
/** No more sound comes for now: sends what waits to be a whole packet. */
void oriel_sound_relay_flush(struct oriel_sound_relay *relay);

#endif
