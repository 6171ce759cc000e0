/* SPDX-License-Identifier: MIT
 *
 * A page's video by WebRTC beside its WebSocket, at a real server: who may bind a session to a viewer, what leaves by
 * which way, and how it comes back. The session's own end is played here; DTLS and RTP are looked at in tests/webrtc.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../webrtc/offers.h"
#include "page.h"
#include "server/server.h"
#include "server/state.h"
#include "webrtc/session.h"

#define SDP "Content-Type: application/sdp\r\n"
#define RTP_TIME 0x01020304u

enum { TICKET_SIZE = ORIEL_VIEWER_SECRET_SIZE, LOCATION_SIZE = 256 };

static struct answer answer;
static struct frame frame;

/* ---- a session as the test wants it; read by the loop's thread ---- */

static atomic_int session_state; /* enum oriel_webrtc_state */
static atomic_bool session_full;
static atomic_uint session_pictures; /* handed to it */

enum oriel_webrtc_state __wrap_oriel_webrtc_session_state(const struct oriel_webrtc_session *session);
bool __wrap_oriel_webrtc_session_has_room(const struct oriel_webrtc_session *session);
bool __wrap_oriel_webrtc_session_send(struct oriel_webrtc_session *session, struct oriel_packet *packet,
                                      uint64_t now_ns);
uint32_t __wrap_oriel_webrtc_session_picture_time(const struct oriel_webrtc_session *session);

enum oriel_webrtc_state __wrap_oriel_webrtc_session_state(const struct oriel_webrtc_session *session) {
  (void)session;
  return (enum oriel_webrtc_state)atomic_load(&session_state);
}

bool __wrap_oriel_webrtc_session_has_room(const struct oriel_webrtc_session *session) {
  (void)session;
  return !atomic_load(&session_full);
}

bool __wrap_oriel_webrtc_session_send(struct oriel_webrtc_session *session, struct oriel_packet *packet,
                                      uint64_t now_ns) {
  (void)session;
  (void)now_ns;
  assert_int_equal(packet->kind, ORIEL_PACKET_VIDEO);
  atomic_fetch_add(&session_pictures, 1);
  return true;
}

uint32_t __wrap_oriel_webrtc_session_picture_time(const struct oriel_webrtc_session *session) {
  (void)session;
  return RTP_TIME;
}

/* ---- a page ---- */

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  assert_non_null(rig);
  rig->address = "pattern:?size=320x240&scene=motion&fps=60";
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig->config.auth_fail_limit = 1000;
  rig->config.webrtc = (struct oriel_server_webrtc){.enabled = true};
  rig_start(rig);
  *state = rig;
  return 0;
}

static void hello(int fd, uint32_t capabilities) {
  const uint8_t message[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, 1, 0, 0, 0,
                               (uint8_t)capabilities, (uint8_t)(capabilities >> 8)};
  assert_true(ws_send(fd, true, 2, message, sizeof message));
}

/** Says hello and waits for the ticket, as a page that acknowledges what comes before it. */
static void take_ticket(int fd, char ticket[TICKET_SIZE + 1]) {
  hello(fd, ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_WEBRTC);
  do {
    assert_int_not_equal(ws_read(fd, &frame), -1);
    (void)ws_attend(fd, &frame);
  } while (frame.data[0] != ORIEL_VIEWER_MEDIA_TICKET);
  assert_int_equal(frame.size, 4 + TICKET_SIZE);
  memcpy(ticket, frame.data + 4, TICKET_SIZE);
  ticket[TICKET_SIZE] = '\0';
}

/** Joins, and has its ticket. */
static int join(const struct rig *rig, char ticket[TICKET_SIZE + 1]) {
  const int fd = ws_open(rig);
  take_ticket(fd, ticket);
  return fd;
}

