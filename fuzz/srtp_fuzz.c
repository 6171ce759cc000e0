/* SPDX-License-Identifier: MIT
 *
 * SRTP and SRTCP with both profiles: a packet as it is, which must be refused; and what protection makes of it, which
 * must come back as it was, once.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "webrtc/srtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = ORIEL_SRTP_PACKET_MAX + 64 };

struct ends {
  struct oriel_srtp *sender, *receiver;
};

static void forge(struct ends *ends, const uint8_t *data, size_t size) {
  uint8_t bytes[ROOM];
  memcpy(bytes, data, size);
  const int rtp = oriel_srtp_unprotect(ends->receiver, bytes, size);
  memcpy(bytes, data, size);
  const int rtcp = oriel_srtp_unprotect_rtcp(ends->receiver, bytes, size);
  if ((rtp != -EBADMSG && rtp != -EACCES) || (rtcp != -EBADMSG && rtcp != -EACCES))
    abort();
}

/** The first `header` bytes as a header: where that is one, the packet comes back. */
static void rtp(struct ends *ends, const uint8_t *data, size_t header, size_t size) {
  uint8_t bytes[ROOM];
  const int sealed =
    oriel_srtp_protect(ends->sender, data, header, data + header, size - header, bytes, sizeof bytes);
  if (sealed < 0)
    return;
  uint8_t copy[ROOM];
  memcpy(copy, bytes, (size_t)sealed);
  const int opened = oriel_srtp_unprotect(ends->receiver, bytes, (size_t)sealed);
  if (opened == -EBADMSG && sealed > ORIEL_SRTP_PACKET_MAX)
    return;
  if (opened != (int)size || memcmp(bytes, data, size) ||
      oriel_srtp_unprotect(ends->receiver, copy, (size_t)sealed) != -EALREADY)
    abort();
}

static void rtcp(struct ends *ends, const uint8_t *data, size_t size) {
  uint8_t bytes[ROOM], copy[ROOM];
  memcpy(bytes, data, size);
  const int sealed = oriel_srtp_protect_rtcp(ends->sender, bytes, size, sizeof bytes);
  if (sealed < 0 || sealed > ORIEL_SRTP_PACKET_MAX)
    return;
  memcpy(copy, bytes, (size_t)sealed);
  if (oriel_srtp_unprotect_rtcp(ends->receiver, bytes, (size_t)sealed) != (int)size || memcmp(bytes, data, size) ||
      oriel_srtp_unprotect_rtcp(ends->receiver, copy, (size_t)sealed) != -EALREADY)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct oriel_srtp_key key = { .key = "sixteen bytes ke", .salt = "fourteen bytes" };
  static const enum oriel_srtp_profile profiles[] = { ORIEL_SRTP_AES128_CM_SHA1_80, ORIEL_SRTP_AEAD_AES_128_GCM };
  if (!size || size > ORIEL_SRTP_PACKET_MAX)
    return 0;
  const size_t header = data[0] < size ? data[0] : size - 1;
  for (unsigned i = 0; i < 2; i++) {
    struct ends ends = { oriel_srtp_create(profiles[i], &key), oriel_srtp_create(profiles[i], &key) };
    if (!ends.sender || !ends.receiver)
      abort();
    forge(&ends, data, size);
    rtp(&ends, data + 1, header, size - 1);
    rtcp(&ends, data + 1, size - 1);
    oriel_srtp_destroy(ends.sender);
    oriel_srtp_destroy(ends.receiver);
  }
  return 0;
}
