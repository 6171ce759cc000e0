/* SPDX-License-Identifier: MIT
 *
 * Options that only this host can judge. Main thread.
 */
#include "cli/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/say.h"
#include "media/encoder.h"
#include "server/address.h"

int oriel_check_exposure(const struct oriel_options *options) {
  struct sockaddr_storage address;
  socklen_t size;
  if (oriel_address_parse(options->listen, &address, &size) < 0)
    return oriel_say(ORIEL_EXIT_USAGE,
                     "--listen is \"%.100s\": it must be an address and a port, as 127.0.0.1:8080 or [::1]:8080",
                     options->listen);
  const bool tls = options->tls_cert != NULL || options->tls_self_signed;
  if (oriel_address_loopback((const struct sockaddr *)&address) || tls || options->insecure)
    return ORIEL_EXIT_OK;
  return oriel_say(ORIEL_EXIT_USAGE,
                   "refusing to listen on %s without TLS: give --tls-self-signed, --tls-cert and --tls-key, or "
                   "--insecure",
                   options->listen);
}

int oriel_check_encoder(const struct oriel_desktop_options *options) {
  const char *name = NULL;
  bool works = false;
  char why[256] = "", names[256] = "";
  for (size_t i = 0; options->encoder != NULL && oriel_encoder_probe(i, &name, &works, why, sizeof why); i++) {
    if (strcmp(name, options->encoder) == 0)
      return works ? ORIEL_EXIT_OK
                   : oriel_say(ORIEL_EXIT_ERROR, "cannot use --encoder %s: %s; see `oriel doctor`", name, why);
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ", " : "", name);
  }
  if (options->encoder == NULL)
    return ORIEL_EXIT_OK;
  return oriel_say(ORIEL_EXIT_USAGE, "--encoder is \"%.100s\": it must be one of %s", options->encoder, names);
}
