/* SPDX-License-Identifier: MIT
 *
 * One GET, HTTP/1.1 without keep-alive. Main thread.
 */
#include "cli/audio_http.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/** "http://HOST:PORT[/…]", a v6 address in brackets. */
static int split(const char *url, char host[256], char port[8], char *why, size_t why_size) {
  static const char scheme[] = "http://";
  const char *at = url + sizeof scheme - 1;
  if (strncmp(url, "https://", 8) == 0) {
    snprintf(
        why, why_size,
        "%.200s: only http:// is asked: use the loopback address of an oriel without TLS, or curl with /api/v1/stats",
        url);
    return -EPROTONOSUPPORT;
  }
  const size_t size = strncmp(url, scheme, sizeof scheme - 1) != 0 ? 0
                      : at[0] == '['                               ? strcspn(at, "]")
                                                                   : strcspn(at, ":/");
  const size_t skip = size > 0 && at[0] == '[' ? 1 : 0;
  snprintf(port, 8, "80");
  if (size > skip && size < 256) {
    snprintf(host, 256, "%.*s", (int)(size - skip), at + skip);
    at += size + skip;
    if (at[0] == ':' && strspn(at + 1, "0123456789") > 0)
      snprintf(port, 8, "%.*s", (int)strspn(at + 1, "0123456789"), at + 1);
    return 0;
  }
  snprintf(why, why_size, "\"%.200s\" is no URL of an oriel: it must be like http://127.0.0.1:8080", url);
  return -EINVAL;
}

static int dial(const char *host, const char *port) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  const struct timeval limit = {.tv_sec = 5};
  struct addrinfo *list = NULL;
  int result = -EHOSTUNREACH;
  if (getaddrinfo(host, port, &hints, &list) != 0)
    return result;
  for (const struct addrinfo *one = list; one != NULL && result < 0; one = one->ai_next) {
    const int fd = socket(one->ai_family, one->ai_socktype, 0);
    if (fd < 0)
      continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, one->ai_addr, one->ai_addrlen) == 0)
      result = fd;
    else {
      result = -errno;
      close(fd);
    }
  }
  freeaddrinfo(list);
  return result;
}

/** The body of a complete answer, moved to its start. */
static int take_body(char *answer, const char *url, char *why, size_t why_size) {
  int status = 0;
  char *body = strstr(answer, "\r\n\r\n");
  if (sscanf(answer, "HTTP/1.%*d %d", &status) != 1 || body == NULL) {
    snprintf(why, why_size, "what answers at %.200s does not speak HTTP: give an oriel's URL with --server", url);
    return -EPROTO;
  }
  if (status == 200) {
    memmove(answer, body + 4, strlen(body + 4) + 1);
    return 0;
  }
  if (status == 401 || status == 403 || status == 429)
    snprintf(why, why_size, "oriel at %.200s refused the token (%d): give the one it was started with", url, status);
  else
    snprintf(why, why_size, "%.200s answered %d: is it an oriel?", url, status);
  return -EACCES;
}

int oriel_audio_http_get(const char *url, const char *path, const char *token, char *body, size_t size, char *why,
                         size_t why_size) {
  char host[256], port[8], request[1024];
  int result = split(url, host, port, why, why_size);
  if (result < 0)
    return result;
  const int fd = dial(host, port);
  if (fd < 0) {
    snprintf(why, why_size, "no oriel answers at %.200s: %s: is it running?", url, strerror(-fd));
    return fd;
  }
  const int length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n",
                              path, strchr(host, ':') != NULL ? "localhost" : host, port, token);
  size_t have = 0;
  ssize_t got = send(fd, request, (size_t)length, MSG_NOSIGNAL) == length ? 1 : -1;
  while (got > 0 && have + 1 < size && (got = recv(fd, body + have, size - 1 - have, 0)) > 0)
    have += (size_t)got;
  const int error = errno;
  close(fd);
  body[have] = '\0';
  if (got == 0)
    return take_body(body, url, why, why_size);
  snprintf(why, why_size, "%.200s did not answer to its end: %s", url, got < 0 ? strerror(error) : "too long");
  return got < 0 ? -error : -EMSGSIZE;
}
