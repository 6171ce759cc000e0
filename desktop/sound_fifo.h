/* SPDX-License-Identifier: MIT
 *
 * The source's own frames on their way to the audio thread, with the times of their capture: a lock-free ring of 1.3 s,
 * whose memory is taken as sound passes.
 *
 * Thread-safety: write from the source's data thread alone: no lock, no allocation, no system call. flush, level and
 * overruns from any thread, the rest from the audio thread. Frames are interleaved stereo at 48 kHz.
 */
#ifndef ORIEL_DESKTOP_SOUND_FIFO_H
#define ORIEL_DESKTOP_SOUND_FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oriel_sound_fifo;

/** 0, -ENOMEM. */
int oriel_sound_fifo_create(struct oriel_sound_fifo **fifo);
/** NULL is fine. */
void oriel_sound_fifo_destroy(struct oriel_sound_fifo *fifo);

/** Appends frames of which the first was captured at `captured_ns`. Sound comes in real time, but for a backlog of
 *  800 ms: what is more is left out, as what finds no room is. False when all of it was. */
bool oriel_sound_fifo_write(struct oriel_sound_fifo *fifo, const float *frames, size_t count, uint64_t captured_ns,
                            uint64_t now_ns);
/** What is in the ring at the next write is a former listener's: nobody hears it. */
void oriel_sound_fifo_flush(struct oriel_sound_fifo *fifo);
/** Frames that wait. */
size_t oriel_sound_fifo_level(const struct oriel_sound_fifo *fifo);
/** How often frames were left out: too many at once, no room, or too late to hear. */
uint64_t oriel_sound_fifo_overruns(const struct oriel_sound_fifo *fifo);

/* ---- audio thread ---- */

/** Drops what was flushed. */
void oriel_sound_fifo_settle(struct oriel_sound_fifo *fifo);
/** Drops everything. */
void oriel_sound_fifo_clear(struct oriel_sound_fifo *fifo);
/** Drops the oldest of what waits beyond 60 ms, which is too late to hear (lesson 27). */
void oriel_sound_fifo_trim(struct oriel_sound_fifo *fifo);
/** Frames that have arrived so far, those dropped here included. */
uint64_t oriel_sound_fifo_arrived(const struct oriel_sound_fifo *fifo);
/** When the next frame was captured. */
uint64_t oriel_sound_fifo_captured_ns(const struct oriel_sound_fifo *fifo);
/** How many of the next `count` frames, there or to come, belong together: fewer when sound stopped within and began
 *  again. */
size_t oriel_sound_fifo_coherent(struct oriel_sound_fifo *fifo, size_t count);
/** Takes up to `count` frames; returns how many there were. */
size_t oriel_sound_fifo_take(struct oriel_sound_fifo *fifo, float *frames, size_t count);

#endif