static int offer(struct rig *rig, const char *credential, const char *ticket, char location[LOCATION_SIZE]) {
  char headers[2 * PAGE_HEADERS_MAX];
  snprintf(headers, sizeof headers, "%s" SDP "%s%s%s", credential, ticket ? "Oriel-Media-Ticket: " : "",
           ticket ? ticket : "", ticket ? "\r\n" : "");
  const int status = ask(rig, &answer, "POST /whep/view", headers, OFFER);
  if (location)
    header_of(&answer, "Location", location, LOCATION_SIZE);
  return status;
}

static int look(struct rig *rig, const char *location) {
  char request[LOCATION_SIZE + 8];
  snprintf(request, sizeof request, "GET %.*s", LOCATION_SIZE - 1, location);
  return ask(rig, &answer, request, RIG_BEARER, NULL);
}

static void choose(int fd, enum oriel_viewer_picture_way way) {
  const uint8_t message[5] = {ORIEL_VIEWER_PICTURE_WAY, 0, 0, 0, (uint8_t)way};
  assert_true(ws_send(fd, true, 2, message, sizeof message));
}

/** The next video picture; acknowledges what comes. Its flags. */
static unsigned next_video(int fd) {
  do {
    assert_int_not_equal(ws_read(fd, &frame), -1);
    (void)ws_attend(fd, &frame);
  } while (frame.data[0] != ORIEL_VIEWER_VIDEO);
  return frame.data[1];
}

/** The first one that has these flags among `mask`. */
static void until_video(int fd, unsigned mask, unsigned flags) {
  unsigned tries = 0;
  while ((next_video(fd) & mask) != flags)
    assert_true(++tries < 600);
}

static void begin(void) {
  atomic_store(&session_state, ORIEL_WEBRTC_OPEN);
  atomic_store(&session_full, false);
  atomic_store(&session_pictures, 0);
}

/* ---- who may ---- */

static void tickets_are_for_who_can_use_them(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1], other[TICKET_SIZE + 1];
  begin();
  const int first = join(rig, ticket), second = join(rig, other);
  assert_string_not_equal(ticket, other);
  const int without = ws_open(rig);
  hello(without, ORIEL_VIEWER_CAP_H264);
  for (unsigned i = 0; i < 20; i++) {
    (void)next_video(without);
    assert_int_not_equal(frame.data[0], ORIEL_VIEWER_MEDIA_TICKET);
  }
  close(without);
  close(first);
  close(second);
  assert_true(rig_until(rig, no_viewers, 5000));
}

static void offers_are_bound_by_their_ticket(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1], wrong[TICKET_SIZE + 1], location[LOCATION_SIZE];
  begin();
  const int fd = join(rig, ticket);
  strcpy(wrong, ticket);
  wrong[TICKET_SIZE - 1] ^= 1;
  assert_int_equal(offer(rig, RIG_BEARER, wrong, NULL), 404);
  assert_int_equal(offer(rig, RIG_BEARER, "", NULL), 404);
  assert_int_equal(offer(rig, RIG_BEARER, "0", NULL), 404);
  assert_int_equal(offer(rig, "", ticket, NULL), 401);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, location), 201);
  assert_int_equal(look(rig, location), 200);
  assert_int_equal(ask(rig, &answer, "GET /api/v1/stats", RIG_BEARER, NULL), 200);
  assert_non_null(strstr(answer.body, "\"viewers\":1,"));
  close(fd);
  assert_true(rig_until(rig, no_viewers, 5000));
  assert_int_equal(look(rig, location), 404);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, NULL), 404);
}

/* A ticket that leaks is of no use without the log-in that its page has. */
static void tickets_belong_to_a_log_in(void **state) {
  struct rig *rig = *state;
  char headers[PAGE_HEADERS_MAX], others[PAGE_HEADERS_MAX], ticket[TICKET_SIZE + 1];
  begin();
  page_login(rig, RIG_TOKEN, headers, sizeof headers);
  page_login(rig, RIG_TOKEN, others, sizeof others);
  const int fd = page_open(rig, headers);
  page_authenticate(fd, page_secret(headers));
  take_ticket(fd, ticket);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, NULL), 404);
  assert_int_equal(offer(rig, others, ticket, NULL), 404);
  assert_int_equal(offer(rig, headers, ticket, NULL), 201);
  close(fd);
  assert_true(rig_until(rig, no_viewers, 5000));
}

