/* SPDX-License-Identifier: MIT
 *
 * Arrays and dictionaries of the tests' CoreFoundation. A dictionary is a list of pairs: those here are small. Any
 * thread for the immutable ones; one at a time for a mutable one.
 */
#include "tests/darwin/cf_private.h"

#include <stdlib.h>
#include <string.h>

struct cf_array {
  struct cf_object base;
  CFArrayCallBacks callbacks;
  bool mutable;
  CFIndex count;
  const void **values;
};

struct cf_dictionary {
  struct cf_object base;
  CFDictionaryKeyCallBacks key;
  CFDictionaryValueCallBacks value;
  bool mutable;
  CFIndex count;
  const void **keys, **values;
};

static const void *retain(CFAllocatorRef allocator, const void *value) {
  (void)allocator;
  return CFRetain(value);
}

static void release(CFAllocatorRef allocator, const void *value) {
  (void)allocator;
  CFRelease(value);
}

static const void *copy_string(CFAllocatorRef allocator, const void *value) {
  return CFStringCreateCopy(allocator, value);
}

const CFArrayCallBacks kCFTypeArrayCallBacks = {0, retain, release, NULL, CFEqual};
const CFDictionaryKeyCallBacks kCFTypeDictionaryKeyCallBacks = {0, retain, release, NULL, CFEqual, CFHash};
const CFDictionaryKeyCallBacks kCFCopyStringDictionaryKeyCallBacks = {0, copy_string, release, NULL, CFEqual, CFHash};
const CFDictionaryValueCallBacks kCFTypeDictionaryValueCallBacks = {0, retain, release, NULL, CFEqual};

static const void **grow(const void **list, CFIndex count) {
  const void **grown = realloc(list, ((size_t)count + 1) * sizeof *grown);
  if (!grown)
    abort();
  return grown;
}

/* Arrays */

static void array_clear(struct cf_array *array) {
  for (CFIndex i = 0; i < array->count; i++)
    if (array->callbacks.release)
      array->callbacks.release(NULL, array->values[i]);
  array->count = 0;
}

static void array_finish(struct cf_object *object) {
  struct cf_array *array = (struct cf_array *)object;
  array_clear(array);
  free(array->values);
}

static void array_append(struct cf_array *array, const void *value) {
  array->values = grow(array->values, array->count);
  array->values[array->count++] = array->callbacks.retain ? array->callbacks.retain(NULL, value) : value;
}

CFTypeID CFArrayGetTypeID(void) {
  return CF_ARRAY;
}

CFMutableArrayRef CFArrayCreateMutable(CFAllocatorRef allocator, CFIndex capacity, const CFArrayCallBacks *callbacks) {
  (void)allocator, (void)capacity;
  struct cf_array *array = cf_new(CF_ARRAY, sizeof *array, array_finish);
  if (callbacks)
    array->callbacks = *callbacks;
  array->mutable = true;
  return (CFMutableArrayRef)(void *)array;
}

CFArrayRef CFArrayCreate(CFAllocatorRef allocator, const void **values, CFIndex count,
                         const CFArrayCallBacks *callbacks) {
  struct cf_array *array = (void *)CFArrayCreateMutable(allocator, count, callbacks);
  for (CFIndex i = 0; i < count; i++)
    array_append(array, values[i]);
  array->mutable = false;
  return (CFArrayRef)(void *)array;
}

CFArrayRef CFArrayCreateCopy(CFAllocatorRef allocator, CFArrayRef array) {
  if (!cf_check(array, CF_ARRAY, "CFArrayCreateCopy"))
    return NULL;
  const struct cf_array *from = (const void *)array;
  return CFArrayCreate(allocator, from->values, from->count, &from->callbacks);
}

CFIndex CFArrayGetCount(CFArrayRef array) {
  return cf_check(array, CF_ARRAY, "CFArrayGetCount") ? ((const struct cf_array *)(const void *)array)->count : 0;
}

const void *CFArrayGetValueAtIndex(CFArrayRef array, CFIndex index) {
  if (!cf_check(array, CF_ARRAY, "CFArrayGetValueAtIndex"))
    return NULL;
  const struct cf_array *list = (const void *)array;
  if (index < 0 || index >= list->count) {
    cf_fault("CFArrayGetValueAtIndex: %ld of %ld", index, list->count);
    return NULL;
  }
  return list->values[index];
}

