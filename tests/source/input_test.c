/* SPDX-License-Identifier: MIT
 *
 * What input to QEMU decides by: pacing, lock keys, and which devices there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/clock.h"
#include "source/input.h"
#include "source/qemu/inventory.h"
#include "source/qemu/locks.h"
#include "source/qemu/pace.h"
#include "source/qemu/schedstat.h"

#define MS ORIEL_NS_PER_MS

/* --- pacing ------------------------------------------------------------------------------------------------------- */

/* A device that loses what finds its queue full, and a guest that takes one unit each `poll_ns` and naps at first. */
static void feed(enum oriel_qemu_device device, bool firmware, bool text, unsigned size, uint64_t poll_ns,
                 uint64_t nap_ns, uint8_t key) {
  struct oriel_qemu_pace pace = {0};
  oriel_qemu_pace_keyboard(&pace, device, firmware);
  uint64_t now = ORIEL_NS_PER_SECOND, taken = now + nap_ns;
  unsigned filled = 0;
  for (unsigned i = 0; i < 200; i++) {
    const enum oriel_qemu_event event = i % 2 ? ORIEL_QEMU_EVENT_KEY_UP : ORIEL_QEMU_EVENT_KEY;
    const unsigned cost = oriel_qemu_event_cost(device, event, key);
    const unsigned burst = text && event == ORIEL_QEMU_EVENT_KEY ? ORIEL_QEMU_TEXT_BURST : 0;
    for (uint64_t wait; (wait = oriel_qemu_pace_take(&pace, cost, burst, now));)
      now += wait;
    for (; filled && taken <= now; taken += poll_ns)
      filled--;
    if (!filled && taken < now)
      taken = now;
    filled += cost;
    assert_true(filled <= size);
  }
  assert_true(now < ORIEL_NS_PER_SECOND + 200 * 4 * 80 * MS);
}

/* 24 arrows within 371 ms: each takes two of the 16 codes that a USB keyboard holds. */
static void pace_fits_the_queue_of_each_keyboard(void **state) {
  (void)state;
  static const uint8_t keys[] = {0x1e, 0xcb, 0xc6};
  for (size_t i = 0; i < sizeof keys; i++) {
    feed(ORIEL_QEMU_DEVICE_USB, false, false, 16, 10 * MS, 0, keys[i]);
    feed(ORIEL_QEMU_DEVICE_USB, true, false, 16, 55 * MS, 0, keys[i]);
    feed(ORIEL_QEMU_DEVICE_PS2, false, false, 16, 4 * MS, 0, keys[i]);
    feed(ORIEL_QEMU_DEVICE_VIRTIO, false, false, 64, 5 * MS, 150 * MS, keys[i]);
    /* Text leaves room for a guest that naps. */
    feed(ORIEL_QEMU_DEVICE_USB, false, true, 16, 10 * MS, 100 * MS, keys[i]);
    feed(ORIEL_QEMU_DEVICE_VIRTIO, false, true, 64, 5 * MS, 250 * MS, keys[i]);
  }
}

static void pace_lets_a_single_event_go_at_once(void **state) {
  (void)state;
  for (enum oriel_qemu_device device = 0; device <= ORIEL_QEMU_DEVICE_VIRTIO; device++) {
    struct oriel_qemu_pace pace = {0};
    oriel_qemu_pace_keyboard(&pace, device, true);
    for (unsigned key = 0; key < 256; key++) {
      const unsigned cost = oriel_qemu_event_cost(device, ORIEL_QEMU_EVENT_KEY_UP, (uint8_t)key);
      pace.empty_ns = 0;
      assert_int_equal(oriel_qemu_pace_take(&pace, cost, ORIEL_QEMU_TEXT_BURST, ORIEL_NS_PER_SECOND), 0);
    }
  }
}

static void pace_counts_packets_of_a_ps2_mouse(void **state) {
  (void)state;
  struct oriel_qemu_pace pace = {0};
  oriel_qemu_pace_pointer(&pace, ORIEL_QEMU_DEVICE_PS2);
  const unsigned cost = oriel_qemu_event_cost(ORIEL_QEMU_DEVICE_PS2, ORIEL_QEMU_EVENT_MOVE, 0);
  for (unsigned i = 0; i < 3; i++)
    assert_int_equal(oriel_qemu_pace_take(&pace, cost, 0, ORIEL_NS_PER_SECOND), 0);
  assert_int_equal(oriel_qemu_pace_take(&pace, cost, 0, ORIEL_NS_PER_SECOND), 10 * MS);
}

/* --- processors --------------------------------------------------------------------------------------------------- */

