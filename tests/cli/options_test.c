/* SPDX-License-Identifier: MIT
 *
 * What the command line and the environment mean.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/desktop_values.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "cli/options_parse.h"
#include "cli/value.h"

static struct oriel_options options;
static char why[512];

/** Parses words separated by spaces. */
static int parse(enum oriel_command command, const char *line) {
  static char text[512];
  char *words[32] = {0}, *state = NULL;
  int count = 0;
  snprintf(text, sizeof text, "%s", line);
  for (char *word = strtok_r(text, " ", &state); word != NULL; word = strtok_r(NULL, " ", &state))
    words[count++] = word;
  why[0] = '\0';
  oriel_options_finish(&options);
  return oriel_options_parse(command, count, words, &options, why, sizeof why);
}

static int finish(void **state) {
  (void)state;
  oriel_options_finish(&options);
  static const char *const names[] = {"LISTEN",   "FPS",        "TOKEN",    "TOKEN_FILE",
                                      "INSECURE", "ALLOW_HOST", "TLS_CERT", "TLS_KEY"};
  char name[64];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(name, sizeof name, "ORIEL_%s", names[i]);
    unsetenv(name);
  }
  return 0;
}

static void options_have_the_documented_defaults(void **state) {
  (void)state;
  assert_int_equal(parse(ORIEL_CLI_RUN, ""), 0);
  assert_string_equal(options.listen, "127.0.0.1:8080");
  assert_null(options.token);
  assert_int_equal(options.defaults.fps, 60);
  assert_int_equal(options.defaults.bitrate_kbps, 0);
  assert_int_equal(options.display.width, 1280);
  assert_int_equal(options.display.height, 720);
  assert_int_equal(options.auth_fail_limit, 10);
  assert_int_equal(options.auth_fail_window_s, 60);
  assert_int_equal(options.defaults.audio_frame_ms, 20);
  assert_int_equal(options.accel, ORIEL_ACCEL_AUTO);
  assert_false(options.insecure || options.persistent || options.tls_self_signed);
  assert_null(options.operand);
}

static void options_are_read_in_both_forms(void **state) {
  (void)state;
  assert_int_equal(
      parse(ORIEL_CLI_RUN,
            "--cpus 4 --memory=2G disk.img --display 800x600 --accel tcg --name=a.b --persistent --network none "
            "--disk-format qcow2 --bitrate 8000"),
      0);
  assert_int_equal(options.cpus, 4);
  assert_int_equal(options.memory_mib, 2048);
  assert_string_equal(options.operand, "disk.img");
  assert_int_equal(options.display.width, 800);
  assert_int_equal(options.display.height, 600);
  assert_int_equal(options.accel, ORIEL_ACCEL_TCG);
  assert_int_equal(options.network, ORIEL_NETWORK_NONE);
  assert_string_equal(options.name, "a.b");
  assert_string_equal(options.disk_format, "qcow2");
  assert_int_equal(options.defaults.bitrate_kbps, 8000);
  assert_true(options.persistent);
}

static void options_after_two_dashes_are_qemus(void **state) {
  (void)state;
  assert_int_equal(parse(ORIEL_CLI_RUN, "--cpus 2 -- -S --cpus"), 0);
  assert_null(options.operand);
  assert_string_equal(options.extra[0], "-S");
  assert_string_equal(options.extra[1], "--cpus");
  assert_null(options.extra[2]);
}

static void options_from_the_environment_are_weaker(void **state) {
  (void)state;
  setenv("ORIEL_LISTEN", "127.0.0.1:9000", 1);
  setenv("ORIEL_FPS", "30", 1);
  setenv("ORIEL_INSECURE", "yes", 1);
  setenv("ORIEL_ALLOW_HOST", "a.example,b.example", 1);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --fps 20"), 0);
  assert_string_equal(options.listen, "127.0.0.1:9000");
  assert_int_equal(options.defaults.fps, 20);
  assert_true(options.insecure);
  assert_int_equal(options.allow_hosts.count, 2);
  assert_string_equal(options.allow_hosts.words[1], "b.example");
  assert_null(options.allow_hosts.words[2]);
}

