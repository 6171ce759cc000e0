/* SPDX-License-Identifier: MIT
 *
 * Settings for people: those in force, and the help. Main thread.
 */
#include "guest/agent/settings_show.h"

#include <string.h>

#include "guest/agent/setting.h"

static void print_end(const char *key, const struct agent_end *end, FILE *file) {
  char text[1024] = "none";
  if (end->is_on)
    oriel_transport_address_format(&end->address, text, sizeof text);
  fprintf(file, "%s = %s\n", key, text);
}

void agent_settings_print(const struct agent_settings *settings, FILE *file) {
  static const char *const levels[] = {"error", "warn", "info", "debug"};
  print_end("output", &settings->output, file);
  print_end("input", &settings->input, file);
  print_end("clipboard", &settings->clipboard, file);
  fprintf(file, "output-name = %s\ninput-name = %s\n", settings->output_name, settings->input_name);
  fprintf(file, "output-channels = %u\ninput-channels = %u\n", settings->output_channels, settings->input_channels);
  fprintf(file, "rate = %u\nbitrate = %u\n", settings->rate, settings->bitrate_kbps);
  if (settings->frame_us != 0)
    fprintf(file, "frame = %g\n", settings->frame_us / 1000.0);
  fprintf(file, "shm = %s\n", settings->shm[0] != '\0' ? settings->shm : "none");
  fprintf(file, "control = %s\n", settings->control[0] != '\0' ? settings->control : "none");
  fprintf(file, "screen = %s\n", settings->screen_follows ? "follow" : "none");
  fprintf(file, "log-level = %s\nlog-json = %s\n", levels[settings->log_level], settings->log_json ? "true" : "false");
}

/** Broken at spaces before column 100. */
static void print_wrapped(FILE *file, const char *text, int indent) {
  int column = indent;
  while (*text != '\0') {
    const int word = (int)strcspn(text, " ");
    if (column + word > 99) {
      fprintf(file, "\n%*s", indent, "");
      column = indent;
    }
    fprintf(file, "%.*s", word, text);
    column += word;
    text += word;
    if (*text == ' ') {
      fputc(' ', file);
      column++;
      text++;
    }
  }
  fputc('\n', file);
}

void agent_settings_help(FILE *file) {
  fputs("usage: oriel-agent [--KEY VALUE]...\n\n"
        "Two sound devices on PipeWire: what is played into Oriel Output goes to the host, what the host's microphone\n"
        "hears comes out of Oriel Input; and one clipboard: what is copied here is pasted there, and back. Settings, by falling strength: the command line, ~/.config/oriel/agent.conf,\n"
        "/etc/oriel/agent.conf (lines of KEY = VALUE, # starts a comment).\n\n", file);
  for (size_t i = 0; i < agent_setting_count; i++) {
    char left[64];
    const struct setting *setting = &agent_setting_table[i];
    snprintf(left, sizeof left, "--%s %s", setting->key, setting->value ? setting->value : "");
    fprintf(file, "  %-22s ", left);
    print_wrapped(file, setting->help, 25);
  }
  fputs("  --config FILE          read this file and none of the two\n"
        "  --check                read the settings, print those in force, end\n"
        "  --status               print what the running agent does, as JSON\n"
        "  --version, --help\n\n"
        "Exit status: 0 fine, 1 it failed, 2 a setting is wrong.\n", file);
}
