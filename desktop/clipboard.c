/* SPDX-License-Identifier: MIT
 *
 * Texts of clipboards, both ways; see clipboard.h.
 */
#include "desktop/clipboard.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"

enum { DRAFT_FIRST = 4096 }; /* bytes; doubled as they come */

/* What the guest was given comes back at once, if at all: by a clipboard manager, or by its other end. Later somebody
 * copies it anew, and whoever looks may have copied something else meanwhile. */
static const uint64_t echo_ns = 3 * ORIEL_NS_PER_SECOND;

int oriel_clipboard_init(struct oriel_clipboard *clipboard) {
  return pthread_mutex_init(&clipboard->lock, NULL) ? -ENOMEM : 0;
}

void oriel_clipboard_finish(struct oriel_clipboard *clipboard) {
  oriel_packet_unref(clipboard->draft);
  oriel_packet_unref(clipboard->text);
  pthread_mutex_destroy(&clipboard->lock);
}

void oriel_clipboard_stats(struct oriel_clipboard *clipboard, struct oriel_clipboard_stats *stats) {
  pthread_mutex_lock(&clipboard->lock);
  *stats = clipboard->stats;
  pthread_mutex_unlock(&clipboard->lock);
}

static bool is_open(const struct oriel_desktop *desktop, enum oriel_clipboard_way way) {
  return desktop->config.clipboard & way;
}

/* ---- from the guest: the threads of its ends ---- */

static void on_end_text(void *user, struct oriel_packet *text) {
  oriel_clipboard_tell(user, text);
}

static void on_end_present(void *user, bool present) {
  oriel_desktop_post(user, ORIEL_FACT_CLIPBOARD_END, &present);
}

int oriel_clipboard_start(struct oriel_desktop *desktop) {
  struct oriel_clipboard_end *end = desktop->config.clipboard_end;
  desktop->clipboard.sink = (struct oriel_clipboard_end_sink){
    .user = desktop, .text = on_end_text, .present = on_end_present};
  return end ? end->impl->start(end, &desktop->clipboard.sink) : 0;
}

bool oriel_clipboard_is_wanted_locked(const struct oriel_desktop *desktop) {
  const struct oriel_viewer *controller = desktop->hub.controller;
  return is_open(desktop, ORIEL_CLIPBOARD_FROM_GUEST) && controller && controller->clipboard.piece_max;
}

void oriel_clipboard_watch(struct oriel_desktop *desktop, bool wanted) {
  struct oriel_clipboard_end *end = desktop->config.clipboard_end;
  if (end && end->impl->watch)
    end->impl->watch(end, wanted);
}

/* Who has the controls, and whether that one may be told of texts. */
static bool find_reader(struct oriel_desktop *desktop, uint32_t *id, uint64_t *owner) {
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  const bool wanted = oriel_clipboard_is_wanted_locked(desktop);
  *id = wanted ? hub->controller->id : 0;
  *owner = wanted ? hub->controller->owner : 0;
  pthread_mutex_unlock(&hub->lock);
  return wanted;
}

/* Keeps another text than before, or none. Returns the one that is no more, for the caller to release without the
 * lock. */
static struct oriel_packet *replace_held(struct oriel_clipboard *clipboard, struct oriel_packet *text,
                                         bool from_guest) {
  struct oriel_packet *old = clipboard->text;
  clipboard->text = text ? oriel_packet_ref(text) : NULL;
  clipboard->from_guest = from_guest;
  clipboard->at_ns = oriel_clock_ns();
  return old;
}