static void options_bad_environment_is_named(void **state) {
  (void)state;
  setenv("ORIEL_FPS", "many", 1);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern:"), -EINVAL);
  assert_non_null(strstr(why, "ORIEL_FPS"));
  assert_non_null(strstr(why, "many"));
  assert_non_null(strstr(why, "1 to 240"));
}

static void options_token_on_the_command_line_replaces_the_environments_file(void **state) {
  (void)state;
  setenv("ORIEL_TOKEN_FILE", "/some/file", 1);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --token abc"), 0);
  assert_string_equal(options.token, "abc");
  assert_null(options.token_file);
  setenv("ORIEL_TLS_CERT", "/c", 1);
  setenv("ORIEL_TLS_KEY", "/k", 1);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --tls-self-signed"), 0);
  assert_null(options.tls_cert);
  assert_null(options.tls_key);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --token a --token-file b"), -EINVAL);
}

/** Every refusal names the option and what it should be. */
static void options_bad_values_are_named(void **state) {
  (void)state;
  static const struct { enum oriel_command command; const char *line, *option, *range; } bad[] = {
    {ORIEL_CLI_SERVE, "a=pattern: a=pattern:", "desktop a", "twice"},
    {ORIEL_CLI_SERVE, "A=pattern:", "\"A\"", "1 to 63"},
    {ORIEL_CLI_SERVE, "-a=pattern:", "-a=pattern:", "unknown option"},
    {ORIEL_CLI_SERVE, ".a=pattern:", "\".a\"", "begin with a letter or a digit"},
    {ORIEL_CLI_SERVE, "=pattern:", "\"\"", "1 to 63"},
    {ORIEL_CLI_SERVE, "a=", "desktop a", "no address"},
    {ORIEL_CLI_SERVE, "a=,fps=3", "desktop a", "no address"},
    {ORIEL_CLI_SERVE, "a=pattern:,fps=0", "fps of desktop a", "1 to 240"},
    {ORIEL_CLI_SERVE, "a=pattern:,fps", "fps of desktop a", "fps=N"},
    {ORIEL_CLI_SERVE, "a=pattern:,pfs=3", "\"pfs\"", "did you mean fps?"},
    {ORIEL_CLI_SERVE, "a=pattern:,listen=1", "listen of desktop a", "give it as --listen"},
    {ORIEL_CLI_SERVE, "a=pattern:,cpus=1", "cpus of desktop a", "whole server"},
    {ORIEL_CLI_SERVE, "a=pattern:,", "desktop a", "comma"},
    {ORIEL_CLI_SERVE, "a=pattern:,,fps=1", "desktop a", "comma"},
    {ORIEL_CLI_SERVE, "a=pattern:\\", "desktop a", "backslash"},
    {ORIEL_CLI_SERVE, "a=pattern:,token=x,token-file=y", "desktop a", "both token and token-file"},
    {ORIEL_CLI_SERVE, "a=pattern: pattern:", "pattern:", "need names"},
    {ORIEL_CLI_SERVE, "pattern: a=pattern:", "pattern:", "has no name"},
    {ORIEL_CLI_SERVE, "a=pattern: b=pattern: --audio-udp-listen :1", "--audio-udp-listen", "NAME=ADDRESS,"},
    {ORIEL_CLI_RUN, "--cpus 0", "--cpus", "1 to 64"},
    {ORIEL_CLI_RUN, "--cpus 65", "--cpus", "1 to 64"},
    {ORIEL_CLI_RUN, "--cpus 2x", "--cpus", "2x"},
    {ORIEL_CLI_RUN, "--cpus -1", "--cpus", "-1"},
    {ORIEL_CLI_RUN, "--cpus 99999999999999999999", "--cpus", "1 to 64"},
    {ORIEL_CLI_RUN, "--memory 63M", "--memory", "64M to 1T"},
    {ORIEL_CLI_RUN, "--memory 2Z", "--memory", "64M to 1T"},
    {ORIEL_CLI_RUN, "--display 63x64", "--display", "64x64"},
    {ORIEL_CLI_RUN, "--display 1280*720", "--display", "64x64"},
    {ORIEL_CLI_RUN, "--accel fast", "--accel", "kvm"},
    {ORIEL_CLI_RUN, "--network bridge", "--network", "user or none"},
    {ORIEL_CLI_RUN, "--name a/b", "--name", "A-Z"},
    {ORIEL_CLI_RUN, "--name=", "--name", "empty"},
    {ORIEL_CLI_RUN, "d.img --disk-format raw,file=/etc/passwd", "--disk-format", "qemu-img"},
    {ORIEL_CLI_RUN, "--persistent", "--persistent", "DISK"},
    {ORIEL_CLI_SERVE, "pattern: --fps 241", "--fps", "1 to 240"},
    {ORIEL_CLI_SERVE, "pattern: --bitrate 99", "--bitrate", "100 to 400000"},
    {ORIEL_CLI_SERVE, "pattern: --cpu-limit 4", "--cpu-limit", "5 to 100"},
    {ORIEL_CLI_SERVE, "pattern: --audio-frame 7", "--audio-frame", "5, 10 or 20"},
    {ORIEL_CLI_SERVE, "pattern: --insecure=maybe", "--insecure", "1 or 0"},
    {ORIEL_CLI_SERVE, "pattern: --log-level loud", "--log-level", "debug"},
    {ORIEL_CLI_SERVE, "pattern: --listen", "--listen", "needs a value"},
    {ORIEL_CLI_SERVE, "pattern: --tls-cert c", "--tls-key", "missing"},
    {ORIEL_CLI_SERVE, "pattern: --tls-self-signed --tls-cert c --tls-key k", "--tls-self-signed", "leave one out"},
    {ORIEL_CLI_SERVE, "pattern: --turn-secret s --turn-secret-file f", "--turn-secret", "leave one out"},
    {ORIEL_CLI_SERVE, "pattern: --ice-server stun:a --ice-server turns:b", "turns:b", "--turn-secret-file"},
    {ORIEL_CLI_SERVE, "pattern: --ice-server http://a", "--ice-server", "as stun:"},
    {ORIEL_CLI_SERVE, "pattern: --allow-host https://a.example", "--allow-host", "host name"},
    {ORIEL_CLI_SERVE, "pattern: --allow-host a.example,b@c", "--allow-host", "host name"},
    {ORIEL_CLI_SERVE, "pattern: --allow-origin a.example", "--allow-origin", "as https://"},
    {ORIEL_CLI_SERVE, "pattern: --allow-origin https://a.example/", "--allow-origin", "as https://"},
    {ORIEL_CLI_SERVE, "pattern: --allow-origin http://", "--allow-origin", "as https://"},
    {ORIEL_CLI_SERVE, "pattern: --cpus 2", "--cpus", "unknown option"},
    {ORIEL_CLI_SERVE, "pattern: --fp 2", "--fp", "unknown option"},
    {ORIEL_CLI_SERVE, "pattern: two", "two", "unexpected"},
    {ORIEL_CLI_SERVE, "", "qemu:", "missing"},
    {ORIEL_CLI_RUN, "-enable-kvm", "-enable-kvm", "behind --"},
    {ORIEL_CLI_DOCTOR, "thing", "thing", "unexpected"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(parse(bad[i].command, bad[i].line), -EINVAL);
    if (strstr(why, bad[i].option) == NULL || strstr(why, bad[i].range) == NULL)
      fail_msg("%s: \"%s\" names not both \"%s\" and \"%s\"", bad[i].line, why, bad[i].option, bad[i].range);
  }
}

static void desktops_have_options_of_their_own(void **state) {
  (void)state;
  setenv("ORIEL_FPS", "25", 1);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "a=qemu:/a\\,b\\\\c,bitrate=900,audio-passthru "
                                          "b.1=pattern:?size=64x64,fps=5,cpu-limit=30,token=abc,audio-listen="
                                          "tcp://h:1,audio-listen=tcp://h:2 --bitrate 800 --encoder x264"),
                   0);
  const struct oriel_desktop_options *a = &options.desktops[0], *b = &options.desktops[1];
  assert_int_equal(options.desktop_count, 2);
  assert_string_equal(a->name, "a");
  assert_string_equal(a->address, "qemu:/a,b\\c");
  assert_true(a->audio_passthru && !b->audio_passthru);
  assert_string_equal(b->address, "pattern:?size=64x64");
  assert_int_equal(a->fps, 25); /* the environment's, as a default */
  assert_int_equal(b->fps, 5);
  assert_int_equal(a->bitrate_kbps, 900);
  assert_int_equal(b->bitrate_kbps, 800);
  assert_int_equal(a->cpu_percent, 0);
  assert_int_equal(b->cpu_percent, 30);
  assert_string_equal(a->encoder, "x264");
  assert_string_equal(b->token, "abc");
  assert_null(a->token);
  assert_int_equal(b->audio_listen.count, 2);
  assert_int_equal(a->audio_listen.count, 0);
}

