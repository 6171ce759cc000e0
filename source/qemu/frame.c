/* SPDX-License-Identifier: MIT
 *
 * See frame.h.
 */
#include "source/qemu/frame.h"

#include <stdbool.h>
#include <string.h>

#include "core/bytes.h"

enum {
  MESSAGE_MAX = 128 << 20, /* by the specification */
  FIELDS_MAX = 4096,       /* of the header; QEMU's have less than 300 bytes */
  NESTED_MAX = 64 << 10,   /* of a message with values in values; QEMU's calls have none */
  SIGNATURE = 8,           /* the field that says what is in the body */
};

static uint32_t read_u32(struct oriel_reader *reader, bool big) {
  return big ? oriel_read_u32_be(reader) : oriel_read_u32(reader);
}

static uint32_t u32_at(const uint8_t *bytes, bool big) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, bytes, sizeof(uint32_t));
  return read_u32(&reader, big);
}

size_t oriel_qemu_frame_size(const uint8_t header[ORIEL_QEMU_FRAME_HEADER]) {
  if (header[0] != 'l' && header[0] != 'B')
    return 0;
  const uint32_t body = u32_at(header + 4, header[0] == 'B'), fields = u32_at(header + 12, header[0] == 'B');
  if (fields > FIELDS_MAX || body > MESSAGE_MAX)
    return 0;
  const size_t size = ORIEL_QEMU_FRAME_HEADER + ((size_t)fields + 7) / 8 * 8 + body;
  return size <= MESSAGE_MAX ? size : 0;
}

/** No values in values, but for arrays of bytes. */
static bool is_flat(const uint8_t *signature, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (signature[i] == 'a' && (++i == size || signature[i] != 'y'))
      return false;
    if (!signature[i] || !strchr("ybnqiuxtdsogh", signature[i]))
      return false;
  }
  return true;
}

/** Skips to a multiple of that many bytes; the fields begin at one of 8. */
static void align(struct oriel_reader *fields, size_t size, size_t to) {
  (void)oriel_read_bytes(fields, (to - (size - fields->left) % to) % to);
}

/** Reads one field of `size` bytes of fields. False when it is none of those that a call has, or says of a body that
 *  it is not flat. */
static bool read_flat_field(struct oriel_reader *fields, size_t size, bool big) {
  align(fields, size, 8);
  const uint8_t code = oriel_read_u8(fields), length = oriel_read_u8(fields), type = oriel_read_u8(fields);
  if (length != 1 || oriel_read_u8(fields) != '\0' || (code == SIGNATURE) != (type == 'g'))
    return false;
  if (type == 'g') {
    const uint8_t count = oriel_read_u8(fields);
    const uint8_t *signature = oriel_read_bytes(fields, count);
    (void)oriel_read_u8(fields);
    return oriel_reader_ok(fields) && is_flat(signature, count);
  }
  align(fields, size, 4);
  const uint32_t value = read_u32(fields, big);
  if (type == 's' || type == 'o') {
    (void)oriel_read_bytes(fields, value);
    (void)oriel_read_u8(fields);
  }
  return oriel_reader_ok(fields) && (type == 's' || type == 'o' || type == 'u');
}

static bool has_flat_body(const uint8_t *bytes) {
  const bool big = bytes[0] == 'B';
  const size_t size = u32_at(bytes + 12, big);
  struct oriel_reader fields;
  oriel_reader_init(&fields, bytes + ORIEL_QEMU_FRAME_HEADER, size);
  while (fields.left)
    if (!read_flat_field(&fields, size, big))
      return false;
  return true;
}

/** What GLib takes for granted of a call, and does not check: its number, that its fields are of their types, and that
 *  names are names, which may be logged. */
static bool can_answer(GDBusMessage *message) {
  if (g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return true;
  const char *sender = g_dbus_message_get_sender(message), *interface = g_dbus_message_get_interface(message);
  const char *member = g_dbus_message_get_member(message);
  return g_dbus_message_get_serial(message) && g_dbus_message_get_path(message) && member &&
         g_dbus_is_member_name(member) && (!interface || g_dbus_is_interface_name(interface)) &&
         (!sender || g_dbus_is_name(sender));
}

GDBusMessage *oriel_qemu_frame_parse(uint8_t *bytes, size_t size) {
  if (size > NESTED_MAX && !has_flat_body(bytes))
    return NULL;
  GDBusMessage *message = g_dbus_message_new_from_blob(bytes, size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, NULL);
  if (message && !can_answer(message))
    g_clear_object(&message);
  return message;
}
