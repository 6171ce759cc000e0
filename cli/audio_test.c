/* SPDX-License-Identifier: MIT
 *
 * `oriel audio test`: sends a known sound and hears what comes, with the receiver that all of Oriel uses. Main thread.
 */
#include "cli/audio.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/audio_line.h"
#include "cli/audio_probe.h"
#include "cli/audio_tone.h"
#include "cli/report.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "media/receiver.h"

static const char help[] =
  "Usage: oriel audio test [ADDRESS] [--send | --from ADDRESS] [OPTIONS]\n"
  "\n"
  "  oriel audio test                    sends bursts to itself: codec, jitter buffer and clock of this host\n"
  "  oriel audio test ADDRESS            hears what comes from there: pitch, level, jitter, loss, drift\n"
  "  oriel audio test ADDRESS --send     sends a steady tone there\n"
  "  oriel audio test ADDRESS --from B   sends bursts to ADDRESS and hears them come back from B: the delay of all\n"
  "                                      the way\n"
  "\n"
  "ADDRESS: vsock://CID:PORT, unix:///PATH, tcp://HOST:PORT, udp://HOST:PORT, serial:///DEVICE, mux:///PATH?port=N;\n"
  "?format=pcm for raw samples, ?frame=5 for short packets. Both ends must be told the same.\n"
  "\n"
  "  --listen          wait at ADDRESS (and at B) for the other side, in place of connecting\n"
  "  --seconds N       of sound, 1 to 3600 (default 5)\n"
  "  --wait N          for the first sound, 1 to 3600 s (default 10)\n"
  "  --tone HZ         50 to 15000 (default 1000)\n"
  "  --json            print what was found as JSON\n"
  "\n"
  "Exit status: 0 sound came (or went) as it should, 1 none did, 2 wrong usage.\n";

enum { PULL_FRAMES = 240, PULL_NS = 5000000, GAP_LIMIT_MS = 10000, DELAY_LIMIT_MS = 800, NOTE_WINDOWS = 3 };

struct test {
  /* what is asked for */
  const char *to, *from;
  bool sends, hears, is_listener, json;
  unsigned seconds, wait_s, hz;
  /* at work */
  struct oriel_audio_line out, in;
  bool has_out, has_in, is_one_line; /* one line: what is sent and heard is the same stream's two directions */
  struct oriel_tone tone;
  struct oriel_receiver *receiver;
  struct oriel_probe heard, sent;
  struct oriel_histogram gaps;
  uint64_t first_ns, last_ns, packets, bytes, sequence, next_pull_ns, unusable;
  char directory[64]; /* of the socket of a test with itself */
};

static void on_packet(void *owner, const uint8_t *packet, size_t size, uint64_t now_ns) {
  struct test *test = owner;
  if (test->packets++ == 0)
    test->first_ns = test->next_pull_ns = now_ns;
  else if (now_ns - test->last_ns < GAP_LIMIT_MS * ORIEL_NS_PER_MS)
    oriel_histogram_add(&test->gaps, (uint32_t)((now_ns - test->last_ns) / ORIEL_NS_PER_US));
  test->last_ns = now_ns;
  test->bytes += size;
  if (oriel_receiver_push(test->receiver, packet, size, test->sequence++, now_ns) < 0)
    test->unusable++;
}

static void on_tone(void *owner, const uint8_t *packet, size_t size) {
  struct test *test = owner;
  oriel_audio_line_send(&test->out, packet, size, oriel_clock_ns());
}

/** Sends all periods that are due. A sender that was asleep for long starts over. */
static int send_due(struct test *test, uint64_t now_ns) {
  if (!test->sends || !oriel_audio_line_is_connected(&test->out))
    return 0;
  if (oriel_tone_due_ns(&test->tone, now_ns) + ORIEL_NS_PER_SECOND < now_ns)
    test->tone.start_ns += now_ns - oriel_tone_due_ns(&test->tone, now_ns);
  while (oriel_tone_due_ns(&test->tone, now_ns) <= now_ns) {
    const uint64_t due_ns = test->tone.start_ns + test->tone.position * ORIEL_NS_PER_SECOND / ORIEL_PROBE_RATE;
    const int result = oriel_tone_next(&test->tone, on_tone, test);
    if (result < 0)
      return result;
    if (test->hears)
      oriel_probe_take(&test->sent, test->tone.samples, test->tone.frames, 2, due_ns);
  }
  return 0;
}

