/* SPDX-License-Identifier: MIT
 *
 * A source: where a desktop's picture and sound come from and where its input goes. One implementation per kind, behind
 * one table; the desktop owns its source, viewers come and go (lesson 13).
 *
 * Thread-safety: create, start and destroy from the desktop's owner (main thread). watch, input, resize and command
 * from any thread, microphone from one; none of them blocks or waits for the guest. Sink callbacks arrive on the
 * source's own threads, may come from several at once (picture and sound), and must not block or call destroy.
 */
#ifndef ORIEL_SOURCE_SOURCE_H
#define ORIEL_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/packet.h"
#include "media/surface.h"

struct oriel_source;

enum oriel_source_state {
  ORIEL_SOURCE_CONNECTING, /* looking for the VM, or reconnecting to it */
  ORIEL_SOURCE_RUNNING,
  ORIEL_SOURCE_PAUSED,
  ORIEL_SOURCE_GONE,       /* the VM ended or was killed; the source keeps looking for it and reattaches */
};

/** "connecting", "running", "paused", "gone"; static. */
const char *oriel_source_state_name(enum oriel_source_state state);

/** Whether there is a picture to look at. */
enum oriel_source_display {
  ORIEL_DISPLAY_SHOWN,
  ORIEL_DISPLAY_OFF,     /* the guest has switched it off, or not on yet; input may change that */
  ORIEL_DISPLAY_REFUSED, /* there is one that cannot be shown; the state's detail says why and what helps */
};

/** "shown", "off", "refused"; static. */
const char *oriel_source_display_name(enum oriel_source_display display);

/** What can be done now; learned after the start, and lost with the VM. */
struct oriel_source_abilities {
  bool resize, sound, command;
  bool heads; /* the VM has more screens than this one */
  enum oriel_source_display display;
};

enum oriel_source_command {
  ORIEL_COMMAND_PAUSE,
  ORIEL_COMMAND_RESUME,
  ORIEL_COMMAND_RESET,
  ORIEL_COMMAND_POWERDOWN,
};

enum oriel_input_type {
  ORIEL_INPUT_KEY,
  ORIEL_INPUT_POINTER,  /* absolute */
  ORIEL_INPUT_MOTION,   /* relative */
  ORIEL_INPUT_BUTTON,
  ORIEL_INPUT_WHEEL,
  ORIEL_INPUT_TOUCH,
  ORIEL_INPUT_RELEASE_ALL, /* every key and button that is down; what waits of texts is dropped */
  ORIEL_INPUT_TEXT,        /* keys at the guest's pace */
  ORIEL_INPUT_LOCKS,       /* how the user's lock keys stand */
};

enum oriel_button { ORIEL_BUTTON_LEFT, ORIEL_BUTTON_MIDDLE, ORIEL_BUTTON_RIGHT, ORIEL_BUTTON_SIDE, ORIEL_BUTTON_EXTRA,
                    ORIEL_BUTTONS };

enum oriel_touch_phase { ORIEL_TOUCH_DOWN, ORIEL_TOUCH_MOVE, ORIEL_TOUCH_UP, ORIEL_TOUCH_CANCEL };

/** Added to usages of HID's consumer page 0x0c in a key's number. */
enum { ORIEL_KEY_CONSUMER = 0xc000 };

enum { ORIEL_LOCK_CAPS = 1, ORIEL_LOCK_NUM = 2 };

enum { ORIEL_TEXT_STROKES_MAX = 64 };

/** A key of a text goes down or up; `usage` as in a key event. */
struct oriel_stroke {
  uint16_t usage;
  bool pressed;
};

