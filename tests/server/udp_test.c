/* SPDX-License-Identifier: MIT
 *
 * The UDP socket of all media: batches both ways, addresses of both families, what is too long, what cannot be sent,
 * and what a kernel refuses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/address.h"
#include "server/udp.h"
#include "server/udp_message.h"

enum { PATIENCE_MS = 10000 };

/* ---- the kernel, as it may be ---- */

static int (*refusal)(const struct msghdr *message); /* why it takes a message not, an errno; 0; NULL = it takes all */
static bool without_port;                            /* all that comes is of port 0 */

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit);
int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit);

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  unsigned taken = 0;
  while (taken < count && !(refusal && refusal(&messages[taken].msg_hdr)))
    taken++;
  if (taken)
    return __real_sendmmsg(fd, messages, taken, flags);
  errno = refusal(&messages[0].msg_hdr);
  return -1;
}

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *limit) {
  const int taken = __real_recvmmsg(fd, messages, count, flags, limit);
  for (int i = 0; i < taken && without_port; i++)
    ((struct sockaddr_in *)messages[i].msg_hdr.msg_name)->sin_port = 0;
  return taken;
}

static uint16_t refused_port;

/** A group to refused_port is larger than its way takes. */
static int refuse_group_of_port(const struct msghdr *message) {
  const struct sockaddr_in *to = message->msg_name;
  return message->msg_iovlen > 1 && to->sin_port == htons(refused_port) ? EMSGSIZE : 0;
}

static int refuse_large(const struct msghdr *message) {
  return message->msg_iov[0].iov_len > 1000 ? ENOBUFS : 0;
}

/* ---- sockets ---- */

static struct oriel_udp *open_at(const char *text, bool any) {
  struct sockaddr_storage address;
  socklen_t size;
  struct oriel_udp *udp = malloc(sizeof *udp);
  assert_non_null(udp);
  assert_int_equal(oriel_address_parse(text, &address, &size), 0);
  if (oriel_udp_open(udp, (const struct sockaddr *)&address, 0, any) < 0) {
    free(udp);
    return NULL;
  }
  return udp;
}

static void close_all(struct oriel_udp *one, struct oriel_udp *other) {
  oriel_udp_close(one);
  oriel_udp_close(other);
  free(one);
  free(other);
}

static void write_to(struct oriel_udp *udp, const struct oriel_webrtc_address *to, uint8_t first, size_t size) {
  struct oriel_udp_datagram *slot = oriel_udp_slot(udp);
  assert_non_null(slot);
  memset(slot->data, first, size);
  slot->path = (struct oriel_webrtc_path){.peer = *to};
  slot->size = size;
  oriel_udp_commit(udp);
}

static unsigned wait_for(struct oriel_udp *udp) {
  struct pollfd ready = {.fd = udp->fd, .events = POLLIN};
  assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
  return oriel_udp_receive(udp);
}

static void batches_arrive_whole(struct oriel_udp *from, struct oriel_udp *to, const struct oriel_webrtc_address *at) {
  unsigned arrived = 0;
  for (unsigned i = 0; i < ORIEL_UDP_BATCH; i++)
    write_to(from, at, (uint8_t)i, 100 + i);
  assert_null(oriel_udp_slot(from));
  assert_true(oriel_udp_flush(from));
  assert_non_null(oriel_udp_slot(from));
  while (arrived < ORIEL_UDP_BATCH) {
    const unsigned count = wait_for(to);
    for (unsigned i = 0; i < count; i++, arrived++) {
      assert_int_equal(to->in[i].size, 100 + arrived);
      assert_int_equal(to->in[i].data[0], arrived);
      assert_int_equal(to->in[i].path.peer.port, from->port);
      assert_int_equal(to->in[i].path.peer.size, at->size);
    }
  }
  assert_int_equal(oriel_udp_receive(to), 0);
}

