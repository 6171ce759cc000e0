/* SPDX-License-Identifier: MIT
 *
 * Status as JSON. Main thread.
 */
#include "guest/agent/status.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "guest/agent/shm.h"
#include "transport/listener.h"
#include "transport/stream.h"

#define SUBSYSTEM "agent/status"

struct agent_status {
  struct pw_loop *loop;
  struct agent_status_sources sources;
  struct oriel_listener *listener;
  struct spa_source *source;
};

static json_t *number(uint64_t value) {
  return json_integer((json_int_t)(value > INT64_MAX ? INT64_MAX : value));
}

/** One decimal is enough for people, and keeps lines short. */
static json_t *tenths(double value) {
  return json_real(isfinite(value) ? round(value * 10) / 10 : 0);
}

static double ms(uint64_t frames, uint32_t rate) {
  return rate != 0 ? (double)frames * 1000 / rate : 0;
}

static json_t *percentiles(const struct oriel_percentiles *of) {
  return json_pack("{s:I s:I s:I s:I}", "count", (json_int_t)of->count, "p50_us", (json_int_t)of->p50_us, "p99_us",
                   (json_int_t)of->p99_us, "max_us", (json_int_t)of->max_us);
}

static void add_client(void *user, const char *name) {
  json_array_append_new(user, json_string(name)); /* names that are not UTF-8 are left out */
}

static uint64_t counter(const _Atomic uint64_t *value) {
  return atomic_load_explicit(value, memory_order_relaxed);
}

static json_t *device(const struct agent_status_sources *sources, const struct agent_device *device) {
  json_t *object = json_object(), *clients = json_array();
  const size_t count = agent_graph_clients(sources->graph, agent_device_node(device), add_client, clients);
  const uint32_t node = agent_device_node(device);
  const uint32_t quantum = atomic_load_explicit(&device->quantum, memory_order_relaxed);
  const uint32_t graph_rate = atomic_load_explicit(&device->graph_rate, memory_order_relaxed);
  json_object_set_new(object, "name", json_string(device->config.name));
  json_object_set_new(object, "node_name", json_string(device->config.node_name));
  json_object_set_new(object, "node", node != SPA_ID_INVALID ? json_integer(node) : json_null());
  json_object_set_new(object, "state", json_string(device->state));
  json_object_set_new(object, "rate", json_integer(device->config.rate));
  json_object_set_new(object, "channels", json_integer(device->config.channels));
  json_object_set_new(object, "quantum", json_integer(device->is_running ? quantum : device->config.quantum));
  json_object_set_new(object, "period_ms", tenths(device->is_running ? ms(quantum, graph_rate) : 0));
  json_object_set_new(object, "volume", json_real(round((double)device->volume * 1000) / 1000));
  json_object_set_new(object, "muted", json_boolean(device->is_muted));
  json_object_set_new(object, "peak_db", tenths(agent_level_peak_db(&device->level)));
  json_object_set_new(object, "rms_db", tenths(agent_level_rms_db(&device->level)));
  json_object_set_new(object, "cycles", number(counter(&device->cycles)));
  json_object_set_new(object, "frames", number(counter(&device->frames)));
  json_object_set_new(object, "xruns", number(counter(&device->xruns)));
  json_object_set_new(object, "starved_cycles", number(counter(&device->starved)));
  json_object_set_new(object, "client_count", number(count));
  json_object_set_new(object, "clients", clients);
  return object;
}

static json_t *end(const struct agent_end *of, bool is_connected, uint64_t connections, uint64_t failures,
                   const char *why) {
  json_t *object = json_object();
  char text[1024] = "none";
  if (of->is_on)
    oriel_transport_address_format(&of->address, text, sizeof text);
  json_object_set_new(object, "address", json_string(text));
  json_object_set_new(object, "format", json_string(of->address.is_pcm ? "pcm" : "opus"));
  json_object_set_new(object, "connected", json_boolean(is_connected));
  json_object_set_new(object, "connections", number(connections));
  json_object_set_new(object, "failures", number(failures));
  json_object_set_new(object, "last_failure", why ? json_string(why) : json_null());
  return object;
}