static void pull_due(struct test *test, uint64_t now_ns) {
  float frames[PULL_FRAMES * 2];
  while (test->packets > 0 && test->next_pull_ns <= now_ns) {
    oriel_receiver_pull(test->receiver, frames, PULL_FRAMES, test->next_pull_ns);
    oriel_probe_take(&test->heard, frames, PULL_FRAMES, 2, test->next_pull_ns);
    test->next_pull_ns += PULL_NS;
  }
}

static uint64_t line_due_ns(const struct oriel_audio_line *line, uint64_t now_ns) {
  const int ms = line->dialer != NULL ? oriel_dialer_timeout_ms(line->dialer, now_ns) : -1;
  return now_ns + (ms < 0 || ms > 100 ? 100u : (unsigned)ms) * ORIEL_NS_PER_MS;
}

static uint64_t next_due_ns(struct test *test, uint64_t now_ns) {
  uint64_t due_ns = now_ns + 100 * ORIEL_NS_PER_MS;
  if (test->has_out && line_due_ns(&test->out, now_ns) < due_ns)
    due_ns = line_due_ns(&test->out, now_ns);
  if (test->has_in && line_due_ns(&test->in, now_ns) < due_ns)
    due_ns = line_due_ns(&test->in, now_ns);
  if (test->packets > 0 && test->next_pull_ns < due_ns)
    due_ns = test->next_pull_ns;
  if (test->sends && oriel_audio_line_is_connected(&test->out) && oriel_tone_due_ns(&test->tone, now_ns) < due_ns)
    due_ns = oriel_tone_due_ns(&test->tone, now_ns);
  return due_ns;
}

/** One turn: waits for the next thing to do and does it. */
static int turn(struct test *test) {
  struct pollfd fds[4];
  int count = 0, in_at = 0;
  uint64_t now_ns = oriel_clock_ns();
  const uint64_t due_ns = next_due_ns(test, now_ns);
  if (test->has_out)
    count += oriel_audio_line_poll(&test->out, fds);
  in_at = count;
  if (test->has_in)
    count += oriel_audio_line_poll(&test->in, fds + count);
  const int wait_ms = due_ns > now_ns ? (int)((due_ns - now_ns + ORIEL_NS_PER_MS - 1) / ORIEL_NS_PER_MS) : 0;
  if (poll(fds, (nfds_t)count, wait_ms) < 0)
    return errno == EINTR ? 0 : -errno;
  now_ns = oriel_clock_ns();
  if (test->has_out)
    oriel_audio_line_step(&test->out, fds, now_ns, test->is_one_line && test->hears ? on_packet : NULL, test);
  if (test->has_in)
    oriel_audio_line_step(&test->in, fds + in_at, now_ns, on_packet, test);
  const int result = send_due(test, now_ns);
  pull_due(test, now_ns);
  return result;
}

/** When the time of the test began: its first sound; 0 = none yet. */
static uint64_t began_ns(const struct test *test) {
  return test->hears ? test->first_ns : test->tone.start_ns;
}

static int work(struct test *test) {
  const uint64_t start_ns = oriel_clock_ns();
  int result = 0;
  while (result == 0) {
    const uint64_t now_ns = oriel_clock_ns(), began = began_ns(test);
    if (began == 0 ? now_ns - start_ns > test->wait_s * ORIEL_NS_PER_SECOND
                   : now_ns - began > test->seconds * ORIEL_NS_PER_SECOND)
      break;
    result = turn(test);
  }
  return result;
}

/* ---- what was found ---- */

