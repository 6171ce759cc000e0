/* SPDX-License-Identifier: MIT
 *
 * Descriptors 0, 1 and 2 at the start of a program. Thread-safety: main thread, before there are others.
 */
#ifndef ORIEL_CORE_STREAMS_H
#define ORIEL_CORE_STREAMS_H

/** Opens /dev/null in the place of each of the three that the program was started without. Otherwise the next socket or
 *  file would take its number: what is printed then goes to a viewer, and libuv aborts. 0 or -errno. */
int oriel_streams_open(void);

#endif