static void desktops_without_a_name_are_alone(void **state) {
  (void)state;
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern:?scene=static --fps 7"), 0);
  assert_int_equal(options.desktop_count, 1);
  assert_string_equal(options.desktops[0].name, "");
  assert_string_equal(options.desktops[0].address, "pattern:?scene=static");
  assert_int_equal(options.desktops[0].fps, 7);
}

static void desktops_have_a_bound(void **state) {
  (void)state;
  enum { ONE_MORE = ORIEL_DESKTOPS_MAX + 1 };
  static char texts[ONE_MORE][24], *words[ONE_MORE];
  for (int i = 0; i < ONE_MORE; i++) {
    snprintf(texts[i], sizeof texts[i], "d%d=pattern:", i);
    words[i] = texts[i];
  }
  assert_int_equal(oriel_options_parse(ORIEL_CLI_SERVE, ORIEL_DESKTOPS_MAX, words, &options, why, sizeof why), 0);
  assert_int_equal(options.desktop_count, ORIEL_DESKTOPS_MAX);
  oriel_options_finish(&options);
  assert_int_equal(oriel_options_parse(ORIEL_CLI_SERVE, ONE_MORE, words, &options, why, sizeof why), -EINVAL);
  assert_non_null(strstr(why, "one too many"));
}

