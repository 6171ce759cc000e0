/* SPDX-License-Identifier: MIT
 *
 * Options that only this host can judge, before anything is started. An exit status other than 0 comes after what is
 * wrong was printed, or with it in `why`. Thread-safety: those with a `why`: any thread; the other: main thread.
 */
#ifndef ORIEL_CLI_CHECK_H
#define ORIEL_CLI_CHECK_H

#include "cli/options.h"

/** Beyond loopback only with TLS, or where --insecure says so. */
int oriel_check_exposure(const struct oriel_options *options);
/** The encoder that is asked for works; otherwise a wrong name would show only when the first viewer comes. It may take
 *  0.2 s. Nothing is printed: `why` (at least 512 bytes) is the sentence. */
int oriel_check_encoder(const struct oriel_desktop_options *options, char *why, size_t why_size);
/** Its address is one, and its encoder is of the table: what takes no time. 0; -EINVAL and others, with a sentence in `why`
 *  (at least 512 bytes). */
int oriel_check_order(const struct oriel_desktop_options *options, char *why, size_t why_size);
/** Its address is one, and its encoder works, which may take 0.2 s. 0; -EINVAL and others, with a sentence in `why` (at least 512 bytes). */
int oriel_check_desktop(const struct oriel_desktop_options *options, char *why, size_t why_size);

#endif
