/* SPDX-License-Identifier: MIT
 *
 * Pictures in shared memory, see shared_map.h. The thread of the listener's messages.
 */
#include "source/qemu/shared_map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* pread, not mmap: the other side may shrink the file at any time, which turns
 * an access to a mapping into SIGBUS but a pread into a short read. QEMU's memfd carries no seal that forbids it. */
const char *oriel_qemu_map_read(struct oriel_qemu_map *map, uint64_t offset, const struct oriel_qemu_shape *shape) {
  size_t size = (size_t)oriel_qemu_shape_bytes(shape);
  if (size > map->size) {
    uint8_t *grown = realloc(map->pixels, size);
    if (!grown)
      return "out of memory";
    map->pixels = grown;
    map->size = size;
  }
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(map->fd, map->pixels + done, size - done, (off_t)(offset + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return "shared memory cannot be read";
    done += (size_t)count;
  }
  return NULL;
}

/* The one that came, since a duplicate may fail for a moment and QEMU does not send it again. */
static int take_file(GUnixFDList *fds, int32_t handle, uint64_t end) {
  int count = 0, taken = -1;
  int *all = fds ? g_unix_fd_list_steal_fds(fds, &count) : NULL;
  for (int i = 0; i < count; i++) {
    struct stat status;
    if (i == handle && fstat(all[i], &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size >= end)
      taken = all[i];
    else
      close(all[i]);
  }
  g_free(all);
  return taken;
}

bool oriel_qemu_map_take(struct oriel_qemu_map *map, GUnixFDList *fds, int32_t handle, uint32_t offset,
                         const struct oriel_qemu_shape *shape) {
  const int fd = take_file(fds, handle, offset + oriel_qemu_shape_bytes(shape));
  if (fd < 0)
    return false;
  oriel_qemu_map_drop(map);
  map->fd = fd;
  map->offset = offset;
  map->shape = *shape;
  return true;
}

void oriel_qemu_map_drop(struct oriel_qemu_map *map) {
  if (map->fd >= 0)
    close(map->fd);
  map->fd = -1;
}

void oriel_qemu_map_finish(struct oriel_qemu_map *map) {
  oriel_qemu_map_drop(map);
  free(map->pixels);
  map->pixels = NULL;
  map->size = 0;
}
