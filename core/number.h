/* SPDX-License-Identifier: MIT
 *
 * Whole numbers in text. Thread-safety: any; no state.
 */
#ifndef ORIEL_CORE_NUMBER_H
#define ORIEL_CORE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/** A number of decimal digits alone, without sign or blanks, within [least, most]; `text` need not end with a zero. 0;
 *  -EINVAL with *number untouched. */
int oriel_number_parse(const char *text, size_t size, uint32_t least, uint32_t most, uint32_t *number);

#endif
