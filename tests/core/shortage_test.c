/* SPDX-License-Identifier: MIT
 *
 * core/shortage and core/streams.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/shortage.h"
#include "core/streams.h"

static void shortage_is_told_from_faults(void **state) {
  (void)state;
  static const int shortages[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN}, others[] = {0, EINVAL, ENOENT, EACCES};
  for (size_t i = 0; i < sizeof shortages / sizeof *shortages; i++) {
    assert_true(oriel_shortage_is(shortages[i]));
    assert_non_null(strstr(oriel_shortage_advice(shortages[i]), "raise"));
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_false(oriel_shortage_is(others[i]));
}

/** In a child, which closes some of the three: 0 when all are open afterwards and nothing else is. */
static int open_after_closing(unsigned which) {
  const int next = dup(0);
  close(next);
  for (int fd = 0; fd < 3; fd++)
    if (which & 1u << fd)
      close(fd);
  if (oriel_streams_open() < 0)
    return 1;
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) != 0)
      return 2;
  return fcntl(next, F_GETFD) < 0 ? 0 : 3;
}

static void streams_that_were_closed_are_null(void **state) {
  (void)state;
  for (unsigned which = 0; which < 8; which++) {
    int status = -1;
    const pid_t child = fork();
    if (child == 0)
      _exit(open_after_closing(which));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(shortage_is_told_from_faults),
    cmocka_unit_test(streams_that_were_closed_are_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