static void a_pages_session_takes_no_place(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1], location[LOCATION_SIZE], again[LOCATION_SIZE];
  begin();
  const struct oriel_mount_config config = {.name = "small", .viewers_max = 1};
  struct rig_more *more = rig_mount(rig, &config, "pattern:?size=320x240&scene=motion&fps=60");
  rig->below = "/d/small";
  const int fd = join(rig, ticket);
  rig->below = NULL;
  char headers[512];
  snprintf(headers, sizeof headers, RIG_BEARER SDP "Oriel-Media-Ticket: %s\r\n", ticket);
  assert_int_equal(ask(rig, &answer, "POST /d/small/whep/view", RIG_BEARER SDP, OFFER), 503);
  assert_int_equal(ask(rig, &answer, "POST /d/small/whep/view", headers, OFFER), 201);
  header_of(&answer, "Location", location, sizeof location);
  assert_int_equal(ask(rig, &answer, "POST /whep/view", headers, OFFER), 404); /* of another desktop */
  assert_int_equal(ask(rig, &answer, "POST /d/small/whep/view", headers, OFFER), 201);
  header_of(&answer, "Location", again, sizeof again);
  assert_int_equal(look(rig, location), 404);
  assert_int_equal(look(rig, again), 200);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_SOCKET);
  (void)next_video(fd);
  (void)next_video(fd);
  assert_int_equal(look(rig, again), 404);
  close(fd);
  rig_unmount(rig, more);
}

/* ---- what goes where ---- */

static void assert_way(bool rtp, bool unit) {
  const unsigned flags = frame.data[1];
  const size_t head = ORIEL_VIEWER_PICTURE_HEADER_SIZE + (rtp ? 4 : 0);
  assert_int_equal((flags & ORIEL_VIEWER_FLAG_RTP) != 0, rtp);
  assert_int_equal(frame.size > head, unit);
  if (rtp)
    assert_memory_equal(frame.data + ORIEL_VIEWER_PICTURE_HEADER_SIZE, "\x04\x03\x02\x01", 4);
}

static void video_goes_by_both_from_a_key_frame_on_and_then_alone(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1];
  begin();
  const int fd = join(rig, ticket);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, NULL), 201);
  (void)next_video(fd);
  assert_way(false, true);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_BOTH);
  until_video(fd, ORIEL_VIEWER_FLAG_RTP, ORIEL_VIEWER_FLAG_RTP);
  assert_true(frame.data[1] & ORIEL_VIEWER_FLAG_KEY); /* the first that RTP has */
  assert_way(true, true);
  assert_false(next_video(fd) & ORIEL_VIEWER_FLAG_KEY);
  assert_way(true, true);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_RTP);
  unsigned both = 0;
  do
    assert_false(next_video(fd) & ORIEL_VIEWER_FLAG_KEY); /* nothing begins anew */
  while (frame.size > ORIEL_VIEWER_PICTURE_HEADER_SIZE + 4 && ++both < 100);
  assert_way(true, false);
  assert_true(atomic_load(&session_pictures) >= 3);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_SOCKET);
  until_video(fd, ORIEL_VIEWER_FLAG_RTP, 0);
  assert_true(frame.data[1] & ORIEL_VIEWER_FLAG_KEY);
  assert_way(false, true);
  close(fd);
  assert_true(rig_until(rig, no_viewers, 5000));
}

