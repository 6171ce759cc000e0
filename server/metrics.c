/* SPDX-License-Identifier: MIT
 *
 * GET /metrics: Prometheus text format 0.0.4. Loop thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"
#include "server/metric_sheet.h"
#include "server/request.h"
#include "server/state.h"
#include "wire/viewer.h"

#define US_PER_SECOND 1e6

static void counter(struct oriel_sheet *out, const char *name, const char *help, uint64_t value) {
  oriel_sheet_family(out, name, "counter", help);
  oriel_sheet_number(out, "", "", value);
}

static void gauge(struct oriel_sheet *out, const char *name, const char *help, uint64_t value) {
  oriel_sheet_family(out, name, "gauge", help);
  oriel_sheet_number(out, "", "", value);
}

/** Of the family that was begun last. */
static void labelled(struct oriel_sheet *out, const char *label, const char *value, uint64_t count) {
  char labels[128];
  snprintf(labels, sizeof labels, "%s=\"%s\"", label, value);
  oriel_sheet_number(out, "", labels, count);
}

static void write_summary(struct oriel_sheet *out, const char *name, const struct oriel_percentiles *stage) {
  const struct {
    const char *quantile;
    uint32_t us;
  } quantiles[] = {{"0.5", stage->p50_us}, {"0.95", stage->p95_us}, {"0.99", stage->p99_us}, {"1", stage->max_us}};
  char labels[128];
  for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++) {
    snprintf(labels, sizeof labels, "stage=\"%s\",quantile=\"%s\"", name, quantiles[q].quantile);
    oriel_sheet_real(out, "", labels, 6, quantiles[q].us / US_PER_SECOND);
  }
  snprintf(labels, sizeof labels, "stage=\"%s\"", name);
  oriel_sheet_real(out, "_sum", labels, 6, (double)stage->sum_us / US_PER_SECOND);
  oriel_sheet_number(out, "_count", labels, stage->count);
}

static void write_stages(struct oriel_sheet *out, const struct oriel_desktop_stats *stats) {
  oriel_sheet_family(out, "stage_seconds", "summary",
                     "Delay of one picture by stage; quantiles over the last 512 pictures.");
  for (int i = 0; i < ORIEL_STAGES; i++)
    write_summary(out, oriel_stage_name((enum oriel_stage)i), &stats->stages[i]);
}

static void write_desktop(struct oriel_sheet *out, const struct oriel_desktop_stats *stats) {
  oriel_sheet_family(out, "desktop_state", "gauge", "1 for the state the desktop is in.");
  for (int i = ORIEL_SOURCE_CONNECTING; i <= ORIEL_SOURCE_GONE; i++)
    labelled(out, "state", oriel_source_state_name((enum oriel_source_state)i),
             stats->state == (enum oriel_source_state)i);
  gauge(out, "desktop_width_pixels", "Width of the guest's screen.", stats->width);
  gauge(out, "desktop_height_pixels", "Height of the guest's screen.", stats->height);
  gauge(out, "viewers", "Viewers attached.", stats->viewers);
  gauge(out, "viewers_watching", "Viewers that want pictures.", stats->watching);
  gauge(out, "fps_limit", "Pictures a second at most, now.", stats->fps);
  gauge(out, "fps_painted", "Pictures painted in the last second by the best viewer.", stats->painted_fps);
  gauge(out, "bitrate_bits_per_second", "Bitrate limit, now.", stats->bitrate_kbps * UINT64_C(1000));
  oriel_sheet_family(out, "pictures_total", "counter", "Pictures encoded, by kind.");
  labelled(out, "kind", "video", stats->pictures_video);
  labelled(out, "kind", "tiles", stats->pictures_tiles);
  oriel_sheet_family(out, "picture_bytes_total", "counter", "Bytes of encoded pictures, by kind.");
  labelled(out, "kind", "video", stats->video_bytes);
  labelled(out, "kind", "tiles", stats->tiles_bytes);
  counter(out, "pictures_key_total", "Key frames.", stats->pictures_key);
  counter(out, "pictures_sharpened_total", "Quality passes over a still picture.", stats->pictures_sharpened);
  counter(out, "pictures_refined_total", "Parts of a still picture sent again without loss.", stats->pictures_refined);
  counter(out, "refined_bytes_total", "Bytes of these; picture_bytes_total counts them, too.", stats->refined_bytes);
  counter(out, "openings_total", "Whole pictures as tiles, made for newcomers ahead of a key frame.", stats->openings);
  counter(out, "damage_events_total", "Changes announced by the source.", stats->damage_events);
  counter(out, "conversions_total", "Pixel conversions.", stats->conversions);
  counter(out, "source_frames_total", "Updates from the guest.", stats->source.frames);
  counter(out, "source_reconnects_total", "Times the source found its VM again.", stats->source.reconnects);
  counter(out, "audio_packets_total", "Opus packets.", stats->audio_packets);
  counter(out, "audio_bytes_total", "Bytes of Opus packets.", stats->audio_bytes);
  counter(out, "audio_overruns_total", "Times sound came faster than it was encoded.", stats->audio_overruns);
  counter(out, "encode_failures_total", "Pictures the encoder refused.", stats->encode_failures);
  counter(out, "key_requests_total", "Key frames asked for by viewers.", stats->key_requests);
  counter(out, "held_back_total", "Encodes put off because no viewer could take one.", stats->held_back);
  counter(out, "bursts_total", "Pictures closer than 8 ms to the one before.", stats->bursts);
  oriel_sheet_family(out, "picture_cpu_seconds_total", "counter",
                     "Processor time for pictures, without threads of an encoder's own.");
  oriel_sheet_real(out, "", "", 6, (double)stats->cpu_us / US_PER_SECOND);
  counter(out, "cpu_limited_total", "Pictures put off by the limit of processor time.", stats->cpu_limited);
  counter(out, "input_events_total", "Input events passed on.", stats->input_events);
  counter(out, "input_refused_total", "Input events from viewers without the controls.", stats->input_refused);
}

