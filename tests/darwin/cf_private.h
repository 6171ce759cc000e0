/* SPDX-License-Identifier: MIT
 *
 * Inside the tests' CoreFoundation: the head of each object.
 */
#ifndef ORIEL_TESTS_DARWIN_CF_PRIVATE_H
#define ORIEL_TESTS_DARWIN_CF_PRIVATE_H

#include <stdatomic.h>

#include "tests/darwin/cf.h"

enum cf_type {
  CF_ALLOCATOR = 1,
  CF_STRING,
  CF_BOOLEAN,
  CF_NUMBER,
  CF_DATA,
  CF_ARRAY,
  CF_DICTIONARY,
  CF_UUID,
  CF_URL,
  CF_BUNDLE,
  CF_TYPES,
};

/* The first word says whose object it is: the address of a class. */
struct cf_object {
  const void *isa;
  enum cf_type type;
  int immortal;
  _Atomic long refs;
  uint64_t serial;
  struct cf_object *next, *previous; /* of those alive; guarded by the list's lock */
  void (*finish)(struct cf_object *object);
};

/* What the compiler lays down for CFSTR on Darwin; its layout is fixed by the ABI. */
struct cf_constant_string {
  const void *isa; /* __CFConstantStringClassReference */
  uint64_t flags;  /* 0x7c8: bytes, 0x7d0: UTF-16 */
  const void *text;
  long length; /* characters */
};

extern int __CFConstantStringClassReference[32];
extern const char cf_class; /* isa of our own objects */

/** A new object of `size` bytes with one reference; never NULL. */
void *cf_new(enum cf_type type, size_t size, void (*finish)(struct cf_object *object));
/** Readies an object in static memory. */
#define CF_IMMORTAL(kind) {.isa = &cf_class, .type = (kind), .immortal = 1, .refs = 1}
/** Whether `object` is alive and of `type` (0: any); notes a fault otherwise, in the name of `caller`. */
bool cf_check(const void *object, enum cf_type type, const char *caller);
void cf_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** NUL-terminated UTF-8 of a string object, borrowed; "" for none. */
const char *cf_utf8(CFStringRef string, const char *caller);
CFTypeRef cf_share(CFTypeRef object);

bool cf_string_equal(const void *a, const void *b);
bool cf_array_equal(const void *a, const void *b);
bool cf_dictionary_equal(const void *a, const void *b);
bool cf_number_equal(const void *a, const void *b);

#endif
