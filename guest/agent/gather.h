/* SPDX-License-Identifier: MIT
 *
 * Bytes of a text that its owner gives piece by piece, up to 1 MiB and until a point in time. Wiped before they are
 * freed: they may be a password that nobody marked. Thread-safety: one object, one thread.
 */
#ifndef ORIEL_GUEST_AGENT_GATHER_H
#define ORIEL_GUEST_AGENT_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/agent/selection.h"

/** Zero-initialised. */
struct agent_gather {
  uint8_t *bytes;
  size_t size, room;
  uint64_t due_ns; /* 0 = nothing is gathered */
};

/** Begins afresh; AGENT_SELECTION_PATIENCE_MS count from here. */
void agent_gather_begin(struct agent_gather *gather, uint64_t now_ns);
bool agent_gather_is_on(const struct agent_gather *gather);
/** True when its time is over. */
bool agent_gather_is_due(const struct agent_gather *gather, uint64_t now_ns);
/** 0; -EMSGSIZE: more than a text may have; -ENOMEM. */
int agent_gather_add(struct agent_gather *gather, const void *bytes, size_t size);
/** What has come was something else: the text comes next, in the time that is left. */
void agent_gather_restart(struct agent_gather *gather);
/** All has come: whether it is exactly `word`. */
bool agent_gather_is(const struct agent_gather *gather, const char *word);
/** All has come: ends it and tells the sink. */
void agent_gather_tell(struct agent_gather *gather, const struct agent_selection_sink *sink);
/** Ends it and frees what there is. */
void agent_gather_end(struct agent_gather *gather);
/** Lowers *timeout_ms (-1 = never) to the milliseconds left until `due_ns`; 0 = it is not due. */
void agent_gather_earlier(int *timeout_ms, uint64_t due_ns, uint64_t now_ns);

#endif
