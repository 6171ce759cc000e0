/* SPDX-License-Identifier: MIT
 *
 * What a page does to get in: logs in, and proves at each request and in the WebSocket's first message who it is. The
 * test's thread only.
 */
#ifndef ORIEL_TESTS_SERVER_PAGE_H
#define ORIEL_TESTS_SERVER_PAGE_H

#include "rig.h"

enum { PAGE_HEADERS_MAX = 1024 };

/** Logs in; `headers` gets the lines of a page that does: cookie, second secret, origin. */
void page_login(const struct rig *rig, const char *token, char *headers, size_t size);
/** Their first line: the cookie alone. */
const char *page_cookie(const char *headers, char *cookie, size_t size);
/** The secret in them; what follows it is another line. */
const char *page_secret(const char *headers);
/** A WebSocket as a page opens it, by cookie and origin. */
int page_open(const struct rig *rig, const char *headers);
/** Sends AUTHENTICATE. */
void page_authenticate(int fd, const char *secret);
/** Opens it, says who it is and hello, and waits until the server has answered. */
int page_join(const struct rig *rig, const char *headers, bool controls);

#endif
