/* SPDX-License-Identifier: MIT
 *
 * A desktop: one source, a rendition for each kind of viewer that looks (at most two video encoders), one Opus encoder,
 * and the channels that hand their packets to any number of viewers. Encodes once for all viewers of a kind; runs only
 * while somebody watches; encodes only when somebody can take the result (drop before encoding, lessons 2, 3, 32).
 *
 * Pictures are at least 64 x 64 pixels: a smaller desktop lies in the top left corner of a black canvas of that size.
 * A desktop without a size yet (0 x 0) is waited for.
 *
 * Controls: one viewer has them. How another comes to them says enum oriel_control. When the holder leaves or gives
 * them up, they go to one of those who are in line: who asked for them and has not given them up. Keys and buttons of a
 * viewer that loses them are released.
 *
 * Threads inside: the media thread (the director: damage -> renditions -> channels) and the audio thread (ring -> Opus
 * -> channels). They meet the network thread only in what waits for viewers, under one short lock.
 *
 * Thread-safety: every oriel_viewer_* call from one thread (the network loop). create/start/destroy from the same
 * thread. state, stats, snapshot and command from any thread. wake() is called from the media, audio and source
 * threads.
 */
#ifndef ORIEL_DESKTOP_DESKTOP_H
#define ORIEL_DESKTOP_DESKTOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/histogram.h"
#include "core/packet.h"
#include "media/receiver.h"
#include "source/guest_audio.h"
#include "source/source.h"

struct oriel_desktop;
struct oriel_viewer;

enum {
  ORIEL_DESKTOP_VIEWERS_MAX = 256,
  ORIEL_VIEWER_NAME_MAX = 64, /* bytes of UTF-8 */
};

/** How a viewer comes to the controls while another has them. Free ones it gets at once, and so it does from a viewer
 *  of the same owner. */
enum oriel_control {
  ORIEL_CONTROL_NEWEST, /* at once; in line the newest is first */
  ORIEL_CONTROL_ASK,    /* the holder is asked; one that has sent no input for 10 s is not. In line who asks, then who
                           waits, each the longest first */
  ORIEL_CONTROL_FIXED,  /* never, while the holder keeps them. In line the longest first */
};

struct oriel_desktop_config {
  const char *encoder;    /* name in the encoder table, borrowed until destroy; NULL = the first that works */
  uint32_t fps;           /* 1..240 */
  uint32_t bitrate_kbps;  /* 0 = by size */
  unsigned opus_frame_ms; /* 5, 10, 20 */
  unsigned opus_kbps;     /* 16..510 */
  struct oriel_guest_audio *guest_audio; /* sound from inside the guest; NULL = none. Taken over, as the source is */
  enum oriel_control control;
  bool audio_passthru;    /* play it on this host's speakers, too; that counts as somebody who listens */
  /** Something waits in at least one mailbox. Called once per packet, not once per viewer; must not block. */
  void (*wake)(void *user);
  void *user;
};

/** Takes over `source` (destroyed with the desktop, also when create fails). 0, -EINVAL, -ENOMEM. */
int oriel_desktop_create(const struct oriel_desktop_config *config, struct oriel_source *source,
                         struct oriel_desktop **desktop);
/** Starts threads and source. 0, -EAGAIN, -ENOMEM. */
int oriel_desktop_start(struct oriel_desktop *desktop);
/** Detaches from the source, joins the threads, frees. All viewers must have been detached. NULL is fine. */
void oriel_desktop_destroy(struct oriel_desktop *desktop);

/* ---- viewers: network thread ---- */

enum oriel_role { ORIEL_ROLE_VIEWER, ORIEL_ROLE_CONTROLLER };

struct oriel_viewer_config {
  enum oriel_role role; /* CONTROLLER takes the controls where that needs nobody's consent, else waits in line */
  bool watcher;         /* never has the controls */
  uint64_t owner;       /* who is behind it, as the server knows; 0 = unknown */
  bool video, tiles, audio; /* what it can take */
  bool microphone;          /* it wants to know what becomes of one */
  bool opening;             /* with tiles and video: takes a whole picture as tiles ahead of its first key frame */
  bool part;                /* with tiles and video: draws of a video picture only the part that it is told */
  /* whose it is, whatever it connects how often: shares the budget of key frames; 0 = nobody's */
  uint64_t peer;
  void *user;               /* the server's object; oriel_viewer_user returns it */
};

/** Adds a viewer: it gets state, role, cursor and a picture that starts with a key frame (asked for once, shared by all
 *  who ask within the rate limit). 0, -EUSERS (256 viewers), -ENOMEM. */
int oriel_viewer_attach(struct oriel_desktop *desktop, const struct oriel_viewer_config *config,
                        struct oriel_viewer **viewer);
