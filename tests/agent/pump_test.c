/* SPDX-License-Identifier: MIT
 *
 * Ring to stream and stream to receiver, without PipeWire: this test plays the data thread. While it does, the
 * linker's guards (meson.build) count what a data thread must not do: allocate, lock, wait or talk to anything but
 * the eventfd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "guest/agent/pump.h"
#include "media/opus.h"
#include "transport/listener.h"
#include "transport/stream.h"

static _Thread_local bool is_data_thread;
static atomic_uint calls, forbidden, writes;

#define GUARD(result, name, parameters, arguments) \
  result __real_##name parameters; \
  result __wrap_##name parameters; \
  result __wrap_##name parameters { \
    calls++; \
    forbidden += is_data_thread; \
    return __real_##name arguments; \
  }
GUARD(void *, malloc, (size_t size), (size))
GUARD(void *, calloc, (size_t count, size_t size), (count, size))
GUARD(void *, realloc, (void *memory, size_t size), (memory, size))
GUARD(void, free, (void *memory), (memory))
GUARD(int, pthread_mutex_lock, (pthread_mutex_t *mutex), (mutex))
GUARD(int, pthread_mutex_trylock, (pthread_mutex_t *mutex), (mutex))
GUARD(int, pthread_cond_signal, (pthread_cond_t *condition), (condition))
GUARD(int, poll, (struct pollfd *fds, nfds_t count, int timeout), (fds, count, timeout))
GUARD(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
GUARD(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
GUARD(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size) {
  writes += is_data_thread;
  forbidden += is_data_thread && size != sizeof(uint64_t);
  return __real_write(fd, data, size);
}

struct rig {
  struct agent_settings settings;
  struct agent_output *output;
  struct agent_input *input;
  struct agent_pump *pump;
  struct oriel_listener *out_listener, *in_listener;
  int out, in; /* accepted */
  pthread_t thread;
  char directory[64];
};

static int accept_one(struct oriel_listener *listener) {
  struct pollfd polled = {.fd = oriel_listener_fd(listener), .events = POLLIN};
  assert_int_equal(poll(&polled, 1, 15000), 1);
  const int fd = oriel_listener_accept(listener);
  assert_true(fd >= 0);
  return fd;
}

static struct oriel_listener *listen_for(struct rig *rig, struct agent_end *end, const char *name, bool is_pcm) {
  struct oriel_listener *listener = NULL;
  char why[256];
  end->is_on = true;
  end->address = (struct oriel_transport_address){
    .scheme = ORIEL_TRANSPORT_UNIX, .is_pcm = is_pcm, .frame_us = is_pcm ? 2500 : 5000};
  snprintf(end->address.path, sizeof end->address.path, "%s/%s", rig->directory, name);
  if (oriel_listener_create(&end->address, &listener, why, sizeof why) < 0)
    fail_msg("%s", why);
  return listener;
}

static void open_rig(struct rig *rig, bool is_pcm, unsigned channels) {
  *rig = (struct rig){.out = -1, .in = -1};
  strcpy(rig->directory, "/tmp/oriel-pump-XXXXXX");
  assert_non_null(mkdtemp(rig->directory));
  agent_settings_default(&rig->settings);
  rig->settings.output_channels = rig->settings.input_channels = channels;
  rig->out_listener = listen_for(rig, &rig->settings.output, "out", is_pcm);
  rig->in_listener = listen_for(rig, &rig->settings.input, "in", is_pcm);
  assert_int_equal(agent_output_create(&rig->settings, &rig->output), 0);
  assert_int_equal(agent_input_create(&rig->settings, &rig->input), 0);
  assert_int_equal(agent_pump_create(rig->output, rig->input, &rig->pump), 0);
  assert_int_equal(pthread_create(&rig->thread, NULL, agent_pump_run, rig->pump), 0);
  rig->out = accept_one(rig->out_listener);
  rig->in = accept_one(rig->in_listener);
}

static void close_rig(struct rig *rig) {
  agent_pump_quit(rig->pump);
  pthread_join(rig->thread, NULL);
  agent_pump_destroy(rig->pump);
  agent_input_destroy(rig->input);
  agent_output_destroy(rig->output);
  oriel_listener_destroy(rig->out_listener);
  oriel_listener_destroy(rig->in_listener);
  close(rig->out);
  close(rig->in);
  rmdir(rig->directory);
}

