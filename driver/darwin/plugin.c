/* SPDX-License-Identifier: MIT
 *
 * What the driver says to the daemon and asks of it. Threads of the daemon's that may block.
 */
#include "driver/darwin/plugin.h"

#include <os/log.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef __APPLE__
#define LOG_TEXT "%{public}s" /* or the log would show <private> */
#else
#define LOG_TEXT "%s"
#endif

static pthread_mutex_t changes_lock = PTHREAD_MUTEX_INITIALIZER; /* guards plugin->changes */

void plugin_log(enum engine_log_level level, const char *text) {
  static _Atomic(os_log_t) made;
  os_log_t log = atomic_load(&made);
  if (!log) {
    log = os_log_create(PLUGIN_BUNDLE_ID, "driver"); /* gives the same object to all who ask */
    atomic_store(&made, log);
  }
  os_log_with_type(log, level == ENGINE_LOG_ERROR ? OS_LOG_TYPE_ERROR : OS_LOG_TYPE_DEFAULT, LOG_TEXT, text);
}

void plugin_notify(const struct plugin *plugin, AudioObjectID object,
                   const AudioObjectPropertySelector selectors[4]) {
  AudioObjectPropertyAddress addresses[4];
  UInt32 count = 0;
  for (; count < 4 && selectors[count]; count++)
    addresses[count] = (AudioObjectPropertyAddress){selectors[count], kAudioObjectPropertyScopeGlobal, 0};
  if (plugin->host)
    plugin->host->PropertiesChanged(plugin->host, object, count, addresses);
}

void plugin_changed(struct plugin *plugin, enum engine_side side) {
  pthread_mutex_lock(&changes_lock);
  if (plugin->changes[side].pending > 0)
    plugin->changes[side].pending--;
  pthread_mutex_unlock(&changes_lock);
}

/* The change travels as one number: channels above, rate below. */
OSStatus plugin_request(struct plugin *plugin, enum engine_side side, uint32_t rate, uint32_t channels) {
  pthread_mutex_lock(&changes_lock);
  struct plugin_change *change = &plugin->changes[side];
  *change = (struct plugin_change){change->pending + 1, rate, channels};
  pthread_mutex_unlock(&changes_lock);
  /* Without the lock: the daemon may call back, or wait for a caller of ours. */
  const OSStatus status = plugin->host->RequestDeviceConfigurationChange(plugin->host, object_device(side),
                                                                         (UInt64)channels << 32 | rate, NULL);
  if (status != kAudioHardwareNoError)
    plugin_changed(plugin, side);
  return status;
}

unsigned plugin_wanted(struct plugin *plugin, enum engine_side side, struct engine_device *device) {
  pthread_mutex_lock(&changes_lock);
  const struct plugin_change change = plugin->changes[side];
  pthread_mutex_unlock(&changes_lock);
  engine_device(plugin->engine, side, device); /* after it: a change that is performed by then is in there */
  if (change.pending > 0) {
    device->rate = change.rate;
    device->channels = change.channels;
  }
  return change.pending;
}
