/* SPDX-License-Identifier: MIT
 *
 * Configuration files: their syntax, and what they mean beside the command line and the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/config.h"
#include "cli/options_parse.h"

static struct oriel_options options;
static char why[512], path[64], said[8192];

/* ---- syntax: what a text says, as one text ---- */

static int note(void *user, const struct oriel_config_item *item, char *reason, size_t size) {
  char *text = user;
  const size_t used = strlen(text);
  if (item->key == NULL && strcmp(item->section, "bad") == 0) {
    snprintf(reason, size, "bad section");
    return -EINVAL;
  }
  if (item->key == NULL)
    snprintf(text + used, sizeof said - used, "%u[%s|%s]", item->line, item->section, item->argument);
  else
    snprintf(text + used, sizeof said - used, "%u:%s=%s;", item->line, item->key, item->value);
  return 0;
}

static bool complain(void *user, unsigned line, const char *reason) {
  char *text = user;
  const size_t used = strlen(text);
  snprintf(text + used, sizeof said - used, "!%u %.20s;", line, reason);
  return true;
}

static const char *read_text(const char *text, size_t size) {
  const struct oriel_config_reader reader = {.user = said, .item = note, .problem = complain};
  said[0] = '\0';
  const int result = oriel_config_read(text, size, &reader);
  assert_int_equal(result, strchr(said, '!') != NULL ? -EINVAL : 0);
  return said;
}

