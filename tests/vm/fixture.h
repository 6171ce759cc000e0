/* SPDX-License-Identifier: MIT
 *
 * A scratch directory and small files for the tests of vm/. Thread-safety: one test at a time.
 */
#ifndef ORIEL_TESTS_VM_FIXTURE_H
#define ORIEL_TESTS_VM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[64];

static inline int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where) {
  (void)info;
  (void)type;
  (void)where;
  return remove(path);
}

static inline int make_scratch(void **state) {
  (void)state;
  strcpy(scratch, "/tmp/oriel-vm-test.XXXXXX");
  return mkdtemp(scratch) != NULL ? 0 : -1;
}

static inline int remove_scratch(void **state) {
  (void)state;
  return nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/** Path of `name` in the scratch directory; four results stay valid. */
static inline const char *in_scratch(const char *name) {
  static char paths[4][256];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
  return path;
}

static inline void write_file(const char *path, const void *data, size_t size, mode_t mode) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, data, size), (ssize_t)size);
  close(fd);
}

/** A shell script that stands for QEMU. */
static inline const char *write_script(const char *name, const char *body) {
  char text[2048];
  const char *path = in_scratch(name);
  snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
  write_file(path, text, strlen(text), 0755);
  return path;
}

#endif
