/* SPDX-License-Identifier: MIT
 *
 * Disk images: readable, of which format, able to boot. QEMU is always told the format: a guest that may write a raw
 * disk could otherwise write a qcow2 header that names a host file as its backing file. Main thread.
 */
#include "vm/image.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/child.h"

enum {
  INSPECT_MS = 10000,
  BOOT_SIGNATURE_AT = 510,      /* 0x55 0xAA ends a boot sector; GPT disks have it too */
  ISO_SIGNATURE_AT = 32768 + 1, /* ECMA-119: volume descriptors start at sector 16, "CD001" is their second field */
};

static int check_file(const struct oriel_image_request *request, char *why, size_t why_size) {
  const char *path = request->path;
  struct stat info;
  if (stat(path, &info) < 0) {
    const int error = errno;
    snprintf(why, why_size, "cannot use disk %s: %s; check the path", path, strerror(error));
    return -error;
  }
  if (S_ISDIR(info.st_mode)) {
    snprintf(why, why_size, "cannot use disk %s: it is a directory; name an image file inside", path);
    return -EISDIR;
  }
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
    snprintf(why, why_size, "cannot use disk %s: neither a file nor a block device; name a disk image", path);
    return -EINVAL;
  }
  if (access(path, R_OK | (request->writable ? W_OK : 0)) < 0) {
    const int error = errno;
    snprintf(why, why_size, "cannot %s disk %s: %s; check its permissions%s", request->writable ? "write" : "read",
             path, strerror(error), request->writable ? " or leave out --persistent" : "");
    return -error;
  }
  return 0;
}

/** Format out of the JSON that qemu-img prints. */
static int parse_info(const char *json, char *format, size_t format_size) {
  json_t *root = json_loads(json, JSON_DISABLE_EOF_CHECK, NULL);
  const char *text = json_string_value(json_object_get(root, "format"));
  int error = -EINVAL;
  if (text != NULL && text[0] != '\0' && strlen(text) < format_size &&
      strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(text)) {
    strcpy(format, text);
    error = 0;
  }
  json_decref(root);
  return error;
}

static int detect_format(const char *path, char *format, size_t format_size, char *why, size_t why_size) {
  char tool[4096], output[16384];
  if (oriel_child_find("qemu-img", tool, sizeof tool) < 0) {
    snprintf(why, why_size,
             "cannot detect the format of %s: no qemu-img in PATH; `sudo apt-get install qemu-utils` or give "
             "--disk-format",
             path);
    return -ENOTSUP;
  }
  /* -U: an image that a running VM holds open can be looked at. */
  char *const argv[] = {tool, (char *)"info", (char *)"-U", (char *)"--output=json", (char *)path, NULL};
  int status = 0;
  int error = oriel_child_run(argv, INSPECT_MS, output, sizeof output, &status);
  if (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
    error = parse_info(output, format, format_size);
  else if (error == 0)
    error = -EINVAL;
  if (error == 0)
    return 0;
  output[strcspn(output, "\r\n")] = '\0';
  const char *said = strncmp(output, "qemu-img: ", 10) == 0 ? output + 10 : output;
  snprintf(why, why_size, "cannot use disk %.400s: %.300s; `qemu-img check` may tell more", path,
           error == -ETIMEDOUT ? "qemu-img did not answer within 10 s"
           : said[0] != '\0' && said[0] != '{' ? said : "qemu-img finds no format");
  return error;
}

static bool has_bytes(int fd, off_t offset, const char *bytes, size_t size) {
  char found[8];
  return pread(fd, found, size, offset) == (ssize_t)size && memcmp(found, bytes, size) == 0;
}

/** A raw image is any bytes: only its signatures tell a disk from a text file. */
static int look_at_raw(const struct oriel_image_request *request, struct oriel_image *image, char *why,
                       size_t why_size) {
  const int fd = open(image->path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    snprintf(why, why_size, "cannot read disk %s: %s; check its permissions", request->path, strerror(error));
    return -error;
  }
  image->optical = has_bytes(fd, ISO_SIGNATURE_AT, "CD001", 5);
  const bool bootable = image->optical || has_bytes(fd, BOOT_SIGNATURE_AT, "\x55\xAA", 2);
  close(fd);
  if (bootable || request->any_content)
    return 0;
  snprintf(why, why_size, "cannot boot %s: not a disk image, or one without a boot sector; name another, or give "
                          "`-- -kernel FILE`", request->path);
  return -EINVAL;
}

int oriel_image_inspect(const struct oriel_image_request *request, struct oriel_image *image, char *why,
                        size_t why_size) {
  int error = check_file(request, why, why_size);
  if (error < 0)
    return error;
  struct oriel_image found = {0};
  char *absolute = realpath(request->path, NULL);
  if (absolute == NULL || strlen(absolute) >= sizeof found.path) {
    error = absolute == NULL ? -errno : -ENAMETOOLONG;
    snprintf(why, why_size, "cannot use disk %.400s: %s; use a shorter path", request->path, strerror(-error));
    free(absolute);
    return error;
  }
  strcpy(found.path, absolute);
  free(absolute);
  if (request->format == NULL)
    error = detect_format(found.path, found.format, sizeof found.format, why, why_size);
  else if (strlen(request->format) < sizeof found.format)
    strcpy(found.format, request->format);
  else
    error = -EINVAL;
  if (error == 0 && strcmp(found.format, "raw") == 0)
    error = look_at_raw(request, &found, why, why_size);
  if (error == 0)
    *image = found;
  return error;
}
