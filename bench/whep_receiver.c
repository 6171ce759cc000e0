/* SPDX-License-Identifier: MIT
 *
 * See whep_receiver.h.
 */
#include "bench/whep_receiver.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/webrtc/feedback.h"
#include "webrtc/address.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/stun.h"

enum {
  DATAGRAM_MAX = 2048, BATCH = 16,
  STUN_LAST = 3, DTLS_LAST = 63, /* first bytes (RFC 7983) */
  PRIORITY = 0x6e0001ff,
  LOOKED_AT = 64, /* one packet of so many is decrypted, to see that it can be */
  SSRC = 1,
  BUFFER = 256 * 1024,
};
#define CHECK_NS (50 * ORIEL_NS_PER_MS)
#define CONSENT_NS (2500 * ORIEL_NS_PER_MS)
#define SHAKE_NS (200 * ORIEL_NS_PER_MS)
#define REPORT_NS ORIEL_NS_PER_SECOND
#define FEEDBACK_NS (50 * ORIEL_NS_PER_MS)

/* ---- life ---- */

static void make_secret(char *text, size_t size) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
  unsigned char bytes[32];
  if (RAND_bytes(bytes, sizeof bytes) != 1)
    bytes[0] = 0;
  for (size_t i = 0; i + 1 < size; i++)
    text[i] = letters[bytes[i] % 32];
  text[size - 1] = 0;
}

int receiver_open(struct receiver *receiver, uint32_t address) {
  const int buffer = BUFFER;
  socklen_t size = sizeof receiver->local;
  *receiver = (struct receiver){.local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)}};
  make_secret(receiver->ufrag, sizeof receiver->ufrag);
  make_secret(receiver->password, sizeof receiver->password);
  receiver->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (receiver->fd < 0)
    return -errno;
  (void)setsockopt(receiver->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (bind(receiver->fd, (const struct sockaddr *)&receiver->local, sizeof receiver->local) < 0 ||
      getsockname(receiver->fd, (struct sockaddr *)&receiver->local, &size) < 0)
    return -errno;
  return 0;
}

void receiver_close(struct receiver *receiver) {
  SSL_free(receiver->ssl);
  oriel_srtp_destroy(receiver->in);
  oriel_srtp_destroy(receiver->out);
  if (receiver->fd >= 0)
    close(receiver->fd);
}

static void send_to_peer(struct receiver *receiver, const void *data, size_t size) {
  (void)sendto(receiver->fd, data, size, MSG_DONTWAIT, (const struct sockaddr *)&receiver->peer.address,
               sizeof receiver->peer.address);
}

/* ---- DTLS ---- */

static void begin_dtls(struct receiver *receiver, SSL_CTX *context) {
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  receiver->ssl = SSL_new(context);
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(receiver->ssl, in, out);
  SSL_set_options(receiver->ssl, SSL_OP_NO_QUERY_MTU);
  SSL_set_mtu(receiver->ssl, 1200);
  SSL_set_connect_state(receiver->ssl);
}

/* Records one by one: what is read at once may hold several. */
static void send_records(struct receiver *receiver) {
  uint8_t data[DATAGRAM_MAX];
  BIO *bio = SSL_get_wbio(receiver->ssl);
  while (BIO_read(bio, data, 13) == 13) {
    const int size = data[11] << 8 | data[12];
    if (size > DATAGRAM_MAX - 13 || BIO_read(bio, data + 13, size) != size)
      return;
    send_to_peer(receiver, data, 13 + (size_t)size);
  }
}

/* RFC 5764, section 4.2: both keys, then both salts. */
static bool take_keys(struct receiver *receiver) {
  static const char label[] = "EXTRACTOR-dtls_srtp";
  const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(receiver->ssl);
  uint8_t material[60];
  if (!profile)
    return false;
  const size_t salt = profile->id == ORIEL_SRTP_AEAD_AES_128_GCM ? 12 : 14;
  if (SSL_export_keying_material(receiver->ssl, material, 2 * (ORIEL_SRTP_KEY_SIZE + salt), label, sizeof label - 1,
                                 NULL, 0, 0) != 1)
    return false;
  struct oriel_srtp_key keys[2] = {0};
  for (unsigned i = 0; i < 2; i++) {
    memcpy(keys[i].key, material + i * (size_t)ORIEL_SRTP_KEY_SIZE, ORIEL_SRTP_KEY_SIZE);
    memcpy(keys[i].salt, material + 2 * (size_t)ORIEL_SRTP_KEY_SIZE + i * salt, salt);
  }
  receiver->out = oriel_srtp_create((enum oriel_srtp_profile)profile->id, &keys[0]);
  receiver->in = oriel_srtp_create((enum oriel_srtp_profile)profile->id, &keys[1]);
  return receiver->out && receiver->in;
}

