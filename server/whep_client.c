/* SPDX-License-Identifier: MIT
 *
 * One client of WHEP: a viewer of a desktop whose pictures and sound leave by a session of WebRTC. Loop thread.
 */
#include "server/whep_client.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clipboard.h"
#include "core/hash.h"
#include "core/log.h"
#include "server/audit.h"
#include "server/permit.h"

#define KEY_AGAIN_NS (250 * ORIEL_NS_PER_MS)

enum { DELIVERIES_PER_TURN = 64 };

/* ---- life ---- */

/** `digits` random ones, at most of an id. */
static bool make_digits(char *text, size_t digits) {
  unsigned char bytes[ORIEL_WHEP_ID_SIZE / 2];
  if (RAND_bytes(bytes, (int)(digits / 2)) != 1)
    return false;
  for (size_t i = 0; i < digits / 2; i++)
    snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return true;
}

static struct oriel_webrtc_feed *take_feed(struct oriel_mount *mount) {
  if (!mount->feed)
    mount->feed = oriel_webrtc_feed_create();
  return mount->feed;
}

static void leave_feed(struct oriel_mount *mount) {
  if (mount->whep_count + mount->whep_pages)
    return;
  oriel_webrtc_feed_destroy(mount->feed);
  mount->feed = NULL;
}

static struct oriel_whep_client *allocate(const struct oriel_whep_start *start) {
  struct oriel_whep_client *client = calloc(1, sizeof *client);
  if (!client || !make_digits(client->id, ORIEL_WHEP_ID_SIZE) ||
      !make_digits(client->turn_id, ORIEL_WHEP_TURN_ID_SIZE)) {
    free(client);
    return NULL;
  }
  client->mount = start->mount;
  client->key = start->key;
  client->born_ns = oriel_clock_ns();
  client->login = start->login;
  client->opener = *start->opener;
  client->view = start->view;
  client->plays = start->plays && !start->view;
  client->named = start->named;
  client->page = start->page;
  client->of_page = start->page != NULL;
  client->viewer = client->of_page ? start->page->viewer : NULL;
  snprintf(client->address, sizeof client->address, "%s", start->address);
  return client;
}

/** A page's is no viewer more. */
static void count(struct oriel_whep *whep, const struct oriel_whep_client *client, int change) {
  struct oriel_mount *mount = client->mount;
  if (client->of_page) {
    mount->whep_pages += (unsigned)change;
    whep->pages += (unsigned)change;
    return;
  }
  mount->whep_count += (unsigned)change;
  mount->whep_watchers += client->view ? (unsigned)change : 0;
  whep->count += (unsigned)change;
}

int oriel_whep_client_create(struct oriel_whep *whep, const struct oriel_whep_start *start,
                             struct oriel_whep_client **out) {
  struct oriel_mount *mount = start->mount;
  struct oriel_whep_client *client = allocate(start);
  struct oriel_webrtc_session_config config = {
    .identity = whep->identity, .feed = client ? take_feed(mount) : NULL, .offer = start->offer,
    .labels = client && client->plays ? oriel_whep_labels : NULL};
  int status = config.feed ? oriel_heap_reserve(&whep->due, whep->count + whep->pages + 1) : -ENOMEM;
  if (status == 0)
    status = oriel_webrtc_session_create(&config, oriel_clock_ns(), &client->session);
  if (status < 0) {
    leave_feed(mount);
    free(client);
    return status;
  }
  (void)oriel_mount_ref(mount);
  count(whep, client, 1);
  oriel_list_append(&whep->clients, &client->node);
  oriel_heap_set(&whep->due, &client->due, client->born_ns);
  oriel_webrtc_router_add(&whep->router, &client->route, client->session);
  *out = client;
  return 0;
}

static void leave_desktop(struct oriel_whep_client *client, const char *reason) {
  if (!client->viewer)
    return;
  if (client->page) {
    client->page->ended(client->page);
    client->viewer = NULL;
    return;
  }
  oriel_audit("left", client->address, oriel_mount_named(client->mount, client->named),
              "viewer=%u role=%s seconds=%llu by=whep reason=\"%s\"", oriel_viewer_id(client->viewer),
              oriel_party_name(client->view ? ORIEL_PARTY_WATCHER : ORIEL_PARTY_USER),
              (unsigned long long)((oriel_clock_ns() - client->joined_ns) / ORIEL_NS_PER_SECOND), reason);
  oriel_whep_channels_end(&client->channels);
  oriel_viewer_detach(client->viewer);
  client->viewer = NULL;
}

