/* SPDX-License-Identifier: MIT
 *
 * WHEP's requests at a real server: statuses, headers, tags, limits, and what is left of sessions. Media are looked at
 * in tests/webrtc and tests/e2e.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../webrtc/offers.h"
#include "exposition.h"
#include "page.h"
#include "rig.h"
#include "server/state.h"
#include "server/whep_crowd.h"
#include "webrtc/stun.h"

#define TURN_SECRET "shared-with-turn"
#define SDP "Content-Type: application/sdp\r\n"
#define FRAGMENT "Content-Type: application/trickle-ice-sdpfrag\r\n"
#define RESTART "a=ice-ufrag:newufrag\r\na=ice-pwd:newpasswordnewpassword00\r\n"

enum { LOCATION_SIZE = 256, PATIENCE_MS = 10000 };

static struct answer answer;
static atomic_uint asked; /* how often a session was asked for what it sends */

size_t __real_oriel_webrtc_session_next(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram,
                                        struct oriel_webrtc_path *to);
size_t __wrap_oriel_webrtc_session_next(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram,
                                        struct oriel_webrtc_path *to);

size_t __wrap_oriel_webrtc_session_next(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram,
                                        struct oriel_webrtc_path *to) {
  atomic_fetch_add(&asked, 1);
  return __real_oriel_webrtc_session_next(session, now_ns, datagram, to);
}

int __real_oriel_udp_open(struct oriel_udp *udp, const struct sockaddr *listen, uint16_t port, bool any);
int __wrap_oriel_udp_open(struct oriel_udp *udp, const struct sockaddr *listen, uint16_t port, bool any);

static int open_error; /* that the next opening of a UDP port fails with; 0 = none */

int __wrap_oriel_udp_open(struct oriel_udp *udp, const struct sockaddr *listen, uint16_t port, bool any) {
  const int error = open_error;
  open_error = 0;
  if (!error)
    return __real_oriel_udp_open(udp, listen, port, any);
  *udp = (struct oriel_udp){.fd = -1};
  return error;
}

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  static const char *const servers[] = {"stun:stun.example:3478", "turn:turn.example", NULL};
  static const char *const origins[] = {"https://player.example", NULL};
  rig->address = "pattern:?size=320x240&scene=static";
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig->config.auth_fail_limit = 1000;
  rig->config.allow_origins = origins;
  rig->config.webrtc = (struct oriel_server_webrtc){.enabled = true, .ice_servers = servers, .turn_secret = TURN_SECRET};
  rig_start(rig);
  *state = rig;
  return 0;
}

static int offer(struct rig *rig, const char *path, const char *headers, const char *body) {
  char request[128];
  snprintf(request, sizeof request, "POST %s", path);
  return ask(rig, &answer, request, headers, body);
}

/** Opens a session: its location. */
static const char *open_session(struct rig *rig, char location[LOCATION_SIZE]) {
  assert_int_equal(offer(rig, "/whep/view", RIG_BEARER SDP, OFFER), 201);
  return header_of(&answer, "Location", location, LOCATION_SIZE);
}

static int ask_session(struct rig *rig, const char *method, const char *location, const char *headers,
                       const char *body) {
  char request[LOCATION_SIZE + 16];
  snprintf(request, sizeof request, "%s %.*s", method, LOCATION_SIZE - 1, location);
  return ask(rig, &answer, request, headers, body);
}

static void close_session(struct rig *rig, const char *location) {
  assert_int_equal(ask_session(rig, "DELETE", location, RIG_BEARER, NULL), 200);
}

static void assert_header(const char *name, const char *value) {
  char text[512];
  assert_string_equal(header_of(&answer, name, text, sizeof text), value);
}

/** The answer has credentials of TURN, for a day, and not what they are made of. */
static void assert_turn(void) {
  static const char begin[] = "<stun:stun.example:3478>; rel=\"ice-server\", <turn:turn.example>; rel=\"ice-server\"; "
                              "username=\"";
  char link[512];
  header_of(&answer, "Link", link, sizeof link);
  assert_memory_equal(link, begin, sizeof begin - 1);
  const double left_s = strtod(link + sizeof begin - 1, NULL) - (double)time(NULL);
  assert_true(left_s > 23 * 3600 && left_s <= 24 * 3600);
  assert_non_null(strstr(link, "; credential=\""));
  assert_null(strstr(link, TURN_SECRET));
}