static int by_size(const void *a, const void *b) {
  const double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/** Delays from each burst sent to the next one heard, sorted. */
static size_t delays_ms(const struct test *test, double delays[ORIEL_PROBE_ONSETS]) {
  size_t count = 0;
  for (size_t i = 0, j = 0; i < test->sent.onset_count; i++) {
    while (j < test->heard.onset_count && test->heard.onset_ns[j] < test->sent.onset_ns[i])
      j++;
    if (j == test->heard.onset_count)
      break;
    const double ms = (double)(test->heard.onset_ns[j] - test->sent.onset_ns[i]) / 1e6;
    if (ms < DELAY_LIMIT_MS)
      delays[count++] = ms;
  }
  qsort(delays, count, sizeof delays[0], by_size);
  return count;
}

static double tenths(double value) {
  return isfinite(value) ? round(value * 10) / 10 : 0;
}

static json_t *notes_json(const struct oriel_probe *probe) {
  json_t *notes = json_array();
  for (size_t i = 0; i < probe->note_count; i++) {
    const struct oriel_probe_note *note = &probe->notes[i];
    json_array_append_new(notes, json_pack("{s:f, s:f, s:f}", "hz", tenths(note->hz), "db", tenths(note->db), "ms",
                                           oriel_probe_note_ms(note)));
  }
  return notes;
}

static json_t *heard_json(const struct test *test) {
  struct oriel_receiver_stats stats;
  struct oriel_percentiles gaps;
  double delays[ORIEL_PROBE_ONSETS];
  const size_t count = delays_ms(test, delays);
  oriel_receiver_stats(test->receiver, &stats);
  oriel_histogram_read(&test->gaps, &gaps);
  json_t *root = json_object();
  json_object_set_new(root, "notes", notes_json(&test->heard));
  json_object_set_new(root, "peak_db", json_real(tenths(20 * log10(fmax((double)test->heard.peak, 1e-10)))));
  json_object_set_new(root, "packets", json_integer((json_int_t)test->packets));
  json_object_set_new(root, "bytes", json_integer((json_int_t)test->bytes));
  json_object_set_new(root, "bad_packets", json_integer((json_int_t)test->unusable));
  json_object_set_new(root, "lost_packets", json_integer((json_int_t)stats.lost_packets));
  json_object_set_new(root, "underruns", json_integer((json_int_t)stats.underruns));
  json_object_set_new(root, "concealed_ms", json_real(tenths((double)stats.concealed_frames / 48)));
  json_object_set_new(root, "trimmed_ms", json_real(tenths((double)stats.trimmed_frames / 48)));
  json_object_set_new(
      root, "gap_ms",
      json_pack("{s:f, s:f, s:f}", "p50", gaps.p50_us / 1e3, "p99", gaps.p99_us / 1e3, "max", gaps.max_us / 1e3));
  json_object_set_new(root, "jitter_ms", json_real(tenths(stats.jitter_us / 1e3)));
  json_object_set_new(root, "target_ms", json_real(tenths(stats.target_us / 1e3)));
  json_object_set_new(root, "drift_ppm", json_real(tenths(stats.drift_ppm)));
  json_object_set_new(root, "locked", json_boolean(stats.locked));
  if (count > 0)
    json_object_set_new(root, "delay_ms",
                        json_pack("{s:i, s:f, s:f, s:f}", "count", (int)count, "least", tenths(delays[0]), "p50",
                                  tenths(delays[count / 2]), "most", tenths(delays[count - 1])));
  return root;
}

static void print_heard(const json_t *root) {
  const json_t *gap = json_object_get(root, "gap_ms"), *delay = json_object_get(root, "delay_ms"), *note = NULL;
  size_t i = 0;
#define REAL(object, key) json_number_value(json_object_get(object, key))
  json_array_foreach(json_object_get(root, "notes"), i, note)
    printf("heard    %7.1f Hz, %5.1f dB, %4.0f ms\n", REAL(note, "hz"), REAL(note, "db"), REAL(note, "ms"));
  printf("packets  %.0f (%.0f bytes), %.0f unusable, %.0f lost, %.0f underruns, %.1f ms concealed, %.1f ms trimmed\n",
         REAL(root, "packets"), REAL(root, "bytes"), REAL(root, "bad_packets"), REAL(root, "lost_packets"),
         REAL(root, "underruns"), REAL(root, "concealed_ms"), REAL(root, "trimmed_ms"));
  printf("timing   gaps p50 %.1f p99 %.1f max %.1f ms, jitter %.1f ms, buffer %.1f ms, drift %+.1f ppm%s\n",
         REAL(gap, "p50"), REAL(gap, "p99"), REAL(gap, "max"), REAL(root, "jitter_ms"), REAL(root, "target_ms"),
         REAL(root, "drift_ppm"), json_is_true(json_object_get(root, "locked")) ? "" : " (not settled yet)");
  if (delay != NULL)
    printf("delay    least %.1f p50 %.1f most %.1f ms, of %.0f bursts\n", REAL(delay, "least"), REAL(delay, "p50"),
           REAL(delay, "most"), REAL(delay, "count"));
#undef REAL
}

static int report_sent(const struct test *test) {
  if (test->out.sent == 0)
    return oriel_report(ORIEL_EXIT_ERROR, "nothing could be sent to %s within %u s: %s; is the other side running?",
                        test->to, test->wait_s, oriel_audio_line_why(&test->out));
  if (test->json)
    printf("{\"sent_packets\": %llu, \"dropped_packets\": %llu}\n", (unsigned long long)test->out.sent,
           (unsigned long long)test->out.dropped);
  else
    printf("sent     %u Hz, %llu packets; %llu were not taken\n", test->hz, (unsigned long long)test->out.sent,
           (unsigned long long)test->out.dropped);
  return ORIEL_EXIT_OK;
}

static int report_heard(struct test *test) {
  const struct oriel_audio_line *line = test->has_in ? &test->in : &test->out;
  const char *place = test->from != NULL ? test->from : test->to != NULL ? test->to : "this host itself";
  if (test->packets == 0 && !oriel_audio_line_is_connected(line))
    return oriel_report(ORIEL_EXIT_ERROR,
                        "no sound came from %s within %u s: %s; is the other side running, and told this address?",
                        place, test->wait_s, oriel_audio_line_why(line));
  if (test->packets == 0)
    return oriel_report(ORIEL_EXIT_ERROR,
                        "no sound came from %s within %u s, though it is connected%s: play something there", place,
                        test->wait_s, line->malformed > 0 ? "; its bytes are no sound packets" : "");
  oriel_probe_tidy(&test->heard, NOTE_WINDOWS);
  json_t *root = heard_json(test);
  if (test->json) {
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6));
    fputc('\n', stdout);
  } else
    print_heard(root);
  json_decref(root);
  fflush(stdout);
  if (test->unusable * 2 > test->packets)
    return oriel_report(ORIEL_EXIT_ERROR, "most packets from %s are not %s: give both ends the same ?format=", place,
                        line->address.is_pcm ? "PCM" : "Opus");
  if (test->heard.note_count == 0)
    return oriel_report(ORIEL_EXIT_ERROR, "%s sent only silence: play something there, and look for mute and volume",
                        place);
  return ORIEL_EXIT_OK;
}

