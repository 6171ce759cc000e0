/* SPDX-License-Identifier: MIT
 *
 * The driver's bundle, as it ships, under the simulator of coreaudiod: its x86_64 part is mapped and run.
 *
 * usage: bundle_test OrielAudio.driver
 */
#include <limits.h>
#include <stdio.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/driver/checks.h"
#include "tests/darwin/macho.h"
#include "tests/darwin/shim.h"

static const char *bundle_path;
static struct macho *image;

/* Each life has the image anew, with its variables as the file has them. */
static hal_factory fresh(void) {
  char path[PATH_MAX], why[MACHO_WHY_SIZE] = "";
  snprintf(path, sizeof path, "%s/Contents/MacOS/OrielAudio", bundle_path);
  int error = macho_load_file(path, shim_lookup, NULL, &image, why);
  if (!error)
    error = macho_run(image);
  if (error) {
    fprintf(stderr, "%s: %s\n", path, why);
    return NULL;
  }
  return (hal_factory)(uintptr_t)macho_symbol(image, "_OrielAudio_Create");
}

static void drop(void) {
  macho_unload(image);
  image = NULL;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: bundle_test OrielAudio.driver\n");
    return 2;
  }
  bundle_path = argv[1];
  cf_bundle_set("org.oriel.audio", bundle_path);
  return checks_run(fresh, drop);
}
