/* SPDX-License-Identifier: MIT
 *
 * Starting children with nothing of ours in them, and waiting with a bound. Called by vm/ from its caller's thread.
 */
#include "vm/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

extern char **environ;

enum {
  ERROR_FD = 3,      /* in the child: carries exec's errno, closed by a successful exec */
  REAP_AFTER_KILL_MS = 200, /* a process stuck in the kernel does not end even by SIGKILL: never wait for ever */
};

static void sleep_ms(unsigned ms) {
  const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
  nanosleep(&pause, NULL);
}

/** The environment without our own variables; the array is the caller's to free, its strings are borrowed. */
static char **child_environment(void) {
  size_t count = 0;
  while (environ[count] != NULL)
    count++;
  char **kept = calloc(count + 1, sizeof *kept);
  if (kept == NULL)
    return NULL;
  size_t next = 0;
  for (size_t i = 0; i < count; i++)
    if (strncmp(environ[i], "ORIEL_", 6) != 0)
      kept[next++] = environ[i];
  return kept;
}

/** Between fork and exec: async-signal-safe calls only. */
static _Noreturn void become(char *const argv[], char *const environment[], int input_fd, int output_fd, int error_fd) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < NSIG; number++)
    signal(number, SIG_DFL); /* an ignored SIGPIPE would be inherited through exec */
  /* Numbers above those that they move to make the order of the moves irrelevant. */
  const int input = fcntl(input_fd, F_DUPFD, ERROR_FD + 1), output = fcntl(output_fd, F_DUPFD, ERROR_FD + 1);
  const int error = fcntl(error_fd, F_DUPFD, ERROR_FD + 1);
  if (input >= 0 && output >= 0 && error >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
      dup2(output, STDERR_FILENO) >= 0 && dup2(error, ERROR_FD) >= 0 && fcntl(ERROR_FD, F_SETFD, FD_CLOEXEC) == 0) {
    closefrom(ERROR_FD + 1);
    execve(argv[0], argv, environment);
    error_fd = ERROR_FD;
  }
  const int code = errno;
  const ssize_t ignored = write(error_fd, &code, sizeof code);
  (void)ignored;
  _exit(127);
}

static ssize_t read_retry(int fd, void *data, size_t size) {
  ssize_t got;
  do
    got = read(fd, data, size);
  while (got < 0 && errno == EINTR);
  return got;
}

int oriel_child_start(char *const argv[], int output_fd, pid_t *pid) {
  int error = 0, input_fd = -1, error_pipe[2] = {-1, -1};
  char **environment = child_environment();
  if (environment == NULL)
    return -ENOMEM;
  input_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input_fd < 0 || pipe2(error_pipe, O_CLOEXEC) < 0) {
    error = -errno;
    goto done;
  }
  const pid_t child = fork();
  if (child < 0) {
    error = -errno;
    goto done;
  }
  if (child == 0)
    become(argv, environment, input_fd, output_fd, error_pipe[1]);
  close(error_pipe[1]);
  error_pipe[1] = -1;
  int code = 0;
  if (read_retry(error_pipe[0], &code, sizeof code) == (ssize_t)sizeof code) {
    waitpid(child, NULL, 0);
    error = code > 0 ? -code : -EIO;
    goto done;
  }
  *pid = child;
done:
  if (error_pipe[0] >= 0)
    close(error_pipe[0]);
  if (error_pipe[1] >= 0)
    close(error_pipe[1]);
  if (input_fd >= 0)
    close(input_fd);
  free(environment);
  return error;
}

bool oriel_child_wait(pid_t pid, unsigned timeout_ms, int *status) {
  const uint64_t deadline = oriel_clock_ns() + timeout_ms * ORIEL_NS_PER_MS;
  for (unsigned pause_ms = 1;; pause_ms = pause_ms < 8 ? pause_ms * 2 : 8) {
    int ended = 0;
    const pid_t found = waitpid(pid, &ended, WNOHANG);
    if (found == pid) {
      *status = ended;
      return true;
    }
    if (found < 0 && errno != EINTR) { /* reaped elsewhere: it is gone, how is not known */
      *status = 0;
      return true;
    }
    if (oriel_clock_ns() >= deadline)
      return false;
    sleep_ms(pause_ms);
  }
}

/** Reads until the end of the pipe or the deadline. Keeps what fits, drops the rest. */
static void collect(int fd, uint64_t deadline, char *output, size_t output_size) {
  size_t used = 0;
  for (;;) {
    const uint64_t now = oriel_clock_ns();
    if (now >= deadline)
      break;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    const int ready = poll(&wait, 1, (int)((deadline - now) / ORIEL_NS_PER_MS) + 1);
    if (ready < 0 && errno != EINTR)
      break;
    if (ready <= 0)
      continue;
    char chunk[1024];
    const ssize_t got = read_retry(fd, chunk, sizeof chunk);
    if (got <= 0)
      break;
    const size_t room = output_size - 1 - used;
    const size_t kept = (size_t)got < room ? (size_t)got : room;
    memcpy(output + used, chunk, kept);
    used += kept;
  }
  output[used] = '\0';
}

int oriel_child_run(char *const argv[], unsigned timeout_ms, char *output, size_t output_size, int *status) {
  const uint64_t deadline = oriel_clock_ns() + timeout_ms * ORIEL_NS_PER_MS;
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) < 0)
    return -errno;
  pid_t pid = 0;
  int error = oriel_child_start(argv, pipe_fds[1], &pid);
  close(pipe_fds[1]);
  if (error == 0) {
    collect(pipe_fds[0], deadline, output, output_size);
    const uint64_t now = oriel_clock_ns();
    if (!oriel_child_wait(pid, now < deadline ? (unsigned)((deadline - now) / ORIEL_NS_PER_MS) : 0, status)) {
      int ignored;
      kill(-pid, SIGKILL);
      oriel_child_wait(pid, REAP_AFTER_KILL_MS, &ignored);
      error = -ETIMEDOUT;
    }
  }
  close(pipe_fds[0]);
  return error;
}

static bool executable(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

int oriel_child_find(const char *name, char *path, size_t path_size) {
  if (strchr(name, '/') != NULL) {
    if (strlen(name) >= path_size)
      return -ENAMETOOLONG;
    if (!executable(name))
      return -ENOENT;
    strcpy(path, name);
    return 0;
  }
  const char *search = getenv("PATH");
  if (search == NULL)
    search = "/usr/local/bin:/usr/bin:/bin";
  while (*search != '\0') {
    const size_t length = strcspn(search, ":");
    char candidate[4096];
    const int written = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, search, name);
    if (length > 0 && written > 0 && (size_t)written < sizeof candidate && executable(candidate)) {
      if ((size_t)written >= path_size)
        return -ENAMETOOLONG;
      strcpy(path, candidate);
      return 0;
    }
    search += length + (search[length] == ':' ? 1 : 0);
  }
  return -ENOENT;
}
