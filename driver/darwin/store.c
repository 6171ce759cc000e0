/* SPDX-License-Identifier: MIT
 *
 * Where settings come from and are kept. The property list is the first of these that can be read:
 *   /Library/Application Support/Oriel/OrielAudio.plist
 *   OrielAudio.plist beside the bundle
 *   Contents/Resources/OrielAudio.plist inside it
 * Over it lies what was set at run time, which the daemon keeps for us. Threads of the daemon's that may block.
 */
#include "driver/darwin/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { FILE_SIZE_MAX = 65536, PATH_SIZE = 1024 };

static CFStringRef storage_key(void) {
  return CFSTR("settings");
}

static CFStringRef string_of(const char *text) {
  return CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);
}

/* A value of the list as text. False: neither text nor number. */
static bool text_of(CFTypeRef value, char *text, size_t size) {
  if (CFGetTypeID(value) == CFStringGetTypeID())
    return CFStringGetCString(value, text, (CFIndex)size, kCFStringEncodingUTF8);
  int64_t number;
  if (CFGetTypeID(value) != CFNumberGetTypeID() || !CFNumberGetValue(value, kCFNumberSInt64Type, &number))
    return false;
  snprintf(text, size, "%lld", (long long)number);
  return true;
}

static void take_entry(const void *key, const void *value, void *context) {
  char name[64], text[SETTINGS_ADDRESS_SIZE], why[SETTINGS_WHY_SIZE], line[SETTINGS_WHY_SIZE + 96];
  if (CFGetTypeID(key) != CFStringGetTypeID() ||
      !CFStringGetCString(key, name, (CFIndex)sizeof name, kCFStringEncodingUTF8))
    snprintf(name, sizeof name, "an entry");
  if (!text_of(value, text, sizeof text))
    snprintf(why, sizeof why, "%s: the value is no short text and no number", name);
  else if (settings_set(context, name, text, why) == 0)
    return;
  snprintf(line, sizeof line, "OrielAudio.plist: %s; this entry is ignored", why);
  plugin_log(ENGINE_LOG_ERROR, line);
}

/* -ENOENT: not there. */
static int load_file(const char *path, struct settings *settings) {
  static UInt8 bytes[FILE_SIZE_MAX]; /* Initialize is called once, by one thread */
  char line[PATH_SIZE + 128];
  FILE *file = fopen(path, "rb");
  if (!file) {
    /* The sandbox refuses to look, whether something is there or not: no error, yet worth a line. */
    snprintf(line, sizeof line, "%s may not be read: set it at run time, or in the bundle's own list", path);
    if (errno == EPERM || errno == EACCES)
      plugin_log(ENGINE_LOG_INFO, line);
    return -ENOENT;
  }
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  CFDataRef data = CFDataCreate(NULL, bytes, (CFIndex)size);
  CFPropertyListRef list =
    data && size < sizeof bytes ? CFPropertyListCreateWithData(NULL, data, kCFPropertyListImmutable, NULL, NULL) : NULL;
  const bool is_dictionary = list && CFGetTypeID(list) == CFDictionaryGetTypeID();
  if (is_dictionary)
    CFDictionaryApplyFunction(list, take_entry, settings);
  snprintf(line, sizeof line,
           is_dictionary ? "settings are read from %s"
                         : "%s is no property list with a dictionary of less than 64 KiB: defaults are used",
           path);
  plugin_log(is_dictionary ? ENGINE_LOG_INFO : ENGINE_LOG_ERROR, line);
  if (list)
    CFRelease(list);
  if (data)
    CFRelease(data);
  return 0;
}

static bool bundle_path(char path[PATH_SIZE]) {
  CFBundleRef bundle = CFBundleGetBundleWithIdentifier(CFSTR(PLUGIN_BUNDLE_ID));
  CFURLRef url = bundle ? CFBundleCopyBundleURL(bundle) : NULL;
  const bool good = url && CFURLGetFileSystemRepresentation(url, true, (UInt8 *)path, PATH_SIZE);
  if (url)
    CFRelease(url);
  return good;
}

static void load_list(struct settings *settings) {
  char bundle[PATH_SIZE], path[PATH_SIZE + 64];
  if (load_file("/Library/Application Support/Oriel/OrielAudio.plist", settings) == 0 || !bundle_path(bundle))
    return;
  const char *slash = strrchr(bundle, '/');
  snprintf(path, sizeof path, "%.*s/OrielAudio.plist", slash ? (int)(slash - bundle) : 0, bundle);
  if (load_file(path, settings) == 0)
    return;
  snprintf(path, sizeof path, "%s/Contents/Resources/OrielAudio.plist", bundle);
  load_file(path, settings);
}

bool store_load_text(const struct plugin *plugin, CFStringRef key, char *text, size_t size) {
  CFPropertyListRef kept = NULL;
  if (plugin->host->CopyFromStorage(plugin->host, key, &kept) != kAudioHardwareNoError || !kept)
    return false;
  const bool fits = text_of(kept, text, size);
  CFRelease(kept);
  return fits;
}

/* What was set at run time, line by line, so that one bad line of another version costs only itself. */
static void load_kept(const struct plugin *plugin, struct settings *settings) {
  char text[SETTINGS_TEXT_SIZE], why[SETTINGS_WHY_SIZE], line[SETTINGS_WHY_SIZE + 96];
  if (!store_load_text(plugin, storage_key(), text, sizeof text))
    return;
  for (char *at = text; *at;) {
    char *end = at + strcspn(at, "\n");
    const bool last = !*end;
    *end = '\0';
    if (settings_parse(settings, at, why) < 0) {
      snprintf(line, sizeof line, "a setting that was kept is ignored: %s", why);
      plugin_log(ENGINE_LOG_ERROR, line);
    }
    at = last ? end : end + 1;
  }
}

