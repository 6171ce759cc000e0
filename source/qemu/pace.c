/* SPDX-License-Identifier: MIT
 *
 * Pacing, see pace.h. The queues, from QEMU's sources (hw/input, 7.0 to 9.1): PS/2 holds 16 bytes; HID over USB 16 key
 * codes, of which each poll of the guest takes one, or 16 pointer reports; virtio 64 events, of which one in two or
 * three is a SYN_REPORT. Pure.
 */
#include "source/qemu/pace.h"

enum {
  KEY_EXTENDED = 0x80, KEY_PRINT = 0x54, KEY_PAUSE = 0xc6,
  /* PS/2: the rate at which QEMU's own VNC server types (key-delay-ms=10), a press being one byte and a release two. */
  PS2_KEY_NS = 5000000, PS2_KEY_BURST = 15,
  /* A BIOS keeps 15 keys for a program that may draw between them. */
  PS2_FIRMWARE_NS = 20000000,
  /* Linux and Windows poll each 8 ms at high speed and each 10 ms at full speed; SeaBIOS at its clock's 18.2 Hz, less
   * where the host is busy. */
  USB_KEY_NS = 11000000, USB_KEY_BURST = 14, USB_FIRMWARE_NS = 75000000,
  VIRTIO_KEY_NS = 5000000, VIRTIO_KEY_BURST = 24,
  /* 100 packets a second is a PS/2 mouse's own rate; four of four bytes fill its queue. */
  PS2_POINTER_NS = 10000000, PS2_POINTER_BURST = 3,
  USB_POINTER_NS = 4000000, USB_POINTER_BURST = 24, /* two units a report */
  VIRTIO_POINTER_NS = 1250000, VIRTIO_POINTER_BURST = 32,
};

static void set(struct oriel_qemu_pace *pace, uint32_t unit_ns, uint32_t burst) {
  pace->unit_ns = unit_ns;
  pace->burst = burst;
}

void oriel_qemu_pace_keyboard(struct oriel_qemu_pace *pace, enum oriel_qemu_device device, bool firmware) {
  switch (device) {
  case ORIEL_QEMU_DEVICE_USB:
    set(pace, firmware ? USB_FIRMWARE_NS : USB_KEY_NS, USB_KEY_BURST);
    break;
  case ORIEL_QEMU_DEVICE_VIRTIO:
    set(pace, VIRTIO_KEY_NS, VIRTIO_KEY_BURST);
    break;
  case ORIEL_QEMU_DEVICE_PS2:
  case ORIEL_QEMU_DEVICE_UNKNOWN:
    set(pace, firmware ? PS2_FIRMWARE_NS : PS2_KEY_NS, PS2_KEY_BURST);
    break;
  }
}

void oriel_qemu_pace_pointer(struct oriel_qemu_pace *pace, enum oriel_qemu_device device) {
  switch (device) {
  case ORIEL_QEMU_DEVICE_PS2:
    set(pace, PS2_POINTER_NS, PS2_POINTER_BURST);
    break;
  case ORIEL_QEMU_DEVICE_USB:
    set(pace, USB_POINTER_NS, USB_POINTER_BURST);
    break;
  case ORIEL_QEMU_DEVICE_VIRTIO:
  case ORIEL_QEMU_DEVICE_UNKNOWN:
    set(pace, VIRTIO_POINTER_NS, VIRTIO_POINTER_BURST);
    break;
  }
}

static unsigned key_cost(enum oriel_qemu_device device, uint8_t key, bool up) {
  const bool extended = key & KEY_EXTENDED;
  switch (device) {
  case ORIEL_QEMU_DEVICE_VIRTIO:
    return 2;
  case ORIEL_QEMU_DEVICE_USB:
    return key == KEY_PAUSE ? 3 : extended ? 2 : 1;
  case ORIEL_QEMU_DEVICE_PS2:
  case ORIEL_QEMU_DEVICE_UNKNOWN:
    break;
  }
  if (key == KEY_PAUSE)
    return up ? 0 : 8;
  if (key == KEY_PRINT)
    return up ? 6 : 4;
  return (extended ? 2 : 1) + (up ? 1u : 0u);
}

unsigned oriel_qemu_event_cost(enum oriel_qemu_device device, enum oriel_qemu_event event, uint8_t key) {
  switch (event) {
  case ORIEL_QEMU_EVENT_KEY:
  case ORIEL_QEMU_EVENT_KEY_UP:
    return key_cost(device, key, event == ORIEL_QEMU_EVENT_KEY_UP);
  case ORIEL_QEMU_EVENT_BUTTON:
    return device == ORIEL_QEMU_DEVICE_PS2 ? 1 : 2;
  case ORIEL_QEMU_EVENT_MOVE:
    break;
  }
  return device == ORIEL_QEMU_DEVICE_PS2 || device == ORIEL_QEMU_DEVICE_USB ? 1 : 3;
}

uint64_t oriel_qemu_pace_take(struct oriel_qemu_pace *pace, unsigned cost, unsigned burst, uint64_t now_ns) {
  const uint64_t start_ns = pace->empty_ns > now_ns ? pace->empty_ns : now_ns;
  const uint64_t end_ns = start_ns + (uint64_t)cost * pace->unit_ns;
  unsigned ahead = burst && burst < pace->burst ? burst : pace->burst;
  if (ahead < cost)
    ahead = cost; /* a queue that is empty takes anything */
  const uint64_t ahead_ns = (uint64_t)ahead * pace->unit_ns;
  if (end_ns > now_ns + ahead_ns)
    return end_ns - ahead_ns - now_ns;
  pace->empty_ns = end_ns;
  return 0;
}

void oriel_qemu_pace_add(struct oriel_qemu_pace *pace, unsigned cost, uint64_t now_ns) {
  const uint64_t start_ns = pace->empty_ns > now_ns ? pace->empty_ns : now_ns;
  pace->empty_ns = start_ns + (uint64_t)cost * pace->unit_ns;
}
