/* SPDX-License-Identifier: MIT
 *
 * What the user asked for. One table of options drives parsing, environment names (--tls-cert is ORIEL_TLS_CERT) and
 * --help. Pure: no file is opened. Thread-safety: main thread.
 */
#ifndef ORIEL_CLI_OPTIONS_H
#define ORIEL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/log.h"
#include "desktop/desktop.h"
#include "vm/qemu.h"

enum oriel_command {
  ORIEL_CLI_RUN = 1,
  ORIEL_CLI_SERVE = 2,
  ORIEL_CLI_DOCTOR = 4,
};

enum { ORIEL_LIST_MAX = 32 };

/** Words of a list option. `words` is NULL-terminated; all of them belong to the options. */
struct oriel_list {
  char *words[ORIEL_LIST_MAX + 1];
  size_t count;
};

struct oriel_options {
  enum oriel_command command;
  bool help;
  /* serving */
  const char *listen, *public_url, *token, *token_file, *view_token, *view_token_file, *tls_cert, *tls_key, *encoder;
  char listen_text[16]; /* where `listen` points when a port alone was given: a copy points into the original */
  bool tls_self_signed, insecure, log_json;
  struct oriel_list allow_hosts, allow_origins, trusted_proxies, audio_listen;
  const char *audio_udp_listen, *audio_microphone; /* NULL = none */
  bool audio_passthru, print_token;
  enum oriel_control control;
  unsigned fps, bitrate_kbps, audio_frame_ms, auth_fail_limit, auth_fail_window_s, stats_s;
  enum oriel_log_level log_level;
  /* run */
  unsigned cpus, width, height;  /* cpus 0 = by kind of guest */
  uint64_t memory_mib;           /* 0 = by kind of guest */
  enum oriel_accel accel;
  enum oriel_network network;
  const char *name, *disk_format; /* NULL = by the disk */
  bool persistent;
  unsigned shutdown_timeout_s; /* 0 = the guest of a persistent disk is not asked to power down */
  char *const *extra; /* after --, NULL-terminated; borrowed from argv */
  /* doctor */
  bool json;
  const char *operand; /* DISK or ADDRESS; NULL = none */
};

/** Parses the arguments after the command's name, then fills what they left open from the environment. Strings are
 *  borrowed from argv and the environment. 0; -EINVAL with one sentence in `why` (at least 256 bytes). */
int oriel_options_parse(enum oriel_command command, int argc, char *const argv[], struct oriel_options *options,
                        char *why, size_t why_size);
/** Frees lists. */
void oriel_options_finish(struct oriel_options *options);
/** "run", "serve", "doctor"; static. */
const char *oriel_command_name(enum oriel_command command);
/** Writes the option part of --help, aligned. */
void oriel_options_help(FILE *file, enum oriel_command command);

#endif
