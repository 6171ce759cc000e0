/* SPDX-License-Identifier: MIT
 *
 * One client of WHEP: a viewer of a desktop whose pictures and sound leave by a session of WebRTC.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_WHEP_CLIENT_H
#define ORIEL_SERVER_WHEP_CLIENT_H

#include "server/address.h"
#include "server/credential.h"
#include "server/whep_channels.h"
#include "server/whep_hub.h"

enum {
  ORIEL_WHEP_ID_SIZE = 32, /* hexadecimal digits: 128 bits that nobody guesses */
  ORIEL_WHEP_TURN_ID_SIZE = 8,
};

/** The page whose video leaves by a client, and who is told of it; both slots are needed. */
struct oriel_whep_page {
  struct oriel_viewer *viewer; /* borrowed */
  bool active;                 /* video leaves by the client, too */
  bool alone;                  /* by nothing else: the desktop is told what has left */
  void (*moved)(struct oriel_whep_page *page); /* what it has to send has become less, maybe */
  void (*ended)(struct oriel_whep_page *page); /* it is no more, after this call */
};

struct oriel_whep_client {
  struct oriel_list node; /* of the hub */
  struct oriel_heap_node due; /* of the hub */
  struct oriel_webrtc_route route;
  struct oriel_webrtc_session *session; /* owned */
  struct oriel_mount *mount;            /* held; its feed is in use */
  struct oriel_whep_page *page;         /* that it belongs to; NULL = it is a viewer of its own, or left its page */
  struct oriel_viewer *viewer;          /* while media flow; borrowed, where it is the page's; NULL */
  char id[ORIEL_WHEP_ID_SIZE + 1];
  char turn_id[ORIEL_WHEP_TURN_ID_SIZE + 1]; /* by which a TURN server knows it: it tells nothing else */
  char address[ORIEL_ADDRESS_TEXT_MAX];
  struct oriel_address_key key;
  uint64_t login; /* serial of the browser session that let it in; 0 = a token did */
  struct oriel_secret opener; /* that token, or the one that the session began with */
  bool view, plays, named; /* plays: it may have the controls */
  bool fresh;     /* the desktop may have something for it */
  bool of_page; /* it was made for a page, which may have left it */
  bool wants_key; /* it lacks a picture, and the desktop was not told yet */
  uint64_t born_ns, joined_ns, next_login_ns, next_key_ns;
  uint32_t carries_kbps; /* as the desktop was told */
  uint64_t keys;         /* key frames that it was handed */
  struct oriel_whep_channels channels;
};

/** Who comes, by which offer; borrowed during create. */
struct oriel_whep_start {
  struct oriel_mount *mount;
  const struct oriel_sdp_offer *offer;
  const char *address;               /* for the log */
  struct oriel_address_key key;      /* for limits */
  uint64_t login;                    /* serial of the browser session that lets it in; 0 = a token does */
  const struct oriel_secret *opener; /* that token, or the one that the session began with */
  bool view;                         /* its token only lets watch */
  bool plays;                        /* it may have the controls; it asked at /whep, not at /whep/view */
  bool named;                        /* it came by the desktop's name */
  struct oriel_whep_page *page;      /* whose video it takes; NULL = of no page */
};

/** 0, -ENOMEM, -EIO (no random numbers), -EINVAL. */
int oriel_whep_client_create(struct oriel_whep *whep, const struct oriel_whep_start *start,
                             struct oriel_whep_client **client);
/** Ends it, with a goodbye where it is connected; `reason` is for the log. */
void oriel_whep_client_end(struct oriel_whep *whep, struct oriel_whep_client *client, const char *reason);
/** Takes what waits for it, and writes what may leave now to the port. May end it. */
void oriel_whep_client_pump(struct oriel_whep *whep, struct oriel_whep_client *client, uint64_t now_ns);
/** Adds what it has counted. */
void oriel_whep_client_count(const struct oriel_whep_client *client, struct oriel_whep_stats *stats);
/** The one with this id; NULL. Borrowed. */
struct oriel_whep_client *oriel_whep_client_find(struct oriel_whep *whep, const char *id);

#endif
