/* SPDX-License-Identifier: MIT
 *
 * Errors that are no fault of what was asked for: the system, or a limit of this process, had no more descriptors,
 * memory or processes. They may be over in a moment. Thread-safety: stateless.
 */
#ifndef ORIEL_CORE_SHORTAGE_H
#define ORIEL_CORE_SHORTAGE_H

#include <stdbool.h>

/** Whether an error (positive, as errno has it) is such a one. */
bool oriel_shortage_is(int error);
/** What to do about it, as the end of a sentence: "raise the limit of open files (ulimit -n)"; for other errors "see
 *  what the system says about it". Static. */
const char *oriel_shortage_advice(int error);

#endif
