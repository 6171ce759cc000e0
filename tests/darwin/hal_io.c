/* SPDX-License-Identifier: MIT
 *
 * The simulator's clients, clock and IO cycles. See hal.h.
 *
 * A cycle of N frames: the daemon wakes at sample time S by its reckoning from the last zero time stamp, takes the
 * input of [S - N - safety, S - safety), and hands over the output of [S + safety + lead, ... + N).
 */
#include "tests/darwin/hal_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/host_time.h"
#include "tests/darwin/rt.h"

enum { GLOBAL = kAudioObjectPropertyScopeGlobal };

void hal_pass(double frames, double rate) {
  host_time_advance((uint64_t)llround(frames * host_time_ticks_per_second() / rate));
}

/* Clients */

static struct running *running_of(struct hal *hal, AudioObjectID device, UInt32 client, bool make) {
  struct running *unused = NULL;
  for (size_t i = 0; i < RUNNING_MAX; i++) {
    struct running *at = &hal->running[i];
    if (at->device == device && at->client == client)
      return at;
    if (!at->device && !unused)
      unused = at;
  }
  if (unused && make)
    *unused = (struct running){device, client, 0};
  return make ? unused : NULL;
}

static AudioServerPlugInClientInfo info_of(UInt32 client) {
  /* Half of the processes have no bundle, as command-line tools. */
  return (AudioServerPlugInClientInfo){client, (pid_t)(1000 + client), 1,
                                       client % 2 ? CFSTR("org.example.player") : NULL};
}

UInt32 hal_client_add(struct hal *hal, AudioObjectID device) {
  UInt32 client = ++hal->clients;
  AudioServerPlugInClientInfo info = info_of(client);
  OSStatus status = DRIVER(hal)->AddDeviceClient(hal->driver, device, &info);
  if (status)
    hal_fault(hal, "client.add", "device %u: '%s'", device, hal_code((UInt32)status));
  return client;
}

void hal_client_remove(struct hal *hal, AudioObjectID device, UInt32 client) {
  AudioServerPlugInClientInfo info = info_of(client);
  OSStatus status = DRIVER(hal)->RemoveDeviceClient(hal->driver, device, &info);
  if (status)
    hal_fault(hal, "client.remove", "device %u: '%s'", device, hal_code((UInt32)status));
  struct running *at = running_of(hal, device, client, false);
  if (at)
    memset(at, 0, sizeof *at);
}

OSStatus hal_client_start(struct hal *hal, AudioObjectID device, UInt32 client) {
  OSStatus status = DRIVER(hal)->StartIO(hal->driver, device, client);
  if (status)
    hal_fault(hal, "client.start", "device %u: '%s'", device, hal_code((UInt32)status));
  struct running *at = running_of(hal, device, client, true);
  if (at && !status)
    at->starts++;
  return status;
}

OSStatus hal_client_stop(struct hal *hal, AudioObjectID device, UInt32 client) {
  OSStatus status = DRIVER(hal)->StopIO(hal->driver, device, client);
  if (status)
    hal_fault(hal, "client.stop", "device %u: '%s'", device, hal_code((UInt32)status));
  struct running *at = running_of(hal, device, client, false);
  if (at && at->starts && --at->starts == 0)
    memset(at, 0, sizeof *at);
  bool others = false;
  for (size_t i = 0; i < RUNNING_MAX; i++)
    others |= hal->running[i].device == device;
  struct line *line = hal_line(hal, device);
  if (!others && line)
    memset(line, 0, sizeof *line); /* the next start may begin a new timeline */
  return status;
}

/* The clock */

struct line *hal_line(struct hal *hal, AudioObjectID device) {
  struct line *unused = NULL;
  for (size_t i = 0; i < HAL_DEVICES_MAX; i++) {
    if (hal->lines[i].device == device)
      return &hal->lines[i];
    if (!hal->lines[i].device && !unused)
      unused = &hal->lines[i];
  }
  return unused;
}

void hal_forget_lines(struct hal *hal) {
  memset(hal->lines, 0, sizeof hal->lines);
}

