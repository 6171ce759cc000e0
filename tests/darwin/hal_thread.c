/* SPDX-License-Identifier: MIT
 *
 * The simulator's checks with several threads: zero time stamps read at once, clients that storm. See hal.h.
 */
#include "tests/darwin/hal_private.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/host_time.h"
#include "tests/darwin/rt.h"

enum { GLOBAL = kAudioObjectPropertyScopeGlobal, THREADS = 4, STAMPS_MAX = 64 };

struct stamps {
  struct hal *hal;
  AudioObjectID device;
  UInt32 client;
  double ticks, period;
  uint64_t until;
  _Atomic size_t calls;
  /* The first host time that anybody saw for each stamp; 0: none. Relaxed would do: each is written once. */
  _Atomic uint64_t seen[STAMPS_MAX];
  _Atomic uint64_t seed;
};

static void *stamps_main(void *argument) {
  struct stamps *shared = argument;
  struct hal *hal = shared->hal;
  double last_sample = -1;
  uint64_t last_host = 0;
  while (host_time_now() < shared->until) {
    double sample = 0;
    UInt64 host = 0, seed = 0;
    OSStatus status = DRIVER(hal)->GetZeroTimeStamp(hal->driver, shared->device, shared->client, &sample, &host, &seed);
    uint64_t after = host_time_now();
    atomic_fetch_add(&shared->calls, 1);
    if (status || host > after)
      hal_fault(hal, status ? "stamp.error" : "stamp.future", "device %u: '%s', %g ticks ahead", shared->device,
                hal_code((UInt32)status), (double)(int64_t)(host - after));
    if (sample < last_sample || (sample == last_sample) != (host == last_host))
      hal_fault(hal, "stamp.back", "device %u: %.0f at %llu after %.0f at %llu", shared->device, sample,
                (unsigned long long)host, last_sample, (unsigned long long)last_host);
    last_sample = sample;
    last_host = host;
    uint64_t none = 0;
    if (!atomic_compare_exchange_strong(&shared->seed, &none, seed) && none != seed)
      hal_fault(hal, "stamp.seed", "device %u: the seed changed while IO ran", shared->device);
    size_t slot = (size_t)(sample / shared->period) % STAMPS_MAX;
    none = 0;
    if (!atomic_compare_exchange_strong(&shared->seen[slot], &none, host) && none != host)
      hal_fault(hal, "stamp.changed", "device %u: threads see the stamp of %.0f at %llu and at %llu", shared->device,
                sample, (unsigned long long)none, (unsigned long long)host);
  }
  return NULL;
}

void hal_check_stamps_threads(struct hal *hal, double seconds) {
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count = hal_devices(hal, devices);
  for (size_t i = 0; i < count; i++) {
    static struct stamps shared;
    memset(&shared, 0, sizeof shared);
    shared.hal = hal;
    shared.device = devices[i].id;
    shared.client = hal_client_add(hal, devices[i].id);
    shared.ticks = host_time_ticks_per_second() / devices[i].rate;
    shared.period = devices[i].period;
    hal_client_start(hal, devices[i].id, shared.client);
    shared.until = host_time_now() + (uint64_t)(seconds * host_time_ticks_per_second());
    pthread_t threads[THREADS];
    for (int t = 0; t < THREADS; t++)
      if (pthread_create(&threads[t], NULL, stamps_main, &shared) != 0)
        abort();
    /* Others start and stop meanwhile: the line has to hold. */
    while (host_time_now() < shared.until) {
      UInt32 other = hal_client_add(hal, devices[i].id);
      hal_client_start(hal, devices[i].id, other);
      hal_client_stop(hal, devices[i].id, other);
      hal_client_remove(hal, devices[i].id, other);
    }
    for (int t = 0; t < THREADS; t++)
      pthread_join(threads[t], NULL);
    if (!atomic_load(&shared.calls))
      hal_fault(hal, "stamp.error", "device %u was never asked", devices[i].id);
    hal_client_stop(hal, devices[i].id, shared.client);
    hal_client_remove(hal, devices[i].id, shared.client);
  }
}

struct storm {
  struct hal *hal;
  struct hal_device devices[HAL_DEVICES_MAX];
  size_t count;
  unsigned rounds, number;
  pthread_barrier_t *start;
};

static void *storm_main(void *argument) {
  const struct storm *storm = argument;
  struct hal *hal = storm->hal;
  AudioServerPlugInDriverInterface *driver = DRIVER(hal);
  pthread_barrier_wait(storm->start);
  for (unsigned i = 0; i < storm->rounds; i++) {
    AudioObjectID device = storm->devices[(i + storm->number) % storm->count].id;
    UInt32 client = 0x10000 * (storm->number + 1) + i;
    AudioServerPlugInClientInfo info = {client, 4711, 1, NULL};
    double sample = 0;
    UInt64 host = 0, seed = 0;
    UInt32 running = 0, size = 0;
    AudioObjectPropertyAddress address = hal_address(kAudioDevicePropertyDeviceIsRunning, GLOBAL, 0);
    bool failed = driver->AddDeviceClient(hal->driver, device, &info) != 0;
    failed |= driver->StartIO(hal->driver, device, client) != 0;
    sched_yield(); /* so that others come in between on few cores too */
    failed |= driver->GetZeroTimeStamp(hal->driver, device, client, &sample, &host, &seed) != 0;
    failed |= driver->GetPropertyData(hal->driver, device, 0, &address, 0, NULL, sizeof running, &size, &running) != 0;
    if (running != 1)
      hal_fault(hal, "client.running", "device %u: 'goin' is %u while a client runs", device, running);
    failed |= driver->StopIO(hal->driver, device, client) != 0;
    failed |= driver->RemoveDeviceClient(hal->driver, device, &info) != 0;
    if (failed)
      hal_fault(hal, "client.storm", "device %u, client %u: a call failed", device, client);
  }
  return NULL;
}

void hal_check_storm(struct hal *hal, unsigned rounds) {
  struct storm storms[THREADS];
  pthread_t threads[THREADS];
  uint64_t mark = cf_mark();
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, THREADS);
  for (unsigned t = 0; t < THREADS; t++) {
    storms[t] = (struct storm){.hal = hal, .rounds = rounds, .number = t, .start = &start};
    storms[t].count = hal_devices(hal, storms[t].devices);
    if (!storms[t].count || pthread_create(&threads[t], NULL, storm_main, &storms[t]) != 0)
      abort();
  }
  for (int t = 0; t < THREADS; t++)
    pthread_join(threads[t], NULL);
  pthread_barrier_destroy(&start);
  for (size_t i = 0; i < storms[0].count; i++)
    if (hal_u32(hal, storms[0].devices[i].id, kAudioDevicePropertyDeviceIsRunning, GLOBAL, 9) != 0)
      hal_fault(hal, "client.running", "device %u runs after all have gone", storms[0].devices[i].id);
  char report[FAULT_SIZE];
  size_t lost = cf_report_since(mark, report, sizeof report);
  if (lost > 16)
    hal_fault(hal, "property.leak", "%zu objects remain after a storm of clients: %s", lost, report);
}