/** What may leave now, as far as the socket takes it. False: it took no more, and something may wait. */
static bool send_all(struct oriel_whep *whep, struct oriel_whep_client *client, uint64_t now_ns) {
  for (;;) {
    struct oriel_udp_datagram *slot = oriel_udp_slot(&whep->udp);
    if (!slot && oriel_udp_flush(&whep->udp))
      slot = oriel_udp_slot(&whep->udp);
    if (!slot) {
      whep->cut_short = true;
      return false;
    }
    slot->size = oriel_webrtc_session_next(client->session, now_ns, slot->data, &slot->path);
    if (!slot->size)
      return true;
    oriel_udp_commit(&whep->udp);
  }
}

void oriel_whep_client_count(const struct oriel_whep_client *client, struct oriel_whep_stats *stats) {
  struct oriel_webrtc_stats session;
  oriel_webrtc_session_stats(client->session, &session);
  stats->packets += session.packets;
  stats->bytes += session.bytes;
  stats->repeated += session.repeated;
  stats->missed += session.missed;
  stats->key_requests += session.key_requests;
  stats->keys += client->keys;
  stats->said += client->channels.messages;
  stats->malformed += client->channels.malformed;
  stats->channel_refused += client->channels.refused;
  stats->checks_refused += session.checks_refused;
  stats->reports_refused += session.forged;
}

void oriel_whep_client_end(struct oriel_whep *whep, struct oriel_whep_client *client, const char *reason) {
  struct oriel_mount *mount = client->mount;
  leave_desktop(client, reason);
  oriel_debug("server", "WHEP client %s ends: %s", client->address, reason);
  oriel_webrtc_session_close(client->session);
  (void)send_all(whep, client, oriel_clock_ns());
  oriel_whep_client_count(client, &mount->whep_past);
  mount->whep_past.ended[oriel_webrtc_session_cause(client->session)]++;
  oriel_webrtc_router_remove(&client->route);
  oriel_list_remove(&client->node);
  oriel_heap_remove(&whep->due, &client->due);
  oriel_webrtc_session_destroy(client->session);
  count(whep, client, -1);
  free(client);
  leave_feed(mount);
  oriel_mount_unref(mount);
}

struct oriel_whep_client *oriel_whep_client_find(struct oriel_whep *whep, const char *id) {
  struct oriel_list *node;
  oriel_list_each(node, &whep->clients) {
    struct oriel_whep_client *client = oriel_list_entry(node, struct oriel_whep_client, node);
    if (strcmp(client->id, id) == 0)
      return client;
  }
  return NULL;
}

/* ---- media ---- */

/** NULL, or why it cannot be a viewer. */
static const char *join(struct oriel_whep_client *client) {
  const bool video = oriel_webrtc_session_has_video(client->session);
  const struct oriel_viewer_config config = {
    .role = ORIEL_ROLE_VIEWER, /* what it asks for, it asks for by its channels */
    .watcher = !client->plays,
    .owner = client->login,
    .video = video && oriel_webrtc_session_codec(client->session) == ORIEL_CODEC_H264,
    .vp8 = video,
    .audio = oriel_webrtc_session_has_audio(client->session),
    .clipboard_piece = oriel_webrtc_session_has_channels(client->session) ? ORIEL_CLIPBOARD_MAX : 0,
    .peer = client->login ? client->login : oriel_hash(client->key.bytes, sizeof client->key.bytes) | 1,
  };
  if (!client->mount->desktop)
    return "no desktop is served now";
  const int status = oriel_viewer_attach(client->mount->desktop, &config, &client->viewer);
  if (status < 0)
    return status == -EUSERS ? "too many viewers are connected" : "memory is short";
  /* A picture counts as received when it has left: the pace, not the round trip, says how many may wait. */
  oriel_viewer_rtt(client->viewer, 1);
  client->fresh = true;
  client->joined_ns = oriel_clock_ns();
  const struct oriel_whep_speaker speaker = {
    .session = client->session, .viewer = client->viewer, .mount = client->mount, .address = client->address,
    .named = client->named, .plays = client->plays};
  oriel_whep_channels_begin(&client->channels, &speaker, client->joined_ns);
  oriel_audit("joined", client->address, oriel_mount_named(client->mount, client->named), "viewer=%u role=%s by=whep",
              oriel_viewer_id(client->viewer),
              oriel_party_name(client->view ? ORIEL_PARTY_WATCHER : ORIEL_PARTY_USER));
  return NULL;
}

