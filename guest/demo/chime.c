/* SPDX-License-Identifier: MIT
 *
 * chime: plays a known melody on the default ALSA device, for ears and for tests that measure it at the other end.
 *
 *   note  frequency   starts at
 *   C5     523.25 Hz     0 ms
 *   E5     659.26 Hz   400 ms
 *   G5     783.99 Hz   800 ms
 *   C6    1046.50 Hz  1200 ms
 *
 * Each note lasts 400 ms: a pure sine of -12 dBFS (0.2512 of full scale) that fades in and out over 10 ms, so that no
 * click blurs the spectrum. 48 kHz, 16 bit, the same on both channels. One thread.
 */
#include <alsa/asoundlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  RATE_HZ = 48000,
  NOTE_FRAMES = RATE_HZ * 400 / 1000,
  FADE_FRAMES = RATE_HZ * 10 / 1000,
  NOTES = 4,
  LATENCY_US = 200000, /* of ALSA's buffer: enough for a guest whose CPU is emulated */
  LOOP_MAX = 1000000,
};

static const double frequencies_hz[NOTES] = { 523.25, 659.26, 783.99, 1046.50 };
static const double amplitude = 0.25118864 * 32767; /* -12 dBFS */

static void make_note(int16_t *frames, double frequency_hz) {
  const double turn = 6.283185307179586;
  for (int i = 0; i < NOTE_FRAMES; i++) {
    int edge = i < NOTE_FRAMES - i ? i : NOTE_FRAMES - i;
    double fade = edge < FADE_FRAMES ? (double)edge / FADE_FRAMES : 1.0;
    double value = amplitude * fade * sin(turn * frequency_hz * i / RATE_HZ);
    frames[2 * i] = frames[2 * i + 1] = (int16_t)lrint(value);
  }
}

/* Returns 0 or a negative ALSA error. */
static int play_note(snd_pcm_t *pcm, const int16_t *frames) {
  snd_pcm_uframes_t done = 0;
  while (done < NOTE_FRAMES) {
    snd_pcm_sframes_t count = snd_pcm_writei(pcm, frames + 2 * done, NOTE_FRAMES - done);
    if (count < 0) {
      count = snd_pcm_recover(pcm, (int)count, 1);
    }
    if (count < 0) {
      return (int)count;
    }
    done += (snd_pcm_uframes_t)count;
  }
  return 0;
}

static int play(snd_pcm_t *pcm, long loops) {
  static int16_t notes[NOTES][2 * NOTE_FRAMES];
  for (int i = 0; i < NOTES; i++) {
    make_note(notes[i], frequencies_hz[i]);
  }
  for (long loop = 0; loop < loops; loop++) {
    for (int i = 0; i < NOTES; i++) {
      int error = play_note(pcm, notes[i]);
      if (error) {
        return error;
      }
    }
  }
  return snd_pcm_drain(pcm);
}

/* Times to play the melody, or -1 if the arguments make no sense. */
static long parse_loops(int argc, char **argv) {
  if (argc == 1) {
    return 1;
  }
  if (argc != 3 || strcmp(argv[1], "--loop") != 0) {
    return -1;
  }
  char *end;
  long loops = strtol(argv[2], &end, 10);
  return end != argv[2] && *end == '\0' && loops >= 1 && loops <= LOOP_MAX ? loops : -1;
}

int main(int argc, char **argv) {
  long loops = parse_loops(argc, argv);
  if (loops < 0) {
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fprintf(help ? stdout : stderr, "usage: chime [--loop N]\n\nPlays C5 E5 G5 C6, 400 ms each, N times (1 to %d).\n",
            LOOP_MAX);
    return help ? 0 : 2;
  }
  snd_pcm_t *pcm;
  int error = snd_pcm_open(&pcm, "default", SND_PCM_STREAM_PLAYBACK, 0);
  if (error) {
    fprintf(stderr, "chime: cannot open the sound device: %s; start QEMU with -device intel-hda -device hda-duplex\n",
            snd_strerror(error));
    return 1;
  }
  error = snd_pcm_set_params(pcm, SND_PCM_FORMAT_S16_LE, SND_PCM_ACCESS_RW_INTERLEAVED, 2, RATE_HZ, 1, LATENCY_US);
  if (!error) {
    error = play(pcm, loops);
  }
  if (error) {
    fprintf(stderr, "chime: playing failed: %s\n", snd_strerror(error));
  }
  snd_pcm_close(pcm);
  return error ? 1 : 0;
}
