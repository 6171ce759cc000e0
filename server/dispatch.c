/* SPDX-License-Identifier: MIT
 *
 * Dispatching a viewer's messages. Loop thread.
 */
#include "server/dispatch.h"

#include <assert.h>
#include <string.h>

void oriel_dispatch_init(struct oriel_dispatch *dispatch, const struct oriel_dispatch_ops *ops, void *user,
                         uint64_t now_ns) {
  *dispatch = (struct oriel_dispatch){.ops = ops, .user = user};
  oriel_bucket_init(&dispatch->inputs, ORIEL_INPUT_RATE, now_ns);
  oriel_bucket_init(&dispatch->requests, ORIEL_REQUEST_RATE, now_ns);
  oriel_bucket_init(&dispatch->frames, ORIEL_FRAME_RATE, now_ns);
  oriel_bucket_init(&dispatch->microphone, ORIEL_MICROPHONE_RATE, now_ns);
  oriel_bucket_init(&dispatch->pieces, ORIEL_PIECE_RATE, now_ns);
}

/** Counts one of what a bucket holds. 0, or RATE. */
static int take(struct oriel_dispatch *dispatch, struct oriel_bucket *bucket, const char *excess, uint64_t now_ns) {
  if (oriel_bucket_take(bucket, now_ns))
    return 0;
  dispatch->excess = excess;
  return ORIEL_VIEWER_REASON_RATE;
}

int oriel_dispatch_frame(struct oriel_dispatch *dispatch, uint64_t now_ns) {
  return take(dispatch, &dispatch->frames, "more than 4,000 WebSocket frames a second", now_ns);
}

static_assert((int)ORIEL_VIEWER_STROKES_MAX == (int)ORIEL_TEXT_STROKES_MAX, "a message of text is one event");

/** The input event in a message; false for a message that is none. A text's keys are put into `strokes`. */
static bool input_of(const struct oriel_viewer_in *in, struct oriel_input *input,
                     struct oriel_stroke strokes[ORIEL_TEXT_STROKES_MAX]) {
  *input = (struct oriel_input){0};
  switch (in->type) {
  case ORIEL_VIEWER_KEY:
    input->type = ORIEL_INPUT_KEY;
    input->key.usage = in->key.usage;
    input->key.pressed = in->key.pressed;
    return true;
  case ORIEL_VIEWER_POINTER:
    input->type = ORIEL_INPUT_POINTER;
    input->pointer.x = in->pointer.x;
    input->pointer.y = in->pointer.y;
    return true;
  case ORIEL_VIEWER_MOTION:
    input->type = ORIEL_INPUT_MOTION;
    input->motion.dx = in->motion.dx;
    input->motion.dy = in->motion.dy;
    return true;
  case ORIEL_VIEWER_BUTTON:
    input->type = ORIEL_INPUT_BUTTON;
    input->button.button = (enum oriel_button)in->button.button;
    input->button.pressed = in->button.pressed;
    return true;
  case ORIEL_VIEWER_WHEEL:
    input->type = ORIEL_INPUT_WHEEL;
    input->wheel.dx = in->wheel.dx;
    input->wheel.dy = in->wheel.dy;
    return true;
  case ORIEL_VIEWER_TOUCH:
    input->type = ORIEL_INPUT_TOUCH;
    input->touch.phase = (enum oriel_touch_phase)in->touch.phase;
    input->touch.id = in->touch.id;
    input->touch.x = in->touch.x;
    input->touch.y = in->touch.y;
    return true;
  case ORIEL_VIEWER_RELEASE_ALL:
    input->type = ORIEL_INPUT_RELEASE_ALL;
    return true;
  case ORIEL_VIEWER_TYPE: /* one event, however many keys: its sender waits for TYPED before it sends much more */
    for (unsigned i = 0; i < in->type_text.count; i++) {
      strokes[i].usage = in->type_text.strokes[i].usage;
      strokes[i].pressed = in->type_text.strokes[i].pressed;
    }
    input->type = ORIEL_INPUT_TEXT;
    input->text.strokes = strokes;
    input->text.count = in->type_text.count;
    input->text.mark = in->type_text.number;
    return true;
  case ORIEL_VIEWER_LOCKS:
    input->type = ORIEL_INPUT_LOCKS;
    input->locks.known = in->locks.known;
    input->locks.on = in->locks.on;
    return true;
  default:
    return false;
  }
}

