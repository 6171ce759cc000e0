/* SPDX-License-Identifier: MIT
 *
 * What the user asked for. One table of options (option_table.h) drives the command line, the environment (--tls-cert
 * is ORIEL_TLS_CERT), a desktop's list of its own, the configuration file and --help. Thread-safety: none.
 *
 * A value comes from the strongest place that gives it: a desktop's own list or section, then, for the process and as
 * the default of every desktop, the command line, the environment, the file's section [server].
 */
#ifndef ORIEL_CLI_OPTIONS_H
#define ORIEL_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/desktop_options.h"
#include "core/log.h"
#include "vm/qemu.h"

enum oriel_command {
  ORIEL_CLI_RUN = 1,
  ORIEL_CLI_SERVE = 2,
  ORIEL_CLI_DOCTOR = 4,
  ORIEL_CLI_CONFIG = 8,
};

struct oriel_options {
  enum oriel_command command;
  bool help;
  /* serving */
  const char *listen, *public_url, *token, *token_file, *view_token, *view_token_file, *tls_cert, *tls_key;
  const char *admin_token, *admin_token_file, *turn_secret, *turn_secret_file;
  const char *config; /* the file; NULL = none */
  bool tls_self_signed, insecure, log_json, print_token;
  struct oriel_words allow_hosts, allow_origins, trusted_proxies;
  struct oriel_words public_addresses, ice_servers;
  unsigned webrtc_port; /* 0 = the TCP port's number */
  bool no_webrtc;
  unsigned auth_fail_limit, auth_fail_window_s, stats_s;
  enum oriel_log_level log_level;
  struct oriel_desktop_options defaults;  /* of every desktop; without name and address */
  struct oriel_desktop_options *desktops; /* desktop_count of them, complete; the only one may be without a name */
  unsigned desktop_count;
  /* run */
  unsigned cpus;        /* 0 = by kind of guest */
  struct oriel_display_size { unsigned width, height; } display;
  uint64_t memory_mib;  /* 0 = by kind of guest */
  enum oriel_accel accel;
  enum oriel_network network;
  const char *name, *disk_format; /* NULL = by the disk */
  bool persistent;
  unsigned shutdown_timeout_s; /* 0 = the guest of a persistent disk is not asked to power down */
  char *const *extra; /* after --, NULL-terminated; borrowed from argv */
  /* doctor */
  bool json;
  const char *operand, *operand2; /* run: DISK; config: its word and FILE. NULL = none */

  char *const *arguments; /* what was parsed, borrowed, to be parsed again */
  int argument_count;
  struct oriel_texts texts; /* of all strings above but the desktops' */
};

/** Frees all of it. */
void oriel_options_finish(struct oriel_options *options);
/** "run", "serve", "doctor", "config"; static. */
const char *oriel_command_name(enum oriel_command command);

#endif