static void config_syntax_is_that_of_systemd(void **state) {
  (void)state;
  static const struct { const char *text, *means; } cases[] = {
    {"", ""},
    {"\n\n# one\n; two\n  # three\n", ""},
    {"[server]\nfps=30", "1[server|]2:fps=30;"},
    {"\xEF\xBB\xBF[server]\r\n fps = 30 \r\n", "1[server|]2:fps=30;"},
    {"[ desktop   a b ]\nkey=a # b = c", "1[desktop|a b]2:key=a # b = c;"},
    {"[s]\nlist = a,\\\n  b,\\\n# not this\n c\nk=v", "1[s|]2:list=a, b, c;6:k=v;"},
    {"[s]\nk=a\\\\\nl=b", "1[s|]2:k=a\\\\;3:l=b;"}, /* two backslashes are none that continues */
    {"[s]\nk=a\\", "1[s|]2:k=a;"},
    {"[s]\nk=\\\n\nl=\"b\"", "1[s|]2:k=;4:l=\"b\";"},
    {"k=v\n", "!1 the entry is in no s;"},
    {"[s]\nword\nk=v", "1[s|]!2 \"word\" is neither a ;3:k=v;"},
    {"[s\nk=v", "!1 the section \"[s\" has;"}, /* of whose entries nothing is told */
    {"[bad]\nk=v\n[s]\nl=w", "!1 bad section;3[s|]4:l=w;"},
    {"[s]\nk=\x01\nl=w", "1[s|]!2 the line holds the b;3:l=w;"},
    {"[s]\nk=a\x7F\\\nrest\nl=w", "1[s|]!2 the line holds the b;4:l=w;"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_string_equal(read_text(cases[i].text, strlen(cases[i].text)), cases[i].means);
  assert_string_equal(read_text("[s]\nk=a\0b", 9), "1[s|]!2 the line holds the b;");
}

static void config_entries_have_a_bound(void **state) {
  (void)state;
  static char text[3 * ORIEL_CONFIG_ENTRY_MAX];
  memset(text, 'x', sizeof text);
  memcpy(text, "[s]\nk=", 6);
  text[4 + ORIEL_CONFIG_ENTRY_MAX] = '\n';
  text[5 + ORIEL_CONFIG_ENTRY_MAX] = '\0';
  assert_null(strchr(read_text(text, strlen(text)), '!'));
  memcpy(text + 4 + ORIEL_CONFIG_ENTRY_MAX, "xx\nl=w", 7);
  assert_string_equal(read_text(text, strlen(text)), "1[s|]!2 the entry is longer ;3:l=w;");
  text[4 + ORIEL_CONFIG_ENTRY_MAX / 2] = '\\'; /* and joined they are no shorter */
  text[5 + ORIEL_CONFIG_ENTRY_MAX / 2] = '\n';
  assert_non_null(strstr(read_text(text, strlen(text)), "!3 the entry is longer ;4:l=w;"));
}

/* ---- meaning ---- */

static int begin(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/oriel-config-test.XXXXXX");
  const int fd = mkstemp(path);
  return fd < 0 ? -1 : close(fd);
}

static int finish(void **state) {
  (void)state;
  oriel_options_finish(&options);
  unsetenv("ORIEL_FPS");
  unsetenv("ORIEL_TOKEN_FILE");
  return unlink(path);
}

/** Reads `text` as a file beside words separated by spaces; NULL for `problems`: until the first mistake. */
static int load(const char *text, const char *line, FILE *problems) {
  static char copy[256];
  static char flag[] = "--config";
  char *words[32] = {flag, path}, *rest = NULL;
  int count = 2;
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
  snprintf(copy, sizeof copy, "%s", line);
  for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
    words[count++] = word;
  oriel_options_finish(&options);
  why[0] = '\0';
  return oriel_options_check(ORIEL_CLI_SERVE, count, words, &options, problems, why, sizeof why);
}

static void config_desktops_are_served(void **state) {
  (void)state;
  assert_int_equal(load("[server]\nlisten = 9000\nallow-host = a\nallow-host = b, \\\n  c ,\nfps = 30\n"
                        "[desktop web]\naddress = qemu:/run/a,b.sock\nfps = 10\naudio-listen = tcp://h:1\n"
                        "audio-listen = tcp://h:2\n[desktop db]\naddress = pattern:\naudio-passthru = yes\n",
                        "", NULL), 0);
  assert_string_equal(options.listen, "127.0.0.1:9000");
  assert_int_equal(options.allow_hosts.count, 3);
  assert_string_equal(options.allow_hosts.words[1], "b");
  assert_string_equal(options.allow_hosts.words[2], "c");
  assert_int_equal(options.desktop_count, 2);
  const struct oriel_desktop_options *web = &options.desktops[0], *db = &options.desktops[1];
  assert_string_equal(web->name, "web");
  assert_string_equal(web->address, "qemu:/run/a,b.sock"); /* in a file a comma is a comma */
  assert_int_equal(web->fps, 10);
  assert_int_equal(web->audio_listen.count, 2);
  assert_int_equal(web->line, 7);
  assert_int_equal(db->fps, 30);
  assert_true(db->audio_passthru && !web->audio_passthru);
}

/** The file is the weakest, but for what a desktop is given itself. */
static void config_is_weaker_than_environment_and_command_line(void **state) {
  (void)state;
  static const char text[] = "[server]\nfps = 10\nbitrate = 1000\nstats = 5\ntoken = 0123456789abcdef\n"
                             "allow-host = a\n[desktop web]\naddress = pattern:\nviewers = 3\n";
  setenv("ORIEL_FPS", "20", 1);
  setenv("ORIEL_TOKEN_FILE", "/token", 1);
  assert_int_equal(load(text, "--bitrate 2000 --viewers 4 --allow-host b more=pattern:,fps=5", NULL), 0);
  const struct oriel_desktop_options *more = &options.desktops[0], *web = &options.desktops[1];
  assert_int_equal(options.desktop_count, 2);
  assert_int_equal(web->fps, 20);
  assert_int_equal(more->fps, 5);
  assert_int_equal(web->bitrate_kbps, 2000);
  assert_int_equal(options.stats_s, 5);
  assert_int_equal(web->viewers_max, 3);
  assert_int_equal(more->viewers_max, 4);
  assert_null(options.token); /* which the environment's file replaces */
  assert_int_equal(options.allow_hosts.count, 1);
  assert_string_equal(options.allow_hosts.words[0], "b");
}

static void config_mistakes_are_named_with_file_and_line(void **state) {
  (void)state;
  static const struct { const char *text; unsigned line; const char *says; } bad[] = {
    {"[server]\nfps = 0\n", 2, "fps is \"0\": it must be a whole number from 1 to 240"},
    {"\n[server]\nlisen = 1\n", 3, "did you mean listen?"},
    {"[server]\naddress = pattern:\n", 2, "put it into [desktop NAME]"},
    {"[server]\nconfig = x\n", 2, "cannot stand in it"},
    {"[server]\nfps = 1\nfps = 2\n", 3, "a second time"},
    {"[sever]\n", 1, "there are [server] and [desktop NAME]"},
    {"[server x]\n", 1, "[server x]"},
    {"[desktop]\n", 1, "has no name"},
    {"[desktop A]\n", 1, "1 to 63"},
    {"[desktop a]\nfps = 3\n[server]\n", 1, "desktop a has no address"},
    {"[desktop a]\naddress = \n", 2, "address is empty"},
    {"[desktop a]\naddress = pattern:\naddress = pattern:\n", 3, "a second time"},
    {"[desktop a]\naddress = pattern:\nfps = 1\nfps = 2\n", 4, "a second time"},
    {"[desktop a]\naddress = pattern:\nlisten = 1\n", 3, "put it into [server]"},
    {"[desktop a]\naddress = pattern:\nbitrat = 1\n", 3, "did you mean bitrate?"},
    {"[desktop a]\naddress = pattern:\ncpus = 1\n", 3, "no option is called \"cpus\""},
    {"[desktop a]\naddress = pattern:\ntoken = x\ntoken-file = y\n", 1, "both token and token-file"},
    {"[desktop a]\naddress = pattern:\n[desktop a]\naddress = pattern:\n", 3, "there twice"},
    {"fps = 3\n", 1, "in no section"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char place[128];
    snprintf(place, sizeof place, "%s:%u: ", path, bad[i].line);
    assert_int_equal(load(bad[i].text, "", NULL), -EINVAL);
    if (strncmp(why, place, strlen(place)) != 0 || strstr(why, bad[i].says) == NULL)
      fail_msg("%s: \"%s\" is not in line %u and \"%s\"", bad[i].text, why, bad[i].line, bad[i].says);
  }
  assert_int_equal(load("[desktop a]\naddress = pattern:\n", "a=pattern:", NULL), -EINVAL);
  assert_non_null(strstr(why, "there twice"));
  assert_int_equal(load("[desktop a]\naddress = pattern:\n", "pattern:", NULL), -EINVAL);
  assert_non_null(strstr(why, "has no name"));
  assert_int_equal(load("[server]\n", "", NULL), -EINVAL);
  assert_non_null(strstr(why, "[desktop NAME]"));
}

static void config_mistakes_are_told_all_or_a_hundred(void **state) {
  (void)state;
  char *text = NULL, many[4096] = "[server]\n";
  size_t size = 0;
  FILE *problems = open_memstream(&text, &size);
  assert_int_equal(load("[server]\nfps = 0\nstat = 1\n[desktop a]\nviewers = 0\n", "", problems), -EINVAL);
  assert_string_equal(why, "");
  fclose(problems);
  unsigned lines = 0;
  for (const char *c = text; *c != '\0'; c++)
    lines += *c == '\n';
  assert_int_equal(lines, 4); /* the last is the missing address */
  free(text);
  for (int i = 0; i < 300; i++)
    strcat(many, "fps = 0\n");
  problems = open_memstream(&text, &size);
  assert_int_equal(load(many, "", problems), -EINVAL);
  fclose(problems);
  assert_non_null(strstr(text, "more than 100 mistakes"));
  assert_null(strstr(text, ":103:"));
  free(text);
}

static void config_file_has_a_bound(void **state) {
  (void)state;
  assert_int_equal(load("[server]\n", "a=pattern:", NULL), 0);
  assert_int_equal(truncate(path, ORIEL_CONFIG_SIZE_MAX + 1), 0);
  char flag[] = "--config", *words[] = {flag, path};
  oriel_options_finish(&options);
  assert_int_equal(oriel_options_parse(ORIEL_CLI_SERVE, 2, words, &options, why, sizeof why), -EFBIG);
  assert_non_null(strstr(why, path));
  char nothing[] = "/no/such/file";
  words[1] = nothing;
  assert_int_equal(oriel_options_parse(ORIEL_CLI_SERVE, 2, words, &options, why, sizeof why), -ENOENT);
  assert_non_null(strstr(why, "/no/such/file"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_syntax_is_that_of_systemd),
    cmocka_unit_test(config_entries_have_a_bound),
    cmocka_unit_test_setup_teardown(config_desktops_are_served, begin, finish),
    cmocka_unit_test_setup_teardown(config_is_weaker_than_environment_and_command_line, begin, finish),
    cmocka_unit_test_setup_teardown(config_mistakes_are_named_with_file_and_line, begin, finish),
    cmocka_unit_test_setup_teardown(config_mistakes_are_told_all_or_a_hundred, begin, finish),
    cmocka_unit_test_setup_teardown(config_file_has_a_bound, begin, finish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
