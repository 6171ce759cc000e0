/* SPDX-License-Identifier: MIT
 *
 * The tests' side of their CoreFoundation: what is alive, and what was done wrong.
 *
 * Faults noted: releasing or using an object after its last release, NULL where the system crashes, an index out of
 * range, an object of another type than the function takes. The memory of released objects is kept for a while, so that
 * a late use is noted rather than undefined. Thread-safety: any thread.
 */
#ifndef ORIEL_TESTS_DARWIN_CF_H
#define ORIEL_TESTS_DARWIN_CF_H

#include <stddef.h>
#include <stdint.h>

#include <CoreFoundation/CoreFoundation.h>

/** Objects alive that can die (constants do not count). */
size_t cf_live(void);
/** A mark for cf_report_since. */
uint64_t cf_mark(void);
/** Describes the objects made since the mark that are still alive, one per line. Returns how many. */
size_t cf_report_since(uint64_t mark, char *text, size_t size);
size_t cf_fault_count(void);
/** The last fault in words, or "". Borrowed until the next. */
const char *cf_fault_text(void);
void cf_faults_reset(void);
/** The bundle that CFBundleGetBundleWithIdentifier finds; the strings are copied. NULL path forgets it. */
void cf_bundle_set(const char *identifier, const char *path);
/** A property list as XML text, NULL if the object is none. Owned: free(). */
char *cf_plist_text(CFPropertyListRef list);
CFPropertyListRef cf_plist_parse(const char *text, size_t size);

#endif
