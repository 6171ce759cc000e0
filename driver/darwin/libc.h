/* SPDX-License-Identifier: MIT
 *
 * The part of Darwin's C library that our sources and libopus use, declared by us: functions, layouts and constants are
 * facts of the system's ABI. Only for cross-building by scripts/darwin.sh, which puts a header of each standard name
 * in front that includes this one. On a Mac the system's own headers are used. 64-bit only.
 *
 * The parts are ordered by purpose, and each names the standard headers that its declarations are from.
 */
#ifndef ORIEL_DARWIN_LIBC_H
#define ORIEL_DARWIN_LIBC_H

#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/darwin/libc/error.h"
#include "driver/darwin/libc/event.h"
#include "driver/darwin/libc/file.h"
#include "driver/darwin/libc/math.h"
#include "driver/darwin/libc/memory.h"
#include "driver/darwin/libc/network.h"
#include "driver/darwin/libc/socket.h"
#include "driver/darwin/libc/stdio.h"
#include "driver/darwin/libc/stdlib.h"
#include "driver/darwin/libc/terminal.h"
#include "driver/darwin/libc/thread.h"
#include "driver/darwin/libc/time.h"
#include "driver/darwin/libc/types.h"

#endif
