/* SPDX-License-Identifier: MIT
 *
 * /api/v1: what is served, its counters as JSON, and commands. Loop thread.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "core/clock.h"
#include "server/audit.h"
#include "server/handlers.h"
#include "server/mount_access.h"
#include "server/request.h"
#include "server/route.h"
#include "server/state.h"
#include "wire/viewer.h"

#define UPGRADE_NOTICE_NS (15 * ORIEL_NS_PER_SECOND) /* the page asks within its reconnecting back-off */

static json_int_t number(uint64_t value) {
  return value > INT64_MAX ? INT64_MAX : (json_int_t)value;
}

static void set(json_t *object, const char *name, uint64_t value) {
  (void)json_object_set_new(object, name, json_integer(number(value)));
}

static void set_text(json_t *object, const char *name, const char *text) {
  /* What a guest says of itself need not be UTF-8. */
  json_t *string = json_string(text);
  (void)json_object_set_new(object, name, string ? string : json_string("?"));
}

static void set_bool(json_t *object, const char *name, bool value) {
  (void)json_object_set_new(object, name, json_boolean(value));
}

static json_t *capabilities_of(const struct oriel_mount *mount) {
  const struct oriel_source_abilities *abilities = &mount->mounts->desktop_stats.abilities;
  json_t *list = json_array();
  (void)json_array_append_new(list, json_string("h264"));
  (void)json_array_append_new(list, json_string("tiles"));
  if (abilities->sound)
    (void)json_array_append_new(list, json_string("opus"));
  if (abilities->resize)
    (void)json_array_append_new(list, json_string("resize"));
  if (abilities->command)
    (void)json_array_append_new(list, json_string("commands"));
  if (mount->start)
    (void)json_array_append_new(list, json_string("start"));
  return list;
}

enum MHD_Result oriel_handle_desktop(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  struct oriel_desktop_stats *stats = &server->mounts.desktop_stats;
  if (!desktop)
    return oriel_answer_absent(request);
  if (request->session) /* a page that is opened again asks so whether its cookie is still good */
    oriel_desktop_expect(desktop);
  oriel_desktop_stats(desktop, stats);
  json_t *root = json_object();
  set_text(root, "name", stats->source.name);
  set_text(root, "kind", stats->source.kind ? stats->source.kind : "");
  set_text(root, "state", oriel_source_state_name(stats->state));
  set_text(root, "detail", stats->detail);
  set_text(root, "display", oriel_source_display_name(stats->abilities.display));
  set(root, "width", stats->width);
  set(root, "height", stats->height);
  set_bool(root, "controller", stats->controller != 0);
  set(root, "viewers", stats->viewers);
  set(root, "console", stats->source.console);
  set(root, "consoles", stats->source.consoles);
  (void)json_object_set_new(root, "capabilities", capabilities_of(request->mount));
  set_text(root, "version", server->site.version);
  if (server->site.upgrade_lost_ns && oriel_clock_ns() - server->site.upgrade_lost_ns < UPGRADE_NOTICE_NS)
    set_text(root, "notice",
             "The proxy does not pass WebSocket upgrades: it drops the Upgrade and Connection headers.");
  return oriel_answer_json(request, MHD_HTTP_OK, root);
}

static json_t *percentiles_of(const char *name, const struct oriel_percentiles *stage) {
  json_t *entry = json_object();
  set_text(entry, "name", name);
  set(entry, "count", stage->count);
  set(entry, "p50_us", stage->p50_us);
  set(entry, "p95_us", stage->p95_us);
  set(entry, "p99_us", stage->p99_us);
  set(entry, "max_us", stage->max_us);
  return entry;
}

static json_t *stages_of(const struct oriel_desktop_stats *stats) {
  json_t *list = json_array();
  for (int i = 0; i < ORIEL_STAGES; i++)
    (void)json_array_append_new(list, percentiles_of(oriel_stage_name((enum oriel_stage)i), &stats->stages[i]));
  return list;
}