/* ---- set-up ---- */

static int open_line(struct test *test, struct oriel_audio_line *line, const char *text, bool is_listener,
                     bool *is_open) {
  struct oriel_transport_address address;
  char why[512] = "";
  if (oriel_transport_address_parse(text, &address, why, sizeof why) < 0)
    return oriel_report(ORIEL_EXIT_USAGE, "%s: %s", text, why);
  if (address.scheme == ORIEL_TRANSPORT_SHM)
    return oriel_report(ORIEL_EXIT_USAGE, "%s is shared memory, not a stream: see `oriel audio meter`", text);
  if (oriel_audio_line_open(line, &address, is_listener, why, sizeof why) < 0)
    return oriel_report(ORIEL_EXIT_ERROR, "cannot %s %s: %s", is_listener ? "listen at" : "connect to", text, why);
  *is_open = true;
  (void)test;
  return -1;
}

/** A test with itself: a socket in a directory of its own. */
static int open_own(struct test *test) {
  const char *base = getenv("TMPDIR");
  char text[128];
  if ((size_t)snprintf(test->directory, sizeof test->directory, "%.40s/oriel-audio.XXXXXX",
                       base != NULL ? base : "/tmp") >= sizeof test->directory ||
      mkdtemp(test->directory) == NULL) {
    test->directory[0] = '\0';
    return oriel_report(ORIEL_EXIT_ERROR, "cannot make a directory in %.40s: %s: set TMPDIR to another",
                        base != NULL ? base : "/tmp", strerror(errno));
  }
  snprintf(text, sizeof text, "unix://%s/s", test->directory);
  const int status = open_line(test, &test->in, text, true, &test->has_in);
  return status >= 0 ? status : open_line(test, &test->out, text, false, &test->has_out);
}

