/* SPDX-License-Identifier: MIT
 *
 * A source: where a desktop's picture and sound come from and where its input goes. One implementation per kind, behind
 * one table; the desktop owns its source, viewers come and go (lesson 13).
 *
 * Thread-safety: create, start and destroy from the desktop's owner (main thread). watch, input, resize, command and
 * clipboard from any thread, microphone from one; none of them blocks or waits for the guest. Sink callbacks arrive as
 * source/sink.h says.
 */
#ifndef ORIEL_SOURCE_SOURCE_H
#define ORIEL_SOURCE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "media/surface.h"
#include "source/facts.h"
#include "source/impl.h"
#include "source/input.h"
#include "source/sink.h"

/** Creates a source from its address: "qemu:QMP-SOCKET[?console=N]" or "pattern:[?size=WxH&fps=N&scene=NAME]"; of
 *  ?console=all (source/heads.h) it is the first. Nothing runs yet. 0, -EINVAL, -ENOMEM; on failure `why` (at least 160
 *  bytes) says what is wrong with the address. */
int oriel_source_create(const char *address, struct oriel_source **source, char *why, size_t why_size);
/** Starts its threads and connects; the sink must live until destroy. It never fails because the VM is absent: that is
 *  state CONNECTING. 0, -ENOMEM, -EAGAIN (no thread). */
int oriel_source_start(struct oriel_source *source, const struct oriel_source_sink *sink);
/** Stops, detaches (the VM goes on unharmed, keys released) and frees. NULL is fine. */
void oriel_source_destroy(struct oriel_source *source);
/** The surface; valid until destroy. */
struct oriel_surface *oriel_source_surface(struct oriel_source *source);
/** Who looks, who listens, and who may have what the guest copies: ORIEL_WATCH_*. What nobody wants costs nothing: no
 *  listener, no copies, no timer, no text fetched. Once pictures are wanted, the whole picture arrives as damage; of the
 *  clipboard come texts that the guest copies from then on. A guest that records is answered in any case. */
void oriel_source_watch(struct oriel_source *source, unsigned what);
/** Sends input on. Keys and buttons keep their order; pointer positions coalesce to the newest. */
void oriel_source_input(struct oriel_source *source, const struct oriel_input *input);
/** Asks the guest for another size, pixels. 0; -ENOTSUP; -EINVAL outside [64, 7680] x [64, 4320]. */
int oriel_source_resize(struct oriel_source *source, uint16_t width, uint16_t height);
/** 0 = passed on; -ENOTSUP; -ENOTCONN (no VM); -EAGAIN (more commands wait than it takes: try again later). */
int oriel_source_command(struct oriel_source *source, enum oriel_source_command command);
/** Gives a recorder in the guest a packet of the microphone. One thread, between start and destroy; never blocks. 0;
 *  -ENOTSUP; -ENOTCONN: nothing in the guest records, it was dropped; -EBADMSG: no Opus; -EINVAL: over 1500 bytes. */
int oriel_source_microphone(struct oriel_source *source, const struct oriel_microphone *packet);
/** The guest's clipboard shall have this text (core/clipboard.h), to which the source takes a reference: whoever pastes
 *  behind input that is sent after this call gets it. The newest wins. 0 = passed on; -ENOTSUP; -ENOTCONN: there is
 *  nothing that would take it. */
int oriel_source_clipboard(struct oriel_source *source, struct oriel_packet *text);
void oriel_source_info(struct oriel_source *source, struct oriel_source_info *info);

#endif