static void shake(struct receiver *receiver, const uint8_t *data, size_t size, uint64_t now_ns) {
  if (receiver->state == RECEIVER_OPEN || receiver->state == RECEIVER_BROKEN)
    return;
  if (size)
    BIO_write(SSL_get_rbio(receiver->ssl), data, (int)size);
  const bool done = SSL_do_handshake(receiver->ssl) == 1;
  send_records(receiver);
  receiver->shake_ns = now_ns + SHAKE_NS;
  if (!done)
    return;
  receiver->state = take_keys(receiver) ? RECEIVER_OPEN : RECEIVER_BROKEN;
  receiver->report_ns = receiver->feedback_ns = now_ns;
  SSL_free(receiver->ssl); /* its keys are taken, and nobody reads alerts */
  receiver->ssl = NULL;
}

static void enter_dtls(struct receiver *receiver, uint64_t now_ns) {
  if (receiver->state != RECEIVER_CHECKING)
    return;
  receiver->state = RECEIVER_SHAKING;
  shake(receiver, NULL, 0, now_ns);
}

/* ---- checks ---- */

void receiver_connect(struct receiver *receiver, const struct receiver_peer *peer, SSL_CTX *context, uint64_t now_ns) {
  receiver->peer = *peer;
  receiver->state = RECEIVER_CHECKING;
  receiver->check_ns = now_ns;
  begin_dtls(receiver, context);
}

static void check(struct receiver *receiver) {
  uint8_t data[640], transaction[ORIEL_STUN_TRANSACTION_SIZE] = {0};
  char username[2 * RECEIVER_SECRET];
  struct oriel_stun_writer writer;
  receiver->checks++;
  memcpy(transaction, receiver->ufrag, 8);
  memcpy(transaction + 8, &receiver->checks, sizeof receiver->checks);
  const int length = snprintf(username, sizeof username, "%s:%s", receiver->peer.ufrag, receiver->ufrag);
  oriel_stun_begin(&writer, data, sizeof data, ORIEL_STUN_BINDING_REQUEST, transaction);
  oriel_stun_add(&writer, ORIEL_STUN_USERNAME, username, (size_t)length);
  oriel_stun_add(&writer, ORIEL_STUN_ICE_CONTROLLING, receiver->ufrag, 8);
  oriel_stun_add_u32(&writer, ORIEL_STUN_PRIORITY, PRIORITY);
  oriel_stun_add(&writer, ORIEL_STUN_USE_CANDIDATE, NULL, 0);
  const size_t size = oriel_stun_finish(&writer, receiver->peer.password, strlen(receiver->peer.password));
  send_to_peer(receiver, data, size);
}

static void answer_check(struct receiver *receiver, const struct oriel_stun_message *message,
                         const struct sockaddr_in *from) {
  uint8_t data[640];
  struct oriel_stun_writer writer;
  const struct oriel_webrtc_address address =
    oriel_webrtc_address_make((const uint8_t *)&from->sin_addr, 4, ntohs(from->sin_port));
  oriel_stun_begin(&writer, data, sizeof data, ORIEL_STUN_BINDING_SUCCESS, message->transaction);
  oriel_stun_add_address(&writer, &address);
  const size_t size = oriel_stun_finish(&writer, receiver->password, strlen(receiver->password));
  if (receiver->state == RECEIVER_CHECKING || message->use_candidate)
    receiver->peer.address = *from;
  (void)sendto(receiver->fd, data, size, MSG_DONTWAIT, (const struct sockaddr *)from, sizeof *from);
}

static void take_stun(struct receiver *receiver, const uint8_t *data, size_t size, const struct sockaddr_in *from,
                      uint64_t now_ns) {
  struct oriel_stun_message message;
  if (oriel_stun_parse(data, size, &message) < 0)
    return;
  if (message.type == ORIEL_STUN_BINDING_REQUEST && !receiver->peer.lite &&
      oriel_stun_authentic(&message, receiver->password, strlen(receiver->password))) {
    answer_check(receiver, &message, from);
    enter_dtls(receiver, now_ns);
  } else if (message.type == ORIEL_STUN_BINDING_SUCCESS && receiver->peer.lite) {
    enter_dtls(receiver, now_ns);
  }
}

/* ---- media ---- */

static void note_sequence(struct receiver *receiver, const struct oriel_rtp_header *header) {
  if (!receiver->received || header->ssrc != receiver->ssrc) {
    receiver->ssrc = header->ssrc;
    receiver->first = receiver->highest = header->sequence;
    receiver->received = receiver->received_before = receiver->expected_before = 0;
  }
  const int16_t ahead = (int16_t)(header->sequence - (uint16_t)receiver->highest);
  if (ahead > 0)
    receiver->highest += (uint16_t)ahead;
  receiver->received++;
}

/* What is more than the ring holds was not told of in time. */
static void note_arrival(struct receiver *receiver, uint16_t transport, uint64_t now_ns) {
  if (!receiver->transport_begun)
    receiver->transport_next = transport;
  receiver->transport_begun = true;
  const uint16_t ahead = (uint16_t)(transport - receiver->transport_next);
  if (ahead >= RECEIVER_ARRIVALS)
    return;
  while (receiver->arrival_count <= ahead)
    receiver->arrivals_us[receiver->arrival_count++] = FEEDBACK_LOST;
  receiver->arrivals_us[ahead] = (int64_t)(now_ns / ORIEL_NS_PER_US);
}

