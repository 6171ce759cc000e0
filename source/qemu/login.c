/* SPDX-License-Identifier: MIT
 *
 * See login.h.
 */
#include "source/qemu/login.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  LINE_MAX_BYTES = 256, /* of the other side */
  DIGITS_MAX = 10,      /* of a user's number */
};

/** The byte before all lines. It carries who we are, where the system does not tell by itself. */
static bool send_credentials(int fd) {
  char zero = '\0';
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
  } control = {0};
  struct iovec vector = {.iov_base = &zero, .iov_len = 1};
  struct msghdr message = {
    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  const struct ucred who = {.pid = getpid(), .uid = getuid(), .gid = getgid()};
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_CREDENTIALS;
  header->cmsg_len = CMSG_LEN(sizeof who);
  memcpy(CMSG_DATA(header), &who, sizeof who);
  return sendmsg(fd, &message, MSG_NOSIGNAL) == 1;
}

static bool say(int fd, const char *line) {
  const size_t size = strlen(line);
  return send(fd, line, size, MSG_NOSIGNAL) == (ssize_t)size; /* some bytes into an empty buffer */
}

/** The next line, without its end; byte by byte, so that nothing of what follows is taken. False at the end, or where
 *  it is too long. */
static bool hear(int fd, char line[LINE_MAX_BYTES]) {
  size_t size = 0;
  for (char byte; size < LINE_MAX_BYTES - 1;) {
    const ssize_t count = recv(fd, &byte, 1, 0);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    if (byte == '\n' && size && line[size - 1] == '\r') {
      line[size - 1] = '\0';
      return true;
    }
    line[size++] = byte;
  }
  return false;
}

static bool begins(const char *line, const char *word) {
  return strncmp(line, word, strlen(word)) == 0;
}

const char *oriel_qemu_login(int fd) {
  char line[LINE_MAX_BYTES], name[DIGITS_MAX + 1], auth[64];
  int used = snprintf(auth, sizeof auth, "AUTH EXTERNAL ");
  const int length = snprintf(name, sizeof name, "%u", (unsigned)getuid());
  for (int i = 0; i < length; i++)
    used += snprintf(auth + used, sizeof auth - (size_t)used, "%02x", (unsigned char)name[i]);
  snprintf(auth + used, sizeof auth - (size_t)used, "\r\n");
  if (!send_credentials(fd) || !say(fd, auth) || !hear(fd, line))
    return "the connection ended while logging in";
  if (!begins(line, "OK "))
    return "the log-in was refused";
  if (!say(fd, "NEGOTIATE_UNIX_FD\r\n") || !hear(fd, line))
    return "the connection ended while logging in";
  if (!begins(line, "AGREE_UNIX_FD")) /* QEMU's always does; shared memory comes so */
    return "the other side passes no descriptors";
  return say(fd, "BEGIN\r\n") ? NULL : "the connection ended while logging in";
}
