/* SPDX-License-Identifier: MIT
 *
 * What this process uses. Stateless.
 */
#include "server/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/kernel_text.h"

static uint64_t us_of(const struct timeval *time) {
  return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

static void read_memory(struct oriel_process *process) {
  const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  char text[128];
  uint64_t all, resident;
  if (!oriel_kernel_text_read("/proc/self/statm", text, sizeof text) ||
      sscanf(text, "%" SCNu64 " %" SCNu64, &all, &resident) != 2)
    return;
  process->virtual_bytes = all * page;
  process->resident_bytes = resident * page;
}

/* From Linux 6.2 on the directory's size is their number. */
static uint64_t count_descriptors(void) {
  struct stat status;
  if (stat("/proc/self/fd", &status) < 0)
    return UINT64_MAX;
  if (status.st_size > 0)
    return (uint64_t)status.st_size;
  DIR *directory = opendir("/proc/self/fd");
  if (!directory)
    return UINT64_MAX;
  uint64_t count = 0;
  for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
    count += entry->d_name[0] != '.';
  closedir(directory);
  return count - 1; /* its own is closed */
}

void oriel_process_read(struct oriel_process *process) {
  struct rusage usage;
  struct rlimit limit;
  process->cpu_us = getrusage(RUSAGE_SELF, &usage) == 0 ? us_of(&usage.ru_utime) + us_of(&usage.ru_stime) : UINT64_MAX;
  process->descriptors_max = UINT64_MAX;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    process->descriptors_max = limit.rlim_cur;
  process->resident_bytes = process->virtual_bytes = UINT64_MAX;
  read_memory(process);
  process->descriptors = count_descriptors();
}

/* Field 22 of stat (proc(5)) is in ticks since the machine started; the second one is a name in brackets, with whatever
 * characters. */
uint64_t oriel_process_started_us(void) {
  const long ticks_per_second = sysconf(_SC_CLK_TCK);
  char text[1024];
  uint64_t ticks;
  struct timespec now, up;
  const char *rest = oriel_kernel_text_read("/proc/self/stat", text, sizeof text) ? strrchr(text, ')') : NULL;
  for (int field = 2; rest && field < 22; field++) {
    rest = strchr(rest + 1, ' ');
  }
  if (!rest || sscanf(rest, " %" SCNu64, &ticks) != 1 || ticks_per_second <= 0)
    return UINT64_MAX;
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &up);
  const int64_t booted_us = (now.tv_sec - up.tv_sec) * INT64_C(1000000) + (now.tv_nsec - up.tv_nsec) / 1000;
  return (uint64_t)booted_us + ticks * 1000000 / (uint64_t)ticks_per_second;
}