static void offer_is_answered(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE], tag[64];
  open_session(rig, location);
  assert_memory_equal(location, "/whep/session/", 14);
  assert_int_equal(strlen(location), 14 + 32);
  assert_header("Content-Type", "application/sdp");
  assert_header("Accept-Patch", "application/trickle-ice-sdpfrag");
  assert_turn();
  assert_int_equal(strlen(header_of(&answer, "ETag", tag, sizeof tag)), 10);
  assert_non_null(strstr(answer.body, " 127.0.0.1 "));
  assert_non_null(strstr(answer.body, "a=ice-lite"));
  close_session(rig, location);
}

static void offer_below_a_name(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  assert_int_equal(offer(rig, "/d/" RIG_DESKTOP "/whep/view", BEARER(RIG_VIEW_TOKEN) SDP, OFFER), 201);
  header_of(&answer, "Location", location, sizeof location);
  assert_memory_equal(location, "/d/" RIG_DESKTOP "/whep/session/", 16 + strlen(RIG_DESKTOP));
  assert_int_equal(ask_session(rig, "DELETE", location, BEARER(RIG_VIEW_TOKEN), NULL), 200);
  assert_int_equal(offer(rig, "/d/none/whep/view", RIG_BEARER SDP, OFFER), 404);
}

static void offers_are_refused_with_the_reason(void **state) {
  struct rig *rig = *state;
  const struct {
    int status;
    const char *headers, *body;
  } cases[] = {
    {401, SDP, OFFER},
    {401, BEARER("wrong") SDP, OFFER},
    {415, RIG_BEARER "Content-Type: application/json\r\n", OFFER},
    {415, RIG_BEARER, OFFER},
    {415, RIG_BEARER "Content-Type: application/sdpx\r\n", OFFER},
    {400, RIG_BEARER SDP, "hello"},
    {400, RIG_BEARER SDP, ""},
    {422, RIG_BEARER SDP, OFFER_TOP "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" OFFER_TRANSPORT "a=rtpmap:96 VP9/90000\r\n"},
    {413, RIG_BEARER SDP "Content-Length: 40000\r\n", NULL},
  };
  char type[64];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(i * 1000 + (size_t)offer(rig, "/whep/view", cases[i].headers, cases[i].body),
                     i * 1000 + (size_t)cases[i].status);
    if (cases[i].status == 401 || cases[i].status == 413)
      continue;
    assert_string_equal(header_of(&answer, "Content-Type", type, sizeof type), "application/problem+json");
    assert_non_null(strstr(answer.body, "\"detail\""));
  }
}

static void methods_and_pages_of_others(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  assert_int_equal(ask(rig, &answer, "PUT /whep/view", RIG_BEARER, NULL), 405);
  assert_header("Allow", "GET, HEAD, POST, OPTIONS");
  assert_int_equal(ask(rig, &answer, "GET /whep/view", RIG_BEARER, NULL), 200);
  assert_int_equal(answer.size, 0);
  assert_int_equal(ask(rig, &answer, "HEAD /whep/view", RIG_BEARER, NULL), 200);
  assert_header("Content-Type", "application/sdp");
  assert_int_equal(ask(rig, &answer, "OPTIONS /whep/view", "Origin: https://player.example\r\n", NULL), 200);
  assert_header("Accept-Post", "application/sdp");
  assert_header("Access-Control-Allow-Origin", "https://player.example");
  assert_header("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
  assert_int_equal(ask(rig, &answer, "OPTIONS /whep/view", "Origin: https://other.example\r\n", NULL), 403);
  assert_int_equal(offer(rig, "/whep/view", RIG_BEARER SDP "Origin: https://player.example\r\n", OFFER), 201);
  assert_header("Access-Control-Expose-Headers", "Location, ETag, Link, Accept-Patch, Retry-After");
  close_session(rig, header_of(&answer, "Location", location, sizeof location));
}

/* A page that may ask is told why it was refused; without the header it sees an error of the network. */
static void pages_may_read_refusals(void **state) {
  static const char *const credentials[] = {"", BEARER("wrong")};
  struct rig *rig = *state;
  char headers[256];
  for (size_t i = 0; i < 2; i++) {
    snprintf(headers, sizeof headers, "%s" SDP "Origin: https://player.example\r\n", credentials[i]);
    assert_int_equal(offer(rig, "/whep/view", headers, OFFER), 401);
    assert_header("Access-Control-Allow-Origin", "https://player.example");
    snprintf(headers, sizeof headers, "%s" SDP "Origin: https://other.example\r\n", credentials[i]);
    assert_int_equal(offer(rig, "/whep/view", headers, OFFER), 403);
    assert_header("Access-Control-Allow-Origin", "");
  }
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", RIG_BEARER "Origin: https://player.example\r\n", NULL),
                   200);
  assert_header("Access-Control-Allow-Origin", "");
}

