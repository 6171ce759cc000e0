/* SPDX-License-Identifier: MIT
 *
 * The two lines of the mux handshake, and the names of vsock sockets; neither opens a vsock socket.
 */
#include "transport/mux.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "transport/fd.h"
#include "transport/stream.h"
#include "transport/unix.h"
#include "transport/vsock.h"

static int push(struct oriel_mux_line *line, const char *bytes, size_t size) {
  int result = 0;
  for (size_t i = 0; i < size && !result; i++)
    result = oriel_mux_line_push(line, bytes[i]);
  return result;
}

static void line_limits(void **state) {
  (void)state;
  struct oriel_mux_line line = {.have = 0};
  char text[40];
  memset(text, 'a', sizeof text);
  text[31] = '\n'; /* the 32nd byte */
  assert_int_equal(push(&line, text, 32), 1);
  assert_int_equal(strlen(line.text), 31);
  line = (struct oriel_mux_line){.have = 0};
  text[31] = 'a';
  assert_int_equal(push(&line, text, 32), -EBADMSG);
  line = (struct oriel_mux_line){.have = 0};
  assert_int_equal(push(&line, "OK\0", 3), -EBADMSG);
  line = (struct oriel_mux_line){.have = 0};
  assert_int_equal(push(&line, "OK 1\r", 5), -EBADMSG);
}

static void line_leaves_the_stream(void **state) {
  (void)state;
  int ends[2];
  char rest[8];
  struct oriel_mux_line line = {.have = 0};
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  assert_int_equal(oriel_fd_prepare(ends[0]), 0);
  assert_int_equal(write(ends[1], "OK 10", 5), 5);
  assert_int_equal(oriel_mux_line_read(&line, ends[0]), -EAGAIN);
  assert_int_equal(write(ends[1], "73\nsound", 8), 8);
  assert_int_equal(oriel_mux_line_read(&line, ends[0]), 1);
  assert_string_equal(line.text, "OK 1073");
  assert_int_equal(oriel_stream_receive(ends[0], rest, sizeof rest), 5);
  assert_memory_equal(rest, "sound", 5);
  close(ends[1]);
  line = (struct oriel_mux_line){.have = 0};
  assert_int_equal(oriel_mux_line_read(&line, ends[0]), -ECONNRESET);
  close(ends[0]);
}

static void lines_of_both_sides(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "", "OK", "OK ", "OK x", "OK 1 ", "OK -1", "OK 4294967296", "OK 99999999999", "ok 1", " OK 1", "CONNECT 1"};
  char text[ORIEL_MUX_LINE_MAX];
  uint32_t port = 77;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(oriel_mux_parse_ok(wrong[i], &port), -EBADMSG);
  assert_int_equal(oriel_mux_parse_connect("OK 1", &port), -EBADMSG);
  assert_int_equal(oriel_mux_parse_connect("CONNECT 1 2", &port), -EBADMSG);
  assert_int_equal(port, 77);
  assert_int_equal(oriel_mux_parse_ok("OK 4294967295", &port), 0);
  assert_int_equal(port, UINT32_MAX);
  const size_t size = oriel_mux_write_connect(UINT32_MAX, text);
  assert_int_equal(size, 19);
  assert_string_equal(text, "CONNECT 4294967295\n");
  text[size - 1] = '\0';
  assert_int_equal(oriel_mux_parse_connect(text, &port), 0);
  assert_int_equal(oriel_mux_write_ok(5, text), 5);
  assert_string_equal(text, "OK 5\n");
}

/* The dialer goes to PATH; a guest's connection to the host's port N arrives at PATH_N. */
static void names_of_both_roles(void **state) {
  (void)state;
  struct oriel_transport_address address = {.scheme = ORIEL_TRANSPORT_MUX, .port = 5000, .path = "/run/v.sock"};
  struct oriel_endpoints endpoints;
  assert_int_equal(oriel_transport_mux.locate(&address, false, &endpoints), 0);
  assert_string_equal(oriel_unix_path(&endpoints.list[0]), "/run/v.sock");
  assert_int_equal(oriel_transport_mux.locate(&address, true, &endpoints), 0);
  assert_string_equal(oriel_unix_path(&endpoints.list[0]), "/run/v.sock_5000");
  memset(address.path, 'a', 103);
  assert_int_equal(oriel_transport_mux.locate(&address, false, &endpoints), 0);
  assert_int_equal(oriel_transport_mux.locate(&address, true, &endpoints), -ENAMETOOLONG);
}

static void vsock_names(void **state) {
  (void)state;
  struct oriel_endpoint endpoint;
  oriel_vsock_name_linux(3, 5000, &endpoint);
  const uint8_t on_linux[16] = {40, 0, 0, 0, 0x88, 0x13, 0, 0, 3};
  assert_int_equal(endpoint.size, 16);
  assert_memory_equal(&endpoint.name, on_linux, 16);
  assert_int_equal(oriel_vsock_cid(&endpoint), 3);
  oriel_vsock_name_darwin(3, 5000, &endpoint);
  const uint8_t on_darwin[12] = {12, 40, 0, 0, 0x88, 0x13, 0, 0, 3};
  assert_int_equal(endpoint.size, 12);
  assert_memory_equal(&endpoint.name, on_darwin, 12);
}

static void vsock_roles(void **state) {
  (void)state;
  struct oriel_transport_address address = {.scheme = ORIEL_TRANSPORT_VSOCK, .cid = 3, .port = 5000};
  struct oriel_endpoints endpoints;
  assert_int_equal(oriel_transport_vsock.locate(&address, false, &endpoints), 0);
  assert_int_equal(endpoints.count, 1);
  assert_int_equal(oriel_vsock_cid(&endpoints.list[0]), 3);
  /* A listener takes everybody's connections at the socket, and then only those of the CID it was given. */
  assert_int_equal(oriel_transport_vsock.locate(&address, true, &endpoints), 0);
  assert_int_equal(oriel_vsock_cid(&endpoints.list[0]), ORIEL_VSOCK_ANY);
  struct oriel_endpoint endpoint;
  oriel_vsock_name_linux(4, 1024, &endpoint);
  assert_false(oriel_vsock_accepts(&address, &endpoint));
  address.cid = 4;
  assert_true(oriel_vsock_accepts(&address, &endpoint));
  endpoint.size = 8; /* a name cut off tells nothing */
  assert_false(oriel_vsock_accepts(&address, &endpoint));
  address.cid = ORIEL_VSOCK_ANY;
  assert_true(oriel_vsock_accepts(&address, &endpoint));
  assert_int_equal(oriel_transport_vsock.locate(&address, false, &endpoints), -EINVAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(line_limits),         cmocka_unit_test(line_leaves_the_stream),
      cmocka_unit_test(lines_of_both_sides), cmocka_unit_test(names_of_both_roles),
      cmocka_unit_test(vsock_names),         cmocka_unit_test(vsock_roles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