static struct cf_array *array_for_change(CFMutableArrayRef array, const char *caller) {
  if (!cf_check(array, CF_ARRAY, caller))
    return NULL;
  struct cf_array *list = (void *)array;
  if (!list->mutable)
    cf_fault("%s: this array cannot change", caller);
  return list->mutable ? list : NULL;
}

void CFArrayAppendValue(CFMutableArrayRef array, const void *value) {
  struct cf_array *list = array_for_change(array, "CFArrayAppendValue");
  if (list)
    array_append(list, value);
}

void CFArrayRemoveAllValues(CFMutableArrayRef array) {
  struct cf_array *list = array_for_change(array, "CFArrayRemoveAllValues");
  if (list)
    array_clear(list);
}

bool cf_array_equal(const void *a, const void *b) {
  const struct cf_array *left = a, *right = b;
  if (left->count != right->count)
    return false;
  for (CFIndex i = 0; i < left->count; i++) {
    bool same = left->callbacks.equal ? left->callbacks.equal(left->values[i], right->values[i])
                                      : left->values[i] == right->values[i];
    if (!same)
      return false;
  }
  return true;
}

/* Dictionaries */

static void dictionary_drop(struct cf_dictionary *dictionary, CFIndex index) {
  if (dictionary->key.release)
    dictionary->key.release(NULL, dictionary->keys[index]);
  if (dictionary->value.release)
    dictionary->value.release(NULL, dictionary->values[index]);
}

static void dictionary_finish(struct cf_object *object) {
  struct cf_dictionary *dictionary = (struct cf_dictionary *)object;
  for (CFIndex i = 0; i < dictionary->count; i++)
    dictionary_drop(dictionary, i);
  free(dictionary->keys);
  free(dictionary->values);
}

/* -1 if there is none. */
static CFIndex dictionary_find(const struct cf_dictionary *dictionary, const void *key) {
  for (CFIndex i = 0; i < dictionary->count; i++) {
    bool same = dictionary->key.equal ? dictionary->key.equal(dictionary->keys[i], key) : dictionary->keys[i] == key;
    if (same)
      return i;
  }
  return -1;
}

static void dictionary_put(struct cf_dictionary *dictionary, const void *key, const void *value, bool replace) {
  CFIndex index = dictionary_find(dictionary, key);
  if (index >= 0 && !replace)
    return;
  const void *kept = dictionary->value.retain ? dictionary->value.retain(NULL, value) : value;
  if (index >= 0) {
    if (dictionary->value.release)
      dictionary->value.release(NULL, dictionary->values[index]);
    dictionary->values[index] = kept;
    return;
  }
  dictionary->keys = grow(dictionary->keys, dictionary->count);
  dictionary->values = grow(dictionary->values, dictionary->count);
  dictionary->keys[dictionary->count] = dictionary->key.retain ? dictionary->key.retain(NULL, key) : key;
  dictionary->values[dictionary->count++] = kept;
}

CFTypeID CFDictionaryGetTypeID(void) {
  return CF_DICTIONARY;
}

CFMutableDictionaryRef CFDictionaryCreateMutable(CFAllocatorRef allocator, CFIndex capacity,
                                                 const CFDictionaryKeyCallBacks *key,
                                                 const CFDictionaryValueCallBacks *value) {
  (void)allocator, (void)capacity;
  struct cf_dictionary *dictionary = cf_new(CF_DICTIONARY, sizeof *dictionary, dictionary_finish);
  if (key)
    dictionary->key = *key;
  if (value)
    dictionary->value = *value;
  dictionary->mutable = true;
  return (CFMutableDictionaryRef)(void *)dictionary;
}

CFDictionaryRef CFDictionaryCreate(CFAllocatorRef allocator, const void **keys, const void **values, CFIndex count,
                                   const CFDictionaryKeyCallBacks *key, const CFDictionaryValueCallBacks *value) {
  struct cf_dictionary *dictionary = (void *)CFDictionaryCreateMutable(allocator, count, key, value);
  for (CFIndex i = 0; i < count; i++)
    dictionary_put(dictionary, keys[i], values[i], false);
  dictionary->mutable = false;
  return (CFDictionaryRef)(void *)dictionary;
}

