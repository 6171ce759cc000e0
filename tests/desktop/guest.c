/* SPDX-License-Identifier: MIT
 *
 * A guest's ends.
 */
#include "guest.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "core/clock.h"

#define TURN 6.283185307179586

int guest_dial(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
  return fd;
}

int guest_dial_udp(uint16_t port) {
  const struct sockaddr_in name = {
    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
  return fd;
}

void guest_send(int fd, const void *bytes, size_t size) {
  const uint8_t length[] = {(uint8_t)(size >> 8), (uint8_t)size};
  assert_int_equal(send(fd, length, 2, MSG_NOSIGNAL), 2);
  assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

void guest_tone(float *frames, size_t count, uint64_t from, double hz) {
  for (size_t i = 0; i < count; i++)
    frames[2 * i] = frames[2 * i + 1] = (float)(0.25 * sin(TURN * fmod(hz * (double)(from + i) / 48000, 1)));
}

double guest_level(const float *frames, size_t count, double hz) {
  double re = 0, im = 0;
  for (size_t i = 0; i < count; i++) {
    re += (double)frames[2 * i] * cos(TURN * hz * (double)i / 48000);
    im += (double)frames[2 * i] * sin(TURN * hz * (double)i / 48000);
  }
  return 2 * sqrt(re * re + im * im) / (double)count;
}

void guest_pace(uint64_t start_ns, uint64_t frames) {
  const uint64_t at_ns = start_ns + frames * ORIEL_NS_PER_SECOND / 48000;
  const struct timespec at = {
    .tv_sec = (time_t)(at_ns / ORIEL_NS_PER_SECOND), .tv_nsec = (long)(at_ns % ORIEL_NS_PER_SECOND),
  };
  while (oriel_clock_ns() < at_ns)
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}
