/* SPDX-License-Identifier: MIT
 *
 * The rows of the option table that a desktop has: set, inherited, copied, compared. Thread-safety: none.
 */
#ifndef ORIEL_CLI_DESKTOP_VALUES_H
#define ORIEL_CLI_DESKTOP_VALUES_H

#include "cli/desktop_options.h"

/** Sets row `index` of the option table from `text`; `shown` is the option as the user wrote it. 0; -EINVAL, -ENOMEM
 *  with a sentence in `why`. */
int oriel_desktop_options_set(struct oriel_desktop_options *desktop, int index, const char *shown, const char *text,
                              char *why, size_t why_size);
/** Copies what was not given from `defaults`. 0, -ENOMEM. */
int oriel_desktop_options_inherit(struct oriel_desktop_options *desktop, const struct oriel_desktop_options *defaults);
/** Whether several desktops can have these defaults: 0; -EINVAL with a sentence in `why` about an address of which each
 *  needs its own. */
int oriel_desktop_defaults_check(const struct oriel_desktop_options *defaults, char *why, size_t why_size);
/** A deep copy into `copy`, which is overwritten. 0; -ENOMEM, then there is nothing to finish. */
int oriel_desktop_options_copy(const struct oriel_desktop_options *desktop, struct oriel_desktop_options *copy);
/** Same name, address and values; where they were given does not matter. */
bool oriel_desktop_options_equal(const struct oriel_desktop_options *a, const struct oriel_desktop_options *b);

#endif
