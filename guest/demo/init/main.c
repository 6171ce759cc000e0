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
#include <linux/input.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "boot.h"
#include "device.h"
#include "display.h"
#include "file.h"
#include "sway.h"

enum {
  USER_ID = 1000,
  RETRY_MS = 50,             /* between attempts to reach a compositor that has made its socket but does not listen */
  SEATD_WAIT_MS = 5000,      /* seatd needs some 20 ms; without it there is no desktop, so wait generously */
  RESTART_LIMIT = 5,         /* compositor restarts before init leaves it dead */
  TERMINATE_WAIT_MS = 300,   /* what processes get between SIGTERM and the end */
  RECHECK_MS = 400,
  RECHECKS = 2,
};
#define WISHES_FIFO "/run/oriel/wishes"

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
  bool window_seen;
  bool shell_prompts;
  bool late_done;
  bool ready_told;
};

/* Lets the compositor start without input devices; with some it must not be set, for then wlroots would not look at
 * them until the first of them moves, and lose what it said. */
#define NO_DEVICES "WLR_LIBINPUT_NO_DEVICES=1"

static char *user_environment[] = {
  "HOME=/home/oriel", "USER=oriel", "LOGNAME=oriel", "SHELL=/bin/bash", "LANG=C.UTF-8", "PATH=/usr/bin:/usr/sbin",
  "XDG_RUNTIME_DIR=/run/user/1000", "SWAYSOCK=" SWAY_SOCKET, "LIBSEAT_BACKEND=seatd", "WLR_RENDERER=pixman",
  "LD_PRELOAD=/usr/libexec/oriel/scanout.so", "XCURSOR_THEME=DMZ-White", "XCURSOR_SIZE=24",
  "XCURSOR_PATH=/usr/share/icons", NO_DEVICES, NULL,
};
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

static void start_seatd(void) {
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
  if (setgid(USER_ID) < 0 || setuid(USER_ID) < 0 || chdir("/home/oriel") < 0) {
    _exit(126);
  }
}

static pid_t start_sway(void) {
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
static pid_t start_late(void) {
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

static pid_t start_serial_shell(void) {
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

static int open_uevents(void) {
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
  if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close(fd);
    fd = -1;
  }
  return fd;
}

static int open_fifo(void) {
  mkdir("/run/oriel", 0755);
  if (mkfifo(WISHES_FIFO, 0622) < 0 || chmod(WISHES_FIFO, 0622) < 0) {
    return -1;
  }
  /* Read-write, so that the last writer's close never reads as end of file. */
  return open(WISHES_FIFO, O_RDWR | O_NONBLOCK | O_CLOEXEC);
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

_Noreturn static void shut_down(int how) {
  kill(-1, SIGTERM);
  struct timespec pause = { .tv_nsec = TERMINATE_WAIT_MS * 1000000L };
  nanosleep(&pause, NULL);
  kill(-1, SIGKILL);
  sync();
  reboot(how);
  for (;;) {
    pause.tv_sec = 1;
    nanosleep(&pause, NULL);
  }
}

static void prepare_user(void) {
  static const char *const owned[] = { "/run/user/1000", "/home/oriel", "/home/oriel/.bashrc",
                                       "/home/oriel/.profile" };
  mkdir("/run/user", 0755);
  mkdir("/run/user/1000", 0700);
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
    if (chown(owned[i], USER_ID, USER_ID) < 0) {
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
    init->late = start_late();
    tell_ready(init);
  }
}

static void on_child(struct init *init, pid_t pid, int status) {
  if (pid == init->sway) {
    init_log("the compositor ended with status %d, see /run/user/1000/sway.log", status);
    disconnect_sway(init);
    display_forget();
    unlink(SWAY_SOCKET);
    init->sway = init->restarts++ < RESTART_LIMIT ? start_sway() : -1;
  } else if (pid == init->late) {
    init->late_done = true;
    init->power_fd = init->power_fd < 0 ? device_open_power_button() : init->power_fd;
    tell_ready(init);
  } else if (pid == init->shell) {
    init->shell = start_serial_shell();
  }
}

static void on_signal(struct init *init) {
  struct signalfd_siginfo info;
  while (read(init->signal_fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
      shut_down(info.ssi_signo == SIGTERM ? RB_POWER_OFF : RB_AUTOBOOT);
    }
  }
  int status;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    on_child(init, pid, status);
  }
}

/* The value of `name=` in a uevent: strings one after the other, each with its NUL. */
static const char *uevent_value(const char *event, size_t length, const char *name) {
  size_t name_length = strlen(name);
  for (const char *text = event; text < event + length; text += strlen(text) + 1) {
    if (strncmp(text, name, name_length) == 0 && text[name_length] == '=') {
      return text + name_length + 1;
    }
  }
  return "";
}

static void follow_display(struct init *init) {
  if (init->sway_fd >= 0 && display_follow(init->sway_fd) < 0) {
    disconnect_sway(init);
  }
}

static void on_uevent(struct init *init) {
  char event[4096];
  bool display_changed = false;
  ssize_t length;
  while ((length = recv(init->uevent_fd, event, sizeof event - 1, 0)) > 0) {
    event[length] = '\0';
    const char *subsystem = uevent_value(event, (size_t)length, "SUBSYSTEM");
    const char *name = uevent_value(event, (size_t)length, "DEVNAME");
    if (strcmp(subsystem, "drm") == 0 && strcmp(uevent_value(event, (size_t)length, "HOTPLUG"), "1") == 0) {
      display_changed = true;
    } else if (strcmp(subsystem, "input") == 0 && strncmp(name, "input/event", 11) == 0) {
      device_describe_input(name + 6);
    } else if (strcmp(subsystem, "sound") == 0) {
      device_allow_user();
    }
  }
  if (display_changed) {
    /* The kernel asks the device for size and EDID in two messages and tells after the first: what is read now may be
     * of before, so look again. */
    init->rechecks = RECHECKS;
    follow_display(init);
  }
}

static void on_power_button(struct init *init) {
  struct input_event event;
  while (read(init->power_fd, &event, sizeof event) == sizeof event) {
    if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1) {
      shut_down(RB_POWER_OFF);
    }
  }
}

static void on_fifo(struct init *init) {
  char wish;
  while (read(init->fifo_fd, &wish, 1) == 1) {
    if (wish == 'p' || wish == 'r') {
      shut_down(wish == 'p' ? RB_POWER_OFF : RB_AUTOBOOT);
    } else if (wish == 's') {
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
  init.uevent_fd = open_uevents();
  init.fifo_fd = open_fifo();
  boot_load_modules("/etc/oriel/modules.early");
  if (device_describe_all() > 0) {
    user_environment[sizeof user_environment / sizeof user_environment[0] - 2] = NULL;
  }
  prepare_user();
  init.directory_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  inotify_add_watch(init.directory_fd, "/run/user/1000", IN_CREATE);
  start_seatd();
  init.sway = start_sway();
  init.serial_fd = open_serial();
  if (boot_flag("oriel.serial") && init.serial_fd >= 0) {
    init.shell = start_serial_shell();
  }
  serve(&init);
}
