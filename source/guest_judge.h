/* SPDX-License-Identifier: MIT
 *
 * What a sender sends although its address says otherwise: bytes in another order, samples of another size, another
 * rate, a length in front of a datagram, what is no Opus. All of it has a form that passes, and would be full-scale
 * noise; so it is recognised by what no sound does, not heard, and named. Pure; whoever owns the values has the thread.
 */
#ifndef ORIEL_SOURCE_GUEST_JUDGE_H
#define ORIEL_SOURCE_GUEST_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUEST_FAULT_SIZE = 120 };

/** One sender. All zero: nothing came yet. */
struct guest_judge {
  char fault[GUEST_FAULT_SIZE]; /* what it does, as a sentence goes on behind "the peer"; empty = nothing wrong */
  unsigned strange;             /* packets that no sound is, less those that may be */
  unsigned framed;              /* datagrams in a row with their length in front */
  /* PCM: two seconds at a time. */
  uint64_t window_ns, frames;   /* when it began (0 = none has), what came since */
  uint64_t last_ns;
  uint64_t loud, samples;       /* beyond full scale; not silent */
  unsigned off, fine, clipping; /* windows in a row: at another rate, at ours, mostly clipped */
  uint32_t rate;                /* that of `off` */
  /* Opus: 25 packets at a time. */
  unsigned packets, long_ones, apart; /* of them: more than silence; with too long a gap before them */
  uint64_t begun_ns;
  bool regular;                 /* packets came as often as they are long */
};

/** A packet of 32-bit floats, `frames` of them with those that are known to be lost before it. True: it may be
 *  heard. */
bool guest_judge_pcm(struct guest_judge *judge, const uint8_t *bytes, size_t size, uint64_t frames, uint64_t now_ns);
/** A well-formed packet of Opus, of so many frames. True: it may be heard. */
bool guest_judge_opus(struct guest_judge *judge, const uint8_t *bytes, size_t size, unsigned frames, bool is_datagram,
                      uint64_t now_ns);
/** What bytes that are no Opus may be: a text to go on with, "" where they look like nothing known. */
const char *guest_judge_guess(const uint8_t *bytes, size_t size);

#endif