static void pause_ms(unsigned ms) {
  poll(NULL, 0, (int)ms);
}

static bool is_connected(struct rig *rig) {
  struct agent_output_stats out;
  struct agent_input_stats in = {0};
  agent_output_stats(rig->output, &out);
  agent_input_stats(rig->input, &in);
  return out.is_connected && in.is_connected;
}

static void wait_connected(struct rig *rig) {
  for (int i = 0; i < 3000 && !is_connected(rig); i++)
    pause_ms(1);
  assert_true(is_connected(rig));
}

static void play(struct rig *rig, const float *frames, size_t count) {
  is_data_thread = true;
  agent_output_write(rig->output, frames, count);
  is_data_thread = false;
}

static size_t read_exactly(int fd, uint8_t *bytes, size_t size) {
  size_t have = 0;
  while (have < size) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    if (poll(&polled, 1, 5000) != 1)
      break;
    const ssize_t got = oriel_stream_receive(fd, bytes + have, size - have);
    if (got <= 0)
      break;
    have += (size_t)got;
  }
  return have;
}

static void pump_sends_pcm_whole_and_in_order(void **state) {
  (void)state;
  struct rig rig;
  open_rig(&rig, true, 2);
  wait_connected(&rig);
  float frames[128 * 2];
  unsigned next = 0, expected = 0;
  for (int cycle = 0; cycle < 50; cycle++) {
    for (size_t i = 0; i < 128 * 2; i++)
      frames[i] = (float)next++;
    play(&rig, frames, 128);
    uint8_t bytes[2 + 1024];
    assert_int_equal(read_exactly(rig.out, bytes, sizeof bytes), sizeof bytes);
    assert_int_equal(bytes[0] << 8 | bytes[1], 1024); /* one cycle, one packet */
    float heard[256];
    memcpy(heard, bytes + 2, sizeof heard);
    for (size_t i = 0; i < 256; i++)
      assert_true(heard[i] == (float)expected++);
  }
  close_rig(&rig);
}

/** Reads packets until `frames` of sound came; false where there are no more. */
static bool hear(struct rig *rig, bool is_pcm, size_t frames) {
  for (size_t have = 0; have < frames;) {
    uint8_t bytes[2 + 1500];
    if (read_exactly(rig->out, bytes, 2) != 2)
      return false;
    const size_t size = (size_t)(bytes[0] << 8 | bytes[1]);
    assert_true(size >= 1 && size <= 1500);
    assert_int_equal(read_exactly(rig->out, bytes + 2, size), size);
    have += is_pcm ? size / 8 : 240;
  }
  return true;
}

/** The graph's cycle may be as long as a user forces it to be (clock.force-quantum), longer than any bound in ms. */
static void pump_sends_long_cycles(bool is_pcm, size_t cycle) {
  struct rig rig;
  open_rig(&rig, is_pcm, 2);
  wait_connected(&rig);
  static float frames[AGENT_OUTPUT_WRITE_MAX * 2];
  size_t played = 0, heard = 0;
  for (int i = 0; i < 6; i++) {
    play(&rig, frames, cycle);
    played += cycle;
    const size_t due = is_pcm ? played : played / 240 * 240;
    assert_true(hear(&rig, is_pcm, due - heard));
    heard = due;
  }
  struct agent_output_stats stats;
  agent_output_stats(rig.output, &stats);
  assert_int_equal(stats.dropped_frames, 0);
  assert_int_equal(stats.dropped_packets, 0);
  close_rig(&rig);
}

static void pump_sends_cycles_of_any_length(void **state) {
  (void)state;
  static const size_t cycles[] = {1024, 4096, AGENT_OUTPUT_WRITE_MAX};
  for (size_t i = 0; i < sizeof cycles / sizeof cycles[0]; i++) {
    pump_sends_long_cycles(true, cycles[i]);
    pump_sends_long_cycles(false, cycles[i]);
  }
}