/* Who only may watch cannot have the controls; and at /whep/view nobody can. */
static void channels_are_for_who_plays(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  assert_int_equal(offer(rig, "/whep", BEARER(RIG_VIEW_TOKEN) SDP, OFFER_CHANNELS), 403);
  assert_int_equal(offer(rig, "/whep/view", RIG_BEARER SDP, OFFER_CHANNELS), 201);
  assert_non_null(strstr(answer.body, "m=application 0 UDP/DTLS/SCTP"));
  close_session(rig, header_of(&answer, "Location", location, sizeof location));
  assert_int_equal(offer(rig, "/whep", RIG_BEARER SDP, OFFER_CHANNELS), 201);
  assert_non_null(strstr(answer.body, "m=application 9 UDP/DTLS/SCTP"));
  assert_non_null(strstr(answer.body, "a=sctp-port:5000"));
  close_session(rig, header_of(&answer, "Location", location, sizeof location));
  assert_int_equal(offer(rig, "/d/" RIG_DESKTOP "/whep", RIG_BEARER SDP, OFFER), 201); /* without any */
  close_session(rig, header_of(&answer, "Location", location, sizeof location));
  assert_int_equal(ask(rig, &answer, "GET /whep", RIG_BEARER, NULL), 200);
  assert_int_equal(ask(rig, &answer, "OPTIONS /whep", "Origin: https://player.example\r\n", NULL), 200);
  assert_header("Accept-Post", "application/sdp");
}

static void patches(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE], tag[64], again[64], match[256];
  open_session(rig, location);
  header_of(&answer, "ETag", tag, sizeof tag);
  snprintf(match, sizeof match, RIG_BEARER FRAGMENT "If-Match: %s\r\n", tag);
  assert_int_equal(ask_session(rig, "PATCH", location, match, "a=mid:0\r\na=end-of-candidates\r\n"), 204);
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER FRAGMENT, "a=mid:0\r\n"), 428);
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER FRAGMENT, "a=ice-ufrag:EsAw\r\na=mid:0\r\n"), 204);
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER FRAGMENT, "a=ice-ufrag:EsAx\r\na=mid:0\r\n"), 428);
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER FRAGMENT "If-Match: \"x\"\r\n", "a=mid:0\r\n"), 412);
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER SDP "If-Match: *\r\n", "a=mid:0\r\n"), 415);
  assert_int_equal(ask_session(rig, "PATCH", location, match, "hello"), 400);
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER FRAGMENT "If-Match: *\r\n", "a=mid:0\r\n"), 422);
  assert_int_equal(ask_session(rig, "PATCH", location, match, "a=mid:0\r\n"), 204); /* it goes on as it was */
  assert_int_equal(ask_session(rig, "PATCH", location, RIG_BEARER FRAGMENT "If-Match: *\r\n", RESTART), 200);
  assert_header("Content-Type", "application/trickle-ice-sdpfrag");
  assert_string_not_equal(header_of(&answer, "ETag", again, sizeof again), tag);
  assert_turn(); /* who restarts may have been there for more than a day */
  assert_non_null(strstr(answer.body, "a=ice-ufrag:"));
  assert_int_equal(ask_session(rig, "PATCH", location, match, "a=mid:0\r\n"), 204); /* that answer may be lost */
  snprintf(match, sizeof match, RIG_BEARER FRAGMENT "If-Match: %s\r\n", again);
  assert_int_equal(ask_session(rig, "PATCH", location, match, "a=mid:0\r\n"), 204);
  close_session(rig, location);
  assert_int_equal(ask_session(rig, "PATCH", location, match, "a=mid:0\r\n"), 404);
  assert_int_equal(ask_session(rig, "DELETE", location, RIG_BEARER, NULL), 404);
}

