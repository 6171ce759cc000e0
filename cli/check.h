/* SPDX-License-Identifier: MIT
 *
 * Options that only this host can judge, before anything is started. Each returns an exit status other than 0 after it
 * printed what is wrong. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_CHECK_H
#define ORIEL_CLI_CHECK_H

#include "cli/options.h"

/** Beyond loopback only with TLS, or where --insecure says so. */
int oriel_check_exposure(const struct oriel_options *options);
/** The encoder that is asked for works; otherwise a wrong name would show only when the first viewer comes. */
int oriel_check_encoder(const struct oriel_desktop_options *options);

#endif
