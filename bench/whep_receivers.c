/* SPDX-License-Identifier: MIT
 *
 * Many receivers of WebRTC in one process: whep_receivers COUNT PER-ADDRESS. Who speaks HTTP and SDP for them talks to
 * it by lines. It says
 *   fingerprint SHA-256
 *   receiver INDEX ADDRESS PORT UFRAG PASSWORD        for each; PER-ADDRESS of them share one of 127.0.0.1, .2, ...
 *   {"open": N, "packets": N, ...}                    each second, of all together, since they began
 * and takes
 *   INDEX lite|full ADDRESS PORT UFRAG PASSWORD TRANSPORT-ID
 * whose last is the number of the header extension for feedback, or 0. It ends with its input. One thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "bench/whep_receiver.h"
#include "core/clock.h"

enum { RECEIVERS_MAX = 1024, EVENTS = 256, LINE_MAX_SIZE = 1024, TICK_MS = 5, INPUT = RECEIVERS_MAX };

struct crowd {
  struct receiver *receivers;
  unsigned count;
  SSL_CTX *context;
  int poll;
  char line[LINE_MAX_SIZE];
  size_t line_size;
};

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "whep_receivers: %s\n", what);
  exit(1);
}

static void say_fingerprint(const X509 *certificate) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), hash, &size) != 1)
    fail("its certificate has no fingerprint");
  printf("fingerprint ");
  for (unsigned i = 0; i < size; i++)
    printf("%s%02X", i ? ":" : "", hash[i]);
  printf("\n");
}

/* One certificate for all: to a server they are as many clients. */
static SSL_CTX *make_context(void) {
  SSL_CTX *context = SSL_CTX_new(DTLS_client_method());
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  if (!context || !key || !certificate || !X509_gmtime_adj(X509_getm_notBefore(certificate), 0) ||
      !X509_gmtime_adj(X509_getm_notAfter(certificate), 86400) || X509_set_pubkey(certificate, key) != 1 ||
      !X509_sign(certificate, key, EVP_sha256()) || SSL_CTX_use_certificate(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context, key) != 1 ||
      SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") != 0)
    fail("no certificate can be made");
  say_fingerprint(certificate);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

static void watch(const struct crowd *crowd, int fd, unsigned index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  if (epoll_ctl(crowd->poll, EPOLL_CTL_ADD, fd, &event) < 0)
    fail("a socket cannot be watched");
}

static void open_all(struct crowd *crowd, unsigned per_address) {
  char address[INET_ADDRSTRLEN];
  for (unsigned i = 0; i < crowd->count; i++) {
    struct receiver *receiver = &crowd->receivers[i];
    const int status = receiver_open(receiver, INADDR_LOOPBACK + i / per_address);
    if (status < 0)
      fail(strerror(-status));
    watch(crowd, receiver->fd, i);
    printf("receiver %u %s %u %s %s\n", i,
           inet_ntop(AF_INET, &receiver->local.sin_addr, address, sizeof address), ntohs(receiver->local.sin_port),
           receiver->ufrag, receiver->password);
  }
  fflush(stdout);
}

static void take_line(struct crowd *crowd, const char *line) {
  struct receiver_peer peer = {.address.sin_family = AF_INET};
  unsigned index, port, transport;
  char kind[8], address[64];
  if (sscanf(line, "%u %7s %63s %u %256s %256s %u", &index, kind, address, &port, peer.ufrag, peer.password,
             &transport) != 7 || index >= crowd->count || port > UINT16_MAX || transport > UINT8_MAX ||
      inet_pton(AF_INET, address, &peer.address.sin_addr) != 1)
    fail("a line says no peer");
  peer.lite = strcmp(kind, "lite") == 0;
  peer.address.sin_port = htons((uint16_t)port);
  peer.transport_id = (uint8_t)transport;
  receiver_connect(&crowd->receivers[index], &peer, crowd->context, oriel_clock_ns());
}

/** False at the end of the input. */
static bool take_input(struct crowd *crowd) {
  const ssize_t size = read(STDIN_FILENO, crowd->line + crowd->line_size, LINE_MAX_SIZE - 1 - crowd->line_size);
  if (size <= 0)
    return size < 0 && (errno == EAGAIN || errno == EINTR);
  crowd->line_size += (size_t)size;
  char *end;
  while ((end = memchr(crowd->line, '\n', crowd->line_size))) {
    *end = 0;
    take_line(crowd, crowd->line);
    crowd->line_size -= (size_t)(end + 1 - crowd->line);
    memmove(crowd->line, end + 1, crowd->line_size);
  }
  if (crowd->line_size == LINE_MAX_SIZE - 1)
    fail("a line is too long");
  return true;
}

static void say_counts(const struct crowd *crowd) {
  struct receiver_counts all = {0};
  unsigned open = 0, broken = 0;
  for (unsigned i = 0; i < crowd->count; i++) {
    const struct receiver *receiver = &crowd->receivers[i];
    open += receiver->state == RECEIVER_OPEN;
    broken += receiver->state == RECEIVER_BROKEN;
    all.packets += receiver->counts.packets;
    all.bytes += receiver->counts.bytes;
    all.missed += receiver->counts.missed;
    all.authentic += receiver->counts.authentic;
    all.forged += receiver->counts.forged;
    all.feedbacks += receiver->counts.feedbacks;
  }
  printf("{\"open\": %u, \"broken\": %u, \"packets\": %llu, \"bytes\": %llu, \"missed\": %llu, \"authentic\": %llu, "
         "\"forged\": %llu, \"feedbacks\": %llu, \"at_ms\": %llu}\n",
         open, broken, (unsigned long long)all.packets, (unsigned long long)all.bytes,
         (unsigned long long)all.missed, (unsigned long long)all.authentic, (unsigned long long)all.forged,
         (unsigned long long)all.feedbacks, (unsigned long long)(oriel_clock_ns() / ORIEL_NS_PER_MS));
  fflush(stdout);
}

static void run(struct crowd *crowd) {
  struct epoll_event events[EVENTS];
  uint64_t tick_ns = 0, count_ns = 0;
  for (;;) {
    const int ready = epoll_wait(crowd->poll, events, EVENTS, TICK_MS);
    const uint64_t now_ns = oriel_clock_ns();
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u32 != INPUT)
        receiver_take(&crowd->receivers[events[i].data.u32], now_ns);
      else if (!take_input(crowd))
        return;
    }
    if (now_ns >= tick_ns) {
      tick_ns = now_ns + TICK_MS * ORIEL_NS_PER_MS;
      for (unsigned i = 0; i < crowd->count; i++)
        receiver_tick(&crowd->receivers[i], now_ns);
    }
    if (now_ns >= count_ns) {
      count_ns = now_ns + ORIEL_NS_PER_SECOND;
      say_counts(crowd);
    }
  }
}

int main(int argc, char **argv) {
  const int count = argc == 3 ? atoi(argv[1]) : 0, per_address = argc == 3 ? atoi(argv[2]) : 0;
  if (count < 1 || count > RECEIVERS_MAX || per_address < 1) {
    fprintf(stderr, "usage: whep_receivers COUNT PER-ADDRESS\n");
    return 2;
  }
  struct crowd crowd = {.count = (unsigned)count, .poll = epoll_create1(EPOLL_CLOEXEC)};
  crowd.receivers = calloc(crowd.count, sizeof *crowd.receivers);
  if (crowd.poll < 0 || !crowd.receivers)
    fail(strerror(errno));
  crowd.context = make_context();
  open_all(&crowd, (unsigned)per_address);
  (void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  watch(&crowd, STDIN_FILENO, INPUT);
  run(&crowd);
  for (unsigned i = 0; i < crowd.count; i++)
    receiver_close(&crowd.receivers[i]);
  free(crowd.receivers);
  SSL_CTX_free(crowd.context);
  close(crowd.poll);
  return 0;
}
