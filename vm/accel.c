/* SPDX-License-Identifier: MIT
 *
 * Accelerators are believed only when guest code ran on them: /dev/kvm may open, create a VM and then hang.
 * Main thread.
 */
#include "vm/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "vm/child.h"

enum {
  SECTOR_SIZE = 512,
  EXIT_VALUE = 0x2A,
  EXIT_STATUS = EXIT_VALUE << 1 | 1, /* how isa-debug-exit turns a byte into an exit status */
  PROBE_MS = 1200, /* a boot sector runs within 200 ms here, under TCG too; with QEMU's own start this is ample */
};

static const char *const names[] = {
  [ORIEL_ACCEL_AUTO] = "auto", [ORIEL_ACCEL_KVM] = "kvm", [ORIEL_ACCEL_TCG] = "tcg", [ORIEL_ACCEL_HVF] = "hvf",
};

const char *oriel_accel_name(enum oriel_accel accel) {
  return (unsigned)accel < sizeof names / sizeof names[0] ? names[accel] : "unknown";
}

int oriel_accel_parse(const char *text, enum oriel_accel *accel) {
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(text, names[i]) == 0) {
      *accel = (enum oriel_accel)i;
      return 0;
    }
  return -EINVAL;
}

/** Writes the boot sector to a new file; `path` ends in XXXXXX. 16-bit code: mov al, value; out 0xf4, al; hlt; jmp. */
static int write_sector(char *path) {
  uint8_t sector[SECTOR_SIZE] = {0xB0, EXIT_VALUE, 0xE6, 0xF4, 0xF4, 0xEB, 0xFD};
  sector[SECTOR_SIZE - 2] = 0x55;
  sector[SECTOR_SIZE - 1] = 0xAA;
  const int fd = mkostemp(path, O_CLOEXEC);
  if (fd < 0)
    return -errno;
  const ssize_t written = write(fd, sector, sizeof sector);
  const int error = written == (ssize_t)sizeof sector ? 0 : written < 0 ? -errno : -ENOSPC;
  close(fd);
  if (error < 0)
    unlink(path);
  return error;
}

/** What can be known without starting anything. */
static int check_host(enum oriel_accel accel, char *why, size_t why_size) {
  struct utsname host;
  if (uname(&host) < 0)
    return -errno;
  if (accel == ORIEL_ACCEL_HVF && strcmp(host.sysname, "Darwin") != 0) {
    snprintf(why, why_size, "hvf exists on macOS only");
    return -ENODEV;
  }
  if (accel != ORIEL_ACCEL_KVM)
    return 0;
  if (access("/dev/kvm", F_OK) < 0) {
    snprintf(why, why_size, "no /dev/kvm: enable virtualisation in the firmware and load kvm_intel or kvm_amd");
    return -ENODEV;
  }
  if (access("/dev/kvm", R_OK | W_OK) < 0) {
    snprintf(why, why_size, "no permission for /dev/kvm: add yourself to its group with `sudo adduser $USER kvm`");
    return -EACCES;
  }
  return 0;
}

static void first_line(char *text) {
  text[strcspn(text, "\r\n")] = '\0';
}

int oriel_accel_probe(const char *qemu, enum oriel_accel accel, unsigned timeout_ms, char *why, size_t why_size) {
  int error = check_host(accel, why, why_size);
  if (error < 0)
    return error;
  const char *directory = getenv("TMPDIR");
  char sector[4096], drive[4200], output[1024];
  snprintf(sector, sizeof sector, "%s/oriel-probe.XXXXXX",
           directory != NULL && directory[0] == '/' ? directory : "/tmp");
  error = write_sector(sector);
  if (error < 0) {
    snprintf(why, why_size, "cannot write %s: %s", sector, strerror(-error));
    return error;
  }
  snprintf(drive, sizeof drive, "if=floppy,format=raw,readonly=on,file=%s", sector);
  char *const argv[] = {
    (char *)qemu, (char *)"-accel", (char *)oriel_accel_name(accel), (char *)"-machine", (char *)"pc",
    (char *)"-m", (char *)"16", (char *)"-nodefaults", (char *)"-no-user-config", (char *)"-display", (char *)"none",
    (char *)"-device", (char *)"isa-debug-exit,iobase=0xf4,iosize=4", (char *)"-drive", drive, NULL,
  };
  int status = 0;
  error = oriel_child_run(argv, timeout_ms, output, sizeof output, &status);
  unlink(sector);
  if (error == -ETIMEDOUT) {
    snprintf(why, why_size, "%s starts but ran no guest code within %u ms", oriel_accel_name(accel), timeout_ms);
    return error;
  }
  if (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_STATUS)
    return 0;
  first_line(output);
  snprintf(why, why_size, "%s does not work: %s", oriel_accel_name(accel),
           error < 0 ? strerror(-error) : output[0] != '\0' ? output : "QEMU ended without running guest code");
  return error < 0 ? error : -ENODEV;
}

