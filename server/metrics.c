/* SPDX-License-Identifier: MIT
 *
 * GET /metrics: Prometheus text format 0.0.4. Loop thread. What there is to count is in metric_rows.c; here is what is
 * no number of its own: states, and whose samples they are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/handlers.h"
#include "server/metric_rows.h"
#include "server/metric_sheet.h"
#include "server/process.h"
#include "server/request.h"
#include "server/state.h"
#include "server/whep_count.h"

static void write_state(struct oriel_sheet *out, enum oriel_source_state state) {
  char labels[64];
  oriel_sheet_family(out, "oriel_desktop_state", "gauge", "1 for the state the desktop is in.");
  for (int i = ORIEL_SOURCE_CONNECTING; i <= ORIEL_SOURCE_GONE; i++) {
    snprintf(labels, sizeof labels, "state=\"%s\"", oriel_source_state_name((enum oriel_source_state)i));
    oriel_sheet_number(out, "", labels, state == (enum oriel_source_state)i);
  }
}

static void write_inputs(struct oriel_sheet *out, const struct oriel_sound_stats *sound) {
  char labels[64];
  for (unsigned i = 0; i < sound->inputs; i++) {
    snprintf(labels, sizeof labels, "input=\"%u\",kind=\"%s\"", i, sound->input[i].kind);
    oriel_sheet_family(out, "oriel_sound_active", "gauge", "1 for the input that is heard.");
    oriel_sheet_number(out, "", labels, sound->active == (int)i);
    oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_INPUT, &sound->input[i], labels);
    oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_STREAM, &sound->input[i], labels);
  }
}

static void write_desktop(struct oriel_sheet *out, const struct oriel_mount *mount) {
  struct oriel_desktop_stats *stats = &mount->mounts->desktop_stats;
  if (!mount->desktop)
    return;
  oriel_desktop_stats(mount->desktop, stats);
  write_state(out, stats->state);
  oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_DESKTOP, stats, "");
  oriel_metric_write_sum(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_VIEWER, stats->viewer, sizeof *stats->viewer,
                         stats->viewer_count);
  write_inputs(out, &stats->sound);
  struct oriel_whep_stats whep;
  oriel_whep_count(mount, &whep);
  oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_WHEP, &whep, "");
  if (stats->sound.has_playback)
    oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_RECEIVER, &stats->sound.playback, "");
}

/** What it counts of others, too: for those whose token opens all. */
static void write_server(struct oriel_sheet *out, struct oriel_server *server) {
  struct oriel_server_stats stats;
  struct oriel_process process = {.started_us = server->started_us};
  oriel_process_read(&process);
  oriel_server_count(server, &stats);
  oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_PROCESS, &process, "");
  oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_SERVER, &stats, "");
  struct oriel_whep_port_stats port;
  oriel_whep_count_port(&server->mounts, &port);
  oriel_metric_write(out, &oriel_metric_rows, ORIEL_METRIC_SCOPE_WHEP_PORT, &port, "");
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
  char version[64];
  snprintf(version, sizeof version, "version=\"%s\"", server->site.version);
  oriel_sheet_family(out, "oriel_build_info", "gauge", "1, with the version as label.");
  oriel_sheet_number(out, "", version, 1);
  if (request->all)
    write_server(out, server);
  if (request->mount)
    write_desktop(out, request->mount);
  metrics->sheet = out;
  metrics->next = request->mount ? NULL : oriel_mount_ref(oriel_mount_next(&server->mounts, NULL));
  return metrics;
}

/** Of several desktops, each with its name. False when the rest is for the next turn. */
static bool write_rest(struct oriel_request *request, struct oriel_metrics *metrics) {
  while (metrics->next) {
    struct oriel_mount *mount = metrics->next;
    oriel_sheet_desktop(metrics->sheet, mount->name);
    write_desktop(metrics->sheet, mount); /* nothing, where it was removed meanwhile */
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
