/* SPDX-License-Identifier: MIT
 *
 * Transport-wide feedback as a receiver writes it, for tests: what arrived when, in the shortest of three forms.
 */
#ifndef ORIEL_TESTS_WEBRTC_FEEDBACK_H
#define ORIEL_TESTS_WEBRTC_FEEDBACK_H

#include <stddef.h>
#include <stdint.h>

#define FEEDBACK_LOST INT64_MIN

/** Writes a whole RTCP packet about `count` packets from `base` on; `arrived_us[i]` or FEEDBACK_LOST. Times of one
 *  feedback lie within what its form can say. The bytes written. */
size_t feedback_write(uint8_t *data, size_t size, uint8_t number, uint16_t base, const int64_t *arrived_us,
                      size_t count);

#endif
