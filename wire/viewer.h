/* SPDX-License-Identifier: MIT
 *
 * Our WebSocket protocol between server and page, version 1: one binary WebSocket message is one message here;
 * little-endian; documented in docs/protocols/viewer.md. The build prints these constants as a JavaScript module for
 * web/. Parsers and writers only; no state, no thread.
 */
#ifndef ORIEL_WIRE_VIEWER_H
#define ORIEL_WIRE_VIEWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/damage.h"

enum {
  ORIEL_VIEWER_VERSION = 1,
  ORIEL_VIEWER_MESSAGE_MAX = 64 * 1024, /* from a viewer, bytes */
  ORIEL_VIEWER_HEADER_SIZE = 4,         /* u8 type, u8 flags, u16 zero */
  ORIEL_VIEWER_PICTURE_HEADER_SIZE = 32,
  ORIEL_VIEWER_PART_MAX = ORIEL_DAMAGE_RECTS_MAX, /* rectangles of a part */
  ORIEL_VIEWER_PART_ALIGN = 16,         /* their corners, pixels, but for the picture's edges */
  ORIEL_VIEWER_AUDIO_HEADER_SIZE = 16,  /* of AUDIO and of MICROPHONE */
  ORIEL_VIEWER_MICROPHONE_MAX = 1500,   /* bytes of one Opus packet from a viewer */
  ORIEL_VIEWER_TEXT_MAX = 160,          /* bytes of UTF-8 in any text field */
  ORIEL_VIEWER_STROKES_MAX = 64,        /* of one TYPE */
  ORIEL_VIEWER_LOCK_SETS = 4,               /* a set of locks is below */
  ORIEL_VIEWER_SECRET_SIZE = 64,        /* hexadecimal digits of a session's second secret */
  ORIEL_VIEWER_TOKEN_MAX = 512,         /* bytes of a token */
  ORIEL_VIEWER_CLIPBOARD_MAX = 1024 * 1024, /* bytes of a text */
  ORIEL_VIEWER_PIECE_MAX = 8 * 1024,    /* of them in one CLIPBOARD */
};
#define ORIEL_VIEWER_SUBPROTOCOL "oriel.v1"
/** Offered beside the other, never chosen: the first message will be LOGIN. */
#define ORIEL_VIEWER_SUBPROTOCOL_LOGIN "oriel.login"

