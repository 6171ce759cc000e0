/* SPDX-License-Identifier: MIT
 *
 * poll(2) over both ends. Runs as the transport thread.
 */
#include "guest/agent/pump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/clock.h"

struct agent_pump {
  struct agent_output *output;
  struct agent_input *input;
  int stop; /* eventfd */
};

void *agent_pump_run(void *user) {
  struct agent_pump *pump = user;
  sigset_t every; /* signals are the main thread's */
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, NULL);
  prctl(PR_SET_TIMERSLACK, 1); /* of the time-outs of poll; a default of 50 us more would be delay for nothing */
  for (;;) {
    struct pollfd polled[4] = {{.fd = pump->stop, .events = POLLIN}};
    int timeout_ms = -1;
    const uint64_t before_ns = oriel_clock_ns();
    const size_t outputs = agent_output_poll(pump->output, polled + 1, &timeout_ms, before_ns);
    const size_t inputs = agent_input_poll(pump->input, polled + 1 + outputs, &timeout_ms, before_ns);
    if (poll(polled, 1 + outputs + inputs, timeout_ms) < 0 && errno != EINTR)
      return NULL; /* memory for the kernel's table is short: nothing that a loop here would mend */
    if (polled[0].revents != 0)
      return NULL;
    const uint64_t now_ns = oriel_clock_ns();
    agent_output_step(pump->output, polled + 1, outputs, now_ns);
    agent_input_step(pump->input, polled + 1 + outputs, inputs, now_ns);
  }
}

int agent_pump_create(struct agent_output *output, struct agent_input *input, struct agent_pump **pump) {
  struct agent_pump *made = calloc(1, sizeof *made);
  if (made == NULL)
    return -ENOMEM;
  *made = (struct agent_pump){.output = output, .input = input, .stop = eventfd(0, EFD_CLOEXEC)};
  if (made->stop < 0) {
    const int result = -errno;
    free(made);
    return result;
  }
  *pump = made;
  return 0;
}

void agent_pump_quit(struct agent_pump *pump) {
  const uint64_t one = 1;
  while (write(pump->stop, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

void agent_pump_destroy(struct agent_pump *pump) {
  if (pump == NULL)
    return;
  close(pump->stop);
  free(pump);
}
