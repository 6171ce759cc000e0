/* SPDX-License-Identifier: MIT
 *
 * See program.h. Called by init's only thread.
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "boot.h"
#include "device.h"
#include "file.h"
#include "sway.h"

enum { SEATD_WAIT_MS = 5000 }; /* seatd needs some 20 ms; without it there is no desktop, so wait generously */

/* Lets the compositor start without input devices; with some it must not be set, for then wlroots would not look at
 * them until the first of them moves, and lose what it said. */
#define NO_DEVICES "WLR_LIBINPUT_NO_DEVICES=1"

static char *user_environment[] = {
  "HOME=/home/oriel", "USER=oriel", "LOGNAME=oriel", "SHELL=/bin/bash", "LANG=C.UTF-8", "PATH=/usr/bin:/usr/sbin",
  "XDG_RUNTIME_DIR=/run/user/1000", "SWAYSOCK=" SWAY_SOCKET, "LIBSEAT_BACKEND=seatd", "WLR_RENDERER=pixman",
  "LD_PRELOAD=/usr/libexec/oriel/scanout.so", "XCURSOR_THEME=DMZ-White", "XCURSOR_SIZE=24",
  "XCURSOR_PATH=/usr/share/icons", NO_DEVICES, NULL,
};
enum { ENVIRONMENT_NO_DEVICES = sizeof user_environment / sizeof user_environment[0] - 2 };
static char *const root_environment[] = {
  "HOME=/root", "USER=root", "LANG=C.UTF-8", "PATH=/usr/bin:/usr/sbin", "SEATD_VTBOUND=0", "TERM=dumb", "PS1=# ",
  NULL,
};

/* What every child starts with: no blocked signals and a session of its own. */
static pid_t spawn_begin(void) {
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
  } else if (pid < 0) {
    init_log("cannot fork: %s", strerror(errno));
  }
  return pid;
}

/* Diagnostics of children go to a file that a shell in the guest can read. */
static void redirect_output(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd >= 0) {
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
  }
}

void program_start_seatd(void) {
  int ready[2];
  if (pipe(ready) < 0) {
    return;
  }
  pid_t pid = spawn_begin();
  if (pid == 0) {
    char number[16];
    snprintf(number, sizeof number, "%d", ready[1]);
    redirect_output("/run/seatd.log");
    execle("/usr/sbin/seatd", "seatd", "-u", "oriel", "-n", number, NULL, root_environment);
    _exit(127);
  }
  close(ready[1]);
  struct pollfd wait = { .fd = ready[0], .events = POLLIN };
  poll(&wait, 1, SEATD_WAIT_MS);
  close(ready[0]);
}

static void become_user(void) {
  if (setgid(PROGRAM_USER_ID) < 0 || setuid(PROGRAM_USER_ID) < 0 || chdir("/home/oriel") < 0) {
    _exit(126);
  }
}

pid_t program_start_sway(bool has_input) {
  user_environment[ENVIRONMENT_NO_DEVICES] = has_input ? NULL : NO_DEVICES;
  pid_t pid = spawn_begin();
  if (pid == 0) {
    become_user();
    redirect_output("/run/user/1000/sway.log");
    execle("/usr/bin/sway", "sway", "-c", "/etc/sway/config", NULL, user_environment);
    _exit(127);
  }
  return pid;
}

/* Sound and the power button can wait until there is a terminal to look at. */
pid_t program_start_late(void) {
  pid_t pid = spawn_begin();
  if (pid == 0) {
    if (nice(5) < 0) {
      /* Only a courtesy to the compositor. */
    }
    boot_load_modules("/etc/oriel/modules.late");
    device_allow_user();
    redirect_output("/run/mixer.log");
    execle("/bin/sh", "sh", "/usr/libexec/oriel/mixer", NULL, root_environment);
    _exit(127);
  }
  return pid;
}

pid_t program_start_serial_shell(void) {
  pid_t pid = spawn_begin();
  if (pid == 0) {
    int fd = open("/dev/ttyS0", O_RDWR);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0) {
      _exit(1);
    }
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    /* Without line editing, which would put escape sequences between what a test sent and what it waits for. */
    execle("/bin/bash", "bash", "--noediting", "--norc", "-i", NULL, root_environment);
    _exit(127);
  }
  return pid;
}
