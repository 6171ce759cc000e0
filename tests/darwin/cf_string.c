/* SPDX-License-Identifier: MIT
 *
 * Strings of the tests' CoreFoundation: UTF-8 inside, lengths and indices in UTF-16 units as the system counts. Any
 * thread.
 */
#include "tests/darwin/cf_private.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/darwin/rt.h"

enum { CONSTANT_BYTES = 0x7c8 };

struct cf_string {
  struct cf_object base;
  char *text;
};

static void string_finish(struct cf_object *object) {
  free(((struct cf_string *)object)->text);
}

static CFStringRef string_own(char *text) {
  if (!text)
    abort();
  struct cf_string *string = cf_new(CF_STRING, sizeof *string, string_finish);
  string->text = text;
  return (CFStringRef)(void *)string;
}

const char *cf_utf8(CFStringRef string, const char *caller) {
  if (!cf_check(string, CF_STRING, caller))
    return "";
  const struct cf_constant_string *constant = (const void *)string;
  if (constant->isa == __CFConstantStringClassReference) {
    if (constant->flags == CONSTANT_BYTES)
      return constant->text;
    cf_fault("%s: a constant string of UTF-16 is not among what the tests know", caller);
    return "";
  }
  return ((const struct cf_string *)(const void *)string)->text;
}

CFStringRef __CFStringMakeConstantString(const char *text) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static struct constant {
    struct cf_string string;
    struct constant *next;
  } * constants; /* as many as the program has literals */
  rt_forbidden("CFSTR");
  pthread_mutex_lock(&lock);
  struct constant *found = constants;
  while (found && strcmp(found->string.text, text) != 0)
    found = found->next;
  if (!found) {
    found = calloc(1, sizeof *found);
    if (!found)
      abort();
    struct cf_object head = CF_IMMORTAL(CF_STRING);
    memcpy(&found->string.base, &head, sizeof head);
    found->string.text = strdup(text);
    found->next = constants;
    constants = found;
  }
  pthread_mutex_unlock(&lock);
  return (CFStringRef)(void *)&found->string;
}

CFTypeID CFStringGetTypeID(void) {
  return CF_STRING;
}

