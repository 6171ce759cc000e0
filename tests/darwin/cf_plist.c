/* SPDX-License-Identifier: MIT
 *
 * Property lists of the tests' CoreFoundation, as XML text: what a driver reads of its settings, and what the simulated
 * daemon keeps of its storage. Strict enough for files that tests write. Any thread.
 */
#include "tests/darwin/cf_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, NAME_MAX_SIZE = 64 };

struct reader {
  const char *at, *end;
};

static void skip_space(struct reader *reader) {
  while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at)
    reader->at++;
}

static bool skip_to(struct reader *reader, const char *text) {
  const char *found = memmem(reader->at, (size_t)(reader->end - reader->at), text, strlen(text));
  if (found)
    reader->at = found + strlen(text);
  return found;
}

/* Reads a tag without its brackets and attributes: "dict", "/dict", "true/". Prologue and comments are passed over. */
static bool read_tag(struct reader *reader, char name[NAME_MAX_SIZE]) {
  for (;;) {
    skip_space(reader);
    if (reader->end - reader->at < 2 || *reader->at != '<')
      return false;
    bool comment = reader->end - reader->at > 4 && memcmp(reader->at, "<!--", 4) == 0;
    if (!comment && reader->at[1] != '?' && reader->at[1] != '!')
      break;
    if (!skip_to(reader, comment ? "-->" : ">"))
      return false;
  }
  const char *start = reader->at + 1;
  if (!skip_to(reader, ">"))
    return false;
  size_t length = (size_t)(reader->at - 1 - start);
  bool empty = length && start[length - 1] == '/';
  size_t word = 0;
  while (word < length && !strchr(" \t\r\n", start[word]))
    word++;
  if (word + 2 > NAME_MAX_SIZE)
    return false;
  snprintf(name, NAME_MAX_SIZE, "%.*s", (int)word, start);
  if (empty && word && name[word - 1] != '/')
    strcat(name, "/");
  return true;
}

/* The text up to the closing tag, entities resolved. Owned. */
static char *read_text(struct reader *reader, const char *name) {
  static const struct {
    const char *name;
    char value;
  } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
  char closing[NAME_MAX_SIZE + 4];
  snprintf(closing, sizeof closing, "</%s>", name);
  const char *start = reader->at;
  if (!skip_to(reader, closing))
    return NULL;
  const char *stop = reader->at - strlen(closing);
  char *text = malloc((size_t)(stop - start) + 1), *to = text;
  if (!text)
    abort();
  while (start < stop) {
    size_t i = 0, count = sizeof entities / sizeof entities[0];
    while (i < count && ((size_t)(stop - start) < strlen(entities[i].name) ||
                         memcmp(start, entities[i].name, strlen(entities[i].name)) != 0))
      i++;
    *to++ = i < count ? entities[i].value : *start;
    start += i < count ? strlen(entities[i].name) : 1;
  }
  *to = 0;
  return text;
}

static CFPropertyListRef read_value(struct reader *reader, const char *name, unsigned depth);

static CFPropertyListRef read_array(struct reader *reader, unsigned depth) {
  CFMutableArrayRef array = CFArrayCreateMutable(NULL, 0, &kCFTypeArrayCallBacks);
  char name[NAME_MAX_SIZE];
  while (read_tag(reader, name)) {
    if (strcmp(name, "/array") == 0)
      return array;
    CFPropertyListRef value = read_value(reader, name, depth + 1);
    if (!value)
      break;
    CFArrayAppendValue(array, value);
    CFRelease(value);
  }
  CFRelease(array);
  return NULL;
}

