/* SPDX-License-Identifier: MIT
 *
 * `oriel audio meter`: levels of a device in shared memory, through liboriel-audio. Main thread.
 */
#include "cli/audio.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "cli/report.h"

static const char help[] =
  "Usage: oriel audio meter [NAME] [--updates N]\n"
  "\n"
  "Shows peak and loudness (RMS) of each channel of a device in shared memory, ten times a second, in dB below full\n"
  "scale, until Ctrl-C. Without NAME the only device there is. `oriel audio status` lists them.\n"
  "\n"
  "  --updates N     end after so many\n"
  "\n"
  "Exit status: 0 done, 1 no such device or it ended, 2 wrong usage.\n";

enum { CHANNELS_MAX = 16, BLOCK = 480, BAR = 50, UPDATES_A_SECOND = 10, WAIT_MS = 100 };

struct level {
  float peak;
  double square;
  size_t count;
};

/** A tenth of a second. 0, or an error of liboriel-audio. */
static int listen_on(struct oriel_audio_reader *reader, const struct oriel_audio_info *info, struct level *levels) {
  static float frames[BLOCK * CHANNELS_MAX];
  memset(levels, 0, CHANNELS_MAX * sizeof *levels);
  for (size_t left = info->rate / UPDATES_A_SECOND; left > 0;) {
    const size_t count = left < BLOCK ? left : BLOCK;
    const ssize_t got = oriel_audio_reader_read(reader, frames, count, WAIT_MS);
    if (got < 0)
      return (int)got;
    for (size_t i = 0; i < (size_t)got * info->channels; i++) {
      struct level *level = &levels[i % info->channels];
      level->peak = fmaxf(level->peak, fabsf(frames[i]));
      level->square += (double)frames[i] * (double)frames[i];
      level->count++;
    }
    if (got == 0) /* nothing plays: what was heard so far is all */
      break;
    left -= (size_t)got;
  }
  return 0;
}

static double db(double value) {
  return 20 * log10(fmax(value, 1e-6));
}

static void draw(const struct level *levels, const struct oriel_audio_info *info, bool is_terminal, bool is_first) {
  if (is_terminal && !is_first)
    printf("\033[%uA", (unsigned)info->channels);
  for (uint32_t i = 0; i < info->channels; i++) {
    const double peak = db((double)levels[i].peak),
                 rms = levels[i].count > 0 ? db(sqrt(levels[i].square / (double)levels[i].count)) : db(0);
    if (!is_terminal) {
      printf("%s%.1f %.1f", i > 0 ? "  " : "", peak, rms);
      continue;
    }
    char bar[BAR + 1];
    for (int at = 0; at < BAR; at++) { /* 60 dB wide */
      const double here = (at - BAR) * 60.0 / BAR;
      bar[at] = rms > here ? '#' : peak > here ? '-' : ' ';
    }
    bar[BAR] = '\0';
    printf("\r%2u [%s] %6.1f dB \033[K\n", (unsigned)i + 1, bar, peak);
  }
  if (!is_terminal)
    puts(" dB");
  fflush(stdout);
}

static int run(const char *name, unsigned updates) {
  struct oriel_audio_reader *reader = NULL;
  struct oriel_audio_info info;
  struct level levels[CHANNELS_MAX];
  int result = oriel_audio_reader_open(name, 0, &reader);
  if (result == 0)
    result = oriel_audio_reader_info(reader, &info);
  for (unsigned done = 0; result == 0 && (updates == 0 || done < updates); done++) {
    result = listen_on(reader, &info, levels);
    if (result == 0)
      draw(levels, &info, isatty(STDOUT_FILENO) == 1, done == 0);
    if (ferror(stdout)) /* whoever read it is gone */
      break;
  }
  oriel_audio_reader_close(reader);
  return result < 0 ? oriel_report(ORIEL_EXIT_ERROR, "%s: %s", name, oriel_audio_error_text(result)) : ORIEL_EXIT_OK;
}

static int choose(char *name, size_t size) {
  char names[ORIEL_AUDIO_NAMES_MAX][ORIEL_AUDIO_NAME_SIZE];
  const size_t count = oriel_audio_names(names);
  if (count == 0)
    return oriel_report(
        ORIEL_EXIT_ERROR,
        "no device in shared memory: set one up (`oriel audio set shm=NAME` for the agent), or start its owner");
  if (count > 1)
    return oriel_report(ORIEL_EXIT_USAGE, "%zu devices are in shared memory: name one, such as `oriel audio meter %s`",
                        count, names[0]);
  snprintf(name, size, "%s", names[0]);
  return -1;
}

int oriel_audio_meter_command(int argc, char *const argv[]) {
  const char *updates_text = NULL;
  unsigned updates = 0;
  char name[256] = "";
  const struct oriel_audio_option options[] = {{"--updates", &updates_text, NULL}};
  struct oriel_audio_words words = {.options = options, .option_count = 1, .help = help, .operands_max = 1};
  int status = oriel_audio_parse(&words, argc, argv);
  if (status < 0)
    status = oriel_audio_number("--updates", updates_text, 1, 1000000, &updates);
  if (status >= 0)
    return status;
  if (words.operand_count > 0) {
    const char *given = words.operands[0];
    snprintf(name, sizeof name, "%s", strncmp(given, "shm://", 6) == 0 ? given + 6 : given);
  } else if ((status = choose(name, sizeof name)) >= 0)
    return status;
  return run(name, updates);
}
