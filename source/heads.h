/* SPDX-License-Identifier: MIT
 *
 * The heads of a machine: which of its consoles the guest uses now. A graphics card with several outputs has a console
 * for each from the start; a monitor is plugged into each of them here, and from then on it is the guest that switches
 * one on or off.
 *
 * Thread-safety: create and destroy by the owner; the callback comes on a thread of the source's.
 */
#ifndef ORIEL_SOURCE_HEADS_H
#define ORIEL_SOURCE_HEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oriel_source_heads;

enum { ORIEL_SOURCE_HEADS_MAX = 16 }; /* of one machine; a virtio card has no more outputs */

/** Another set of consoles is in use: a bit each, of 1 to ORIEL_SOURCE_HEADS_MAX - 1; console 0 is always there. Must
 *  not block or call destroy. */
typedef void oriel_source_heads_changed(void *user, uint32_t used);

/** Whether an address asks for all heads: "qemu:QMP-SOCKET?console=all". A source of that address is console 0. */
bool oriel_source_heads_wanted(const char *address);
/** The address of one of them. 0; -EINVAL: no such address; -ENAMETOOLONG. */
int oriel_source_head_address(const char *address, unsigned console, char *text, size_t size);
/** Watches, as long as it lives. A console that somebody looks at stays in use, also while its guest has switched it
 *  off; the others are looked at every few seconds. 0; -EINVAL, -ENOMEM, -EAGAIN (no thread). */
int oriel_source_heads_create(const char *address, oriel_source_heads_changed *changed, void *user,
                              struct oriel_source_heads **heads);
/** Waits for the callback to end, some ms. NULL is fine. */
void oriel_source_heads_destroy(struct oriel_source_heads *heads);

#endif
