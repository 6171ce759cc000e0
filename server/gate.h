/* SPDX-License-Identifier: MIT
 *
 * Everything that must hold before a handler runs: host, origin, route, size, credential, party, own page.
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_GATE_H
#define ORIEL_SERVER_GATE_H

#include "server/login.h"
#include "server/public.h"
#include "server/request.h"

struct oriel_verdict {
  unsigned status; /* 0 = may pass */
  const char *sentence;
  const char *header, *value; /* extra, or NULL; `value` may point into the verdict */
  char text[ORIEL_PUBLIC_PATH_MAX + ORIEL_MOUNT_NAME_MAX + 8], reason[400];
};

/** Makes it a refusal; the sentence is static, or in the verdict. */
void oriel_verdict_refuse(struct oriel_verdict *verdict, unsigned status, const char *sentence);
/** Judges a request by its headers; sets route, asset, mount, credential and session. Counts failures. */
void oriel_gate_check(struct oriel_request *request, const char *method, struct oriel_verdict *verdict);
/** What the token that a request shows is good for. A right one passes whatever came before from its address: it cannot
 *  be guessed, so a lock-out would only hit its user. A wrong one is counted, logged and 401, after too many 429; then
 *  status is set. */
enum oriel_right oriel_gate_token(struct oriel_request *request, const char *token, size_t size,
                                  struct oriel_login_key *key, struct oriel_verdict *verdict);
/** Who asks, by cookie or bearer: sets credential, session, opener, all and party, or refuses. Counts failures. */
void oriel_gate_identify(struct oriel_request *request, struct oriel_verdict *verdict);
/** Answers with the verdict. */
enum MHD_Result oriel_gate_refuse(struct oriel_request *request, const struct oriel_verdict *verdict);

#endif
