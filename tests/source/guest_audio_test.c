/* SPDX-License-Identifier: MIT
 *
 * source/guest_audio over real sockets: what peers may send, what ends them, and the microphone's way back. Every wait
 * has a bound.
 */
#include "source/guest_audio.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "wire/audio.h"

static const uint8_t silence[] = {0xfc, 0xff, 0xfe}; /* 20 ms */
enum { UDP, STREAM, PCM, TCP, INPUTS, PATIENCE_S = 15 };

struct fixture {
  char folder[64], sound[96], microphone[96];
  uint16_t port;
  struct oriel_guest_audio *audio;
  pthread_mutex_t lock; /* guards the rest */
  unsigned packets[INPUTS], ended[INPUTS];
  size_t size;
  unsigned frames;
  uint32_t number;
  uint64_t missing;
  uint8_t last[1500];
};

static void on_packet(void *user, unsigned input, const void *packet, size_t size, unsigned frames, uint32_t number,
                      uint64_t missing, uint64_t arrived_ns) {
  struct fixture *fixture = user;
  pthread_mutex_lock(&fixture->lock);
  assert_true(input < INPUTS && size && size <= sizeof fixture->last && arrived_ns);
  fixture->packets[input]++;
  fixture->number = number;
  fixture->missing = missing;
  fixture->size = size;
  fixture->frames = frames;
  memcpy(fixture->last, packet, size);
  pthread_mutex_unlock(&fixture->lock);
}

static void on_ended(void *user, unsigned input) {
  struct fixture *fixture = user;
  pthread_mutex_lock(&fixture->lock);
  fixture->ended[input]++;
  pthread_mutex_unlock(&fixture->lock);
}

static struct sockaddr_in loopback(uint16_t port) {
  return (struct sockaddr_in){
    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
  };
}

/* Its ports are told by nobody, so some that nobody is likely to have. */
static int set_up_format(void **state, const char *format) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  char why[512], udp[96], sound[128], pcm[128], tcp[48], microphone[128];
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  pthread_mutex_init(&fixture->lock, NULL);
  strcpy(fixture->folder, "/tmp/oriel-guest-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  snprintf(fixture->sound, sizeof fixture->sound, "%s/s", fixture->folder);
  snprintf(fixture->microphone, sizeof fixture->microphone, "%s/m", fixture->folder);
  snprintf(sound, sizeof sound, "unix://%s", fixture->sound);
  snprintf(pcm, sizeof pcm, "unix://%s/p?format=pcm", fixture->folder);
  snprintf(microphone, sizeof microphone, "unix://%s", fixture->microphone);
  const char *const streams[] = {sound, pcm, tcp};
  const struct oriel_guest_audio_config config = {
    .udp = udp, .streams = streams, .stream_count = INPUTS - 1, .microphone = microphone,
  };
  const struct oriel_guest_audio_sink sink = {.user = fixture, .packet = on_packet, .ended = on_ended};
  for (int i = 0; i < 50 && !fixture->audio; i++) {
    fixture->port = (uint16_t)(20000 + (getpid() * 61 + i * 97) % 12000);
    snprintf(udp, sizeof udp, "127.0.0.1:%u%s", fixture->port, format);
    snprintf(tcp, sizeof tcp, "tcp://127.0.0.1:%u", fixture->port);
    (void)oriel_guest_audio_create(&config, &fixture->audio, why, sizeof why);
  }
  assert_non_null(fixture->audio);
  assert_int_equal(oriel_guest_audio_start(fixture->audio, &sink), 0);
  *state = fixture;
  return 0;
}

static int set_up(void **state) {
  return set_up_format(state, "");
}

static int set_up_pcm(void **state) {
  return set_up_format(state, "?format=pcm");
}

static int set_up_declared(void **state) {
  return set_up_format(state, "?format=pcm&rate=44100&sample=s16le");
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  oriel_guest_audio_destroy(fixture->audio);
  assert_int_equal(rmdir(fixture->folder), 0); /* its files went with it */
  pthread_mutex_destroy(&fixture->lock);
  free(fixture);
  return 0;
}

static void nap(void) {
  const struct timespec moment = {0, 1000000};
  nanosleep(&moment, NULL); /* the bound is the caller's */
}