/* X-macros, so that the C enum, the names in logs and the JavaScript module come from one list. */
#define ORIEL_VIEWER_MESSAGES(X)                                                              \
  /* server -> viewer */                                                                      \
  X(SERVER_HELLO, 0x01)    /* u16 version, u16 0, u32 capabilities, u32 viewer id, u64 server us, text name */ \
  X(VIDEO, 0x02)           /* picture header, Annex B access unit */                          \
  X(TILES, 0x03)           /* picture header, tiles payload */                                \
  X(AUDIO, 0x04)           /* u32 sequence, u64 capture us, Opus packet */                    \
  X(CURSOR_SHAPE, 0x05)    /* u16 width, height, hot x, hot y; RGBA */                        \
  X(CURSOR_POSITION, 0x06) /* i32 x, y; u8 visible */                                         \
  X(STATE, 0x07)           /* u8 state, u8 absolute pointer, u16 width, height, text detail */ \
  X(ROLE, 0x08)            /* u8 role */                                                      \
  X(SKIPPED, 0x09)         /* u32 count */                                                    \
  X(VOLUME, 0x0A)          /* u16 left, right (0..65535), u8 muted */                         \
  X(MICROPHONE_STATE, 0x0B) /* u8 use, u32 id of the viewer that is heard (0 = nobody) */     \
  X(CONTROL_STATE, 0x0C)   /* u32 holder, u32 asker (0 = nobody), u8 way, text holder's name, text asker's */ \
  X(TYPED, 0x0D)           /* u32 number of the newest TYPE that was dealt with, u32 events that were dropped */ \
  X(ABILITIES, 0x0E)       /* u32 capabilities, u8 display */                                 \
  X(SESSION, 0x0F)         /* 64 hexadecimal digits: second secret of the session that LOGIN began; u8 only watches */ \
  X(CLIPBOARD_STATE, 0x10) /* u32 number of this viewer's newest text, u32 bytes of it taken, u8 outcome */ \
  X(MEDIA_TICKET, 0x18)    /* 64 hexadecimal digits: what a POST /whep/view is of this viewer by */ \
  /* viewer -> server */                                                                      \
  X(AUTHENTICATE, 0x40)    /* 64 hexadecimal digits: the session's second secret */           \
  X(VIEWER_HELLO, 0x41)    /* u16 version, u8 role, u8 0, u32 capabilities, u16 width, height (0 = keep) */ \
  X(ACK, 0x42)             /* u32 received, decoded, painted; u64 received, decoded, painted (viewer us, 0 = none) */ \
  X(KEY, 0x43)             /* u16 HID usage (0xC000 + consumer's), u8 pressed */               \
  X(POINTER, 0x44)         /* u16 x, y */                                                     \
  X(MOTION, 0x45)          /* i16 dx, dy */                                                   \
  X(BUTTON, 0x46)          /* u8 button, u8 pressed */                                        \
  X(WHEEL, 0x47)           /* i16 dx, dy (1/120 detent) */                                    \
  X(TOUCH, 0x48)           /* u8 phase, u8 id, u16 x, y */                                    \
  X(RELEASE_ALL, 0x49)     /* empty */                                                        \
  X(RESIZE, 0x4A)          /* u16 width, height */                                            \
  X(KEY_FRAME, 0x4B)       /* u8 reason */                                                    \
  X(WANT, 0x4C)            /* u8 pictures, u8 sound */                                        \
  X(CONTROL, 0x4D)         /* u8 wanted */                                                    \
  X(MICROPHONE, 0x4E)      /* u32 sequence, u64 capture us, Opus packet (none = it ends) */   \
  X(NAME, 0x4F)            /* text: what this viewer calls itself; empty = "Viewer N" */       \
  X(CONTROL_ANSWER, 0x50)  /* u32 asker, u8 granted */                                        \
  X(TYPE, 0x51)            /* u32 number; 1..64 times u16 usage, u8 pressed, as in KEY */     \
  X(LOCKS, 0x52)           /* u8 known, u8 on: 1 Caps Lock, 2 Num Lock */                     \
  X(LOGIN, 0x53)           /* u16 length, the token: 1..512 bytes without a zero one */        \
  X(PICTURE_WAY, 0x58)     /* u8 way */                                                       \
  /* both ways */                                                                             \
  X(PING, 0x71)            /* u64 sender us */                                                \
  X(PONG, 0x72)            /* u64 the ping's us, u64 answerer us */                           \
  X(CLIPBOARD, 0x73)       /* u32 number, u32 bytes of the whole text, u32 offset, 1..8192 bytes of it from there */ \
  X(BYE, 0x7F)             /* u16 reason, text */

enum oriel_viewer_message {
#define X(name, value) ORIEL_VIEWER_##name = value,
  ORIEL_VIEWER_MESSAGES(X)
#undef X
};

/** Flags in the header of VIDEO, TILES and the server's CLIPBOARD. */
#define ORIEL_VIEWER_FLAGS(X) \
  X(KEY, 0x01)                \
  X(SHARPENING, 0x02)         \
  X(PART, 0x04) /* VIDEO, to viewers that said PART: a part follows the picture header */ \
  X(KEPT, 0x08) /* CLIPBOARD: the guest had the text before this viewer had the controls */ \
  X(RTP, 0x10)  /* VIDEO that leaves by RTP, too: its u32 timestamp there comes before the access unit, if that does */
enum {
#define X(name, value) ORIEL_VIEWER_FLAG_##name = value,
  ORIEL_VIEWER_FLAGS(X)
#undef X
};

/** Capabilities in both hellos, and the server's in ABILITIES. */
#define ORIEL_VIEWER_CAPABILITIES(X) \
  X(H264, 0x01)                      \
  X(TILES, 0x02)                     \
  X(OPUS, 0x04)                      \
  X(RESIZE, 0x08)                    \
  X(COMMANDS, 0x10)                    \
  X(MICROPHONE, 0x20)                \
  X(HEADS, 0x40) /* server only: the machine has more screens than this one */ \
  X(START, 0x80) /* server only: it starts the machine again once that has ended */ \
  X(OPENING, 0x100) /* viewer only: takes a whole picture as TILES with the flag KEY ahead of its first key frame */ \
  X(PART, 0x200) /* viewer only: draws of a VIDEO with the flag PART what that names, and leaves the rest as it is */ \
  X(CLIPBOARD_IN, 0x400)  /* server only: the guest's clipboard takes texts */ \
  X(CLIPBOARD_OUT, 0x800) /* the guest's clipboard gives texts; the viewer takes them */ \
  X(WEBRTC, 0x1000) /* viewer only: may take pictures by WebRTC, too, and is told its MEDIA_TICKET */ \
  X(VP8, 0x2000) /* a viewer that says H264, too, gets that */
