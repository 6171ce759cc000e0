/* SPDX-License-Identifier: MIT
 *
 * Measures the delay from Oriel Output to Oriel Input: a node whose output is to be linked with the one and whose
 * input with the other, and the host's end in between, which sends every byte straight back. Both ports run in the
 * same cycles, so the delay is counted in frames of the graph, without any clock: chirps go out at known positions, a
 * matched filter finds them again.
 *
 *   loop_probe OUT-SOCKET IN-SOCKET CHIRPS [STALL-MS]     prints one delay in ms a line, "lost" for a chirp that did
 *                                                         not come back
 *
 * STALL-MS: after a third of the chirps the echo sleeps so long, once. On standard error: by how much the graph's
 * cycles came late, which no device on it can make up for. Threads: main (PipeWire's loop), data (process), echo.
 */
#include <errno.h>
#include <math.h>
#include <pipewire/filter.h>
#include <pipewire/pipewire.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
  RATE = 48000,
  CHIRP = 240,           /* frames */
  SPACING = RATE / 5,    /* between chirps, about; a random part keeps them from locking to packets */
  SPREAD = 1920,
  REACH = RATE / 5,      /* longest delay that is looked for */
  CHIRPS_MOST = 4096,
  HISTORY = 1 << 23,     /* frames that are recorded: 174 s */
  LATE_MOST = 100000,    /* us; the last of the counts is of all above */
};

struct probe {
  struct pw_main_loop *loop;
  struct pw_filter *filter;
  void *input, *output;
  float chirp[CHIRP];
  size_t wanted;
  /* Data thread's, read when it has stopped. */
  uint64_t at;                      /* frames so far */
  uint64_t next;                    /* where the next chirp begins */
  uint64_t sent[CHIRPS_MOST];
  size_t count;
  float *heard;
  uint32_t *late;                   /* cycles by the microseconds they came late */
  uint64_t cycles;
  uint32_t random;
  atomic_bool is_done;
  atomic_bool is_stall;
  int listeners[2];
  int stall_ms;
};

static float emit(struct probe *probe, uint64_t at) {
  if (at < probe->next)
    return 0;
  if (at == probe->next && probe->count < probe->wanted)
    probe->sent[probe->count++] = at;
  const uint64_t into = at - probe->next;
  const float value = probe->chirp[into];
  if (into + 1 == CHIRP) {
    probe->random = probe->random * 1664525u + 1013904223u;
    probe->next += SPACING + probe->random % SPREAD;
  }
  return value;
}

static void on_process(void *user, struct spa_io_position *position) {
  struct probe *probe = user;
  const uint32_t frames = (uint32_t)position->clock.duration;
  const float *in = pw_filter_get_dsp_buffer(probe->input, frames);
  float *out = pw_filter_get_dsp_buffer(probe->output, frames);
  if (in == NULL || out == NULL)
    return; /* not linked on both sides yet */
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t late_us = ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)position->clock.nsec) / 1000;
  probe->late[late_us < 0 ? 0 : late_us < LATE_MOST ? late_us : LATE_MOST]++;
  probe->cycles++;
  for (uint32_t i = 0; i < frames; i++) {
    if (probe->at + i < HISTORY)
      probe->heard[probe->at + i] = in[i];
    out[i] = probe->count < probe->wanted || probe->at + i < probe->sent[probe->wanted - 1] + CHIRP
               ? emit(probe, probe->at + i)
               : 0;
  }
  probe->at += frames;
  if (probe->stall_ms > 0 && probe->count > probe->wanted / 3)
    atomic_store(&probe->is_stall, true);
  if (probe->count == probe->wanted && probe->at > probe->sent[probe->count - 1] + REACH + CHIRP)
    atomic_store(&probe->is_done, true);
}

static const struct pw_filter_events events = {PW_VERSION_FILTER_EVENTS, .process = on_process};

static void on_timer(void *user, uint64_t expirations) {
  struct probe *probe = user;
  (void)expirations;
  if (atomic_load(&probe->is_done))
    pw_main_loop_quit(probe->loop);
}

/** The host: what comes from the agent's output goes to its input. */
static void *echo(void *user) {
  struct probe *probe = user;
  const struct sched_param priority = {.sched_priority = 30};
  pthread_setschedparam(pthread_self(), SCHED_RR, &priority); /* the measured thing is the agent */
  int from = -1, to = -1;
  bool was_stalled = false;
  while (!atomic_load(&probe->is_done)) {
    struct pollfd polled[] = {{probe->listeners[0], POLLIN, 0}, {probe->listeners[1], POLLIN, 0}, {from, POLLIN, 0}};
    if (poll(polled, 3, 100) < 0)
      continue;
    if (polled[0].revents != 0) {
      close(from);
      from = accept(probe->listeners[0], NULL, NULL);
    }
    if (polled[1].revents != 0) {
      close(to);
      to = accept(probe->listeners[1], NULL, NULL);
    }
    if (atomic_load(&probe->is_stall) && !was_stalled) {
      was_stalled = true;
      usleep((useconds_t)probe->stall_ms * 1000);
    }
    uint8_t bytes[65536];
    const ssize_t size = polled[2].revents != 0 ? read(from, bytes, sizeof bytes) : 0;
    if (polled[2].revents != 0 && size <= 0) {
      close(from);
      from = -1;
    }
    if (size > 0 && to >= 0 && send(to, bytes, (size_t)size, MSG_NOSIGNAL) < 0)
      fprintf(stderr, "loop_probe: the microphone's connection: %s\n", strerror(errno));
  }
  return NULL;
}

