/* SPDX-License-Identifier: MIT
 *
 * The life of one QEMU process, from its runtime directory to its end. Main thread.
 */
#include "vm/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/shortage.h"
#include "core/utf8.h"
#include "vm/arguments.h"
#include "vm/child.h"
#include "vm/disk_space.h"
#include "vm/image.h"
#include "vm/process.h"
#include "vm/runtime.h"

enum {
  START_MS = 10000,
  POLL_MS = 10,
  KILL_MS = 300, /* after SIGKILL, which a process stuck in the kernel survives */
  CPUS_MAX = 64,
  MEMORY_MIN_MIB = 64,
  MEMORY_MAX_MIB = 1048576,
  LINE_MAX_BYTES = 240,
  OVERLAY_MIN_BYTES = 1024 * 1024, /* an empty qcow2 takes a quarter of it */
};

struct oriel_qemu {
  pid_t pid; /* 0 = none */
  struct oriel_process process; /* of a VM that was taken over, which is no child; else its pid is 0 */
  int status;
  bool ended;
  enum oriel_accel accel;
  struct oriel_runtime runtime;
  bool has_sound_ports, has_clipboard_port;
};

bool oriel_qemu_name_valid(const char *name) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  const size_t length = name == NULL ? 0 : strlen(name);
  return length >= 1 && length <= 64 && name[0] != '.' && strspn(name, allowed) == length;
}

static int check_config(const struct oriel_qemu_config *config, char *why, size_t why_size) {
  if (!oriel_qemu_name_valid(config->name))
    snprintf(why, why_size, "the VM's name must be 1 to 64 of A-Z a-z 0-9 _ . - and not start with a dot");
  else if (config->cpus < 1 || config->cpus > CPUS_MAX)
    snprintf(why, why_size, "%u CPUs asked for: 1 to %d are possible", config->cpus, CPUS_MAX);
  else if (config->memory_mib < MEMORY_MIN_MIB || config->memory_mib > MEMORY_MAX_MIB)
    snprintf(why, why_size, "%llu MiB of memory asked for: %d to %d are possible",
             (unsigned long long)config->memory_mib, MEMORY_MIN_MIB, MEMORY_MAX_MIB);
  else if (config->disk == NULL && (config->kernel == NULL || config->initrd == NULL))
    snprintf(why, why_size, "nothing to boot: give a disk, or kernel and initrd");
  else if (config->disk == NULL && (access(config->kernel, R_OK) < 0 || access(config->initrd, R_OK) < 0))
    snprintf(why, why_size, "cannot read %s: %s", access(config->kernel, R_OK) < 0 ? config->kernel : config->initrd,
             strerror(errno));
  else
    return 0;
  return -EINVAL;
}

/** Copies the last line of the log that says something, without control characters and QEMU's own name. */
static void last_line(const char *path, char *line, size_t size) {
  char tail[4096];
  line[0] = '\0';
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  const off_t end = lseek(fd, 0, SEEK_END);
  const off_t from = end > (off_t)sizeof tail - 1 ? end - (off_t)sizeof tail + 1 : 0;
  const ssize_t got = pread(fd, tail, sizeof tail - 1, from);
  close(fd);
  tail[got > 0 ? got : 0] = '\0';
  char *state = NULL;
  for (char *part = strtok_r(tail, "\r\n", &state); part != NULL; part = strtok_r(NULL, "\r\n", &state)) {
    if (strstr(part, "warning:") != NULL) /* what TCG cannot do is no reason for an end */
      continue;
    const char *said = strncmp(part, "qemu-system-", 12) == 0 ? strstr(part, ": ") : NULL;
    snprintf(line, size, "%s", said != NULL ? said + 2 : part);
  }
  oriel_utf8_sanitize(line);
}

/** A QMP connection while QEMU starts. The socket listens long before the machine is built, and QEMU may still refuse
 *  its command line then: only an answer to a command, which its main loop gives, proves that the VM runs. */
struct hello {
  int fd; /* -1 = not connected yet */
  size_t used;
  char answer[4096]; /* greeting and answer, some 250 bytes */
};