enum {
#define X(name, value) ORIEL_VIEWER_CAP_##name = value,
  ORIEL_VIEWER_CAPABILITIES(X)
#undef X
};

/** Why a side says BYE; also sent as WebSocket close code 4000 + reason. A page reconnects by itself only for reasons
 *  below 16 (lesson 12). */
#define ORIEL_VIEWER_REASONS(X)                                     \
  X(GOING_AWAY, 1)    /* server stops or restarts */                \
  X(TIMEOUT, 2)       /* no message for 15 s */                     \
  X(SLOW, 3)          /* could not take control messages either */  \
  X(PROTOCOL, 16)     /* malformed, unknown or too large message */ \
  X(VERSION, 17)                                                    \
  X(RATE, 18)         /* more than 1,000 input events a second */   \
  X(FULL, 19)         /* 256 viewers, or 128 that only watch */     \
  X(UNAUTHORISED, 20)                                               \
  X(CLOSED_BY_USER, 21)                                             \
  X(LIMITED, 22)      /* a wrong token after too many wrong ones */
enum oriel_viewer_reason {
#define X(name, value) ORIEL_VIEWER_REASON_##name = value,
  ORIEL_VIEWER_REASONS(X)
#undef X
};

/** Ranges of small fields: a value is below its count. They match desktop's roles and source's buttons and touches. */
#define ORIEL_VIEWER_RANGES(X)                                     \
  X(ROLES, 2)        /* 0 watches, 1 has the controls */           \
  X(BUTTONS, 5)      /* left, middle, right, side, extra */        \
  X(TOUCH_PHASES, 4) /* down, move, up, cancel */                  \
  X(TOUCHES, 10)     /* fingers, by id */
enum {
#define X(name, value) ORIEL_VIEWER_##name = value,
  ORIEL_VIEWER_RANGES(X)
#undef X
};

enum oriel_viewer_state { /* STATE.state */
  ORIEL_VIEWER_STATE_CONNECTING, ORIEL_VIEWER_STATE_RUNNING, ORIEL_VIEWER_STATE_PAUSED, ORIEL_VIEWER_STATE_GONE,
};

/** PICTURE_WAY: which way video goes from now on. Everything else stays on the WebSocket. */
#define ORIEL_VIEWER_PICTURE_WAYS(X) \
  X(SOCKET, 0) /* by the WebSocket; a WebRTC session of this viewer ends */ \
  X(BOTH, 1)   /* by both, from a key frame on */ \
  X(RTP, 2)    /* by RTP; of a VIDEO comes what is before the access unit */
enum oriel_viewer_picture_way {
#define X(name, value) ORIEL_VIEWER_PICTURE_WAY_##name = value,
  ORIEL_VIEWER_PICTURE_WAYS(X)
#undef X
  ORIEL_VIEWER_PICTURE_WAY_COUNT,
};

/** CONTROL_STATE.way: how this viewer comes to the controls while another has them. */
#define ORIEL_VIEWER_CONTROL_WAYS(X) \
  X(NEVER, 0)   /* its link only lets watch */ \
  X(AT_ONCE, 1) /* whoever asks last has them */ \
  X(ASK, 2)     /* the holder is asked; one that is idle is not */ \
  X(WAIT, 3)    /* when the holder leaves or gives them up */
enum oriel_viewer_control_way {
#define X(name, value) ORIEL_VIEWER_CONTROL_##name = value,
  ORIEL_VIEWER_CONTROL_WAYS(X)
#undef X
};

/** ABILITIES.display: whether there is a picture to look at. */
#define ORIEL_VIEWER_DISPLAYS(X) \
  X(SHOWN, 0)   \
  X(OFF, 1)     /* the guest has switched it off, or not on yet; input may change that */ \
  X(REFUSED, 2) /* there is one that cannot be shown; STATE.detail says why */
enum oriel_viewer_display {
#define X(name, value) ORIEL_VIEWER_DISPLAY_##name = value,
  ORIEL_VIEWER_DISPLAYS(X)
#undef X
};

