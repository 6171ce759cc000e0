/* SPDX-License-Identifier: MIT
 *
 * Objects of the tests' CoreFoundation: references, lists of the living, faults; and the small classes boolean, number,
 * data and UUID. Any thread.
 */
#include "tests/darwin/cf_private.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/darwin/rt.h"

enum { GRAVEYARD = 4096 };

struct cf_boolean {
  struct cf_object base;
  Boolean value;
};

struct cf_number {
  struct cf_object base;
  CFNumberType type;
  int64_t integer;
  double real;
};

struct cf_data {
  struct cf_object base;
  CFIndex size;
  UInt8 *bytes;
};

struct cf_uuid {
  struct cf_object base;
  CFUUIDBytes bytes;
};

const char cf_class = 1;
static const char cf_dead_class = 2;
int __CFConstantStringClassReference[32];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static struct cf_object *living;
static size_t living_count;
static uint64_t serial;
static struct cf_object *graveyard[GRAVEYARD];
static size_t graves;
static size_t fault_count;
static char fault_text[256];

static struct cf_object allocator_default = CF_IMMORTAL(CF_ALLOCATOR);
static struct cf_object allocator_null = CF_IMMORTAL(CF_ALLOCATOR);
const CFAllocatorRef kCFAllocatorDefault = NULL;
const CFAllocatorRef kCFAllocatorSystemDefault = (CFAllocatorRef)(const void *)&allocator_default;
const CFAllocatorRef kCFAllocatorMalloc = (CFAllocatorRef)(const void *)&allocator_default;
const CFAllocatorRef kCFAllocatorNull = (CFAllocatorRef)(const void *)&allocator_null;

static struct cf_boolean boolean_true = {CF_IMMORTAL(CF_BOOLEAN), 1};
static struct cf_boolean boolean_false = {CF_IMMORTAL(CF_BOOLEAN), 0};
const CFBooleanRef kCFBooleanTrue = (CFBooleanRef)(const void *)&boolean_true;
const CFBooleanRef kCFBooleanFalse = (CFBooleanRef)(const void *)&boolean_false;

void cf_fault(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  pthread_mutex_lock(&lock);
  fault_count++;
  vsnprintf(fault_text, sizeof fault_text, format, arguments);
  pthread_mutex_unlock(&lock);
  va_end(arguments);
}

size_t cf_fault_count(void) {
  pthread_mutex_lock(&lock);
  size_t faults = fault_count;
  pthread_mutex_unlock(&lock);
  return faults;
}

const char *cf_fault_text(void) {
  return fault_text;
}

void cf_faults_reset(void) {
  pthread_mutex_lock(&lock);
  fault_count = 0;
  fault_text[0] = 0;
  pthread_mutex_unlock(&lock);
}

void *cf_new(enum cf_type type, size_t size, void (*finish)(struct cf_object *object)) {
  rt_forbidden("CoreFoundation object made");
  struct cf_object *object = calloc(1, size);
  if (!object)
    abort();
  object->isa = &cf_class;
  object->type = type;
  atomic_init(&object->refs, 1);
  object->finish = finish;
  pthread_mutex_lock(&lock);
  object->serial = ++serial;
  object->next = living;
  if (living)
    living->previous = object;
  living = object;
  living_count++;
  pthread_mutex_unlock(&lock);
  return object;
}

/* The head stays readable in the graveyard until GRAVEYARD others have died. */
static void bury(struct cf_object *object) {
  if (object->finish)
    object->finish(object);
  pthread_mutex_lock(&lock);
  if (object->previous)
    object->previous->next = object->next;
  else
    living = object->next;
  if (object->next)
    object->next->previous = object->previous;
  living_count--;
  object->isa = &cf_dead_class;
  struct cf_object **grave = &graveyard[graves++ % GRAVEYARD];
  free(*grave);
  *grave = object;
  pthread_mutex_unlock(&lock);
}

static bool is_constant(const void *object) {
  return *(const void *const *)object == __CFConstantStringClassReference;
}

bool cf_check(const void *object, enum cf_type type, const char *caller) {
  if (!object) {
    cf_fault("%s: NULL, where the system crashes", caller);
    return false;
  }
  if (is_constant(object)) {
    if (type && type != CF_STRING)
      cf_fault("%s: a string, where it takes another type", caller);
    return !type || type == CF_STRING;
  }
  const struct cf_object *head = object;
  if (head->isa == &cf_dead_class) {
    cf_fault("%s: object %llu was used after its last release", caller, (unsigned long long)head->serial);
    return false;
  }
  if (head->isa != &cf_class) {
    cf_fault("%s: %p is no object", caller, object);
    return false;
  }
  if (type && head->type != type) {
    cf_fault("%s: type %d, where it takes %d", caller, (int)head->type, (int)type);
    return false;
  }
  return true;
}

