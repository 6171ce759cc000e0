/* SPDX-License-Identifier: MIT
 *
 * source/qemu/connection: peers that stop anywhere, and that send descriptors nobody asked for.
 */
#include "source/qemu/connection.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 15000 };

static const char answers[] = "OK 00112233445566778899aabbccddeeff\r\nAGREE_UNIX_FD\r\n";

static struct {
  GMainContext *context;
  struct oriel_qemu_connection *connection;
  int peer;
  bool opened, closed;
  char why[128];
  atomic_uint calls;
  atomic_bool released;
} test;

static void on_opened(void *user, const char *error) {
  (void)user;
  assert_null(error);
  test.opened = true;
  oriel_qemu_connection_start(test.connection);
}

static GDBusMessage *on_called(void *user, GDBusMessage *call) {
  (void)user, (void)call;
  atomic_fetch_add(&test.calls, 1);
  return NULL;
}

static void on_closed(void *user, const char *why) {
  (void)user;
  test.closed = true;
  snprintf(test.why, sizeof test.why, "%s", why);
}

static void on_released(void *user) {
  (void)user;
  atomic_store(&test.released, true);
}

static const struct oriel_qemu_connection_events events = {
  .opened = on_opened, .called = on_called, .closed = on_closed, .released = on_released};

static int begin(void **state) {
  (void)state;
  int pair[2];
  test.opened = test.closed = false;
  atomic_store(&test.calls, 0);
  atomic_store(&test.released, false);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  test.peer = pair[1];
  test.context = g_main_context_new();
  assert_true(g_main_context_acquire(test.context)); /* all along, as the session's loop has it */
  assert_int_equal(oriel_qemu_connection_create(test.context, pair[0], "test", &events, NULL, &test.connection), 0);
  return 0;
}

/** The thread ends, whatever the peer left it in. */
static int end(void **state) {
  (void)state;
  oriel_qemu_connection_close(test.connection);
  for (int waited = 0; !atomic_load(&test.released); waited++) {
    assert_true(waited < PATIENCE_MS);
    while (g_main_context_iteration(test.context, FALSE)) /* what was told and comes too late */
      ;
    g_usleep(1000);
  }
  close(test.peer);
  g_main_context_release(test.context);
  g_main_context_unref(test.context);
  return 0;
}

static void say(const void *bytes, size_t size) {
  assert_int_equal(send(test.peer, bytes, size, MSG_NOSIGNAL), size);
}

static gboolean on_late(gpointer user) {
  (void)user;
  fail_msg("nothing was told");
  return G_SOURCE_REMOVE;
}

static void wait_until(const bool *told) {
  GSource *late = g_timeout_source_new(PATIENCE_MS);
  g_source_set_callback(late, on_late, NULL, NULL);
  g_source_attach(late, test.context);
  while (!*told)
    g_main_context_iteration(test.context, TRUE);
  g_source_destroy(late);
  g_source_unref(late);
}

static void log_in(void) {
  say(answers, sizeof answers - 1);
  wait_until(&test.opened);
}

/** A call without arguments that says it has so many descriptors, which GLib would not say without having them. */
static GByteArray *make_call(uint32_t descriptors) {
  GDBusMessage *call = g_dbus_message_new_method_call(NULL, "/", "org.example", "Do");
  g_dbus_message_set_serial(call, 1);
  gsize size = 0;
  guchar *blob = g_dbus_message_to_blob(call, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  assert_non_null(blob);
  g_object_unref(call);
  GByteArray *bytes = g_byte_array_new_take(blob, size); /* with its fields filled up to a multiple of 8 bytes */
  if (descriptors) {
    const uint32_t fields = (uint32_t)(size - 16 + 8);
    g_byte_array_append(bytes, (const uint8_t[]){9, 1, 'u', 0}, 4);
    g_byte_array_append(bytes, (const uint8_t *)&descriptors, 4);
    memcpy(bytes->data + 12, &fields, sizeof fields);
  }
  return bytes;
}

/** Sends so many copies of a descriptor with the bytes. */
static void say_with(const uint8_t *bytes, size_t size, int fd, size_t count) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(64 * sizeof(int))];
  } control = {0};
  struct iovec vector = {.iov_base = (void *)bytes, .iov_len = size};
  struct msghdr message = {
    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(count * sizeof fd)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof fd);
  for (size_t i = 0; i < count; i++)
    memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
  assert_int_equal(sendmsg(test.peer, &message, MSG_NOSIGNAL), size);
}