/** MICROPHONE_STATE.use: what becomes of a microphone now. */
#define ORIEL_VIEWER_MICROPHONE_USES(X) \
  X(NOWHERE, 0) /* nothing in the guest can take it */ \
  X(READY, 1)   /* the guest has an input, which nothing records from */ \
  X(TAKEN, 2)   /* something in the guest takes it */
enum oriel_viewer_microphone_use {
#define X(name, value) ORIEL_VIEWER_MICROPHONE_##name = value,
  ORIEL_VIEWER_MICROPHONE_USES(X)
#undef X
};

/** CLIPBOARD_STATE.outcome: what becomes of the text. */
#define ORIEL_VIEWER_CLIPBOARD_OUTCOMES(X) \
  X(UNDER_WAY, 0) /* more of it is to come */ \
  X(GIVEN, 1)     /* the guest's clipboard has it */ \
  X(NOBODY, 2)    /* nothing in the guest takes texts now */ \
  X(REFUSED, 3)   /* this viewer has not the controls, or no text goes to this guest */ \
  X(BROKEN, 4)    /* its pieces do not fit together; memory is short */
enum oriel_viewer_clipboard_outcome {
#define X(name, value) ORIEL_VIEWER_CLIPBOARD_##name = value,
  ORIEL_VIEWER_CLIPBOARD_OUTCOMES(X)
#undef X
};

/* Picture header, 32 bytes: message header (4), u32 sequence, u64 capture us, u16 width, u16 height, u32 made us
 * (capture to bytes ready), u32 waited us (bytes ready to this header's writing), u32 damage pixels.
 * A part: u16 count 0..16, then per rectangle u16 x, y, width, height, none empty, inside the picture, in whole
 * macroblocks but at its right and lower edge. Then, with the flag RTP, u32 timestamp. */
struct oriel_viewer_picture {
  bool tiles, key, sharpening;
  uint32_t sequence;
  uint64_t capture_us;
  uint16_t width, height;
  uint32_t made_us, waited_us, damage_pixels;
  const struct oriel_damage *part; /* NULL: all of it is drawn */
  bool rtp;          /* video: it leaves by RTP, too, */
  uint32_t rtp_time; /* with this timestamp */
};

/** A piece of a clipboard's text: 1..ORIEL_VIEWER_PIECE_MAX bytes, of 1..ORIEL_VIEWER_CLIPBOARD_MAX. */
struct oriel_viewer_piece {
  uint32_t number; /* of the text, counted by its sender */
  uint32_t size;   /* of the whole text */
  uint32_t offset, count;
  const uint8_t *bytes; /* read: borrowed from the message; written: not looked at */
};

/* ---- writers: return bytes written, 0 when `size` is too small or an argument is out of range ---- */
size_t oriel_viewer_write_hello(void *data, size_t size, uint32_t capabilities, uint32_t viewer_id, uint64_t server_us,
                                const char *name);
/** 0 also for a rectangle of the part that is empty or not inside the picture. */
size_t oriel_viewer_write_picture(void *data, size_t size, const struct oriel_viewer_picture *picture);
size_t oriel_viewer_write_audio(void *data, size_t size, uint32_t sequence, uint64_t capture_us);
/** Only the 4 byte header; shape bytes follow as the packet has them. */
size_t oriel_viewer_write_cursor_shape(void *data, size_t size);
size_t oriel_viewer_write_cursor_position(void *data, size_t size, int32_t x, int32_t y, bool visible);
size_t oriel_viewer_write_state(void *data, size_t size, enum oriel_viewer_state state, bool absolute_pointer,
                                uint16_t width, uint16_t height, const char *detail);
size_t oriel_viewer_write_role(void *data, size_t size, uint8_t role);
size_t oriel_viewer_write_skipped(void *data, size_t size, uint32_t count);
size_t oriel_viewer_write_volume(void *data, size_t size, float left, float right, bool muted);
/** 0 also for an unknown use. */
size_t oriel_viewer_write_microphone_state(void *data, size_t size, enum oriel_viewer_microphone_use use,
                                           uint32_t viewer_id);
/** 0 also for an unknown way. */
size_t oriel_viewer_write_control_state(void *data, size_t size, uint32_t holder, uint32_t asker,
                                        enum oriel_viewer_control_way way, const char *holder_name,
                                        const char *asker_name);