static void take_media(struct receiver *receiver, uint8_t *data, size_t size, uint64_t now_ns) {
  const struct oriel_rtp_extension_ids ids = {.transport = receiver->peer.transport_id};
  struct oriel_rtp_header header;
  if (oriel_rtp_is_rtcp(data, size) || receiver->state != RECEIVER_OPEN)
    return;
  if (size < 12 || oriel_rtp_read(data, size, &ids, &header) < 0)
    return;
  if (header.extensions.has_transport)
    note_arrival(receiver, header.extensions.transport, now_ns);
  const bool repeated = receiver->received && header.ssrc != receiver->ssrc; /* RTX has a stream of its own */
  if (!repeated)
    note_sequence(receiver, &header);
  receiver->counts.bytes += size;
  if (receiver->counts.packets++ % LOOKED_AT == 0) {
    const int plain = oriel_srtp_unprotect(receiver->in, data, size);
    receiver->counts.authentic += plain > 0;
    receiver->counts.forged += plain == -EACCES;
  }
}

void receiver_take(struct receiver *receiver, uint64_t now_ns) {
  static uint8_t data[BATCH][DATAGRAM_MAX];
  static struct sockaddr_in from[BATCH];
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  int count = BATCH;
  while (count == BATCH) {
    for (unsigned i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){data[i], DATAGRAM_MAX};
      messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &parts[i],
                                            .msg_iovlen = 1};
    }
    count = recvmmsg(receiver->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
      const size_t size = messages[i].msg_len;
      if (size && data[i][0] <= STUN_LAST)
        take_stun(receiver, data[i], size, &from[i], now_ns);
      else if (size && data[i][0] <= DTLS_LAST && receiver->ssl)
        shake(receiver, data[i], size, now_ns);
      else if (size)
        take_media(receiver, data[i], size, now_ns);
    }
  }
}

/* ---- reports ---- */

static void send_rtcp(struct receiver *receiver, uint8_t *data, size_t size, size_t capacity) {
  const int sealed = oriel_srtp_protect_rtcp(receiver->out, data, size, capacity);
  if (sealed > 0)
    send_to_peer(receiver, data, (size_t)sealed);
}

static struct oriel_rtcp_block block_of(struct receiver *receiver) {
  const uint64_t expected = receiver->highest - receiver->first + 1;
  const uint64_t since = expected - receiver->expected_before, got = receiver->received - receiver->received_before;
  const uint64_t lost = since > got ? since - got : 0;
  receiver->expected_before = expected;
  receiver->received_before = receiver->received;
  receiver->counts.missed += lost;
  return (struct oriel_rtcp_block){
    .ssrc = receiver->ssrc,
    .fraction_lost = (uint8_t)(since ? lost * 255 / since : 0),
    .lost = (int32_t)(expected > receiver->received ? expected - receiver->received : 0),
    .highest_sequence = receiver->highest,
  };
}

static void report(struct receiver *receiver) {
  uint8_t data[256];
  struct oriel_writer writer;
  if (!receiver->received)
    return;
  const struct oriel_rtcp_block block = block_of(receiver);
  oriel_writer_init(&writer, data, sizeof data - ORIEL_SRTCP_OVERHEAD_MAX);
  oriel_rtcp_write_receiver_report(&writer, SSRC, &block, 1);
  oriel_rtcp_write_name(&writer, SSRC, "receiver");
  send_rtcp(receiver, data, oriel_writer_size(&writer), sizeof data);
}

static void feed_back(struct receiver *receiver) {
  uint8_t data[DATAGRAM_MAX];
  if (!receiver->arrival_count)
    return;
  const size_t size = feedback_write(data, sizeof data - ORIEL_SRTCP_OVERHEAD_MAX, receiver->feedback_number++,
                                     receiver->transport_next, receiver->arrivals_us, receiver->arrival_count);
  receiver->transport_next = (uint16_t)(receiver->transport_next + receiver->arrival_count);
  receiver->arrival_count = 0;
  receiver->counts.feedbacks++;
  send_rtcp(receiver, data, size, sizeof data);
}

void receiver_tick(struct receiver *receiver, uint64_t now_ns) {
  if (receiver->peer.lite && receiver->state != RECEIVER_IDLE && now_ns >= receiver->check_ns) {
    receiver->check_ns = now_ns + (receiver->state == RECEIVER_CHECKING ? CHECK_NS : CONSENT_NS);
    check(receiver);
  }
  if (receiver->state == RECEIVER_SHAKING && now_ns >= receiver->shake_ns) {
    (void)DTLSv1_handle_timeout(receiver->ssl);
    shake(receiver, NULL, 0, now_ns);
  }
  if (receiver->state != RECEIVER_OPEN)
    return;
  if (now_ns >= receiver->feedback_ns) {
    receiver->feedback_ns = now_ns + FEEDBACK_NS;
    feed_back(receiver);
  }
  if (now_ns >= receiver->report_ns) {
    receiver->report_ns = now_ns + REPORT_NS;
    report(receiver);
  }
}
