/* SPDX-License-Identifier: MIT
 *
 * What a client of WHEP says in its data channels. Loop thread. To open `input` is to ask for the controls, as a page
 * does that says so in its hello; to close it is to give them up. A text of the guest's leaves at once or waits for the
 * client to take more; a newer one takes its place. One that the guest had before the client had the controls is not
 * sent: to come is no reason to lose what the user's own clipboard has.
 */
#include "server/whep_channels.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "desktop/clipboard.h"
#include "desktop/controls.h"
#include "desktop/viewer.h"
#include "server/audit.h"
#include "server/mounts.h"
#include "server/permit.h"
#include "webrtc/session.h"

enum { EVENTS_PER_TURN = 64 };

enum label { LABEL_INPUT, LABEL_CLIPBOARD, LABELS };

const char *const oriel_whep_labels[] = {[LABEL_INPUT] = "input", [LABEL_CLIPBOARD] = "clipboard", [LABELS] = NULL};

/* ---- input, by the way of every viewer's ---- */

static enum oriel_party party_of(const struct oriel_whep_channels *channels) {
  if (!channels->speaker.plays)
    return ORIEL_PARTY_WATCHER;
  return oriel_viewer_controls(channels->speaker.viewer) ? ORIEL_PARTY_CONTROLLER : ORIEL_PARTY_USER;
}

static bool on_permits(void *user, enum oriel_viewer_message type) {
  return oriel_permit_message(type) & party_of(user);
}

/* What was on its way when the controls went to another viewer comes here, too: dropped, not punished. */
static void on_denied(void *user, const struct oriel_viewer_in *in) {
  struct oriel_whep_channels *channels = user;
  channels->speaker.mount->mounts->stats->messages_denied++;
  if (in->type == ORIEL_VIEWER_CLIPBOARD)
    channels->refused++;
  else
    oriel_viewer_denied(channels->speaker.viewer, false);
}

static void on_input(void *user, const struct oriel_input *input) {
  const struct oriel_whep_channels *channels = user;
  oriel_viewer_input(channels->speaker.viewer, input);
}

/** Slots of messages that are none of this channel's. */
static enum oriel_viewer_reason on_hello(void *user, const struct oriel_viewer_in *in) {
  (void)user;
  (void)in;
  return ORIEL_VIEWER_REASON_PROTOCOL;
}

/* A text of the client's, whole. What the guest does not take is counted: there is no answer that could say so. */
static void on_other(void *user, const struct oriel_viewer_in *in) {
  struct oriel_whep_channels *channels = user;
  if (in->type != ORIEL_VIEWER_CLIPBOARD)
    return;
  const struct oriel_clipboard_piece piece = {.size = in->clipboard.size, .count = in->clipboard.count,
                                              .bytes = in->clipboard.bytes};
  const int status = oriel_viewer_clipboard(channels->speaker.viewer, &piece);
  if (status >= 0)
    return;
  channels->refused++;
  oriel_debug("server", "WHEP client %s: a text of %zu bytes for the guest's clipboard is refused: %s",
                channels->speaker.address, piece.size, strerror(-status));
}

static void on_bye(void *user, uint16_t reason, const char *text) {
  (void)user;
  (void)reason;
  (void)text;
}

void oriel_whep_channels_begin(struct oriel_whep_channels *channels, const struct oriel_whep_speaker *speaker,
                               uint64_t now_ns) {
  static const struct oriel_dispatch_ops ops = {.permits = on_permits, .denied = on_denied, .hello = on_hello,
                                                .input = on_input, .other = on_other, .bye = on_bye};
  channels->speaker = *speaker;
  oriel_dispatch_init(&channels->dispatch, &ops, channels, now_ns);
}

static void tell_malformed(struct oriel_whep_channels *channels, const char *why) {
  channels->malformed++;
  if (channels->malformed_told)
    return;
  channels->malformed_told = true;
  oriel_warn("server", "WHEP client %s sent a message in its channel \"input\" that is left out: %s; later ones are "
             "not told", channels->speaker.address, why);
}

/** 0, or the reason to end with. */
static int take_input(struct oriel_whep_channels *channels, const struct oriel_channel_event *event, uint64_t now_ns) {
  struct oriel_viewer_in events[ORIEL_WHEP_INPUT_EVENTS];
  const char *why;
  int reason = 0;
  const int count = oriel_whep_input_parse(&channels->input, event->data, event->size, events, &why);
  if (count < 0)
    tell_malformed(channels, why);
  for (int i = 0; i < count && !reason; i++)
    reason = oriel_dispatch_live(&channels->dispatch, &events[i], now_ns);
  return reason;
}

