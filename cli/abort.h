/* SPDX-License-Identifier: MIT
 *
 * The last word when a library below ends the program: libuv and GLib end it when they get no memory, thread or
 * descriptor, libuv without a word. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_ABORT_H
#define ORIEL_CLI_ABORT_H

/** From now on abort(), and GLib's trap, print one line that says what it most likely means, and end the program with
 *  status 1; where core files are wanted (ulimit -c) they still leave one. A SIGABRT from outside does what it always
 *  did. */
void oriel_abort_catch(void);

#endif