static const char *input_labels(const struct oriel_sound_stats *sound, unsigned i, char *labels, size_t size) {
  snprintf(labels, size, "input=\"%u\",kind=\"%s\"", i, sound->input[i].kind);
  return labels;
}

static void write_counts(struct oriel_sheet *out, const struct oriel_sound_stats *sound, const char *name,
                         const char *help, size_t offset) {
  char labels[128];
  oriel_sheet_family(out, name, "counter", help);
  for (unsigned i = 0; i < sound->inputs; i++) {
    uint64_t value;
    memcpy(&value, (const char *)&sound->input[i] + offset, sizeof value);
    oriel_sheet_number(out, "", input_labels(sound, i, labels, sizeof labels), value);
  }
}

static void write_inputs(struct oriel_sheet *out, const struct oriel_sound_stats *sound) {
  char labels[128];
  oriel_sheet_family(out, "sound_active", "gauge", "1 for the input that is heard.");
  for (unsigned i = 0; i < sound->inputs; i++)
    oriel_sheet_number(out, "", input_labels(sound, i, labels, sizeof labels), sound->active == (int)i);
  oriel_sheet_family(out, "sound_jitter_seconds", "gauge", "Mean lateness of packets against the earliest.");
  for (unsigned i = 0; i < sound->inputs; i++)
    oriel_sheet_real(out, "", input_labels(sound, i, labels, sizeof labels), 6,
                     sound->input[i].jitter_us / US_PER_SECOND);
  oriel_sheet_family(out, "sound_drift_ppm", "gauge", "The sender's clock against ours, positive when it is faster.");
  for (unsigned i = 0; i < sound->inputs; i++)
    oriel_sheet_real(out, "", input_labels(sound, i, labels, sizeof labels), 3, sound->input[i].drift_ppm);
#define GUEST(member) offsetof(struct oriel_sound_input_stats, guest.member)
#define INPUT(member) offsetof(struct oriel_sound_input_stats, member)
  write_counts(out, sound, "sound_packets_total", "Packets from inside the guest.", GUEST(packets));
  write_counts(out, sound, "sound_bytes_total", "Bytes of packets from inside the guest.", GUEST(bytes));
  write_counts(out, sound, "sound_lost_total", "Packets that did not come, by number or by the time that is missing.",
               INPUT(lost));
  write_counts(out, sound, "sound_late_total", "Packets more than 60 ms late, or after their place was given up.",
               INPUT(late));
  write_counts(out, sound, "sound_duplicates_total", "Packets that came twice.", GUEST(duplicates));
  write_counts(out, sound, "sound_bad_total", "Packets refused: too long, empty, unfinished or no sound.",
               GUEST(bad_packets));
  write_counts(out, sound, "sound_dropped_total", "Packets of a flood or of a second sender.", GUEST(dropped));
  write_counts(out, sound, "sound_connections_total", "Connections from inside the guest.", GUEST(connections));
  write_counts(out, sound, "sound_closed_total", "Connections closed for what the peer sent.", GUEST(closed_by_us));
#undef INPUT
#undef GUEST
}