/** Requests make work for the source and the encoder, each far more than an input event does. */
static bool is_request(const struct oriel_viewer_in *in) {
  return in->type == ORIEL_VIEWER_RESIZE || in->type == ORIEL_VIEWER_KEY_FRAME || in->type == ORIEL_VIEWER_WANT ||
         in->type == ORIEL_VIEWER_CONTROL || in->type == ORIEL_VIEWER_CONTROL_ANSWER || in->type == ORIEL_VIEWER_NAME ||
         in->type == ORIEL_VIEWER_PICTURE_WAY;
}

/* A network that stood still brings its sound at once: what is too much of it is dropped, not punished. The end of a
 * microphone always comes through. */
static bool microphone_fits(struct oriel_dispatch *dispatch, const struct oriel_viewer_in *in, uint64_t now_ns) {
  if (in->type != ORIEL_VIEWER_MICROPHONE || oriel_bucket_take(&dispatch->microphone, now_ns) || !in->microphone.size)
    return true;
  dispatch->microphone_excess++;
  return false;
}

static bool permits(const struct oriel_dispatch *dispatch, const struct oriel_viewer_in *in) {
  return !dispatch->ops->permits || dispatch->ops->permits(dispatch->user, in->type);
}

/* Rates hold for what is denied, too. */
int oriel_dispatch_live(struct oriel_dispatch *dispatch, const struct oriel_viewer_in *in, uint64_t now_ns) {
  struct oriel_input input;
  struct oriel_stroke strokes[ORIEL_TEXT_STROKES_MAX];
  int reason = 0;
  bool is_input = input_of(in, &input, strokes), allowed = permits(dispatch, in);
  if (is_input)
    reason = take(dispatch, &dispatch->inputs, "more than 1,000 input events a second", now_ns);
  else if (is_request(in))
    reason = take(dispatch, &dispatch->requests, "more than 50 requests (size, key frame, wants, controls) a second",
                  now_ns);
  else if (in->type == ORIEL_VIEWER_CLIPBOARD)
    reason = take(dispatch, &dispatch->pieces, "more than 500 pieces of its clipboard a second", now_ns);
  if (reason)
    return reason;
  if (!allowed)
    dispatch->ops->denied(dispatch->user, in);
  else if (is_input)
    dispatch->ops->input(dispatch->user, &input);
  else if (microphone_fits(dispatch, in, now_ns))
    dispatch->ops->other(dispatch->user, in);
  return 0;
}

/** Keeps nothing of the secret that the message holds. */
static int authenticate(struct oriel_dispatch *dispatch, struct oriel_viewer_in *in) {
  int reason = ORIEL_VIEWER_REASON_PROTOCOL;
  if (dispatch->ops->authenticate && !dispatch->greeted)
    reason = (int)dispatch->ops->authenticate(dispatch->user, in);
  explicit_bzero(in, sizeof *in);
  return reason;
}

int oriel_dispatch_message(struct oriel_dispatch *dispatch, const void *data, size_t size, uint64_t now_ns) {
  struct oriel_viewer_in in;
  if (oriel_viewer_parse(data, size, &in) < 0)
    return ORIEL_VIEWER_REASON_PROTOCOL;
  if (!dispatch->greeted && !permits(dispatch, &in)) {
    explicit_bzero(&in, sizeof in);
    return ORIEL_VIEWER_REASON_PROTOCOL;
  }
  if (in.type == ORIEL_VIEWER_BYE) {
    dispatch->ops->bye(dispatch->user, in.bye.reason, in.bye.text);
    return 0;
  }
  if (in.type == ORIEL_VIEWER_AUTHENTICATE || in.type == ORIEL_VIEWER_LOGIN)
    return authenticate(dispatch, &in);
  if (in.type == ORIEL_VIEWER_VIEWER_HELLO) {
    if (dispatch->greeted)
      return ORIEL_VIEWER_REASON_PROTOCOL;
    dispatch->greeted = true;
    return (int)dispatch->ops->hello(dispatch->user, &in);
  }
  if (!dispatch->greeted)
    return ORIEL_VIEWER_REASON_PROTOCOL;
  return oriel_dispatch_live(dispatch, &in, now_ns);
}
