/* SPDX-License-Identifier: MIT
 *
 * Offers, and fragments that trickle. What is taken can be answered.
 */
#include <stdlib.h>

#include "webrtc/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct oriel_sdp_offer *offer) {
  const uint8_t bytes[4] = {192, 0, 2, 1};
  const struct oriel_webrtc_address candidate = oriel_webrtc_address_make(bytes, sizeof bytes, 5000);
  const struct oriel_sdp_answer fields = {
    .offer = offer, .id = 1, .ufrag = "ufragufr", .password = "passwordpasswordpassword", .fingerprint = "sha-256 00",
    .video = {1, 2}, .audio = {3, 0}, .cname = "name", .candidates = &candidate, .candidate_count = 1};
  static char text[ORIEL_SDP_MAX];
  if (oriel_sdp_write_answer(&fields, text, sizeof text) == 0 || oriel_sdp_write_fragment(&fields, text, sizeof text) == 0)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct oriel_sdp_offer offer;
  struct oriel_sdp_fragment fragment;
  char why[ORIEL_SDP_WHY_MAX];
  const enum oriel_sdp_fault fault = oriel_sdp_parse_offer((const char *)data, size, &offer, why);
  if ((fault == ORIEL_SDP_FINE) != (why[0] == '\0'))
    abort();
  if (fault == ORIEL_SDP_FINE)
    answer(&offer);
  (void)oriel_sdp_parse_fragment((const char *)data, size, &fragment, why);
  return 0;
}