struct oriel_input {
  enum oriel_input_type type;
  union {
    struct {
      /* USB HID usage (HID Usage Tables 1.4) of the keyboard page 0x07: 0x04 = A; or ORIEL_KEY_CONSUMER + one of the
       * consumer page 0x0c, for media keys. */
      uint16_t usage;
      /* a key that is down and pressed again repeats: passed on where the guest does not repeat by itself */
      bool pressed;
    } key;
    struct {
      uint16_t x, y; /* pixels of the surface; clamped by the source */
    } pointer;
    struct {
      int16_t dx, dy; /* guest units, right and down positive */
    } motion;
    struct {
      enum oriel_button button;
      bool pressed;
    } button;
    struct {
      int16_t dx, dy; /* 1/120 detent, right and down positive */
    } wheel;
    struct {
      enum oriel_touch_phase phase;
      uint8_t id; /* 0..9 */
      uint16_t x, y;
    } touch;
    struct {
      const struct oriel_stroke *strokes; /* borrowed during the call */
      unsigned count;                     /* up to ORIEL_TEXT_STROKES_MAX */
      uint64_t mark;                      /* comes back in the sink's typed() */
    } text;
    struct {
      uint8_t known, on; /* ORIEL_LOCK_*: those that the user's keyboard has, and those of them that are on */
    } locks;
  };
};

/** Payload of an ORIEL_PACKET_CURSOR: this header, little-endian on the wire, then width * height * 4 bytes R,G,B,A,
 *  not premultiplied. width and height 0 (no pixels) hide the cursor. Sizes at most 256 x 256. */
struct oriel_cursor_header {
  uint16_t width, height, hot_x, hot_y; /* pixels */
};

/** What becomes of a microphone now. */
enum oriel_microphone_use {
  ORIEL_MICROPHONE_NOWHERE, /* nothing in the guest can take it */
  ORIEL_MICROPHONE_READY,   /* the guest has an input, which nothing records from */
  ORIEL_MICROPHONE_TAKEN,   /* something in the guest takes it */
};

/** One packet of a viewer's microphone. */
struct oriel_microphone {
  const void *opus; /* borrowed; 10 or 20 ms at 48 kHz, mono or stereo */
  size_t size;      /* 1..1500 bytes; 0 = the microphone ends */
  uint32_t sequence; /* counts packets, wraps */
  uint64_t captured_ns;
};

struct oriel_source_sink {
  void *user;
  /** The surface has new damage or a new size. */
  void (*damaged)(void *user);
  /** New cursor shape; the packet is borrowed (take a reference to keep it). */
  void (*cursor)(void *user, struct oriel_packet *packet);
  /** The guest placed or hid its cursor. Pixels of the surface. */
  void (*cursor_moved)(void *user, int32_t x, int32_t y, bool visible);
  /** State changed, or its explanation did. `detail` is one sentence for viewers, without paths or other
   *  words that only the operator of this host needs (those are logged); borrowed. */
  void (*state)(void *user, enum oriel_source_state state, const char *detail);
  /** What can be done has changed; nothing of it before the first call. Optional. */
  void (*abilities)(void *user, const struct oriel_source_abilities *abilities);
  /** Pointer mode: true when absolute positions reach the guest, false when it only understands motion. */
  void (*pointer_mode)(void *user, bool absolute);
  /** Sound: interleaved float stereo at 48 kHz, borrowed; any count from 1 to 48000 frames. */
  void (*sound)(void *user, const float *frames, size_t count, uint64_t captured_ns);
  /** The guest's own volume for its output: 0..1 per side, and mute. Optional. */
  void (*volume)(void *user, float left, float right, bool muted);
  /** The guest was given all of a text up to this mark, but for this many presses and releases, which were dropped.
   *  Must not call the source. Optional. */
  void (*typed)(void *user, uint64_t mark, unsigned dropped);
  /** What becomes of a microphone has changed; NOWHERE before the first call. Optional. */
  void (*microphone)(void *user, enum oriel_microphone_use use);
};

enum { ORIEL_WATCH_NOTHING = 0, ORIEL_WATCH_PICTURES = 1, ORIEL_WATCH_SOUND = 2, ORIEL_WATCH_ALL = 3 };