/* A session is there for who may see its desktop, and below no other one. */
static void sessions_belong_to_their_desktop(void **state) {
  struct rig *rig = *state;
  const struct oriel_mount_config config = {.name = "other", .token = "other-token"};
  char location[LOCATION_SIZE], elsewhere[LOCATION_SIZE];
  assert_int_equal(offer(rig, "/d/" RIG_DESKTOP "/whep/view", RIG_BEARER SDP, OFFER), 201);
  header_of(&answer, "Location", location, sizeof location);
  struct rig_more *more = rig_mount(rig, &config, NULL);
  snprintf(elsewhere, sizeof elsewhere, "/d/other/whep/session/%s", strrchr(location, '/') + 1);
  assert_int_equal(ask_session(rig, "DELETE", elsewhere, BEARER("other-token"), NULL), 404);
  assert_int_equal(ask_session(rig, "DELETE", location, BEARER("other-token"), NULL), 401);
  assert_int_equal(offer(rig, "/d/other/whep/view", BEARER("other-token") SDP, OFFER), 503);
  close_session(rig, location);
  rig_unmount(rig, more);
}

/* Whoever learns an id from a log or a proxy has no use for it. */
static void sessions_belong_to_who_opened_them(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  open_session(rig, location);
  assert_int_equal(ask_session(rig, "GET", location, BEARER(RIG_VIEW_TOKEN), NULL), 404);
  assert_int_equal(ask_session(rig, "PATCH", location, BEARER(RIG_VIEW_TOKEN) FRAGMENT "If-Match: *\r\n", RESTART),
                   404);
  assert_int_equal(ask_session(rig, "DELETE", location, BEARER(RIG_VIEW_TOKEN), NULL), 404);
  assert_int_equal(ask_session(rig, "GET", location, RIG_BEARER, NULL), 200);
  close_session(rig, location);
  assert_int_equal(offer(rig, "/whep/view", BEARER(RIG_VIEW_TOKEN) SDP, OFFER), 201);
  header_of(&answer, "Location", location, sizeof location);
  assert_int_equal(ask_session(rig, "DELETE", location, RIG_BEARER, NULL), 404);
  assert_int_equal(ask_session(rig, "DELETE", location, BEARER(RIG_VIEW_TOKEN), NULL), 200);
}

static void count_clients(struct rig *rig, void *argument) {
  *(unsigned *)argument = rig->server->mounts.whep->count;
}

/* By the time that the log-out is answered; those of others stay. */
static void a_log_out_ends_its_sessions(void **state) {
  struct rig *rig = *state;
  char page[PAGE_HEADERS_MAX], headers[PAGE_HEADERS_MAX + sizeof SDP], location[LOCATION_SIZE];
  unsigned count = 0;
  open_session(rig, location);
  page_login(rig, RIG_TOKEN, page, sizeof page);
  snprintf(headers, sizeof headers, "%s" SDP, page);
  for (int i = 0; i < 2; i++)
    assert_int_equal(offer(rig, "/whep/view", headers, OFFER), 201);
  rig_call(rig, count_clients, &count);
  assert_int_equal(count, 3);
  assert_int_equal(ask(rig, &answer, "DELETE /session", page, NULL), 204);
  rig_call(rig, count_clients, &count);
  assert_int_equal(count, 1);
  close_session(rig, location);
}

