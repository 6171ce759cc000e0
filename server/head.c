/* SPDX-License-Identifier: MIT
 *
 * Request heads. Loop thread.
 *
 * libmicrohttpd 0.9 parses in place: method, path, version and fields lie in one piece of memory in the order in which
 * they came, with zeros where it found separators. So they must follow each other without a gap, and together be as
 * long as the head was; a zero byte that a client sent makes a gap.
 */
#include "server/head.h"

#include <string.h>

static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const char controls[] = "\x01\x02\x03\x04\x05\x06\a\b\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18"
                               "\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"; /* all but the tab */

enum { LINE_END = 2 }; /* CR LF, both zeros now */

struct walk {
  const char *at; /* where the next field must begin */
  bool plain;
};

static enum MHD_Result on_field(void *user, enum MHD_ValueKind kind, const char *name, const char *value) {
  struct walk *walk = user;
  (void)kind;
  walk->plain = name == walk->at && value && *name && name[strspn(name, token)] == '\0';
  if (!walk->plain)
    return MHD_NO;
  const char *text = name + strlen(name) + 1;
  text += strspn(text, " \t");
  walk->plain = value == text && value[strcspn(value, controls)] == '\0';
  walk->at = value + strlen(value) + LINE_END;
  return walk->plain ? MHD_YES : MHD_NO;
}

static bool parses_in_place(void) {
  return strncmp(MHD_get_version(), "0.9.", 4) == 0;
}

bool oriel_head_plain(const struct oriel_request *request, const char *method) {
  const struct oriel_connection *connection = request->connection;
  if (!parses_in_place())
    return true;
  if (method + strlen(method) + 1 != request->path || connection->uri != request->path ||
      connection->uri + connection->uri_size + 1 != request->version)
    return false;
  struct walk walk = {.at = request->version + strlen(request->version) + LINE_END, .plain = true};
  (void)MHD_get_connection_values(request->http, MHD_HEADER_KIND, on_field, &walk);
  const union MHD_ConnectionInfo *info =
    MHD_get_connection_info(request->http, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  return walk.plain && info && walk.at + LINE_END == method + info->header_size;
}
