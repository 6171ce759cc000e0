/* SPDX-License-Identifier: MIT
 *
 * The parser of `input`. Loop thread.
 */
#include "server/whep_input.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "server/whep_keys.h"
#include "source/input.h"

enum { DETENT = 120, DETENT_PIXELS = 100 };

/** The fields, which are zero, false or "" where a message has none. */
struct message {
  const char *type, *key, *code; /* borrowed from the object */
  double x, y, dx, dy, button;
  bool relative;
  bool placed; /* x and y are there */
};

/* ---- fields ---- */

static bool take_number(const json_t *object, const char *name, double *number) {
  const json_t *value = json_object_get(object, name);
  if (value && !json_is_number(value))
    return false;
  *number = value ? json_number_value(value) : 0;
  return true;
}

static bool take_text(const json_t *object, const char *name, const char **text) {
  const json_t *value = json_object_get(object, name);
  if (value && !json_is_string(value))
    return false;
  *text = value ? json_string_value(value) : "";
  return true;
}

static bool take_flag(const json_t *object, const char *name, bool *flag) {
  const json_t *value = json_object_get(object, name);
  if (value && !json_is_boolean(value))
    return false;
  *flag = json_is_true(value);
  return true;
}

/** NULL, or what it must be. */
static const char *take_fields(const json_t *object, struct message *message) {
  *message = (struct message){.placed = json_object_get(object, "x") && json_object_get(object, "y")};
  if (!json_is_object(object))
    return "it must be one JSON object";
  if (!take_text(object, "type", &message->type) || !take_text(object, "key", &message->key) ||
      !take_text(object, "code", &message->code))
    return "type, key and code must be strings";
  if (!take_number(object, "x", &message->x) || !take_number(object, "y", &message->y) ||
      !take_number(object, "dx", &message->dx) || !take_number(object, "dy", &message->dy) ||
      !take_number(object, "button", &message->button))
    return "x, y, dx, dy and button must be numbers";
  return take_flag(object, "relative", &message->relative) ? NULL : "relative must be true or false";
}

/* ---- events ---- */

/** A pixel of the desktop, where the video has `sent` of them and it has `real`. */
static uint16_t scale(double at, uint16_t sent, uint16_t real) {
  const double pixel = floor(sent && real && sent != real ? at * real / sent : at);
  return pixel < 0 ? 0 : pixel > UINT16_MAX ? UINT16_MAX : (uint16_t)pixel;
}

/** The whole part of what is there and what was left; what is beyond the range is lost. */
static int16_t take_whole(double *rest, double more) {
  const double sum = *rest + more, whole = trunc(sum);
  *rest = sum - whole;
  return whole > INT16_MAX ? INT16_MAX : whole < -INT16_MAX ? -INT16_MAX : (int16_t)whole;
}

static int place(const struct oriel_whep_input *input, const struct message *message, struct oriel_viewer_in *event) {
  *event = (struct oriel_viewer_in){.type = ORIEL_VIEWER_POINTER};
  event->pointer.x = scale(message->x, input->video_width, input->width);
  event->pointer.y = scale(message->y, input->video_height, input->height);
  return 1;
}

static int move(struct oriel_whep_input *input, const struct message *message, struct oriel_viewer_in *event) {
  if (!message->relative)
    return place(input, message, event);
  *event = (struct oriel_viewer_in){.type = ORIEL_VIEWER_MOTION};
  event->motion.dx = take_whole(&input->motion_x, message->dx);
  event->motion.dy = take_whole(&input->motion_y, message->dy);
  return event->motion.dx || event->motion.dy;
}

static int press(const struct oriel_whep_input *input, const struct message *message, bool pressed,
                 struct oriel_viewer_in *events) {
  if (!(message->button >= 0 && message->button < ORIEL_BUTTONS))
    return 0;
  const int moved = message->placed && !message->relative ? place(input, message, events) : 0;
  events[moved] = (struct oriel_viewer_in){.type = ORIEL_VIEWER_BUTTON};
  events[moved].button.button = (uint8_t)message->button; /* numbered as MouseEvent.button */
  events[moved].button.pressed = pressed;
  return moved + 1;
}

static int turn(struct oriel_whep_input *input, const struct message *message, struct oriel_viewer_in *event) {
  *event = (struct oriel_viewer_in){.type = ORIEL_VIEWER_WHEEL};
  event->wheel.dx = take_whole(&input->wheel_x, message->dx * DETENT / DETENT_PIXELS);
  event->wheel.dy = take_whole(&input->wheel_y, message->dy * DETENT / DETENT_PIXELS);
  return event->wheel.dx || event->wheel.dy;
}

static int strike(const struct message *message, bool pressed, struct oriel_viewer_in *event) {
  *event = (struct oriel_viewer_in){.type = ORIEL_VIEWER_KEY};
  event->key.usage = oriel_whep_key(message->code, message->key);
  event->key.pressed = pressed;
  return event->key.usage != 0;
}

static int make_events(struct oriel_whep_input *input, const struct message *message, struct oriel_viewer_in *events) {
  if (strcmp(message->type, "mousemove") == 0)
    return move(input, message, events);
  if (strcmp(message->type, "mousedown") == 0 || strcmp(message->type, "mouseup") == 0)
    return press(input, message, message->type[5] == 'd', events);
  if (strcmp(message->type, "wheel") == 0)
    return turn(input, message, events);
  if (strcmp(message->type, "keydown") == 0 || strcmp(message->type, "keyup") == 0)
    return strike(message, message->type[3] == 'd', events);
  return -EINVAL;
}

int oriel_whep_input_parse(struct oriel_whep_input *input, const void *data, size_t size,
                           struct oriel_viewer_in events[ORIEL_WHEP_INPUT_EVENTS], const char **why) {
  struct message message;
  if (size > ORIEL_WHEP_INPUT_MAX) {
    *why = "it must be at most 1024 bytes long";
    return -EINVAL;
  }
  json_t *object = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
  *why = take_fields(object, &message);
  const int count = *why ? -EINVAL : make_events(input, &message, events);
  if (count < 0 && !*why)
    *why = "type must be mousemove, mousedown, mouseup, wheel, keydown or keyup";
  json_decref(object);
  return count;
}
