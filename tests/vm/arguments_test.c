/* SPDX-License-Identifier: MIT
 *
 * QEMU's command line, word by word where a word matters.
 */
#include "fixture.h"

#include "vm/arguments.h"

static struct oriel_qemu_config demo(void) {
  return (struct oriel_qemu_config){
    .kernel = "/g/vmlinuz", .initrd = "/g/initrd.img", .append = "quiet", .cpus = 1, .memory_mib = 512, .width = 1280,
    .height = 720, .name = "demo",
  };
}

static struct oriel_qemu_config disk(void) {
  return (struct oriel_qemu_config){
      .disk = "given.img", .cpus = 2, .memory_mib = 2048, .width = 1024, .height = 768, .name = "d"};
}

static const char *const no_value = "";

/** The value after the `nth` occurrence of `name`, `no_value` at the end of the line, NULL when there are fewer. */
static const char *value_of(char **arguments, const char *name, int nth) {
  for (int i = 0; arguments[i] != NULL; i++)
    if (strcmp(arguments[i], name) == 0 && nth-- == 0)
      return arguments[i + 1] != NULL ? arguments[i + 1] : no_value;
  return NULL;
}

static int has_device(char **arguments, const char *device) {
  for (int i = 0; value_of(arguments, "-device", i) != NULL; i++)
    if (strcmp(value_of(arguments, "-device", i), device) == 0)
      return 1;
  return 0;
}

static char **build(const struct oriel_qemu_config *config, const struct oriel_image *image, enum oriel_accel accel) {
  const struct oriel_launch launch = {
      .qemu = "/usr/bin/qemu", .accel = accel, .qmp = "/run/oriel/d/qmp.sock", .up = "/run/oriel/d/up.sock",
      .disk = image};
  char **arguments = oriel_arguments_create(config, &launch);
  assert_non_null(arguments);
  return arguments;
}

/* Each port of the guest where it has a socket; their bus where there is one of them. */
static void arguments_ports_are_those_with_sockets(void **state) {
  (void)state;
  const struct oriel_qemu_config config = demo();
  struct oriel_launch launch = {
    .qemu = "/usr/bin/qemu", .accel = ORIEL_ACCEL_TCG, .qmp = "/d/qmp.sock", .up = "/d/up.sock"};
  char **a = oriel_arguments_create(&config, &launch);
  assert_false(has_device(a, "virtio-serial-pci,id=oriel-serial"));
  oriel_arguments_free(a);
  launch.clipboard = "/d/clip.sock";
  a = oriel_arguments_create(&config, &launch);
  assert_true(has_device(a, "virtio-serial-pci,id=oriel-serial"));
  assert_true(
    has_device(a, "virtserialport,bus=oriel-serial.0,chardev=oriel-clipboard,name=org.oriel.clipboard"));
  assert_string_equal(value_of(a, "-chardev", 0), "socket,id=oriel-clipboard,path=/d/clip.sock,server=on,wait=off");
  oriel_arguments_free(a);
  launch.sound = "/d/sound.sock";
  launch.microphone = "/d/mic.sock";
  launch.clipboard = NULL;
  a = oriel_arguments_create(&config, &launch);
  assert_true(has_device(a, "virtserialport,bus=oriel-serial.0,chardev=oriel-audio,name=org.oriel.audio"));
  assert_false(
    has_device(a, "virtserialport,bus=oriel-serial.0,chardev=oriel-clipboard,name=org.oriel.clipboard"));
  oriel_arguments_free(a);
  launch.sound = launch.microphone = NULL;
  launch.vdagent = true;
  a = oriel_arguments_create(&config, &launch);
  assert_true(has_device(a, "virtio-serial-pci,id=oriel-serial"));
  assert_true(has_device(a, "virtserialport,bus=oriel-serial.0,chardev=oriel-vdagent,name=com.redhat.spice.0"));
  assert_string_equal(value_of(a, "-chardev", 0), "qemu-vdagent,id=oriel-vdagent,name=vdagent,clipboard=on,mouse=off");
  oriel_arguments_free(a);
}