/** A copy shares nothing, and each difference shows. */
static void desktops_are_copied_and_compared(void **state) {
  (void)state;
  struct oriel_desktop_options copy;
  assert_int_equal(parse(ORIEL_CLI_SERVE, "a=pattern:,fps=5,encoder=x264,audio-listen=tcp://h:1"), 0);
  assert_int_equal(oriel_desktop_options_copy(&options.desktops[0], &copy), 0);
  assert_true(oriel_desktop_options_equal(&options.desktops[0], &copy));
  oriel_options_finish(&options);
  static const char *const others[] = {
    "a=pattern:?x,fps=5,encoder=x264,audio-listen=tcp://h:1", "a=pattern:,fps=6,encoder=x264,audio-listen=tcp://h:1",
    "b=pattern:,fps=5,encoder=x264,audio-listen=tcp://h:1",   "a=pattern:,fps=5,encoder=x265,audio-listen=tcp://h:1",
    "a=pattern:,fps=5,encoder=x264,audio-listen=tcp://h:2",   "a=pattern:,fps=5,encoder=x264",
    "a=pattern:,fps=5,audio-listen=tcp://h:1",
    "a=pattern:,fps=5,encoder=x264,audio-listen=tcp://h:1,viewers=9",
  };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_int_equal(parse(ORIEL_CLI_SERVE, others[i]), 0);
    assert_false(oriel_desktop_options_equal(&options.desktops[0], &copy));
    oriel_options_finish(&options);
  }
  oriel_desktop_options_finish(&copy);
}