size_t oriel_viewer_write_typed(void *data, size_t size, uint32_t number, uint32_t dropped);
/** Only the 16 byte head; `count` bytes of the text, from `offset`, follow. 0 also for a piece that is none. */
size_t oriel_viewer_write_clipboard(void *data, size_t size, const struct oriel_viewer_piece *piece, bool kept);
/** 0 also for an unknown outcome. */
size_t oriel_viewer_write_clipboard_state(void *data, size_t size, uint32_t number, uint32_t taken,
                                          enum oriel_viewer_clipboard_outcome outcome);
/** 0 also for an unknown display. */
size_t oriel_viewer_write_abilities(void *data, size_t size, uint32_t capabilities, enum oriel_viewer_display display);
/** `secret`: ORIEL_VIEWER_SECRET_SIZE digits. */
size_t oriel_viewer_write_session(void *data, size_t size, const char *secret, bool view);
/** `ticket`: ORIEL_VIEWER_SECRET_SIZE digits. */
size_t oriel_viewer_write_media_ticket(void *data, size_t size, const char *ticket);
size_t oriel_viewer_write_ping(void *data, size_t size, uint64_t us);
size_t oriel_viewer_write_pong(void *data, size_t size, uint64_t ping_us, uint64_t us);
size_t oriel_viewer_write_bye(void *data, size_t size, uint16_t reason, const char *text);

/* ---- the one parser of a viewer's message ---- */
struct oriel_viewer_in {
  enum oriel_viewer_message type;
  union {
    struct { char secret[ORIEL_VIEWER_SECRET_SIZE + 1]; } authenticate;
    struct { char token[ORIEL_VIEWER_TOKEN_MAX + 1]; size_t size; } login;
    struct { uint16_t version; uint8_t role; uint32_t capabilities; uint16_t width, height; } hello;
    struct { uint32_t received, decoded, painted; uint64_t received_us, decoded_us, painted_us; } ack;
    struct { uint16_t usage; bool pressed; } key;
    struct { uint16_t x, y; } pointer;
    struct { int16_t dx, dy; } motion;
    struct { uint8_t button; bool pressed; } button;
    struct { int16_t dx, dy; } wheel;
    struct { uint8_t phase, id; uint16_t x, y; } touch;
    struct { uint16_t width, height; } resize;
    struct { uint8_t reason; } key_frame;
    struct { bool pictures, sound; } want;
    struct { bool wanted; } control;
    struct { enum oriel_viewer_picture_way way; } picture_way;
    /* opus: borrowed from the message; 0 bytes = the microphone ends */
    struct { uint32_t sequence; uint64_t us; const uint8_t *opus; size_t size; } microphone;
    struct { char text[ORIEL_VIEWER_TEXT_MAX + 1]; } name;
    struct { uint32_t asker; bool granted; } control_answer;
    struct {
      uint32_t number;
      uint8_t count;
      struct oriel_viewer_stroke { uint16_t usage; bool pressed; } strokes[ORIEL_VIEWER_STROKES_MAX];
    } type_text;
    struct { uint8_t known, on; } locks;
    struct oriel_viewer_piece clipboard;
    struct { uint64_t us; } ping;
    struct { uint64_t ping_us, us; } pong;
    struct { uint16_t reason; char text[ORIEL_VIEWER_TEXT_MAX + 1]; } bye;
  };
};

/** Parses one whole message from a viewer. 0; -EBADMSG: empty, unknown or server-only type, wrong length, flags or
 *  padding not zero, a bool other than 0 or 1, a button, phase, touch id or role out of range, a secret of other
 *  digits, a token with a zero byte, a text that is too long, not UTF-8 or holds a NUL, a microphone's packet over 1500
 *  bytes or of other than 10 or 20 ms (RFC 6716 section 3.1), a piece of a clipboard that is empty, too large or reaches
 *  over its text's end. *in is untouched then. A hello's version is the caller's
 *  to judge. */
int oriel_viewer_parse(const void *data, size_t size, struct oriel_viewer_in *in);
/** "KEY", "POINTER", ...; "unknown" for others; static. */
const char *oriel_viewer_message_name(unsigned type);

/* Text fields are u16 length (0..160), then UTF-8; longer texts are cut at a character's border by the writer, and
 * bytes that are no UTF-8 become '?'. NULL writes an empty text. */

#endif
