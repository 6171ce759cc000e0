/* SPDX-License-Identifier: MIT
 *
 * A viewer's bytes after the handshake: frames, fragments, messages, dispatch. The first byte says how many bytes each
 * read gives, so that every cut is found. Checks what the rooms behind rely on: sizes, ranges and order.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "server/dispatch.h"
#include "server/inbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct feed {
  const uint8_t *next;
  size_t left, step;
  uint64_t now_ns;
  struct oriel_dispatch dispatch;
  bool greeted, ended;
  unsigned frames, inputs, requests;
};

static void require(bool holds) {
  if (!holds)
    abort();
}

static ssize_t on_read(void *user, uint8_t *data, size_t size) {
  struct feed *feed = user;
  require(size > 0 && !feed->ended);
  if (feed->left == 0)
    return 0;
  if (size > feed->step)
    size = feed->step;
  if (size > feed->left)
    size = feed->left;
  memcpy(data, feed->next, size);
  feed->next += size;
  feed->left -= size;
  feed->now_ns += 1000;
  return (ssize_t)size;
}

static bool on_frame(void *user) {
  struct feed *feed = user;
  feed->frames++;
  return oriel_dispatch_frame(&feed->dispatch, feed->now_ns) == 0;
}

static bool on_message(void *user, const uint8_t *data, size_t size) {
  struct feed *feed = user;
  require(size <= ORIEL_VIEWER_MESSAGE_MAX);
  int reason = oriel_dispatch_message(&feed->dispatch, data, size, feed->now_ns);
  require(reason == 0 || reason == ORIEL_VIEWER_REASON_PROTOCOL || reason == ORIEL_VIEWER_REASON_RATE);
  return reason == 0 && !feed->ended;
}

static bool on_ping(void *user, const uint8_t *data, size_t size) {
  struct feed *feed = user;
  (void)data;
  require(size <= ORIEL_CONTROL_MAX && !feed->ended);
  return true;
}

static void on_close(void *user, uint16_t code) {
  struct feed *feed = user;
  (void)code;
  feed->ended = true;
}

static enum oriel_viewer_reason on_hello(void *user, const struct oriel_viewer_in *in) {
  struct feed *feed = user;
  require(!feed->greeted && in->hello.role < ORIEL_VIEWER_ROLES);
  feed->greeted = true;
  return 0;
}

static void on_input(void *user, const struct oriel_input *input) {
  struct feed *feed = user;
  require(feed->greeted);
  feed->inputs++;
  if (input->type == ORIEL_INPUT_BUTTON)
    require(input->button.button < ORIEL_BUTTONS);
  if (input->type == ORIEL_INPUT_TOUCH)
    require(input->touch.phase <= ORIEL_TOUCH_CANCEL && input->touch.id <= 9);
}

static void on_other(void *user, const struct oriel_viewer_in *in) {
  struct feed *feed = user;
  require(feed->greeted);
  if (in->type == ORIEL_VIEWER_RESIZE || in->type == ORIEL_VIEWER_KEY_FRAME || in->type == ORIEL_VIEWER_WANT ||
      in->type == ORIEL_VIEWER_CONTROL)
    feed->requests++;
}

static void on_bye(void *user, uint16_t reason, const char *text) {
  struct feed *feed = user;
  (void)reason;
  require(strlen(text) <= ORIEL_VIEWER_TEXT_MAX);
  feed->ended = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct oriel_inbox_ops inbox_ops = {
    .frame = on_frame, .message = on_message, .ping = on_ping, .close = on_close, .read = on_read,
  };
  static const struct oriel_dispatch_ops dispatch_ops = {
    .hello = on_hello, .input = on_input, .other = on_other, .bye = on_bye,
  };
  struct oriel_inbox inbox;
  if (size == 0)
    return 0;
  struct feed feed = {.next = data + 1, .left = size - 1, .step = data[0] ? data[0] : SIZE_MAX,
                      .now_ns = ORIEL_NS_PER_SECOND};
  oriel_dispatch_init(&feed.dispatch, &dispatch_ops, &feed, feed.now_ns);
  if (oriel_inbox_init(&inbox, &inbox_ops, &feed) < 0)
    return 0;
  int status;
  do {
    status = oriel_inbox_read(&inbox);
    require(inbox.capacity <= ORIEL_VIEWER_MESSAGE_MAX && inbox.size <= inbox.capacity);
  } while (status == 0);
  require(status == 1 || status == -ECONNRESET || status == -EBADMSG);
  require(feed.inputs <= feed.frames);
  uint64_t passed_ns = feed.now_ns - ORIEL_NS_PER_SECOND;
  require(feed.requests <= ORIEL_REQUEST_RATE + 1 + ORIEL_REQUEST_RATE * passed_ns / ORIEL_NS_PER_SECOND);
  oriel_inbox_finish(&inbox);
  return 0;
}