/* One stamp against the rules and against the one before. `before` is the host's time before the call. */
static void check_stamp(struct hal *hal, AudioObjectID device, struct line *last, struct line now, uint64_t before,
                        uint64_t after, double ticks) {
  UInt32 period = hal_u32(hal, device, kAudioDevicePropertyZeroTimeStampPeriod, GLOBAL, 0);
  if (period < 10923)
    hal_fault(hal, "stamp.period", "device %u: %u frames between zero time stamps", device, period);
  if (period && fmod(now.sample, period) != 0)
    hal_fault(hal, "stamp.sample", "device %u: sample time %.1f is no multiple of %u", device, now.sample, period);
  if (now.host > after)
    hal_fault(hal, "stamp.future", "device %u: host time is %.0f frames in the future", device,
              (double)(now.host - after) / ticks);
  else if (now.host < before && (double)(before - now.host) > 1.01 * period * ticks)
    hal_fault(hal, "stamp.late", "device %u: the last stamp is %.2f periods old", device,
              (double)(before - now.host) / ticks / period);
  if (last->device == device && last->seed == now.seed) {
    double frames = now.sample - last->sample, passed = (double)(int64_t)(now.host - last->host);
    if (frames == 0 && passed != 0)
      hal_fault(hal, "stamp.changed", "device %u: the stamp of %.0f moved by %g ticks", device, now.sample, passed);
    else if (frames < 0 || (frames > 0 && passed <= 0))
      hal_fault(hal, "stamp.back", "device %u: %g frames and %g ticks after the last stamp", device, frames, passed);
    else if (fabs(passed - frames * ticks) > fmax(0.005 * frames * ticks, 2))
      hal_fault(hal, "stamp.rate", "device %u: %g ticks for %g frames", device, passed, frames);
  } else if (last->device == device) {
    hal_fault(hal, "stamp.seed", "device %u: the seed changed while IO ran", device);
  }
}

static struct line ask_stamp(struct hal *hal, AudioObjectID device, UInt32 client) {
  struct line now = {.device = device};
  rt_enter();
  OSStatus status = DRIVER(hal)->GetZeroTimeStamp(hal->driver, device, client, &now.sample, &now.host, &now.seed);
  rt_leave();
  if (status)
    hal_fault(hal, "stamp.error", "device %u: '%s'", device, hal_code((UInt32)status));
  return now;
}

double hal_sample_time(struct hal *hal, AudioObjectID device, UInt32 client) {
  double rate = hal_f64(hal, device, kAudioDevicePropertyNominalSampleRate, GLOBAL, 48000);
  double ticks = host_time_ticks_per_second() / rate;
  uint64_t before = host_time_now();
  struct line now = ask_stamp(hal, device, client), *last = hal_line(hal, device);
  uint64_t after = host_time_now();
  if (last) {
    check_stamp(hal, device, last, now, before, after, ticks);
    *last = now;
  }
  return now.sample + (double)(int64_t)(after - now.host) / ticks;
}

void hal_check_stamps(struct hal *hal, double seconds) {
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_devices(hal, devices);
  UInt32 clients[HAL_DEVICES_MAX];
  for (size_t i = 0; i < count; i++) {
    clients[i] = hal_client_add(hal, devices[i].id);
    hal_client_start(hal, devices[i].id, clients[i]);
  }
  unsigned step = 0;
  for (double passed = 0; passed < seconds; step++) {
    /* Short and long steps: often the same stamp again, sometimes one skipped. And the machine sleeps for an hour. */
    double frames = step == 100 ? 3600.0 * 48000 : step % 7 == 6 ? 40000 : 37 + step % 11 * 300;
    hal_pass(frames, 48000);
    passed += step == 100 ? 0 : frames / 48000;
    for (size_t i = 0; i < count; i++)
      hal_sample_time(hal, devices[i].id, clients[i]);
  }
  for (size_t i = 0; i < count; i++) {
    hal_client_stop(hal, devices[i].id, clients[i]);
    hal_client_remove(hal, devices[i].id, clients[i]);
  }
}

