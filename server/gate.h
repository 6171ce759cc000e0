/* SPDX-License-Identifier: MIT
 *
 * Everything that must hold before a handler runs: host, origin, route, size, credential, own page. Thread-safety: the
 * loop thread only.
 */
#ifndef ORIEL_SERVER_GATE_H
#define ORIEL_SERVER_GATE_H

#include "server/request.h"

struct oriel_verdict {
  unsigned status; /* 0 = may pass */
  const char *sentence;
  const char *header, *value; /* extra, or NULL; `value` may point into the verdict */
  char text[64];
};

/** Judges a request by its headers; sets route, asset, credential and session. Counts failures. */
void oriel_gate_check(struct oriel_request *request, const char *method, struct oriel_verdict *verdict);
/** Refuses with 429 while the address is locked out for tokens; then status is set. */
void oriel_gate_limit(struct oriel_request *request, enum oriel_lockout_kind kind, struct oriel_verdict *verdict);
/** True when `token` is the server's; otherwise counts a failure. */
bool oriel_gate_token(struct oriel_request *request, const char *token, size_t size);
enum MHD_Result oriel_gate_refuse(struct oriel_request *request, const struct oriel_verdict *verdict);

#endif