static json_t *output(const struct agent_status_sources *sources) {
  struct agent_output_stats stats;
  agent_output_stats(sources->output, &stats);
  const struct agent_end *of = &sources->settings->output;
  const uint32_t rate = sources->output_device->config.rate;
  json_t *object = end(of, stats.is_connected, stats.connections, stats.failures, stats.why);
  json_object_set_new(object, "frame_ms", tenths(agent_end_frame_us(sources->settings, of) / 1000.0));
  json_object_set_new(object, "packet_frames", json_integer(stats.packet_frames));
  json_object_set_new(object, "packets", number(stats.packets));
  json_object_set_new(object, "bytes", number(stats.bytes));
  json_object_set_new(object, "dropped_packets", number(stats.dropped_packets));
  json_object_set_new(object, "dropped_frames", number(stats.dropped_frames));
  json_object_set_new(object, "unasked_bytes", number(stats.unasked_bytes));
  json_object_set_new(object, "ring_ms", tenths(ms(stats.ring_frames, rate)));
  json_t *delay = json_object();
  json_object_set_new(delay, "packet_ms", tenths(agent_end_frame_us(sources->settings, of) / 1000.0));
  json_object_set_new(delay, "handed", percentiles(&stats.handed));
  json_object_set_new(delay, "sent", percentiles(&stats.sent));
  json_object_set_new(object, "delay", delay);
  return object;
}

/** Lesson 23: sound that does not come has four faces. */
static const char *health(const struct agent_input_stats *stats, bool is_running, uint64_t now_ns) {
  if (!is_running)
    return "idle";
  if (stats->pulls == 0)
    return "no-callbacks";
  if (stats->receiver.last_packet_ns == 0)
    return "never-started";
  return now_ns - stats->receiver.last_packet_ns > ORIEL_NS_PER_SECOND ? "silent-peer" : "flowing";
}

static json_t *input(const struct agent_status_sources *sources) {
  struct agent_input_stats stats = {0};
  agent_input_stats(sources->input, &stats);
  const struct oriel_receiver_stats *receiver = &stats.receiver;
  json_t *object = end(&sources->settings->input, stats.is_connected, stats.connections, stats.failures, stats.why);
  json_object_set_new(object, "health",
                      json_string(health(&stats, sources->input_device->is_running, oriel_clock_ns())));
  json_object_set_new(object, "bytes", number(stats.bytes));
  json_object_set_new(object, "packets", number(receiver->packets));
  json_object_set_new(object, "idle_packets", number(stats.idle_packets));
  json_object_set_new(object, "bad_packets", number(receiver->bad_packets));
  json_object_set_new(object, "lost_packets", number(receiver->lost_packets));
  json_object_set_new(object, "recovered_packets", number(receiver->recovered_packets));
  json_object_set_new(object, "protocol_errors", number(stats.protocol_errors));
  json_object_set_new(object, "throttled", number(stats.throttled));
  json_object_set_new(object, "underruns", number(receiver->underruns));
  json_object_set_new(object, "concealed_frames", number(receiver->concealed_frames));
  json_object_set_new(object, "silent_frames", number(receiver->silent_frames));
  json_object_set_new(object, "trimmed_frames", number(receiver->trimmed_frames));
  json_object_set_new(object, "real_frames", number(stats.real_frames));
  json_object_set_new(object, "ring_ms", tenths(receiver->level_us / 1000.0));
  json_object_set_new(object, "target_ms", tenths(receiver->target_us / 1000.0));
  json_object_set_new(object, "jitter_ms", tenths(receiver->jitter_us / 1000.0));
  json_object_set_new(object, "drift_ppm", tenths(receiver->drift_ppm));
  json_object_set_new(object, "locked", json_boolean(receiver->locked));
  return object;
}

static json_t *graph(const struct agent_graph *of) {
  json_t *object = json_object();
  json_object_set_new(object, "connected", json_boolean(agent_graph_is_connected(of)));
  json_object_set_new(object, "version", json_string(agent_graph_version(of)));
  json_object_set_new(object, "connections", number(agent_graph_connections(of)));
  return object;
}

static json_t *shm(const struct agent_status_sources *sources) {
  if (sources->settings->shm[0] == '\0')
    return json_null();
  json_t *object = json_object();
  json_object_set_new(object, "name", json_string(sources->settings->shm));
  json_object_set_new(object, "frames", number(agent_shm_position(sources->shm)));
  json_object_set_new(object, "restarts", number(agent_shm_restarts(sources->shm)));
  return object;
}

static json_t *clipboard(const struct agent_status_sources *sources) {
  if (!sources->clipboard)
    return json_null();
  struct agent_clipboard_stats stats;
  agent_clipboard_stats(sources->clipboard, &stats);
  json_t *object = end(&sources->settings->clipboard, stats.is_connected, stats.connections, stats.failures, stats.why);
  json_object_del(object, "format");
  json_object_set_new(object, "session", stats.session ? json_string(stats.session) : json_null());
  json_object_set_new(object, "to_host", number(stats.to_host));
  json_object_set_new(object, "to_guest", number(stats.to_guest));
  json_object_set_new(object, "secret", number(stats.secret));
  json_object_set_new(object, "large", number(stats.large));
  json_object_set_new(object, "hung", number(stats.hung));
  json_object_set_new(object, "protocol_errors", number(stats.protocol_errors));
  return object;
}

