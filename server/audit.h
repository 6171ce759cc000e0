/* SPDX-License-Identifier: MIT
 *
 * The trail of who came, was refused, took the controls or commanded the machine: one info line each, whose form
 * docs/security.md promises to filters. Never a token. Thread-safety: any thread.
 */
#ifndef ORIEL_SERVER_AUDIT_H
#define ORIEL_SERVER_AUDIT_H

#include <stddef.h>

/** "audit: EVENT address=ADDRESS desktop=NAME DETAILS". `address` as oriel_address_text writes it; its port is left
 *  out. `desktop`: the one that the client named; NULL = none, and no such field. What the other side chose itself must
 *  have gone through oriel_audit_sanitize and stand in quotes at the end. */
void oriel_audit(const char *event, const char *address, const char *desktop, const char *format, ...)
  __attribute__((format(printf, 4, 5)));
/** Copies a name without what could pass for another field or line: quotes, '=', backslashes, control characters. */
void oriel_audit_sanitize(const char *name, char *clean, size_t size);

#endif
