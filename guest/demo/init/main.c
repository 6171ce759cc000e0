/* SPDX-License-Identifier: MIT
 *
 * Process 1 of the demo guest. Brings up the devices, the compositor and the first terminal by the shortest path,
 * then waits for the world: a new display size, new devices, the power button, dead children. One thread.
 *
 * Kernel command line:
 *   oriel.run=COMMAND   runs COMMAND (shell; + is a space, %XX any byte) beside the terminal, once all is ready
 *   oriel.terminal=0    no terminal: COMMAND starts with the desktop, and `ready` waits for its first window
 *   oriel.serial=1      a root shell on ttyS0
 * On ttyS0, if there is one, a line `oriel-guest: ready` says that the first window is on the desktop, its shell takes
 * commands and the sound devices exist.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "boot.h"
#include "device.h"
#include "display.h"
#include "file.h"
#include "power.h"
#include "program.h"
#include "sway.h"
#include "uevent.h"

enum {
  RETRY_MS = 50,     /* between attempts to reach a compositor that has made its socket but does not listen */
  RESTART_LIMIT = 5, /* compositor restarts before init leaves it dead */
  RECHECK_MS = 400,
  RECHECKS = 2,
};
#define REQUESTS_FIFO "/run/oriel/requests"

struct init {
  int signal_fd;
  int uevent_fd;
  int directory_fd; /* inotify on the directory of the compositor's socket */
  int sway_fd;
  int power_fd;
  int fifo_fd;
  int serial_fd;
  pid_t sway;
  pid_t late;
  pid_t shell;
  int restarts;
  int rechecks; /* how often the displays' sizes are still to be read again */
  bool has_input; /* devices existed when init looked first */
  bool window_seen;
  bool shell_prompts;
  bool late_done;
  bool ready_told;
};

/* Opens ttyS0 only if a port is behind it; the node exists in any case. */
static int open_serial(void) {
  struct termios settings;
  int fd = open("/dev/ttyS0", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0 && tcgetattr(fd, &settings) < 0) {
    close(fd);
    fd = -1;
  }
  return fd;
}

