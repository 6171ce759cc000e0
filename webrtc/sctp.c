/* SPDX-License-Identifier: MIT
 *
 * Associations on usrsctp, which no other file knows. One thread. What happens in an association is read from its
 * socket like messages are, so that nothing here is called back but for packets to send.
 */
#include "webrtc/sctp.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <usrsctp.h>

#include "core/clock.h"
#include "core/rate_limit.h"
#include "webrtc/sctp_assembly.h"
#include "webrtc/sctp_front.h"
#include "webrtc/sctp_queue.h"

_Static_assert((int)ORIEL_SCTP_MESSAGE_MAX == (int)SCTP_ASSEMBLY_MAX, "all of it can be put together");
_Static_assert((int)ORIEL_SCTP_PACKET_MAX == (int)SCTP_QUEUE_PACKET_MAX, "all of it can wait");

enum {
  PACKETS_PER_SECOND = 4000,
  PACKETS_AT_ONCE = 1200, /* a message of the largest size */
  SEND_ROOM = ORIEL_SCTP_MESSAGE_MAX + 64 * 1024, /* beside one of the largest, answers fit */
  INIT_ATTEMPTS = 10,
  INIT_LONGEST_MS = 3000,
  RESEND_FIRST_MS = 1000,
  RESEND_SHORTEST_MS = 200,
  RESEND_LONGEST_MS = 5000,
  SACK_DELAY_MS = 20,
  TICK_MS = 10, /* the library's timers need not be looked at more often */
};

struct oriel_sctp {
  unsigned place; /* in the table */
  struct socket *socket;
  enum oriel_sctp_state state;
  bool readable;
  uint64_t ended; /* streams that the peer ended, and nobody was told yet */
  struct oriel_rate_limit limit;
  uint64_t dropped;
  struct sctp_assembly message; /* the one that comes, or came */
  struct sctp_queue out;
};

/* ---- the library ---- */

static struct {
  bool open;
  uint64_t ticked_ns; /* the library's timers are as far as this */
  struct oriel_sctp *associations[ORIEL_SCTP_MAX];
  bool known[ORIEL_SCTP_MAX]; /* to the library, as an address */
} library;

/* An address is a place in the table, and 1 more, since NULL is none. It stays known for ever: of one that is taken
 * back the library has another thread look through all associations. */
static void *address_of(unsigned place) {
  return (void *)(uintptr_t)(place + 1);
}

/** The library's way out. Not 0: there is no room now. */
static int on_packet(void *address, void *data, size_t size, uint8_t service, uint8_t whole) {
  struct oriel_sctp *sctp = library.associations[(uintptr_t)address - 1];
  (void)service;
  (void)whole;
  if (!sctp || size > ORIEL_SCTP_PACKET_MAX)
    return 0;
  return sctp_queue_add(&sctp->out, data, size) ? 0 : ENOBUFS;
}