static void places_are_limited(void **state) {
  struct rig *rig = *state;
  const struct oriel_mount_config config = {.name = "small", .viewers_max = 3};
  struct rig_more *more = rig_mount(rig, &config, "pattern:?size=320x240&scene=static");
  char locations[3][LOCATION_SIZE];
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(offer(rig, "/d/small/whep/view", RIG_BEARER SDP, OFFER), 201);
    header_of(&answer, "Location", locations[i], sizeof locations[i]);
  }
  assert_int_equal(offer(rig, "/d/small/whep/view", RIG_BEARER SDP, OFFER), 503);
  assert_header("Retry-After", "5");
  close_session(rig, locations[1]);
  assert_int_equal(offer(rig, "/d/small/whep/view", RIG_BEARER SDP, OFFER), 201);
  rig_unmount(rig, more); /* with three of them */
  assert_int_equal(ask_session(rig, "DELETE", locations[0], RIG_BEARER, NULL), 404);
}

/* Offers are free, and no flood of them may take the places of those whose media flow. */
static void the_oldest_that_waits_makes_room(void **state) {
  struct rig *rig = *state;
  char locations[ORIEL_WHEP_WAITING_OF_ADDRESS_MAX + 1][LOCATION_SIZE];
  for (unsigned i = 0; i <= ORIEL_WHEP_WAITING_OF_ADDRESS_MAX; i++)
    open_session(rig, locations[i]);
  assert_int_equal(ask_session(rig, "GET", locations[0], RIG_BEARER, NULL), 404);
  for (unsigned i = 1; i <= ORIEL_WHEP_WAITING_OF_ADDRESS_MAX; i++)
    close_session(rig, locations[i]);
}

/** An offer from 127.0.1.`host`: the location. */
static const char *offer_from(struct rig *rig, unsigned host, char location[LOCATION_SIZE]) {
  const int fd = dial_from(rig, 0x7f000100u + host, 0);
  send_text(fd, "POST /whep/view HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER SDP "Content-Length: %zu\r\n\r\n%s",
            rig->port, strlen(OFFER), OFFER);
  read_answer(fd, &answer);
  close(fd);
  assert_int_equal(answer.status, 201);
  return header_of(&answer, "Location", location, LOCATION_SIZE);
}

/* One that waits has something to do each 50 ms, and the others' time is not its own. */
static void each_is_asked_when_it_is_due(void **state) {
  enum { COUNT = ORIEL_WHEP_WAITING_OF_ADDRESS_MAX, TICK_MS = 50, TICKS = 10 };
  struct rig *rig = *state;
  char locations[COUNT][LOCATION_SIZE];
  for (unsigned i = 0; i < COUNT; i++)
    open_session(rig, locations[i]);
  const uint64_t begin_ms = rig_ms();
  const unsigned before = atomic_load(&asked);
  while (atomic_load(&asked) - before < COUNT * TICKS && rig_ms() < begin_ms + PATIENCE_MS)
    assert_int_equal(ask(rig, &answer, "GET /healthz", "", NULL), 200);
  const uint64_t took_ms = rig_ms() - begin_ms;
  assert_true(atomic_load(&asked) - before >= COUNT * TICKS);
  assert_true(took_ms >= (TICKS - 2) * TICK_MS);
  for (unsigned i = 0; i < COUNT; i++)
    close_session(rig, locations[i]);
}

static void addresses_together_wait_in_bounds(void **state) {
  struct rig *rig = *state;
  char locations[ORIEL_WHEP_WAITING_MAX + 1][LOCATION_SIZE];
  for (unsigned i = 0; i <= ORIEL_WHEP_WAITING_MAX; i++)
    offer_from(rig, 1 + i / ORIEL_WHEP_WAITING_OF_ADDRESS_MAX, locations[i]);
  assert_int_equal(ask_session(rig, "GET", locations[0], RIG_BEARER, NULL), 404);
  for (unsigned i = 1; i <= ORIEL_WHEP_WAITING_MAX; i++)
    close_session(rig, locations[i]);
}