CFTypeRef cf_share(CFTypeRef object) {
  return object ? CFRetain(object) : NULL;
}

CFTypeRef CFRetain(CFTypeRef object) {
  rt_forbidden("CFRetain");
  if (!cf_check(object, 0, "CFRetain") || is_constant(object))
    return object;
  struct cf_object *head = (struct cf_object *)(uintptr_t)object;
  if (!head->immortal)
    atomic_fetch_add(&head->refs, 1);
  return object;
}

void CFRelease(CFTypeRef object) {
  rt_forbidden("CFRelease");
  if (!cf_check(object, 0, "CFRelease") || is_constant(object))
    return;
  struct cf_object *head = (struct cf_object *)(uintptr_t)object;
  if (!head->immortal && atomic_fetch_sub(&head->refs, 1) == 1)
    bury(head);
}

CFIndex CFGetRetainCount(CFTypeRef object) {
  if (!cf_check(object, 0, "CFGetRetainCount") || is_constant(object))
    return 1;
  return atomic_load(&((struct cf_object *)(uintptr_t)object)->refs);
}

CFTypeID CFGetTypeID(CFTypeRef object) {
  if (!cf_check(object, 0, "CFGetTypeID"))
    return 0;
  return is_constant(object) ? CF_STRING : (CFTypeID)((const struct cf_object *)object)->type;
}

static bool data_equal(const void *a, const void *b) {
  const struct cf_data *left = a, *right = b;
  return left->size == right->size && memcmp(left->bytes, right->bytes, (size_t)left->size) == 0;
}

static bool uuid_equal(const void *a, const void *b) {
  return memcmp(&((const struct cf_uuid *)a)->bytes, &((const struct cf_uuid *)b)->bytes, sizeof(CFUUIDBytes)) == 0;
}

Boolean CFEqual(CFTypeRef a, CFTypeRef b) {
  static bool (*const equal[CF_TYPES])(const void *, const void *) = {
      [CF_STRING] = cf_string_equal, [CF_NUMBER] = cf_number_equal,         [CF_DATA] = data_equal,
      [CF_ARRAY] = cf_array_equal,   [CF_DICTIONARY] = cf_dictionary_equal, [CF_UUID] = uuid_equal,
  };
  if (!cf_check(a, 0, "CFEqual") || !cf_check(b, 0, "CFEqual"))
    return false;
  if (a == b)
    return true;
  CFTypeID type = CFGetTypeID(a);
  return type == CFGetTypeID(b) && equal[type] && equal[type](a, b);
}

CFHashCode CFHash(CFTypeRef object) {
  if (!cf_check(object, 0, "CFHash"))
    return 0;
  if (CFGetTypeID(object) != CF_STRING)
    return 7; /* allowed: equal objects have equal codes */
  CFHashCode code = 5381;
  for (const char *at = cf_utf8(object, "CFHash"); *at; at++)
    code = code * 33 + (unsigned char)*at;
  return code;
}

size_t cf_live(void) {
  pthread_mutex_lock(&lock);
  size_t count = living_count;
  pthread_mutex_unlock(&lock);
  return count;
}

uint64_t cf_mark(void) {
  pthread_mutex_lock(&lock);
  uint64_t mark = serial;
  pthread_mutex_unlock(&lock);
  return mark;
}

size_t cf_report_since(uint64_t mark, char *text, size_t size) {
  size_t count = 0, used = 0;
  if (size)
    text[0] = 0;
  pthread_mutex_lock(&lock);
  for (struct cf_object *object = living; object; object = object->next) {
    if (object->serial <= mark)
      continue;
    count++;
    const char *words = object->type == CF_STRING ? cf_utf8((CFStringRef)(const void *)object, "report") : "";
    if (used < size) {
      int wrote = snprintf(text + used, size - used, "object %llu, type %d, %ld references \"%s\"\n",
                           (unsigned long long)object->serial, (int)object->type, atomic_load(&object->refs), words);
      used += wrote > 0 ? (size_t)wrote : 0;
    }
  }
  pthread_mutex_unlock(&lock);
  return count;
}

void CFShow(CFTypeRef object) {
  char *text = cf_plist_text(object);
  fprintf(stderr, "%s\n", text ? text : "(no property list)");
  free(text);
}

/* Booleans and numbers */

CFTypeID CFBooleanGetTypeID(void) {
  return CF_BOOLEAN;
}

Boolean CFBooleanGetValue(CFBooleanRef boolean) {
  return cf_check(boolean, CF_BOOLEAN, "CFBooleanGetValue") &&
         ((const struct cf_boolean *)(const void *)boolean)->value;
}

CFTypeID CFNumberGetTypeID(void) {
  return CF_NUMBER;
}

