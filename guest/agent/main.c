/* SPDX-License-Identifier: MIT
 *
 * oriel-agent: sound devices of a Linux guest on PipeWire, and its clipboard. The main thread runs PipeWire's loop; see
 * docs/agent.md for the others.
 */
#include <errno.h>
#include <pipewire/pipewire.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/streams.h"
#include "core/utf8.h"
#include "guest/agent/clipboard.h"
#include "guest/agent/device.h"
#include "guest/agent/graph.h"
#include "guest/agent/input.h"
#include "guest/agent/output.h"
#include "guest/agent/pump.h"
#include "guest/agent/settings.h"
#include "guest/agent/settings_load.h"
#include "guest/agent/settings_show.h"
#include "guest/agent/shm.h"
#include "guest/agent/status.h"

#define SUBSYSTEM "agent"

enum {
  EXIT_FINE = 0,
  EXIT_FAILED = 1,
  EXIT_SETTING = 2,
  TRANSPORT_PRIORITY = 20, /* below any data thread; what rtkit grants at most */
};

struct agent {
  struct agent_settings settings;
  int argc;
  char **argv;
  bool reloads; /* ends only to start again */
  struct pw_main_loop *loop;
  struct agent_device output_device, input_device;
  struct agent_graph *graph;
  struct agent_output *output;
  struct agent_input *input;
  struct agent_shm *shm;
  struct agent_pump *pump;
  struct spa_thread *transport; /* runs the pump */
  struct agent_clipboard *clipboard; /* NULL = none */
  struct agent_status *status;
};

/* What is quoted from a file must not steer the terminal. */
static int report(int status, const char *text) {
  char line[AGENT_WHY_SIZE];
  snprintf(line, sizeof line, "%s", text);
  oriel_utf8_sanitize(line);
  fprintf(stderr, "oriel-agent: %s\n", line);
  return status;
}

/* ---- data thread ---- */

static void played(void *owner, float *frames, size_t count, uint64_t now_ns) {
  struct agent *agent = owner;
  agent_output_write(agent->output, frames, count);
  agent_shm_write(agent->shm, frames, count, now_ns);
}

static void recorded(void *owner, float *frames, size_t count, uint64_t now_ns) {
  struct agent *agent = owner;
  agent_input_read(agent->input, frames, count, now_ns);
}

/* ---- main thread ---- */

static void playing(void *owner, bool is_running) {
  struct agent *agent = owner;
  agent_shm_running(agent->shm, is_running);
  if (!is_running)
    agent_output_end(agent->output);
}

static void recording(void *owner, bool is_running) {
  struct agent *agent = owner;
  agent_input_running(agent->input, is_running);
}

/** Frames of a cycle: 2.7 ms, a power of two as PipeWire cuts it to one. Also for long packets, which fill in whole
 * cycles: the rest of one would be jitter to the receiver. */
static uint32_t quantum(uint32_t rate) {
  return rate > 48000 ? 256 : 128;
}

static void init_devices(struct agent *agent) {
  const struct agent_settings *settings = &agent->settings;
  const uint32_t output_rate = agent_end_rate(settings, &settings->output),
                 input_rate = agent_end_rate(settings, &settings->input);
  /* Both share the graph's cycle, so one number: that of the lower rate, whose cycle is the longer. */
  const uint32_t frames = quantum(output_rate < input_rate ? output_rate : input_rate);
  agent_device_init(&agent->output_device, &(struct agent_device_config){
    .is_sink = true, .node_name = "oriel-output", .name = settings->output_name, .rate = output_rate,
    .channels = settings->output_channels, .quantum = frames, .process = played, .running = playing, .owner = agent,
  });
  agent_device_init(&agent->input_device, &(struct agent_device_config){
    .is_sink = false, .node_name = "oriel-input", .name = settings->input_name, .rate = input_rate,
    .channels = settings->input_channels, .quantum = frames, .process = recorded, .running = recording, .owner = agent,
  });
}

static void on_signal(void *user, int number) {
  struct agent *agent = user;
  (void)number;
  pw_main_loop_quit(agent->loop);
}

/** A changed file takes effect by starting afresh; a wrong one changes nothing. */
static void on_hangup(void *user, int number) {
  struct agent *agent = user;
  struct agent_settings settings;
  char why[AGENT_WHY_SIZE];
  (void)number;
  if (agent_settings_load(&settings, agent->argc, agent->argv, why, sizeof why) < 0) {
    oriel_warn(SUBSYSTEM, "%s; the settings stay as they were", why);
    return;
  }
  agent->reloads = true;
  pw_main_loop_quit(agent->loop);
}

static int start_transport(struct agent *agent) {
  const int error = agent_pump_create(agent->output, agent->input, &agent->pump);
  if (error < 0)
    return error;
  const struct spa_dict_item items[] = {{SPA_KEY_THREAD_NAME, "oriel-transport"}};
  struct spa_thread_utils *threads = agent_graph_threads(agent->graph);
  agent->transport = spa_thread_utils_create(threads, &SPA_DICT_INIT_ARRAY(items), agent_pump_run, agent->pump);
  if (!agent->transport)
    return -errno;
  /* Its work is short and bounded. Without the right to it sound still flows, later when the guest is busy. */
  if (spa_thread_utils_acquire_rt(threads, agent->transport, TRANSPORT_PRIORITY) < 0)
    oriel_info(SUBSYSTEM, "the transport thread gets no real-time priority: sound may be late when the system is busy");
  return 0;
}