static int open_lines(struct test *test) {
  if (test->to == NULL)
    return open_own(test);
  int status = open_line(test, test->sends ? &test->out : &test->in, test->to, test->is_listener,
                         test->sends ? &test->has_out : &test->has_in);
  if (status < 0 && test->from != NULL && strcmp(test->from, test->to) == 0)
    test->is_one_line = true;
  else if (status < 0 && test->from != NULL)
    status = open_line(test, &test->in, test->from, test->is_listener, &test->has_in);
  return status;
}

static int prepare(struct test *test) {
  const struct oriel_transport_address *out = &test->out.address, *in = test->has_in ? &test->in.address : out;
  const struct oriel_receiver_config config = {.is_pcm = in->is_pcm, .channels = 2, .rate = ORIEL_PROBE_RATE};
  int result = 0;
  if (test->sends)
    result = oriel_tone_init(&test->tone, test->hz, test->hears, out->is_pcm, out->frame_us);
  if (result == 0 && test->hears)
    result = oriel_receiver_create(&config, &test->receiver);
  oriel_probe_init(&test->heard);
  oriel_probe_init(&test->sent);
  oriel_histogram_init(&test->gaps);
  return result < 0 ? oriel_report(ORIEL_EXIT_ERROR, "sound cannot be coded: %s", strerror(-result)) : -1;
}

static void finish(struct test *test) {
  if (test->has_out)
    oriel_audio_line_close(&test->out);
  if (test->has_in)
    oriel_audio_line_close(&test->in);
  oriel_tone_finish(&test->tone);
  oriel_receiver_destroy(test->receiver);
  if (test->directory[0] != '\0')
    rmdir(test->directory);
}

static int parse(struct test *test, int argc, char *const argv[]) {
  const char *seconds = NULL, *wait = NULL, *tone = NULL;
  bool sends = false;
  const struct oriel_audio_option options[] = {
      {"--send", NULL, &sends},      {"--listen", NULL, &test->is_listener}, {"--json", NULL, &test->json},
      {"--from", &test->from, NULL}, {"--seconds", &seconds, NULL},          {"--wait", &wait, NULL},
      {"--tone", &tone, NULL},
  };
  struct oriel_audio_words words = {
    .options = options, .option_count = sizeof options / sizeof options[0], .help = help, .operands_max = 1,
  };
  int status = oriel_audio_parse(&words, argc, argv);
  if (status < 0)
    status = oriel_audio_number("--seconds", seconds, 1, 3600, &test->seconds);
  if (status < 0)
    status = oriel_audio_number("--wait", wait, 1, 3600, &test->wait_s);
  if (status < 0)
    status = oriel_audio_number("--tone", tone, 50, 15000, &test->hz);
  if (status >= 0)
    return status;
  test->to = words.operand_count > 0 ? words.operands[0] : NULL;
  if (test->to == NULL && (sends || test->from != NULL))
    return oriel_report(ORIEL_EXIT_USAGE, "%s needs an ADDRESS to send to: see `oriel audio test --help`",
                        sends ? "--send" : "--from");
  if (sends && test->from != NULL)
    return oriel_report(ORIEL_EXIT_USAGE, "--send only sends and --from also hears: choose one");
  test->sends = sends || test->from != NULL || test->to == NULL;
  test->hears = !sends;
  return -1;
}

int oriel_audio_test_command(int argc, char *const argv[]) {
  struct test *test = calloc(1, sizeof *test);
  if (test == NULL)
    return oriel_report(ORIEL_EXIT_ERROR, "memory is short");
  test->seconds = 5, test->wait_s = 10, test->hz = 1000;
  int status = parse(test, argc, argv);
  if (status < 0)
    status = open_lines(test);
  if (status < 0)
    status = prepare(test);
  if (status < 0) {
    const int result = work(test);
    if (result < 0)
      status = oriel_report(ORIEL_EXIT_ERROR, "the test stopped: %s", strerror(-result));
    else
      status = test->hears ? report_heard(test) : report_sent(test);
  }
  finish(test);
  free(test);
  return status;
}