static void write_sound(struct oriel_sheet *out, const struct oriel_sound_stats *sound) {
  write_inputs(out, sound);
  counter(out, "sound_switches_total", "Changes of the input whose pace the sound has.", sound->switches);
  counter(out, "sound_passed_total", "Packets of the guest handed on untouched.", sound->passed);
  counter(out, "sound_mixed_total", "Packets of more than one input.", sound->mixed);
  counter(out, "sound_trimmed_total", "Packets that came too late to be heard.", sound->trimmed);
  counter(out, "microphone_packets_total", "Packets of the microphone to the guest.", sound->microphone_packets);
  counter(out, "microphone_dropped_total", "Packets of the microphone that the guest did not take.",
          sound->microphone_dropped);
  counter(out, "microphone_refused_total", "Packets of microphones without the controls, or that nothing takes.",
          sound->microphone_refused);
  counter(out, "microphone_connections_total", "Times a guest opened the microphone's address.",
          sound->microphone_connections);
  oriel_sheet_family(out, "sound_stage_seconds", "summary",
                     "Delay of one packet of sound by stage; quantiles over the last 512.");
  for (int i = 0; i < ORIEL_SOUND_STAGES; i++)
    write_summary(out, oriel_sound_stage_name((enum oriel_sound_stage)i), &sound->stages[i]);
  if (!sound->has_playback)
    return;
  gauge(out, "speaker_connected", "1 while this host plays.", sound->playback_connected);
  counter(out, "speaker_underruns_total", "Times this host's speaker ran dry.", sound->playback.underruns);
  counter(out, "speaker_lost_total", "Packets missing at this host's speaker.", sound->playback.lost_packets);
  counter(out, "speaker_concealed_frames_total", "Frames made up at this host's speaker.",
          sound->playback.concealed_frames);
  oriel_sheet_family(out, "speaker_level_seconds", "gauge", "Sound that waits for this host's speaker.");
  oriel_sheet_real(out, "", "", 6, sound->playback.level_us / US_PER_SECOND);
  oriel_sheet_family(out, "speaker_target_seconds", "gauge", "Sound that should wait for this host's speaker.");
  oriel_sheet_real(out, "", "", 6, sound->playback.target_us / US_PER_SECOND);
}

static void write_queues(struct oriel_sheet *out, const struct oriel_desktop_stats *stats) {
  uint64_t pictures = 0, audio = 0, sent = 0, skipped = 0, dropped = 0, bytes = 0;
  uint32_t rtt_us = 0;
  for (unsigned i = 0; i < stats->viewer_count && i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    const struct oriel_viewer_stats *viewer = &stats->viewer[i];
    pictures += viewer->picture_queue;
    audio += viewer->audio_queue;
    sent += viewer->pictures_sent;
    skipped += viewer->pictures_skipped;
    dropped += viewer->audio_dropped;
    bytes += viewer->bytes_sent;
    if (viewer->rtt_us > rtt_us)
      rtt_us = viewer->rtt_us;
  }
  /* Sums over those attached now: they fall when one leaves, so they are gauges. */
  gauge(out, "viewer_picture_queue", "Pictures that wait, all viewers.", pictures);
  gauge(out, "viewer_audio_queue", "Opus packets that wait, all viewers.", audio);
  gauge(out, "viewer_pictures_sent", "Pictures sent to the viewers attached now.", sent);
  gauge(out, "viewer_pictures_skipped", "Pictures left out for the viewers attached now.", skipped);
  gauge(out, "viewer_audio_dropped", "Opus packets dropped for the viewers attached now.", dropped);
  gauge(out, "viewer_bytes_sent", "Bytes sent to the viewers attached now.", bytes);
  oriel_sheet_family(out, "viewer_rtt_max_seconds", "gauge", "Slowest round trip among the viewers attached now.");
  oriel_sheet_real(out, "", "", 6, rtt_us / US_PER_SECOND);
}

static void write_closed(struct oriel_sheet *out, const struct oriel_server_stats *stats) {
  oriel_sheet_family(out, "viewers_closed_total", "counter", "Viewer connections that ended, by reason.");
  labelled(out, "reason", "CUT", stats->viewers_closed[ORIEL_SERVER_CLOSED_CUT]);
#define X(name, value) labelled(out, "reason", #name, stats->viewers_closed[value]);
  ORIEL_VIEWER_REASONS(X)
#undef X
}

