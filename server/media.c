/* SPDX-License-Identifier: MIT
 *
 * Which way the pictures of a page go. Loop thread.
 */
#include "server/media.h"

#include <string.h>

#include "desktop/desktop.h"
#include "server/whep_client.h"
#include "server/whep_port.h"

static bool is_open(const struct oriel_media *media) {
  return media->client && oriel_webrtc_session_state(media->client->session) == ORIEL_WEBRTC_OPEN;
}

static void set_way(struct oriel_media *media, enum oriel_viewer_picture_way way) {
  media->way = way;
  media->page.active = way != ORIEL_VIEWER_PICTURE_WAY_SOCKET;
  media->page.alone = way == ORIEL_VIEWER_PICTURE_WAY_RTP;
}

/** Back to the WebSocket, for good or until another client comes. */
static void leave(struct oriel_media *media) {
  const bool alone = media->way == ORIEL_VIEWER_PICTURE_WAY_RTP;
  set_way(media, ORIEL_VIEWER_PICTURE_WAY_SOCKET);
  media->begun = false;
  oriel_viewer_hold(media->page.viewer, false);
  oriel_viewer_carries(media->page.viewer, 0);
  if (alone) /* nothing of what it was sent is where pictures go now */
    oriel_viewer_renew(media->page.viewer);
}

/** The viewer is handed no more than its client can send. */
static void pace(struct oriel_media *media) {
  if (media->way != ORIEL_VIEWER_PICTURE_WAY_SOCKET)
    oriel_viewer_hold(media->page.viewer, is_open(media) && !oriel_webrtc_session_has_room(media->client->session));
}

static struct oriel_media *media_of(struct oriel_whep_page *page) {
  return oriel_list_entry(page, struct oriel_media, page);
}

static void on_moved(struct oriel_whep_page *page) {
  pace(media_of(page));
}

static void on_ended(struct oriel_whep_page *page) {
  struct oriel_media *media = media_of(page);
  media->client = NULL;
  leave(media);
}

void oriel_media_init(struct oriel_media *media, struct oriel_whep *whep, struct oriel_viewer *viewer) {
  *media = (struct oriel_media){.whep = whep, .page = {.viewer = viewer, .moved = on_moved, .ended = on_ended}};
  if (whep && whep->open && oriel_secret_draw(media->ticket) == 0)
    media->ticket_waiting = true;
  else
    media->ticket[0] = '\0';
}

static void drop_client(struct oriel_media *media, const char *reason) {
  struct oriel_whep_client *client = media->client;
  if (!client)
    return;
  media->client = NULL;
  client->page = NULL;
  client->viewer = NULL;
  oriel_whep_client_end(media->whep, client, reason);
  oriel_whep_port_schedule(media->whep);
}

void oriel_media_finish(struct oriel_media *media) {
  drop_client(media, "its page has left");
  explicit_bzero(media, sizeof *media);
}

bool oriel_media_owns(const struct oriel_media *media, const char *ticket) {
  uint8_t difference = 0;
  if (!media->ticket[0] || strlen(ticket) != ORIEL_SESSION_ID_SIZE)
    return false;
  for (size_t i = 0; i < ORIEL_SESSION_ID_SIZE; i++)
    difference |= (uint8_t)(media->ticket[i] ^ ticket[i]);
  return difference == 0;
}

void oriel_media_bind(struct oriel_media *media, struct oriel_whep_client *client) {
  if (media->client) {
    drop_client(media, "its page made another offer");
    leave(media);
  }
  media->client = client;
  media->sequence = 0;
}

void oriel_media_choose(struct oriel_media *media, enum oriel_viewer_picture_way way) {
  if (way == ORIEL_VIEWER_PICTURE_WAY_SOCKET) {
    drop_client(media, "its page takes pictures by the WebSocket");
    leave(media);
    return;
  }
  if (!is_open(media))
    return;
  const bool begins = media->way == ORIEL_VIEWER_PICTURE_WAY_SOCKET;
  const bool returns = media->way == ORIEL_VIEWER_PICTURE_WAY_RTP && way == ORIEL_VIEWER_PICTURE_WAY_BOTH;
  set_way(media, way);
  pace(media);
  if (begins || returns) /* both begin with one key frame */
    oriel_viewer_renew(media->page.viewer);
}

/** Hands it over. False: it cannot be sent, and another key frame can. The key frame that it was sent already, to which
 *  its viewer returns after a while without pictures, has a timestamp that receivers have seen. */
static bool hand_over(struct oriel_media *media, struct oriel_packet *packet, uint64_t now_ns, uint32_t *rtp_time) {
  struct oriel_webrtc_session *session = media->client->session;
  if (packet->sequence == media->sequence || !oriel_webrtc_session_send(session, packet, now_ns)) {
    media->client->wants_key = true;
    return false;
  }
  media->sequence = packet->sequence;
  media->client->keys += packet->key;
  *rtp_time = oriel_webrtc_session_picture_time(session);
  return true;
}

enum oriel_media_leave oriel_media_take(struct oriel_media *media, struct oriel_packet *packet, uint64_t now_ns,
                                        uint32_t *rtp_time) {
  if (media->way == ORIEL_VIEWER_PICTURE_WAY_SOCKET || !media->client || packet->kind != ORIEL_PACKET_VIDEO ||
      packet->codec != ORIEL_CODEC_H264)
    return ORIEL_MEDIA_BY_SOCKET;
  const bool alone = media->way == ORIEL_VIEWER_PICTURE_WAY_RTP;
  media->begun = (media->begun || packet->key) && hand_over(media, packet, now_ns, rtp_time);
  if (!media->begun)
    return alone ? ORIEL_MEDIA_NOWHERE : ORIEL_MEDIA_BY_SOCKET;
  if (alone)
    oriel_viewer_sent(media->page.viewer, packet, now_ns);
  oriel_whep_client_pump(media->whep, media->client, now_ns); /* may end it, which comes back as lost */
  oriel_whep_port_schedule(media->whep);
  return alone ? ORIEL_MEDIA_BY_RTP : ORIEL_MEDIA_BY_BOTH;
}