/** Reads one packet; frames of its left channel. 0: none came within half a second. */
static size_t hear_packet(struct rig *rig, struct oriel_opus_decoder *decoder, float *left) {
  static float frames[ORIEL_OPUS_FRAMES_MAX * 2];
  uint8_t bytes[1500];
  struct pollfd polled = {.fd = rig->out, .events = POLLIN};
  if (poll(&polled, 1, 500) != 1 || read_exactly(rig->out, bytes, 2) != 2)
    return 0;
  const size_t size = (size_t)(bytes[0] << 8 | bytes[1]);
  assert_int_equal(read_exactly(rig->out, bytes, size), size);
  size_t count = size / 8;
  if (decoder != NULL) {
    const int got = oriel_opus_decode(decoder, bytes, size, frames);
    assert_true(got > 0);
    count = (size_t)got;
  } else
    memcpy(frames, bytes, size);
  for (size_t i = 0; i < count; i++)
    left[i] = frames[2 * i];
  return count;
}

/** A sound of 100 frames at 0.5, then nothing for a while, then another at -0.5. */
static void pump_ends_a_sound(bool is_pcm) {
  struct rig rig;
  struct oriel_opus_decoder *decoder = NULL;
  open_rig(&rig, is_pcm, 2);
  wait_connected(&rig);
  if (!is_pcm)
    assert_int_equal(oriel_opus_decoder_create(&decoder), 0);
  static float heard[48000], frames[256 * 2];
  for (size_t i = 0; i < 256 * 2; i++)
    frames[i] = 0.5f;
  play(&rig, frames, 100);
  agent_output_end(rig.output);
  size_t count = 0, end = 0;
  for (size_t got; (got = hear_packet(&rig, decoder, heard + count)) > 0;)
    count += got;
  while (end < count && heard[end] <= 0.4f)
    end++;
  while (end < count && heard[end] > 0.4f)
    end++;
  /* All of it, behind the codec's look-ahead of 120; then down without a step. */
  assert_true(end >= (is_pcm ? 100 : 220));
  float step = 0;
  for (size_t i = end; i < count; i++)
    step = heard[i - 1] - heard[i] > step ? heard[i - 1] - heard[i] : step;
  assert_true(step < 0.02f);
  const float quiet = is_pcm ? 0 : 0.05f; /* the codec takes out what is no tone */
  assert_true(heard[count - 1] <= quiet && heard[count - 1] >= -quiet);
  agent_output_end(rig.output); /* of nothing: nothing comes */
  assert_int_equal(hear_packet(&rig, decoder, heard), 0);
  for (size_t i = 0; i < 256 * 2; i++)
    frames[i] = -0.5f;
  play(&rig, frames, 256);
  count = hear_packet(&rig, decoder, heard);
  assert_true(count > 0);
  for (size_t i = 0; i < count; i++)
    assert_true(heard[i] < 0.1f); /* nothing of the first */
  oriel_opus_decoder_destroy(decoder);
  close_rig(&rig);
}

static void pump_sends_a_sound_to_its_end(void **state) {
  (void)state;
  pump_ends_a_sound(true);
  pump_ends_a_sound(false);
}

static void pump_keeps_nothing_for_an_absent_peer(void **state) { /* lesson 27 */
  (void)state;
  struct rig rig;
  open_rig(&rig, true, 2);
  wait_connected(&rig);
  close(rig.out);
  for (int i = 0; i < 3000 && is_connected(&rig); i++)
    pause_ms(1);
  float frames[128 * 2];
  for (size_t i = 0; i < 256; i++)
    frames[i] = 1;
  for (int cycle = 0; cycle < 100; cycle++)
    play(&rig, frames, 128);
  rig.out = accept_one(rig.out_listener);
  wait_connected(&rig);
  for (size_t i = 0; i < 256; i++)
    frames[i] = 2;
  play(&rig, frames, 128);
  uint8_t bytes[2 + 4];
  assert_int_equal(read_exactly(rig.out, bytes, sizeof bytes), sizeof bytes);
  float first = 0;
  memcpy(&first, bytes + 2, sizeof first);
  assert_true(first == 2);
  close_rig(&rig);
}