CFDictionaryRef CFDictionaryCreateCopy(CFAllocatorRef allocator, CFDictionaryRef dictionary) {
  if (!cf_check(dictionary, CF_DICTIONARY, "CFDictionaryCreateCopy"))
    return NULL;
  const struct cf_dictionary *from = (const void *)dictionary;
  return CFDictionaryCreate(allocator, from->keys, from->values, from->count, &from->key, &from->value);
}

CFIndex CFDictionaryGetCount(CFDictionaryRef dictionary) {
  return cf_check(dictionary, CF_DICTIONARY, "CFDictionaryGetCount")
           ? ((const struct cf_dictionary *)(const void *)dictionary)->count
           : 0;
}

Boolean CFDictionaryGetValueIfPresent(CFDictionaryRef dictionary, const void *key, const void **value) {
  if (!cf_check(dictionary, CF_DICTIONARY, "CFDictionaryGetValue"))
    return false;
  const struct cf_dictionary *list = (const void *)dictionary;
  CFIndex index = dictionary_find(list, key);
  if (index >= 0 && value)
    *value = list->values[index];
  return index >= 0;
}

Boolean CFDictionaryContainsKey(CFDictionaryRef dictionary, const void *key) {
  return CFDictionaryGetValueIfPresent(dictionary, key, NULL);
}

const void *CFDictionaryGetValue(CFDictionaryRef dictionary, const void *key) {
  const void *value = NULL;
  CFDictionaryGetValueIfPresent(dictionary, key, &value);
  return value;
}

void CFDictionaryGetKeysAndValues(CFDictionaryRef dictionary, const void **keys, const void **values) {
  if (!cf_check(dictionary, CF_DICTIONARY, "CFDictionaryGetKeysAndValues"))
    return;
  const struct cf_dictionary *list = (const void *)dictionary;
  size_t size = (size_t)list->count * sizeof *list->keys;
  if (keys && size)
    memcpy(keys, list->keys, size);
  if (values && size)
    memcpy(values, list->values, size);
}

void CFDictionaryApplyFunction(CFDictionaryRef dictionary, CFDictionaryApplierFunction applier, void *context) {
  if (!cf_check(dictionary, CF_DICTIONARY, "CFDictionaryApplyFunction"))
    return;
  const struct cf_dictionary *list = (const void *)dictionary;
  for (CFIndex i = 0; i < list->count; i++)
    applier(list->keys[i], list->values[i], context);
}

static struct cf_dictionary *dictionary_for_change(CFMutableDictionaryRef dictionary, const char *caller) {
  if (!cf_check(dictionary, CF_DICTIONARY, caller))
    return NULL;
  struct cf_dictionary *list = (void *)dictionary;
  if (!list->mutable)
    cf_fault("%s: this dictionary cannot change", caller);
  return list->mutable ? list : NULL;
}

void CFDictionaryAddValue(CFMutableDictionaryRef dictionary, const void *key, const void *value) {
  struct cf_dictionary *list = dictionary_for_change(dictionary, "CFDictionaryAddValue");
  if (list)
    dictionary_put(list, key, value, false);
}

void CFDictionarySetValue(CFMutableDictionaryRef dictionary, const void *key, const void *value) {
  struct cf_dictionary *list = dictionary_for_change(dictionary, "CFDictionarySetValue");
  if (list)
    dictionary_put(list, key, value, true);
}

void CFDictionaryRemoveValue(CFMutableDictionaryRef dictionary, const void *key) {
  struct cf_dictionary *list = dictionary_for_change(dictionary, "CFDictionaryRemoveValue");
  CFIndex index = list ? dictionary_find(list, key) : -1;
  if (index < 0)
    return;
  dictionary_drop(list, index);
  list->count--;
  list->keys[index] = list->keys[list->count];
  list->values[index] = list->values[list->count];
}

bool cf_dictionary_equal(const void *a, const void *b) {
  const struct cf_dictionary *left = a, *right = b;
  if (left->count != right->count)
    return false;
  for (CFIndex i = 0; i < left->count; i++) {
    CFIndex index = dictionary_find(right, left->keys[i]);
    if (index < 0)
      return false;
    bool same = left->value.equal ? left->value.equal(left->values[i], right->values[index])
                                  : left->values[i] == right->values[index];
    if (!same)
      return false;
  }
  return true;
}
