/* SPDX-License-Identifier: MIT
 *
 * Output to QMP, see qmp_output.h. The owner's thread.
 */
#include "source/qemu/qmp_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUTPUT_MAX = 64 * 1024 }; /* bytes that wait for the socket; commands are below 200 bytes */

struct oriel_qmp_chunk {
  struct oriel_qmp_chunk *next;
  int fd; /* travels with the first byte; -1 = none or sent */
  size_t size, sent;
  char data[];
};

static void chunk_free(struct oriel_qmp_chunk *chunk) {
  if (chunk->fd >= 0)
    close(chunk->fd);
  free(chunk);
}

static ssize_t chunk_send(int socket, struct oriel_qmp_chunk *chunk) {
  struct iovec bytes = {.iov_base = chunk->data + chunk->sent, .iov_len = chunk->size - chunk->sent};
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control = {.space = {0}};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
  if (chunk->fd >= 0) {
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &chunk->fd, sizeof(int));
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int oriel_qmp_output_flush(struct oriel_qmp_output *output, int socket) {
  while (output->first) {
    struct oriel_qmp_chunk *chunk = output->first;
    ssize_t sent = chunk_send(socket, chunk);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    if (chunk->fd >= 0) {
      close(chunk->fd);
      chunk->fd = -1;
    }
    chunk->sent += (size_t)sent;
    output->size -= (size_t)sent;
    if (chunk->sent < chunk->size)
      continue;
    output->first = chunk->next;
    if (!output->first)
      output->last = NULL;
    chunk_free(chunk);
  }
  return 0;
}

int oriel_qmp_output_add(struct oriel_qmp_output *output, const char *text, size_t size, int fd) {
  if (size + 1 > OUTPUT_MAX - output->size)
    return -EAGAIN;
  struct oriel_qmp_chunk *chunk = malloc(sizeof *chunk + size + 1);
  if (!chunk)
    return -ENOMEM;
  *chunk = (struct oriel_qmp_chunk){.fd = -1, .size = size + 1};
  memcpy(chunk->data, text, size);
  chunk->data[size] = '\n';
  if (fd >= 0 && (chunk->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0) {
    int error = -errno;
    free(chunk);
    return error;
  }
  *(output->last ? &output->last->next : &output->first) = chunk;
  output->last = chunk;
  output->size += size + 1;
  return 0;
}

void oriel_qmp_output_finish(struct oriel_qmp_output *output) {
  while (output->first) {
    struct oriel_qmp_chunk *chunk = output->first;
    output->first = chunk->next;
    chunk_free(chunk);
  }
  *output = (struct oriel_qmp_output){.first = NULL};
}