/* Bytes of the UTF-8 sequence that begins with `lead`, 0 if none does. */
static size_t sequence(unsigned char lead) {
  return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

static bool utf8_valid(const UInt8 *bytes, size_t count) {
  for (size_t i = 0; i < count;) {
    size_t length = sequence(bytes[i]);
    if (!length || length > count - i || !bytes[i])
      return false;
    for (size_t k = 1; k < length; k++)
      if ((bytes[i + k] & 0xc0) != 0x80)
        return false;
    i += length;
  }
  return true;
}

CFStringRef CFStringCreateWithBytes(CFAllocatorRef allocator, const UInt8 *bytes, CFIndex count,
                                    CFStringEncoding encoding, Boolean external) {
  (void)allocator, (void)external;
  if (count < 0 || (count && !bytes)) {
    cf_fault("CFStringCreateWithBytes: %ld bytes at %p", count, (const void *)bytes);
    return NULL;
  }
  if (encoding != kCFStringEncodingUTF8 && encoding != kCFStringEncodingASCII) {
    cf_fault("CFStringCreateWithBytes: encoding %#x is not among those the tests know", encoding);
    return NULL;
  }
  if (!utf8_valid(bytes, (size_t)count))
    return NULL;
  return string_own(strndup(count ? (const char *)bytes : "", (size_t)count));
}

CFStringRef CFStringCreateWithCString(CFAllocatorRef allocator, const char *text, CFStringEncoding encoding) {
  if (!text) {
    cf_fault("CFStringCreateWithCString: NULL");
    return NULL;
  }
  return CFStringCreateWithBytes(allocator, (const UInt8 *)text, (CFIndex)strlen(text), encoding, false);
}

CFStringRef CFStringCreateCopy(CFAllocatorRef allocator, CFStringRef string) {
  return CFStringCreateWithCString(allocator, cf_utf8(string, "CFStringCreateCopy"), kCFStringEncodingUTF8);
}

/* As printf does; %@, which only the system's has, is refused. */
CFStringRef CFStringCreateWithFormatAndArguments(CFAllocatorRef allocator, CFDictionaryRef options, CFStringRef format,
                                                 va_list arguments) {
  (void)allocator, (void)options;
  const char *text = cf_utf8(format, "CFStringCreateWithFormat");
  char *made = NULL;
  if (strstr(text, "%@")) {
    cf_fault("CFStringCreateWithFormat: \"%%@\" is not among what the tests know");
    return NULL;
  }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  if (vasprintf(&made, text, arguments) < 0)
    abort();
#pragma GCC diagnostic pop
  return string_own(made);
}

CFStringRef CFStringCreateWithFormat(CFAllocatorRef allocator, CFDictionaryRef options, CFStringRef format, ...) {
  va_list arguments;
  va_start(arguments, format);
  CFStringRef string = CFStringCreateWithFormatAndArguments(allocator, options, format, arguments);
  va_end(arguments);
  return string;
}

/* UTF-16 units of `size` bytes: a sequence of four bytes is a surrogate pair. */
static CFIndex units(const char *text, size_t size) {
  CFIndex count = 0;
  for (size_t i = 0; i < size;) {
    size_t length = sequence((unsigned char)text[i]);
    count += length == 4 ? 2 : 1;
    i += length ? length : 1;
  }
  return count;
}

/* Bytes of the first `count` units. */
static size_t bytes_of_units(const char *text, CFIndex count) {
  size_t at = 0;
  while (text[at] && count > 0) {
    size_t length = sequence((unsigned char)text[at]);
    count -= length == 4 ? 2 : 1;
    at += length ? length : 1;
  }
  return at;
}

CFIndex CFStringGetLength(CFStringRef string) {
  const char *text = cf_utf8(string, "CFStringGetLength");
  return units(text, strlen(text));
}

CFIndex CFStringGetMaximumSizeForEncoding(CFIndex length, CFStringEncoding encoding) {
  return encoding == kCFStringEncodingUTF8 ? length * 3 : length;
}

Boolean CFStringGetCString(CFStringRef string, char *buffer, CFIndex size, CFStringEncoding encoding) {
  const char *text = cf_utf8(string, "CFStringGetCString");
  size_t length = strlen(text);
  bool wide = encoding == kCFStringEncodingASCII && units(text, length) != (CFIndex)length;
  if (size <= 0 || length >= (size_t)size || wide || !cf_check(string, CF_STRING, "CFStringGetCString"))
    return false;
  memcpy(buffer, text, length + 1);
  return true;
}

/* NULL is always allowed, and callers must live with it: given for all but the shortest, so that they do. */
const char *CFStringGetCStringPtr(CFStringRef string, CFStringEncoding encoding) {
  (void)encoding;
  const char *text = cf_utf8(string, "CFStringGetCStringPtr");
  return strlen(text) < 4 ? text : NULL;
}

CFIndex CFStringGetBytes(CFStringRef string, CFRange range, CFStringEncoding encoding, UInt8 loss, Boolean external,
                         UInt8 *buffer, CFIndex size, CFIndex *used) {
  (void)loss, (void)external;
  const char *text = cf_utf8(string, "CFStringGetBytes");
  if (range.location < 0 || range.length < 0 || range.location + range.length > CFStringGetLength(string) ||
      (encoding != kCFStringEncodingUTF8 && encoding != kCFStringEncodingASCII)) {
    cf_fault("CFStringGetBytes: range %ld+%ld, encoding %#x", range.location, range.length, encoding);
    return 0;
  }
  const char *from = text + bytes_of_units(text, range.location);
  size_t wanted = bytes_of_units(from, range.length), taken = 0;
  while (taken < wanted) {
    size_t length = sequence((unsigned char)from[taken]);
    if (buffer && (CFIndex)(taken + length) > size)
      break;
    taken += length;
  }
  if (buffer)
    memcpy(buffer, from, taken);
  if (used)
    *used = (CFIndex)taken;
  return units(from, taken);
}

UniChar CFStringGetCharacterAtIndex(CFStringRef string, CFIndex index) {
  const char *text = cf_utf8(string, "CFStringGetCharacterAtIndex");
  if (index < 0 || index >= CFStringGetLength(string)) {
    cf_fault("CFStringGetCharacterAtIndex: %ld is past the end", index);
    return 0;
  }
  const unsigned char *at = (const unsigned char *)text + bytes_of_units(text, index);
  switch (sequence(*at)) {
  case 1:
    return *at;
  case 2:
    return (UniChar)((at[0] & 0x1fu) << 6 | (at[1] & 0x3fu));
  case 3:
    return (UniChar)((at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu));
  default:
    return 0xfffd; /* half of a pair */
  }
}

CFComparisonResult CFStringCompare(CFStringRef a, CFStringRef b, CFStringCompareFlags flags) {
  const char *left = cf_utf8(a, "CFStringCompare"), *right = cf_utf8(b, "CFStringCompare");
  int order = flags & kCFCompareCaseInsensitive ? strcasecmp(left, right) : strcmp(left, right);
  return order < 0 ? kCFCompareLessThan : order > 0 ? kCFCompareGreaterThan : kCFCompareEqualTo;
}

bool cf_string_equal(const void *a, const void *b) {
  return strcmp(cf_utf8(a, "CFEqual"), cf_utf8(b, "CFEqual")) == 0;
}

Boolean CFStringHasPrefix(CFStringRef string, CFStringRef prefix) {
  const char *start = cf_utf8(prefix, "CFStringHasPrefix");
  return strncmp(cf_utf8(string, "CFStringHasPrefix"), start, strlen(start)) == 0;
}

Boolean CFStringHasSuffix(CFStringRef string, CFStringRef suffix) {
  const char *text = cf_utf8(string, "CFStringHasSuffix"), *end = cf_utf8(suffix, "CFStringHasSuffix");
  size_t length = strlen(text), wanted = strlen(end);
  return wanted <= length && strcmp(text + length - wanted, end) == 0;
}

SInt32 CFStringGetIntValue(CFStringRef string) {
  long value = strtol(cf_utf8(string, "CFStringGetIntValue"), NULL, 10);
  return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (SInt32)value;
}

double CFStringGetDoubleValue(CFStringRef string) {
  return strtod(cf_utf8(string, "CFStringGetDoubleValue"), NULL);
}