static CFPropertyListRef read_dictionary(struct reader *reader, unsigned depth) {
  CFMutableDictionaryRef dictionary =
    CFDictionaryCreateMutable(NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
  char name[NAME_MAX_SIZE];
  while (read_tag(reader, name)) {
    if (strcmp(name, "/dict") == 0)
      return dictionary;
    CFPropertyListRef key = strcmp(name, "key") == 0 ? read_value(reader, "string-key", depth + 1) : NULL;
    CFPropertyListRef value = key && read_tag(reader, name) ? read_value(reader, name, depth + 1) : NULL;
    if (value)
      CFDictionarySetValue(dictionary, key, value);
    if (key)
      CFRelease(key);
    if (!value)
      break;
    CFRelease(value);
  }
  CFRelease(dictionary);
  return NULL;
}

static CFPropertyListRef read_number(struct reader *reader, const char *name) {
  char *text = read_text(reader, name), *end = text;
  CFPropertyListRef value = NULL;
  if (text && strcmp(name, "integer") == 0) {
    int64_t integer = strtoll(text, &end, 10);
    value = end != text && !*end ? CFNumberCreate(NULL, kCFNumberSInt64Type, &integer) : NULL;
  } else if (text) {
    double real = strtod(text, &end);
    value = end != text && !*end ? CFNumberCreate(NULL, kCFNumberFloat64Type, &real) : NULL;
  }
  free(text);
  return value;
}

static CFPropertyListRef read_value(struct reader *reader, const char *name, unsigned depth) {
  if (depth > DEPTH_MAX)
    return NULL;
  if (strcmp(name, "true/") == 0 || strcmp(name, "false/") == 0)
    return CFRetain(*name == 't' ? kCFBooleanTrue : kCFBooleanFalse);
  if (strcmp(name, "array/") == 0)
    return CFArrayCreate(NULL, NULL, 0, &kCFTypeArrayCallBacks);
  if (strcmp(name, "dict/") == 0)
    return CFDictionaryCreate(NULL, NULL, NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
  if (strcmp(name, "string/") == 0)
    return CFStringCreateWithCString(NULL, "", kCFStringEncodingUTF8);
  if (strcmp(name, "array") == 0)
    return read_array(reader, depth);
  if (strcmp(name, "dict") == 0)
    return read_dictionary(reader, depth);
  if (strcmp(name, "integer") == 0 || strcmp(name, "real") == 0)
    return read_number(reader, name);
  if (strcmp(name, "string") != 0 && strcmp(name, "string-key") != 0)
    return NULL;
  char *text = read_text(reader, strcmp(name, "string") == 0 ? "string" : "key");
  CFPropertyListRef value = text ? CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8) : NULL;
  free(text);
  return value;
}

CFPropertyListRef cf_plist_parse(const char *text, size_t size) {
  struct reader reader = {text, text + size};
  char name[NAME_MAX_SIZE];
  if (!read_tag(&reader, name) || strcmp(name, "plist") != 0 || !read_tag(&reader, name))
    return NULL;
  CFPropertyListRef value = read_value(&reader, name, 0);
  if (value && (!read_tag(&reader, name) || strcmp(name, "/plist") != 0)) {
    CFRelease(value);
    return NULL;
  }
  return value;
}

CFPropertyListRef CFPropertyListCreateWithData(CFAllocatorRef allocator, CFDataRef data, CFOptionFlags options,
                                               CFPropertyListFormat *format, CFErrorRef *error) {
  (void)allocator, (void)options;
  if (error)
    *error = NULL;
  if (format)
    *format = kCFPropertyListXMLFormat_v1_0;
  const char *text = (const char *)CFDataGetBytePtr(data);
  return text ? cf_plist_parse(text, (size_t)CFDataGetLength(data)) : NULL;
}

static void write_escaped(FILE *file, const char *text) {
  for (; *text; text++) {
    if (*text == '<')
      fputs("&lt;", file);
    else if (*text == '&')
      fputs("&amp;", file);
    else
      fputc(*text, file);
  }
}

static bool write_value(FILE *file, CFPropertyListRef value) {
  int64_t integer = 0;
  double real = 0;
  switch (CFGetTypeID(value)) {
  case CF_STRING:
    fputs("<string>", file);
    write_escaped(file, cf_utf8(value, "plist"));
    fputs("</string>\n", file);
    return true;
  case CF_BOOLEAN:
    fputs(CFBooleanGetValue(value) ? "<true/>\n" : "<false/>\n", file);
    return true;
  case CF_NUMBER:
    CFNumberGetValue(value, kCFNumberSInt64Type, &integer);
    CFNumberGetValue(value, kCFNumberFloat64Type, &real);
    if (CFNumberIsFloatType(value))
      fprintf(file, "<real>%.17g</real>\n", real);
    else
      fprintf(file, "<integer>%lld</integer>\n", (long long)integer);
    return true;
  case CF_ARRAY:
    fputs("<array>\n", file);
    for (CFIndex i = 0; i < CFArrayGetCount(value); i++)
      if (!write_value(file, CFArrayGetValueAtIndex(value, i)))
        return false;
    fputs("</array>\n", file);
    return true;
  case CF_DICTIONARY: {
    CFIndex count = CFDictionaryGetCount(value);
    const void **pairs = calloc((size_t)count * 2 + 1, sizeof *pairs);
    if (!pairs)
      abort();
    CFDictionaryGetKeysAndValues(value, pairs, pairs + count);
    fputs("<dict>\n", file);
    bool good = true;
    for (CFIndex i = 0; i < count && good; i++) {
      fputs("<key>", file);
      write_escaped(file, cf_utf8(pairs[i], "plist"));
      fputs("</key>\n", file);
      good = write_value(file, pairs[count + i]);
    }
    fputs("</dict>\n", file);
    free(pairs);
    return good;
  }
  default:
    return false;
  }
}

char *cf_plist_text(CFPropertyListRef list) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (!file)
    abort();
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\">\n", file);
  bool good = write_value(file, list);
  fputs("</plist>\n", file);
  fclose(file);
  if (good)
    return text;
  free(text);
  return NULL;
}