struct oriel_source_info {
  const char *kind;      /* "qemu", "pattern"; static */
  char name[128];        /* the VM's name, or the scene */
  unsigned console, consoles;
  bool can_resize, has_sound, can_command; /* as struct oriel_source_abilities */
  uint64_t frames;          /* updates from the guest since start */
  uint64_t input_sent, input_coalesced, input_dropped;
  uint64_t reconnects;
};

/** Implementation table; every slot is needed but those marked optional. */
struct oriel_source_impl {
  const char *kind;
  int (*start)(struct oriel_source *source, const struct oriel_source_sink *sink);
  void (*destroy)(struct oriel_source *source);
  struct oriel_surface *(*surface)(struct oriel_source *source);
  void (*watch)(struct oriel_source *source, unsigned what);
  void (*input)(struct oriel_source *source, const struct oriel_input *input);
  int (*resize)(struct oriel_source *source, uint16_t width, uint16_t height); /* optional */
  int (*command)(struct oriel_source *source, enum oriel_source_command command); /* optional */
  int (*microphone)(struct oriel_source *source, const struct oriel_microphone *packet); /* optional */
  void (*info)(struct oriel_source *source, struct oriel_source_info *info);
};

struct oriel_source {
  const struct oriel_source_impl *impl;
};

/** Creates a source from its address: "qemu:QMP-SOCKET[?console=N]" or "pattern:[?size=WxH&fps=N&scene=NAME]"; of
 *  ?console=all (source/heads.h) it is the first. Nothing runs yet. 0, -EINVAL, -ENOMEM; on failure `why` (at least 160
 *  bytes) says what is wrong with the address. */
int oriel_source_create(const char *address, struct oriel_source **source, char *why, size_t why_size);
/** Starts its threads and connects; the sink must live until destroy. It never fails because the VM is absent: that is
 *  state CONNECTING. 0, -ENOMEM, -EAGAIN (no thread). */
int oriel_source_start(struct oriel_source *source, const struct oriel_source_sink *sink);
/** Stops, detaches (the VM goes on unharmed, keys released) and frees. NULL is fine. */
void oriel_source_destroy(struct oriel_source *source);
/** The surface; valid until destroy. */
struct oriel_surface *oriel_source_surface(struct oriel_source *source);
/** Who looks and who listens: ORIEL_WATCH_*. What nobody wants costs nothing: no listener, no copies, no timer. Once
 *  pictures are wanted, the whole picture arrives as damage. A guest that records is answered in any case. */
void oriel_source_watch(struct oriel_source *source, unsigned what);
/** Sends input on. Keys and buttons keep their order; pointer positions coalesce to the newest. */
void oriel_source_input(struct oriel_source *source, const struct oriel_input *input);
/** Asks the guest for another size, pixels. 0; -ENOTSUP; -EINVAL outside [64, 7680] x [64, 4320]. */
int oriel_source_resize(struct oriel_source *source, uint16_t width, uint16_t height);
/** 0 = passed on; -ENOTSUP; -ENOTCONN (no VM); -EAGAIN (more commands wait than it takes: try again later). */
int oriel_source_command(struct oriel_source *source, enum oriel_source_command command);
/** Gives a recorder in the guest a packet of the microphone. One thread, between start and destroy; never blocks. 0;
 *  -ENOTSUP; -ENOTCONN: nothing in the guest records, it was dropped; -EBADMSG: no Opus; -EINVAL: over 1500 bytes. */
int oriel_source_microphone(struct oriel_source *source, const struct oriel_microphone *packet);
void oriel_source_info(struct oriel_source *source, struct oriel_source_info *info);

/* Implementations. */
int oriel_source_qemu_create(const char *address, struct oriel_source **source, char *why, size_t why_size);
int oriel_source_pattern_create(const char *address, struct oriel_source **source, char *why, size_t why_size);

#endif