/* Cycles */

static void fill_time(AudioTimeStamp *stamp, double sample, double now_sample, uint64_t now_host, double ticks) {
  stamp->mSampleTime = sample;
  stamp->mHostTime = (UInt64)((double)now_host + (sample - now_sample) * ticks);
  stamp->mRateScalar = 1;
  stamp->mFlags = kAudioTimeStampSampleHostTimeValid | kAudioTimeStampRateScalarValid;
}

static AudioServerPlugInIOCycleInfo cycle_info(struct hal *hal, const struct hal_device *device, double input,
                                               double output, UInt32 frames) {
  double ticks = host_time_ticks_per_second() / device->rate;
  const struct line *line = hal_line(hal, device->id);
  uint64_t host = host_time_now();
  double now = line && line->device ? line->sample + (double)(int64_t)(host - line->host) / ticks : input + frames;
  AudioServerPlugInIOCycleInfo info = {.mIOCycleCounter = ++hal->cycles, .mNominalIOBufferFrameSize = frames};
  fill_time(&info.mCurrentTime, now, now, host, ticks);
  fill_time(&info.mInputTime, input, now, host, ticks);
  fill_time(&info.mOutputTime, output, now, host, ticks);
  info.mMainHostTicksPerFrame = info.mDeviceHostTicksPerFrame = ticks;
  return info;
}

static OSStatus operate(struct hal *hal, AudioObjectID device, AudioObjectID stream, UInt32 client, UInt32 operation,
                        UInt32 frames, const AudioServerPlugInIOCycleInfo *info, void *first, void *second) {
  AudioServerPlugInDriverInterface *driver = DRIVER(hal);
  rt_enter();
  OSStatus status = driver->BeginIOOperation(hal->driver, device, client, operation, frames, info);
  if (!status)
    status = driver->DoIOOperation(hal->driver, device, stream, client, operation, frames, info, first, second);
  OSStatus end = driver->EndIOOperation(hal->driver, device, client, operation, frames, info);
  rt_leave();
  if (status || end)
    hal_fault(hal, "io.error", "device %u, '%s': '%s', '%s'", device, hal_code(operation), hal_code((UInt32)status),
              hal_code((UInt32)end));
  return status ? status : end;
}

/* Whether the device does this, and where it then expects what. */
static bool will_do(struct hal *hal, AudioObjectID device, UInt32 client, UInt32 operation, bool *in_place) {
  Boolean will = 0, place = 0;
  OSStatus status = DRIVER(hal)->WillDoIOOperation(hal->driver, device, client, operation, &will, &place);
  *in_place = place;
  return !status && will;
}

void hal_play(struct hal *hal, const struct hal_device *device, UInt32 client, double at, UInt32 frames,
              const float *samples) {
  static const UInt32 operations[] = {kAudioServerPlugInIOOperationProcessOutput,
                                      kAudioServerPlugInIOOperationMixOutput, kAudioServerPlugInIOOperationProcessMix,
                                      kAudioServerPlugInIOOperationConvertMix, kAudioServerPlugInIOOperationWriteMix};
  static _Alignas(64) float buffers[2][HAL_FRAMES_MAX * HAL_CHANNELS_MAX];
  size_t size = (size_t)frames * device->output_channels * sizeof(float);
  AudioServerPlugInIOCycleInfo info = cycle_info(hal, device, at - frames, at, frames);
  memcpy(buffers[0], samples, size);
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    bool in_place = false;
    if (!will_do(hal, device->id, client, operations[i], &in_place))
      continue;
    /* Not in place: the driver leaves its result in the second buffer; for the last operation, that is nobody's. */
    memset(buffers[1], 0, size);
    float *first = in_place || operations[i] != kAudioServerPlugInIOOperationWriteMix ? buffers[0] : buffers[1];
    for (size_t s = 0; s < device->output_count; s++)
      operate(hal, device->id, device->outputs[s], client, operations[i], frames, &info, first,
              in_place ? NULL : buffers[1]);
    if (!in_place)
      memcpy(buffers[0], buffers[1], size);
  }
}