/* The types name C types too; all are one of six. */
static CFNumberType canonical(CFNumberType type) {
  static const CFNumberType of[] = {0, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 4, 5, 6, 4};
  return type > 0 && type < (CFNumberType)(sizeof of / sizeof of[0]) ? of[type] : 0;
}

CFNumberRef CFNumberCreate(CFAllocatorRef allocator, CFNumberType type, const void *value) {
  (void)allocator;
  CFNumberType kind = canonical(type);
  if (!kind || !value) {
    cf_fault("CFNumberCreate: type %ld, value %p", (long)type, value);
    return NULL;
  }
  struct cf_number *number = cf_new(CF_NUMBER, sizeof *number, NULL);
  int16_t half = 0;
  int32_t word = 0;
  float single = 0;
  number->type = kind;
  switch (kind) {
  case kCFNumberSInt8Type:
    number->integer = *(const int8_t *)value;
    break;
  case kCFNumberSInt16Type:
    memcpy(&half, value, sizeof half);
    number->integer = half;
    break;
  case kCFNumberSInt32Type:
    memcpy(&word, value, sizeof word);
    number->integer = word;
    break;
  case kCFNumberSInt64Type:
    memcpy(&number->integer, value, sizeof number->integer);
    break;
  case kCFNumberFloat32Type:
    memcpy(&single, value, sizeof single);
    number->real = (double)single;
    break;
  default:
    memcpy(&number->real, value, sizeof number->real);
  }
  if (CFNumberIsFloatType((CFNumberRef)(void *)number))
    number->integer = number->real > -9e18 && number->real < 9e18 ? (int64_t)number->real : 0;
  else
    number->real = (double)number->integer;
  return (CFNumberRef)(void *)number;
}

CFNumberType CFNumberGetType(CFNumberRef number) {
  return cf_check(number, CF_NUMBER, "CFNumberGetType") ? ((const struct cf_number *)(const void *)number)->type : 0;
}

Boolean CFNumberIsFloatType(CFNumberRef number) {
  CFNumberType type = CFNumberGetType(number);
  return type == kCFNumberFloat32Type || type == kCFNumberFloat64Type;
}

/* True if the value came across whole. */
Boolean CFNumberGetValue(CFNumberRef reference, CFNumberType type, void *value) {
  if (!cf_check(reference, CF_NUMBER, "CFNumberGetValue") || !canonical(type))
    return false;
  const struct cf_number *number = (const void *)reference;
  int8_t byte = (int8_t)number->integer;
  int16_t half = (int16_t)number->integer;
  int32_t word = (int32_t)number->integer;
  float single = (float)number->real;
  bool whole = !CFNumberIsFloatType(reference) || (double)number->integer == number->real;
  switch (canonical(type)) {
  case kCFNumberSInt8Type:
    memcpy(value, &byte, sizeof byte);
    return whole && byte == number->integer;
  case kCFNumberSInt16Type:
    memcpy(value, &half, sizeof half);
    return whole && half == number->integer;
  case kCFNumberSInt32Type:
    memcpy(value, &word, sizeof word);
    return whole && word == number->integer;
  case kCFNumberSInt64Type:
    memcpy(value, &number->integer, sizeof number->integer);
    return whole;
  case kCFNumberFloat32Type:
    memcpy(value, &single, sizeof single);
    return (double)single == number->real;
  default:
    memcpy(value, &number->real, sizeof number->real);
    return true;
  }
}

CFComparisonResult CFNumberCompare(CFNumberRef a, CFNumberRef b, void *context) {
  (void)context;
  if (!cf_check(a, CF_NUMBER, "CFNumberCompare") || !cf_check(b, CF_NUMBER, "CFNumberCompare"))
    return kCFCompareEqualTo;
  double left = ((const struct cf_number *)(const void *)a)->real;
  double right = ((const struct cf_number *)(const void *)b)->real;
  return left < right ? kCFCompareLessThan : left > right ? kCFCompareGreaterThan : kCFCompareEqualTo;
}

bool cf_number_equal(const void *a, const void *b) {
  return CFNumberCompare(a, b, NULL) == kCFCompareEqualTo;
}

/* Data */

static void data_finish(struct cf_object *object) {
  free(((struct cf_data *)object)->bytes);
}

CFTypeID CFDataGetTypeID(void) {
  return CF_DATA;
}

CFDataRef CFDataCreate(CFAllocatorRef allocator, const UInt8 *bytes, CFIndex size) {
  (void)allocator;
  if (size < 0 || (size && !bytes)) {
    cf_fault("CFDataCreate: %ld bytes at %p", size, (const void *)bytes);
    return NULL;
  }
  struct cf_data *data = cf_new(CF_DATA, sizeof *data, data_finish);
  data->bytes = malloc((size_t)size + 1);
  if (!data->bytes)
    abort();
  if (size)
    memcpy(data->bytes, bytes, (size_t)size);
  data->size = size;
  return (CFDataRef)(void *)data;
}

