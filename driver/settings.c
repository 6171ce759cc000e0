/* SPDX-License-Identifier: MIT
 *
 * Settings as text: one table of keys. Any thread but IO callbacks.
 */
#include "driver/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/number.h"
#include "core/setting_lines.h"
#include "core/utf8.h"

/* A build for tests has others: what is tested must not dial the machine's own host. */
#ifndef SETTINGS_TRANSPORT
#define SETTINGS_TRANSPORT "vsock://2:5000"
#define SETTINGS_MICROPHONE "vsock://2:5001"
#endif

const uint32_t settings_rates[SETTINGS_RATE_COUNT] = {44100, 48000, 88200, 96000};

const struct settings settings_default = {
  .output_name = "Oriel Output",
  .input_name = "Oriel Input",
  .rate = 48000,
  .output_channels = 2,
  .input_channels = 2,
  .bitrate_kbps = 128,
  .transport = SETTINGS_TRANSPORT,
  .microphone = SETTINGS_MICROPHONE,
  .shared_memory = "", /* every user of the machine could listen */
};

struct key {
  const char *name;
  size_t offset, size; /* size: of a text; 0 = a number */
  uint32_t least, most;
  /* Optional: more than size or range. Writes `why` and returns -EINVAL. */
  int (*check)(const char *value, char *why);
  bool none_is_empty; /* "none", as the Linux agent's settings have it */
};

bool settings_rate_is_known(uint32_t rate) {
  for (int i = 0; i < SETTINGS_RATE_COUNT; i++)
    if (settings_rates[i] == rate)
      return true;
  return false;
}

static int check_rate(const char *value, char *why) {
  for (int i = 0; i < SETTINGS_RATE_COUNT; i++) {
    char text[12];
    snprintf(text, sizeof text, "%u", (unsigned)settings_rates[i]);
    if (!strcmp(text, value))
      return 0;
  }
  snprintf(why, SETTINGS_WHY_SIZE, "%.20s Hz is not offered: choose 44100, 48000, 88200 or 96000", value);
  return -EINVAL;
}

static int check_name(const char *value, char *why) {
  if (*value)
    return 0;
  snprintf(why, SETTINGS_WHY_SIZE, "a device needs a name");
  return -EINVAL;
}

static int parse_address(const char *value, struct oriel_transport_address *address, char *why) {
  return oriel_transport_address_parse_device(value, address, why, SETTINGS_WHY_SIZE) < 0 ? -EINVAL : 0;
}

static int check_address(const char *value, char *why) {
  struct oriel_transport_address address;
  return *value ? parse_address(value, &address, why) : 0;
}

static int check_microphone(const char *value, char *why) {
  struct oriel_transport_address address;
  if (!*value)
    return 0;
  if (parse_address(value, &address, why) < 0)
    return -EINVAL;
  if (address.scheme != ORIEL_TRANSPORT_UDP)
    return 0;
  snprintf(why, SETTINGS_WHY_SIZE, "nobody can be dialled for sound over udp: choose vsock, unix, tcp, serial or mux");
  return -EINVAL;
}

