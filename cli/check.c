/* SPDX-License-Identifier: MIT
 *
 * Options that only this host can judge. Any thread but for oriel_check_exposure.
 */
#include "cli/check.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/report.h"
#include "media/encoder.h"
#include "server/address.h"
#include "source/source.h"

int oriel_check_exposure(const struct oriel_options *options) {
  struct sockaddr_storage address;
  socklen_t size;
  if (oriel_address_parse(options->listen, &address, &size) < 0)
    return oriel_report(ORIEL_EXIT_USAGE,
                        "--listen is \"%.100s\": it must be an address and a port, as 127.0.0.1:8080 or [::1]:8080",
                        options->listen);
  const bool tls = options->tls_cert != NULL || options->tls_self_signed;
  if (oriel_address_loopback((const struct sockaddr *)&address) || tls || options->insecure)
    return ORIEL_EXIT_OK;
  return oriel_report(ORIEL_EXIT_USAGE,
                      "refusing to listen on %s without TLS: give --tls-self-signed, --tls-cert and --tls-key, or "
                      "--insecure",
                      options->listen);
}

/** Whether it is the one that worked last: a probe takes its time, and many desktops have one encoder. `works`: it is,
 *  from now on. */
static bool is_last(const char *name, bool works) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static char last[64];
  pthread_mutex_lock(&lock);
  if (works)
    snprintf(last, sizeof last, "%s", name);
  const bool same = strcmp(name, last) == 0;
  pthread_mutex_unlock(&lock);
  return same;
}

/** Its row in the table of encoders; -1 with a sentence in `why`. */
static int find_encoder(const char *wanted, char *why, size_t why_size) {
  const char *name;
  char names[256] = "";
  for (size_t i = 0; (name = oriel_encoder_at(ORIEL_CODEC_H264, i)) != NULL; i++) {
    if (strcmp(name, wanted) == 0)
      return (int)i;
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", name);
  }
  snprintf(why, why_size, "--encoder is \"%.100s\": it must be one of %s", wanted, names);
  return -1;
}

int oriel_check_encoder(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  const char *name = options->encoder;
  bool works = false;
  char reason[256] = "";
  if (name == NULL || is_last(name, false))
    return ORIEL_EXIT_OK;
  const int row = find_encoder(name, why, why_size);
  if (row < 0)
    return ORIEL_EXIT_USAGE;
  (void)oriel_encoder_probe(ORIEL_CODEC_H264, (size_t)row, &name, &works, reason, sizeof reason);
  if (works && is_last(name, true))
    return ORIEL_EXIT_OK;
  snprintf(why, why_size, "cannot use --encoder %s: %s; see `oriel doctor`", name, reason);
  return ORIEL_EXIT_ERROR;
}

static int check_address(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  struct oriel_source *source = NULL;
  char reason[512] = "it cannot be opened";
  const int result = oriel_source_create(options->address, &source, reason, sizeof reason);
  oriel_source_destroy(source);
  if (result == 0)
    return 0;
  const bool named = options->name[0] != '\0';
  snprintf(why, why_size, "address%s%s is \"%.100s\": %s", named ? " of desktop " : "", options->name, options->address,
           reason);
  return result;
}

int oriel_check_order(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  const int result = check_address(options, why, why_size);
  if (result < 0 || options->encoder == NULL)
    return result;
  return find_encoder(options->encoder, why, why_size) < 0 ? -EINVAL : 0;
}

int oriel_check_desktop(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  const int result = check_address(options, why, why_size);
  if (result < 0)
    return result;
  return oriel_check_encoder(options, why, why_size) == ORIEL_EXIT_OK ? 0 : -EINVAL;
}