void hal_record(struct hal *hal, const struct hal_device *device, UInt32 client, double at, UInt32 frames,
                float *samples) {
  static const UInt32 operations[] = {kAudioServerPlugInIOOperationReadInput, kAudioServerPlugInIOOperationConvertInput,
                                      kAudioServerPlugInIOOperationProcessInput};
  size_t count = (size_t)frames * device->input_channels;
  AudioServerPlugInIOCycleInfo info = cycle_info(hal, device, at, at + 2.0 * frames, frames);
  /* What the driver does not fill would be noise. */
  for (size_t i = 0; i < count; i++)
    samples[i] = NAN;
  for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
    bool in_place = false;
    if (!will_do(hal, device->id, client, operations[i], &in_place))
      continue;
    float *second = NULL;
    if (!in_place && !(second = calloc(count ? count : 1, sizeof *second)))
      abort();
    for (size_t s = 0; s < device->input_count; s++)
      operate(hal, device->id, device->inputs[s], client, operations[i], frames, &info, samples, second);
    if (second)
      memcpy(samples, second, count * sizeof *samples);
    free(second);
  }
  for (size_t i = 0; i < count; i++)
    if (!isfinite(samples[i])) {
      hal_fault(hal, "io.noise", "device %u: frame %zu of %u is %g", device->id, i / device->input_channels, frames,
                (double)samples[i]);
      break;
    }
}

static void report_watch(struct hal *hal, const char *when) {
  for (size_t i = 0; i < rt_count() && i < RT_NOTES_MAX; i++)
    hal_fault(hal, "io.realtime", "an IO callback made a %s (%s)", rt_note(i), when);
  rt_reset();
}

/* A second of cycles of one size, two clients on each device, with the jitter of a scheduler. */
static void run_cycles(struct hal *hal, const struct hal_device *device, UInt32 frames, const UInt32 clients[2]) {
  static float samples[HAL_FRAMES_MAX * HAL_CHANNELS_MAX];
  double start = ceil(hal_sample_time(hal, device->id, clients[0]));
  unsigned cycles = (unsigned)(device->rate / frames / 2) + 2;
  for (unsigned i = 0; i < cycles; i++) {
    hal_pass(frames, device->rate);
    uint64_t jitter = (uint64_t)(i * 7919u % 97u) * (uint64_t)(host_time_ticks_per_second() / 1e6);
    host_time_advance(jitter);
    hal_sample_time(hal, device->id, clients[i % 2]);
    double position = start + (double)i * frames;
    for (int c = 0; c < 2 && device->input_count; c++)
      hal_record(hal, device, clients[c], position - device->safety_in, frames, samples);
    for (size_t k = 0; k < (size_t)frames * device->output_channels; k++)
      samples[k] = (float)(k % 64) / 64;
    if (device->output_count)
      hal_play(hal, device, clients[i % 2], position + frames + device->safety_out, frames, samples);
  }
}

void hal_check_cycles(struct hal *hal) {
  static const UInt32 sizes[] = {32, 64, 128, 441, 480, 512, 1024, 2048, 4096};
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_devices(hal, devices);
  size_t faults = cf_fault_count();
  report_watch(hal, "before");
  rt_watch_syscalls();
  for (size_t i = 0; i < count; i++) {
    UInt32 clients[2] = {hal_client_add(hal, devices[i].id), hal_client_add(hal, devices[i].id)};
    hal_client_start(hal, devices[i].id, clients[0]);
    hal_client_start(hal, devices[i].id, clients[1]);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
      run_cycles(hal, &devices[i], sizes[k], clients);
    for (int c = 0; c < 2; c++) {
      hal_client_stop(hal, devices[i].id, clients[c]);
      hal_client_remove(hal, devices[i].id, clients[c]);
    }
  }
  report_watch(hal, "IO cycle");
  if (cf_fault_count() != faults)
    hal_fault(hal, "io.object", "%s", cf_fault_text());
}