/* A copy all the same; the caller's memory is freed at once if it was given to us. */
CFDataRef CFDataCreateWithBytesNoCopy(CFAllocatorRef allocator, const UInt8 *bytes, CFIndex size,
                                      CFAllocatorRef deallocator) {
  CFDataRef data = CFDataCreate(allocator, bytes, size);
  if (data && deallocator != kCFAllocatorNull)
    free((void *)(uintptr_t)bytes);
  return data;
}

CFIndex CFDataGetLength(CFDataRef data) {
  return cf_check(data, CF_DATA, "CFDataGetLength") ? ((const struct cf_data *)(const void *)data)->size : 0;
}

const UInt8 *CFDataGetBytePtr(CFDataRef data) {
  return cf_check(data, CF_DATA, "CFDataGetBytePtr") ? ((const struct cf_data *)(const void *)data)->bytes : NULL;
}

/* UUIDs */

CFTypeID CFUUIDGetTypeID(void) {
  return CF_UUID;
}

CFUUIDRef CFUUIDCreateFromUUIDBytes(CFAllocatorRef allocator, CFUUIDBytes bytes) {
  (void)allocator;
  struct cf_uuid *uuid = cf_new(CF_UUID, sizeof *uuid, NULL);
  uuid->bytes = bytes;
  return (CFUUIDRef)(void *)uuid;
}

CFUUIDRef CFUUIDCreateWithBytes(CFAllocatorRef allocator, UInt8 b0, UInt8 b1, UInt8 b2, UInt8 b3, UInt8 b4, UInt8 b5,
                                UInt8 b6, UInt8 b7, UInt8 b8, UInt8 b9, UInt8 b10, UInt8 b11, UInt8 b12, UInt8 b13,
                                UInt8 b14, UInt8 b15) {
  CFUUIDBytes bytes = {b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15};
  return CFUUIDCreateFromUUIDBytes(allocator, bytes);
}

CFUUIDRef CFUUIDGetConstantUUIDWithBytes(CFAllocatorRef allocator, UInt8 b0, UInt8 b1, UInt8 b2, UInt8 b3, UInt8 b4,
                                         UInt8 b5, UInt8 b6, UInt8 b7, UInt8 b8, UInt8 b9, UInt8 b10, UInt8 b11,
                                         UInt8 b12, UInt8 b13, UInt8 b14, UInt8 b15) {
  static pthread_mutex_t constants_lock = PTHREAD_MUTEX_INITIALIZER;
  static struct cf_uuid constants[64];
  static size_t count;
  (void)allocator;
  rt_forbidden("CFUUIDGetConstantUUIDWithBytes");
  CFUUIDBytes bytes = {b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15};
  pthread_mutex_lock(&constants_lock);
  size_t index = 0;
  while (index < count && memcmp(&constants[index].bytes, &bytes, sizeof bytes) != 0)
    index++;
  if (index == count && count < sizeof constants / sizeof constants[0])
    constants[count++] = (struct cf_uuid){CF_IMMORTAL(CF_UUID), bytes};
  pthread_mutex_unlock(&constants_lock);
  return index < count ? (CFUUIDRef)(void *)&constants[index] : NULL;
}

CFUUIDBytes CFUUIDGetUUIDBytes(CFUUIDRef uuid) {
  CFUUIDBytes none = {0};
  return cf_check(uuid, CF_UUID, "CFUUIDGetUUIDBytes") ? ((const struct cf_uuid *)(const void *)uuid)->bytes : none;
}

CFUUIDRef CFUUIDCreateFromString(CFAllocatorRef allocator, CFStringRef text) {
  UInt8 bytes[16];
  const char *at = cf_utf8(text, "CFUUIDCreateFromString");
  for (size_t i = 0; i < 16; i++) {
    unsigned value = 0;
    at += *at == '-';
    if (sscanf(at, "%2x", &value) != 1)
      return NULL;
    bytes[i] = (UInt8)value;
    at += 2;
  }
  CFUUIDBytes packed;
  memcpy(&packed, bytes, sizeof packed);
  return CFUUIDCreateFromUUIDBytes(allocator, packed);
}

CFStringRef CFUUIDCreateString(CFAllocatorRef allocator, CFUUIDRef uuid) {
  CFUUIDBytes packed = CFUUIDGetUUIDBytes(uuid);
  UInt8 b[16];
  char text[40];
  memcpy(b, &packed, sizeof b);
  snprintf(text, sizeof text, "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return CFStringCreateWithCString(allocator, text, kCFStringEncodingUTF8);
}