/* "nothreads" is one: it waits for ever for an address to come or go. Signals are not for it. */
static void start_library(void) {
  sigset_t all, before;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  usrsctp_init_nothreads(0, on_packet, NULL);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void open_library(uint64_t now_ns) {
  if (library.open)
    return;
  library.open = true;
  library.ticked_ns = now_ns;
  start_library();
  usrsctp_sysctl_set_sctp_blackhole(2); /* silence for packets of no association */
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  usrsctp_sysctl_set_sctp_asconf_enable(0); /* needs the next one */
  usrsctp_sysctl_set_sctp_auth_enable(0);
  usrsctp_sysctl_set_sctp_nrsack_enable(0);
  usrsctp_sysctl_set_sctp_pktdrop_enable(0);
  usrsctp_sysctl_set_sctp_delayed_sack_time_default(SACK_DELAY_MS);
  usrsctp_sysctl_set_sctp_rto_initial_default(RESEND_FIRST_MS);
  usrsctp_sysctl_set_sctp_rto_min_default(RESEND_SHORTEST_MS);
  usrsctp_sysctl_set_sctp_rto_max_default(RESEND_LONGEST_MS);
}

/** A place in the table that is free; ORIEL_SCTP_MAX = there is none. */
static unsigned find_place(void) {
  unsigned place = 0;
  while (place < ORIEL_SCTP_MAX && library.associations[place])
    place++;
  if (place < ORIEL_SCTP_MAX && !library.known[place]) {
    usrsctp_register_address(address_of(place));
    library.known[place] = true;
  }
  return place;
}

void oriel_sctp_tick(uint64_t now_ns) {
  if (!library.open)
    return;
  if (now_ns < library.ticked_ns) /* another clock */
    library.ticked_ns = now_ns;
  const uint64_t passed_ms = (now_ns - library.ticked_ns) / ORIEL_NS_PER_MS;
  if (passed_ms < TICK_MS)
    return;
  library.ticked_ns += passed_ms * ORIEL_NS_PER_MS;
  usrsctp_handle_timers(passed_ms < INT32_MAX ? (uint32_t)passed_ms : INT32_MAX);
  for (unsigned i = 0; i < ORIEL_SCTP_MAX; i++) { /* one may have been given up */
    struct oriel_sctp *sctp = library.associations[i];
    if (sctp && sctp->state != ORIEL_SCTP_CLOSED && usrsctp_get_events(sctp->socket) & SCTP_EVENT_READ)
      sctp->readable = true;
  }
}

/* ---- life ---- */

static struct sockaddr_conn socket_address(const struct oriel_sctp *sctp, uint16_t port) {
  return (struct sockaddr_conn){
    .sconn_family = AF_CONN, .sconn_port = htons(port), .sconn_addr = address_of(sctp->place)};
}

static bool set(struct oriel_sctp *sctp, int level, int option, const void *value, size_t size) {
  return usrsctp_setsockopt(sctp->socket, level, option, value, (socklen_t)size) == 0;
}

static bool subscribe(struct oriel_sctp *sctp) {
  static const uint16_t types[] = {SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT, SCTP_PARTIAL_DELIVERY_EVENT};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    const struct sctp_event event = {.se_assoc_id = SCTP_ALL_ASSOC, .se_type = types[i], .se_on = 1};
    if (!set(sctp, IPPROTO_SCTP, SCTP_EVENT, &event, sizeof event))
      return false;
  }
  return true;
}

static bool configure(struct oriel_sctp *sctp) {
  const struct linger linger = {.l_onoff = 1};
  const int none = 0, one = 1, window = ORIEL_SCTP_WINDOW, room = SEND_ROOM;
  const struct sctp_assoc_value resets = {
    .assoc_id = SCTP_ALL_ASSOC, .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_CHANGE_ASSOC_REQ};
  const struct sctp_initmsg init = {.sinit_num_ostreams = ORIEL_SCTP_STREAMS,
                                    .sinit_max_instreams = ORIEL_SCTP_STREAMS,
                                    .sinit_max_attempts = INIT_ATTEMPTS, .sinit_max_init_timeo = INIT_LONGEST_MS};
  const struct sctp_paddrparams path = {.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
                                        .spp_pathmtu = ORIEL_SCTP_PACKET_MAX - SCTP_HEADER_SIZE};
  return usrsctp_set_non_blocking(sctp->socket, 1) == 0 &&
         set(sctp, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) &&
         set(sctp, SOL_SOCKET, SO_RCVBUF, &window, sizeof window) &&
         set(sctp, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) &&
         set(sctp, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, &none, sizeof none) &&
         set(sctp, IPPROTO_SCTP, SCTP_NODELAY, &one, sizeof one) &&
         set(sctp, IPPROTO_SCTP, SCTP_RECVRCVINFO, &one, sizeof one) &&
         set(sctp, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets) &&
         set(sctp, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init) &&
         set(sctp, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path) && subscribe(sctp);
}

/** Both sides begin, as WebRTC's do; the library makes one association of the two beginnings. */
static bool begin(struct oriel_sctp *sctp, uint16_t port) {
  struct sockaddr_conn ours = socket_address(sctp, ORIEL_SCTP_PORT), theirs = socket_address(sctp, port);
  sctp->socket = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
  return sctp->socket && configure(sctp) &&
         usrsctp_bind(sctp->socket, (struct sockaddr *)&ours, sizeof ours) == 0 &&
         (usrsctp_connect(sctp->socket, (struct sockaddr *)&theirs, sizeof theirs) == 0 || errno == EINPROGRESS);
}