static void arguments_demo_has_virtio_and_no_network(void **state) {
  (void)state;
  const struct oriel_qemu_config config = demo();
  char **a = build(&config, NULL, ORIEL_ACCEL_TCG);
  assert_string_equal(a[0], "/usr/bin/qemu");
  assert_string_equal(value_of(a, "-machine", 0), "q35");
  assert_string_equal(value_of(a, "-accel", 0), "tcg");
  assert_string_equal(value_of(a, "-cpu", 0), "max");
  assert_string_equal(value_of(a, "-m", 0), "512");
  assert_string_equal(value_of(a, "-kernel", 0), "/g/vmlinuz");
  assert_string_equal(value_of(a, "-initrd", 0), "/g/initrd.img");
  assert_string_equal(value_of(a, "-append", 0), "quiet");
  assert_string_equal(value_of(a, "-vga", 0), "none");
  assert_string_equal(value_of(a, "-display", 0), "dbus,p2p=yes,audiodev=sound");
  assert_string_equal(value_of(a, "-qmp", 0), "unix:/run/oriel/d/qmp.sock,server=on,wait=off");
  assert_string_equal(value_of(a, "-qmp", 1), "unix:/run/oriel/d/up.sock,server=on,wait=off");
  assert_true(has_device(a, "virtio-vga,xres=1280,yres=720"));
  assert_true(has_device(a, "virtio-keyboard-pci"));
  assert_true(has_device(a, "virtio-mouse-pci"));
  assert_true(has_device(a, "virtio-tablet-pci"));
  assert_true(has_device(a, "hda-duplex,audiodev=sound"));
  assert_non_null(value_of(a, "-nodefaults", 0)); /* no monitor, no network card, no CD drive that nobody asked for */
  assert_null(value_of(a, "-nic", 0));
  assert_null(value_of(a, "-drive", 0));
  oriel_arguments_free(a);
}

static void arguments_kvm_uses_the_hosts_processor(void **state) {
  (void)state;
  const struct oriel_qemu_config config = demo();
  char **a = build(&config, NULL, ORIEL_ACCEL_KVM);
  assert_string_equal(value_of(a, "-accel", 0), "kvm");
  assert_string_equal(value_of(a, "-cpu", 0), "host");
  oriel_arguments_free(a);
}

static void arguments_disk_is_an_overlay_with_a_format(void **state) {
  (void)state;
  const struct oriel_qemu_config config = disk();
  const struct oriel_image image = {.path = "/v/a,b.qcow2", .format = "qcow2"};
  char **a = build(&config, &image, ORIEL_ACCEL_TCG);
  assert_string_equal(value_of(a, "-drive", 0), "if=ide,media=disk,snapshot=on,format=qcow2,file=/v/a,,b.qcow2");
  assert_true(has_device(a, "usb-tablet,bus=usb.0"));
  assert_true(has_device(a, "usb-kbd,bus=usb.0"));
  assert_false(has_device(a, "virtio-tablet-pci"));
  assert_string_equal(value_of(a, "-nic", 0), "user,model=e1000");
  assert_null(value_of(a, "-kernel", 0));
  oriel_arguments_free(a);
}

static void arguments_persistent_writes_to_the_image(void **state) {
  (void)state;
  struct oriel_qemu_config config = disk();
  config.persistent = true;
  const struct oriel_image image = {.path = "/v/a.img", .format = "raw"};
  char **a = build(&config, &image, ORIEL_ACCEL_TCG);
  assert_string_equal(value_of(a, "-drive", 0), "if=ide,media=disk,snapshot=off,format=raw,file=/v/a.img");
  oriel_arguments_free(a);
}

static void arguments_iso_is_a_cdrom(void **state) {
  (void)state;
  const struct oriel_qemu_config config = disk();
  const struct oriel_image image = {.path = "/v/a.iso", .format = "raw", .optical = true};
  char **a = build(&config, &image, ORIEL_ACCEL_TCG);
  assert_string_equal(value_of(a, "-drive", 0), "if=ide,media=cdrom,readonly=on,format=raw,file=/v/a.iso");
  oriel_arguments_free(a);
}

static void arguments_network_can_be_chosen(void **state) {
  (void)state;
  struct oriel_qemu_config config = demo();
  config.network = ORIEL_NETWORK_USER;
  char **a = build(&config, NULL, ORIEL_ACCEL_TCG);
  assert_non_null(value_of(a, "-nic", 0));
  oriel_arguments_free(a);
  config = disk();
  config.network = ORIEL_NETWORK_NONE;
  const struct oriel_image image = {.path = "/v/a.img", .format = "raw"};
  a = build(&config, &image, ORIEL_ACCEL_TCG);
  assert_null(value_of(a, "-nic", 0));
  oriel_arguments_free(a);
}

static void arguments_extra_ones_come_last(void **state) {
  (void)state;
  struct oriel_qemu_config config = demo();
  char *const extra[] = {(char *)"-machine", (char *)"pc", (char *)"-S", NULL};
  config.extra = extra;
  char **a = build(&config, NULL, ORIEL_ACCEL_TCG);
  int count = 0;
  while (a[count] != NULL)
    count++;
  assert_string_equal(a[count - 1], "-S");
  assert_string_equal(a[count - 2], "pc");
  assert_string_equal(a[count - 3], "-machine");
  oriel_arguments_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(arguments_ports_are_those_with_sockets),
    cmocka_unit_test(arguments_demo_has_virtio_and_no_network),
    cmocka_unit_test(arguments_kvm_uses_the_hosts_processor),
    cmocka_unit_test(arguments_disk_is_an_overlay_with_a_format),
    cmocka_unit_test(arguments_persistent_writes_to_the_image),
    cmocka_unit_test(arguments_iso_is_a_cdrom),
    cmocka_unit_test(arguments_network_can_be_chosen),
    cmocka_unit_test(arguments_extra_ones_come_last),
  };
  return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
