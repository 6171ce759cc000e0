/* SPDX-License-Identifier: MIT
 *
 * A page of metrics in Prometheus' text format 0.0.4, in which all samples of a family stand together, whichever of
 * several desktops they are of. Thread-safety: none; a sheet has one owner.
 */
#ifndef ORIEL_SERVER_METRIC_SHEET_H
#define ORIEL_SERVER_METRIC_SHEET_H

#include <stddef.h>
#include <stdint.h>

enum { ORIEL_SHEET_FAMILIES_MAX = 160 };

struct oriel_sheet;

/** NULL when memory is short. */
struct oriel_sheet *oriel_sheet_create(void);
/** NULL is fine. */
void oriel_sheet_destroy(struct oriel_sheet *sheet);
/** Whose the samples from here on are, as the label "desktop"; NULL = without it. Borrowed until the next call. */
void oriel_sheet_desktop(struct oriel_sheet *sheet, const char *desktop);
/** The family of the samples from here on, by its name in full. One that was begun before goes on, with the help that
 *  it began with; NULL = none. All static. */
void oriel_sheet_family(struct oriel_sheet *sheet, const char *name, const char *type, const char *help);
/** A sample: the family's name with `suffix`, and `labels` as they stand in braces; both may be "". */
void oriel_sheet_number(struct oriel_sheet *sheet, const char *suffix, const char *labels, uint64_t value);
/** The same with digits behind the point, 0 to 9. */
void oriel_sheet_real(struct oriel_sheet *sheet, const char *suffix, const char *labels, int digits, double value);
/** All of it, owned by the caller (free); NULL when memory was short at any time. */
char *oriel_sheet_text(struct oriel_sheet *sheet, size_t *size);

#endif