static void one_address_has_no_more_than_its_share(void **state) {
  struct oriel_whep whep = {0};
  struct oriel_whep_client *clients = calloc(ORIEL_WHEP_OF_ADDRESS_MAX, sizeof *clients);
  struct oriel_mount mount, other;
  const struct oriel_address_key key = {{1}}, another = {{2}};
  (void)state;
  assert_non_null(clients);
  oriel_list_init(&whep.clients);
  for (unsigned i = 0; i < ORIEL_WHEP_OF_ADDRESS_MAX; i++) {
    assert_false(oriel_whep_crowded(&whep, &mount, &key));
    clients[i].mount = &mount;
    clients[i].key = key;
    oriel_list_append(&whep.clients, &clients[i].node);
  }
  assert_true(oriel_whep_crowded(&whep, &mount, &key));
  assert_false(oriel_whep_crowded(&whep, &mount, &another));
  assert_false(oriel_whep_crowded(&whep, &other, &key));
  free(clients);
}

static uint16_t port_of_answer(void) {
  const char *at = strstr(answer.body, " 127.0.0.1 ");
  assert_non_null(at);
  return (uint16_t)strtoul(at + 11, NULL, 10);
}

/* Whoever finds the port sends what it likes; the session is still there, and the server answers. */
static void noise_at_the_port(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  uint8_t noise[2000];
  open_session(rig, location);
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port_of_answer()),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  assert_true(fd >= 0);
  for (unsigned i = 0; i < 2000; i++) {
    for (size_t at = 0; at < sizeof noise; at++)
      noise[at] = (uint8_t)(i * 31 + at * 7);
    noise[0] = (uint8_t)i;
    (void)sendto(fd, noise, i, 0, (const struct sockaddr *)&to, sizeof to);
  }
  close(fd);
  close_session(rig, location);
}

/** The value of an attribute of the answer. */
static void attribute_of_answer(const char *name, char *value, size_t size) {
  const char *at = strstr(answer.body, name);
  assert_non_null(at);
  snprintf(value, size, "%.*s", (int)strcspn(at + strlen(name), "\r"), at + strlen(name));
}

/** Writes a check of the session that was answered last, of this transaction. */
static size_t write_check(uint8_t *check, size_t size, uint8_t number) {
  const uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE] = {number};
  char name[64], password[64];
  struct oriel_stun_writer writer;
  attribute_of_answer("a=ice-ufrag:", name, sizeof name);
  attribute_of_answer("a=ice-pwd:", password, sizeof password);
  snprintf(name + strlen(name), sizeof name - strlen(name), ":EsAw");
  oriel_stun_begin(&writer, check, size, ORIEL_STUN_BINDING_REQUEST, transaction);
  oriel_stun_add(&writer, ORIEL_STUN_USERNAME, name, strlen(name));
  oriel_stun_add_u32(&writer, ORIEL_STUN_PRIORITY, 1);
  oriel_stun_add(&writer, ORIEL_STUN_ICE_CONTROLLING, transaction, 8);
  return oriel_stun_finish(&writer, password, strlen(password));
}

/** Sends to a port of this host at which nobody listens: the socket learns of it, and is as it was but for the
 *  error. */
static void break_port(struct rig *rig, void *argument) {
  const int fd = rig->server->mounts.whep->udp.fd;
  const struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(9),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct sockaddr none = {.sa_family = AF_UNSPEC};
  struct pollfd broken = {.fd = fd};
  (void)argument;
  assert_int_equal(connect(fd, (const struct sockaddr *)&nobody, sizeof nobody), 0);
  assert_int_equal(send(fd, "", 1, 0), 1);
  assert_int_equal(poll(&broken, 1, PATIENCE_MS), 1);
  assert_int_equal(connect(fd, &none, sizeof none), 0);
  assert_true(poll(&broken, 1, 0) == 1 && broken.revents & POLLERR);
}

