/* SPDX-License-Identifier: MIT
 *
 * Settings of oriel-agent from files and arguments, and what is said of wrong ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/agent/settings.h"
#include "guest/agent/settings_load.h"

static int parse(struct agent_settings *settings, const char *text, char *why) {
  why[0] = '\0';
  agent_settings_default(settings);
  return agent_settings_parse(settings, "file", text, strlen(text), why, AGENT_WHY_SIZE);
}

static void settings_are_read(void **state) {
  (void)state;
  struct agent_settings s;
  char why[AGENT_WHY_SIZE];
  assert_int_equal(
    parse(&s,
          "# a comment\r\n\r\n rate = 96000 \r\noutput=unix:///run/x?format=pcm&frame=5\n\tshm = /studio\n"
          "output-name = Der Saal = gro\xc3\x9f\ninput = none",
          why),
    0);
  assert_int_equal(s.rate, 96000);
  assert_true(s.output.is_on && s.output.address.is_pcm);
  assert_int_equal(agent_end_frame_us(&s, &s.output), 5000);
  assert_string_equal(s.shm, "studio");
  assert_string_equal(s.output_name, "Der Saal = gro\xc3\x9f");
  assert_false(s.input.is_on);
  assert_int_equal(agent_end_rate(&s, &s.output), 48000);
  assert_int_equal(agent_end_rate(&s, &s.input), 96000);
}

static void settings_take_ports_that_are_there(void **state) {
  (void)state;
  struct agent_settings s;
  char folder[] = "/tmp/oriel-ports-XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  agent_settings_default(&s);
  agent_settings_take_ports(&s, folder); /* none */
  assert_int_equal(s.output.address.scheme, ORIEL_TRANSPORT_VSOCK);
  assert_int_equal(s.clipboard.address.scheme, ORIEL_TRANSPORT_VSOCK);
  snprintf(path, sizeof path, "%s/org.oriel.audio", folder);
  assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  agent_settings_take_ports(&s, folder); /* one of them */
  assert_int_equal(s.output.address.scheme, ORIEL_TRANSPORT_SERIAL);
  assert_string_equal(s.output.address.path, path);
  assert_true(s.output.is_on && !s.output.address.is_pcm);
  assert_int_equal(agent_end_frame_us(&s, &s.output), 20000);
  assert_int_equal(s.input.address.scheme, ORIEL_TRANSPORT_VSOCK);
  assert_int_equal(s.input.address.port, 5001);
  unlink(path);
  snprintf(path, sizeof path, "%s/org.oriel.clipboard", folder);
  assert_int_equal(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  agent_settings_take_ports(&s, folder);
  assert_string_equal(s.clipboard.address.path, path);
  unlink(path);
  rmdir(folder);
}

static void settings_of_the_macos_driver_are_understood(void **state) {
  (void)state;
  struct agent_settings s;
  char why[AGENT_WHY_SIZE];
  assert_int_equal(
    parse(&s,
          "OutputName = A\nInputName = B\nRate = 44100\nOutputChannels = 6\nInputChannels = 1\nBitrate = 64\n"
          "Transport = tcp://127.0.0.1:9\nMicrophone =\nSharedMemory = oriel-audio\n",
          why),
    0);
  assert_int_equal(s.output_channels, 6);
  assert_int_equal(s.input_channels, 1);
  assert_int_equal(s.output.address.port, 9);
  assert_false(s.input.is_on);
  assert_string_equal(s.shm, "oriel-audio");
}

static void settings_clipboard_is_a_stream(void **state) {
  (void)state;
  struct agent_settings s;
  char why[AGENT_WHY_SIZE];
  agent_settings_default(&s);
  assert_true(s.clipboard.is_on);
  assert_int_equal(s.clipboard.address.port, 5002);
  assert_int_equal(parse(&s, "clipboard = unix:///run/c\n", why), 0);
  assert_string_equal(s.clipboard.address.path, "/run/c");
  assert_int_equal(parse(&s, "Clipboard = none\n", why), 0);
  assert_false(s.clipboard.is_on);
  static const char *const wrong[] = {"clipboard = udp://h:1", "clipboard = shm://x", "clipboard = tcp://h:1?format=pcm",
                                      "clipboard = tcp://h:1?frame=5", "clipboard = gopher://x"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(parse(&s, wrong[i], why), -EINVAL);
    assert_non_null(strstr(why, "clipboard is \""));
  }
}

