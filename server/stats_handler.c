/* SPDX-License-Identifier: MIT
 *
 * GET /api/v1/stats: all counters as JSON. Loop thread. The numbers are in metric_rows.c; here are texts, lists and
 * what is left out.
 */
#include <jansson.h>
#include <string.h>

#include "core/clock.h"
#include "server/handlers.h"
#include "server/metric_rows.h"
#include "server/request.h"
#include "server/state.h"
#include "server/whep_count.h"

static void set_text(json_t *object, const char *name, const char *text) {
  (void)json_object_set_new(object, name, oriel_answer_text(text));
}

static void add_numbers(json_t *object, enum oriel_metric_scope scope, const void *counters) {
  oriel_metric_members(object, &oriel_metric_rows, scope, counters);
}

static json_t *viewers_of(const struct oriel_desktop_stats *stats) {
  json_t *list = json_array();
  for (unsigned i = 0; i < stats->viewer_count && i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    const struct oriel_viewer_stats *viewer = &stats->viewer[i];
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "id", json_integer(viewer->id));
    set_text(entry, "name", viewer->name);
    set_text(entry, "role", viewer->role == ORIEL_ROLE_CONTROLLER ? "controller" : "viewer");
    add_numbers(entry, ORIEL_METRIC_SCOPE_VIEWER, viewer);
    (void)json_array_append_new(list, entry);
  }
  return list;
}

static json_t *receiver_of(const struct oriel_receiver_stats *receiver) {
  json_t *object = json_object();
  add_numbers(object, ORIEL_METRIC_SCOPE_RECEIVER, receiver);
  return object;
}

/** `address`: of this host, for its operator alone. */
static json_t *input_of(const struct oriel_sound_input_stats *input, bool address) {
  json_t *object = json_object();
  set_text(object, "kind", input->kind);
  add_numbers(object, ORIEL_METRIC_SCOPE_INPUT, input);
  if (strcmp(input->kind, "device") == 0)
    return object;
  if (address)
    set_text(object, "address", input->guest.address);
  set_text(object, "format", input->guest.is_pcm ? "pcm" : "opus");
  if (input->guest.fault[0])
    set_text(object, "fault", input->guest.fault);
  add_numbers(object, ORIEL_METRIC_SCOPE_STREAM, input);
  const uint64_t connections = input->guest.connections;
  (void)json_object_set_new(object, "reconnects", json_integer((json_int_t)(connections ? connections - 1 : 0)));
  if (input->is_resampled)
    (void)json_object_set_new(object, "buffer", receiver_of(&input->receiver));
  return object;
}

/** What of the sound is no number of the desktop's. */
static json_t *sound_of(const struct oriel_sound_stats *sound, bool addresses) {
  json_t *object = json_object(), *inputs = json_array();
  set_text(object, "active", sound->active < 0 ? "none" : sound->input[sound->active].kind);
  (void)json_object_set_new(object, "input", json_integer(sound->active));
  for (unsigned i = 0; i < sound->inputs; i++)
    (void)json_array_append_new(inputs, input_of(&sound->input[i], addresses));
  (void)json_object_set_new(object, "inputs", inputs);
  if (sound->has_playback) {
    json_t *speaker = receiver_of(&sound->playback);
    (void)json_object_set_new(speaker, "connected", json_boolean(sound->playback_connected));
    (void)json_object_set_new(object, "speaker", speaker);
  }
  return object;
}

static void add_desktop(json_t *root, const struct oriel_desktop_stats *stats, bool addresses) {
  json_t *source = json_object();
  set_text(source, "kind", stats->source.kind ? stats->source.kind : "");
  set_text(source, "name", stats->source.name);
  set_text(root, "state", oriel_source_state_name(stats->state));
  set_text(root, "detail", stats->detail);
  set_text(root, "display", oriel_source_display_name(stats->abilities.display));
  set_text(root, "encoder", stats->encoder ? stats->encoder : "");
  (void)json_object_set_new(root, "source", source);
  (void)json_object_set_new(root, "sound", sound_of(&stats->sound, addresses));
  add_numbers(root, ORIEL_METRIC_SCOPE_DESKTOP, stats); /* those of source and sound beside what is there */
  (void)json_object_set_new(root, "viewer", viewers_of(stats));
}

static json_t *server_of(struct oriel_server *server) {
  struct oriel_server_stats stats;
  oriel_server_count(server, &stats);
  json_t *object = json_object();
  set_text(object, "version", server->site.version);
  add_numbers(object, ORIEL_METRIC_SCOPE_SERVER, &stats);
  struct oriel_whep_port_stats port;
  oriel_whep_count_port(&server->mounts, &port);
  add_numbers(object, ORIEL_METRIC_SCOPE_WHEP_PORT, &port);
  return object;
}

enum MHD_Result oriel_handle_stats(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  if (!desktop)
    return oriel_answer_absent(request);
  oriel_desktop_stats(desktop, &server->mounts.desktop_stats);
  json_t *root = json_object();
  (void)json_object_set_new(root, "time_us", json_integer((json_int_t)(oriel_clock_ns() / ORIEL_NS_PER_US)));
  add_desktop(root, &server->mounts.desktop_stats, request->party == ORIEL_PARTY_SCRIPT);
  struct oriel_whep_stats whep;
  oriel_whep_count(request->mount, &whep);
  add_numbers(root, ORIEL_METRIC_SCOPE_WHEP, &whep);
  if (request->all) /* it counts what others do */
    (void)json_object_set_new(root, "server", server_of(server));
  return oriel_answer_json(request, MHD_HTTP_OK, root);
}
