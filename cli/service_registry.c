/* SPDX-License-Identifier: MIT
 *
 * Desktops that an administrator adds and removes at run time. Main thread, on the service's loop.
 */
#include "cli/service_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/desktop_spec.h"
#include "cli/desktop_values.h"

static bool ends_with(const char *text, size_t length, const char *suffix) {
  const size_t tail = strlen(suffix);
  return length > tail && strncmp(text + length - tail, suffix, tail) == 0;
}

static bool is_network(const char *scheme, size_t length) {
  return (length == 3 && strncmp(scheme, "tcp", length) == 0) || (length == 5 && strncmp(scheme, "vsock", length) == 0);
}

/** An address whose scheme is none of the network's leads to a file: a socket, or a device. The value may be a list of
 *  addresses. */
static bool names_file(const char *value) {
  const char *mark = value;
  while ((mark = strstr(mark, "://")) != NULL) {
    const char *scheme = mark;
    while (scheme > value && scheme[-1] >= 'a' && scheme[-1] <= 'z')
      scheme--;
    if (!is_network(scheme, (size_t)(mark - scheme)))
      return true;
    mark++;
  }
  return false;
}

/** A file is named by who runs this process, not by who talks to it. */
static int check_option(const char *option, char *why, size_t why_size) {
  const size_t length = strcspn(option, "=");
  const int shown = (int)(length < 40 ? length : 40);
  if (ends_with(option, length, "-file"))
    snprintf(why, why_size, "%.*s cannot be given at run time: give the secret itself", shown, option);
  else if (strncmp(option, "audio-", 6) == 0 && names_file(option + length)) /* from its = on */
    snprintf(why, why_size,
             "%.*s cannot name a file of this host at run time: give it as tcp://HOST:PORT or vsock://any:PORT, or "
             "serve the desktop from the configuration file", shown, option);
  else
    return 0;
  return -EINVAL;
}

static int read_options(struct oriel_desktop_options *desktop, const char *const *options, char *why,
                        size_t why_size) {
  int result = 0;
  for (; result == 0 && *options != NULL; options++) {
    char *word = strdup(*options);
    if (word == NULL) {
      snprintf(why, why_size, "desktop %s is not taken: out of memory", desktop->name);
      return -ENOMEM;
    }
    result = check_option(word, why, why_size);
    if (result == 0)
      result = oriel_desktop_options_read_one(desktop, word, why, why_size);
    explicit_bzero(word, strlen(*options)); /* it may be a token */
    free(word);
  }
  return result;
}

/** All that a desktop of the list goes through, too. */
static int complete(struct oriel_desktop_options *desktop, const struct oriel_service *service, const char *address,
                    const char *const *options, char *why, size_t why_size) {
  const struct oriel_desktop_options *defaults = &service->options->defaults;
  desktop->address = oriel_texts_add(&desktop->texts, address, strlen(address));
  int result = read_options(desktop, options, why, why_size);
  if (result == 0)
    result = oriel_desktop_defaults_check(defaults, why, why_size);
  if (result == 0 && (desktop->address == NULL || oriel_desktop_options_inherit(desktop, defaults) < 0)) {
    snprintf(why, why_size, "desktop %s is not taken: out of memory", desktop->name);
    result = -ENOMEM;
  }
  return result == 0 ? oriel_desktop_options_check(desktop, why, why_size) : result;
}

static int add(void *user, const char *name, const char *address, const char *const *options, char *why,
               size_t why_size) {
  struct oriel_service *service = user;
  struct oriel_desktop_options desktop = {0};
  if (service->phase != ORIEL_SERVING) {
    snprintf(why, why_size, "the server is about to end");
    return -ECANCELED;
  }
  if (!oriel_desktop_name_valid(name)) {
    snprintf(why, why_size, "the desktop's name must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or a digit");
    return -EINVAL;
  }
  strcpy(desktop.name, name);
  int result = complete(&desktop, service, address, options, why, why_size);
  if (result == 0)
    result = oriel_host_add(&service->host, &desktop, why, why_size);
  oriel_desktop_options_finish(&desktop);
  return result;
}

static int remove_one(void *user, const char *name, char *why, size_t why_size) {
  struct oriel_service *service = user;
  return oriel_host_remove(&service->host, name, why, why_size);
}

struct oriel_server_registry oriel_service_registry(struct oriel_service *service) {
  return (struct oriel_server_registry){.add = add, .remove = remove_one, .user = service};
}
