/* SPDX-License-Identifier: MIT
 *
 * The content security policy: everything comes from our own origin; no inline style, no frames, no plug-ins, no forms
 * that leave, and no inline script but the one that the build put into the page, which is named by its hash.
 * Thread-safety: stateless.
 */
#ifndef ORIEL_SERVER_POLICY_H
#define ORIEL_SERVER_POLICY_H

#include <stddef.h>

enum { ORIEL_POLICY_MAX = 512 };

/** For everything but a page with a script in it. Static. */
extern const char oriel_policy[];
/** For a page (its text need not end with a zero byte): with the hash of what stands between its first "<script>" and
 *  "</script>", if anything does. 0, -ENOMEM. */
int oriel_policy_of(const void *page, size_t size, char policy[ORIEL_POLICY_MAX]);

#endif
