/* SPDX-License-Identifier: MIT
 *
 * Settings as text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/settings.h"

static char why[SETTINGS_WHY_SIZE];

static void settings_text_comes_back_the_same(void **state) {
  (void)state;
  struct settings settings = settings_default, again = settings_default;
  char text[SETTINGS_TEXT_SIZE];
  assert_int_equal(settings_parse(&settings,
                                  "# mine\n\nOutputName = Kitchen \xC3\xBC\n  Rate=96000\r\nOutputChannels = 6\n"
                                  "Transport = tcp://127.0.0.1:5000?format=pcm\nSharedMemory =\nMicrophone=",
                                  why),
                   0);
  assert_string_equal(settings.output_name, "Kitchen \xC3\xBC");
  assert_int_equal(settings.rate, 96000);
  assert_int_equal(settings.output_channels, 6);
  assert_string_equal(settings.shared_memory, "");
  const size_t size = settings_format(&settings, text);
  assert_int_equal(size, strlen(text));
  assert_int_equal(settings_parse(&again, text, why), 0);
  assert_memory_equal(&settings, &again, sizeof settings);
}

static void settings_changes_are_only_what_differs(void **state) {
  (void)state;
  struct settings settings = settings_default;
  char text[SETTINGS_TEXT_SIZE];
  assert_int_equal(settings_format_changes(&settings_default, &settings, text), 0);
  assert_int_equal(settings_set(&settings, "Bitrate", "64", why), 0);
  settings_format_changes(&settings_default, &settings, text);
  assert_string_equal(text, "Bitrate = 64\n");
}

static void settings_bad_values_are_refused_with_a_reason(void **state) {
  (void)state;
  static const struct {
    const char *text, *reason;
  } bad[] = {
    {"Rate = 22050", "Rate: 22050 Hz is not offered: choose 44100"},
    {"Rate = fast", "choose 44100"},
    {"Rate = 048000", "44100"},
    {"OutputChannels = 0", "from 1 to 16"},
    {"InputChannels = 17", "from 1 to 16"},
    {"InputChannels = -1", "from 1 to 16"},
    {"InputChannels = 99999999999999999999", "from 1 to 16"},
    {"Bitrate = 511", "from 16 to 510"},
    {"OutputName =", "needs a name"},
    {"OutputName = a\x01z", "UTF-8"},
    {"OutputName = a\xC2\x9Bz", "UTF-8"},
    {"OutputName = \xC3(", "UTF-8"},
    {"Transport = shm://x", "SharedMemory"},
    {"Transport = gopher://x", "Transport"},
    {"Microphone = udp://127.0.0.1:5001", "udp"},
    {"SharedMemory = ../x", "letters"},
    {"SharedMemory = 123456789012345678901234567890", "29 bytes"},
    {"Colour = blue", "no setting Colour"},
    {"Rate", "expected"},
    {"= 5", "no setting"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct settings settings = settings_default;
    why[0] = '\0';
    assert_true(settings_parse(&settings, bad[i].text, why) < 0);
    if (!strstr(why, bad[i].reason))
      fail_msg("%s: %s", bad[i].text, why);
    assert_memory_equal(&settings, &settings_default, sizeof settings);
  }
}

static void settings_parse_is_all_or_nothing(void **state) {
  (void)state;
  struct settings settings = settings_default;
  assert_int_equal(settings_parse(&settings, "Rate = 96000\nBitrate = 1\n", why), -EINVAL);
  assert_non_null(strstr(why, "line 2"));
  assert_memory_equal(&settings, &settings_default, sizeof settings);
}

static void settings_long_lines_do_no_harm(void **state) {
  (void)state;
  struct settings settings = settings_default;
  char *text = malloc(100001);
  for (int shape = 0; shape < 4; shape++) {
    memset(text, shape == 3 ? '\n' : 'A', 100000);
    text[100000] = '\0';
    if (shape == 1)
      text[50] = '=';
    if (shape == 2)
      memcpy(text, "OutputName =", 12);
    const int rc = settings_parse(&settings, text, why);
    assert_true(shape == 3 ? rc == 0 : rc < 0);
  }
  memset(text, 0, 100001);
  text[0] = '#';
  memset(text + 1, 'x', 50000);
  assert_int_equal(settings_parse(&settings, text, why), 0); /* a long comment */
  free(text);
}

static void settings_none_is_nowhere(void **state) {
  (void)state;
  struct settings settings = settings_default;
  assert_int_equal(
      settings_parse(&settings, "Transport = none\nMicrophone = none\nSharedMemory = none\nInputName = none", why), 0);
  assert_true(!*settings.transport && !*settings.microphone && !*settings.shared_memory);
  assert_string_equal(settings.input_name, "none");
}

static void settings_keys_can_all_be_set(void **state) {
  (void)state;
  size_t count = 0;
  for (const char *key; (key = settings_key(count)); count++) {
    char text[SETTINGS_TEXT_SIZE], name[80];
    settings_format(&settings_default, text);
    snprintf(name, sizeof name, "%s = ", key);
    assert_non_null(strstr(text, name));
  }
  assert_int_equal(count, 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(settings_text_comes_back_the_same),
    cmocka_unit_test(settings_changes_are_only_what_differs),
    cmocka_unit_test(settings_bad_values_are_refused_with_a_reason),
    cmocka_unit_test(settings_parse_is_all_or_nothing),
    cmocka_unit_test(settings_long_lines_do_no_harm),
    cmocka_unit_test(settings_none_is_nowhere),
    cmocka_unit_test(settings_keys_can_all_be_set),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
