/* SPDX-License-Identifier: MIT
 *
 * Addresses as text: what they mean, what is refused and with which words.
 */
#include "transport/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct oriel_transport_address parse(const char *text) {
  struct oriel_transport_address address;
  char why[160] = "";
  if (oriel_transport_address_parse(text, &address, why, sizeof why) < 0)
    fail_msg("%s: %s", text, why);
  return address;
}

static void address_of_each_scheme(void **state) {
  (void)state;
  struct oriel_transport_address address = parse("vsock://2:5000");
  assert_int_equal(address.scheme, ORIEL_TRANSPORT_VSOCK);
  assert_int_equal(address.cid, 2);
  assert_int_equal(address.port, 5000);
  assert_false(address.is_pcm);
  assert_int_equal(address.frame_us, 0);
  assert_int_equal(parse("vsock://any:4294967294").cid, UINT32_MAX);

  address = parse("unix:///run/a%20b%3Fc");
  assert_int_equal(address.scheme, ORIEL_TRANSPORT_UNIX);
  assert_string_equal(address.path, "/run/a b?c");

  address = parse("tcp://[::1]:0");
  assert_int_equal(address.scheme, ORIEL_TRANSPORT_TCP);
  assert_string_equal(address.host, "::1");
  assert_int_equal(address.port, 0);
  assert_string_equal(parse("tcp://[fe80::1%eth0]:1").host, "fe80::1%eth0");
  assert_string_equal(parse("udp://a-host.lan:65535").host, "a-host.lan");

  address = parse("serial:///dev/virtio-ports/org.oriel.audio?format=pcm&frame=2.5");
  assert_int_equal(address.scheme, ORIEL_TRANSPORT_SERIAL);
  assert_string_equal(address.path, "/dev/virtio-ports/org.oriel.audio");
  assert_true(address.is_pcm);
  assert_int_equal(address.frame_us, 2500);

  address = parse("mux:///run/vm.vsock?frame=5&port=5000");
  assert_int_equal(address.scheme, ORIEL_TRANSPORT_MUX);
  assert_int_equal(address.port, 5000);
  assert_int_equal(address.frame_us, 5000);

  assert_string_equal(parse("shm://OrielAudio").path, "OrielAudio");
  assert_string_equal(parse("shm:///OrielAudio").path, "OrielAudio");
}

static void address_wrong(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } wrong[] = {
      {"", "starts with"},
      {"http://a", "starts with"},
      {"unix:", "starts with"},
      {"vsock://", "CID and port"},
      {"vsock://2", "CID and port"},
      {"vsock://0:5000", "from 1"},
      {"vsock://4294967295:1", "from 1"},
      {"vsock://-1:1", "from 1"},
      {"vsock://2:0", "vsock port"},
      {"vsock://2:4294967295", "vsock port"},
      {"vsock://2:99999999999", "vsock port"},
      {"vsock://2: 5", "vsock port"},
      {"unix://run/x", "absolute path"},
      {"unix:///", "absolute path"},
      {"unix:///a%2", "two hex digits"},
      {"unix:///a%c2%9b2J", "control characters"},
      {"unix:///a%zz", "two hex digits"},
      {"unix:///a%00", "control"},
      {"unix:///a\nb", "control"},
      {"tcp://host", "host and port"},
      {"tcp://:5000", "nothing is not"},
      {"tcp://host:", "a port is"},
      {"tcp://host:65536", "a port is"},
      {"tcp://host:5/", "a port is"},
      {"tcp://::1:5000", "brackets"},
      {"tcp://[::1]", "host and port"},
      {"tcp://[::1", "host and port"},
      {"tcp://[::1]5", "host and port"},
      {"tcp://[", "host and port"},
      {"tcp://[nope]:5", "IPv6"},
      {"tcp://[::1%]:5", "IPv6"},
      {"tcp://a b:5", "name or IPv4"},
      {"tcp://-a:5", "name or IPv4"},
      {"tcp://user@host:5", "name or IPv4"},
      {"serial://dev/x", "absolute path"},
      {"mux:///x", "guest's port"},
      {"mux:///x?port=0", "from 1"},
      {"mux:///x?port=1&port=2", "twice"},
      {"unix:///x?port=1", "no option port"},
      {"shm://", "name"},
      {"shm://a/b", "slashes"},
      {"shm://..", "slashes"},
      {"unix:///x?", "no option"},
      {"unix:///x?format", "opus or pcm"},
      {"unix:///x?format=mp3", "opus or pcm"},
      {"unix:///x?frame=2.5", "format=pcm only"},
      {"unix:///x?frame=40", "5, 10 or 20"},
      {"unix:///x?frame=5&", "no option"},
      {"unix:///x?frame=5&frame=5", "twice"},
      {"unix:///x?rate=48000", "format=pcm only"},
      {"udp://h:1?format=pcm&rate=7999", "8000 to 192000"},
      {"udp://h:1?format=pcm&rate=0x", "8000 to 192000"},
      {"udp://h:1?format=pcm&sample=u8", "s16le or s16be"},
      {"udp://h:1?format=pcm&channels=2", "no option channels"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct oriel_transport_address address = {.path = "untouched"};
    char why[160] = "";
    assert_int_equal(oriel_transport_address_parse(wrong[i].text, &address, why, sizeof why), -EINVAL);
    if (!strstr(why, wrong[i].why))
      fail_msg("%s: '%s' does not mention '%s'", wrong[i].text, why, wrong[i].why);
    assert_null(strchr(why, '\n'));
    assert_string_equal(address.path, "untouched");
  }
}

