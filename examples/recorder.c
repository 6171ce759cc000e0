/* SPDX-License-Identifier: MIT
 *
 * A recorder: recorder NAME FILE.wav SECONDS. Writes float32 WAV; stops early, with a complete file, when the device
 * ends. (On little-endian machines, which all of Oriel's are.)
 *
 *     cc recorder.c $(pkg-config --cflags --libs oriel-audio)
 */
#include <oriel/audio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS_MAX = 16, BLOCK = 1024 };

/* RIFF, fmt with format 3 (IEEE float), data. */
static void write_header(FILE *file, const struct oriel_audio_info *info, uint32_t frames) {
  const uint16_t channels = (uint16_t)info->channels, format = 3, bits = 32, align = (uint16_t)(4 * channels);
  const uint32_t bytes = frames * align, riff = 36 + bytes, fmt = 16, rate = info->rate, speed = rate * align;
  rewind(file);
  fwrite("RIFF", 4, 1, file), fwrite(&riff, 4, 1, file), fwrite("WAVEfmt ", 8, 1, file), fwrite(&fmt, 4, 1, file);
  fwrite(&format, 2, 1, file), fwrite(&channels, 2, 1, file), fwrite(&rate, 4, 1, file), fwrite(&speed, 4, 1, file);
  fwrite(&align, 2, 1, file), fwrite(&bits, 2, 1, file), fwrite("data", 4, 1, file), fwrite(&bytes, 4, 1, file);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s NAME FILE.wav SECONDS\n", argv[0]);
    return 2;
  }
  struct oriel_audio_reader *reader;
  struct oriel_audio_info info;
  int rc = oriel_audio_reader_open(argv[1], 0, &reader);
  if (rc < 0 || (rc = oriel_audio_reader_info(reader, &info)) < 0) {
    fprintf(stderr, "recorder: %s: %s\n", argv[1], oriel_audio_error_text(rc));
    return 1;
  }
  FILE *file = fopen(argv[2], "wb");
  if (!file) {
    perror(argv[2]);
    return 1;
  }
  write_header(file, &info, 0);
  uint32_t done = 0;
  for (uint32_t frames = (uint32_t)(atof(argv[3]) * info.rate); done < frames;) {
    float block[BLOCK * CHANNELS_MAX];
    const ssize_t got = oriel_audio_reader_read(reader, block, frames - done < BLOCK ? frames - done : BLOCK, 1000);
    if (got < 0) {
      fprintf(stderr, "recorder: %s: %s\n", argv[1], oriel_audio_error_text((int)got));
      break;
    }
    const size_t kept = fwrite(block, 4 * info.channels, (size_t)got, file);
    done += (uint32_t)kept;
    if (kept < (size_t)got) { /* the disk is full */
      perror(argv[2]);
      break;
    }
  }
  write_header(file, &info, done);
  oriel_audio_reader_close(reader);
  return fclose(file) ? 1 : 0;
}
