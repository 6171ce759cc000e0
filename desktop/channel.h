/* SPDX-License-Identifier: MIT
 *
 * Channels: what the subscribers of a rendition want, all together, and packets offered to each.
 *
 * Thread-safety: survey and publish from the media thread, sound from the audio thread; `_locked`: hub.lock is held.
 */
#ifndef ORIEL_DESKTOP_CHANNEL_H
#define ORIEL_DESKTOP_CHANNEL_H

#include "desktop/state.h"
#include "media/rendition.h"

/** What the viewers of a channel want. `damaged`: the screen shows something that they have not got. */
void oriel_channel_survey_locked(const struct oriel_hub *hub, enum oriel_channel_kind kind, bool damaged,
                                 uint64_t now_ns, struct oriel_demand *demand);
/** Offers a numbered packet to the subscribers of a channel; takes over the caller's reference. True when somebody
 *  draws all of a picture of which others draw a part: all of it has to be made exact again. */
bool oriel_channel_publish(struct oriel_desktop *desktop, enum oriel_channel_kind kind, struct oriel_packet *packet);
/** What was made last fits nobody any more: who looks needs a key frame. */
void oriel_channel_need_keys_locked(struct oriel_channel *channel);
/** Adds to `missed` what the subscribers miss of the refinement, which they do no longer. */
void oriel_channel_missed_locked(struct oriel_channel *channel, struct oriel_damage *missed);
/** The same with a packet of sound, which it numbers, for all who listen. */
void oriel_channel_publish_sound(struct oriel_desktop *desktop, struct oriel_packet *packet);

#endif