static int start(struct agent *agent, char *why, size_t why_size) {
  struct pw_loop *loop = pw_main_loop_get_loop(agent->loop);
  struct agent_device *const devices[AGENT_DEVICES] = {&agent->output_device, &agent->input_device};
  init_devices(agent);
  int error = agent_shm_create(&agent->settings, agent->output_device.config.rate, &agent->shm, why, why_size);
  if (error < 0)
    return error;
  snprintf(why, why_size, "output: cannot be set up");
  if ((error = agent_output_create(&agent->settings, &agent->output)) < 0)
    goto fail;
  snprintf(why, why_size, "input: cannot be set up");
  if ((error = agent_input_create(&agent->settings, &agent->input)) < 0)
    goto fail;
  snprintf(why, why_size, "clipboard: cannot be set up");
  if ((error = agent_clipboard_create(&agent->settings, &agent->clipboard)) < 0)
    goto fail;
  snprintf(why, why_size, "PipeWire's library cannot be set up: its files are of the packages libpipewire-0.3-modules, "
           "libspa-0.2-modules and pipewire-bin (Debian: apt-get install pipewire)");
  if ((error = agent_graph_create(loop, devices, &agent->graph)) < 0)
    goto fail;
  const struct agent_status_sources sources = {
    .settings = &agent->settings, .graph = agent->graph, .output_device = &agent->output_device,
    .input_device = &agent->input_device, .output = agent->output, .input = agent->input, .shm = agent->shm,
    .clipboard = agent->clipboard,
  };
  if ((error = agent_status_create(loop, &sources, &agent->status, why, why_size)) < 0)
    return error;
  snprintf(why, why_size, "the transport thread cannot be started");
  if ((error = start_transport(agent)) < 0)
    goto fail;
  snprintf(why, why_size, "the clipboard's thread cannot be started");
  if ((error = agent_clipboard_start(agent->clipboard)) < 0)
    goto fail;
  return 0;
fail:;
  const size_t length = strlen(why);
  snprintf(why + length, why_size - length, ": %s", strerror(-error));
  return error;
}

/** Threads first: the transport thread, then, with the graph, the data thread that calls into the rest. */
static void stop(struct agent *agent) {
  agent_status_destroy(agent->status);
  agent_clipboard_destroy(agent->clipboard);
  if (agent->transport) {
    agent_pump_quit(agent->pump);
    spa_thread_utils_join(agent_graph_threads(agent->graph), agent->transport, NULL);
  }
  agent_graph_destroy(agent->graph);
  agent_pump_destroy(agent->pump);
  agent_input_destroy(agent->input);
  agent_output_destroy(agent->output);
  agent_shm_destroy(agent->shm);
}

static int run(struct agent *agent) {
  signal(SIGPIPE, SIG_IGN);
  pw_init(NULL, NULL);
  char why[AGENT_WHY_SIZE] = "";
  int status = EXIT_FAILED;
  agent->loop = pw_main_loop_new(NULL);
  if (!agent->loop) {
    snprintf(why, sizeof why, "PipeWire's loop cannot be made: %s", strerror(errno));
  } else {
    struct pw_loop *loop = pw_main_loop_get_loop(agent->loop);
    pw_loop_add_signal(loop, SIGINT, on_signal, agent);
    pw_loop_add_signal(loop, SIGTERM, on_signal, agent);
    pw_loop_add_signal(loop, SIGHUP, on_hangup, agent);
    if (start(agent, why, sizeof why) == 0) {
      oriel_info(SUBSYSTEM, "version %s; \"%s\" and \"%s\"", ORIEL_AGENT_VERSION, agent->settings.output_name,
                 agent->settings.input_name);
      pw_main_loop_run(agent->loop);
      status = EXIT_FINE;
    }
    stop(agent);
    pw_main_loop_destroy(agent->loop);
  }
  pw_deinit();
  return status == EXIT_FINE ? status : report(status, why);
}

int main(int argc, char *argv[]) {
  if (oriel_streams_open() < 0)
    return EXIT_FAILED; /* with nowhere to say so */
  static struct agent agent; /* zero */
  char why[AGENT_WHY_SIZE];
  if (agent_settings_load(&agent.settings, argc, argv, why, sizeof why) < 0)
    return report(EXIT_SETTING, why);
  oriel_log_configure(agent.settings.log_level, agent.settings.log_json);
  switch (agent.settings.action) {
  case AGENT_HELP: agent_settings_help(stdout); return EXIT_FINE;
  case AGENT_VERSION: puts("oriel-agent " ORIEL_AGENT_VERSION); return EXIT_FINE;
  case AGENT_CHECK: agent_settings_print(&agent.settings, stdout); return EXIT_FINE;
  case AGENT_STATUS:
    if (agent_status_ask(agent.settings.control, why, sizeof why) < 0)
      return report(EXIT_FAILED, why);
    return EXIT_FINE;
  case AGENT_RUN: break;
  }
  agent.argc = argc;
  agent.argv = argv;
  const int status = run(&agent);
  if (status != EXIT_FINE || !agent.reloads)
    return status;
  oriel_info(SUBSYSTEM, "starting again with changed settings");
  execv("/proc/self/exe", argv);
  return report(EXIT_FAILED, "cannot start again: is /proc mounted?");
}
