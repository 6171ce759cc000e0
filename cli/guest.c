/* SPDX-License-Identifier: MIT
 *
 * Where the demo guest lies. Main thread.
 */
#include "cli/guest.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

static const char default_append[] = "quiet loglevel=3 console=tty0";

static int find_in(const char *directory, struct oriel_guest *guest) {
  snprintf(guest->kernel, sizeof guest->kernel, "%s/vmlinuz", directory);
  snprintf(guest->initrd, sizeof guest->initrd, "%s/initrd.img", directory);
  if (access(guest->kernel, R_OK) < 0 || access(guest->initrd, R_OK) < 0)
    return -ENOENT;
  char path[4200];
  snprintf(path, sizeof path, "%s/cmdline", directory);
  snprintf(guest->append, sizeof guest->append, "%s", default_append);
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return 0;
  const size_t size = fread(guest->append, 1, sizeof guest->append - 1, file);
  fclose(file);
  guest->append[size] = '\0';
  guest->append[strcspn(guest->append, "\r\n")] = '\0';
  return 0;
}

int oriel_guest_find(struct oriel_guest *guest, char *why, size_t why_size) {
  char binary[2048], beside[4096], shared[4096];
  size_t size = sizeof binary;
  const char *chosen = getenv("ORIEL_GUEST_DIR");
  if (chosen != NULL && chosen[0] != '\0') {
    if (strlen(chosen) < 4096 && find_in(chosen, guest) == 0)
      return 0;
    snprintf(why, why_size, "no vmlinuz and initrd.img in %.200s, where ORIEL_GUEST_DIR points: correct or unset it",
             chosen);
    return -ENOENT;
  }
  if (uv_exepath(binary, &size) != 0)
    strcpy(binary, "./oriel");
  const char *directory = dirname(binary);
  snprintf(beside, sizeof beside, "%s/guest", directory);
  snprintf(shared, sizeof shared, "%s/../share/oriel/guest", directory);
  if (find_in(beside, guest) == 0 || find_in(shared, guest) == 0)
    return 0;
  snprintf(why, why_size,
           "the demo guest is not built (no %.300s/vmlinuz): `make guest` builds it; or `oriel run DISK`", beside);
  return -ENOENT;
}
