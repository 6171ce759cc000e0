/* SPDX-License-Identifier: MIT
 *
 * `oriel audio …`: what the sound devices do, hears, tests and sets them. Each command takes the words behind its own
 * name and returns the process's exit status. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_AUDIO_H
#define ORIEL_CLI_AUDIO_H

#include <stdbool.h>
#include <stddef.h>

int oriel_audio_command(int argc, char *const argv[]);

int oriel_audio_status_command(int argc, char *const argv[]);
int oriel_audio_meter_command(int argc, char *const argv[]);
int oriel_audio_test_command(int argc, char *const argv[]);
int oriel_audio_set_command(int argc, char *const argv[]);
int oriel_audio_stage_command(int argc, char *const argv[]);

/** An option of these commands: with `text` it takes a value, with `flag` it does not. */
struct oriel_audio_option {
  const char *name; /* with its dashes */
  const char **text;
  bool *flag;
};

/** What a command's words said. */
struct oriel_audio_words {
  const struct oriel_audio_option *options;
  size_t option_count;
  const char *help;          /* printed for --help */
  size_t operands_max;
  const char *operands[64];  /* borrowed from argv */
  size_t operand_count;
};

/** -1: go on; else the exit status: help was printed, or an error told. */
int oriel_audio_parse(struct oriel_audio_words *words, int argc, char *const argv[]);

/** Whole decimal numbers for --seconds and the like. -1, or the exit status after telling what would be right. */
int oriel_audio_number(const char *option, const char *text, unsigned min, unsigned max, unsigned *value);

enum { ORIEL_AUDIO_NAMES_MAX = 32, ORIEL_AUDIO_NAME_SIZE = 32 };

/** Names of devices in shared memory that can be opened now. Returns how many. */
size_t oriel_audio_names(char names[ORIEL_AUDIO_NAMES_MAX][ORIEL_AUDIO_NAME_SIZE]);

/** Path of the agent's socket: `chosen`, or $XDG_RUNTIME_DIR/oriel/agent.sock. False when there is none or it is too
 *  long. */
bool oriel_audio_control_path(const char *chosen, char *path, size_t size);
/** Connects there with time-outs of 5 s. The fd, or -errno. */
int oriel_audio_control_connect(const char *path);

#endif