static void pump_drops_the_old_for_a_peer_that_sleeps(void **state) { /* lesson 27 */
  (void)state;
  struct rig rig;
  open_rig(&rig, true, 2);
  wait_connected(&rig);
  float frames[128 * 2];
  const unsigned cycles = 400; /* more than a second */
  for (unsigned cycle = 0; cycle < cycles; cycle++) {
    for (size_t i = 0; i < 256; i++)
      frames[i] = (float)cycle;
    play(&rig, frames, 128);
    for (int i = 0; i < 200; i++) { /* at the pace of the transport thread */
      struct agent_output_stats stats;
      agent_output_stats(rig.output, &stats);
      if (stats.ring_frames == 0)
        break;
      poll(NULL, 0, 1);
    }
  }
  struct agent_output_stats stats;
  agent_output_stats(rig.output, &stats);
  assert_true(stats.dropped_packets > cycles / 2);
  /* What is left is whole packets, and their newest is the newest there is. */
  float last = -1;
  unsigned packets = 0;
  for (;;) {
    struct pollfd polled = {.fd = rig.out, .events = POLLIN};
    if (poll(&polled, 1, 300) != 1)
      break;
    uint8_t bytes[2 + 1500];
    assert_int_equal(read_exactly(rig.out, bytes, 2), 2);
    const size_t size = (size_t)(bytes[0] << 8 | bytes[1]);
    assert_true(size >= 8 && size <= 1500 && size % 8 == 0);
    assert_int_equal(read_exactly(rig.out, bytes + 2, size), size);
    float first = 0, end = 0;
    memcpy(&first, bytes + 2, sizeof first);
    memcpy(&end, bytes + 2 + size - 4, sizeof end);
    assert_true(first >= last && end >= first);
    last = end;
    packets++;
  }
  assert_true(last == (float)(cycles - 1));
  assert_true(packets < 120);
  close_rig(&rig);
}

static void pump_takes_the_microphone(bool is_pcm, unsigned channels) {
  struct rig rig;
  open_rig(&rig, is_pcm, channels);
  wait_connected(&rig);
  agent_input_running(rig.input, true);
  static float frames[256 * 16];
  uint8_t packet[2 + 1024];
  packet[0] = 1024 >> 8;
  packet[1] = 1024 & 255;
  float sample = 0.25f;
  for (size_t i = 0; i < 256; i++)
    memcpy(packet + 2 + 4 * i, &sample, 4);
  const uint8_t opus[] = {0, 3, 0xfc, 0xff, 0xfe}; /* 20 ms of silence */
  struct agent_input_stats stats = {0};
  float loudest = 0;
  for (int cycle = 0; cycle < 400; cycle++) {
    const ssize_t sent =
      is_pcm ? oriel_stream_send(rig.in, packet, sizeof packet) : oriel_stream_send(rig.in, opus, sizeof opus);
    assert_true(sent > 0);
    pause_ms(is_pcm ? 2 : 1);
    is_data_thread = true;
    agent_input_read(rig.input, frames, 128, oriel_clock_ns());
    is_data_thread = false;
    for (size_t i = 0; i < 128 * channels; i++)
      loudest = frames[i] > loudest ? frames[i] : loudest;
  }
  agent_input_stats(rig.input, &stats);
  assert_true(stats.receiver.packets > 100);
  assert_true(stats.pulls == 400);
  if (is_pcm) {
    assert_true(loudest > 0.2f && loudest < 0.5f);
    assert_true(stats.real_frames > 0);
  }
  close_rig(&rig);
}

static void pump_takes_pcm(void **state) {
  (void)state;
  pump_takes_the_microphone(true, 2);
}

static void pump_spreads_opus_over_many_channels(void **state) {
  (void)state;
  pump_takes_the_microphone(false, 16);
}

static void pump_data_thread_did_nothing_forbidden(void **state) {
  (void)state;
  /* As every real-time path. The guards are in place: other threads ran through them. */
  assert_true(calls > 100);
  assert_true(writes > 50);
  assert_int_equal(forbidden, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(pump_sends_pcm_whole_and_in_order),
    cmocka_unit_test(pump_sends_cycles_of_any_length),
    cmocka_unit_test(pump_sends_a_sound_to_its_end),
    cmocka_unit_test(pump_keeps_nothing_for_an_absent_peer),
    cmocka_unit_test(pump_drops_the_old_for_a_peer_that_sleeps),
    cmocka_unit_test(pump_takes_pcm),
    cmocka_unit_test(pump_spreads_opus_over_many_channels),
    cmocka_unit_test(pump_data_thread_did_nothing_forbidden),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