void oriel_clipboard_tell(struct oriel_desktop *desktop, struct oriel_packet *text) {
  struct oriel_clipboard *clipboard = &desktop->clipboard;
  uint32_t viewer;
  uint64_t owner;
  struct oriel_packet *old = NULL;
  const bool wanted = find_reader(desktop, &viewer, &owner);
  pthread_mutex_lock(&clipboard->lock);
  const bool echo =
    oriel_clipboard_equal(clipboard->text, text) && oriel_clock_ns() - clipboard->at_ns < echo_ns;
  clipboard->stats.echoes += echo;
  const bool news = !echo && wanted && text;
  if (!echo) /* one that nobody may have is none */
    old = replace_held(clipboard, news ? text : NULL, true);
  if (news) {
    clipboard->viewer = viewer;
    clipboard->owner = owner;
    clipboard->stats.from_guest++;
    clipboard->stats.from_guest_bytes += text->size;
    atomic_fetch_add_explicit(&clipboard->told, 1, memory_order_release); /* pairs with the load in is_told */
  }
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(old);
  if (news)
    oriel_desktop_wake(desktop);
}

/* ---- to a viewer: the network thread ---- */

static bool is_told(const struct oriel_viewer *viewer) {
  /* pairs with the addition in oriel_clipboard_tell: the text behind it is read under the lock */
  return viewer->clipboard.told ==
         (uint32_t)atomic_load_explicit(&viewer->desktop->clipboard.told, memory_order_acquire);
}

static void drop(struct oriel_clipboard_reader *reader) {
  oriel_packet_unref(reader->text);
  reader->text = NULL;
  reader->offset = 0;
}

/* The newest text, if it is one for this viewer, takes the place of what was on its way. */
static void look(struct oriel_viewer *viewer) {
  struct oriel_clipboard *clipboard = &viewer->desktop->clipboard;
  struct oriel_clipboard_reader *reader = &viewer->clipboard;
  if (is_told(viewer))
    return;
  drop(reader);
  pthread_mutex_lock(&clipboard->lock);
  reader->told = (uint32_t)atomic_load_explicit(&clipboard->told, memory_order_relaxed); /* written under the lock */
  const bool own = viewer->id == clipboard->viewer;
  if (clipboard->text && clipboard->from_guest && (own || (viewer->owner && viewer->owner == clipboard->owner)))
    reader->text = oriel_packet_ref(clipboard->text);
  reader->kept = !own;
  pthread_mutex_unlock(&clipboard->lock);
  reader->number += reader->text != NULL;
}

bool oriel_clipboard_due(struct oriel_viewer *viewer) {
  if (!viewer->clipboard.piece_max || (!viewer->clipboard.text && is_told(viewer)) || !oriel_hub_controls(viewer))
    return false;
  look(viewer);
  return viewer->clipboard.text;
}

bool oriel_clipboard_take(struct oriel_viewer *viewer, struct oriel_delivery *delivery) {
  struct oriel_clipboard_reader *reader = &viewer->clipboard;
  if (reader->text && !oriel_hub_controls(viewer))
    drop(reader);
  if (!oriel_clipboard_due(viewer))
    return false;
  const size_t left = reader->text->size - reader->offset;
  delivery->type = ORIEL_DELIVERY_CLIPBOARD;
  delivery->packet = oriel_packet_ref(reader->text);
  delivery->clipboard.number = reader->number;
  delivery->clipboard.kept = reader->kept;
  delivery->clipboard.offset = reader->offset;
  delivery->clipboard.count = left < reader->piece_max ? left : reader->piece_max;
  reader->offset += delivery->clipboard.count;
  if (reader->offset == reader->text->size)
    drop(reader);
  return true;
}

void oriel_clipboard_leave(struct oriel_viewer *viewer) {
  drop(&viewer->clipboard);
}

/* ---- from a viewer: the network thread ---- */

void oriel_clipboard_forget(struct oriel_desktop *desktop) {
  struct oriel_clipboard *clipboard = &desktop->clipboard;
  oriel_packet_unref(clipboard->draft);
  clipboard->draft = NULL;
  clipboard->draft_size = clipboard->draft_whole = 0;
}