/* libuv stops watching a socket with an error: the port went deaf for ever. */
static void an_error_at_the_port_is_got_over(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  uint8_t check[256];
  open_session(rig, location);
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port_of_answer()),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct pollfd answered = {.fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN};
  for (uint8_t i = 1; i <= 2; i++) {
    rig_call(rig, break_port, NULL);
    const size_t size = write_check(check, sizeof check, i);
    assert_int_equal(sendto(answered.fd, check, size, 0, (const struct sockaddr *)&to, sizeof to), size);
    assert_int_equal(poll(&answered, 1, PATIENCE_MS), 1);
    assert_true(recv(answered.fd, check, sizeof check, 0) > 0);
  }
  close(answered.fd);
  close_session(rig, location);
}

/** A sample of /metrics. */
static double sample(struct rig *rig, const char *series) {
  static struct answer page; /* beside `answer`, which has a session's */
  assert_int_equal(ask(rig, &page, "GET /metrics", RIG_BEARER, NULL), 200);
  return exposition_value(page.body, series);
}

static void await_sample(struct rig *rig, const char *series, double value) {
  const uint64_t end_ms = rig_ms() + PATIENCE_MS;
  while (sample(rig, series) != value)
    if (rig_ms() > end_ms)
      fail_msg("%s is %g, not %g", series, sample(rig, series), value);
}

static void guest_is_told(struct rig *rig, const char *path, const char *expected) {
  assert_int_equal(ask(rig, &answer, path, BEARER(RIG_VIEW_TOKEN), NULL), 200);
  assert_non_null(strstr(answer.body, expected));
}

static void players_are_told_of_the_guest(void **state) {
  struct rig *rig = *state;
  guest_is_told(rig, "GET /config", "{\"guest\":{\"os\":\"linux\",\"type\":\"desktop\",\"cursor\":");
  guest_is_told(rig, "GET /d/" RIG_DESKTOP "/config", "\"clipboard\":false}}");
  assert_int_equal(ask(rig, &answer, "GET /config", "", NULL), 401);
  assert_int_equal(ask(rig, &answer, "GET /d/none/config", RIG_BEARER, NULL), 404);
  assert_int_equal(ask(rig, &answer, "GET /config", RIG_BEARER "Origin: https://player.example\r\n", NULL), 200);
  assert_header("Access-Control-Allow-Origin", "https://player.example");
}

static void what_happens_is_counted(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  uint8_t check[256];
  const double closed = sample(rig, "oriel_whep_sessions_ended_total{cause=\"closed\"}");
  const double strange = sample(rig, "oriel_udp_datagrams_strange_total");
  const double forged = sample(rig, "oriel_whep_forged_total{protocol=\"stun\"}");
  open_session(rig, location);
  await_sample(rig, "oriel_whep_sessions{state=\"waiting\"}", 1);
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port_of_answer()),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  size_t size = write_check(check, sizeof check, 1);
  check[size - 1] ^= 1;
  assert_int_equal(sendto(fd, check, size, 0, (const struct sockaddr *)&to, sizeof to), size);
  await_sample(rig, "oriel_whep_forged_total{protocol=\"stun\"}", forged + 1);
  assert_int_equal(sendto(fd, "?", 1, 0, (const struct sockaddr *)&to, sizeof to), 1);
  await_sample(rig, "oriel_udp_datagrams_strange_total", strange + 1);
  close(fd);
  close_session(rig, location);
  await_sample(rig, "oriel_whep_sessions_ended_total{cause=\"closed\"}", closed + 1);
  assert_true(sample(rig, "oriel_whep_sessions{state=\"waiting\"}") == 0);
  assert_true(sample(rig, "oriel_whep_forged_total{protocol=\"stun\"}") == forged + 1); /* it is still counted */
  assert_true(sample(rig, "oriel_udp_datagrams_received_total") >= 2);
  assert_true(sample(rig, "oriel_udp_segmentation") >= 0);
}

static void sessions_leave_nothing_behind(void **state) {
  struct rig *rig = *state;
  char location[LOCATION_SIZE];
  open_session(rig, location);
  close_session(rig, location);
  const size_t before = rig_allocated();
  for (unsigned i = 0; i < 100; i++) {
    open_session(rig, location);
    close_session(rig, location);
  }
  assert_true(rig_allocated() < before + 64 * 1024);
}

