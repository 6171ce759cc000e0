/* SPDX-License-Identifier: MIT
 *
 * Reading a console's properties. Stateless.
 */
#include "source/qemu/console_facts.h"

#include <string.h>

#include "source/input.h"

/* QEMU's bits: 1 Scroll Lock, 2 Num Lock, 4 Caps Lock. */
unsigned oriel_qemu_locks_of(uint32_t leds) {
  return (leds & 4 ? ORIEL_LOCK_CAPS : 0u) | (leds & 2 ? ORIEL_LOCK_NUM : 0u);
}

void oriel_qemu_console_read(struct oriel_qemu_console_facts *facts, GVariant *interfaces) {
  GVariant *console = g_variant_lookup_value(interfaces, ORIEL_QEMU_CONSOLE, G_VARIANT_TYPE_VARDICT);
  GVariant *mouse = g_variant_lookup_value(interfaces, ORIEL_QEMU_MOUSE, G_VARIANT_TYPE_VARDICT);
  GVariant *touch =
    g_variant_lookup_value(interfaces, "org.qemu.Display1.MultiTouch", G_VARIANT_TYPE_VARDICT);
  GVariant *keyboard = g_variant_lookup_value(interfaces, ORIEL_QEMU_KEYBOARD, G_VARIANT_TYPE_VARDICT);
  guint32 leds = 0;
  gboolean absolute = FALSE;
  const char *type = "Graphic";
  if (keyboard)
    facts->has_leds = g_variant_lookup(keyboard, "Modifiers", "u", &leds);
  facts->locks = oriel_qemu_locks_of(leds);
  if (console) {
    facts->exists = true;
    g_variant_lookup(console, "Width", "u", &facts->width);
    g_variant_lookup(console, "Height", "u", &facts->height);
    g_variant_lookup(console, "Type", "&s", &type);
    facts->is_graphic = !strcmp(type, "Graphic");
  }
  if (mouse)
    g_variant_lookup(mouse, "IsAbsolute", "b", &absolute);
  facts->absolute = absolute;
  facts->has_touch = touch != NULL;
  g_clear_pointer(&console, g_variant_unref);
  g_clear_pointer(&mouse, g_variant_unref);
  g_clear_pointer(&touch, g_variant_unref);
  g_clear_pointer(&keyboard, g_variant_unref);
}
