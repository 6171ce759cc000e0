/* SPDX-License-Identifier: MIT
 *
 * For tests of sound from inside a guest: its ends of the connections, tones, and the pace of sound.
 */
#ifndef ORIEL_TESTS_DESKTOP_GUEST_H
#define ORIEL_TESTS_DESKTOP_GUEST_H

#include <stddef.h>
#include <stdint.h>

/** Connected to the UNIX socket at `path`. */
int guest_dial(const char *path);
/** A datagram socket connected to that port of 127.0.0.1. */
int guest_dial_udp(uint16_t port);
/** A packet with its length in front. */
void guest_send(int fd, const void *bytes, size_t size);
/** `count` stereo frames of a tone of amplitude 0.25, from frame `from` on. */
void guest_tone(float *frames, size_t count, uint64_t from, double hz);
/** Amplitude of one frequency. */
double guest_level(const float *frames, size_t count, double hz);
/** The pace of sound, not a wait for something: until `frames` at 48 kHz have passed since `start_ns`. */
void guest_pace(uint64_t start_ns, uint64_t frames);

#endif
