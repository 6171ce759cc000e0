/* SPDX-License-Identifier: MIT
 *
 * The token that opens a desktop, and files that hold secrets. Thread-safety: reentrant.
 */
#ifndef ORIEL_CLI_SECRET_H
#define ORIEL_CLI_SECRET_H

#include <stddef.h>

#include "cli/options.h"

enum { ORIEL_TOKEN_SIZE = 513 }; /* 16 to 512 bytes and the NUL */

/** Reads a whole file of at most `limit` bytes into a new NUL-terminated string (the caller frees). Warns in the log
 *  when `secret` and others than its owner may read it. 0, -errno, -EFBIG; `why` then names `what` ("token file") and
 *  the path. */
int oriel_file_read(const char *what, const char *path, size_t limit, bool secret, char **text, char *why,
                    size_t why_size);

/** The warning by itself, for a file that is found to hold secrets. */
void oriel_file_warn_readable(const char *what, const char *path);

/** The token from the options, from the token file, or 256 new random bits as 43 characters of base64url. 0; -EINVAL
 *  (16 to 512 printable characters without spaces are allowed), or errors of oriel_file_read. */
int oriel_token_choose(const struct oriel_options *options, char token[ORIEL_TOKEN_SIZE], char *why, size_t why_size);

/** The same for the token that only lets watch, from --view-token and --view-token-file. */
int oriel_view_token_choose(const struct oriel_options *options, char token[ORIEL_TOKEN_SIZE], char *why,
                            size_t why_size);

/** The same for the one that adds and removes desktops; "" = there is none, unless it was given. */
int oriel_admin_token_choose(const struct oriel_options *options, char token[ORIEL_TOKEN_SIZE], char *why,
                             size_t why_size);

/** The secret shared with TURN servers; "" = there is none, unless it was given. */
int oriel_turn_secret_choose(const struct oriel_options *options, char secret[ORIEL_TOKEN_SIZE], char *why,
                             size_t why_size);

/** Those of one desktop alone, from what it was given; "" = it has none. As above. */
int oriel_desktop_tokens(const struct oriel_desktop_options *desktop, char token[ORIEL_TOKEN_SIZE],
                         char view_token[ORIEL_TOKEN_SIZE], char *why, size_t why_size);

/** Writes `token` as it must stand in a URL's fragment: percent-encoded. Cut at `size`. */
void oriel_token_encode(const char *token, char *text, size_t size);

#endif