/** Removes it and everything queued for it; keys it held are released. NULL is fine. */
void oriel_viewer_detach(struct oriel_viewer *viewer);
void *oriel_viewer_user(const struct oriel_viewer *viewer);
/** A number unique for the life of the desktop, from 1. */
uint32_t oriel_viewer_id(const struct oriel_viewer *viewer);

enum oriel_delivery_type {
  ORIEL_DELIVERY_NONE,
  ORIEL_DELIVERY_STATE,
  ORIEL_DELIVERY_ABILITIES,
  ORIEL_DELIVERY_ROLE,
  ORIEL_DELIVERY_CURSOR,
  ORIEL_DELIVERY_CURSOR_POSITION,
  ORIEL_DELIVERY_PICTURE, /* packet: video or tiles */
  ORIEL_DELIVERY_AUDIO,
  ORIEL_DELIVERY_SKIPPED, /* pictures were left out for this viewer; the next one is a key frame */
  ORIEL_DELIVERY_VOLUME,
  ORIEL_DELIVERY_MICROPHONE,
  ORIEL_DELIVERY_CONTROLS, /* who has them, and who asks */
  ORIEL_DELIVERY_TYPED,
};

struct oriel_delivery {
  enum oriel_delivery_type type;
  struct oriel_packet *packet; /* owned by the taker: unref; NULL for types without */
  union {
    struct {
      enum oriel_source_state state;
      bool absolute_pointer;
      uint16_t width, height;
      char detail[160];
    } state;
    struct oriel_source_abilities abilities;
    enum oriel_role role;
    struct {
      bool partly; /* this viewer is to draw packet->part alone */
    } picture;
    struct {
      int32_t x, y;
      bool visible;
    } cursor_position;
    struct {
      uint32_t count; /* pictures left out since the last notice */
    } skipped;
    struct {
      float left, right;
      bool muted;
    } volume;
    struct {
      uint32_t holder; /* id; 0 = nobody */
      uint32_t asker;  /* for the holder: whom to answer; for one that asks: itself; else 0 */
      bool never;      /* this viewer is a watcher */
      enum oriel_control way;
      char holder_name[ORIEL_VIEWER_NAME_MAX + 1], asker_name[ORIEL_VIEWER_NAME_MAX + 1];
    } controls;
    struct {
      enum oriel_microphone_use use;
      uint32_t owner; /* id of the viewer that is heard; 0 = nobody */
    } microphone;
    struct {
      uint32_t number; /* lower half of the mark of this viewer's newest text that the guest was given */
      uint32_t dropped; /* presses and releases, since the last of these, that it was not given */
    } typed;
  };
};

/** Takes the most urgent waiting thing. In this order: an opening that fits the window; typed, state, role; the cursor's
 *  shape, unless the delivery before was one; abilities, cursor position, volume, microphone; controls; audio; skip
 *  notice; a picture that fits the window; the shape after all. Call it only when the connection can take more: what is
 *  taken no longer coalesces. False and type NONE when nothing may go. */
bool oriel_viewer_next(struct oriel_viewer *viewer, struct oriel_delivery *delivery);
/** True when something waits. Cheap. */
bool oriel_viewer_pending(struct oriel_viewer *viewer);
/** The server finished handing a picture to the kernel: feeds the queue and send stages and the pacing. */
void oriel_viewer_sent(struct oriel_viewer *viewer, const struct oriel_packet *packet, uint64_t sent_ns);

/** What the page saw of pictures: the newest sequence of each stage, with times on this host's clock (the server maps
 *  the viewer's clock by its pings); 0 = unknown. A viewer must report `received` and `decoded` (tiles count as decoded
 *  when drawn): one that does not gets a window of pictures (2 and 1.25 round trips of them) and no more.
 *
 *  Sequences a viewer gets may have gaps without a SKIPPED: tiles that found its mailbox occupied are left out, and the
 *  next picture it gets is video, which covers them. Every picture handed out fits what was handed out before. */
struct oriel_viewer_ack {
  uint32_t received, decoded, painted;                /* sequence numbers; 0 = none yet */
  uint64_t received_ns, decoded_ns, painted_ns;
  int64_t path_us; /* how much longer than at best the way takes, as the transport sees it; INT64_MAX = can't be told */
};
/** Drives pacing, skipping and the bitrate: the first cut is on rising delay, before loss (lesson 17). */
void oriel_viewer_ack(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack);
/** Last round trip measured by the server's ping. */
void oriel_viewer_rtt(struct oriel_viewer *viewer, uint32_t rtt_us);
/** Asks for a key frame for this viewer, shared with all who wait for one. A viewer that needs one again within ten
 *  seconds waits 1, 2, then 4 s for it; a peer gets four at once and then one in 4 s, by whatever it needs them
 *  (joining, showing again, asking); all together get 4 a second, and 1 a second for long: a broken or hostile one
 *  costs the others little. */