int oriel_sctp_create(uint16_t port, uint64_t now_ns, struct oriel_sctp **out) {
  open_library(now_ns);
  oriel_sctp_tick(now_ns);
  const unsigned place = find_place();
  if (place == ORIEL_SCTP_MAX)
    return -ENOSPC;
  struct oriel_sctp *sctp = calloc(1, sizeof *sctp);
  if (!sctp)
    return -ENOMEM;
  sctp->place = place;
  oriel_rate_limit_init(&sctp->limit, PACKETS_PER_SECOND, PACKETS_AT_ONCE);
  library.associations[place] = sctp;
  if (!begin(sctp, port)) {
    oriel_sctp_destroy(sctp);
    return -ENOMEM;
  }
  *out = sctp;
  return 0;
}

void oriel_sctp_destroy(struct oriel_sctp *sctp) {
  if (!sctp)
    return;
  library.associations[sctp->place] = NULL;
  if (sctp->socket)
    usrsctp_close(sctp->socket);
  sctp_assembly_finish(&sctp->message);
  explicit_bzero(sctp, sizeof *sctp);
  free(sctp);
}

/* ---- packets ---- */

void oriel_sctp_receive(struct oriel_sctp *sctp, const uint8_t *data, size_t size, uint64_t now_ns) {
  oriel_sctp_tick(now_ns);
  if (sctp->state == ORIEL_SCTP_CLOSED || oriel_rate_limit_next(&sctp->limit, now_ns) > now_ns ||
      !sctp_front_passes(data, size)) {
    sctp->dropped++;
    return;
  }
  oriel_rate_limit_take(&sctp->limit, now_ns);
  usrsctp_conninput(address_of(sctp->place), data, size, 0);
  sctp->readable = true;
}

size_t oriel_sctp_next(struct oriel_sctp *sctp, uint8_t *packet) {
  return sctp_queue_take(&sctp->out, packet);
}

bool oriel_sctp_has_packet(const struct oriel_sctp *sctp) {
  return sctp->out.count > 0;
}

/* ---- what happens in it ---- */

static void close_association(struct oriel_sctp *sctp) {
  sctp->state = ORIEL_SCTP_CLOSED;
  sctp->readable = false;
  sctp->ended = UINT64_MAX;
}

static void take_change(struct oriel_sctp *sctp, const struct sctp_assoc_change *change) {
  switch (change->sac_state) {
  case SCTP_COMM_UP:
    sctp->state = ORIEL_SCTP_OPEN;
    break;
  case SCTP_RESTART: /* the peer began anew, and has none of its streams any more */
    sctp->ended = UINT64_MAX;
    break;
  default:
    close_association(sctp);
  }
}

static void take_reset(struct oriel_sctp *sctp, const struct sctp_stream_reset_event *event) {
  if (!(event->strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) ||
      event->strreset_flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED))
    return;
  const size_t count = (event->strreset_length - sizeof *event) / sizeof *event->strreset_stream_list;
  if (!count)
    sctp->ended = UINT64_MAX; /* all */
  for (size_t i = 0; i < count; i++) {
    if (event->strreset_stream_list[i] < ORIEL_SCTP_STREAMS)
      sctp->ended |= UINT64_C(1) << event->strreset_stream_list[i];
  }
}

static bool is_long_enough(const union sctp_notification *event, size_t size) {
  switch (event->sn_header.sn_type) {
  case SCTP_ASSOC_CHANGE:
    return size >= sizeof event->sn_assoc_change;
  case SCTP_STREAM_RESET_EVENT:
    return size >= sizeof event->sn_strreset_event;
  default:
    return true;
  }
}

/** What the library tells of itself, in place of a message. */
static void take_notification(struct oriel_sctp *sctp, const uint8_t *data, size_t size) {
  union {
    union sctp_notification event;
    uint8_t bytes[SCTP_PIECE_ROOM]; /* room for any */
  } notification;
  if (size < sizeof notification.event.sn_header || size > sizeof notification)
    return;
  memcpy(notification.bytes, data, size);
  const union sctp_notification *event = &notification.event;
  if (event->sn_header.sn_length != size || !is_long_enough(event, size))
    return;
  if (event->sn_header.sn_type == SCTP_ASSOC_CHANGE)
    take_change(sctp, &event->sn_assoc_change);
  else if (event->sn_header.sn_type == SCTP_STREAM_RESET_EVENT)
    take_reset(sctp, &event->sn_strreset_event);
  else
    sctp_assembly_drop(&sctp->message); /* delivery in pieces was given up */
}

