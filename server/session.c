/* SPDX-License-Identifier: MIT
 *
 * The session table. Loop thread.
 */
#include "server/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

int oriel_sessions_init(struct oriel_sessions *sessions) {
  sessions->slots = calloc(ORIEL_SESSIONS_MAX, sizeof *sessions->slots);
  sessions->next_serial = 1;
  return sessions->slots ? 0 : -ENOMEM;
}

void oriel_sessions_finish(struct oriel_sessions *sessions) {
  if (sessions->slots)
    explicit_bzero(sessions->slots, ORIEL_SESSIONS_MAX * sizeof *sessions->slots);
  free(sessions->slots);
  sessions->slots = NULL;
}

static bool is_live(const struct oriel_session *session, uint64_t now_ns) {
  return session->serial != 0 && session->expires_ns > now_ns;
}

/** What the table holds, seen from a new session: of each kind the one that is nearest its end; NULL = none. */
struct usage {
  struct oriel_session *unused, *own, *like, *any;
  size_t owns, views;
};

static void keep_older(struct oriel_session **oldest, struct oriel_session *slot) {
  if (!*oldest || slot->expires_ns < (*oldest)->expires_ns)
    *oldest = slot;
}

static struct usage measure(struct oriel_sessions *sessions, const struct oriel_session_start *start,
                                 uint64_t now_ns) {
  struct usage usage = {0};
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++) {
    struct oriel_session *slot = &sessions->slots[i];
    if (!is_live(slot, now_ns)) {
      usage.unused = usage.unused ? usage.unused : slot;
      continue;
    }
    const bool own = oriel_secret_equal(&slot->key, &start->key);
    usage.views += slot->view;
    usage.owns += own;
    keep_older(&usage.any, slot);
    if (slot->view == start->view)
      keep_older(&usage.like, slot);
    if (own)
      keep_older(&usage.own, slot);
  }
  return usage;
}

/* Who has the token of one desktop logs nobody of another out, however often he logs in: his own make room. */
static struct oriel_session *make_room(struct oriel_sessions *sessions, const struct oriel_session_start *start,
                                       uint64_t now_ns) {
  const struct usage usage = measure(sessions, start, now_ns);
  const bool free = usage.unused && !(start->view && usage.views >= ORIEL_SESSIONS_MAX / 2);
  if (start->narrow && usage.own && (!free || usage.owns >= ORIEL_SESSIONS_NARROW_MAX))
    return usage.own;
  if (free)
    return usage.unused;
  return usage.like ? usage.like : usage.any;
}

int oriel_sessions_create(struct oriel_sessions *sessions, const struct oriel_session_start *start, uint64_t now_ns,
                          char id[ORIEL_SESSION_ID_SIZE + 1], char secret[ORIEL_SESSION_ID_SIZE + 1],
                          uint64_t *serial) {
  int status = oriel_secret_draw(secret);
  if (status == 0 && id)
    status = oriel_secret_draw(id);
  if (status < 0)
    return status;
  struct oriel_session *slot = make_room(sessions, start, now_ns);
  slot->id = (struct oriel_secret){.known = false};
  if ((id && !oriel_secret_set(&slot->id, id, ORIEL_SESSION_ID_SIZE)) ||
      !oriel_secret_set(&slot->secret, secret, ORIEL_SESSION_ID_SIZE))
    return -ENOMEM;
  slot->key = start->key;
  slot->view = start->view;
  slot->below = start->below;
  slot->expires_ns = now_ns + ORIEL_SESSION_SECONDS * ORIEL_NS_PER_SECOND;
  slot->serial = sessions->next_serial++;
  if (serial)
    *serial = slot->serial;
  return 0;
}

int oriel_sessions_claim(struct oriel_sessions *sessions, const char *secret, const struct oriel_secret *key,
                         uint64_t now_ns, char id[ORIEL_SESSION_ID_SIZE + 1]) {
  struct oriel_secret given;
  (void)oriel_secret_set(&given, secret, strlen(secret));
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++) {
    struct oriel_session *slot = &sessions->slots[i];
    if (!is_live(slot, now_ns) || slot->id.known || !oriel_secret_equal(&slot->key, key) ||
        !oriel_secret_equal(&slot->secret, &given))
      continue;
    int status = oriel_secret_draw(id);
    return status < 0 || oriel_secret_set(&slot->id, id, ORIEL_SESSION_ID_SIZE) ? status : -ENOMEM;
  }
  return -ENOENT;
}

uint64_t oriel_sessions_find(const struct oriel_sessions *sessions, const char *id, size_t size, uint64_t now_ns) {
  if (size != ORIEL_SESSION_ID_SIZE)
    return 0;
  struct oriel_secret secret;
  (void)oriel_secret_set(&secret, id, size);
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++) {
    const struct oriel_session *session = &sessions->slots[i];
    if (is_live(session, now_ns) && oriel_secret_equal(&session->id, &secret))
      return session->serial;
  }
  return 0;
}

const struct oriel_session *oriel_sessions_get(const struct oriel_sessions *sessions, uint64_t serial,
                                               uint64_t now_ns) {
  for (size_t i = 0; serial && i < ORIEL_SESSIONS_MAX; i++) {
    if (sessions->slots[i].serial == serial)
      return is_live(&sessions->slots[i], now_ns) ? &sessions->slots[i] : NULL;
  }
  return NULL;
}

bool oriel_sessions_prove(const struct oriel_sessions *sessions, uint64_t serial, const char *secret, size_t size,
                          uint64_t now_ns) {
  const struct oriel_session *session = oriel_sessions_get(sessions, serial, now_ns);
  struct oriel_secret given;
  (void)oriel_secret_set(&given, secret, size);
  return session && size == ORIEL_SESSION_ID_SIZE && oriel_secret_equal(&session->secret, &given);
}

bool oriel_sessions_alive(const struct oriel_sessions *sessions, uint64_t serial, uint64_t now_ns) {
  return oriel_sessions_get(sessions, serial, now_ns) != NULL;
}

void oriel_sessions_remove(struct oriel_sessions *sessions, uint64_t serial) {
  for (size_t i = 0; serial && i < ORIEL_SESSIONS_MAX; i++) {
    if (sessions->slots[i].serial == serial)
      sessions->slots[i] = (struct oriel_session){0};
  }
}

size_t oriel_sessions_count(const struct oriel_sessions *sessions, uint64_t now_ns) {
  size_t count = 0;
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++)
    count += is_live(&sessions->slots[i], now_ns);
  return count;
}