char *agent_status_text(const struct agent_status_sources *sources) {
  json_t *object = json_object(), *devices = json_array();
  json_object_set_new(object, "agent", json_string(ORIEL_AGENT_VERSION));
  json_object_set_new(object, "pid", json_integer(getpid()));
  json_object_set_new(object, "pipewire", graph(sources->graph));
  json_array_append_new(devices, device(sources, sources->output_device));
  json_array_append_new(devices, device(sources, sources->input_device));
  json_object_set_new(object, "devices", devices);
  json_object_set_new(object, "output", output(sources));
  json_object_set_new(object, "input", input(sources));
  json_object_set_new(object, "clipboard", clipboard(sources));
  json_object_set_new(object, "shm", shm(sources));
  char *text = json_dumps(object, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
  json_decref(object);
  return text;
}

/** The whole object fits the socket's buffer: nothing waits for a slow reader. */
static void on_connection(void *user, int fd, uint32_t mask) {
  struct agent_status *status = user;
  (void)fd, (void)mask;
  const int peer = oriel_listener_accept(status->listener);
  if (peer < 0)
    return;
  char *text = agent_status_text(&status->sources);
  if (text && (oriel_stream_send(peer, text, strlen(text)) < 0 || oriel_stream_send(peer, "\n", 1) < 0))
    oriel_debug(SUBSYSTEM, "a reader of the status went away");
  free(text);
  close(peer);
}

static int make_directory(const char *path, char *why, size_t why_size) {
  char directory[AGENT_PATH_SIZE];
  snprintf(directory, sizeof directory, "%s", path);
  char *slash = strrchr(directory, '/');
  if (!slash || slash == directory)
    return 0;
  *slash = '\0';
  if (mkdir(directory, 0700) == 0 || errno == EEXIST)
    return 0;
  snprintf(why, why_size, "control: cannot make the directory %s: %s: make it, or set control = PATH or none",
           directory, strerror(errno));
  return -errno;
}

int agent_status_create(struct pw_loop *loop, const struct agent_status_sources *sources, struct agent_status **status,
                        char *why, size_t why_size) {
  struct agent_status *made = calloc(1, sizeof *made);
  if (!made) {
    snprintf(why, why_size, "memory is short");
    return -ENOMEM;
  }
  made->loop = loop;
  made->sources = *sources;
  const char *path = sources->settings->control;
  int error = 0;
  if (path[0] != '\0') {
    struct oriel_transport_address address = {.scheme = ORIEL_TRANSPORT_UNIX};
    snprintf(address.path, sizeof address.path, "%s", path);
    error = make_directory(path, why, why_size);
    if (error == 0) {
      const mode_t before = umask(0077); /* no other user reads what plays here */
      error = oriel_listener_create(&address, &made->listener, why, why_size);
      umask(before);
    }
    if (error == -EADDRINUSE)
      snprintf(
        why, why_size,
        "another oriel-agent answers at %s: stop it (systemctl --user stop oriel-agent), or set control = PATH",
        path);
    if (error == 0)
      made->source = pw_loop_add_io(loop, oriel_listener_fd(made->listener), SPA_IO_IN, false, on_connection, made);
  }
  if (error < 0)
    agent_status_destroy(made);
  else
    *status = made;
  return error;
}

void agent_status_destroy(struct agent_status *status) {
  if (!status)
    return;
  if (status->source)
    pw_loop_destroy_source(status->loop, status->source);
  oriel_listener_destroy(status->listener);
  free(status);
}

int agent_status_ask(const char *path, char *why, size_t why_size) {
  if (path[0] == '\0') {
    snprintf(why, why_size, "no control socket is set: give --control PATH, or set XDG_RUNTIME_DIR");
    return -ENOENT;
  }
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  const struct timeval limit = {.tv_sec = 5};
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int error = 0;
  if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
      connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
    error = -errno;
    snprintf(why, why_size, "no agent answers at %s: %s: is it running (systemctl --user status oriel-agent)?", path,
             strerror(errno));
  }
  char text[4096];
  ssize_t size = 0;
  while (error == 0 && (size = read(fd, text, sizeof text)) > 0)
    fwrite(text, 1, (size_t)size, stdout);
  if (error == 0 && size < 0) {
    error = -errno;
    snprintf(why, why_size, "the agent at %s does not answer: %s", path, strerror(errno));
  }
  if (fd >= 0)
    close(fd);
  return error;
}