/* Where a sound device's stream may lead, and how long its packets are where nobody says. */
static void address_of_a_device(void **state) {
  (void)state;
  static const struct {
    const char *text, *reason;
  } wrong[] = {
    {"shm://OrielAudio", "SharedMemory = NAME"},
    {"udp://h:1?format=pcm&rate=44100", "rate= and sample="},
    {"udp://h:1?format=pcm&sample=s16le", "rate= and sample="},
    {"gopher://h:1", "starts with"},
  };
  struct oriel_transport_address address = {.port = 77};
  char why[256];
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(oriel_transport_address_parse_device(wrong[i].text, &address, why, sizeof why), -EINVAL);
    if (!strstr(why, wrong[i].reason))
      fail_msg("%s: %s", wrong[i].text, why);
    assert_int_equal(address.port, 77);
  }
  assert_int_equal(oriel_transport_address_parse_device("vsock://2:5000", &address, why, sizeof why), 0);
  assert_int_equal(address.port, 5000);
  assert_int_equal(oriel_transport_address_frame_us(&address), 20000);
  address = parse("vsock://2:5000?format=pcm");
  assert_int_equal(oriel_transport_address_frame_us(&address), 2500);
  address = parse("vsock://2:5000?format=pcm&frame=10");
  assert_int_equal(oriel_transport_address_frame_us(&address), 10000);
}

/* Lesson 40: a path that no socket can have is refused, with the path in the words, and is not cut. */
static void address_long(void **state) {
  (void)state;
  char text[400] = "unix:///", why[160] = "";
  struct oriel_transport_address address;
  memset(text + 8, 'a', 106);
  assert_int_equal(strlen(parse(text).path), 107);
  text[114] = 'b';
  assert_int_equal(oriel_transport_address_parse(text, &address, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "107 bytes"));
  assert_non_null(strstr(why, "/aaaaaaaa"));
  memset(text + 8, 'a', 300);
  assert_int_equal(oriel_transport_address_parse(text, &address, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "too long"));
  assert_int_equal(strlen(why), sizeof why - 1);
  char host[400] = "tcp://";
  memset(host + 6, 'a', 256);
  memcpy(host + 262, ":5", 3);
  assert_int_equal(oriel_transport_address_parse(host, &address, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "253"));
}

static void address_as_text(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } cases[] = {
      {"vsock://2:05000", "vsock://2:5000"},
      {"vsock://any:1?format=pcm", NULL},
      {"unix:///a%20%25%26%3f%23%41", "unix:///a%20%25%26%3F%23A"},
      {"tcp://[fe80::1%eth0]:80", NULL},
      {"udp://0.0.0.0:0?format=opus&frame=20", "udp://0.0.0.0:0?frame=20"},
      {"serial:///dev/x?format=pcm&frame=2.5", NULL},
      {"mux:///x?format=pcm&port=7&frame=10", "mux:///x?port=7&format=pcm&frame=10"},
      {"shm:///Name", "shm://Name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[900];
    const struct oriel_transport_address address = parse(cases[i].in);
    const char *expected = cases[i].out ? cases[i].out : cases[i].in;
    assert_int_equal(oriel_transport_address_format(&address, text, sizeof text), (int)strlen(expected));
    assert_string_equal(text, expected);
    const struct oriel_transport_address again = parse(text);
    assert_memory_equal(&again, &address, sizeof address);
    assert_int_equal(oriel_transport_address_format(&address, NULL, 0), (int)strlen(expected));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(address_of_each_scheme),
      cmocka_unit_test(address_wrong),
      cmocka_unit_test(address_of_a_device),
      cmocka_unit_test(address_long),
      cmocka_unit_test(address_as_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
