/* SPDX-License-Identifier: MIT
 *
 * A level meter: meter NAME [UPDATES]. Prints the peak of each channel ten times a second, in dB below full scale,
 * until UPDATES lines are printed or the device ends.
 *
 *     cc meter.c $(pkg-config --cflags --libs oriel-audio) -lm
 */
#include <math.h>
#include <oriel/audio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHANNELS_MAX = 16, BLOCK = 1024 };

static int fail(const char *name, int error) {
  fprintf(stderr, "meter: %s: %s\n", name, oriel_audio_error_text(error));
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s NAME [UPDATES]\n", argv[0]);
    return 2;
  }
  struct oriel_audio_reader *reader;
  struct oriel_audio_info info;
  int rc = oriel_audio_reader_open(argv[1], 0, &reader);
  if (rc < 0 || (rc = oriel_audio_reader_info(reader, &info)) < 0)
    return fail(argv[1], rc);
  for (long left = argc > 2 ? atol(argv[2]) : -1; left && rc >= 0; left -= left > 0) {
    float peak[CHANNELS_MAX] = {0}, frames[BLOCK * CHANNELS_MAX];
    for (size_t missing = info.rate / 10; missing && rc >= 0;) {
      const size_t count = missing < BLOCK ? missing : BLOCK;
      struct pollfd ready = {.fd = oriel_audio_reader_fd(reader), .events = POLLIN};
      oriel_audio_reader_arm(reader, count); /* an error polls readable too, and read tells it */
      poll(&ready, 1, 1000);
      const ssize_t got = oriel_audio_reader_read(reader, frames, count, 0);
      for (size_t i = 0; got > 0 && i < (size_t)got * info.channels; i++)
        peak[i % info.channels] = fmaxf(peak[i % info.channels], fabsf(frames[i]));
      rc = got < 0 ? (int)got : 0;
      missing -= got > 0 ? (size_t)got : 0;
    }
    for (uint32_t i = 0; i < info.channels && rc >= 0; i++)
      printf("%7.1f", 20 * log10f(fmaxf(peak[i], 1e-6f)));
    printf(rc < 0 ? "" : " dB\n");
    fflush(stdout);
  }
  oriel_audio_reader_close(reader);
  return rc < 0 ? fail(argv[1], rc) : 0;
}