static int check_shared_memory(const char *value, char *why) {
  if (value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0')
    return 0;
  snprintf(why, SETTINGS_WHY_SIZE, "a name of shared memory has letters, digits, '-', '_' and '.' only");
  return -EINVAL;
}

#define TEXT(field) offsetof(struct settings, field), sizeof settings_default.field, 0, 0
#define NUMBER(field, least, most) offsetof(struct settings, field), 0, least, most
static const struct key keys[] = {
  {"OutputName", TEXT(output_name), check_name, false},
  {"InputName", TEXT(input_name), check_name, false},
  {"Rate", NUMBER(rate, 44100, 96000), check_rate, false},
  {"OutputChannels", NUMBER(output_channels, 1, 16), NULL, false},
  {"InputChannels", NUMBER(input_channels, 1, 16), NULL, false},
  {"Bitrate", NUMBER(bitrate_kbps, 16, 510), NULL, false},
  {"Transport", TEXT(transport), check_address, true},
  {"Microphone", TEXT(microphone), check_microphone, true},
  {"SharedMemory", TEXT(shared_memory), check_shared_memory, true},
};
enum { KEYS = sizeof keys / sizeof *keys };

const char *settings_key(size_t index) {
  return index < KEYS ? keys[index].name : NULL;
}

static int set_number(const struct key *key, struct settings *settings, const char *value, char *why) {
  uint32_t number = 0;
  const int error = oriel_number_parse(value, strlen(value), key->least, key->most, &number);
  if (key->check) { /* it knows better than a range what may be chosen */
    if (key->check(value, why) < 0)
      return -EINVAL;
  } else if (error < 0) {
    snprintf(why, SETTINGS_WHY_SIZE, "%.40s is no whole number from %u to %u", value, (unsigned)key->least,
             (unsigned)key->most);
    return error;
  }
  memcpy((char *)settings + key->offset, &number, sizeof number);
  return 0;
}

static int set_text(const struct key *key, struct settings *settings, const char *value, char *why) {
  if (key->none_is_empty && !strcmp(value, "none"))
    value = "";
  const size_t size = strlen(value);
  if (size >= key->size || !oriel_utf8_is_line(value, size)) { /* names go to menus, addresses to logs */
    snprintf(why, SETTINGS_WHY_SIZE, "the value is no line of at most %zu bytes of UTF-8", key->size - 1);
    return -EINVAL;
  }
  int error = key->check ? key->check(value, why) : 0;
  if (!error) {
    char *field = (char *)settings + key->offset;
    memset(field, 0, key->size); /* so that equal settings are equal bytes */
    memcpy(field, value, size);
  }
  return error;
}

int settings_set(struct settings *settings, const char *key, const char *value, char *why) {
  for (size_t i = 0; i < KEYS; i++) {
    if (strcmp(keys[i].name, key) != 0)
      continue;
    char reason[SETTINGS_WHY_SIZE];
    const int error =
      keys[i].size ? set_text(&keys[i], settings, value, reason) : set_number(&keys[i], settings, value, reason);
    if (error < 0)
      snprintf(why, SETTINGS_WHY_SIZE, "%s: %.220s", key, reason);
    return error;
  }
  snprintf(why, SETTINGS_WHY_SIZE, "there is no setting %.40s", key);
  return -ENOENT;
}

static int set_line(struct settings *settings, const struct oriel_setting_line *line, char *why) {
  char key[64], value[SETTINGS_ADDRESS_SIZE + 64];
  if (oriel_setting_text(line->key, line->key_size, key, sizeof key) < 0) {
    snprintf(why, SETTINGS_WHY_SIZE, "no setting has a name that long");
    return -ENOENT;
  }
  if (!line->value) {
    snprintf(why, SETTINGS_WHY_SIZE, "%s: expected Key = value", key);
    return -EINVAL;
  }
  if (oriel_setting_text(line->value, line->value_size, value, sizeof value) < 0) {
    snprintf(why, SETTINGS_WHY_SIZE, "%s: the value is too long", key);
    return -EINVAL;
  }
  return settings_set(settings, key, value, why);
}

int settings_parse(struct settings *settings, const char *text, char *why) {
  struct settings made = *settings;
  struct oriel_setting_lines lines = {.text = text, .size = strlen(text)};
  struct oriel_setting_line line;
  while (oriel_setting_lines_next(&lines, &line) != 0) {
    char reason[SETTINGS_WHY_SIZE];
    const int error = set_line(&made, &line, reason);
    if (error < 0) {
      snprintf(why, SETTINGS_WHY_SIZE, "line %u: %.230s", lines.number, reason);
      return error;
    }
  }
  *settings = made;
  return 0;
}

static size_t put_key(const struct key *key, const struct settings *settings, char *text, size_t room) {
  const char *field = (const char *)settings + key->offset;
  uint32_t number;
  memcpy(&number, field, sizeof number);
  int size = key->size ? snprintf(text, room, "%s = %s\n", key->name, field)
                       : snprintf(text, room, "%s = %u\n", key->name, (unsigned)number);
  return (size_t)size;
}

/* Names, three long texts and their keys. */
static_assert(2 * SETTINGS_NAME_SIZE + 2 * SETTINGS_ADDRESS_SIZE + SETTINGS_SHM_SIZE + 9 * 32 < SETTINGS_TEXT_SIZE,
              "all settings fit");

size_t settings_format(const struct settings *settings, char text[SETTINGS_TEXT_SIZE]) {
  return settings_format_changes(NULL, settings, text);
}

size_t settings_format_changes(const struct settings *base, const struct settings *settings,
                               char text[SETTINGS_TEXT_SIZE]) {
  size_t size = 0;
  text[0] = '\0';
  for (size_t i = 0; i < KEYS; i++) {
    const size_t field_size = keys[i].size ? keys[i].size : sizeof(uint32_t);
    if (!base || memcmp((const char *)base + keys[i].offset, (const char *)settings + keys[i].offset, field_size) != 0)
      size += put_key(&keys[i], settings, text + size, SETTINGS_TEXT_SIZE - size);
  }
  return size;
}
