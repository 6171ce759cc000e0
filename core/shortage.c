/* SPDX-License-Identifier: MIT
 *
 * Shortages and what to do about them. Any thread.
 */
#include "core/shortage.h"

#include <errno.h>

bool oriel_shortage_is(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EAGAIN;
}

const char *oriel_shortage_advice(int error) {
  switch (error) {
  case EMFILE:
    return "raise the limit of open files (ulimit -n)";
  case ENFILE:
    return "end other programs, or raise fs.file-max: the whole system is out of open files";
  case ENOBUFS:
  case ENOMEM:
    return "end other programs, or raise this one's limit of memory";
  case EAGAIN:
    return "end other programs, or raise the limit of processes (ulimit -u)";
  default:
    return "see what the system says about it";
  }
}
