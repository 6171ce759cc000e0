/* SPDX-License-Identifier: MIT
 *
 * A visit to a running oriel, as a browser makes one: the page, the numbers, a picture as PNG, a session of WHEP made
 * and ended, and a WebSocket until it has brought pictures.
 */
#ifndef ORIEL_TESTS_TORTURE_VISIT_H
#define ORIEL_TESTS_TORTURE_VISIT_H

/** `address` is the text after "ready: ", "http://127.0.0.1:PORT/" or "https:…", with any
 *  certificate; the token is in ORIEL_TOKEN. NULL, or what did not
 *  work. */
const char *visit(const char *address);

#endif