static void options_lists_have_a_bound(void **state) {
  (void)state;
  char line[512] = "pattern:";
  for (int i = 0; i < ORIEL_WORDS_MAX; i += 8)
    strcat(line, " --allow-host a,b,c,d,e,f,g,h");
  assert_int_equal(parse(ORIEL_CLI_SERVE, line), 0);
  assert_int_equal(options.allow_hosts.count, ORIEL_WORDS_MAX);
  oriel_options_finish(&options);
  strcat(line, " --allow-host i");
  assert_int_equal(parse(ORIEL_CLI_SERVE, line), -EINVAL);
  assert_non_null(strstr(why, "--allow-host"));
}

static void proxies_are_addresses_or_networks(void **state) {
  (void)state;
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --trusted-proxy 127.0.0.1,10.0.0.0/8 --trusted-proxy ::1"), 0);
  assert_int_equal(options.trusted_proxies.count, 3);
  oriel_options_finish(&options);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --trusted-proxy proxy.example"), -EINVAL);
  assert_non_null(strstr(why, "--trusted-proxy is \"proxy.example\""));
}

static void control_has_three_ways(void **state) {
  (void)state;
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern:"), 0);
  assert_int_equal(options.defaults.control, ORIEL_CONTROL_ASK);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --control newest"), 0);
  assert_int_equal(options.defaults.control, ORIEL_CONTROL_NEWEST);
  assert_int_equal(parse(ORIEL_CLI_RUN, "--control fixed"), 0);
  assert_int_equal(options.defaults.control, ORIEL_CONTROL_FIXED);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --control oldest"), -EINVAL);
  assert_int_equal(parse(ORIEL_CLI_SERVE, "pattern: --view-token a --view-token-file b"), -EINVAL);
}

static void values_have_edges(void **state) {
  (void)state;
  unsigned number = 7, width = 0, height = 0;
  uint64_t mib = 0;
  bool flag = false;
  assert_int_equal(oriel_value_unsigned("240", 1, 240, &number), 0);
  assert_int_equal(number, 240);
  assert_int_equal(oriel_value_unsigned("", 0, 9, &number), -EINVAL);
  assert_int_equal(oriel_value_unsigned(" 1", 0, 9, &number), -EINVAL);
  assert_int_equal(oriel_value_unsigned("+1", 0, 9, &number), -EINVAL);
  assert_int_equal(number, 240);
  assert_int_equal(oriel_value_size("7680x4320", &width, &height), 0);
  assert_int_equal(oriel_value_size("64x64", &width, &height), 0);
  assert_int_equal(oriel_value_size("7681x64", &width, &height), -EINVAL);
  assert_int_equal(oriel_value_size("64x", &width, &height), -EINVAL);
  assert_int_equal(oriel_value_size("x64", &width, &height), -EINVAL);
  assert_int_equal(oriel_value_size("64x64x", &width, &height), -EINVAL);
  assert_int_equal(oriel_value_memory("64", &mib), 0);
  assert_int_equal(mib, 64);
  assert_int_equal(oriel_value_memory("1T", &mib), 0);
  assert_int_equal(mib, 1024 * 1024);
  assert_int_equal(oriel_value_memory("2T", &mib), -EINVAL);
  assert_int_equal(oriel_value_memory("1GB", &mib), -EINVAL);
  assert_int_equal(oriel_value_memory("999999999T", &mib), -EINVAL);
  assert_int_equal(oriel_value_flag("TRUE", &flag), 0);
  assert_true(flag);
  assert_int_equal(oriel_value_flag("off", &flag), 0);
  assert_false(flag);
  assert_int_equal(oriel_value_flag("2", &flag), -EINVAL);
}