static int listen_at(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path);
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4) < 0) {
    fprintf(stderr, "loop_probe: %s: %s\n", path, strerror(errno));
    exit(1);
  }
  return fd;
}

/** Delay of the chirp that began at `sent`, in frames; negative: it is not there. */
static double find(const struct probe *probe, uint64_t sent) {
  double best = 0, energy = 0;
  long place = -1;
  for (int i = 0; i < CHIRP; i++)
    energy += (double)probe->chirp[i] * (double)probe->chirp[i];
  for (long lag = 0; lag < REACH - CHIRP && sent + (uint64_t)lag + CHIRP < HISTORY; lag++) {
    double sum = 0;
    for (int i = 0; i < CHIRP; i++)
      sum += (double)probe->chirp[i] * (double)probe->heard[sent + (uint64_t)lag + (uint64_t)i];
    if (sum > best) {
      best = sum;
      place = lag;
    }
  }
  return best > 0.3 * energy ? (double)place : -1;
}

static uint32_t lateness(const struct probe *probe, double part) {
  uint64_t seen = 0;
  for (uint32_t us = 0; us <= LATE_MOST; us++)
    if ((double)(seen += probe->late[us]) >= part * (double)probe->cycles)
      return us;
  return LATE_MOST;
}

int main(int argc, char *argv[]) {
  static struct probe probe;
  if (argc < 4) {
    fprintf(stderr, "usage: loop_probe OUT-SOCKET IN-SOCKET CHIRPS [STALL-MS]\n");
    return 2;
  }
  pw_init(NULL, NULL);
  probe.wanted = (size_t)strtoul(argv[3], NULL, 10);
  probe.wanted = probe.wanted < 1 ? 1 : probe.wanted > CHIRPS_MOST ? CHIRPS_MOST : probe.wanted;
  probe.stall_ms = argc > 4 ? atoi(argv[4]) : 0;
  probe.next = RATE * 2; /* the receiver settles */
  probe.heard = calloc(HISTORY, sizeof *probe.heard);
  probe.late = calloc(LATE_MOST + 1, sizeof *probe.late);
  if (probe.heard == NULL || probe.late == NULL)
    return 1;
  for (int i = 0; i < CHIRP; i++) { /* 500 Hz to 4 kHz, windowed */
    const double t = (double)i / CHIRP;
    probe.chirp[i] = (float)(0.6 * sin(M_PI * t) * sin(2 * M_PI * CHIRP / RATE * (500 * t + 1750 * t * t)));
  }
  probe.listeners[0] = listen_at(argv[1]);
  probe.listeners[1] = listen_at(argv[2]);
  pthread_t thread;
  pthread_create(&thread, NULL, echo, &probe);
  probe.loop = pw_main_loop_new(NULL);
  struct pw_loop *loop = pw_main_loop_get_loop(probe.loop);
  /* Its own context: only so is the configuration read that gives the data thread its priority. Without it the whole
   * graph would wait for this node. */
  struct pw_context *context = pw_context_new(loop, pw_properties_new(PW_KEY_CONFIG_NAME, "client-rt.conf", NULL), 0);
  struct pw_core *core = context != NULL ? pw_context_connect(context, NULL, 0) : NULL;
  probe.filter = core != NULL ? pw_filter_new(core, "oriel-probe",
    pw_properties_new(PW_KEY_NODE_NAME, "oriel-probe", PW_KEY_MEDIA_TYPE, "Audio", PW_KEY_MEDIA_CATEGORY, "Filter",
                      NULL)) : NULL;
  if (probe.filter == NULL)
    return 1;
  static struct spa_hook listener;
  pw_filter_add_listener(probe.filter, &listener, &events, &probe);
  probe.input = pw_filter_add_port(probe.filter, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 0,
    pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio", PW_KEY_PORT_NAME, "in", NULL), NULL, 0);
  probe.output = pw_filter_add_port(probe.filter, PW_DIRECTION_OUTPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 0,
    pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio", PW_KEY_PORT_NAME, "out", NULL), NULL, 0);
  if (pw_filter_connect(probe.filter, PW_FILTER_FLAG_RT_PROCESS, NULL, 0) < 0)
    return 1;
  struct spa_source *timer = pw_loop_add_timer(loop, on_timer, &probe);
  struct timespec often = {.tv_nsec = 50000000};
  pw_loop_update_timer(loop, timer, &often, &often, false);
  pw_main_loop_run(probe.loop);
  pw_filter_destroy(probe.filter);
  pw_context_destroy(context);
  fprintf(stderr, "cycles late us: %u %u %u\n", lateness(&probe, 0.5), lateness(&probe, 0.99), lateness(&probe, 1));
  for (size_t i = 0; i < probe.count; i++) {
    const double frames = find(&probe, probe.sent[i]);
    if (frames < 0)
      printf("lost\n");
    else
      printf("%.3f\n", frames * 1000 / RATE);
  }
  return 0;
}
