/* SPDX-License-Identifier: MIT
 *
 * Which failure of a connection deserves a line of log: the first of each reason since sound last flowed. The others
 * are counted; a peer that is away for a night is one line. Thread-safety: one object, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_FAILURE_H
#define ORIEL_GUEST_AGENT_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct agent_failure {
  uint64_t count;
  const char *why; /* static; NULL = none was told since the connection */
};

static inline void agent_failure_connected(struct agent_failure *failure) {
  failure->why = NULL;
}

/** `count` failures so far, the last of them for `why` (static, NULL: the peer closed). Returns the reason to be told,
 * or NULL. */
static inline const char *agent_failure_news(struct agent_failure *failure, uint64_t count, const char *why) {
  const char *reason = why ? why : "the peer closed";
  if (count == failure->count)
    return NULL;
  failure->count = count;
  if (failure->why && strcmp(failure->why, reason) == 0)
    return NULL;
  return failure->why = reason;
}

#endif