static json_t *viewers_of(const struct oriel_desktop_stats *stats) {
  json_t *list = json_array();
  for (unsigned i = 0; i < stats->viewer_count && i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    const struct oriel_viewer_stats *viewer = &stats->viewer[i];
    json_t *entry = json_object();
    set(entry, "id", viewer->id);
    set_text(entry, "name", viewer->name);
    set_text(entry, "role", viewer->role == ORIEL_ROLE_CONTROLLER ? "controller" : "viewer");
    set_bool(entry, "pictures", viewer->pictures);
    set_bool(entry, "sound", viewer->sound);
    set_bool(entry, "skipping", viewer->skipping);
    set(entry, "rtt_us", viewer->rtt_us);
    set(entry, "in_flight", viewer->in_flight);
    set(entry, "pictures_sent", viewer->pictures_sent);
    set(entry, "pictures_skipped", viewer->pictures_skipped);
    set(entry, "skips", viewer->skips);
    set(entry, "audio_sent", viewer->audio_sent);
    set(entry, "audio_dropped", viewer->audio_dropped);
    set(entry, "bytes_sent", viewer->bytes_sent);
    set(entry, "painted", viewer->painted);
    set(entry, "microphone_packets", viewer->microphone_packets);
    set(entry, "microphone_refused", viewer->microphone_refused);
    set(entry, "picture_queue", viewer->picture_queue);
    set(entry, "audio_queue", viewer->audio_queue);
    (void)json_array_append_new(list, entry);
  }
  return list;
}

static json_t *source_of(const struct oriel_source_info *info) {
  json_t *object = json_object();
  set_text(object, "kind", info->kind ? info->kind : "");
  set_text(object, "name", info->name);
  set(object, "frames", info->frames);
  set(object, "input_sent", info->input_sent);
  set(object, "input_coalesced", info->input_coalesced);
  set(object, "input_dropped", info->input_dropped);
  set(object, "reconnects", info->reconnects);
  return object;
}

static json_t *receiver_of(const struct oriel_receiver_stats *receiver) {
  json_t *object = json_object();
  set(object, "packets", receiver->packets);
  set(object, "bad", receiver->bad_packets);
  set(object, "lost", receiver->lost_packets);
  set(object, "concealed_frames", receiver->concealed_frames);
  set(object, "trimmed_frames", receiver->trimmed_frames);
  set(object, "underruns", receiver->underruns);
  set(object, "level_us", receiver->level_us);
  set(object, "target_us", receiver->target_us);
  set(object, "jitter_us", receiver->jitter_us);
  (void)json_object_set_new(object, "drift_ppm", json_real(receiver->drift_ppm));
  return object;
}

static json_t *input_of(const struct oriel_sound_input_stats *input) {
  json_t *object = json_object();
  set_text(object, "kind", input->kind);
  set_bool(object, "lives", input->lives);
  set(object, "jitter_us", input->jitter_us);
  (void)json_object_set_new(object, "drift_ppm", json_real(input->drift_ppm));
  if (strcmp(input->kind, "device") == 0)
    return object;
  set_text(object, "address", input->guest.address);
  set_text(object, "format", input->guest.is_pcm ? "pcm" : "opus");
  set_bool(object, "connected", input->guest.connected);
  set(object, "packets", input->guest.packets);
  set(object, "bytes", input->guest.bytes);
  set(object, "lost", input->lost);
  set(object, "late", input->late);
  set(object, "duplicates", input->guest.duplicates);
  set_bool(object, "numbered", input->guest.is_numbered);
  set_bool(object, "rtp", input->guest.is_rtp);
  if (input->guest.fault[0])
    set_text(object, "fault", input->guest.fault);
  set(object, "bad", input->guest.bad_packets);
  set(object, "dropped", input->guest.dropped);
  set(object, "connections", input->guest.connections);
  set(object, "reconnects", input->guest.connections ? input->guest.connections - 1 : 0);
  set(object, "closed_by_us", input->guest.closed_by_us);
  if (input->is_resampled)
    (void)json_object_set_new(object, "buffer", receiver_of(&input->receiver));
  return object;
}

static json_t *playback_of(const struct oriel_sound_stats *sound) {
  json_t *object = receiver_of(&sound->playback);
  set_bool(object, "connected", sound->playback_connected);
  return object;
}

static json_t *sound_of(const struct oriel_sound_stats *sound) {
  json_t *object = json_object(), *inputs = json_array(), *stages = json_array(), *microphone = json_object();
  for (unsigned i = 0; i < sound->inputs; i++)
    (void)json_array_append_new(inputs, input_of(&sound->input[i]));
  for (int i = 0; i < ORIEL_SOUND_STAGES; i++)
    (void)json_array_append_new(stages,
                                percentiles_of(oriel_sound_stage_name((enum oriel_sound_stage)i), &sound->stages[i]));
  set_text(object, "active", sound->active < 0 ? "none" : sound->input[sound->active].kind);
  (void)json_object_set_new(object, "input", json_integer(sound->active));
  (void)json_object_set_new(object, "inputs", inputs);
  set(object, "switches", sound->switches);
  set(object, "passed", sound->passed);
  set(object, "mixed", sound->mixed);
  set(object, "trimmed", sound->trimmed);
  set_bool(microphone, "address", sound->has_microphone_address);
  set_bool(microphone, "connected", sound->microphone_connected);
  set(microphone, "packets", sound->microphone_packets);
  set(microphone, "dropped", sound->microphone_dropped);
  set(microphone, "connections", sound->microphone_connections);
  set(microphone, "refused", sound->microphone_refused);
  (void)json_object_set_new(object, "microphone", microphone);
  (void)json_object_set_new(object, "stages", stages);
  if (sound->has_playback)
    (void)json_object_set_new(object, "speaker", playback_of(sound));
  return object;
}