static void write_server(struct oriel_sheet *out, const struct oriel_server_stats *stats) {
  counter(out, "connections_total", "TCP connections accepted.", stats->connections);
  counter(out, "connections_refused_total", "TCP connections over a limit.", stats->connections_refused);
  counter(out, "connections_evicted_total", "TCP connections without a credential that made room for others.",
          stats->connections_evicted);
  counter(out, "requests_deferred_total", "Times that a request waited for the loop's next turn.",
          stats->requests_deferred);
  gauge(out, "connections", "HTTP connections now, without viewers.", stats->connections_now);
  gauge(out, "sessions", "Browser sessions now.", stats->sessions_now);
  counter(out, "requests_total", "HTTP requests.", stats->requests);
  oriel_sheet_family(out, "answers_total", "counter", "HTTP answers by class.");
  labelled(out, "class", "2xx", stats->answers_2xx);
  labelled(out, "class", "3xx", stats->answers_3xx);
  labelled(out, "class", "4xx", stats->answers_4xx);
  labelled(out, "class", "5xx", stats->answers_5xx);
  oriel_sheet_family(out, "refused_total", "counter", "Requests refused before they reached a handler.");
  labelled(out, "reason", "host", stats->refused_host);
  labelled(out, "reason", "origin", stats->refused_origin);
  labelled(out, "reason", "credential_missing", stats->auth_missing);
  labelled(out, "reason", "token", stats->auth_token);
  labelled(out, "reason", "cookie", stats->auth_cookie);
  labelled(out, "reason", "limit", stats->auth_limited);
  labelled(out, "reason", "role", stats->refused_party);
  labelled(out, "reason", "deadline", stats->deadlines);
  counter(out, "messages_denied_total", "Messages of viewers that their role does not permit.",
          stats->messages_denied);
  counter(out, "viewers_opened_total", "WebSocket handshakes that succeeded.", stats->viewers_opened);
  write_closed(out, stats);
  counter(out, "thumbnails_total", "Small pictures made for the list of desktops.", stats->thumbnails);
  counter(out, "microphone_excess_total", "Packets of microphones beyond the rate.", stats->microphone_excess);
  counter(out, "websocket_messages_in_total", "Messages from viewers.", stats->messages_in);
  counter(out, "websocket_bytes_in_total", "Bytes from viewers.", stats->bytes_in);
  counter(out, "websocket_messages_out_total", "Messages to viewers.", stats->messages_out);
  counter(out, "websocket_bytes_out_total", "Bytes to viewers.", stats->bytes_out);
}

static void write_of(struct oriel_sheet *out, const struct oriel_mount *mount) {
  struct oriel_desktop_stats *stats = &mount->mounts->desktop_stats;
  if (!mount->desktop)
    return;
  oriel_desktop_stats(mount->desktop, stats);
  write_desktop(out, stats);
  write_queues(out, stats);
  write_stages(out, stats);
  write_sound(out, &stats->sound);
}

/** An answer that is being written: many desktops are more than one turn of the loop has time for. */
struct oriel_metrics {
  struct oriel_sheet *sheet;
  struct oriel_mount *next; /* held; the first of several that is not written yet, NULL = none is left */
};

static void drop(struct oriel_request *request) {
  struct oriel_metrics *metrics = request->metrics;
  oriel_sheet_destroy(metrics->sheet);
  oriel_mount_unref(metrics->next);
  free(metrics);
}

/** With what is said once; NULL when memory is short. */
static struct oriel_metrics *begin(const struct oriel_request *request) {
  struct oriel_server *server = request->server;
  struct oriel_metrics *metrics = calloc(1, sizeof *metrics);
  struct oriel_sheet *out = metrics ? oriel_sheet_create() : NULL;
  if (!out) {
    free(metrics);
    return NULL;
  }
  oriel_sheet_family(out, "build_info", "gauge", "1, with the version as label.");
  labelled(out, "version", server->site.version, 1);
  if (request->all) { /* it counts what others do */
    struct oriel_server_stats stats;
    oriel_server_count(server, &stats);
    write_server(out, &stats);
  }
  if (request->mount)
    write_of(out, request->mount);
  metrics->sheet = out;
  metrics->next = request->mount ? NULL : oriel_mount_ref(oriel_mount_next(&server->mounts, NULL));
  return metrics;
}

/** Of several desktops, each with its name. False when the rest is for the next turn. */
static bool write_rest(struct oriel_request *request, struct oriel_metrics *metrics) {
  while (metrics->next) {
    struct oriel_mount *mount = metrics->next;
    oriel_sheet_desktop(metrics->sheet, mount->name);
    write_of(metrics->sheet, mount); /* nothing, where it was removed meanwhile */
    oriel_sheet_desktop(metrics->sheet, NULL);
    metrics->next = oriel_mount_ref(oriel_mount_next(&request->server->mounts, mount));
    oriel_mount_unref(mount);
    if (metrics->next && oriel_http_defer(request->connection))
      return false;
  }
  return true;
}

enum MHD_Result oriel_handle_metrics(struct oriel_request *request) {
  if (!request->metrics)
    request->metrics = begin(request);
  if (!request->metrics)
    return MHD_NO;
  request->drop = drop;
  if (!write_rest(request, request->metrics))
    return MHD_YES; /* called again */
  size_t size = 0;
  char *text = oriel_sheet_text(request->metrics->sheet, &size);
  if (!text)
    return MHD_NO;
  struct MHD_Response *response =
    oriel_answer_create("text/plain; version=0.0.4; charset=utf-8", NULL, text, size, MHD_RESPMEM_MUST_FREE);
  if (!response)
    free(text);
  return oriel_answer_send(request, MHD_HTTP_OK, response);
}
