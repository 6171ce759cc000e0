/* SPDX-License-Identifier: MIT
 *
 * One end of a sound stream. Main thread.
 */
#include "cli/audio_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transport/stream.h"

int oriel_audio_line_open(struct oriel_audio_line *line, const struct oriel_transport_address *address,
                          bool is_listener, char *why, size_t why_size) {
  memset(line, 0, sizeof *line);
  line->address = *address;
  line->fd = -1;
  /* Both ends of a port are dialed the same; see transport/listener.h. */
  if (is_listener && address->scheme != ORIEL_TRANSPORT_SERIAL)
    return oriel_listener_create(address, &line->listener, why, why_size);
  const int result = oriel_dialer_create(address, &line->dialer);
  if (result < 0)
    snprintf(why, why_size, "%s: a stream needs a place to connect to: a port above 0, a CID, a short path",
             strerror(-result));
  return result;
}

void oriel_audio_line_close(struct oriel_audio_line *line) {
  oriel_dialer_destroy(line->dialer);
  oriel_listener_destroy(line->listener);
  if (line->fd >= 0)
    close(line->fd);
  line->dialer = NULL;
  line->listener = NULL;
  line->fd = -1;
}

bool oriel_audio_line_is_connected(const struct oriel_audio_line *line) {
  return line->dialer != NULL ? oriel_dialer_state(line->dialer) == ORIEL_STREAM_CONNECTED : line->fd >= 0;
}

int oriel_audio_line_poll(const struct oriel_audio_line *line, struct pollfd fds[2]) {
  if (line->dialer != NULL) {
    fds[0] = (struct pollfd){.fd = oriel_dialer_fd(line->dialer),
                             .events = oriel_dialer_events(line->dialer, line->unsent_size > 0)};
    return 1;
  }
  fds[0] = (struct pollfd){.fd = oriel_listener_fd(line->listener), .events = POLLIN};
  fds[1] = (struct pollfd){.fd = line->fd, .events = (short)(POLLIN | (line->unsent_size > 0 ? POLLOUT : 0))};
  return 2;
}

static void forget_stream(struct oriel_audio_line *line) {
  memset(&line->framer, 0, sizeof line->framer);
  line->unsent_size = 0;
}

static void hang_up(struct oriel_audio_line *line, uint64_t now_ns) {
  forget_stream(line);
  if (line->dialer != NULL)
    oriel_dialer_reset(line->dialer, now_ns);
  else if (line->fd >= 0) {
    close(line->fd);
    line->fd = -1;
  }
}

static ssize_t put(struct oriel_audio_line *line, const void *data, size_t size, uint64_t now_ns) {
  if (line->dialer != NULL)
    return oriel_dialer_send(line->dialer, data, size, now_ns);
  return line->fd >= 0 ? oriel_stream_send(line->fd, data, size) : -ENOTCONN;
}

static ssize_t get(struct oriel_audio_line *line, void *data, size_t size, uint64_t now_ns) {
  if (line->dialer != NULL)
    return oriel_dialer_receive(line->dialer, data, size, now_ns);
  return line->fd >= 0 ? oriel_stream_receive(line->fd, data, size) : -ENOTCONN;
}

/** False: the stream lost its place. */
static bool cut(struct oriel_audio_line *line, const uint8_t *data, size_t size, uint64_t now_ns,
                oriel_audio_packet_fn *packet, void *owner) {
  const uint8_t *one = NULL;
  size_t one_size = 0;
  if (line->address.scheme == ORIEL_TRANSPORT_UDP) {
    uint32_t number;
    if (line->address.is_pcm)
      (void)oriel_audio_cut_number(data, &size, &number); /* what it measures is not loss */
    if (packet != NULL && size <= ORIEL_AUDIO_PACKET_MAX)
      packet(owner, data, size, now_ns);
    return true;
  }
  int result = 0;
  while ((result = oriel_audio_framer_next(&line->framer, &data, &size, &one, &one_size)) > 0)
    if (packet != NULL)
      packet(owner, one, one_size, now_ns);
  return result == 0;
}

static void receive(struct oriel_audio_line *line, uint64_t now_ns, oriel_audio_packet_fn *packet, void *owner) {
  uint8_t data[4096];
  ssize_t size = 0;
  /* Bounded, so that a flood does not keep the caller from its clock. */
  for (int i = 0; i < 64 && (size = get(line, data, sizeof data, now_ns)) > 0; i++)
    /* To who only sends comes nothing but credit (docs/protocols/audio.md). */
    if (packet != NULL && !cut(line, data, (size_t)size, now_ns, packet, owner)) {
      line->malformed++;
      hang_up(line, now_ns);
      return;
    }
  if (size < 0 && size != -EAGAIN && line->dialer == NULL)
    hang_up(line, now_ns);
}

static void flush(struct oriel_audio_line *line, uint64_t now_ns) {
  const ssize_t sent = line->unsent_size > 0 ? put(line, line->unsent, line->unsent_size, now_ns) : 0;
  if (sent > 0) {
    memmove(line->unsent, line->unsent + sent, line->unsent_size - (size_t)sent);
    line->unsent_size -= (size_t)sent;
  }
}

static void accept_newest(struct oriel_audio_line *line) {
  for (int fd; (fd = oriel_listener_accept(line->listener)) >= 0;) {
    if (line->fd >= 0)
      close(line->fd);
    line->fd = fd;
    line->connections++;
    forget_stream(line);
  }
}

void oriel_audio_line_step(struct oriel_audio_line *line, const struct pollfd *fds, uint64_t now_ns,
                           oriel_audio_packet_fn *packet, void *owner) {
  if (line->dialer != NULL) {
    const enum oriel_stream_state before = oriel_dialer_state(line->dialer);
    if (oriel_dialer_step(line->dialer, fds[0].revents, now_ns) == ORIEL_STREAM_CONNECTED &&
        before != ORIEL_STREAM_CONNECTED) {
      forget_stream(line);
      line->connections++;
    }
  } else if (fds[0].revents != 0)
    accept_newest(line);
  if (!oriel_audio_line_is_connected(line))
    return;
  receive(line, now_ns, packet, owner);
  flush(line, now_ns);
}

void oriel_audio_line_send(struct oriel_audio_line *line, const uint8_t *packet, size_t size, uint64_t now_ns) {
  uint8_t whole[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX];
  const bool is_datagram = line->address.scheme == ORIEL_TRANSPORT_UDP;
  const size_t head = is_datagram ? 0 : ORIEL_AUDIO_LENGTH_SIZE;
  flush(line, now_ns);
  if (line->unsent_size > 0 || !oriel_audio_line_is_connected(line)) {
    line->dropped++;
    return;
  }
  if (!is_datagram && oriel_audio_write_length(whole, size) < 0)
    return;
  memcpy(whole + head, packet, size);
  const ssize_t sent = put(line, whole, head + size, now_ns);
  if (sent <= 0) {
    line->dropped++;
    if (sent != -EAGAIN && line->dialer == NULL)
      hang_up(line, now_ns);
    return;
  }
  line->sent++;
  line->unsent_size = head + size - (size_t)sent;
  memcpy(line->unsent, whole + sent, line->unsent_size);
}

const char *oriel_audio_line_why(const struct oriel_audio_line *line) {
  const char *why = NULL;
  if (line->dialer == NULL)
    return "nobody connected";
  oriel_dialer_failures(line->dialer, &why);
  return why != NULL ? why : "nobody answered yet";
}