static void a_session_that_ends_leads_back_to_the_socket(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1], location[LOCATION_SIZE];
  begin();
  const int fd = join(rig, ticket);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, location), 201);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_RTP); /* at once: a key frame comes by RTP then */
  until_video(fd, ORIEL_VIEWER_FLAG_RTP, ORIEL_VIEWER_FLAG_RTP);
  assert_true(frame.data[1] & ORIEL_VIEWER_FLAG_KEY);
  assert_way(true, false);
  atomic_store(&session_state, ORIEL_WEBRTC_ENDED);
  until_video(fd, ORIEL_VIEWER_FLAG_RTP, 0);
  assert_true(frame.data[1] & ORIEL_VIEWER_FLAG_KEY);
  assert_way(false, true);
  assert_int_equal(look(rig, location), 404);
  close(fd);
  assert_true(rig_until(rig, no_viewers, 5000));
}

/* What cannot leave is not made: nothing but pings comes while the session has as much as it may. */
static void a_full_session_holds_the_pictures(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1];
  begin();
  const int fd = join(rig, ticket);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, NULL), 201);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_RTP);
  until_video(fd, ORIEL_VIEWER_FLAG_RTP, ORIEL_VIEWER_FLAG_RTP);
  atomic_store(&session_full, true);
  unsigned pictures = 0, pings = 0;
  while (pings < 2) { /* a second apart */
    assert_int_not_equal(ws_read(fd, &frame), -1);
    (void)ws_attend(fd, &frame);
    pictures += frame.data[0] == ORIEL_VIEWER_VIDEO;
    pings += frame.data[0] == ORIEL_VIEWER_PING;
  }
  assert_true(pictures < 30); /* of more than 60: those before its session was asked again */
  atomic_store(&session_full, false);
  for (unsigned i = 0; i < 10; i++)
    (void)next_video(fd);
  close(fd);
  assert_true(rig_until(rig, no_viewers, 5000));
}

static void without_a_session_all_stays_on_the_socket(void **state) {
  struct rig *rig = *state;
  char ticket[TICKET_SIZE + 1];
  begin();
  const int fd = join(rig, ticket);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_RTP);
  for (unsigned i = 0; i < 10; i++) {
    (void)next_video(fd);
    assert_way(false, true);
  }
  atomic_store(&session_state, ORIEL_WEBRTC_WAITING);
  assert_int_equal(offer(rig, RIG_BEARER, ticket, NULL), 201);
  choose(fd, ORIEL_VIEWER_PICTURE_WAY_BOTH); /* it is not connected */
  for (unsigned i = 0; i < 10; i++) {
    (void)next_video(fd);
    assert_way(false, true);
  }
  close(fd);
  assert_true(rig_until(rig, no_viewers, 5000));
}

static void without_webrtc_there_are_no_tickets(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  (void)state;
  assert_non_null(rig);
  rig->address = "pattern:?size=320x240&scene=motion&fps=60";
  rig_start(rig);
  const int fd = ws_open(rig);
  hello(fd, ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_WEBRTC);
  for (unsigned i = 0; i < 20; i++) {
    assert_int_not_equal(ws_read(fd, &frame), -1);
    (void)ws_attend(fd, &frame);
    assert_int_not_equal(frame.data[0], ORIEL_VIEWER_MEDIA_TICKET);
  }
  close(fd);
  rig_stop(rig);
  free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(tickets_are_for_who_can_use_them),
    cmocka_unit_test(offers_are_bound_by_their_ticket),
    cmocka_unit_test(tickets_belong_to_a_log_in),
    cmocka_unit_test(a_pages_session_takes_no_place),
    cmocka_unit_test(video_goes_by_both_from_a_key_frame_on_and_then_alone),
    cmocka_unit_test(a_session_that_ends_leads_back_to_the_socket),
    cmocka_unit_test(a_full_session_holds_the_pictures),
    cmocka_unit_test(without_a_session_all_stays_on_the_socket),
    cmocka_unit_test(without_webrtc_there_are_no_tickets),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
