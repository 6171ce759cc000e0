/* SPDX-License-Identifier: MIT
 *
 * Offers: what is taken of them, what is refused with which words; and answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "offers.h"
#include "webrtc/sdp.h"

static struct oriel_sdp_offer offer;
static char why[ORIEL_SDP_WHY_MAX];

static enum oriel_sdp_fault parse(const char *text) {
  return oriel_sdp_parse_offer(text, strlen(text), &offer, why);
}

/** `text` with the first `from` replaced by `to`; static. */
static const char *changed(const char *text, const char *from, const char *to) {
  static char result[64 * 1024];
  const char *at = strstr(text, from);
  assert_non_null(at);
  snprintf(result, sizeof result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
  return result;
}

/** The same with every one. */
static const char *without(const char *text, const char *from, const char *to) {
  static char result[64 * 1024], next[64 * 1024];
  snprintf(result, sizeof result, "%s", text);
  for (char *at; (at = strstr(result, from)) != NULL;) {
    snprintf(next, sizeof next, "%.*s%s%s", (int)(at - result), result, to, at + strlen(from));
    memcpy(result, next, sizeof result);
  }
  return result;
}

/** OFFER of a browser that knows H.264 alone; static. */
static const char *without_vp8(void) {
  static char text[64 * 1024];
  snprintf(text, sizeof text, "%s", without(OFFER, "VP8/90000", "VP7/90000"));
  return text;
}

static void offer_of_a_browser(void **state) {
  (void)state;
  assert_int_equal(parse(OFFER), ORIEL_SDP_FINE);
  assert_string_equal(offer.ufrag, "EsAw");
  assert_string_equal(offer.password, "P2uYro0UCOQ4zxjKXaWCBui1");
  assert_int_equal(offer.fingerprint.size, 32);
  assert_int_equal(offer.fingerprint.hash[0], 0xd2);
  assert_int_equal(offer.fingerprint.hash[31], 0x0f);
  assert_true(offer.bundled);
  assert_int_equal(offer.media_count, 2);
  const struct oriel_sdp_media *video = &offer.media[offer.video], *audio = &offer.media[offer.audio];
  assert_int_equal(video->payload_type, 39); /* High with packetization-mode 1, of all that are H.264 */
  assert_int_equal(video->repeat_type, 40);
  assert_int_equal(video->profile, 0x64001f);
  assert_true(video->nack && video->pli && !video->fir && video->transport_cc && video->reduced);
  assert_int_equal(video->ids.mid, 9);
  assert_int_equal(video->ids.transport, 4);
  assert_int_equal(video->ids.playout, 5);
  assert_int_equal(video->ids.send_time, 2);
  assert_string_equal(video->mid, "0");
  assert_int_equal(audio->payload_type, 111);
  assert_int_equal(audio->repeat_type, 0);
  assert_true(audio->transport_cc && !audio->nack);
}

static void offer_with_lf_alone(void **state) {
  (void)state;
  assert_int_equal(parse(without(OFFER, "\r\n", "\n")), ORIEL_SDP_FINE);
}

static void offer_without_high_takes_what_there_is(void **state) {
  (void)state;
  assert_int_equal(parse(changed(OFFER, "packetization-mode=1;profile-level-id=64001f",
                                 "packetization-mode=1;profile-level-id=640c1")), ORIEL_SDP_MALFORMED);
  assert_int_equal(parse(changed(OFFER, "a=rtpmap:39 H264/90000\r\n", "")), ORIEL_SDP_FINE);
  assert_int_equal(offer.media[offer.video].payload_type, 103);
  assert_int_equal(offer.media[offer.video].repeat_type, 104);
  assert_int_equal(offer.media[offer.video].profile, 0x42001f);
}

/* VP8 for who has nothing better, however often it is named first. */
static void offer_without_h264_takes_vp8(void **state) {
  (void)state;
  static char answer[ORIEL_SDP_MAX];
  static const struct oriel_sdp_answer written = {
    .offer = &offer, .id = 1, .ufrag = "ufrag", .password = "password", .fingerprint = "sha-256 00", .cname = "name",
    .video = {1, 2}, .audio = {3, 0}};
  assert_int_equal(parse(OFFER), ORIEL_SDP_FINE);
  assert_int_equal(offer.media[offer.video].codec, ORIEL_CODEC_H264);
  assert_int_equal(parse(without(OFFER, "H264/90000", "H263/90000")), ORIEL_SDP_FINE);
  const struct oriel_sdp_media *video = &offer.media[offer.video];
  assert_int_equal(video->codec, ORIEL_CODEC_VP8);
  assert_int_equal(video->payload_type, 96);
  assert_int_equal(video->repeat_type, 97);
  assert_true(video->nack && !video->pli);
  assert_true(oriel_sdp_write_answer(&written, answer, sizeof answer) > 0);
  assert_non_null(strstr(answer, "a=rtpmap:96 VP8/90000\r\n"));
  assert_non_null(strstr(answer, "a=fmtp:97 apt=96\r\n"));
  assert_null(strstr(answer, "a=fmtp:96"));
  assert_null(strstr(answer, "H264"));
}

static void offer_whose_rtx_is_of_another(void **state) {
  (void)state;
  assert_int_equal(parse(changed(OFFER, "a=fmtp:40 apt=39", "a=fmtp:40 apt=96")), ORIEL_SDP_FINE);
  assert_int_equal(offer.media[offer.video].repeat_type, 0);
}

static void offer_of_one_medium_without_bundle(void **state) {
  (void)state;
  const char *single = without(OFFER_TOP OFFER_VIDEO, "a=group:BUNDLE 0 1\r\n", "");
  assert_int_equal(parse(single), ORIEL_SDP_FINE);
  assert_false(offer.bundled);
  assert_int_equal(offer.video, 0);
  assert_int_equal(offer.audio, -1);
  assert_int_equal(parse(without(OFFER, "a=group:BUNDLE 0 1\r\n", "")), ORIEL_SDP_FINE);
  assert_int_equal(offer.video, 0);
  assert_int_equal(offer.audio, -1); /* it would need a port of its own */
}

/* Port 0 of a section that is only to be bundled (webrtcbin with max-bundle) is not a refusal. */
static void offer_of_one_to_be_bundled_only(void **state) {
  (void)state;
  const char *only = without(OFFER, "m=audio 9 ", "m=audio 0 "); /* which `changed` may then change */
  assert_int_equal(parse(only), ORIEL_SDP_FINE);
  assert_int_equal(offer.audio, -1);
  only = without(OFFER, "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\n",
                 "m=audio 0 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\na=bundle-only\r\n");
  assert_int_equal(parse(only), ORIEL_SDP_FINE);
  assert_int_equal(offer.audio, 1);
  assert_int_equal(parse(changed(only, "a=group:BUNDLE 0 1", "a=group:BUNDLE 0")), ORIEL_SDP_FINE);
  assert_int_equal(offer.audio, -1); /* whose group's, it does not say */
  assert_int_equal(parse(changed(only, "a=group:BUNDLE 0 1\r\n", "")), ORIEL_SDP_FINE);
  assert_int_equal(offer.audio, -1);
}

static void offer_of_sound_alone(void **state) {
  (void)state;
  assert_int_equal(parse(OFFER_TOP OFFER_AUDIO), ORIEL_SDP_FINE);
  assert_int_equal(offer.video, -1);
  assert_int_equal(offer.audio, 0);
}

struct wrong {
  enum oriel_sdp_fault fault;
  const char *from, *to, *says;
};

static void offers_that_are_wrong_in_one_thing(void **state) {
  static const struct wrong wrongs[] = {
    {ORIEL_SDP_MALFORMED, "v=0\r\n", "", "v=0"},
    {ORIEL_SDP_MALFORMED, "v=0\r\n", "v=1\r\n", "v=0"},
    {ORIEL_SDP_MALFORMED, "s=-", "s", "x=value"},
    {ORIEL_SDP_MALFORMED, "s=-", "s=\x01", "control"},
    {ORIEL_SDP_MALFORMED, "a=mid:0", "a=mid:01234567890123456", "a=mid"},
    {ORIEL_SDP_MALFORMED, "m=video 9 ", "m=video 99999 ", "m= line"},
    {ORIEL_SDP_MALFORMED, "a=rtpmap:96 ", "a=rtpmap:128 ", "payload type"},
    {ORIEL_SDP_MALFORMED, "apt=96", "apt=x", "payload type"},
    {ORIEL_SDP_MALFORMED, "a=ice-ufrag:EsAw", "a=ice-ufrag:EsA", "a=ice-ufrag"},
    {ORIEL_SDP_MALFORMED, "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1", "a=ice-pwd:P2uYro0U", "a=ice-pwd"},
    {ORIEL_SDP_MALFORMED, "sha-256 D2:FA", "sha-256 D2-FA", "a=fingerprint"},
    {ORIEL_SDP_UNFIT, "a=recvonly", "a=sendonly", "recvonly"},
    {ORIEL_SDP_UNFIT, "a=rtcp-mux\r\n", "", "rtcp-mux"},
    {ORIEL_SDP_UNFIT, "m=video 9 ", "m=video 0 ", "no video"},
    {ORIEL_SDP_UNFIT, "UDP/TLS/RTP/SAVPF", "RTP/AVPF", "no video"},
    {ORIEL_SDP_UNFIT, "a=setup:actpass", "a=setup:passive", "passive"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
    const enum oriel_sdp_fault fault = parse(changed(OFFER, wrongs[i].from, wrongs[i].to));
    if (fault != wrongs[i].fault || !strstr(why, wrongs[i].says))
      fail_msg("%s -> %s: %d, \"%s\"", wrongs[i].from, wrongs[i].to, (int)fault, why);
  }
}

static void offers_without_what_is_needed(void **state) {
  (void)state;
  assert_int_equal(parse(without(OFFER, "a=ice-ufrag:EsAw\r\n", "")), ORIEL_SDP_UNFIT);
  assert_non_null(strstr(why, "ICE"));
  assert_int_equal(parse(without(OFFER, "a=fingerprint:sha-256", "a=fingerprint:sha-1")), ORIEL_SDP_UNFIT);
  assert_non_null(strstr(why, "DTLS"));
  assert_int_equal(parse(without(without_vp8(), "H264/90000", "H263/90000")), ORIEL_SDP_UNFIT);
  assert_non_null(strstr(why, "H.264"));
  assert_non_null(strstr(why, "VP8"));
  assert_int_equal(parse("v=0\r\n"), ORIEL_SDP_MALFORMED);
  assert_int_equal(parse(""), ORIEL_SDP_MALFORMED);
}

/** OFFER and `count` times `line`. */
static enum oriel_sdp_fault parse_with(const char *line, unsigned count) {
  static char text[256 * 1024];
  size_t used = (size_t)snprintf(text, sizeof text, "%s", OFFER);
  for (unsigned i = 0; i < count && used < sizeof text; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s", line);
  assert_true(used < sizeof text);
  return parse(text);
}

static void limits(void **state) {
  static char line[2048];
  const char *candidate = "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n";
  (void)state;
  assert_int_equal(parse_with("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 14), ORIEL_SDP_FINE);
  assert_int_equal(parse_with("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 200), ORIEL_SDP_MALFORMED);
  assert_non_null(strstr(why, "16 m= lines"));
  assert_int_equal(parse_with(candidate, 20), ORIEL_SDP_FINE);
  assert_int_equal(parse_with(candidate, 21), ORIEL_SDP_MALFORMED);
  assert_non_null(strstr(why, "20 candidates"));
  memset(line, 'x', sizeof line);
  memcpy(line, "a=", 2);
  memcpy(line + 1024, "\r\n", 3);
  assert_int_equal(parse_with(line, 1), ORIEL_SDP_FINE);
  memcpy(line + 1025, "x\r\n", 4);
  line[1024] = 'x';
  assert_int_equal(parse_with(line, 1), ORIEL_SDP_MALFORMED);
  assert_int_equal(parse_with("a=padding:0123456789012345678901234567890123456789\r\n", 1000), ORIEL_SDP_MALFORMED);
  assert_non_null(strstr(why, "32 KiB"));
}

/* Every beginning of an offer, and every byte of it turned: an answer or a sentence, never a crash. */
static void cut_and_turned(void **state) {
  static char text[sizeof OFFER];
  (void)state;
  memcpy(text, OFFER, sizeof text);
  for (size_t i = 0; i < sizeof text; i++)
    (void)oriel_sdp_parse_offer(text, i, &offer, why);
  for (size_t i = 0; i + 1 < sizeof text; i++) {
    text[i] = (char)(text[i] ^ 0x10);
    (void)oriel_sdp_parse_offer(text, sizeof text - 1, &offer, why);
    assert_true(strlen(why) < sizeof why);
    text[i] = (char)(text[i] ^ 0x10);
  }
}

static struct oriel_sdp_answer answer_to(const struct oriel_webrtc_address *candidates, unsigned count) {
  return (struct oriel_sdp_answer){
    .offer = &offer, .id = 7, .ufrag = "oursours", .password = "ourpasswordourpassword00",
    .fingerprint = "sha-256 AB:CD", .video = {11, 12}, .audio = {13, 0}, .cname = "us", .candidates = candidates,
    .candidate_count = count};
}

static void answer_says_what_was_chosen(void **state) {
  const uint8_t v4[4] = {192, 0, 2, 1}, v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
  const struct oriel_webrtc_address candidates[] = {oriel_webrtc_address_make(v4, 4, 5000),
                                                    oriel_webrtc_address_make(v6, 16, 5000)};
  static const char *const lines[] = {
    "a=ice-lite\r\n", "a=group:BUNDLE 0 1\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 39 40\r\n", "a=sendonly\r\n",
    "a=rtcp-mux\r\n", "a=ice-ufrag:oursours\r\n", "a=setup:passive\r\n", "a=fingerprint:sha-256 AB:CD\r\n",
    "profile-level-id=64001f\r\n", "a=fmtp:40 apt=39\r\n", "a=ssrc-group:FID 11 12\r\n", "a=msid:oriel video\r\n",
    "a=msid:oriel audio\r\n", "a=candidate:", " 192.0.2.1 5000 typ host\r\n", " 2001:db8::1 5000 typ host\r\n",
    "a=end-of-candidates\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "stereo=1", "a=rtcp-fb:39 transport-cc\r\n",
  };
  char text[8192];
  (void)state;
  assert_int_equal(parse(OFFER), ORIEL_SDP_FINE);
  const struct oriel_sdp_answer answer = answer_to(candidates, 2);
  const size_t size = oriel_sdp_write_answer(&answer, text, sizeof text);
  assert_int_equal(size, strlen(text));
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    if (!strstr(text, lines[i]))
      fail_msg("no %s in\n%s", lines[i], text);
  }
  assert_int_equal(oriel_sdp_write_answer(&answer, text, size), 0); /* one byte short */
  assert_int_equal(oriel_sdp_write_answer(&answer, text, size + 1), size);
}

static void answer_mirrors_what_was_refused(void **state) {
  char text[8192];
  (void)state;
  assert_int_equal(parse(OFFER "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"), ORIEL_SDP_FINE);
  const struct oriel_sdp_answer answer = answer_to(NULL, 0);
  assert_true(oriel_sdp_write_answer(&answer, text, sizeof text) > 0);
  assert_non_null(strstr(text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
  assert_non_null(strstr(text, "a=group:BUNDLE 0 1\r\n"));
}

static void data_channels_are_answered_in_the_bundle(void **state) {
  char text[8192];
  (void)state;
  assert_int_equal(parse(OFFER_CHANNELS), ORIEL_SDP_FINE);
  assert_int_equal(offer.application, 2);
  assert_int_equal(offer.media[2].sctp_port, 5000);
  const struct oriel_sdp_answer answer = answer_to(NULL, 0);
  assert_true(oriel_sdp_write_answer(&answer, text, sizeof text) > 0);
  assert_non_null(strstr(text, "a=group:BUNDLE 0 1 2\r\n"));
  const char *section = strstr(text, "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2");
  assert_non_null(section);
  assert_non_null(strstr(section, "a=setup:passive\r\na=sctp-port:5000\r\na=max-message-size:1048576\r\n"));
  assert_null(strstr(section, "a=sendonly"));
  oriel_sdp_refuse_application(&offer);
  assert_true(oriel_sdp_write_answer(&answer, text, sizeof text) > 0);
  assert_non_null(strstr(text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
}

static void data_channels_as_drafts_had_them(void **state) {
  char text[8192];
  (void)state;
  assert_int_equal(parse(OFFER_TOP_OF("0 1 2") OFFER_VIDEO OFFER_AUDIO OFFER_APPLICATION_OLD), ORIEL_SDP_FINE);
  assert_int_equal(offer.application, 2);
  assert_int_equal(offer.media[2].sctp_port, 5001);
  const struct oriel_sdp_answer answer = answer_to(NULL, 0);
  assert_true(oriel_sdp_write_answer(&answer, text, sizeof text) > 0);
  assert_non_null(strstr(text, "m=application 9 DTLS/SCTP 5000\r\n"));
  assert_non_null(strstr(text, "a=sctpmap:5000 webrtc-datachannel 64\r\n"));
  assert_null(strstr(text, "a=sctp-port"));
}

/* Beside media, in their bundle, over DTLS, with a port; else they are refused, and the media are not. */
static void data_channels_that_cannot_be(void **state) {
  static const char *const changes[][2] = {
    {"BUNDLE 0 1 2", "BUNDLE 0 1"},   {"BUNDLE 0 1 2", "OTHER 0 1 2"}, {"application 9", "application 0"},
    {"9 UDP/DTLS/SCTP", "9 SCTP"},    {"9 UDP/DTLS/SCTP", "9 DTLS/SCTP"}, {"SCTP webrtc-datachannel", "SCTP other"},
    {"a=sctp-port:5000\r\n", ""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    assert_int_equal(parse(changed(OFFER_CHANNELS, changes[i][0], changes[i][1])), ORIEL_SDP_FINE);
    assert_int_equal(offer.application, -1);
    assert_false(offer.media[2].taken);
    assert_int_equal(offer.video, 0);
  }
  assert_int_equal(parse(changed(OFFER_CHANNELS, "sctp-port:5000", "sctp-port:0")), ORIEL_SDP_MALFORMED);
  assert_int_equal(parse(changed(OFFER_CHANNELS, "sctp-port:5000", "sctp-port:65536")), ORIEL_SDP_MALFORMED);
  assert_int_equal(parse(OFFER_TOP_OF("2") OFFER_APPLICATION), ORIEL_SDP_UNFIT);
  assert_int_equal(parse(OFFER_TOP_OF("0 2 3") OFFER_VIDEO OFFER_APPLICATION
                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:3\r\na=sctp-port:5000\r\n"),
                   ORIEL_SDP_FINE);
  assert_int_equal(offer.application, 1); /* one of them */
  assert_false(offer.media[2].taken);
}

static void fragments(void **state) {
  static const char whole[] = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\nm=video 9 X 0\r\na=mid:0\r\n"
                              "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n";
  struct oriel_sdp_fragment fragment;
  (void)state;
  assert_int_equal(oriel_sdp_parse_fragment(whole, sizeof whole - 1, &fragment, why), ORIEL_SDP_FINE);
  assert_string_equal(fragment.ufrag, "abcd");
  assert_string_equal(fragment.password, "abcdefghijklmnopqrstuv");
  assert_int_equal(fragment.candidates, 1);
  assert_true(fragment.last);
  assert_int_equal(oriel_sdp_parse_fragment("a=mid:0\r\n", 9, &fragment, why), ORIEL_SDP_FINE);
  assert_string_equal(fragment.ufrag, "");
  assert_int_equal(oriel_sdp_parse_fragment("", 0, &fragment, why), ORIEL_SDP_MALFORMED);
  assert_int_equal(oriel_sdp_parse_fragment("hello", 5, &fragment, why), ORIEL_SDP_MALFORMED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(offer_of_a_browser),
    cmocka_unit_test(offer_with_lf_alone),
    cmocka_unit_test(offer_without_high_takes_what_there_is),
    cmocka_unit_test(offer_without_h264_takes_vp8),
    cmocka_unit_test(offer_whose_rtx_is_of_another),
    cmocka_unit_test(offer_of_one_medium_without_bundle),
    cmocka_unit_test(offer_of_one_to_be_bundled_only),
    cmocka_unit_test(offer_of_sound_alone),
    cmocka_unit_test(offers_that_are_wrong_in_one_thing),
    cmocka_unit_test(offers_without_what_is_needed),
    cmocka_unit_test(limits),
    cmocka_unit_test(cut_and_turned),
    cmocka_unit_test(answer_says_what_was_chosen),
    cmocka_unit_test(answer_mirrors_what_was_refused),
    cmocka_unit_test(data_channels_are_answered_in_the_bundle),
    cmocka_unit_test(data_channels_as_drafts_had_them),
    cmocka_unit_test(data_channels_that_cannot_be),
    cmocka_unit_test(fragments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