static int open_fifo(void) {
  mkdir("/run/oriel", 0755);
  if (mkfifo(REQUESTS_FIFO, 0622) < 0 || chmod(REQUESTS_FIFO, 0622) < 0) {
    return -1;
  }
  /* Read-write, so that the last writer's close never reads as end of file. */
  return open(REQUESTS_FIFO, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int open_signals(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigprocmask(SIG_BLOCK, &wanted, NULL);
  return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void prepare_user(void) {
  static const char *const owned[] = { "/run/user/1000", "/home/oriel", "/home/oriel/.bashrc",
                                       "/home/oriel/.profile" };
  mkdir("/run/user", 0755);
  mkdir("/run/user/1000", 0700);
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
    if (chown(owned[i], PROGRAM_USER_ID, PROGRAM_USER_ID) < 0) {
      init_log("cannot give %s to the user: %s", owned[i], strerror(errno));
    }
  }
}

static void run_hook(struct init *init) {
  char command[2048];
  if (!boot_option("oriel.run", command, sizeof command)) {
    return;
  }
  file_write("/run/oriel/run", command);
  sway_command(init->sway_fd, "exec /bin/sh /run/oriel/run");
}

static bool wants_terminal(void) {
  char value[8];
  return !boot_option("oriel.terminal", value, sizeof value) || strcmp(value, "0") != 0;
}

/* The hook runs beside the terminal, when all is ready, or in its place, at once. */
static void tell_ready(struct init *init) {
  if (init->ready_told || !init->window_seen || !init->late_done || (wants_terminal() && !init->shell_prompts)) {
    return;
  }
  init->ready_told = true;
  /* On a line of its own, even after a shell's prompt; the terminal adds the carriage returns. */
  static const char line[] = "\noriel-guest: ready\n";
  if (init->serial_fd >= 0 && write(init->serial_fd, line, sizeof line - 1) < 0) {
    init_log("cannot write to ttyS0: %s", strerror(errno));
  }
  if (wants_terminal()) {
    run_hook(init);
  }
}

static void start_programs(struct init *init) {
  if (wants_terminal()) {
    sway_command(init->sway_fd, "exec /usr/bin/foot --app-id=welcome");
  } else {
    run_hook(init);
  }
}

static void connect_sway(struct init *init) {
  init->sway_fd = sway_connect();
  if (init->sway_fd >= 0) {
    start_programs(init);
    display_follow(init->sway_fd);
  }
}

static void disconnect_sway(struct init *init) {
  if (init->sway_fd >= 0) {
    close(init->sway_fd);
    init->sway_fd = -1;
  }
}

static void on_sway(struct init *init) {
  bool opened = false;
  if (sway_read(init->sway_fd, &opened) < 0) {
    disconnect_sway(init);
    return;
  }
  if (opened && !init->window_seen) {
    init->window_seen = true;
    init->late = program_start_late();
    tell_ready(init);
  }
}

static void on_child(struct init *init, pid_t pid, int status) {
  if (pid == init->sway) {
    init_log("the compositor ended with status %d, see /run/user/1000/sway.log", status);
    disconnect_sway(init);
    display_forget();
    unlink(SWAY_SOCKET);
    init->sway = init->restarts++ < RESTART_LIMIT ? program_start_sway(init->has_input) : -1;
  } else if (pid == init->late) {
    init->late_done = true;
    init->power_fd = init->power_fd < 0 ? device_open_power_button() : init->power_fd;
    tell_ready(init);
  } else if (pid == init->shell) {
    init->shell = program_start_serial_shell();
  }
}

static void on_signal(struct init *init) {
  struct signalfd_siginfo info;
  while (read(init->signal_fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
      power_shut_down(info.ssi_signo == SIGTERM ? RB_POWER_OFF : RB_AUTOBOOT);
    }
  }
  int status;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    on_child(init, pid, status);
  }
}

static void follow_display(struct init *init) {
  if (init->sway_fd >= 0 && display_follow(init->sway_fd) < 0) {
    disconnect_sway(init);
  }
}

static void on_uevent(struct init *init) {
  if (uevent_read(init->uevent_fd)) {
    /* The kernel asks the device for size and EDID in two messages and tells after the first: what is read now may be
     * of before, so look again. */
    init->rechecks = RECHECKS;
    follow_display(init);
  }
}

static void on_power_button(struct init *init) {
  if (power_button_pressed(init->power_fd)) {
    power_shut_down(RB_POWER_OFF);
  }
}

static void on_fifo(struct init *init) {
  char request;
  while (read(init->fifo_fd, &request, 1) == 1) {
    if (request == 'p' || request == 'r') {
      power_shut_down(request == 'p' ? RB_POWER_OFF : RB_AUTOBOOT);
    } else if (request == 's') {
      init->shell_prompts = true;
      tell_ready(init);
    }
  }
}

static void drain(int fd) {
  char bytes[4096];
  while (read(fd, bytes, sizeof bytes) > 0) {
  }
}

static void serve(struct init *init) {
  for (;;) {
    struct pollfd fds[] = {
      { .fd = init->signal_fd, .events = POLLIN }, { .fd = init->uevent_fd, .events = POLLIN },
      { .fd = init->sway_fd, .events = POLLIN },   { .fd = init->power_fd, .events = POLLIN },
      { .fd = init->fifo_fd, .events = POLLIN },   { .fd = init->directory_fd, .events = POLLIN },
    };
    bool waiting = init->sway_fd < 0 && init->sway > 0 && access(SWAY_SOCKET, F_OK) == 0;
    int count = poll(fds, sizeof fds / sizeof fds[0], waiting ? RETRY_MS : init->rechecks ? RECHECK_MS : -1);
    if (count < 0) {
      continue;
    }
    if (count == 0 && init->rechecks) {
      init->rechecks--;
      follow_display(init);
    }
    if (fds[5].revents) {
      drain(init->directory_fd);
    }
    if (fds[2].revents) {
      on_sway(init);
    } else if (init->sway_fd < 0 && init->sway > 0) {
      connect_sway(init);
    }
    if (fds[1].revents) {
      on_uevent(init);
    }
    if (fds[3].revents) {
      on_power_button(init);
    }
    if (fds[4].revents) {
      on_fifo(init);
    }
    if (fds[0].revents) {
      on_signal(init);
    }
  }
}

int main(void) {
  struct init init = { .sway_fd = -1, .power_fd = -1, .late = -1, .shell = -1 };
  boot_mount();
  init.signal_fd = open_signals();
  init.uevent_fd = uevent_open();
  init.fifo_fd = open_fifo();
  boot_load_modules("/etc/oriel/modules.early");
  init.has_input = device_describe_all() > 0;
  prepare_user();
  init.directory_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  inotify_add_watch(init.directory_fd, "/run/user/1000", IN_CREATE);
  program_start_seatd();
  init.sway = program_start_sway(init.has_input);
  init.serial_fd = open_serial();
  if (boot_flag("oriel.serial") && init.serial_fd >= 0) {
    init.shell = program_start_serial_shell();
  }
  serve(&init);
}
