/* SPDX-License-Identifier: MIT
 *
 * The head of a request as its bytes came. libmicrohttpd 0.9 ends every text at its first zero byte, ends lines at a
 * lone CR or LF, joins folded lines and takes "Host :" for another header: two readers of one request, a proxy and we,
 * could then disagree on where it ends or whom it is for. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_HEAD_H
#define ORIEL_SERVER_HEAD_H

#include "server/request.h"

/** True when the head is nothing but its request line and its fields, each ended by CRLF with single spaces in the
 *  former, token names and no control characters in the latter (RFC 9112 sections 3 and 5). From libmicrohttpd 1.0 on,
 *  which refuses the rest by itself, always true. `method` is the one that libmicrohttpd passed. */
bool oriel_head_plain(const struct oriel_request *request, const char *method);

#endif
