/* SPDX-License-Identifier: MIT
 *
 * Options of one desktop. Any thread.
 */
#include "cli/desktop_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool oriel_desktop_name_valid(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  const size_t length = strlen(name);
  return length > 0 && length < ORIEL_DESKTOP_NAME_SIZE && strspn(name, letters) == length &&
         strchr("._-", name[0]) == NULL;
}

int oriel_desktop_options_check(const struct oriel_desktop_options *desktop, char *why, size_t why_size) {
  const char *twice = desktop->token != NULL && desktop->token_file != NULL             ? "token"
                      : desktop->view_token != NULL && desktop->view_token_file != NULL ? "view-token"
                                                                                        : NULL;
  if (desktop->address == NULL)
    snprintf(why, why_size, "desktop %s has no address: add one, as address = qemu:/run/%s/qmp.sock", desktop->name,
             desktop->name);
  else if (twice != NULL)
    snprintf(why, why_size, "desktop %s has both %s and %s-file: leave one out", desktop->name, twice, twice);
  else
    return 0;
  return -EINVAL;
}

void oriel_desktop_options_finish(struct oriel_desktop_options *desktop) {
  oriel_texts_finish(&desktop->texts);
  *desktop = (struct oriel_desktop_options){0};
}