static void without_webrtc_it_says_so(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  (void)state;
  assert_non_null(rig);
  rig->address = "pattern:?size=320x240&scene=static";
  rig_start(rig);
  assert_int_equal(offer(rig, "/whep/view", RIG_BEARER SDP, OFFER), 503);
  assert_non_null(strstr(answer.body, "--no-webrtc"));
  rig_stop(rig);
  free(rig);
}

/* The number of the TCP port came from the kernel: nobody has opened a firewall for that of UDP. */
static void a_port_in_use_is_left_to_who_has_it(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  char of_tcp[32];
  (void)state;
  assert_non_null(rig);
  rig->address = "pattern:?size=320x240&scene=static";
  rig->config.webrtc.enabled = true;
  open_error = -EADDRINUSE;
  rig_start(rig);
  assert_int_equal(open_error, 0);
  assert_int_equal(offer(rig, "/whep/view", RIG_BEARER SDP, OFFER), 201);
  snprintf(of_tcp, sizeof of_tcp, "127.0.0.1 %u typ host", rig->port);
  assert_non_null(strstr(answer.body, " 127.0.0.1 "));
  assert_null(strstr(answer.body, of_tcp));
  rig_stop(rig);
  free(rig);
}

/* What is short for a moment would otherwise leave WHEP off until somebody starts the server again. */
static void a_shortage_at_the_start_ends_it(void **state) {
  struct oriel_server_config config = {.listen = "127.0.0.1:0", .token = RIG_TOKEN, .webrtc = {.enabled = true}};
  struct oriel_server *server = NULL;
  char why[256] = "";
  uv_loop_t loop;
  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  open_error = -EMFILE;
  assert_int_equal(oriel_server_create(&loop, &config, &server, why, sizeof why), -EMFILE);
  assert_non_null(strstr(why, "UDP port"));
  assert_null(server);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

/* A candidate of IPv6 beside a port of IPv4 would be offered, and never answer. */
static void public_addresses_are_reachable(void **state) {
  static const char *const addresses[] = {"2001:db8::7", NULL};
  struct oriel_server_config config = {
    .listen = "127.0.0.1:0", .token = RIG_TOKEN, .webrtc = {.enabled = true, .public_addresses = addresses}};
  struct oriel_server *server = NULL;
  char why[256] = "";
  uv_loop_t loop;
  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(oriel_server_create(&loop, &config, &server, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "2001:db8::7 is of IPv6"));
  assert_null(server);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(offer_is_answered),
    cmocka_unit_test(offer_below_a_name),
    cmocka_unit_test(offers_are_refused_with_the_reason),
    cmocka_unit_test(methods_and_pages_of_others),
    cmocka_unit_test(pages_may_read_refusals),
    cmocka_unit_test(channels_are_for_who_plays),
    cmocka_unit_test(patches),
    cmocka_unit_test(noise_at_the_port),
    cmocka_unit_test(an_error_at_the_port_is_got_over),
    cmocka_unit_test(players_are_told_of_the_guest),
    cmocka_unit_test(what_happens_is_counted),
    cmocka_unit_test(sessions_leave_nothing_behind),
    cmocka_unit_test(sessions_belong_to_their_desktop),
    cmocka_unit_test(sessions_belong_to_who_opened_them),
    cmocka_unit_test(a_log_out_ends_its_sessions),
    cmocka_unit_test(places_are_limited),
    cmocka_unit_test(the_oldest_that_waits_makes_room),
    cmocka_unit_test(each_is_asked_when_it_is_due),
    cmocka_unit_test(addresses_together_wait_in_bounds),
    cmocka_unit_test(one_address_has_no_more_than_its_share),
    cmocka_unit_test(without_webrtc_it_says_so),
    cmocka_unit_test(a_port_in_use_is_left_to_who_has_it),
    cmocka_unit_test(a_shortage_at_the_start_ends_it),
    cmocka_unit_test(public_addresses_are_reachable),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