/** Help is aligned, has no line too long for a terminal of 120 columns, and names every option of the command. */
static void help_is_aligned(void **state) {
  (void)state;
  static const enum oriel_command commands[] = {ORIEL_CLI_RUN, ORIEL_CLI_SERVE, ORIEL_CLI_DOCTOR};
  for (size_t i = 0; i < 3; i++) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    oriel_command_help(file, commands[i]);
    fclose(file);
    assert_non_null(strstr(text, "--listen ADDR:PORT"));
    bool in_options = false;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
      assert_true(strlen(line) <= 120);
      if (strcmp(line, "Options:") == 0)
        in_options = true;
      else if (in_options && line[0] == ' ') {
        assert_int_equal(line[31], ' ');
        assert_int_not_equal(line[32], ' ');
      } else
        in_options = false;
    }
    free(text);
  }
}

static void options_listen_takes_a_port_alone(void **state) {
  (void)state;
  static const struct {
    const char *text, *listen;
  } cases[] = {
    {"pattern: --listen 8080", "127.0.0.1:8080"}, {"pattern: --listen :0", "127.0.0.1:0"},
    {"pattern: --listen 0.0.0.0:80", "0.0.0.0:80"}, {"pattern: --listen [::1]:80", "[::1]:80"},
    {"pattern: --listen 123456", "123456"}, {"pattern: --listen :", ":"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(parse(ORIEL_CLI_SERVE, cases[i].text), 0);
    assert_string_equal(options.listen, cases[i].listen);
    oriel_options_finish(&options);
  }
}

static const char *nearest_of(const char *typed) {
  static const char *const words[] = {"listen", "log-json", "log-level", "audio-listen", "fps"};
  struct oriel_nearest nearest;
  oriel_nearest_init(&nearest, typed, strlen(typed));
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    oriel_nearest_consider(&nearest, words[i]);
  return nearest.word != NULL ? nearest.word : "none";
}

static void nearest_word_is_one_that_was_meant(void **state) {
  (void)state;
  static const struct {
    const char *typed, *meant;
  } cases[] = {
    {"lsiten", "listen"}, {"listne", "listen"}, {"lis", "listen"}, {"loglevel", "log-level"},
    {"audio-lisen", "audio-listen"}, {"frob", "none"}, {"x", "none"}, {"", "none"},
    {"a-very-long-word-that-nobody-means-as-an-option", "none"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(nearest_of(cases[i].typed), cases[i].meant);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(options_have_the_documented_defaults, finish),
    cmocka_unit_test_teardown(options_are_read_in_both_forms, finish),
    cmocka_unit_test_teardown(options_after_two_dashes_are_qemus, finish),
    cmocka_unit_test_teardown(options_from_the_environment_are_weaker, finish),
    cmocka_unit_test_teardown(options_bad_environment_is_named, finish),
    cmocka_unit_test_teardown(options_token_on_the_command_line_replaces_the_environments_file, finish),
    cmocka_unit_test_teardown(options_bad_values_are_named, finish),
    cmocka_unit_test_teardown(desktops_have_options_of_their_own, finish),
    cmocka_unit_test_teardown(desktops_without_a_name_are_alone, finish),
    cmocka_unit_test_teardown(desktops_have_a_bound, finish),
    cmocka_unit_test_teardown(desktops_are_copied_and_compared, finish),
    cmocka_unit_test_teardown(options_lists_have_a_bound, finish),
    cmocka_unit_test_teardown(options_listen_takes_a_port_alone, finish),
    cmocka_unit_test(nearest_word_is_one_that_was_meant),
    cmocka_unit_test_teardown(proxies_are_addresses_or_networks, finish),
    cmocka_unit_test_teardown(control_has_three_ways, finish),
    cmocka_unit_test(values_have_edges),
    cmocka_unit_test(help_is_aligned),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