/* ---- events ---- */

static void refuse(struct oriel_whep_channels *channels, const struct oriel_channel_event *event) {
  channels->refused++;
  if (channels->refused_told)
    return;
  channels->refused_told = true;
  oriel_debug("server", "WHEP client %s opened a data channel \"%.*s\", which is refused: there are \"input\" and "
              "\"clipboard\", each once; later ones are not told", channels->speaker.address, (int)event->size,
              (const char *)event->data);
}

/** 0, or the reason to end with. */
static int take_message(struct oriel_whep_channels *channels, const struct oriel_channel_event *event,
                        uint64_t now_ns) {
  channels->messages++;
  if (event->channel == LABEL_INPUT)
    return take_input(channels, event, now_ns);
  const struct oriel_viewer_in text = {
    .type = ORIEL_VIEWER_CLIPBOARD,
    .clipboard = {.size = (uint32_t)event->size, .count = (uint32_t)event->size, .bytes = event->data}};
  return oriel_dispatch_live(&channels->dispatch, &text, now_ns);
}

static int take_event(struct oriel_whep_channels *channels, const struct oriel_channel_event *event, uint64_t now_ns) {
  switch (event->type) {
  case ORIEL_CHANNEL_OPENED:
  case ORIEL_CHANNEL_CLOSED:
    if (event->channel == LABEL_INPUT) /* with the controls go the keys that it holds */
      oriel_viewer_control(channels->speaker.viewer, event->type == ORIEL_CHANNEL_OPENED);
    return 0;
  case ORIEL_CHANNEL_MESSAGE:
    return take_message(channels, event, now_ns);
  case ORIEL_CHANNEL_REFUSED:
    refuse(channels, event);
    return 0;
  default:
    channels->refused++;
    return 0;
  }
}

/** What waits is said, or goes on waiting, or nobody listens. */
static void say_text(struct oriel_whep_channels *channels) {
  struct oriel_packet *text = channels->text;
  if (!text || oriel_webrtc_session_say(channels->speaker.session, LABEL_CLIPBOARD, (const char *)text->data,
                                        text->size) == -EAGAIN)
    return;
  oriel_packet_unref(text);
  channels->text = NULL;
}

static void note_controls(struct oriel_whep_channels *channels) {
  const struct oriel_whep_speaker *speaker = &channels->speaker;
  const bool has = oriel_viewer_controls(speaker->viewer);
  if (has != channels->had_controls)
    oriel_audit(has ? "controls-taken" : "controls-lost", speaker->address,
                oriel_mount_named(speaker->mount, speaker->named), "viewer=%u by=whep",
                oriel_viewer_id(speaker->viewer));
  channels->had_controls = has;
}

const char *oriel_whep_channels_take(struct oriel_whep_channels *channels, uint64_t now_ns) {
  struct oriel_dispatch *dispatch = &channels->dispatch;
  struct oriel_channel_event event;
  for (unsigned i = 0; i < EVENTS_PER_TURN && oriel_webrtc_session_take_event(channels->speaker.session, &event); i++) {
    if (oriel_dispatch_frame(dispatch, now_ns))
      return "more than 4,000 messages a second in its data channels";
    if (take_event(channels, &event, now_ns))
      return dispatch->excess ? dispatch->excess : "a message of its data channels is out of place";
  }
  say_text(channels);
  note_controls(channels);
  return NULL;
}

void oriel_whep_channels_hear(struct oriel_whep_channels *channels, const struct oriel_delivery *delivery) {
  struct oriel_whep_input *input = &channels->input;
  if (delivery->type == ORIEL_DELIVERY_PICTURE) {
    input->video_width = delivery->packet->width;
    input->video_height = delivery->packet->height;
  } else if (delivery->type == ORIEL_DELIVERY_STATE) {
    input->width = delivery->state.width;
    input->height = delivery->state.height;
  } else if (delivery->type == ORIEL_DELIVERY_CLIPBOARD && !delivery->clipboard.kept) {
    oriel_packet_unref(channels->text);
    channels->text = oriel_packet_ref(delivery->packet);
    say_text(channels);
  }
}

void oriel_whep_channels_end(struct oriel_whep_channels *channels) {
  oriel_packet_unref(channels->text);
  channels->text = NULL;
}