/* Room for `more` bytes, which have arrived: doubling, up to the whole text. */
static int grow(struct oriel_clipboard *clipboard, size_t more) {
  const size_t needed = clipboard->draft_size + more;
  size_t room = clipboard->draft ? clipboard->draft->size : DRAFT_FIRST;
  while (room < needed)
    room *= 2;
  if (room > clipboard->draft_whole)
    room = clipboard->draft_whole;
  if (clipboard->draft && room <= clipboard->draft->size)
    return 0;
  struct oriel_packet *larger = oriel_packet_create(ORIEL_PACKET_CLIPBOARD, room);
  if (!larger)
    return -ENOMEM;
  if (clipboard->draft)
    memcpy(larger->data, clipboard->draft->data, clipboard->draft_size);
  oriel_packet_unref(clipboard->draft);
  clipboard->draft = larger;
  return 0;
}

/* 1: the draft is whole; 0; -errno. */
static int add(struct oriel_desktop *desktop, const struct oriel_clipboard_piece *piece) {
  struct oriel_clipboard *clipboard = &desktop->clipboard;
  if (piece->offset == 0) {
    oriel_clipboard_forget(desktop);
    if (piece->size > ORIEL_CLIPBOARD_MAX)
      return -EMSGSIZE;
    clipboard->draft_whole = piece->size;
  }
  if (!piece->count || piece->size != clipboard->draft_whole || piece->offset != clipboard->draft_size ||
      piece->count > piece->size - piece->offset)
    return -EPROTO;
  const int error = grow(clipboard, piece->count);
  if (error)
    return error;
  memcpy(clipboard->draft->data + clipboard->draft_size, piece->bytes, piece->count);
  clipboard->draft_size += piece->count;
  return clipboard->draft_size == clipboard->draft_whole;
}

/* Every end takes what it can. */
static int give(struct oriel_desktop *desktop, struct oriel_packet *text) {
  struct oriel_clipboard_end *end = desktop->config.clipboard_end;
  int result = oriel_source_clipboard(desktop->source, text);
  if (end && end->impl->give(end, text) == 0)
    result = 0;
  return result ? -ENOTCONN : 1;
}

/* Gives the guest a text, unless it has the same; kept before, since the guest may tell of it at once. */
static int hand_over(struct oriel_desktop *desktop, struct oriel_packet *text) {
  struct oriel_clipboard *clipboard = &desktop->clipboard;
  struct oriel_packet *old = NULL;
  pthread_mutex_lock(&clipboard->lock);
  const bool echo = oriel_clipboard_equal(clipboard->text, text);
  clipboard->stats.echoes += echo;
  if (!echo)
    old = replace_held(clipboard, text, false);
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(old);
  const int result = echo ? 1 : give(desktop, text);
  pthread_mutex_lock(&clipboard->lock);
  clipboard->stats.to_guest += !echo && result > 0;
  clipboard->stats.to_guest_bytes += !echo && result > 0 ? text->size : 0;
  old = result < 0 && clipboard->text == text ? replace_held(clipboard, NULL, false) : NULL;
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(old);
  return result;
}

static int take_piece(struct oriel_viewer *viewer, const struct oriel_clipboard_piece *piece) {
  struct oriel_desktop *desktop = viewer->desktop;
  if (!oriel_hub_controls(viewer))
    return -EPERM;
  if (!is_open(desktop, ORIEL_CLIPBOARD_TO_GUEST))
    return -EACCES;
  desktop->hub.input_ns = oriel_clock_ns(); /* who pastes is there */
  int result = add(desktop, piece);
  if (result == 0)
    return 0;
  struct oriel_packet *text = desktop->clipboard.draft;
  if (result > 0)
    result = oriel_clipboard_check(text->data, text->size);
  if (result == 0)
    result = hand_over(desktop, text);
  oriel_clipboard_forget(desktop);
  return result;
}

int oriel_viewer_clipboard(struct oriel_viewer *viewer, const struct oriel_clipboard_piece *piece) {
  struct oriel_clipboard *clipboard = &viewer->desktop->clipboard;
  const int result = take_piece(viewer, piece);
  if (result < 0) {
    pthread_mutex_lock(&clipboard->lock);
    clipboard->stats.refused++;
    pthread_mutex_unlock(&clipboard->lock);
  }
  return result;
}
