/* SPDX-License-Identifier: MIT
 *
 * What answers a request once it is through the gate, for the table in routes.c. Each returns MHD_NO to end the
 * connection without an answer. Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_HANDLERS_H
#define ORIEL_SERVER_HANDLERS_H

#include <microhttpd.h>

struct oriel_request;
struct oriel_mount;

/* files.c */
enum MHD_Result oriel_handle_asset(struct oriel_request *request);
enum MHD_Result oriel_handle_health(struct oriel_request *request);
/* session_handler.c */
enum MHD_Result oriel_handle_login(struct oriel_request *request);
enum MHD_Result oriel_handle_logout(struct oriel_request *request);
/** For screens.c. Answers with the cookie of the request's session once more, for another desktop's paths: the session
 *  opens there what its token does. */
enum MHD_Result oriel_session_lend(struct oriel_request *request, const struct oriel_mount *mount);
/* screens.c */
enum MHD_Result oriel_handle_screens(struct oriel_request *request);
enum MHD_Result oriel_handle_screen(struct oriel_request *request);
/* upgrade.c */
enum MHD_Result oriel_handle_websocket(struct oriel_request *request);
/* snapshot.c, thumbnail_handler.c */
enum MHD_Result oriel_handle_snapshot(struct oriel_request *request);
enum MHD_Result oriel_handle_thumbnail(struct oriel_request *request);
/* api.c */
enum MHD_Result oriel_handle_desktop(struct oriel_request *request);
enum MHD_Result oriel_handle_command(struct oriel_request *request);
enum MHD_Result oriel_handle_start(struct oriel_request *request);
enum MHD_Result oriel_handle_share(struct oriel_request *request);
/* stats_handler.c */
enum MHD_Result oriel_handle_stats(struct oriel_request *request);
/* config_handler.c */
enum MHD_Result oriel_handle_config(struct oriel_request *request);
/* desktops.c */
enum MHD_Result oriel_handle_desktops(struct oriel_request *request);
enum MHD_Result oriel_handle_add(struct oriel_request *request);
enum MHD_Result oriel_handle_remove(struct oriel_request *request);
/* metrics.c */
enum MHD_Result oriel_handle_metrics(struct oriel_request *request);
/* whep_handler.c */
enum MHD_Result oriel_handle_whep_offer(struct oriel_request *request);
enum MHD_Result oriel_handle_whep_look(struct oriel_request *request);
enum MHD_Result oriel_handle_whep_options(struct oriel_request *request);
enum MHD_Result oriel_handle_whep_patch(struct oriel_request *request);
enum MHD_Result oriel_handle_whep_delete(struct oriel_request *request);

#endif