static void add_desktop(json_t *root, const struct oriel_desktop_stats *stats) {
  set_text(root, "state", oriel_source_state_name(stats->state));
  set_text(root, "detail", stats->detail);
  set_text(root, "display", oriel_source_display_name(stats->abilities.display));
  (void)json_object_set_new(root, "source", source_of(&stats->source));
  set(root, "width", stats->width);
  set(root, "height", stats->height);
  set_text(root, "encoder", stats->encoder ? stats->encoder : "");
  set(root, "fps", stats->fps);
  set(root, "bitrate_kbps", stats->bitrate_kbps);
  set(root, "viewers", stats->viewers);
  set(root, "watching", stats->watching);
  set(root, "controller", stats->controller);
  set(root, "damage_events", stats->damage_events);
  set(root, "conversions", stats->conversions);
  set(root, "pictures_video", stats->pictures_video);
  set(root, "pictures_tiles", stats->pictures_tiles);
  set(root, "pictures_key", stats->pictures_key);
  set(root, "pictures_sharpened", stats->pictures_sharpened);
  set(root, "pictures_refined", stats->pictures_refined);
  set(root, "openings", stats->openings);
  set(root, "video_bytes", stats->video_bytes);
  set(root, "tiles_bytes", stats->tiles_bytes);
  set(root, "refined_bytes", stats->refined_bytes);
  set(root, "audio_packets", stats->audio_packets);
  set(root, "audio_bytes", stats->audio_bytes);
  set(root, "audio_overruns", stats->audio_overruns);
  set(root, "encode_failures", stats->encode_failures);
  set(root, "key_requests", stats->key_requests);
  set(root, "held_back", stats->held_back);
  set(root, "bursts", stats->bursts);
  set(root, "cpu_us", stats->cpu_us);
  set(root, "cpu_limited", stats->cpu_limited);
  set(root, "input_events", stats->input_events);
  set(root, "input_refused", stats->input_refused);
  set(root, "painted_fps", stats->painted_fps);
  (void)json_object_set_new(root, "sound", sound_of(&stats->sound));
  (void)json_object_set_new(root, "stages", stages_of(stats));
  (void)json_object_set_new(root, "viewer", viewers_of(stats));
}

static json_t *closed_of(const struct oriel_server_stats *stats) {
  static const struct {
    unsigned reason;
    const char *name;
  } reasons[] = {
    {ORIEL_SERVER_CLOSED_CUT, "CUT"},
#define X(reason_name, value) {value, #reason_name},
    ORIEL_VIEWER_REASONS(X)
#undef X
  };
  json_t *object = json_object();
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    set(object, reasons[i].name, stats->viewers_closed[reasons[i].reason]);
  return object;
}

static json_t *server_of(struct oriel_server *server) {
  struct oriel_server_stats stats;
  oriel_server_count(server, &stats);
  json_t *object = json_object();
  set_text(object, "version", server->site.version);
  set(object, "connections", stats.connections);
  set(object, "connections_refused", stats.connections_refused);
  set(object, "connections_evicted", stats.connections_evicted);
  set(object, "requests_deferred", stats.requests_deferred);
  set(object, "connections_now", stats.connections_now);
  set(object, "requests", stats.requests);
  set(object, "answers_2xx", stats.answers_2xx);
  set(object, "answers_3xx", stats.answers_3xx);
  set(object, "answers_4xx", stats.answers_4xx);
  set(object, "answers_5xx", stats.answers_5xx);
  set(object, "refused_host", stats.refused_host);
  set(object, "refused_origin", stats.refused_origin);
  set(object, "refused_party", stats.refused_party);
  set(object, "messages_denied", stats.messages_denied);
  set(object, "auth_missing", stats.auth_missing);
  set(object, "auth_token", stats.auth_token);
  set(object, "auth_cookie", stats.auth_cookie);
  set(object, "auth_limited", stats.auth_limited);
  set(object, "deadlines", stats.deadlines);
  set(object, "sessions_now", stats.sessions_now);
  set(object, "viewers_now", stats.viewers_now);
  set(object, "viewers_opened", stats.viewers_opened);
  set(object, "microphone_excess", stats.microphone_excess);
  set(object, "thumbnails", stats.thumbnails);
  set(object, "messages_in", stats.messages_in);
  set(object, "bytes_in", stats.bytes_in);
  set(object, "messages_out", stats.messages_out);
  set(object, "bytes_out", stats.bytes_out);
  (void)json_object_set_new(object, "viewers_closed", closed_of(&stats));
  return object;
}