static void put(const char *folder, const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void schedstat_stops_while_a_processor_waits_to_run(void **state) {
  (void)state;
  char folder[] = "/tmp/oriel-schedstat-XXXXXX", thread[64];
  assert_non_null(mkdtemp(folder));
  static const char *const parts[] = {"66", "66/task", "66/task/77"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    snprintf(thread, sizeof thread, "%s/%s", folder, parts[i]);
    assert_int_equal(mkdir(thread, 0700), 0);
  }
  put(thread, "stat", "77 (CPU 0/TCG) S) R 1 1 1 0");
  put(thread, "schedstat", "1000 20 3\n");
  json_t *cpus = json_pack("[{s:i,s:i},{s:i}]", "cpu-index", 0, "thread-id", 77, "thread-id",
                           78 /* of nobody's here */);
  struct oriel_qemu_schedstat schedstat = {0};
  assert_true(oriel_qemu_schedstat_has_run(&schedstat)); /* nothing is known */
  oriel_qemu_schedstat_init(&schedstat, folder, 66, cpus);
  assert_int_equal(schedstat.count, 1);
  oriel_qemu_schedstat_mark(&schedstat);
  assert_false(oriel_qemu_schedstat_has_run(&schedstat));
  put(thread, "stat", "77 (CPU 0/TCG) R) S 1 1 1 0"); /* sleeps */
  assert_true(oriel_qemu_schedstat_has_run(&schedstat));
  put(thread, "stat", "77 (CPU 0/TCG) S) R 1 1 1 0");
  put(thread, "schedstat", "1001 900 4\n"); /* ran, after it had waited */
  assert_true(oriel_qemu_schedstat_has_run(&schedstat));
  assert_int_equal(oriel_qemu_schedstat_run_delay_ns(&schedstat), 880);
  assert_int_equal(oriel_qemu_schedstat_run_delay_ns(&schedstat), 0);
  oriel_qemu_schedstat_mark(&schedstat);
  assert_false(oriel_qemu_schedstat_has_run(&schedstat));
  oriel_qemu_schedstat_init(&schedstat, folder, 0, cpus); /* nobody knows which process QEMU is */
  assert_int_equal(schedstat.count, 0);
  oriel_qemu_schedstat_init(&schedstat, folder, 66, NULL);
  assert_int_equal(schedstat.count, 0);
  oriel_qemu_schedstat_init(&schedstat, folder, 66, cpus);
  char command[80];
  snprintf(command, sizeof command, "rm -r %s", folder);
  assert_int_equal(system(command), 0);
  assert_true(oriel_qemu_schedstat_has_run(&schedstat)); /* QEMU ended */
  oriel_qemu_schedstat_mark(&schedstat);
  assert_int_equal(schedstat.count, 0);
  json_decref(cpus);
}

/* --- lock keys ---------------------------------------------------------------------------------------------------- */

enum { KEY_A = 0x1e, KEY_F1 = 0x3b, KEY_CAPS = 0x3a, KEY_NUM = 0x45, KEY_PAD_7 = 0x47 };

static enum oriel_qemu_locks_step check(struct oriel_qemu_locks *locks, uint8_t key, uint64_t now, uint8_t *tap) {
  uint64_t wait = 0;
  *tap = 0;
  return oriel_qemu_locks_check(locks, key, now, tap, &wait);
}

static void locks_differ_and_are_tapped_once(void **state) {
  (void)state;
  struct oriel_qemu_locks locks = {0};
  uint8_t tap;
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_qemu_locks_want(&locks, ORIEL_LOCK_CAPS | ORIEL_LOCK_NUM, ORIEL_LOCK_NUM);
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_GO); /* nobody knows the guest's */
  oriel_qemu_locks_leds(&locks, ORIEL_LOCK_CAPS);
  assert_int_equal(check(&locks, KEY_F1, now, &tap), ORIEL_QEMU_LOCKS_GO); /* no matter */
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_TAP);
  assert_int_equal(tap, KEY_CAPS);
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_WAIT);
  oriel_qemu_locks_leds(&locks, 0);
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_GO);
  assert_int_equal(check(&locks, KEY_PAD_7, now, &tap), ORIEL_QEMU_LOCKS_TAP);
  assert_int_equal(tap, KEY_NUM);
  oriel_qemu_locks_leds(&locks, ORIEL_LOCK_NUM);
  assert_int_equal(check(&locks, KEY_PAD_7, now, &tap), ORIEL_QEMU_LOCKS_GO);
}

static void locks_of_a_guest_without_leds_are_put_back(void **state) {
  (void)state;
  struct oriel_qemu_locks locks = {0};
  uint8_t tap;
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_qemu_locks_leds(&locks, 0);
  oriel_qemu_locks_want(&locks, ORIEL_LOCK_CAPS, ORIEL_LOCK_CAPS);
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_TAP);
  now += ORIEL_NS_PER_SECOND;
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_TAP);
  assert_int_equal(tap, KEY_CAPS);
  for (unsigned i = 0; i < 10; i++, now += ORIEL_NS_PER_SECOND)
    assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_GO);
  oriel_qemu_locks_leds(&locks, ORIEL_LOCK_CAPS); /* it has some after all */
  oriel_qemu_locks_leds(&locks, 0);
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_TAP);
}

