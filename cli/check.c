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

int oriel_check_encoder(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  const char *name = NULL, *wanted = options->encoder;
  bool works = false;
  char reason[256] = "", names[256] = "";
  if (wanted == NULL || is_last(wanted, false))
    return ORIEL_EXIT_OK;
  for (size_t i = 0; oriel_encoder_probe(i, &name, &works, reason, sizeof reason); i++) {
    if (strcmp(name, wanted) == 0) {
      if (!works)
        snprintf(why, why_size, "cannot use --encoder %s: %s; see `oriel doctor`", name, reason);
      return works && is_last(name, true) ? ORIEL_EXIT_OK : ORIEL_EXIT_ERROR;
    }
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", name);
  }
  snprintf(why, why_size, "--encoder is \"%.100s\": it must be one of %s", wanted, names);
  return ORIEL_EXIT_USAGE;
}

int oriel_check_desktop(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  struct oriel_source *source = NULL;
  char reason[512] = "it cannot be opened";
  const int result = oriel_source_create(options->address, &source, reason, sizeof reason);
  oriel_source_destroy(source);
  if (result == 0)
    return oriel_check_encoder(options, why, why_size) == ORIEL_EXIT_OK ? 0 : -EINVAL;
  const bool named = options->name[0] != '\0';
  snprintf(why, why_size, "address%s%s is \"%.100s\": %s", named ? " of desktop " : "", options->name, options->address,
           reason);
  return result;
}
