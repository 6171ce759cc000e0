/* SPDX-License-Identifier: MIT
 *
 * SCTP for data channels (RFC 8831, RFC 8261): associations whose packets are records of DTLS. The protocol is
 * usrsctp's, which is known to sctp.c alone; what is here are packets, messages and times.
 *
 * The library is global: one set of associations and one list of timers for the process, made with the first
 * association and kept until the process ends. So all associations belong to one thread at a time, and the time that
 * is passed in is one clock's: whoever ticks lets the timers of all go on, whose packets then wait in each of them.
 * The library keeps no socket open and sees no address but a number that says whose a packet is; its only thread
 * sleeps, see docs/threads.md.
 *
 * What a peer can make of an association is bounded: by sctp_front.h, what it is made of; ORIEL_SCTP_STREAMS streams
 * in each direction; one message of ORIEL_SCTP_MESSAGE_MAX that comes, beside ORIEL_SCTP_WINDOW bytes of others;
 * 24 packets that wait to leave, beyond which the library is told to wait; and 4,000 a second that come, beyond which
 * they are lost.
 *
 * Thread-safety: none; one thread for all of them.
 */
#ifndef ORIEL_WEBRTC_SCTP_H
#define ORIEL_WEBRTC_SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_SCTP_PACKET_MAX = 1136, /* bytes of one that leaves: a record of ORIEL_DTLS_MTU has room for them */
  ORIEL_SCTP_STREAMS = 64,
  ORIEL_SCTP_MESSAGE_MAX = 1024 * 1024,
  ORIEL_SCTP_WINDOW = 64 * 1024,
  ORIEL_SCTP_PORT = 5000, /* ours; nobody sees it but the peer */
  ORIEL_SCTP_MAX = 256,   /* associations of the process */
};

enum oriel_sctp_state { ORIEL_SCTP_CONNECTING, ORIEL_SCTP_OPEN, ORIEL_SCTP_CLOSED };

struct oriel_sctp;

/** What came of a stream. */
struct oriel_sctp_message {
  bool reset;          /* the peer ended the stream, and nothing more comes of it; else a message */
  uint16_t stream;     /* 0 to ORIEL_SCTP_STREAMS - 1 */
  uint32_t kind;       /* payload protocol identifier */
  const uint8_t *data; /* borrowed until the next call that names the association */
  size_t size;
};

/** Begins one with a peer of this port; its first packet waits. 0; -ENOMEM; -ENOSPC: there are ORIEL_SCTP_MAX. */
int oriel_sctp_create(uint16_t port, uint64_t now_ns, struct oriel_sctp **sctp);
/** Ends it without a word: DTLS says that it ends. NULL is fine. */
void oriel_sctp_destroy(struct oriel_sctp *sctp);

/** Takes a packet; afterwards ask for messages, then for packets. */
void oriel_sctp_receive(struct oriel_sctp *sctp, const uint8_t *data, size_t size, uint64_t now_ns);
/** Time goes on, for all of them: to be called each 50 ms or so. */
void oriel_sctp_tick(uint64_t now_ns);
/** The next packet to send, at most ORIEL_SCTP_PACKET_MAX bytes: its size; 0 = none. */
size_t oriel_sctp_next(struct oriel_sctp *sctp, uint8_t *packet);
/** Whether there is one. */
bool oriel_sctp_has_packet(const struct oriel_sctp *sctp);

/** The next message, or end of a stream; false: there is none now. */
bool oriel_sctp_take(struct oriel_sctp *sctp, struct oriel_sctp_message *message);
/** Whether there may be one. */
bool oriel_sctp_has_message(const struct oriel_sctp *sctp);
/** Queues a message of 1 to ORIEL_SCTP_MESSAGE_MAX bytes, which is sent until it arrives; `unordered`: it may overtake
 *  others. 0; -EAGAIN: too much waits, try again when packets have left and come; -EMSGSIZE; -ENOTCONN. */
int oriel_sctp_send(struct oriel_sctp *sctp, uint16_t stream, uint32_t kind, bool unordered, const void *data,
                    size_t size);
/** Ends our side of a stream, once what waits in it has arrived; where the peer has no such stream, nothing. */
void oriel_sctp_reset(struct oriel_sctp *sctp, uint16_t stream);

enum oriel_sctp_state oriel_sctp_state(const struct oriel_sctp *sctp);
/** Packets that were dropped: malformed, of a kind that is not used here, or too many. */
uint64_t oriel_sctp_dropped(const struct oriel_sctp *sctp);

#endif