/** A piece of a message was read. True: it is whole. */
static bool take_piece(struct oriel_sctp *sctp, const struct sctp_rcvinfo *info, size_t size, bool last,
                       struct oriel_sctp_message *message) {
  const int whole = info->rcv_sid < ORIEL_SCTP_STREAMS
                      ? sctp_assembly_add(&sctp->message, info->rcv_sid, size, last) : -EPROTO;
  if (whole < 0) /* larger than we said that we take */
    close_association(sctp);
  if (whole != 1)
    return false;
  *message = (struct oriel_sctp_message){.stream = info->rcv_sid, .kind = ntohl(info->rcv_ppid),
                                         .data = sctp->message.data, .size = sctp->message.size};
  return true;
}

/** Reads what there is next. True: it completes a message. */
static bool read_piece(struct oriel_sctp *sctp, struct oriel_sctp_message *message) {
  struct sctp_rcvinfo info = {0};
  socklen_t info_size = sizeof info;
  unsigned info_type = SCTP_RECVV_NOINFO;
  int flags = 0;
  size_t room;
  uint8_t *piece = sctp_assembly_room(&sctp->message, &room);
  const ssize_t size =
    piece ? usrsctp_recvv(sctp->socket, piece, room, NULL, NULL, &info, &info_size, &info_type, &flags) : 0;
  if (size < 0) {
    sctp->readable = false;
    return false;
  }
  if (size == 0) {
    close_association(sctp);
    return false;
  }
  if (flags & MSG_NOTIFICATION)
    take_notification(sctp, piece, (size_t)size);
  return !(flags & MSG_NOTIFICATION) && info_type == SCTP_RECVV_RCVINFO &&
         take_piece(sctp, &info, (size_t)size, flags & MSG_EOR, message);
}

/** What came of streams before they ended was read before. */
static bool take_end(struct oriel_sctp *sctp, struct oriel_sctp_message *message) {
  if (!sctp->ended)
    return false;
  const unsigned stream = (unsigned)__builtin_ctzll(sctp->ended);
  sctp->ended &= sctp->ended - 1;
  *message = (struct oriel_sctp_message){.reset = true, .stream = (uint16_t)stream};
  return true;
}

bool oriel_sctp_take(struct oriel_sctp *sctp, struct oriel_sctp_message *message) {
  for (;;) {
    if (take_end(sctp, message))
      return true;
    if (!sctp->readable)
      return false;
    if (read_piece(sctp, message))
      return true;
  }
}

bool oriel_sctp_has_message(const struct oriel_sctp *sctp) {
  return sctp->readable || sctp->ended;
}

/* ---- what is said ---- */

int oriel_sctp_send(struct oriel_sctp *sctp, uint16_t stream, uint32_t kind, bool unordered, const void *data,
                    size_t size) {
  struct sctp_sndinfo info = {
    .snd_sid = stream, .snd_ppid = htonl(kind), .snd_flags = unordered ? SCTP_UNORDERED : 0};
  if (!size || size > ORIEL_SCTP_MESSAGE_MAX || stream >= ORIEL_SCTP_STREAMS)
    return -EMSGSIZE;
  if (sctp->state != ORIEL_SCTP_OPEN)
    return -ENOTCONN;
  const ssize_t sent =
    usrsctp_sendv(sctp->socket, data, size, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0);
  if (sent == (ssize_t)size)
    return 0;
  return errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM ? -EAGAIN : -ENOTCONN;
}

/* While data waits in the stream, or another request is on its way, the library remembers it. */
void oriel_sctp_reset(struct oriel_sctp *sctp, uint16_t stream) {
  union {
    struct sctp_reset_streams head;
    uint8_t bytes[sizeof(struct sctp_reset_streams) + sizeof(uint16_t)];
  } request = {.head = {.srs_flags = SCTP_STREAM_RESET_OUTGOING, .srs_number_streams = 1}};
  request.head.srs_stream_list[0] = stream;
  if (sctp->state == ORIEL_SCTP_OPEN)
    (void)set(sctp, IPPROTO_SCTP, SCTP_RESET_STREAMS, &request, sizeof request);
}

enum oriel_sctp_state oriel_sctp_state(const struct oriel_sctp *sctp) {
  return sctp->state;
}

uint64_t oriel_sctp_dropped(const struct oriel_sctp *sctp) {
  return sctp->dropped;
}