static bool says_hello(struct hello *hello, const char *path) {
  static const char command[] = "{\"execute\":\"qmp_capabilities\"}\n";
  if (hello->fd < 0) {
    hello->fd = oriel_runtime_connect(path);
    if (hello->fd < 0 || send(hello->fd, command, sizeof command - 1, MSG_NOSIGNAL) != (ssize_t)sizeof command - 1)
      return false;
  }
  const ssize_t got = recv(hello->fd, hello->answer + hello->used, sizeof hello->answer - 1 - hello->used, 0);
  if (got > 0)
    hello->used += (size_t)got;
  hello->answer[hello->used] = '\0';
  return strstr(hello->answer, "\"return\"") != NULL;
}

/** At a socket of its own: whoever waits for the VM to come back may be served at the other one before us. */
static int wait_for_vm(struct oriel_qemu *vm, const volatile sig_atomic_t *cancel, char *why, size_t why_size) {
  const uint64_t deadline = oriel_clock_ns() + START_MS * ORIEL_NS_PER_MS;
  struct hello hello = {.fd = -1};
  int error = -EAGAIN;
  while (error == -EAGAIN) {
    if (cancel != NULL && *cancel) {
      snprintf(why, why_size, "interrupted while QEMU was starting");
      error = -ECANCELED;
    } else if (says_hello(&hello, vm->runtime.up))
      error = 0;
    else if ((vm->ended = oriel_child_wait(vm->pid, POLL_MS, &vm->status))) { /* also the pause between two tries */
      char what[LINE_MAX_BYTES + 64];
      if (oriel_qemu_ended_well(vm, what, sizeof what))
        snprintf(what, sizeof what, "ended at once");
      snprintf(why, why_size, "QEMU did not start: it %s", what);
      error = -EIO;
    } else if (oriel_clock_ns() >= deadline) {
      snprintf(why, why_size, "QEMU did not start: no answer on %s within %d s", vm->runtime.up, START_MS / 1000);
      error = -ETIMEDOUT;
    }
  }
  if (hello.fd >= 0)
    close(hello.fd);
  return error;
}

/** Arguments, one a line, in a new string that the caller frees. NULL when memory is short. */
static char *join(char *const *arguments) {
  size_t size = 1;
  for (size_t i = 0; arguments[i] != NULL; i++)
    size += strlen(arguments[i]) + 1;
  char *text = malloc(size), *end = text;
  for (size_t i = 0; text != NULL && arguments[i] != NULL; i++)
    end += sprintf(end, "%s\n", arguments[i]);
  if (text != NULL)
    *end = '\0';
  return text;
}

/** Keeps the command line beside the socket. Without it the VM is not known again, which is all. */
static void record_launch(const char *path, char *const *arguments) {
  char *text = join(arguments);
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0 || text == NULL || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
    oriel_debug("vm", "cannot write %s: %s", path, strerror(errno));
  if (fd >= 0)
    close(fd);
  free(text);
}

static bool recorded_launch_is(const char *path, char *const *arguments) {
  char *text = join(arguments), *found = text != NULL ? malloc(strlen(text) + 1) : NULL;
  const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  bool same = false;
  if (fd >= 0 && found != NULL) {
    const size_t size = strlen(text);
    same = read(fd, found, size + 1) == (ssize_t)size && memcmp(found, text, size) == 0;
  }
  if (fd >= 0)
    close(fd);
  free(found);
  free(text);
  return same;
}

/** A VM of this name runs and nobody serves it: ours, if it was started as we would start it. */
static int adopt(struct oriel_qemu *vm, const struct oriel_qemu_config *config, const struct oriel_launch *launch,
                 char *why, size_t why_size) {
  char **arguments = oriel_arguments_create(config, launch);
  const bool same = arguments != NULL && recorded_launch_is(vm->runtime.launch, arguments);
  oriel_arguments_free(arguments);
  if (!same) {
    const size_t used = strlen(why);
    snprintf(why + used, why_size - used, "; it was started with other options");
  } else if (oriel_process_of_socket(vm->runtime.qmp, &vm->process) == 0) {
    vm->pid = vm->process.pid;
    return 0;
  }
  oriel_runtime_leave(&vm->runtime);
  return -EBUSY;
}

