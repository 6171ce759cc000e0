/* SPDX-License-Identifier: MIT
 *
 * Threads by /proc, see schedstat.h.
 */
#include "source/qemu/schedstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel_text.h"

/* False when there is none. */
static bool read_file(const char *folder, const char *name, char *text, size_t size) {
  char path[80];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return oriel_kernel_text_read(path, text, size);
}

/* schedstat's first two numbers: time on a processor, which the kernel brings up to date at each tick at least, and
 * time in which it could have been on one, which it does when that ends. */
static bool read_times(const char *folder, uint64_t *ran_ns, uint64_t *delay_ns) {
  char text[96], *middle, *end;
  if (!read_file(folder, "schedstat", text, sizeof text))
    return false;
  *ran_ns = strtoull(text, &middle, 10);
  *delay_ns = strtoull(middle, &end, 10);
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

static void add_thread(struct oriel_qemu_schedstat *schedstat, const char *proc, pid_t qemu, json_int_t thread) {
  if (thread <= 0 || schedstat->count == ORIEL_QEMU_SCHEDSTAT_THREADS)
    return;
  const size_t room = sizeof schedstat->threads->path;
  char *path = schedstat->threads[schedstat->count].path;
  const int size = snprintf(path, room, "%s/%d/task/%" JSON_INTEGER_FORMAT, proc, (int)qemu, thread);
  /* What another namespace calls so is no thread of this process. */
  if (size > 0 && (size_t)size < room &&
      read_times(path, &schedstat->threads[schedstat->count].ran_ns, &schedstat->threads[schedstat->count].delay_ns))
    schedstat->count++;
}

void oriel_qemu_schedstat_init(struct oriel_qemu_schedstat *schedstat, const char *proc, pid_t qemu,
                               const json_t *cpus) {
  size_t index;
  json_t *cpu;
  schedstat->count = 0;
  if (qemu <= 0)
    return;
  json_array_foreach((json_t *)(uintptr_t)cpus, index, cpu)
    add_thread(schedstat, proc, qemu, json_integer_value(json_object_get(cpu, "thread-id")));
  if (schedstat->count)
    add_thread(schedstat, proc, qemu, qemu);
}

void oriel_qemu_schedstat_mark(struct oriel_qemu_schedstat *schedstat) {
  for (unsigned i = 0; i < schedstat->count; i++)
    if (!read_times(schedstat->threads[i].path, &schedstat->threads[i].ran_ns, &schedstat->threads[i].delay_ns))
      schedstat->count = 0; /* QEMU is gone */
}

bool oriel_qemu_schedstat_has_run(const struct oriel_qemu_schedstat *schedstat) {
  uint64_t ran_ns, delay_ns;
  for (unsigned i = 0; i < schedstat->count; i++)
    if (wants_to_run(schedstat->threads[i].path) && read_times(schedstat->threads[i].path, &ran_ns, &delay_ns) &&
        ran_ns == schedstat->threads[i].ran_ns)
      return false;
  return true;
}

uint64_t oriel_qemu_schedstat_run_delay_ns(struct oriel_qemu_schedstat *schedstat) {
  uint64_t ran_ns, delay_ns, most_ns = 0;
  for (unsigned i = 0; i < schedstat->count; i++) {
    if (!read_times(schedstat->threads[i].path, &ran_ns, &delay_ns) || delay_ns <= schedstat->threads[i].delay_ns)
      continue;
    if (delay_ns - schedstat->threads[i].delay_ns > most_ns)
      most_ns = delay_ns - schedstat->threads[i].delay_ns;
    schedstat->threads[i].delay_ns = delay_ns;
  }
  return most_ns;
}