void oriel_viewer_request_key(struct oriel_viewer *viewer);
/** Hidden or shown, muted or not: what is not wanted is not sent, and not made if nobody else wants it. Showing again
 *  starts with a key frame. */
void oriel_viewer_want(struct oriel_viewer *viewer, bool pictures, bool sound);
/** A packet of its microphone: passed on untouched to what the guest runs (its agent or driver), decoded for the source
 *  (QEMU's sound device). Only that of the controller; who loses the controls is no longer heard. 0; -EPERM: it has not
 *  the controls; -ENOTSUP, -ENOTCONN: nothing in the guest takes it; -EBADMSG, -EINVAL: no packet. */
int oriel_viewer_microphone(struct oriel_viewer *viewer, const struct oriel_microphone *packet);
/** Asks for the controls (true), or gives them up and stops asking. */
void oriel_viewer_control(struct oriel_viewer *viewer, bool wanted);
/** The holder's answer to the viewer that asks. Nothing when it is not the holder or that one does not ask. After a no
 *  it is not shown another asker for 10 s, so that nobody can press it. */
void oriel_viewer_answer(struct oriel_viewer *viewer, uint32_t asker, bool granted);
/** What it calls itself: UTF-8, cut at ORIEL_VIEWER_NAME_MAX; control characters become '?'. "" = "Viewer 3". */
void oriel_viewer_rename(struct oriel_viewer *viewer, const char *name);
/** Its name, or "Viewer 3"; valid until the next rename. */
const char *oriel_viewer_name(const struct oriel_viewer *viewer);
/** Counts input, or a packet of its microphone, that its role does not permit; as oriel_viewer_input and _microphone do
 *  by themselves. */
void oriel_viewer_denied(struct oriel_viewer *viewer, bool microphone);
/** True when this viewer has the controls. */
bool oriel_viewer_controls(const struct oriel_viewer *viewer);
/** Passes input on if this viewer has the controls; otherwise drops and counts it. */
void oriel_viewer_input(struct oriel_viewer *viewer, const struct oriel_input *input);
/** Resize wish, from the controller only. Passed on by the media thread, at most five a second, the newest wins: every
 *  new size costs the guest a mode switch and us a surface and an encoder. 0 = taken, -EPERM, -ENOTSUP, -EINVAL
 *  (outside [64, 7680] x [64, 4320]). */
int oriel_viewer_resize(struct oriel_viewer *viewer, uint16_t width, uint16_t height);

/** Looks at what nothing tells of by itself: whether the holder of the controls is idle while another asks, and, at
 *  most twice a second, whether the guest takes the microphone. Call it several times a second while there are viewers,
 *  who are told of changes. */
void oriel_desktop_look(struct oriel_desktop *desktop, uint64_t now_ns);

/* ---- any thread ---- */

/** What the source said of itself last. */
enum oriel_source_state oriel_desktop_state(struct oriel_desktop *desktop);
/** What this desktop can do now, sound from inside its guest included; viewers are told when it changes. */
void oriel_desktop_abilities(struct oriel_desktop *desktop, struct oriel_source_abilities *abilities);
/** As oriel_source_command. */
int oriel_desktop_command(struct oriel_desktop *desktop, enum oriel_source_command command);
/** Encodes the current picture as PNG (owned by the caller, free). Waits up to 2 s for a first picture when nobody was
 *  watching. Blocks for tens of ms: a worker thread, which must have returned before destroy. 0, -EAGAIN (no
 *  picture came), -ENOMEM, -EIO. */
int oriel_desktop_snapshot(struct oriel_desktop *desktop, uint8_t **png, size_t *size);
/** The same, made smaller so that it fits into max_width x max_height, each 1 or more; one that fits is left as it is. */
int oriel_desktop_thumbnail(struct oriel_desktop *desktop, unsigned max_width, unsigned max_height, uint8_t **png,
                            size_t *size);
/** Somebody has logged in and will attach a viewer within moments: the source is watched and a first picture made (an
 *  opening, or a key frame where the screen codes large), which is there when the viewer is. Forgotten after three
 *  seconds. Network thread. */
void oriel_desktop_expect(struct oriel_desktop *desktop);
/** From now on no snapshot waits for a picture: those that do return -EAGAIN at once. For an end that must not wait. */
void oriel_desktop_hurry_snapshots(struct oriel_desktop *desktop);

