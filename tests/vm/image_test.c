/* SPDX-License-Identifier: MIT
 *
 * Which files are taken for disks, and what is said about the others.
 */
#include "fixture.h"

#include <errno.h>
#include <sys/wait.h>

#include "vm/child.h"
#include "vm/image.h"

enum { SECTOR = 512 };

static void write_bootable(const char *path) {
  uint8_t sector[SECTOR] = {0};
  sector[510] = 0x55;
  sector[511] = 0xAA;
  write_file(path, sector, sizeof sector, 0600);
}

static int inspect(const char *path, struct oriel_image *image, char why[512]) {
  const struct oriel_image_request request = {.path = path};
  return oriel_image_inspect(&request, image, why, 512);
}

static void image_raw_with_boot_sector_is_a_disk(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "";
  write_bootable(in_scratch("disk.img"));
  assert_int_equal(inspect(in_scratch("disk.img"), &image, why), 0);
  assert_string_equal(image.format, "raw");
  assert_false(image.optical);
  assert_int_equal(image.path[0], '/');
}

static void image_qcow2_is_detected(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "", tool[512], output[512];
  int status = -1;
  assert_int_equal(oriel_child_find("qemu-img", tool, sizeof tool), 0);
  char *const argv[] = {tool,
                        (char *)"create",
                        (char *)"-q",
                        (char *)"-f",
                        (char *)"qcow2",
                        (char *)in_scratch("a,b.qcow2"),
                        (char *)"64M",
                        NULL};
  assert_int_equal(oriel_child_run(argv, 10000, output, sizeof output, &status), 0);
  assert_int_equal(status, 0);
  assert_int_equal(inspect(in_scratch("a,b.qcow2"), &image, why), 0);
  assert_string_equal(image.format, "qcow2");
}

static void image_iso_is_optical(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "";
  static uint8_t iso[40960];
  iso[32768] = 1;
  memcpy(iso + 32769, "CD001", 5);
  write_file(in_scratch("a.iso"), iso, sizeof iso, 0600);
  assert_int_equal(inspect(in_scratch("a.iso"), &image, why), 0);
  assert_true(image.optical);
}

static void image_that_is_none_is_refused(void **state) {
  (void)state;
  struct oriel_image image = {.format = "untouched"};
  char why[512] = "";
  write_file(in_scratch("notes.txt"), "milk, bread\n", 12, 0600);
  assert_int_equal(inspect(in_scratch("notes.txt"), &image, why), -EINVAL);
  assert_non_null(strstr(why, "notes.txt"));
  assert_non_null(strstr(why, "not a disk image"));
  write_file(in_scratch("empty"), "", 0, 0600);
  assert_int_equal(inspect(in_scratch("empty"), &image, why), -EINVAL);
  assert_string_equal(image.format, "untouched");
  /* With a kernel of one's own a file system without boot sector is a disk. */
  const struct oriel_image_request any = {.path = in_scratch("notes.txt"), .any_content = true};
  assert_int_equal(oriel_image_inspect(&any, &image, why, sizeof why), 0);
}

static void image_damaged_qcow2_is_refused_with_the_tools_words(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "";
  uint8_t header[SECTOR] = {'Q', 'F', 'I', 0xFB, 0, 0, 0, 99};
  write_file(in_scratch("bad.qcow2"), header, sizeof header, 0600);
  assert_int_equal(inspect(in_scratch("bad.qcow2"), &image, why), -EINVAL);
  assert_non_null(strstr(why, "bad.qcow2"));
  assert_non_null(strstr(why, "version"));
}

static void image_paths_that_cannot_be_are_named(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "";
  assert_int_equal(inspect(in_scratch("absent.img"), &image, why), -ENOENT);
  assert_non_null(strstr(why, "absent.img"));
  assert_int_equal(inspect(scratch, &image, why), -EISDIR);
  assert_non_null(strstr(why, "directory"));
  assert_int_equal(inspect("/dev/null", &image, why), -EINVAL);
}

/** In a child without root's privilege, which would read everything. */
static void image_unreadable_is_told(void **state) {
  (void)state;
  write_bootable(in_scratch("secret.img"));
  assert_int_equal(chmod(in_scratch("secret.img"), 0), 0);
  assert_int_equal(chmod(scratch, 0755), 0);
  const pid_t child = fork();
  if (child == 0) {
    struct oriel_image image;
    char why[512] = "";
    if (geteuid() == 0 && setuid(65534) != 0)
      _exit(2);
    const int result = inspect(in_scratch("secret.img"), &image, why);
    _exit(result == -EACCES && strstr(why, "permission") != NULL ? 0 : 1);
  }
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

static void image_format_given_is_believed(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "";
  write_bootable(in_scratch("disk.img"));
  const struct oriel_image_request request = {.path = in_scratch("disk.img"), .format = "vpc"};
  assert_int_equal(oriel_image_inspect(&request, &image, why, sizeof why), 0);
  assert_string_equal(image.format, "vpc");
}

/** "nbd:host" is a file's name here, not a protocol. */
static void image_with_a_colon_is_a_file(void **state) {
  (void)state;
  struct oriel_image image;
  char why[512] = "", before[4096];
  assert_non_null(getcwd(before, sizeof before));
  assert_int_equal(chdir(scratch), 0);
  write_bootable("nbd:disk.img");
  const int result = inspect("nbd:disk.img", &image, why);
  assert_int_equal(chdir(before), 0);
  assert_int_equal(result, 0);
  assert_string_equal(image.path, in_scratch("nbd:disk.img"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(image_raw_with_boot_sector_is_a_disk),
    cmocka_unit_test(image_qcow2_is_detected),
    cmocka_unit_test(image_iso_is_optical),
    cmocka_unit_test(image_that_is_none_is_refused),
    cmocka_unit_test(image_damaged_qcow2_is_refused_with_the_tools_words),
    cmocka_unit_test(image_paths_that_cannot_be_are_named),
    cmocka_unit_test(image_unreadable_is_told),
    cmocka_unit_test(image_format_given_is_believed),
    cmocka_unit_test(image_with_a_colon_is_a_file),
  };
  return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
