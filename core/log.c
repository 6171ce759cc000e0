/* SPDX-License-Identifier: MIT
 *
 * Log lines, composed on the stack and written by one write(2). Any thread; no lock, no allocation of ours.
 */
#include "core/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/utf8.h"

enum {
  MESSAGE_MAX = 1024, /* bytes, "..." included */
  SUBSYSTEM_MAX = 64,
  STAMP_MAX = 32,
  LINE_MAX_BYTES = 2 * (MESSAGE_MAX + SUBSYSTEM_MAX) + 256, /* JSON may double both by escaping */
};

static const char *const level_names[] = { "error", "warn", "info", "debug" };
enum { LEVELS = sizeof level_names / sizeof *level_names };

/* Relaxed everywhere: two independent switches that order nothing else. */
static atomic_int least_urgent = ORIEL_LOG_INFO;
static atomic_bool as_json;

struct line {
  char bytes[LINE_MAX_BYTES];
  size_t size;
};

void oriel_log_configure(enum oriel_log_level level, bool json) {
  atomic_store_explicit(&least_urgent, (int)level, memory_order_relaxed);
  atomic_store_explicit(&as_json, json, memory_order_relaxed);
}

int oriel_log_level_parse(const char *text, enum oriel_log_level *level) {
  for (int i = 0; text && i < LEVELS; i++) {
    if (strcmp(text, level_names[i]) == 0) {
      *level = (enum oriel_log_level)i;
      return 0;
    }
  }
  return -EINVAL;
}

const char *oriel_log_level_name(enum oriel_log_level level) {
  return level_names[level];
}

bool oriel_log_enabled(enum oriel_log_level level) {
  return (int)level <= atomic_load_explicit(&least_urgent, memory_order_relaxed);
}

static void put(struct line *line, const char *bytes, size_t size) {
  if (size > sizeof line->bytes - line->size)
    size = sizeof line->bytes - line->size;
  memcpy(line->bytes + line->size, bytes, size);
  line->size += size;
}

static void put_text(struct line *line, const char *text) {
  put(line, text, strlen(text));
}

/* Puts text that may hold anything: control characters and bytes that are no UTF-8 become '?'. */
static void put_foreign(struct line *line, const char *text, size_t size, bool json) {
  for (size_t at = 0, step; at < size; at += step) {
    const size_t character = oriel_utf8_character(text + at, size - at);
    step = character ? character : 1;
    if (!character || oriel_utf8_is_control(text + at, character)) {
      put(line, "?", 1);
      continue;
    }
    if (json && (text[at] == '"' || text[at] == '\\'))
      put(line, "\\", 1);
    put(line, text + at, step);
  }
}

/* Cuts a text that did not fit at the last whole character before "...". Returns its size. */
static size_t cut(char *text, size_t size) {
  static const char dots[] = "...";
  size_t end = size - (sizeof dots - 1);
  while (end > 0 && ((uint8_t)text[end] & 0xC0) == 0x80)
    end--;
  memcpy(text + end, dots, sizeof dots - 1);
  return end + sizeof dots - 1;
}

/* RFC 3339 in UTC with milliseconds: logs are read beside other machines' logs, so wall time, not our clock. */
static void stamp(char out[STAMP_MAX]) {
  struct timespec now;
  struct tm utc;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (!gmtime_r(&now.tv_sec, &utc))
    memset(&utc, 0, sizeof utc);
  char seconds[STAMP_MAX / 2 + 8];
  if (!strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &utc))
    seconds[0] = '\0';
  snprintf(out, STAMP_MAX, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / 1000000) % 1000);
}

static void compose(struct line *line, const char *level, const char *subsystem, const char *message, size_t size) {
  char time[STAMP_MAX];
  stamp(time);
  const size_t subsystem_size = strnlen(subsystem, SUBSYSTEM_MAX);
  if (atomic_load_explicit(&as_json, memory_order_relaxed)) {
    put_text(line, "{\"time\":\"");
    put_text(line, time);
    put_text(line, "\",\"level\":\"");
    put_text(line, level);
    put_text(line, "\",\"room\":\"");
    put_foreign(line, subsystem, subsystem_size, true);
    put_text(line, "\",\"message\":\"");
    put_foreign(line, message, size, true);
    put_text(line, "\"}\n");
    return;
  }
  put_text(line, time);
  put_text(line, " ");
  put_text(line, level);
  put_text(line, " ");
  put_foreign(line, subsystem, subsystem_size, false);
  put_text(line, ": ");
  put_foreign(line, message, size, false);
  put_text(line, "\n");
}

void oriel_log(enum oriel_log_level level, const char *subsystem, const char *format, ...) {
  if ((int)level < 0 || (int)level >= LEVELS || !oriel_log_enabled(level))
    return;
  const int saved = errno;
  char message[MESSAGE_MAX + 1];
  va_list arguments;
  va_start(arguments, format);
  const int wanted = vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  size_t size = wanted < 0 ? 0 : (size_t)wanted;
  if (size > MESSAGE_MAX)
    size = cut(message, MESSAGE_MAX);
  struct line line;
  line.size = 0;
  compose(&line, level_names[level], subsystem ? subsystem : "", message, size);
  /* A full or closed standard error loses the line rather than block or tear it. */
  while (write(STDERR_FILENO, line.bytes, line.size) < 0 && errno == EINTR)
    ;
  errno = saved;
}