/** Runs of several sizes to one client, then some to a second: all arrives as it was written. */
static void runs_arrive_cut(struct oriel_udp *from, struct oriel_udp *to, struct oriel_udp *second) {
  static const size_t sizes[] = {1200, 1200, 1200, 700, 700, 900, 900, 900, 100, 1, 1, 1200};
  enum { COUNT = sizeof sizes / sizeof *sizes };
  unsigned arrived = 0;
  for (unsigned i = 0; i < COUNT; i++)
    write_to(from, &to->address, (uint8_t)i, sizes[i]);
  for (unsigned i = 0; i < 3; i++)
    write_to(from, &second->address, 77, 1200);
  assert_true(oriel_udp_flush(from));
  while (arrived < COUNT) {
    const unsigned count = wait_for(to);
    for (unsigned i = 0; i < count; i++, arrived++) {
      assert_int_equal(to->in[i].size, sizes[arrived]);
      assert_int_equal(to->in[i].data[0], arrived);
      assert_int_equal(to->in[i].data[sizes[arrived] - 1], arrived);
    }
  }
  for (arrived = 0; arrived < 3; arrived += wait_for(second))
    ;
  assert_int_equal(arrived, 3);
  assert_int_equal(from->refused, 0);
}

static void runs_of_one_size_go_as_one(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  struct oriel_udp *third = open_at("127.0.0.1:0", false);
  (void)state;
  runs_arrive_cut(one, other, third);
  if (!one->whole) /* a kernel that cuts */
    assert_int_equal(one->cut, 4 + 4 + 2 + 3); /* 1200 x 3 and 700; 900 x 3 and 100; 1 x 2; and those of the third */
  close_all(one, other);
  oriel_udp_close(third);
  free(third);
}

