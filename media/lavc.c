/* SPDX-License-Identifier: MIT
 *
 * Loading libavcodec, once. Any thread.
 */
#include "media/lavc.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "core/log.h"

#ifdef __APPLE__
#define LIBRARY "libavcodec." AV_STRINGIFY(LIBAVCODEC_VERSION_MAJOR) ".dylib"
#else
#define LIBRARY "libavcodec.so." AV_STRINGIFY(LIBAVCODEC_VERSION_MAJOR)
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct oriel_lavc table;
static bool loaded;

static const struct {
  const char *name;
  size_t offset;
} functions[] = {
#define ENTRY(name) {#name, offsetof(struct oriel_lavc, name)},
  ORIEL_LAVC_FUNCTIONS(ENTRY)
#undef ENTRY
};

static void load(void) {
  /* libavutil's functions are found through it, which is linked with it. */
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    oriel_debug("media", "no hardware encoders: %s", dlerror());
    return;
  }
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *symbol = dlsym(library, functions[i].name);
    if (!symbol) {
      oriel_warn("media", "cannot use %s: it has no %s", LIBRARY, functions[i].name);
      return; /* stays loaded: it may have registered what runs at the end of the process */
    }
    memcpy((char *)&table + functions[i].offset, &symbol, sizeof symbol);
  }
  loaded = true;
}

const struct oriel_lavc *oriel_lavc(void) {
  pthread_once(&once, load);
  return loaded ? &table : NULL;
}
