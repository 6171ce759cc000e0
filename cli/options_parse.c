/* SPDX-License-Identifier: MIT
 *
 * From the command line, the environment and the configuration file to options. Any thread.
 */
#include "cli/options_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config_load.h"
#include "cli/desktop_values.h"
#include "cli/option_parser.h"
#include "server/public.h"

static void environment_name(const struct oriel_option *option, char *name, size_t size) {
  snprintf(name, size, "ORIEL_%s", option->name);
  for (char *c = name; *c != '\0'; c++)
    *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

static int parse_environment(struct oriel_option_parser *parser) {
  for (int i = 0; i < oriel_option_count; i++) {
    char name[64];
    environment_name(&oriel_option_table[i], name, sizeof name);
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0' || (oriel_option_table[i].commands & parser->options->command) == 0 ||
        oriel_option_parser_outranks(parser, i, ORIEL_PLACE_ENVIRONMENT))
      continue;
    const int result = oriel_option_parser_set(parser, i, name, value, ORIEL_PLACE_ENVIRONMENT);
    if (result < 0)
      return result;
  }
  return 0;
}

/** "8080" and ":8080": a port of this host, for this host. What is no port is left for the server to judge. */
static int complete_listen(struct oriel_options *options) {
  const char *port = options->listen + (options->listen[0] == ':');
  const size_t length = strlen(port);
  char text[24];
  if (length == 0 || length > 5 || strspn(port, "0123456789") != length)
    return 0;
  const int size = snprintf(text, sizeof text, "127.0.0.1:%s", port);
  options->listen = oriel_texts_add(&options->texts, text, (size_t)size);
  return options->listen != NULL ? 0 : -ENOMEM;
}

/** A key without its certificate goes with the certificate that --tls-self-signed of a stronger place replaced. */
static void drop_lone_key(struct oriel_option_parser *parser) {
  struct oriel_options *options = parser->options;
  const int key = oriel_option_find("tls-key", 7, 0), made = oriel_option_find("tls-self-signed", 15, 0);
  if (options->tls_self_signed && options->tls_cert == NULL && parser->place[key] < parser->place[made])
    options->tls_key = NULL;
}

/** Each desktop gets the defaults; only then it can be judged. */
static int complete_desktops(struct oriel_options *options, char *why, size_t why_size) {
  int result = options->desktop_count > 1 ? oriel_desktop_defaults_check(&options->defaults, why, why_size) : 0;
  if (result < 0)
    return result;
  for (unsigned i = 0; result == 0 && i < options->desktop_count; i++)
    result = oriel_desktop_options_inherit(&options->desktops[i], &options->defaults);
  if (result < 0)
    snprintf(why, why_size, "cannot start: out of memory");
  for (unsigned i = 0; result == 0 && i < options->desktop_count; i++)
    result = oriel_desktop_options_check(&options->desktops[i], why, why_size);
  return result;
}

/** Nothing to serve is a mistake, unless it can be added later. */
static bool lacks_desktops(const struct oriel_options *options) {
  return options->command == ORIEL_CLI_SERVE && options->desktop_count == 0 && options->admin_token == NULL &&
         options->admin_token_file == NULL;
}

/** The first ICE server that needs the secret of TURN, where none is given; NULL. */
static const char *lacks_turn_secret(const struct oriel_options *options) {
  const char *const *url = options->ice_servers.words;
  while (url != NULL && *url != NULL && strncmp(*url, "turn", 4) != 0)
    url++;
  return options->turn_secret == NULL && options->turn_secret_file == NULL && url != NULL ? *url : NULL;
}