static int cache_path(char *path, size_t path_size) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  int length;
  if (cache != NULL && cache[0] == '/')
    length = snprintf(path, path_size, "%s/oriel/accelerators", cache);
  else if (home != NULL && home[0] == '/')
    length = snprintf(path, path_size, "%s/.cache/oriel/accelerators", home);
  else
    return -ENOENT;
  return length > 0 && (size_t)length < path_size ? 0 : -ENAMETOOLONG;
}

void oriel_accel_cache_key(const char *qemu, const char *version, enum oriel_accel accel, char *key, size_t key_size) {
  char boot[64] = "unknown";
  FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
  if (file != NULL) {
    if (fgets(boot, sizeof boot, file) != NULL)
      first_line(boot);
    fclose(file);
  }
  struct utsname host;
  snprintf(key, key_size, "%s %s %s %s %s", oriel_accel_name(accel), boot, uname(&host) == 0 ? host.release : "unknown",
           version, qemu);
  first_line(key);
}

bool oriel_accel_cache_read(const char *key, bool *works) {
  char path[4096], line[4608];
  FILE *file = cache_path(path, sizeof path) == 0 ? fopen(path, "re") : NULL;
  if (file == NULL)
    return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, file) != NULL) {
    first_line(line);
    /* "yes KEY" or "no KEY" */
    const size_t verdict = strcspn(line, " ");
    found = line[verdict] == ' ' && strcmp(line + verdict + 1, key) == 0;
    if (found)
      *works = strncmp(line, "yes", verdict) == 0;
  }
  fclose(file);
  return found;
}

/** Creates the folders above `path`. */
static void make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
}

void oriel_accel_cache_write(const char *key, bool works) {
  char path[4096], fresh[4128];
  if (cache_path(path, sizeof path) < 0)
    return;
  make_parents(path);
  /* Only this boot's newest answer counts, so the file holds one line; a rename keeps a reader from half of it. */
  snprintf(fresh, sizeof fresh, "%s.%d", path, (int)getpid());
  FILE *file = fopen(fresh, "we");
  if (file == NULL)
    return;
  const bool written = fprintf(file, "%s %s\n", works ? "yes" : "no", key) > 0;
  if (fclose(file) != 0 || !written || rename(fresh, path) < 0)
    unlink(fresh);
}

int oriel_accel_choose(const char *qemu, const char *version, enum oriel_accel wanted, bool fresh,
                       enum oriel_accel *chosen, char *why, size_t why_size) {
  struct utsname host;
  const bool darwin = uname(&host) == 0 && strcmp(host.sysname, "Darwin") == 0;
  const enum oriel_accel candidate = wanted != ORIEL_ACCEL_AUTO ? wanted : darwin ? ORIEL_ACCEL_HVF : ORIEL_ACCEL_KVM;
  if (candidate == ORIEL_ACCEL_TCG) { /* always there: part of every QEMU for x86 */
    *chosen = ORIEL_ACCEL_TCG;
    return 0;
  }
  why[0] = '\0';
  char key[4352];
  bool works = false;
  int error = check_host(candidate, why, why_size);
  if (error == 0) {
    oriel_accel_cache_key(qemu, version, candidate, key, sizeof key);
    /* Who names an accelerator gets a new probe, whatever was remembered. */
    if (!fresh && wanted == ORIEL_ACCEL_AUTO && oriel_accel_cache_read(key, &works)) {
      error = works ? 0 : -ENODEV;
      if (!works)
        snprintf(why, why_size, "%s did not work earlier since this boot", oriel_accel_name(candidate));
    } else {
      error = oriel_accel_probe(qemu, candidate, PROBE_MS, why, why_size);
      oriel_accel_cache_write(key, error == 0);
    }
  }
  if (error == 0) {
    *chosen = candidate;
    return 0;
  }
  if (wanted != ORIEL_ACCEL_AUTO) {
    char reason[512];
    snprintf(reason, sizeof reason, "%s", why);
    snprintf(why, why_size, "cannot use --accel %s: %s; leave it out or give tcg", oriel_accel_name(wanted), reason);
    return error;
  }
  oriel_info("vm", "%s; using tcg", why);
  *chosen = ORIEL_ACCEL_TCG;
  return 0;
}