#define wait_for(condition)                                                  \
  do {                                                                       \
    const uint64_t until_ = oriel_clock_ns() + PATIENCE_S * ORIEL_NS_PER_SECOND; \
    while (!(condition) && oriel_clock_ns() < until_)                        \
      nap();                                                                 \
    assert_true(condition);                                                  \
  } while (0)

static unsigned count_of(struct fixture *fixture, const unsigned *counter) {
  pthread_mutex_lock(&fixture->lock);
  const unsigned value = *counter;
  pthread_mutex_unlock(&fixture->lock);
  return value;
}

static struct oriel_guest_audio_info info_of(struct fixture *fixture) {
  struct oriel_guest_audio_info info;
  oriel_guest_audio_info(fixture->audio, &info);
  return info;
}

static int dial(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
  return fd;
}

static void send_packet(int fd, const void *packet, size_t size) {
  uint8_t bytes[1502] = {(uint8_t)(size >> 8), (uint8_t)size};
  memcpy(bytes + 2, packet, size);
  assert_int_equal(send(fd, bytes, size + 2, MSG_NOSIGNAL), size + 2);
}

/* True when the other side closes. */
static bool is_closed(int fd) {
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  char byte;
  return poll(&poller, 1, PATIENCE_S * 1000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void packets_arrive_whole_at_every_cut(void **state) {
  struct fixture *fixture = *state;
  const uint8_t bytes[] = {0, 3, 0xfc, 0xff, 0xfe};
  const int fd = dial(fixture->sound);
  for (size_t cut = 1; cut < sizeof bytes; cut++) {
    assert_int_equal(send(fd, bytes, cut, 0), cut);
    nap();
    assert_int_equal(send(fd, bytes + cut, sizeof bytes - cut, 0), sizeof bytes - cut);
    wait_for(count_of(fixture, &fixture->packets[1]) == cut);
  }
  assert_int_equal(fixture->size, 3);
  assert_int_equal(fixture->frames, 960);
  assert_memory_equal(fixture->last, silence, 3);
  close(fd);
  wait_for(count_of(fixture, &fixture->ended[1]) == 1);
}

static void newest_connection_wins(void **state) {
  struct fixture *fixture = *state;
  const int first = dial(fixture->sound);
  send_packet(first, silence, 3);
  wait_for(count_of(fixture, &fixture->packets[1]) == 1);
  const int second = dial(fixture->sound);
  assert_true(is_closed(first));
  send_packet(second, silence, 3);
  wait_for(count_of(fixture, &fixture->packets[1]) == 2);
  assert_int_equal(info_of(fixture).input[1].closed_by_us, 0);
  close(first);
  close(second);
}

static void wrong_lengths_close(void **state) {
  struct fixture *fixture = *state;
  const uint8_t bad[][2] = {{0, 0}, {0x05, 0xdd}, {0xff, 0xff}}; /* 0, 1501, 65535 */
  const int other = dial(fixture->microphone);
  for (unsigned i = 0; i < 3; i++) {
    const int fd = dial(fixture->sound);
    assert_int_equal(send(fd, bad[i], 2, 0), 2);
    assert_true(is_closed(fd));
    close(fd);
    wait_for(info_of(fixture).input[1].closed_by_us == i + 1);
  }
  assert_true(info_of(fixture).microphone_connected); /* only the liar's stream ends */
  close(other);
}

static void unfinished_packet_closes_after_a_second(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial(fixture->sound);
  const uint64_t start = oriel_clock_ns();
  assert_int_equal(send(fd, "\1\0abc", 5, 0), 5);
  assert_true(is_closed(fd));
  assert_true(oriel_clock_ns() - start > 900 * ORIEL_NS_PER_MS);
  close(fd);
  /* Then the thread rests: it must not spin until somebody else connects. */
  const struct timespec looked_at = {.tv_nsec = 300 * (long)ORIEL_NS_PER_MS};
  const clock_t used = clock(); /* of this process, all threads */
  nanosleep(&looked_at, NULL);
  assert_true(clock() - used < CLOCKS_PER_SEC / 10);
}

static void garbage_closes(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial(fixture->sound);
  uint32_t seed = 1;
  for (int i = 0; i < 100; i++) {
    uint8_t noise[100];
    for (size_t k = 0; k < sizeof noise; k++)
      noise[k] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    const uint8_t length[] = {0, sizeof noise};
    if (send(fd, length, 2, MSG_NOSIGNAL) < 0 || send(fd, noise, sizeof noise, MSG_NOSIGNAL) < 0)
      break;
  }
  assert_true(is_closed(fd));
  wait_for(info_of(fixture).input[1].closed_by_us == 1);
  assert_true(info_of(fixture).input[1].packets < 60);
  close(fd);
}

static void flood_closes(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial(fixture->sound);
  const uint8_t packet[] = {0, 3, 0xfc, 0xff, 0xfe};
  bool open = true;
  for (int i = 0; i < 4000 && open; i++) /* 80 s of sound at once */
    open = send(fd, packet, sizeof packet, MSG_NOSIGNAL) == sizeof packet;
  wait_for(info_of(fixture).input[1].closed_by_us == 1);
  assert_in_range(info_of(fixture).input[1].packets, 200, 3000); /* 4 s, and what time passed */
  close(fd);
}

static void pcm_is_whole_frames(void **state) {
  struct fixture *fixture = *state;
  char path[128];
  const uint8_t frames[16] = {0};
  snprintf(path, sizeof path, "%s/p", fixture->folder);
  const int fd = dial(path);
  send_packet(fd, frames, 16);
  wait_for(count_of(fixture, &fixture->packets[2]) == 1);
  assert_int_equal(fixture->frames, 2);
  assert_true(info_of(fixture).input[2].is_pcm);
  send_packet(fd, frames, 12);
  assert_true(is_closed(fd));
  close(fd);
}

static int dial_inet(uint16_t port, int type) {
  const struct sockaddr_in name = loopback(port);
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
  return fd;
}

static void datagrams_come_from_one_sender(void **state) {
  struct fixture *fixture = *state;
  uint8_t large[1501] = {0xfc};
  const int first = dial_inet(fixture->port, SOCK_DGRAM), second = dial_inet(fixture->port, SOCK_DGRAM);
  for (int i = 0; i < 20 && !info_of(fixture).input[UDP].dropped; i++) { /* a machine that naps lets the second begin */
    send(first, silence, 3, 0);
    send(second, silence, 3, 0);
    const uint64_t sent = 2 * (uint64_t)(i + 1);
    wait_for(info_of(fixture).input[UDP].packets + info_of(fixture).input[UDP].dropped >= sent);
  }
  assert_true(info_of(fixture).input[UDP].dropped > 0);
  wait_for(!info_of(fixture).input[UDP].connected); /* a second of silence: the other may begin */
  const uint64_t before = info_of(fixture).input[UDP].packets;
  send(second, silence, 3, 0);
  wait_for(info_of(fixture).input[UDP].packets == before + 1);
  send(second, large, sizeof large, 0);
  send(second, "", 0, 0);
  wait_for(info_of(fixture).input[UDP].bad_packets == 2);
  close(first);
  close(second);
}

/* A flood of datagrams is dropped beyond twice sound's own time, and the others are heard meanwhile. */
static void flood_of_datagrams_is_dropped(void **state) {
  struct fixture *fixture = *state;
  const int flood = dial_inet(fixture->port, SOCK_DGRAM), other = dial(fixture->sound);
  const uint64_t until = oriel_clock_ns() + PATIENCE_S * ORIEL_NS_PER_SECOND;
  while (info_of(fixture).input[UDP].dropped < 1000 && oriel_clock_ns() < until)
    for (int i = 0; i < 100; i++)
      send(flood, silence, 3, 0);
  assert_true(info_of(fixture).input[UDP].dropped >= 1000);
  send_packet(other, silence, 3);
  wait_for(info_of(fixture).input[STREAM].packets == 1);
  assert_int_equal(info_of(fixture).input[STREAM].closed_by_us, 0);
  close(flood);
  close(other);
}

static void send_numbered(int fd, uint32_t number, size_t frames) {
  float samples[187 * 2] = {0};
  uint8_t datagram[1500];
  const size_t size = oriel_audio_write_pcm(samples, frames, datagram);
  oriel_audio_write_number(datagram + size, number);
  assert_int_equal(send(fd, datagram, size + 4, 0), size + 4);
}

/* A packet costs something however short it is, and so does what is made up for those that a sender leaves out. */
static void flood_of_tiny_numbered_datagrams_is_dropped(void **state) {
  struct fixture *fixture = *state;
  const int flood = dial_inet(fixture->port, SOCK_DGRAM);
  const uint64_t start = oriel_clock_ns(), until = start + PATIENCE_S * ORIEL_NS_PER_SECOND;
  uint32_t number = 0;
  while (info_of(fixture).input[UDP].dropped < 1000 && oriel_clock_ns() < until)
    for (int i = 0; i < 100; i++)
      send_numbered(flood, number += 2, 1);
  const struct oriel_guest_audio_input input = info_of(fixture).input[UDP];
  assert_true(input.dropped >= 1000);
  /* A burst of four seconds and twice the time since, 33 frames each: 32 and one that was left out. */
  const double seconds = (double)(oriel_clock_ns() - start) / ORIEL_NS_PER_SECOND;
  assert_true((double)input.packets <= (4 + 2 * seconds) * ORIEL_AUDIO_RATE / 33 + 1);
  close(flood);
}

static void numbers_tell_what_is_lost_late_and_double(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial_inet(fixture->port, SOCK_DGRAM);
  const uint32_t numbers[] = {UINT32_MAX - 1, UINT32_MAX, 0, 3, 3, 2, 4, 0};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    send_numbered(fd, numbers[i], 187);
  wait_for(info_of(fixture).input[UDP].duplicates == 2);
  const struct oriel_guest_audio_input input = info_of(fixture).input[UDP];
  assert_true(input.is_numbered);
  assert_int_equal(input.packets, 5);
  assert_int_equal(input.lost, 2);
  assert_int_equal(input.late, 1);
  assert_int_equal(input.bad_packets, 0);
  const uint32_t number = count_of(fixture, &fixture->number);
  assert_int_equal(number, 7); /* five, and the two between */
  assert_int_equal(count_of(fixture, &fixture->frames), 187);
  /* Without a number, and with half of one. */
  const uint8_t bare[16] = {0};
  send(fd, bare, 16, 0);
  wait_for(info_of(fixture).input[UDP].packets == 6);
  assert_int_equal(count_of(fixture, &fixture->number), 8);
  send(fd, bare, 14, 0);
  send(fd, bare, 4, 0);
  wait_for(info_of(fixture).input[UDP].bad_packets == 2);
  close(fd);
}

/* A network that doubles a datagram: sound is not heard twice. Silence repeats itself by nature. */
static void doubled_opus_is_dropped(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial_inet(fixture->port, SOCK_DGRAM);
  uint8_t packet[100] = {0xfc};
  for (int i = 0; i < 200 && !info_of(fixture).input[UDP].duplicates; i++) {
    for (size_t k = 1; k < sizeof packet; k++)
      packet[k] = (uint8_t)(i * 31 + (int)k * 7);
    send(fd, packet, sizeof packet, 0);
    send(fd, packet, sizeof packet, 0);
    const uint64_t sent = 2 * (uint64_t)(i + 1);
    wait_for(info_of(fixture).input[UDP].packets + info_of(fixture).input[UDP].duplicates == sent);
  }
  assert_true(info_of(fixture).input[UDP].duplicates > 0);
  close(fd);
}

/* TCP: a guest that lost its network dials again while its first connection is half open, and is heard at once. */
/* Opus in RTP, as a sender's sequence number and timestamp have it. */
static void send_rtp(int fd, uint16_t sequence, uint32_t timestamp) {
  uint8_t data[12 + sizeof silence] = {0x80, 96, (uint8_t)(sequence >> 8), (uint8_t)sequence,
                                       (uint8_t)(timestamp >> 24), (uint8_t)(timestamp >> 16),
                                       (uint8_t)(timestamp >> 8), (uint8_t)timestamp, 1, 2, 3, 4};
  memcpy(data + 12, silence, sizeof silence);
  assert_int_equal(send(fd, data, sizeof data, 0), sizeof data);
}

static void rtp_is_taken_with_its_loss_and_pauses(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial_inet(fixture->port, SOCK_DGRAM);
  send_rtp(fd, 65534, 1000);
  send_rtp(fd, 65535, 1960);
  wait_for(count_of(fixture, &fixture->packets[UDP]) == 2);
  assert_int_equal(fixture->size, sizeof silence);
  assert_memory_equal(fixture->last, silence, sizeof silence);
  const uint32_t number = fixture->number;
  send_rtp(fd, 1, 3880); /* one is lost */
  wait_for(count_of(fixture, &fixture->packets[UDP]) == 3);
  assert_int_equal(fixture->number, number + 2);
  assert_int_equal(fixture->missing, 960);
  send_rtp(fd, 2, 4840 + 48000); /* none is: a second was left out */
  wait_for(count_of(fixture, &fixture->packets[UDP]) == 4);
  assert_int_equal(fixture->number, number + 3);
  assert_int_equal(fixture->missing, 48000);
  send_rtp(fd, 2, 4840 + 48000);
  wait_for(info_of(fixture).input[UDP].duplicates == 1);
  const struct oriel_guest_audio_input input = info_of(fixture).input[UDP];
  assert_true(input.is_rtp && input.is_numbered);
  assert_int_equal(input.lost, 1);
  assert_int_equal(input.packets, 4);
  assert_string_equal(input.fault, "");
  close(fd);
}

static void declared_pcm_is_converted(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial_inet(fixture->port, SOCK_DGRAM);
  uint8_t block[441 * 2]; /* 5 ms of 16-bit stereo */
  unsigned frames = 0;
  for (size_t i = 0; i < sizeof block; i += 2) {
    block[i] = 0x00;
    block[i + 1] = 0x20; /* a quarter */
  }
  for (unsigned i = 0; i < 40; i++) {
    assert_int_equal(send(fd, block, sizeof block / 4 * 4, 0), sizeof block / 4 * 4);
    wait_for(info_of(fixture).input[UDP].packets == i + 1);
  }
  wait_for(count_of(fixture, &fixture->packets[UDP]) >= 40);
  float samples[2 * ORIEL_AUDIO_PCM_FRAMES_MAX];
  size_t count;
  pthread_mutex_lock(&fixture->lock);
  frames = fixture->frames;
  assert_int_equal(oriel_audio_read_pcm(fixture->last, fixture->size, samples, &count), 0);
  pthread_mutex_unlock(&fixture->lock);
  assert_int_equal(count, frames);
  assert_true(samples[0] > 0.24f && samples[0] < 0.26f);
  close(fd);
}

static void big_endian_floats_are_not_heard_and_named(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial_inet(fixture->port, SOCK_DGRAM);
  uint8_t block[120 * 8];
  for (size_t i = 0; i < sizeof block; i += 4)
    memcpy(block + i, i % 8 ? "\x3e\x80\x12\x34" : "\xbe\x91\x44\x7f", 4); /* 0.25, -0.28 */
  for (int i = 0; i < 20; i++)
    assert_int_equal(send(fd, block, sizeof block, 0), sizeof block);
  wait_for(info_of(fixture).input[UDP].packets == 20);
  assert_int_equal(count_of(fixture, &fixture->packets[UDP]), 0);
  assert_non_null(strstr(info_of(fixture).input[UDP].fault, "f32be"));
  close(fd);
}

static void half_open_stream_does_not_keep_the_next_out(void **state) {
  struct fixture *fixture = *state;
  const int first = dial_inet(fixture->port, SOCK_STREAM);
  send_packet(first, silence, 3);
  wait_for(info_of(fixture).input[TCP].packets == 1);
  const int second = dial_inet(fixture->port, SOCK_STREAM); /* the first says nothing more, and does not end */
  send_packet(second, silence, 3);
  wait_for(info_of(fixture).input[TCP].packets == 2);
  assert_int_equal(info_of(fixture).input[TCP].connections, 2);
  assert_int_equal(info_of(fixture).input[TCP].closed_by_us, 0);
  assert_true(is_closed(first));
  shutdown(second, SHUT_WR); /* half closed is ended: nothing more can come */
  wait_for(!info_of(fixture).input[TCP].connected);
  assert_true(is_closed(second));
  close(first);
  close(second);
}

/* A hundred connections in a row leave nothing behind. */
static void connection_storm_ends_with_one(void **state) {
  struct fixture *fixture = *state;
  int fds[100];
  for (int i = 0; i < 100; i++)
    fds[i] = dial_inet(fixture->port, SOCK_STREAM);
  wait_for(info_of(fixture).input[TCP].connected);
  send_packet(fds[99], silence, 3);
  wait_for(info_of(fixture).input[TCP].packets == 1);
  for (int i = 0; i < 99; i++) {
    assert_true(is_closed(fds[i]));
    close(fds[i]);
  }
  close(fds[99]);
  wait_for(!info_of(fixture).input[TCP].connected);
}

static void microphone_reaches_the_newest_guest(void **state) {
  struct fixture *fixture = *state;
  uint8_t bytes[64];
  assert_int_equal(oriel_guest_audio_microphone(fixture->audio, silence, 3, 1), -ENOTCONN);
  assert_int_equal(oriel_guest_audio_microphone(fixture->audio, silence, 0, 1), -EINVAL);
  assert_int_equal(oriel_guest_audio_microphone(fixture->audio, silence, 1501, 1), -EINVAL);
  assert_false(oriel_guest_audio_has_microphone(fixture->audio));
  const int first = dial(fixture->microphone);
  wait_for(oriel_guest_audio_has_microphone(fixture->audio));
  const int second = dial(fixture->microphone);
  assert_true(is_closed(first));
  wait_for(info_of(fixture).microphone_connections == 2);
  assert_int_equal(oriel_guest_audio_microphone(fixture->audio, silence, 3, 1), 0);
  assert_int_equal(recv(second, bytes, 5, MSG_WAITALL), 5);
  assert_memory_equal(bytes, "\0\3\xfc\xff\xfe", 5);
  close(first);
  close(second);
  wait_for(!oriel_guest_audio_has_microphone(fixture->audio));
}

/* Lesson 27: a guest that does not read gets no backlog later, and nobody waits for it. */
static void microphone_keeps_the_newest(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial(fixture->microphone);
  uint8_t packet[1000], bytes[1002];
  wait_for(oriel_guest_audio_has_microphone(fixture->audio));
  memset(packet, 0, sizeof packet);
  for (unsigned i = 1; i <= 200; i++) {
    packet[0] = (uint8_t)i;
    assert_int_equal(oriel_guest_audio_microphone(fixture->audio, packet, sizeof packet, 1), 0);
    if (i % 10 == 0)
      nap();
  }
  assert_true(info_of(fixture).microphone_dropped > 100);
  unsigned got = 0, last = 0;
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  while (poll(&poller, 1, 200) == 1 && recv(fd, bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes) {
    assert_memory_equal(bytes, "\3\xe8", 2); /* whole packets */
    assert_true(bytes[2] > last);
    last = bytes[2];
    got++;
  }
  assert_in_range(got, 1, 60);
  close(fd);
}

/* Reads what is there; returns how many packets. The content of the newest goes to `newest`. */
static unsigned read_packets(int fd, uint8_t *newest) {
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  uint8_t bytes[6]; /* a length and four bytes */
  unsigned count = 0;
  while (poll(&poller, 1, 150) == 1 && recv(fd, bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes) {
    memcpy(newest, bytes + 2, 4);
    count++;
  }
  return count;
}

static void give_credit(int fd, unsigned count) {
  for (; count > 0; count--)
    assert_int_equal(send(fd, "\x06", 1, MSG_NOSIGNAL), 1);
}

static void say(struct fixture *fixture, uint32_t what) {
  uint8_t packet[4];
  memcpy(packet, &what, sizeof what);
  assert_int_equal(oriel_guest_audio_microphone(fixture->audio, packet, sizeof packet, 1), 0);
}

/* Over TCP a reader's own kernel takes all that is sent while it sleeps: only the reader can tell that. */
static void sleeping_reader_over_tcp_wakes_to_fresh_sound(void **state) {
  struct fixture *fixture = *state;
  const int fd = dial_inet((uint16_t)(fixture->port + 1), SOCK_STREAM);
  uint8_t newest[4];
  uint32_t what = 0, heard;
  wait_for(oriel_guest_audio_has_microphone(fixture->audio));
  say(fixture, what++);
  wait_for(info_of(fixture).microphone_packets == 1);
  assert_int_equal(read_packets(fd, newest), 1);
  give_credit(fd, 1);
  const uint64_t slept_ns = oriel_clock_ns();
  while (what < 150 || oriel_clock_ns() < slept_ns + ORIEL_NS_PER_SECOND) { /* it sleeps for a second and more */
    say(fixture, what++);
    for (int i = 0; i < 8; i++)
      nap();
  }
  const unsigned stale = read_packets(fd, newest);
  print_message("%u of %u packets waited for a reader that slept\n", stale, what);
  assert_in_range(stale, 1, 30); /* what was said in the first tenth of a second */
  give_credit(fd, stale);
  const uint32_t woke = what;
  for (int tries = 0; tries < 200; tries++) {
    say(fixture, what++);
    nap();
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    if (poll(&poller, 1, 0) == 1)
      break;
  }
  assert_true(read_packets(fd, newest) >= 1);
  memcpy(&heard, newest, sizeof heard);
  assert_true(heard >= woke - 30); /* nothing that is older than the wait here allows */
  close(fd);
}

static int set_up_microphone(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  const struct oriel_guest_audio_sink sink = {.user = fixture, .packet = on_packet, .ended = on_ended};
  char why[512], microphone[48];
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  pthread_mutex_init(&fixture->lock, NULL);
  strcpy(fixture->folder, "/tmp/oriel-guest-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  const struct oriel_guest_audio_config config = {.microphone = microphone};
  for (int i = 0; i < 50 && !fixture->audio; i++) {
    fixture->port = (uint16_t)(20000 + (getpid() * 61 + i * 97) % 12000);
    snprintf(microphone, sizeof microphone, "tcp://127.0.0.1:%u", fixture->port + 1);
    (void)oriel_guest_audio_create(&config, &fixture->audio, why, sizeof why);
  }
  assert_non_null(fixture->audio);
  assert_int_equal(oriel_guest_audio_start(fixture->audio, &sink), 0);
  *state = fixture;
  return 0;
}

static void addresses_are_refused_with_a_reason(void **state) {
  (void)state;
  struct oriel_guest_audio *audio = NULL;
  char why[512];
  const char *const wrong[] = {"nowhere", "shm://name", "unix:///nowhere/at/all", "tcp://127.0.0.1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const struct oriel_guest_audio_config config = {.streams = &wrong[i], .stream_count = 1};
    why[0] = '\0';
    assert_true(oriel_guest_audio_create(&config, &audio, why, sizeof why) < 0);
    assert_true(strlen(why) > 10);
    assert_null(audio);
  }
}

static int set_up_nothing(void **state) {
  (void)state;
  return 0;
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
    CASE(packets_arrive_whole_at_every_cut),
    CASE(newest_connection_wins),
    CASE(wrong_lengths_close),
    CASE(unfinished_packet_closes_after_a_second),
    CASE(garbage_closes),
    CASE(flood_closes),
    CASE(pcm_is_whole_frames),
    CASE(datagrams_come_from_one_sender),
    CASE(flood_of_datagrams_is_dropped),
    cmocka_unit_test_setup_teardown(flood_of_tiny_numbered_datagrams_is_dropped, set_up_pcm, tear_down),
    cmocka_unit_test_setup_teardown(numbers_tell_what_is_lost_late_and_double, set_up_pcm, tear_down),
    CASE(doubled_opus_is_dropped),
    CASE(rtp_is_taken_with_its_loss_and_pauses),
    cmocka_unit_test_setup_teardown(declared_pcm_is_converted, set_up_declared, tear_down),
    cmocka_unit_test_setup_teardown(big_endian_floats_are_not_heard_and_named, set_up_pcm, tear_down),
    CASE(half_open_stream_does_not_keep_the_next_out),
    CASE(connection_storm_ends_with_one),
    CASE(microphone_reaches_the_newest_guest),
    CASE(microphone_keeps_the_newest),
    cmocka_unit_test_setup_teardown(sleeping_reader_over_tcp_wakes_to_fresh_sound, set_up_microphone, tear_down),
    cmocka_unit_test_setup(addresses_are_refused_with_a_reason, set_up_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