static int spawn(struct oriel_qemu *vm, const struct oriel_qemu_config *config, const struct oriel_launch *launch,
                 char *why, size_t why_size) {
  char **arguments = oriel_arguments_create(config, launch);
  if (arguments == NULL) {
    snprintf(why, why_size, "cannot start QEMU: out of memory");
    return -ENOMEM;
  }
  int error = 0;
  const int log = open(vm->runtime.log, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (log < 0) {
    error = -errno;
    snprintf(why, why_size, "cannot write %s: %s; %s XDG_RUNTIME_DIR to another directory", vm->runtime.log,
             strerror(-error), oriel_disk_space_advice(error));
  } else {
    error = oriel_child_start(arguments, log, &vm->pid);
    if (error == 0)
      record_launch(vm->runtime.launch, arguments);
    else
      snprintf(why, why_size, "cannot run %s: %s; %s", launch->qemu, strerror(-error),
               oriel_shortage_advice(-error));
    close(log);
  }
  oriel_arguments_free(arguments);
  return error;
}

/** QEMU keeps what the guest writes to a disk in a file without a name, in $TMPDIR or /var/tmp. */
static int check_overlay(const struct oriel_qemu_config *config, const struct oriel_image *image, char *why,
                         size_t why_size) {
  const char *directory = getenv("TMPDIR");
  if (config->disk == NULL || config->persistent || image->optical)
    return 0;
  if (directory == NULL || directory[0] == '\0')
    directory = "/var/tmp";
  const int error = oriel_disk_space_check(directory, OVERLAY_MIN_BYTES);
  if (error < 0)
    snprintf(why, why_size, "cannot keep the guest's changes in %.200s: %s; %s TMPDIR to another directory", directory,
             strerror(-error), oriel_disk_space_advice(error));
  return error;
}

/** Everything that can be refused before a process or a directory exists. */
static int prepare(const struct oriel_qemu_config *config, char *qemu, size_t qemu_size, struct oriel_image *image,
                   enum oriel_accel *accel, char *why, size_t why_size) {
  char version[32];
  int error = check_config(config, why, why_size);
  if (error == 0 && config->disk != NULL) {
    const struct oriel_image_request request = {
      .path = config->disk, .format = config->disk_format, .writable = config->persistent,
      .any_content = config->extra != NULL && config->extra[0] != NULL,
    };
    error = oriel_image_inspect(&request, image, why, why_size);
  }
  if (error == 0)
    error = check_overlay(config, image, why, why_size);
  if (error == 0)
    error = oriel_qemu_find(qemu, qemu_size, version, sizeof version, why, why_size);
  if (error == 0)
    error = oriel_accel_choose(qemu, version, config->accel, false, accel, why, why_size);
  return error;
}

int oriel_qemu_start(const struct oriel_qemu_config *config, struct oriel_qemu **vm, char *why, size_t why_size) {
  char qemu[4096];
  struct oriel_image *image = calloc(1, sizeof *image);
  struct oriel_qemu *fresh = calloc(1, sizeof *fresh);
  int error = -ENOMEM;
  if (image == NULL || fresh == NULL) {
    snprintf(why, why_size, "cannot start QEMU: out of memory");
    goto fail;
  }
  fresh->runtime.lock = fresh->process.fd = -1;
  error = prepare(config, qemu, sizeof qemu, image, &fresh->accel, why, why_size);
  if (error < 0)
    goto fail;
  error = oriel_runtime_open(config->runtime_dir, config->name, &fresh->runtime, why, why_size);
  const bool runs = error == -EALREADY;
  if (error < 0 && !runs)
    goto fail;
  const struct oriel_launch launch = {
    .qemu = qemu, .accel = fresh->accel, .qmp = fresh->runtime.qmp, .up = fresh->runtime.up,
    .disk = config->disk != NULL ? image : NULL,
    .sound = config->sound_ports && fresh->runtime.sound[0] != '\0' ? fresh->runtime.sound : NULL,
    .microphone = fresh->runtime.microphone,
    .clipboard = config->clipboard_port && fresh->runtime.clipboard[0] != '\0' ? fresh->runtime.clipboard : NULL,
    .vdagent = config->vdagent_port && oriel_qemu_has_vdagent(qemu),
  };
  fresh->has_clipboard_port = launch.clipboard != NULL;
  fresh->has_sound_ports = launch.sound != NULL;
  if (runs)
    error = adopt(fresh, config, &launch, why, why_size);
  else
    error = spawn(fresh, config, &launch, why, why_size);
  if (error == 0 && !runs)
    error = wait_for_vm(fresh, config->cancel, why, why_size);
  if (error < 0)
    goto fail;
  free(image);
  *vm = fresh;
  return 0;
fail:
  free(image);
  oriel_qemu_stop(fresh, 0);
  return error;
}

const char *oriel_qemu_qmp_path(const struct oriel_qemu *vm) {
  return vm->runtime.qmp;
}

const char *oriel_qemu_sound_path(const struct oriel_qemu *vm) {
  return vm->has_sound_ports ? vm->runtime.sound : NULL;
}

const char *oriel_qemu_microphone_path(const struct oriel_qemu *vm) {
  return vm->has_sound_ports ? vm->runtime.microphone : NULL;
}

const char *oriel_qemu_clipboard_path(const struct oriel_qemu *vm) {
  return vm->has_clipboard_port ? vm->runtime.clipboard : NULL;
}

pid_t oriel_qemu_pid(const struct oriel_qemu *vm) {
  return vm->pid;
}

enum oriel_accel oriel_qemu_accel(const struct oriel_qemu *vm) {
  return vm->accel;
}

bool oriel_qemu_adopted(const struct oriel_qemu *vm) {
  return vm->process.pid > 0;
}

static bool wait_for_end(struct oriel_qemu *vm, unsigned timeout_ms) {
  if (vm->ended)
    return true;
  vm->ended = oriel_qemu_adopted(vm) ? oriel_process_wait(&vm->process, timeout_ms)
                                     : oriel_child_wait(vm->pid, timeout_ms, &vm->status);
  return vm->ended;
}

static void send_signal(const struct oriel_qemu *vm, int number) {
  if (oriel_qemu_adopted(vm))
    oriel_process_signal(&vm->process, number);
  else
    kill(vm->pid, number);
}

bool oriel_qemu_alive(struct oriel_qemu *vm) {
  return !wait_for_end(vm, 0);
}

bool oriel_qemu_ended_well(const struct oriel_qemu *vm, char *what, size_t what_size) {
  char line[LINE_MAX_BYTES];
  if (oriel_qemu_adopted(vm)) { /* a stranger's status is nobody's to read; an orderly end removes the socket */
    if (access(vm->runtime.qmp, F_OK) < 0)
      return true;
    last_line(vm->runtime.log, line, sizeof line);
    snprintf(what, what_size, "ended out of order%s%s", line[0] != '\0' ? ": " : "", line);
    return false;
  }
  /* SIGTERM is how a QEMU is told to end; before its handlers stand it dies of it. */
  if ((WIFEXITED(vm->status) && WEXITSTATUS(vm->status) == 0) ||
      (WIFSIGNALED(vm->status) && WTERMSIG(vm->status) == SIGTERM))
    return true;
  last_line(vm->runtime.log, line, sizeof line);
  char how[64];
  if (WIFSIGNALED(vm->status))
    snprintf(how, sizeof how, "was killed by signal %d (%s)", WTERMSIG(vm->status), strsignal(WTERMSIG(vm->status)));
  else
    snprintf(how, sizeof how, "exited with status %d", WEXITSTATUS(vm->status));
  snprintf(what, what_size, "%s%s%s", how, line[0] != '\0' ? ": " : "", line);
  return false;
}

void oriel_qemu_stop(struct oriel_qemu *vm, unsigned grace_ms) {
  if (vm == NULL)
    return;
  if (vm->pid > 0 && oriel_qemu_alive(vm)) {
    send_signal(vm, SIGTERM);
    if (!wait_for_end(vm, grace_ms)) {
      send_signal(vm, SIGKILL);
      (void)wait_for_end(vm, KILL_MS);
    }
    if (!vm->ended)
      oriel_warn("vm", "QEMU (process %d) does not end: it is stuck in the kernel", (int)vm->pid);
  }
  oriel_runtime_remove(&vm->runtime);
  oriel_process_close(&vm->process);
  free(vm);
}
