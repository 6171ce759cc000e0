/* SPDX-License-Identifier: MIT
 *
 * The session table. Loop thread.
 */
#include "server/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/clock.h"

int oriel_sessions_init(struct oriel_sessions *sessions) {
  sessions->slots = calloc(ORIEL_SESSIONS_MAX, sizeof *sessions->slots);
  sessions->next_serial = 1;
  return sessions->slots ? 0 : -ENOMEM;
}

void oriel_sessions_finish(struct oriel_sessions *sessions) {
  free(sessions->slots);
  sessions->slots = NULL;
}

static bool is_live(const struct oriel_session *session, uint64_t now_ns) {
  return session->serial != 0 && session->expires_ns > now_ns;
}

int oriel_sessions_create(struct oriel_sessions *sessions, uint64_t now_ns, char id[ORIEL_SESSION_ID_SIZE + 1]) {
  uint8_t random[ORIEL_SESSION_ID_SIZE / 2];
  if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
    return errno ? -errno : -EIO;
  struct oriel_session *slot = &sessions->slots[0];
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++) {
    struct oriel_session *candidate = &sessions->slots[i];
    if (!is_live(candidate, now_ns)) {
      slot = candidate;
      break;
    }
    if (candidate->expires_ns < slot->expires_ns)
      slot = candidate;
  }
  for (size_t i = 0; i < sizeof random; i++)
    snprintf(id + 2 * i, 3, "%02x", random[i]);
  oriel_secret_set(&slot->id, id, ORIEL_SESSION_ID_SIZE);
  slot->expires_ns = now_ns + ORIEL_SESSION_SECONDS * ORIEL_NS_PER_SECOND;
  slot->serial = sessions->next_serial++;
  return 0;
}

uint64_t oriel_sessions_find(const struct oriel_sessions *sessions, const char *id, size_t size, uint64_t now_ns) {
  if (size != ORIEL_SESSION_ID_SIZE)
    return 0;
  struct oriel_secret secret;
  oriel_secret_set(&secret, id, size);
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++) {
    const struct oriel_session *session = &sessions->slots[i];
    if (is_live(session, now_ns) && oriel_secret_equal(&session->id, &secret))
      return session->serial;
  }
  return 0;
}

bool oriel_sessions_alive(const struct oriel_sessions *sessions, uint64_t serial, uint64_t now_ns) {
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++) {
    if (sessions->slots[i].serial == serial)
      return is_live(&sessions->slots[i], now_ns);
  }
  return false;
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
