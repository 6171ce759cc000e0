/* SPDX-License-Identifier: MIT
 *
 * How old the oldest sound is that was sent on a stream and that nobody has read: a guest that sleeps leaves it in
 * buffers, and would hear it when it wakes. A peer that gives credit (docs/protocols/audio.md) tells itself; of others
 * the kernel is asked what waits on this side: SIOCOUTQ of UNIX sockets, TCP and (from Linux 6.12) vsock, TIOCOUTQ of
 * terminals, SO_NWRITE on macOS. One owner, one thread.
 */
#ifndef ORIEL_SOURCE_GUEST_UNREAD_H
#define ORIEL_SOURCE_GUEST_UNREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUEST_UNREAD_PACKETS = 128 };

/** One connection. All zero: nothing was sent. */
struct guest_unread {
  uint64_t bytes, packets, credits; /* sent; packets that the peer says it has read, 0 = it never said so */
  /* when each was, and bytes up to its end; by packet number */
  struct { uint64_t ns, end; } sent[GUEST_UNREAD_PACKETS];
};

void guest_unread_sent(struct guest_unread *unread, size_t size, uint64_t now_ns);
/** The peer has read so many more packets; more than were sent are none. */
void guest_unread_credit(struct guest_unread *unread, size_t packets);
/** When the oldest packet was sent that is still unread, of which `waiting` bytes wait on this side; 0 = none is. */
uint64_t guest_unread_since(const struct guest_unread *unread, uint64_t waiting);
/** Bytes that wait on this side of `fd`; 0 where nobody knows. */
uint64_t guest_unread_waiting(int fd);
/** How much longer than in no time a byte and its answer are on their way: twice what TCP measured, else 0. */
uint64_t guest_unread_way_ns(int fd);

#endif