static int check_serving(const struct oriel_options *options, char *why, size_t why_size) {
  struct oriel_public address;
  if (options->token != NULL && options->token_file != NULL)
    snprintf(why, why_size, "--token and --token-file are both given: leave one out");
  else if (options->view_token != NULL && options->view_token_file != NULL)
    snprintf(why, why_size, "--view-token and --view-token-file are both given: leave one out");
  else if (options->admin_token != NULL && options->admin_token_file != NULL)
    snprintf(why, why_size, "--admin-token and --admin-token-file are both given: leave one out");
  else if (options->turn_secret != NULL && options->turn_secret_file != NULL)
    snprintf(why, why_size, "--turn-secret and --turn-secret-file are both given: leave one out");
  else if (lacks_turn_secret(options) != NULL)
    snprintf(why, why_size, "--ice-server %.100s takes a secret that it shares with us: give --turn-secret-file",
             lacks_turn_secret(options));
  else if (options->tls_self_signed && options->tls_cert != NULL)
    snprintf(why, why_size, "--tls-self-signed and --tls-cert are both given: leave one out");
  else if ((options->tls_cert != NULL) != (options->tls_key != NULL))
    snprintf(why, why_size, "--tls-cert and --tls-key belong together: %s is missing",
             options->tls_cert == NULL ? "--tls-cert" : "--tls-key");
  else if (options->public_url != NULL && oriel_public_parse(options->public_url, &address) < 0)
    snprintf(why, why_size,
             "--public-url is \"%.100s\": it must be as https://vm.example or https://host:8443/vms/one/",
             options->public_url);
  else if (lacks_desktops(options) && options->config != NULL)
    snprintf(why, why_size, "%.200s has no desktop: add a section [desktop NAME] with address = qemu:QMP-SOCKET",
             options->config);
  else if (lacks_desktops(options))
    snprintf(why, why_size, "what to serve is missing: qemu:QMP-SOCKET or pattern:; see `oriel serve --help`");
  else
    return 0;
  return -EINVAL;
}

static int check_run(const struct oriel_options *options, char *why, size_t why_size) {
  if (options->name != NULL && !oriel_qemu_name_valid(options->name))
    snprintf(why, why_size, "--name is \"%.100s\": it must be 1 to 64 of A-Z a-z 0-9 _ . - and not start with a dot",
             options->name);
  else if (options->disk_format != NULL &&
           strspn(options->disk_format, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(options->disk_format))
    snprintf(why, why_size, "--disk-format is \"%.100s\": it must be one that `qemu-img --help` lists",
             options->disk_format);
  else if (options->command == ORIEL_CLI_RUN && options->operand == NULL &&
           (options->persistent || options->disk_format != NULL))
    snprintf(why, why_size, "%s needs a DISK: the demo guest has none",
             options->persistent ? "--persistent" : "--disk-format");
  else
    return 0;
  return -EINVAL;
}

static int parse(struct oriel_option_parser *parser, int argc, char *const argv[]) {
  struct oriel_options *options = parser->options;
  int result = oriel_option_parser_arguments(parser, argc, argv);
  if (result < 0 || options->help)
    return result;
  result = parse_environment(parser);
  if (result == 0 && options->command == ORIEL_CLI_CONFIG && options->operand2 != NULL)
    options->config = options->operand2;
  if (result == 0 && options->config != NULL)
    result = oriel_config_load(parser, options->config);
  drop_lone_key(parser);
  if (result == 0 && complete_listen(options) < 0) {
    snprintf(parser->why, parser->why_size, "--listen is not taken: out of memory");
    result = -ENOMEM;
  }
  if (result == 0)
    result = complete_desktops(options, parser->why, parser->why_size);
  if (result == 0)
    result = check_serving(options, parser->why, parser->why_size);
  return result == 0 ? check_run(options, parser->why, parser->why_size) : result;
}

int oriel_options_check(enum oriel_command command, int argc, char *const argv[], struct oriel_options *options,
                        FILE *problems, char *why, size_t why_size) {
  *options = (struct oriel_options){
    .command = command, .listen = "127.0.0.1:8080", .auth_fail_limit = 10, .auth_fail_window_s = 60,
    .shutdown_timeout_s = 60, .log_level = ORIEL_LOG_INFO, .display = {1280, 720}, .accel = ORIEL_ACCEL_AUTO,
    .defaults = {.fps = 60, .audio_frame_ms = 20, .viewers_max = ORIEL_DESKTOP_VIEWERS_MAX,
                 .control = ORIEL_CONTROL_ASK, .clipboard = ORIEL_CLIPBOARD_BOTH},
    .arguments = argv, .argument_count = argc,
  };
  struct oriel_option_parser parser = {
    .options = options, .problems = problems, .why = why, .why_size = why_size};
  const int result = parse(&parser, argc, argv);
  if (result < 0)
    oriel_options_finish(options);
  return result;
}

int oriel_options_parse(enum oriel_command command, int argc, char *const argv[], struct oriel_options *options,
                        char *why, size_t why_size) {
  return oriel_options_check(command, argc, argv, options, NULL, why, why_size);
}
