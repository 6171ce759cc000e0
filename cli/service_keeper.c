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

/** A file is named by who runs this process, not by who talks to it. */
static int check_option(const char *option, char *why, size_t why_size) {
  const size_t length = strcspn(option, "=");
  static const char suffix[] = "-file";
  const size_t tail = sizeof suffix - 1;
  if (length <= tail || strncmp(option + length - tail, suffix, tail) != 0)
    return 0;
  snprintf(why, why_size, "%.*s cannot be given at run time: give the secret itself", (int)(length < 40 ? length : 40),
           option);
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

struct oriel_server_keeper oriel_service_keeper(struct oriel_service *service) {
  return (struct oriel_server_keeper){.add = add, .remove = remove_one, .user = service};
}