/* The kernel refuses to cut what is to have no checksum, as it does where a device cannot. */
static void what_the_kernel_does_not_cut_goes_by_itself(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  struct oriel_udp *third = open_at("127.0.0.2:0", false);
  const int on = 1;
  (void)state;
  assert_int_equal(setsockopt(one->fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  runs_arrive_cut(one, other, third);
  assert_true(one->whole);
  assert_int_equal(one->cut, 0);
  runs_arrive_cut(one, other, third); /* and stays so */
  close_all(one, other);
  oriel_udp_close(third);
  free(third);
}

static void one_client_that_nothing_is_cut_for_stays_one(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  struct oriel_udp *third = open_at("127.0.0.2:0", false);
  (void)state;
  refused_port = other->port;
  refusal = refuse_group_of_port;
  runs_arrive_cut(one, other, third);
  runs_arrive_cut(one, other, third);
  refusal = NULL;
  assert_false(one->whole);
  assert_int_equal(one->cut, 2 * 3); /* those of the third */
  assert_int_equal(one->uncut.port, other->port);
  close_all(one, other);
  oriel_udp_close(third);
  free(third);
}

static void what_routers_say_of_a_way_is_ignored(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *both = open_at("[::]:0", false);
  int value = -1;
  socklen_t size = sizeof value;
  (void)state;
  assert_int_equal(getsockopt(one->fd, IPPROTO_IP, IP_MTU_DISCOVER, &value, &size), 0);
  assert_int_equal(value, IP_PMTUDISC_OMIT);
  oriel_udp_close(one);
  free(one);
  if (!both)
    return; /* a host without IPv6 */
  assert_int_equal(getsockopt(both->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &value, &size), 0);
  assert_int_equal(value, IPV6_PMTUDISC_OMIT);
  oriel_udp_close(both);
  free(both);
}

/* What is sent to port 0 is an error, which would be blamed on what it goes with. */
static void what_nobody_can_answer_is_left_out(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  (void)state;
  write_to(one, &other->address, 1, 100);
  assert_true(oriel_udp_flush(one));
  without_port = true;
  assert_int_equal(wait_for(other), 1);
  without_port = false;
  assert_int_equal(other->in[0].size, 0);
  close_all(one, other);
}

static void batches_of_v4(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  (void)state;
  assert_true(one && other && one->port && one->port != other->port && !one->any);
  batches_arrive_whole(one, other, &other->address);
  close_all(one, other);
}

static void batches_of_v6(void **state) {
  struct oriel_udp *one = open_at("[::1]:0", false), *other = open_at("[::1]:0", false);
  (void)state;
  if (!one || !other) { /* a host without IPv6 */
    free(one);
    free(other);
    return;
  }
  batches_arrive_whole(one, other, &other->address);
  close_all(one, other);
}

/* A socket of both families names a client of IPv4 as one of IPv4 names it. */
static void v4_at_a_socket_of_both(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *both = open_at("[::]:0", false);
  (void)state;
  if (!both) {
    oriel_udp_close(one);
    free(one);
    return;
  }
  struct oriel_webrtc_address at = one->address;
  at.port = both->port;
  batches_arrive_whole(one, both, &at);
  batches_arrive_whole(both, one, &one->address);
  close_all(one, both);
}

/** `any` is bound to all addresses. What comes to the second of this host's is answered from there, and by a client that
 *  takes nothing else, also where it is cut apart; what comes to the first from the first. */
static void answers_leave_from_where_they_were_asked(struct oriel_udp *any, const char *ours) {
  static const char *const clients[] = {"127.0.0.1:0", "127.0.0.3:0"};
  enum { ANSWERS = 5 };
  struct oriel_webrtc_address at;
  struct sockaddr_storage address;
  socklen_t size;
  assert_int_equal(oriel_address_parse(ours, &address, &size), 0);
  at = oriel_udp_address_of((const struct sockaddr *)&address);
  at.port = any->port;
  for (unsigned i = 0; i < 2; i++) {
    struct oriel_udp *client = open_at(clients[i], false);
    write_to(client, &at, 1, 10);
    assert_true(oriel_udp_flush(client));
    assert_int_equal(wait_for(any), 1);
    const struct oriel_webrtc_path path = any->in[0].path;
    assert_memory_equal(path.local.bytes, at.bytes, sizeof at.bytes);
    for (unsigned n = 0; n < ANSWERS; n++) {
      write_to(any, &path.peer, 2, 1200);
      any->out[n].path = path;
    }
    assert_true(oriel_udp_flush(any));
    for (unsigned arrived = 0; arrived < ANSWERS;) {
      const unsigned count = wait_for(client);
      for (unsigned n = 0; n < count; n++, arrived++)
        assert_true(client->in[n].size == 1200 && oriel_webrtc_address_equal(&client->in[n].path.peer, &at));
    }
    oriel_udp_close(client);
    free(client);
  }
  assert_int_equal(any->refused, 0);
}

static void several_addresses_of_v4(void **state) {
  struct oriel_udp *any = open_at("127.0.0.1:0", true);
  (void)state;
  answers_leave_from_where_they_were_asked(any, "127.0.0.1:1");
  answers_leave_from_where_they_were_asked(any, "127.0.0.2:1");
  if (!any->whole)
    assert_int_equal(any->cut, 4 * 5); /* they still go as one */
  oriel_udp_close(any);
  free(any);
}

static void several_addresses_at_a_socket_of_both(void **state) {
  struct oriel_udp *any = open_at("[::]:0", false);
  (void)state;
  if (!any)
    return; /* a host without IPv6 */
  answers_leave_from_where_they_were_asked(any, "127.0.0.2:1");
  oriel_udp_close(any);
  free(any);
}

/* It costs nobody else anything: what cannot go from there alone is lost, and cutting stays. */
static void address_that_has_gone_is_a_loss(void **state) {
  struct oriel_udp *any = open_at("127.0.0.1:0", true), *other = open_at("127.0.0.1:0", false);
  struct oriel_udp *third = open_at("127.0.0.2:0", false);
  const uint8_t gone[4] = {192, 0, 2, 1};
  (void)state;
  for (unsigned i = 0; i < 6; i++) {
    write_to(any, i < 3 ? &other->address : &third->address, 1, 1200);
    any->out[i].path.local = oriel_webrtc_address_make(gone, 4, 0);
  }
  assert_true(oriel_udp_flush(any));
  assert_int_equal(any->refused, 6);
  assert_false(any->whole);
  close_all(any, other);
  oriel_udp_close(third);
  free(third);
}

/* The kernel says so with the next datagram for which there is room. */
static void lost_ones_are_counted(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  const int small = 4096;
  (void)state;
  assert_int_equal(setsockopt(other->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  for (unsigned i = 0; i < 2 * ORIEL_UDP_BATCH; i++) {
    if (!oriel_udp_slot(one))
      assert_true(oriel_udp_flush(one));
    write_to(one, &other->address, 1, 1200);
  }
  assert_true(oriel_udp_flush(one));
  unsigned arrived = 0;
  for (unsigned count; (count = oriel_udp_receive(other)) > 0;)
    arrived += count;
  assert_true(arrived < 2 * ORIEL_UDP_BATCH);
  write_to(one, &other->address, 1, 100);
  assert_true(oriel_udp_flush(one));
  assert_int_equal(wait_for(other), 1);
  assert_int_equal(other->lost, 2 * ORIEL_UDP_BATCH - arrived);
  close_all(one, other);
}

static void too_long_ones_are_left_out(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false);
  static uint8_t large[ORIEL_WEBRTC_DATAGRAM_MAX + 1];
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(one->port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  (void)state;
  assert_int_equal(sendto(fd, large, sizeof large, 0, (const struct sockaddr *)&to, sizeof to), sizeof large);
  assert_int_equal(wait_for(one), 1);
  assert_int_equal(one->in[0].size, 0);
  assert_int_equal(sendto(fd, large, sizeof large - 1, 0, (const struct sockaddr *)&to, sizeof to), sizeof large - 1);
  assert_int_equal(wait_for(one), 1);
  assert_int_equal(one->in[0].size, sizeof large - 1);
  close(fd);
  oriel_udp_close(one);
  free(one);
}

static void what_cannot_go_holds_up_nothing(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  const uint8_t nowhere[4] = {255, 255, 255, 255}; /* a broadcast, which is not permitted to it */
  const struct oriel_webrtc_address bad = oriel_webrtc_address_make(nowhere, 4, 9);
  (void)state;
  write_to(one, &bad, 1, 10);
  write_to(one, &other->address, 2, 10);
  write_to(one, &bad, 3, 10);
  write_to(one, &other->address, 4, 10);
  assert_true(oriel_udp_flush(one));
  assert_int_equal(one->refused, 2);
  unsigned arrived = 0;
  while (arrived < 2)
    arrived += wait_for(other);
  close_all(one, other);
}

/* The socket has room all the while: waiting for that was a loop without a pause. */
static void want_of_memory_is_a_loss(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *other = open_at("127.0.0.1:0", false);
  (void)state;
  refusal = refuse_large;
  write_to(one, &other->address, 1, 1200);
  write_to(one, &other->address, 2, 100);
  const bool flushed = oriel_udp_flush(one);
  refusal = NULL;
  assert_true(flushed);
  assert_int_equal(one->refused, 1);
  assert_int_equal(wait_for(other), 1);
  assert_int_equal(other->in[0].size, 100);
  close_all(one, other);
}

static void addresses_for_others(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *any = open_at("127.0.0.1:0", true);
  struct oriel_webrtc_address found[ORIEL_SDP_CANDIDATES_MAX];
  (void)state;
  assert_int_equal(oriel_udp_addresses(one, found, ORIEL_SDP_CANDIDATES_MAX), 1);
  assert_true(oriel_webrtc_address_equal(&found[0], &one->address));
  assert_true(any->any);
  const unsigned count = oriel_udp_addresses(any, found, ORIEL_SDP_CANDIDATES_MAX);
  assert_true(count >= 1 && count <= ORIEL_SDP_CANDIDATES_MAX);
  for (unsigned i = 0; i < count; i++)
    assert_int_equal(found[i].port, any->port);
  assert_int_equal(oriel_udp_addresses(any, found, 1), 1);
  close_all(one, any);
}

static void port_in_use(void **state) {
  struct oriel_udp *one = open_at("127.0.0.1:0", false), *again = malloc(sizeof *again);
  const struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  (void)state;
  assert_non_null(again);
  assert_true(oriel_udp_open(again, (const struct sockaddr *)&at, one->port, false) < 0);
  assert_int_equal(again->fd, -1);
  close_all(one, again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(runs_of_one_size_go_as_one),
    cmocka_unit_test(what_the_kernel_does_not_cut_goes_by_itself),
    cmocka_unit_test(one_client_that_nothing_is_cut_for_stays_one),
    cmocka_unit_test(what_routers_say_of_a_way_is_ignored),
    cmocka_unit_test(what_nobody_can_answer_is_left_out),
    cmocka_unit_test(batches_of_v4),
    cmocka_unit_test(batches_of_v6),
    cmocka_unit_test(v4_at_a_socket_of_both),
    cmocka_unit_test(several_addresses_of_v4),
    cmocka_unit_test(several_addresses_at_a_socket_of_both),
    cmocka_unit_test(address_that_has_gone_is_a_loss),
    cmocka_unit_test(lost_ones_are_counted),
    cmocka_unit_test(too_long_ones_are_left_out),
    cmocka_unit_test(what_cannot_go_holds_up_nothing),
    cmocka_unit_test(want_of_memory_is_a_loss),
    cmocka_unit_test(addresses_for_others),
    cmocka_unit_test(port_in_use),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
