/* SPDX-License-Identifier: MIT
 *
 * Threads by /proc, see pulse.h.
 */
#include "source/qemu/pulse.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* False when there is none. */
static bool read_file(const char *folder, const char *name, char *text, size_t size) {
  char path[80];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const ssize_t got = read(fd, text, size - 1);
  close(fd);
  text[got > 0 ? got : 0] = '\0';
  return got > 0;
}

/* schedstat's first two numbers: time on a processor, which the kernel brings up to date at each tick at least, and time
 * in which it could have been on one, which it does when that ends. */
static bool read_times(const char *folder, uint64_t *ran_ns, uint64_t *waited_ns) {
  char text[96], *middle, *end;
  if (!read_file(folder, "schedstat", text, sizeof text))
    return false;
  *ran_ns = strtoull(text, &middle, 10);
  *waited_ns = strtoull(middle, &end, 10);
  return middle != text && end != middle;
}

/* By stat's third field, behind a name in brackets. One that sleeps has nothing to do. */
static bool wants_to_run(const char *folder) {
  char text[128];
  if (!read_file(folder, "stat", text, sizeof text))
    return false;
  const char *name_end = strrchr(text, ')');
  return name_end && !strncmp(name_end, ") R", 3);
}

static void add_thread(struct oriel_qemu_pulse *pulse, const char *proc, pid_t qemu, json_int_t thread) {
  if (thread <= 0 || pulse->count == ORIEL_QEMU_PULSE_THREADS)
    return;
  const size_t room = sizeof pulse->threads->path;
  char *path = pulse->threads[pulse->count].path;
  const int size = snprintf(path, room, "%s/%d/task/%" JSON_INTEGER_FORMAT, proc, (int)qemu, thread);
  /* What another namespace calls so is no thread of this process. */
  if (size > 0 && (size_t)size < room &&
      read_times(path, &pulse->threads[pulse->count].ran_ns, &pulse->threads[pulse->count].waited_ns))
    pulse->count++;
}

void oriel_qemu_pulse_init(struct oriel_qemu_pulse *pulse, const char *proc, pid_t qemu, const json_t *cpus) {
  size_t index;
  json_t *cpu;
  pulse->count = 0;
  if (qemu <= 0)
    return;
  json_array_foreach((json_t *)(uintptr_t)cpus, index, cpu)
    add_thread(pulse, proc, qemu, json_integer_value(json_object_get(cpu, "thread-id")));
  if (pulse->count)
    add_thread(pulse, proc, qemu, qemu);
}

void oriel_qemu_pulse_mark(struct oriel_qemu_pulse *pulse) {
  for (unsigned i = 0; i < pulse->count; i++)
    if (!read_times(pulse->threads[i].path, &pulse->threads[i].ran_ns, &pulse->threads[i].waited_ns))
      pulse->count = 0; /* QEMU is gone */
}

bool oriel_qemu_pulse_beats(const struct oriel_qemu_pulse *pulse) {
  uint64_t ran_ns, waited_ns;
  for (unsigned i = 0; i < pulse->count; i++)
    if (wants_to_run(pulse->threads[i].path) && read_times(pulse->threads[i].path, &ran_ns, &waited_ns) &&
        ran_ns == pulse->threads[i].ran_ns)
      return false;
  return true;
}

uint64_t oriel_qemu_pulse_waited_ns(struct oriel_qemu_pulse *pulse) {
  uint64_t ran_ns, waited_ns, most_ns = 0;
  for (unsigned i = 0; i < pulse->count; i++) {
    if (!read_times(pulse->threads[i].path, &ran_ns, &waited_ns) || waited_ns <= pulse->threads[i].waited_ns)
      continue;
    if (waited_ns - pulse->threads[i].waited_ns > most_ns)
      most_ns = waited_ns - pulse->threads[i].waited_ns;
    pulse->threads[i].waited_ns = waited_ns;
  }
  return most_ns;
}
