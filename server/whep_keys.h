/* SPDX-License-Identifier: MIT
 *
 * Keys by the names that browsers give them (W3C UI Events: KeyboardEvent.code and .key). Pure.
 *
 * Thread-safety: stateless.
 */
#ifndef ORIEL_SERVER_WHEP_KEYS_H
#define ORIEL_SERVER_WHEP_KEYS_H

#include <stdint.h>

/** The number of a key as a KEY message has it, see source/input.h; 0 = none is known. `code` says where the key lies.
 *  Where it is "" or "Unidentified", `key` says what it does: its name, or the character that it types on a US
 *  keyboard, with Shift or without, which is the sender's to press. */
uint16_t oriel_whep_key(const char *code, const char *key);

#endif
