/* SPDX-License-Identifier: MIT
 *
 * See power.h. Called by init's only thread.
 */
#include "power.h"

#include <linux/input.h>
#include <signal.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

enum { TERMINATE_WAIT_MS = 300 }; /* what processes get between SIGTERM and the end */

_Noreturn void power_shut_down(int how) {
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

bool power_button_pressed(int fd) {
  struct input_event event;
  bool pressed = false;
  while (read(fd, &event, sizeof event) == sizeof event) {
    pressed |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
  }
  return pressed;
}