void store_load(struct plugin *plugin, struct settings *settings) {
  plugin->file = settings_default;
  load_list(&plugin->file);
  *settings = plugin->file;
  load_kept(plugin, settings);
}

void store_keep_text(const struct plugin *plugin, CFStringRef key, const char *text) {
  if (!*text) {
    plugin->host->DeleteFromStorage(plugin->host, key);
    return;
  }
  CFStringRef kept = string_of(text);
  if (!kept || plugin->host->WriteToStorage(plugin->host, key, kept) != kAudioHardwareNoError)
    plugin_log(ENGINE_LOG_ERROR, "the settings could not be kept: they are lost when the audio daemon restarts");
  if (kept)
    CFRelease(kept);
}

static void keep(const struct plugin *plugin, const struct settings *settings) {
  char text[SETTINGS_TEXT_SIZE];
  settings_format_changes(&plugin->file, settings, text);
  store_keep_text(plugin, storage_key(), text);
}

/* Names at once; rates, channels and shared memory through the daemon, which stops IO for them. */
static void propagate(struct plugin *plugin, const struct settings *before, const struct settings *after) {
  const struct {
    const char *old, *new;
    uint32_t old_channels, channels;
    AudioObjectID device;
  } sides[ENGINE_SIDES] = {
    {before->output_name, after->output_name, before->output_channels, after->output_channels, 2},
    {before->input_name, after->input_name, before->input_channels, after->input_channels, 6},
  };
  for (int side = 0; side < ENGINE_SIDES; side++) {
    const bool shared = side == ENGINE_OUTPUT && strcmp(before->shared_memory, after->shared_memory) != 0;
    for (AudioObjectID id = sides[side].device; id <= sides[side].device + 1; id++) /* and its stream's */
      if (strcmp(sides[side].old, sides[side].new) != 0)
        plugin_notify(plugin, id, (AudioObjectPropertySelector[4]){kAudioObjectPropertyName});
    if (before->rate != after->rate || sides[side].old_channels != sides[side].channels || shared) {
      struct engine_device device;
      plugin_wanted(plugin, (enum engine_side)side, &device);
      /* A rate chosen since in the system's settings stays, unless it is the rate that was set. */
      plugin_request(plugin, (enum engine_side)side, before->rate != after->rate ? after->rate : device.rate,
                     sides[side].channels);
    }
  }
}

/* One change at a time, or of two at once one would be lost. Nobody is kept waiting while the daemon is called, which
 * may itself wait for a caller of ours: who finds another telling it leaves it to that one, who looks again. So what
 * the daemon is told last is what is in force. */
static struct {
  pthread_mutex_t lock; /* guards the others, and the way from what is in force to what is applied */
  unsigned changes, told;
  struct settings settings; /* what the daemon was told last; where told == changes: what is in force */
  bool is_telling;
} turn = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int change(const struct plugin *plugin, const char *text, char *why) {
  struct settings before, after;
  int error = 0;
  pthread_mutex_lock(&turn.lock);
  engine_settings(plugin->engine, &before);
  after = *text ? before : plugin->file;
  if (*text)
    error = settings_parse(&after, text, why);
  if (!error) {
    if (turn.told == turn.changes)
      turn.settings = before;
    engine_apply(plugin->engine, &after);
    turn.changes++;
  }
  pthread_mutex_unlock(&turn.lock);
  return error;
}

static void tell_newest(struct plugin *plugin) {
  pthread_mutex_lock(&turn.lock);
  if (!turn.is_telling) {
    turn.is_telling = true;
    while (turn.told != turn.changes) {
      const struct settings before = turn.settings;
      struct settings after;
      engine_settings(plugin->engine, &after);
      turn.settings = after;
      turn.told = turn.changes;
      pthread_mutex_unlock(&turn.lock);
      keep(plugin, &after);
      propagate(plugin, &before, &after);
      pthread_mutex_lock(&turn.lock);
    }
    turn.is_telling = false;
  }
  pthread_mutex_unlock(&turn.lock);
}

OSStatus store_set(struct plugin *plugin, CFStringRef string) {
  char text[SETTINGS_TEXT_SIZE], why[SETTINGS_WHY_SIZE], line[SETTINGS_WHY_SIZE + 64];
  if (!string || CFGetTypeID(string) != CFStringGetTypeID() || !text_of(string, text, sizeof text)) {
    plugin_log(ENGINE_LOG_ERROR, "settings were refused: no text of less than 2 KiB");
    return kAudioHardwareIllegalOperationError;
  }
  if (change(plugin, text, why) < 0) {
    snprintf(line, sizeof line, "settings were refused: %s", why);
    plugin_log(ENGINE_LOG_ERROR, line);
    return kAudioHardwareIllegalOperationError;
  }
  tell_newest(plugin);
  for (AudioObjectID id = 1; object_find(id); id++)
    if (object_find(id)->kind <= KIND_DEVICE)
      plugin_notify(plugin, id, (AudioObjectPropertySelector[4]){PLUGIN_SETTINGS});
  return kAudioHardwareNoError;
}

CFStringRef store_copy_settings(const struct plugin *plugin) {
  struct settings settings;
  char text[SETTINGS_TEXT_SIZE];
  engine_settings(plugin->engine, &settings);
  settings_format(&settings, text);
  return string_of(text);
}

CFStringRef store_copy_status(const struct plugin *plugin) {
  char text[ENGINE_STATUS_SIZE];
  engine_status(plugin->engine, text);
  return string_of(text);
}
