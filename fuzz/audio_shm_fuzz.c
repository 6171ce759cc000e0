/* SPDX-License-Identifier: MIT
 *
 * liboriel-audio's reader against any content of the shared memory, and against a writer that changes it meanwhile.
 *
 * Input: u8 flags (1 = sealed, so mapped; 2 = cut off before the end), u16 bytes missing from the object's end, the 20
 * bytes of the old header, the 256 of the block, then any number of { u8 what to do, 48 bytes for the writer's line
 * }, and the last bytes repeat as samples.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "audio/oriel-audio.h"
#include "wire/audio_shm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 3 + 20 + 256, STEP = 1 + 48, SIZE_MAX_TRIED = 1 << 20 };

/* An object of the size that its own header asks for, as far as that is sane. */
static int make_object(const uint8_t *data, size_t size, size_t *block_at) {
  struct oriel_audio_shm_legacy legacy;
  memcpy(&legacy, data + 3, sizeof legacy);
  *block_at = oriel_audio_shm_block_offset(legacy.buffer_size & 0xffffff);
  size_t object = *block_at + sizeof(struct oriel_audio_shm_block);
  if (object > SIZE_MAX_TRIED)
    object = SIZE_MAX_TRIED;
  const size_t missing = data[1] | (size_t)data[2] << 8;
  object -= missing < object ? missing : object;
  const int fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate(fd, (off_t)object) < 0)
    abort();
  uint8_t *bytes = malloc(object + 1);
  if (!bytes)
    abort();
  for (size_t i = 0; i < object; i++)
    bytes[i] = data[size - 1 - i % (size < 64 ? size : 64)];
  memcpy(bytes, data + 3, object < 20 ? object : 20);
  if (*block_at < object)
    memcpy(bytes + *block_at, data + 23, object - *block_at < 256 ? object - *block_at : 256);
  if (pwrite(fd, bytes, object, 0) != (ssize_t)object)
    abort();
  free(bytes);
  if (data[0] & 1)
    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
  return fd;
}

static void use(struct oriel_audio_reader *reader, uint8_t what) {
  static float frames[4096 * 16];
  struct oriel_audio_info info;
  oriel_audio_reader_info(reader, &info);
  if (info.channels < 1 || info.channels > 16 || info.backlog > info.ring_frames || info.period > info.ring_frames ||
      info.state > ORIEL_AUDIO_RUNNING)
    abort();
  const size_t count = (size_t)what * 16;
  memset(frames, 0xff, sizeof frames);
  const ssize_t got = oriel_audio_reader_read(reader, frames, count, 0);
  if (got > (ssize_t)count)
    abort();
  for (size_t i = (got < 0 ? 0 : (size_t)got) * info.channels; i < count * info.channels; i++)
    if (frames[i] != 0.0f)
      abort();
  for (size_t i = 0; i < count * info.channels; i++)
    if (!(frames[i] < 1024 && frames[i] > -1024))
      abort();
  oriel_audio_reader_arm(reader, what);
  if (what & 1)
    oriel_audio_reader_trim(reader, what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < HEAD)
    return 0;
  size_t block_at;
  const int fd = make_object(data, size, &block_at);
  struct oriel_audio_reader *reader;
  if (oriel_audio_reader_open_fd(fd, &reader) == 0) {
    use(reader, 200);
    for (size_t at = HEAD; at + STEP <= size && at < HEAD + 16 * STEP; at += STEP) {
      const size_t line_at = block_at + offsetof(struct oriel_audio_shm_block, line);
      if (pwrite(fd, data + at + 1, STEP - 1, (off_t)line_at) < 0)
        abort();
      if (data[0] & 2 && at == HEAD)
        (void)!ftruncate(fd, (off_t)(line_at / 2));
      use(reader, data[at]);
    }
    oriel_audio_reader_close(reader);
  }
  close(fd);
  return 0;
}