/* A user whose guest makes Escape of Caps Lock presses it and wants no second one. */
static void locks_pressed_by_the_user_are_waited_for(void **state) {
  (void)state;
  struct oriel_qemu_locks locks = {0};
  uint8_t tap;
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_qemu_locks_leds(&locks, 0);
  oriel_qemu_locks_want(&locks, ORIEL_LOCK_CAPS, ORIEL_LOCK_CAPS);
  oriel_qemu_locks_pressed(&locks, KEY_CAPS, now);
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_WAIT);
  now += ORIEL_NS_PER_SECOND;
  assert_int_equal(check(&locks, KEY_A, now, &tap), ORIEL_QEMU_LOCKS_GO);
  assert_int_equal(tap, 0);
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

static struct oriel_qemu_inventory inventory_of(const char *list) {
  struct oriel_qemu_inventory inventory = {0};
  json_t *json = json_loads(list, 0, NULL);
  assert_non_null(json);
  oriel_qemu_inventory_add(&inventory, "/machine/peripheral", json);
  json_decref(json);
  return inventory;
}

static void set_status(struct oriel_qemu_inventory *inventory, const char *text) {
  json_t *json = json_loads(text, 0, NULL);
  assert_non_null(json);
  oriel_qemu_inventory_virtio(inventory, json);
  json_decref(json);
}

static void devices_the_last_that_came_takes_the_keys(void **state) {
  (void)state;
  struct oriel_qemu_inventory inventory =
    inventory_of("[{\"name\":\"a\",\"type\":\"child<i8042>\"},{\"name\":\"type\",\"type\":\"string\"},{\"type\":5}]");
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_PS2);
  inventory = inventory_of("[{\"name\":\"a\",\"type\":\"child<i8042>\"},{\"name\":\"b\",\"type\":\"child<usb-kbd>\"}]");
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_USB);
  inventory = inventory_of("[{\"name\":\"a\",\"type\":\"child<i8042>\"},"
                           "{\"name\":\"k\",\"type\":\"child<virtio-keyboard-pci>\"}]");
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_PS2);
  assert_string_equal(inventory.virtio[0], "/machine/peripheral/k/virtio-backend");
  set_status(&inventory, "{\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready\"]}}");
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_VIRTIO);
  set_status(&inventory, "{\"status\":{\"statuses\":[]}}"); /* it was reset */
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_PS2);
  oriel_qemu_inventory_virtio(&inventory, NULL); /* QEMU does not know */
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_VIRTIO);
  inventory = inventory_of("[]");
  assert_int_equal(oriel_qemu_inventory_keyboard(&inventory), ORIEL_QEMU_DEVICE_UNKNOWN);
}

static void devices_current_pointer(void **state) {
  (void)state;
  static const struct {
    const char *name;
    enum oriel_qemu_device device;
  } mice[] = {{"QEMU PS/2 Mouse", ORIEL_QEMU_DEVICE_PS2}, {"QEMU HID Tablet", ORIEL_QEMU_DEVICE_USB},
              {"QEMU Virtio Mouse", ORIEL_QEMU_DEVICE_VIRTIO}, {"vmmouse", ORIEL_QEMU_DEVICE_UNKNOWN}};
  for (size_t i = 0; i < sizeof mice / sizeof *mice; i++) {
    struct oriel_qemu_inventory inventory = {0};
    json_t *list = json_pack("[{s:s,s:b},{s:s,s:b}]", "name", "QEMU Microsoft Mouse", "current", 0, "name",
                             mice[i].name, "current", 1);
    oriel_qemu_inventory_mice(&inventory, list);
    json_decref(list);
    assert_int_equal(inventory.pointer, mice[i].device);
  }
}

static void devices_firmware_has_no_paging(void **state) {
  (void)state;
  struct oriel_qemu_inventory inventory = {0};
  oriel_qemu_inventory_registers(&inventory, "EAX=0\r\nCR0=00000010 CR2=00000000 CR3=00000000\r\n");
  assert_true(inventory.firmware);
  oriel_qemu_inventory_registers(&inventory, "RAX=0\r\nCR0=80050033 CR2=0000 CR3=00\r\n");
  assert_false(inventory.firmware);
  oriel_qemu_inventory_registers(&inventory, "PC=ffffffc0 X00=0"); /* Arm */
  assert_false(inventory.firmware);
  oriel_qemu_inventory_registers(&inventory, NULL);
  assert_false(inventory.firmware);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pace_fits_the_queue_of_each_keyboard),
    cmocka_unit_test(pace_lets_a_single_event_go_at_once),
    cmocka_unit_test(pace_counts_packets_of_a_ps2_mouse),
    cmocka_unit_test(schedstat_stops_while_a_processor_waits_to_run),
    cmocka_unit_test(locks_differ_and_are_tapped_once),
    cmocka_unit_test(locks_of_a_guest_without_leds_are_put_back),
    cmocka_unit_test(locks_pressed_by_the_user_are_waited_for),
    cmocka_unit_test(devices_the_last_that_came_takes_the_keys),
    cmocka_unit_test(devices_current_pointer),
    cmocka_unit_test(devices_firmware_has_no_paging),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