/** Stages of one picture's way, in order. */
enum oriel_stage {
  ORIEL_STAGE_CAPTURE, /* damage arrived -> media thread took it */
  ORIEL_STAGE_CONVERT, /* -> pixels converted */
  ORIEL_STAGE_ENCODE,  /* -> bytes ready */
  ORIEL_STAGE_QUEUE,   /* -> taken from the mailbox */
  ORIEL_STAGE_SEND,    /* -> whole in the kernel */
  ORIEL_STAGE_WIRE,    /* -> whole in the page */
  ORIEL_STAGE_DECODE,  /* -> decoded */
  ORIEL_STAGE_PAINT,   /* -> on the screen's next frame */
  ORIEL_STAGE_TOTAL,   /* capture -> paint */
  ORIEL_STAGES,
};
/** "capture" ... "total"; static. */
const char *oriel_stage_name(enum oriel_stage stage);

/** Stages of a packet of sound on this host. */
enum oriel_sound_stage {
  ORIEL_SOUND_STAGE_HOST,  /* captured by, or arrived at, this host -> bytes ready for viewers */
  ORIEL_SOUND_STAGE_QUEUE, /* -> taken from a mailbox */
  ORIEL_SOUND_STAGES,
};
/** "host", "queue"; static. */
const char *oriel_sound_stage_name(enum oriel_sound_stage stage);

/** A place where sound comes from. */
struct oriel_sound_input_stats {
  const char *kind; /* "udp", "stream", "device"; static */
  struct oriel_guest_audio_input guest; /* what arrived; all zero for the device */
  bool lives;         /* sound came just now */
  uint32_t jitter_us; /* mean lateness of packets against the earliest */
  double drift_ppm;   /* the sender's clock against ours, positive = it is faster; 0 = not known yet */
  /* Of this input, by number where its datagrams have one, else worked out from the time that is missing. */
  uint64_t lost, late;
  bool is_retimed;    /* PCM: its jitter buffer here */
  struct oriel_receiver_stats receiver;
};
struct oriel_sound_stats {
  int active; /* index below; -1 = silence */
  unsigned inputs;
  struct oriel_sound_input_stats input[ORIEL_GUEST_AUDIO_INPUTS_MAX + 1];
  uint64_t switches; /* of the input whose pace the sound has */
  uint64_t passed, mixed, trimmed; /* packets: the guest's, untouched; of a sum; too late to hear */
  bool has_microphone_address, microphone_connected;
  uint64_t microphone_packets, microphone_dropped, microphone_connections; /* to the guest's own address */
  uint64_t microphone_refused; /* of all viewers: without the controls, no Opus, or nothing takes it */
  struct oriel_percentiles stages[ORIEL_SOUND_STAGES];
  bool has_playback, playback_connected; /* on this host */
  struct oriel_receiver_stats playback;
};

struct oriel_viewer_stats {
  uint32_t id;
  char name[ORIEL_VIEWER_NAME_MAX + 1];
  enum oriel_role role;
  bool pictures, sound, skipping;
  uint32_t rtt_us, in_flight;  /* pictures sent and not yet received */
  uint64_t pictures_sent, pictures_skipped, skips, audio_sent, audio_dropped, bytes_sent, painted;
  uint64_t microphone_packets, microphone_refused; /* refused: without the controls, no Opus, or nothing takes it */
  uint32_t picture_queue, audio_queue; /* packets now */
};

struct oriel_desktop_stats {
  enum oriel_source_state state;
  char detail[160];
  struct oriel_source_info source;
  struct oriel_source_abilities abilities;
  uint16_t width, height;
  const char *encoder; /* "" until the first encode */
  uint32_t fps, bitrate_kbps; /* now in force */
  unsigned viewers, watching;
  uint32_t controller; /* viewer id; 0 = none */
  uint64_t damage_events, conversions, pictures_video, pictures_tiles, pictures_key, pictures_sharpened,
    pictures_refined, openings;
  uint64_t video_bytes, tiles_bytes, refined_bytes, /* tiles: of refinement, too */
    audio_packets, audio_bytes, audio_overruns;
  uint64_t encode_failures, key_requests, held_back; /* encodes put off because nobody could take them */
  uint64_t bursts; /* pictures closer than 8 ms to the one before (lesson 16) */
  uint64_t input_events, input_refused;
  uint32_t painted_fps; /* by the controller or the best viewer, last second */
  struct oriel_percentiles stages[ORIEL_STAGES];
  struct oriel_sound_stats sound;
  unsigned viewer_count; /* entries below */
  struct oriel_viewer_stats viewer[ORIEL_DESKTOP_VIEWERS_MAX];
};

/** Fills a snapshot of all counters. */
void oriel_desktop_stats(struct oriel_desktop *desktop, struct oriel_desktop_stats *stats);

#endif