static void deliver(struct oriel_whep_client *client, const struct oriel_delivery *delivery, uint64_t now_ns) {
  struct oriel_packet *packet = delivery->packet;
  const bool picture = delivery->type == ORIEL_DELIVERY_PICTURE;
  oriel_whep_channels_hear(&client->channels, delivery);
  if (!picture && delivery->type != ORIEL_DELIVERY_AUDIO)
    return; /* nothing that a stream of media can say */
  const bool sent = oriel_webrtc_session_send(client->session, packet, now_ns);
  if (picture)
    oriel_viewer_sent(client->viewer, packet, now_ns);
  client->keys += picture && sent && packet->key;
  client->wants_key |= picture && !sent;
}

static void take_deliveries(struct oriel_whep_client *client, uint64_t now_ns) {
  struct oriel_delivery delivery;
  for (unsigned i = 0; i < DELIVERIES_PER_TURN && client->fresh && oriel_webrtc_session_has_room(client->session); i++) {
    client->fresh = oriel_viewer_next(client->viewer, &delivery);
    if (client->fresh)
      deliver(client, &delivery, now_ns);
    oriel_packet_unref(delivery.packet);
  }
}

/** Tells the desktop what has left, and what the client lacks. */
static void report(struct oriel_whep_client *client, uint64_t now_ns) {
  struct oriel_viewer_ack ack = {.path_us = INT64_MAX};
  const bool alone = !client->page || client->page->alone;
  if (oriel_webrtc_session_take_sent(client->session, &ack.received, &ack.received_ns) && alone) {
    ack.decoded = ack.received;
    ack.decoded_ns = ack.received_ns;
    oriel_viewer_ack(client->viewer, &ack);
  }
  const uint32_t kbps = oriel_webrtc_session_carries_kbps(client->session);
  if (kbps != client->carries_kbps && alone) {
    client->carries_kbps = kbps;
    oriel_viewer_carries(client->viewer, kbps);
  }
  client->wants_key |= oriel_webrtc_session_take_key_request(client->session);
  if (client->wants_key && now_ns >= client->next_key_ns) {
    client->wants_key = false;
    client->next_key_ns = now_ns + KEY_AGAIN_NS;
    oriel_viewer_request_key(client->viewer);
  }
  if (client->page)
    client->page->moved(client->page);
}

/** Whether the browser session that let it in has ended; looked up once a second. */
static bool is_logged_out(struct oriel_whep *whep, struct oriel_whep_client *client, uint64_t now_ns) {
  if (!client->login || now_ns < client->next_login_ns)
    return false;
  client->next_login_ns = now_ns + ORIEL_NS_PER_SECOND;
  return !oriel_sessions_alive(whep->sessions, client->login, now_ns);
}

/** Whether pictures leave by it. */
static bool has_media(const struct oriel_whep_client *client) {
  return client->viewer && (!client->page || client->page->active);
}

/** NULL, or why it ends. */
static const char *advance(struct oriel_whep *whep, struct oriel_whep_client *client, uint64_t now_ns) {
  if (is_logged_out(whep, client, now_ns))
    return "the session has expired";
  const char *reason = NULL;
  if (oriel_webrtc_session_state(client->session) == ORIEL_WEBRTC_OPEN && !client->viewer)
    reason = join(client);
  if (client->viewer && !client->page && !reason)
    reason = oriel_whep_channels_take(&client->channels, now_ns);
  if (client->viewer && !client->page)
    take_deliveries(client, now_ns);
  const bool all = send_all(whep, client, now_ns);
  if (oriel_webrtc_session_state(client->session) == ORIEL_WEBRTC_ENDED)
    reason = oriel_webrtc_session_reason(client->session);
  if (!reason && has_media(client))
    report(client, now_ns);
  const uint64_t due_ns = all ? oriel_webrtc_session_due_ns(client->session, now_ns) : now_ns;
  oriel_heap_set(&whep->due, &client->due, due_ns > now_ns ? due_ns : now_ns + !!all);
  return reason;
}

void oriel_whep_client_pump(struct oriel_whep *whep, struct oriel_whep_client *client, uint64_t now_ns) {
  const char *reason = advance(whep, client, now_ns);
  if (reason)
    oriel_whep_client_end(whep, client, reason);
}