static void settings_channels_of_both_then_of_one(void **state) {
  (void)state;
  struct agent_settings s;
  char why[AGENT_WHY_SIZE];
  assert_int_equal(parse(&s, "channels = 4\ninput-channels = 1\n", why), 0);
  assert_int_equal(s.output_channels, 4);
  assert_int_equal(s.input_channels, 1);
}

static void settings_wrong_are_told_with_their_line(void **state) {
  (void)state;
  static const struct { const char *text, *said; } wrong[] = {
    {"rate = 48001", "file:1: rate is \"48001\": it must be 44100, 48000, 88200 or 96000"},
    {"\nchannels = 0", "file:2: channels is \"0\""},
    {"channels = 17", "1 to 16"},
    {"channels = 2x", "1 to 16"},
    {"channels = -2", "1 to 16"},
    {"bitrate = 99999999999999999999", "16 to 510"},
    {"frame = 15", "2.5, 5, 10 or 20"},
    {"output = shm://x", "set shm = NAME"},
    {"output = gopher://x", "output is"},
    {"shm = a/b", "shm is"},
    {"shm = ..", "shm is"},
    {"output-name = ", "1 to 127"},
    {"output-name = a\xC2\x9B" "2J", "1 to 127"},
    {"nonsense = 1", "no setting \"nonsense\""},
    {"nonsense", "no line of the form key = value"},
    {"log-json = maybe", "true or false"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct agent_settings s;
    char why[AGENT_WHY_SIZE];
    assert_int_equal(parse(&s, wrong[i].text, why), -EINVAL);
    if (strstr(why, wrong[i].said) == NULL)
      fail_msg("\"%s\" says: %s", wrong[i].text, why);
    assert_null(strchr(why, '\n'));
  }
}

static void settings_of_hostile_bytes_end_in_an_error(void **state) {
  (void)state;
  struct agent_settings s;
  char why[AGENT_WHY_SIZE], text[5000];
  memset(text, 'x', sizeof text);
  memcpy(text, "output = ", 9);
  agent_settings_default(&s);
  assert_int_equal(agent_settings_parse(&s, "file", text, sizeof text, why, sizeof why), -EINVAL);
  assert_int_equal(agent_settings_parse(&s, "file", "rate = 480\0" "00", 13, why, sizeof why), -EINVAL);
  assert_int_equal(agent_settings_parse(&s, "file", "\0", 1, why, sizeof why), -EINVAL);
  assert_int_equal(s.rate, 48000);
}

static void settings_command_line_is_stronger(void **state) {
  (void)state;
  struct agent_settings s;
  char why[AGENT_WHY_SIZE];
  char *const words[] = {(char[]){"oriel-agent"}, (char[]){"--config"}, (char[]){"/dev/null"}, (char[]){"--rate=44100"},
                         (char[]){"--channels"}, (char[]){"1"}, (char[]){"--log-json"}, (char[]){"--check"}, NULL};
  assert_int_equal(agent_settings_load(&s, 8, words, why, sizeof why), 0);
  assert_int_equal(s.rate, 44100);
  assert_int_equal(s.output_channels, 1);
  assert_true(s.log_json);
  assert_int_equal(s.action, AGENT_CHECK);
  char *const short_opus[] = {(char[]){"oriel-agent"}, (char[]){"--config=/dev/null"}, (char[]){"--frame"},
                              (char[]){"2.5"}, NULL};
  assert_int_equal(agent_settings_load(&s, 4, short_opus, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "need PCM"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(settings_take_ports_that_are_there),
    cmocka_unit_test(settings_are_read),
    cmocka_unit_test(settings_of_the_macos_driver_are_understood),
    cmocka_unit_test(settings_clipboard_is_a_stream),
    cmocka_unit_test(settings_channels_of_both_then_of_one),
    cmocka_unit_test(settings_wrong_are_told_with_their_line),
    cmocka_unit_test(settings_of_hostile_bytes_end_in_an_error),
    cmocka_unit_test(settings_command_line_is_stronger),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
