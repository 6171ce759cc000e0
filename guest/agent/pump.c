/* SPDX-License-Identifier: MIT
 *
 * poll(2) over both ends. Runs as the transport thread.
 */
#include "guest/agent/pump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/clock.h"

#define LOOK_NS ORIEL_NS_PER_SECOND /* at least, between two looks at where to run */

struct agent_pump {
  struct agent_output *output;
  struct agent_input *input;
  int stop; /* eventfd */
  int core;            /* this thread stays on; -1 = on any of `cores` */
  cpu_set_t cores;     /* it was started on; none where they are not known, so that it is never moved */
  uint64_t looked_ns;
};

/** Onto the data thread's core: to be woken on another one costs a guest an exit to the host on either side, several
 * times what there is to do. It begins when the data thread ends, so the two do not get in each other's way; without
 * priority a busy program on that core might, so where it is not given, or taken away later, this thread runs on any
 * core that it was started on. */
static void follow_data(struct agent_pump *pump, uint64_t now_ns) {
  const int data = agent_output_core(pump->output);
  if (data < 0 || (pump->looked_ns != 0 && now_ns - pump->looked_ns < LOOK_NS))
    return;
  pump->looked_ns = now_ns;
  const int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
  const bool is_real_time = policy == SCHED_FIFO || policy == SCHED_RR;
  const int core = is_real_time && data < CPU_SETSIZE && CPU_ISSET((size_t)data, &pump->cores) ? data : -1;
  if (core == pump->core)
    return;
  cpu_set_t cores = pump->cores;
  if (core >= 0) {
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
  }
  if (sched_setaffinity(0, sizeof cores, &cores) == 0) /* refused, it stays where it is */
    pump->core = core;
}

void *agent_pump_run(void *user) {
  struct agent_pump *pump = user;
  sigset_t every; /* signals are the main thread's */
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, NULL);
  if (sched_getaffinity(0, sizeof pump->cores, &pump->cores) < 0)
    CPU_ZERO(&pump->cores);
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
    follow_data(pump, now_ns);
    agent_output_step(pump->output, polled + 1, outputs, now_ns);
    agent_input_step(pump->input, polled + 1 + outputs, inputs, now_ns);
  }
}

int agent_pump_create(struct agent_output *output, struct agent_input *input, struct agent_pump **pump) {
  struct agent_pump *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  *made = (struct agent_pump){.output = output, .input = input, .stop = eventfd(0, EFD_CLOEXEC), .core = -1};
  if (made->stop < 0) {
    const int error = -errno;
    free(made);
    return error;
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
  if (!pump)
    return;
  close(pump->stop);
  free(pump);
}
