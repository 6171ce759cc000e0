/* SPDX-License-Identifier: MIT
 *
 * cli/sound and cli/guest_clipboard: where the guest's sound and clipboard are looked for, when nobody says.
 */
#include "cli/sound.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/guest_clipboard.h"
#include "core/log.h"

static struct {
  char folder[64], address[128];
  int sound, microphone;
} test;

static int listen_at(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", test.folder, name);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 4), 0);
  return fd;
}

static void remove_at(const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", test.folder, name);
  unlink(path);
}

/* As `oriel run` leaves it, or QEMU started with the same sockets. The percent sign has a meaning in addresses. */
static int set_up(void **state) {
  (void)state;
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  strcpy(test.folder, "/tmp/oriel-50%-XXXXXX");
  assert_non_null(mkdtemp(test.folder));
  snprintf(test.address, sizeof test.address, "qemu:%s/qmp.sock", test.folder);
  test.sound = listen_at("sound.sock");
  test.microphone = listen_at("mic.sock");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  close(test.sound);
  close(test.microphone);
  remove_at("sound.sock");
  remove_at("mic.sock");
  return rmdir(test.folder);
}

static void ignore_packet(void *user, unsigned input, const void *packet, size_t size, unsigned frames, uint32_t number,
                          uint64_t missing, uint64_t arrived_ns) {
  (void)user;
  (void)input;
  (void)packet;
  (void)size;
  (void)frames;
  (void)number;
  (void)missing;
  (void)arrived_ns;
}

static void ignore_end(void *user, unsigned input) {
  (void)user;
  (void)input;
}

static bool is_dialed(int listener) {
  struct pollfd poller = {.fd = listener, .events = POLLIN};
  return poll(&poller, 1, 15000) == 1;
}

static struct oriel_guest_audio *open_sound(const struct oriel_desktop_options *options, const char *address) {
  struct oriel_guest_audio *audio = NULL;
  char why[512];
  assert_int_equal(oriel_sound_open(options, address, NULL, &audio, why, sizeof why), 0);
  return audio;
}

static void ports_beside_the_qmp_socket_are_found_and_dialed(void **state) {
  (void)state;
  const struct oriel_desktop_options options = {0};
  const struct oriel_guest_audio_sink sink = {.packet = ignore_packet, .ended = ignore_end};
  struct oriel_guest_audio_info info;
  struct oriel_guest_audio *audio = open_sound(&options, test.address);
  assert_non_null(audio);
  assert_int_equal(oriel_guest_audio_start(audio, &sink), 0);
  assert_true(is_dialed(test.sound));
  assert_true(is_dialed(test.microphone));
  oriel_guest_audio_info(audio, &info);
  assert_int_equal(info.inputs, 1);
  assert_true(info.has_microphone_address);
  oriel_guest_audio_destroy(audio);
}

static void ports_are_found_with_a_console_named(void **state) {
  (void)state;
  const struct oriel_desktop_options options = {0};
  char address[160];
  snprintf(address, sizeof address, "%s?console=1", test.address);
  struct oriel_guest_audio *audio = open_sound(&options, address);
  assert_non_null(audio);
  oriel_guest_audio_destroy(audio);
}

static void one_port_without_the_other_is_found(void **state) {
  (void)state;
  const struct oriel_desktop_options options = {0};
  struct oriel_guest_audio_info info;
  remove_at("mic.sock");
  struct oriel_guest_audio *audio = open_sound(&options, test.address);
  assert_non_null(audio);
  oriel_guest_audio_info(audio, &info);
  assert_int_equal(info.inputs, 1);
  assert_false(info.has_microphone_address);
  oriel_guest_audio_destroy(audio);
}

static void nothing_is_found_where_nothing_is(void **state) {
  (void)state;
  const struct oriel_desktop_options options = {0};
  remove_at("sound.sock");
  remove_at("mic.sock");
  assert_null(open_sound(&options, test.address));
  assert_null(open_sound(&options, "qemu:qmp.sock"));
  assert_null(open_sound(&options, "qemu:/tmp/other.sock"));
  assert_null(open_sound(&options, "pattern:"));
  /* A file of that name is no port. */
  char path[128];
  snprintf(path, sizeof path, "%s/sound.sock", test.folder);
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  fclose(file);
  assert_null(open_sound(&options, test.address));
}

/* Who says where to listen is listened to. */
static void named_address_replaces_the_ports(void **state) {
  (void)state;
  char word[128];
  struct oriel_desktop_options options = {0};
  struct oriel_guest_audio_info info;
  snprintf(word, sizeof word, "unix:///tmp/oriel-sound-test-%d", (int)getpid());
  options.audio_listen.words[0] = word;
  options.audio_listen.count = 1;
  struct oriel_guest_audio *audio = open_sound(&options, test.address);
  assert_non_null(audio);
  oriel_guest_audio_info(audio, &info);
  assert_int_equal(info.inputs, 1);
  assert_string_equal(info.input[0].address, word);
  assert_false(info.has_microphone_address);
  oriel_guest_audio_destroy(audio);
}

static void ignore_text(void *user, struct oriel_packet *text) {
  (void)user;
  (void)text;
}

static void clipboard_beside_the_qmp_socket_is_found_and_dialed(void **state) {
  (void)state;
  static const struct oriel_clipboard_end_sink sink = {.text = ignore_text};
  const struct oriel_desktop_options options = {.address = test.address};
  struct oriel_clipboard_end *end = NULL;
  char why[512];
  assert_int_equal(oriel_guest_clipboard_open(&options, NULL, &end, why, sizeof why), 0);
  assert_null(end);
  const int port = listen_at("clip.sock");
  assert_int_equal(oriel_guest_clipboard_open(&options, NULL, &end, why, sizeof why), 0);
  assert_non_null(end);
  assert_int_equal(end->impl->start(end, &sink), 0);
  assert_true(is_dialed(port));
  end->impl->destroy(end);
  close(port);
  remove_at("clip.sock");
}

static void named_clipboard_replaces_the_port(void **state) {
  (void)state;
  char word[128], why[512];
  snprintf(word, sizeof word, "unix:///tmp/oriel-clip-test-%d", (int)getpid());
  const struct oriel_desktop_options options = {.address = test.address, .clipboard_listen = word};
  struct oriel_clipboard_end *end = NULL;
  const int port = listen_at("clip.sock");
  assert_int_equal(oriel_guest_clipboard_open(&options, NULL, &end, why, sizeof why), 0);
  assert_non_null(end);
  assert_int_equal(access(word + strlen("unix://"), F_OK), 0);
  end->impl->destroy(end);
  close(port);
  remove_at("clip.sock");
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    CASE(ports_beside_the_qmp_socket_are_found_and_dialed),
    CASE(ports_are_found_with_a_console_named),
    CASE(one_port_without_the_other_is_found),
    CASE(nothing_is_found_where_nothing_is),
    CASE(named_address_replaces_the_ports),
    CASE(clipboard_beside_the_qmp_socket_is_found_and_dialed),
    CASE(named_clipboard_replaces_the_port),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
