/* SPDX-License-Identifier: MIT
 *
 * URLs of files, and the one bundle, of the tests' CoreFoundation. Any thread; the bundle is set before drivers run.
 */
#include "tests/darwin/cf_private.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cf_url {
  struct cf_object base;
  char *path;
};

struct cf_bundle {
  struct cf_object base;
  CFStringRef identifier; /* NULL: no bundle is set */
  char *path;
  CFPropertyListRef info; /* Info.plist, read when first asked for */
};

static struct cf_bundle bundle = {CF_IMMORTAL(CF_BUNDLE), NULL, NULL, NULL};

static void url_finish(struct cf_object *object) {
  free(((struct cf_url *)object)->path);
}

static CFURLRef url_own(char *path) {
  if (!path)
    abort();
  struct cf_url *url = cf_new(CF_URL, sizeof *url, url_finish);
  url->path = path;
  return (CFURLRef)(void *)url;
}

static const char *url_path(CFURLRef url, const char *caller) {
  return cf_check(url, CF_URL, caller) ? ((const struct cf_url *)(const void *)url)->path : "";
}

CFTypeID CFURLGetTypeID(void) {
  return CF_URL;
}

CFURLRef CFURLCreateFromFileSystemRepresentation(CFAllocatorRef allocator, const UInt8 *path, CFIndex size,
                                                 Boolean directory) {
  (void)allocator, (void)directory;
  return path && size > 0 ? url_own(strndup((const char *)path, (size_t)size)) : NULL;
}

CFURLRef CFURLCreateWithFileSystemPath(CFAllocatorRef allocator, CFStringRef path, CFURLPathStyle style,
                                       Boolean directory) {
  (void)allocator, (void)style, (void)directory;
  return url_own(strdup(cf_utf8(path, "CFURLCreateWithFileSystemPath")));
}

CFURLRef CFURLCreateCopyAppendingPathComponent(CFAllocatorRef allocator, CFURLRef url, CFStringRef component,
                                               Boolean directory) {
  (void)allocator, (void)directory;
  char *path = NULL;
  if (asprintf(&path, "%s/%s", url_path(url, "CFURLCreateCopyAppendingPathComponent"),
               cf_utf8(component, "CFURLCreateCopyAppendingPathComponent")) < 0)
    abort();
  return url_own(path);
}

CFURLRef CFURLCreateCopyDeletingLastPathComponent(CFAllocatorRef allocator, CFURLRef url) {
  (void)allocator;
  char *path = strdup(url_path(url, "CFURLCreateCopyDeletingLastPathComponent"));
  char *slash = path ? strrchr(path, '/') : NULL;
  if (slash)
    slash[slash == path] = 0;
  return url_own(path);
}

Boolean CFURLGetFileSystemRepresentation(CFURLRef url, Boolean resolve, UInt8 *buffer, CFIndex size) {
  (void)resolve;
  const char *path = url_path(url, "CFURLGetFileSystemRepresentation");
  if (size <= 0 || strlen(path) >= (size_t)size)
    return false;
  memcpy(buffer, path, strlen(path) + 1);
  return true;
}

CFStringRef CFURLCopyFileSystemPath(CFURLRef url, CFURLPathStyle style) {
  (void)style;
  return CFStringCreateWithCString(NULL, url_path(url, "CFURLCopyFileSystemPath"), kCFStringEncodingUTF8);
}

void cf_bundle_set(const char *identifier, const char *path) {
  if (bundle.identifier)
    CFRelease(bundle.identifier);
  if (bundle.info)
    CFRelease(bundle.info);
  free(bundle.path);
  bundle.identifier = path ? CFStringCreateWithCString(NULL, identifier, kCFStringEncodingUTF8) : NULL;
  bundle.path = path ? strdup(path) : NULL;
  bundle.info = NULL;
}

CFTypeID CFBundleGetTypeID(void) {
  return CF_BUNDLE;
}

CFBundleRef CFBundleGetBundleWithIdentifier(CFStringRef identifier) {
  bool ours = bundle.identifier && CFEqual(bundle.identifier, identifier);
  return ours ? (CFBundleRef)(void *)&bundle : NULL;
}

CFStringRef CFBundleGetIdentifier(CFBundleRef reference) {
  return cf_check(reference, CF_BUNDLE, "CFBundleGetIdentifier") ? bundle.identifier : NULL;
}

CFURLRef CFBundleCopyBundleURL(CFBundleRef reference) {
  return cf_check(reference, CF_BUNDLE, "CFBundleCopyBundleURL") && bundle.path ? url_own(strdup(bundle.path)) : NULL;
}

CFURLRef CFBundleCopyResourceURL(CFBundleRef reference, CFStringRef name, CFStringRef type, CFStringRef folder) {
  if (!cf_check(reference, CF_BUNDLE, "CFBundleCopyResourceURL") || !bundle.path)
    return NULL;
  char *path = NULL;
  const char *caller = "CFBundleCopyResourceURL";
  if (asprintf(&path, "%s/Contents/Resources/%s%s%s%s%s", bundle.path, folder ? cf_utf8(folder, caller) : "",
               folder ? "/" : "", cf_utf8(name, caller), type ? "." : "", type ? cf_utf8(type, caller) : "") < 0)
    abort();
  if (access(path, R_OK) == 0)
    return url_own(path);
  free(path);
  return NULL;
}

static CFPropertyListRef info_read(void) {
  char path[PATH_MAX], text[16384];
  snprintf(path, sizeof path, "%s/Contents/Info.plist", bundle.path);
  FILE *file = fopen(path, "re");
  if (!file)
    return NULL;
  size_t size = fread(text, 1, sizeof text, file);
  fclose(file);
  return cf_plist_parse(text, size);
}

CFTypeRef CFBundleGetValueForInfoDictionaryKey(CFBundleRef reference, CFStringRef key) {
  if (!cf_check(reference, CF_BUNDLE, "CFBundleGetValueForInfoDictionaryKey") || !bundle.path)
    return NULL;
  if (!bundle.info)
    bundle.info = info_read();
  return bundle.info ? CFDictionaryGetValue((CFDictionaryRef)bundle.info, key) : NULL;
}