/** Paths and addresses of this host are for its operator, who asks by token. */
static void hide_addresses(json_t *root) {
  const json_t *inputs = json_object_get(json_object_get(root, "sound"), "inputs");
  for (size_t i = 0; i < json_array_size(inputs); i++)
    (void)json_object_del(json_array_get(inputs, i), "address");
}

enum MHD_Result oriel_handle_stats(struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  if (!desktop)
    return oriel_answer_absent(request);
  oriel_desktop_stats(desktop, &server->mounts.desktop_stats);
  json_t *root = json_object();
  set(root, "time_us", oriel_clock_ns() / ORIEL_NS_PER_US);
  add_desktop(root, &server->mounts.desktop_stats);
  if (request->all) /* it counts what others do */
    (void)json_object_set_new(root, "server", server_of(server));
  if (request->party != ORIEL_PARTY_SCRIPT)
    hide_addresses(root);
  return oriel_answer_json(request, MHD_HTTP_OK, root);
}

enum MHD_Result oriel_handle_share(struct oriel_request *request) {
  /* The server's opens all desktops: it goes to nobody who has one, nor to those who are to see this one. */
  const char *token = request->mount ? oriel_mount_share(request->mount, request->all) : NULL;
  if (!token)
    return oriel_answer_error(request, MHD_HTTP_NOT_FOUND, "there is no token for viewing", NULL, NULL);
  return oriel_answer_json(request, MHD_HTTP_OK, json_pack("{s:s}", "token", token));
}

static void audit_command(const struct oriel_request *request, int status) {
  oriel_audit("command", request->client, oriel_mount_named(request->mount, request->named),
              "role=%s command=%s result=%s", oriel_party_name(request->party),
              strrchr(request->route->path, '/') + 1, status == 0 ? "passed-on" : "refused");
}

enum MHD_Result oriel_handle_start(struct oriel_request *request) {
  const struct oriel_mount *mount = request->mount;
  if (!oriel_request_desktop(request))
    return oriel_answer_absent(request);
  const int status = mount->start ? mount->start(mount->start_user) : -ENOTSUP;
  audit_command(request, status);
  switch (status) {
  case 0:
    return oriel_answer_json(request, MHD_HTTP_ACCEPTED, json_object());
  case -ENOTSUP:
    return oriel_answer_error(request, MHD_HTTP_NOT_IMPLEMENTED,
                              "this machine was not started here, so it is started where it was", NULL, NULL);
  case -EALREADY:
    return oriel_answer_error(request, MHD_HTTP_CONFLICT, "the machine runs, or is being started", NULL, NULL);
  default:
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is about to end", NULL, NULL);
  }
}

enum MHD_Result oriel_handle_command(struct oriel_request *request) {
  static const struct {
    const char *path;
    enum oriel_source_command command;
  } commands[] = {
    {"/api/v1/desktop/pause", ORIEL_COMMAND_PAUSE},
    {"/api/v1/desktop/resume", ORIEL_COMMAND_RESUME},
    {"/api/v1/desktop/reset", ORIEL_COMMAND_RESET},
    {"/api/v1/desktop/powerdown", ORIEL_COMMAND_POWERDOWN},
  };
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  if (!desktop)
    return oriel_answer_absent(request);
  int status = -EINVAL;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(commands[i].path, request->route->path) == 0)
      status = oriel_desktop_command(desktop, commands[i].command);
  }
  audit_command(request, status);
  switch (status) {
  case 0:
    return oriel_answer_json(request, MHD_HTTP_ACCEPTED, json_object());
  case -ENOTSUP:
    return oriel_answer_error(request, MHD_HTTP_NOT_IMPLEMENTED, "this desktop takes no commands", NULL, NULL);
  case -EAGAIN:
    return oriel_answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                              "too many commands wait for the VM; try again in a second", "Retry-After", "1");
  default:
    return oriel_answer_error(request, MHD_HTTP_CONFLICT, "the VM is not connected now", NULL, NULL);
  }
}
