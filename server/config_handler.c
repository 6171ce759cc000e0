/* SPDX-License-Identifier: MIT
 *
 * GET /config: what a player of WHEP that also carries input asks of the guest, to draw a pointer and to translate keys.
 * Loop thread.
 */
#include <jansson.h>
#include <string.h>

#include "server/handlers.h"
#include "server/request.h"
#include "server/state.h"

enum MHD_Result oriel_handle_config(struct oriel_request *request) {
  struct oriel_desktop *desktop = oriel_request_desktop(request);
  struct oriel_desktop_stats *stats = &request->server->mounts.desktop_stats;
  if (!desktop)
    return oriel_answer_absent(request);
  oriel_desktop_stats(desktop, stats);
  const bool machine = stats->source.kind && strcmp(stats->source.kind, "qemu") == 0;
  const bool texts = stats->abilities.clipboard_in || stats->abilities.clipboard_out;
  /* No source tells what runs in a machine. "linux" is what a player takes the keys of a PC for: on a Mac it sends
   * Control for Command. */
  return oriel_answer_json(request, MHD_HTTP_OK,
                           json_pack("{s:{s:s, s:s, s:b, s:b}}", "guest", "os", "linux", "type",
                                     machine ? "vm" : "desktop", "cursor", !stats->cursor_apart, "clipboard", texts));
}