/** No copy of a pipe's writing end is left. */
static void expect_let_go(int reading) {
  struct pollfd waiting = {.fd = reading};
  assert_int_equal(poll(&waiting, 1, PATIENCE_MS), 1);
  assert_true(waiting.revents & POLLHUP);
}

static void send_descriptors(uint32_t said, size_t sent, size_t part) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  GByteArray *call = make_call(said);
  say_with(call->data, part ? part : call->len, ends[1], sent);
  close(ends[1]);
  if (part) /* and some with the rest */
    say(call->data + part, call->len - part);
  g_byte_array_unref(call);
  expect_let_go(ends[0]);
  close(ends[0]);
}

static void connection_takes_descriptors(void **state) {
  (void)state;
  log_in();
  send_descriptors(1, 1, 0);
  send_descriptors(16, 16, 0);
  send_descriptors(2, 2, 5);
  send_descriptors(2, 2, 40);
  assert_int_equal(atomic_load(&test.calls), 4);
  assert_false(test.closed);
}

static void connection_closes_what_no_message_names(void **state) {
  (void)state;
  static const struct {
    uint32_t said;
    size_t sent;
    const char *why;
  } odd[] = {{0, 1, "no D-Bus message"}, {1, 2, "no D-Bus message"}, {2, 1, "no D-Bus message"},
             {UINT32_MAX, 1, "no D-Bus message"}, {17, 17, "more descriptors"}, {0, 64, "more descriptors"}};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    if (i)
      begin(NULL);
    log_in();
    send_descriptors(odd[i].said, odd[i].sent, 0);
    wait_until(&test.closed);
    assert_non_null(strstr(test.why, odd[i].why));
    assert_int_equal(atomic_load(&test.calls), 0);
    if (i + 1 < sizeof odd / sizeof *odd)
      end(NULL);
  }
}

/* In the middle of the log-in, at each byte: the owner lets go, and the thread ends (end() waits for it). */
static void connection_ends_while_logging_in(void **state) {
  (void)state;
  for (size_t cut = 0; cut < sizeof answers - 1; cut++) {
    say(answers, cut);
    end(NULL);
    begin(NULL);
  }
}

/* In the middle of a message, at each byte, with a descriptor on its way; both the owner's end and the peer's. */
static void connection_ends_in_a_message(void **state) {
  (void)state;
  GByteArray *call = make_call(1);
  for (guint cut = 1; cut < call->len; cut++) {
    int ends[2];
    log_in();
    assert_int_equal(pipe(ends), 0);
    say_with(call->data, cut, ends[1], 1);
    close(ends[1]);
    if (cut % 2) {
      assert_int_equal(shutdown(test.peer, SHUT_WR), 0);
      wait_until(&test.closed);
    }
    end(NULL);
    expect_let_go(ends[0]);
    close(ends[0]);
    begin(NULL);
  }
  g_byte_array_unref(call);
}

/* The owner lets go in the midst of a flood. */
static void connection_ends_in_a_flood(void **state) {
  (void)state;
  GByteArray *call = make_call(0);
  for (unsigned round = 0; round < 50; round++) {
    log_in();
    ssize_t sent = call->len;
    while (sent == (ssize_t)call->len && atomic_load(&test.calls) < 20)
      sent = send(test.peer, call->data, call->len, MSG_NOSIGNAL);
    end(NULL);
    begin(NULL);
  }
  g_byte_array_unref(call);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(connection_takes_descriptors, begin, end),
    cmocka_unit_test_setup_teardown(connection_closes_what_no_message_names, begin, end),
    cmocka_unit_test_setup_teardown(connection_ends_while_logging_in, begin, end),
    cmocka_unit_test_setup_teardown(connection_ends_in_a_message, begin, end),
    cmocka_unit_test_setup_teardown(connection_ends_in_a_flood, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
