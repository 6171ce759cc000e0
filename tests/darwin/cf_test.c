/* SPDX-License-Identifier: MIT
 *
 * The tests' CoreFoundation: that it counts, and that it tells when a driver gets it wrong.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/darwin/cf.h"
#include "tests/darwin/rt.h"

static CFStringRef text(const char *utf8) {
  return CFStringCreateWithCString(NULL, utf8, kCFStringEncodingUTF8);
}

static int fresh(void **state) {
  (void)state;
  cf_faults_reset();
  rt_reset();
  return 0;
}

static void string_measures_utf16(void **state) {
  (void)state;
  CFStringRef string = text("a\xc3\xa9\xf0\x9f\x8e\xb5"); /* one, one and two units */
  assert_int_equal(CFStringGetLength(string), 4);
  char small[7], large[8];
  assert_false(CFStringGetCString(string, small, sizeof small, kCFStringEncodingUTF8));
  assert_true(CFStringGetCString(string, large, sizeof large, kCFStringEncodingUTF8));
  assert_false(CFStringGetCString(string, large, sizeof large, kCFStringEncodingASCII));
  assert_int_equal(CFStringGetCharacterAtIndex(string, 1), 0xe9);
  CFIndex used = 0;
  UInt8 bytes[8];
  assert_int_equal(CFStringGetBytes(string, CFRangeMake(1, 1), kCFStringEncodingUTF8, 0, false, bytes, 8, &used), 1);
  assert_int_equal(used, 2);
  CFRelease(string);
  assert_null(CFStringCreateWithBytes(NULL, (const UInt8 *)"\xc3", 1, kCFStringEncodingUTF8, false));
  assert_int_equal(cf_fault_count(), 0);
}

static void string_constant_never_dies(void **state) {
  (void)state;
  size_t before = cf_live();
  for (int i = 0; i < 3; i++)
    CFRelease(CFSTR("fixed"));
  assert_ptr_equal(CFSTR("fixed"), CFSTR("fixed"));
  assert_int_equal(cf_live(), before);
  assert_int_equal(cf_fault_count(), 0);
}

/* The layout that a Darwin compiler lays down for CFSTR. */
static void string_of_the_compiler_is_known(void **state) {
  (void)state;
  extern int __CFConstantStringClassReference[];
  struct {
    const void *isa;
    uint64_t flags;
    const char *text;
    long length;
  } constant = {__CFConstantStringClassReference, 0x7c8, "built in", 8};
  CFStringRef string = (CFStringRef)(const void *)&constant, same = text("built in");
  assert_int_equal(CFGetTypeID(string), CFStringGetTypeID());
  assert_true(CFEqual(string, same));
  assert_int_equal(CFHash(string), CFHash(same));
  CFRelease(CFRetain(string));
  CFRelease(same);
  assert_int_equal(cf_fault_count(), 0);
}

static void release_twice_is_noted(void **state) {
  (void)state;
  CFStringRef string = text("gone");
  CFRelease(string);
  assert_int_equal(cf_fault_count(), 0);
  CFRelease(string);
  assert_int_equal(cf_fault_count(), 1);
  assert_non_null(strstr(cf_fault_text(), "after its last release"));
  assert_int_equal(CFStringGetLength(string), 0);
  assert_int_equal(cf_fault_count(), 2);
}

static void misuse_is_noted(void **state) {
  (void)state;
  CFArrayRef array = CFArrayCreate(NULL, NULL, 0, &kCFTypeArrayCallBacks);
  CFRelease(NULL);
  assert_int_equal(cf_fault_count(), 1);
  assert_null(CFArrayGetValueAtIndex(array, 0));
  assert_int_equal(cf_fault_count(), 2);
  assert_int_equal(CFStringGetLength((CFStringRef)(const void *)array), 0);
  assert_int_equal(cf_fault_count(), 3);
  CFArrayAppendValue((CFMutableArrayRef)(uintptr_t)array, CFSTR("x"));
  assert_int_equal(cf_fault_count(), 4);
  CFRelease(array);
}

static void leak_is_reported(void **state) {
  (void)state;
  uint64_t mark = cf_mark();
  char report[256];
  assert_int_equal(cf_report_since(mark, report, sizeof report), 0);
  CFStringRef string = text("forgotten");
  assert_int_equal(cf_report_since(mark, report, sizeof report), 1);
  assert_non_null(strstr(report, "forgotten"));
  CFRelease(string);
  assert_int_equal(cf_report_since(mark, report, sizeof report), 0);
}

static void use_in_io_callback_is_noted(void **state) {
  (void)state;
  CFStringRef string = text("x");
  rt_enter();
  CFRelease(CFRetain(string));
  rt_leave();
  assert_int_equal(rt_count(), 2);
  assert_string_equal(rt_note(0), "CFRetain");
  CFRelease(string);
}

static void system_call_in_io_callback_is_noted(void **state) {
  (void)state;
  if (!rt_watch_syscalls())
    skip();
  getppid();
  assert_int_equal(rt_count(), 0);
  rt_enter();
  getppid();
  rt_leave();
  assert_int_equal(rt_count(), 1);
  assert_string_equal(rt_note(0), "system call 110");
  assert_true(getppid() > 0);
}

static void collection_keeps_and_drops(void **state) {
  (void)state;
  size_t before = cf_live();
  CFStringRef value = text("value");
  CFMutableDictionaryRef map =
    CFDictionaryCreateMutable(NULL, 0, &kCFTypeDictionaryKeyCallBacks, &kCFTypeDictionaryValueCallBacks);
  CFDictionarySetValue(map, CFSTR("key"), value);
  CFDictionarySetValue(map, CFSTR("key"), value);
  CFDictionaryAddValue(map, CFSTR("key"), CFSTR("other"));
  assert_int_equal(CFDictionaryGetCount(map), 1);
  assert_int_equal(CFGetRetainCount(value), 2);
  assert_ptr_equal(CFDictionaryGetValue(map, CFSTR("key")), value);
  const void *list[] = {map, value};
  CFArrayRef array = CFArrayCreate(NULL, list, 2, &kCFTypeArrayCallBacks);
  CFRelease(map);
  CFRelease(value);
  assert_int_equal(CFDictionaryGetCount(CFArrayGetValueAtIndex(array, 0)), 1);
  CFRelease(array);
  assert_int_equal(cf_live(), before);
  assert_int_equal(cf_fault_count(), 0);
}

static void number_converts_and_tells(void **state) {
  (void)state;
  double real = 2.5;
  SInt32 word = 0;
  SInt8 byte = 0;
  CFNumberRef number = CFNumberCreate(NULL, kCFNumberDoubleType, &real);
  assert_false(CFNumberGetValue(number, kCFNumberSInt32Type, &word));
  assert_int_equal(word, 2);
  CFRelease(number);
  word = 300;
  number = CFNumberCreate(NULL, kCFNumberIntType, &word);
  assert_false(CFNumberGetValue(number, kCFNumberSInt8Type, &byte));
  assert_true(CFNumberGetValue(number, kCFNumberFloat64Type, &real));
  assert_true(real == 300);
  CFRelease(number);
}

static void plist_comes_back(void **state) {
  (void)state;
  static const char source[] =
    "<?xml version=\"1.0\"?><!DOCTYPE plist><plist version=\"1.0\"><!-- note --><dict><key>a&amp;b</key>"
    "<array><integer>-5</integer><real>0.25</real><true/><string>&lt;x&gt;</string><dict/></array></dict></plist>";
  size_t before = cf_live();
  CFPropertyListRef list = cf_plist_parse(source, sizeof source - 1);
  assert_non_null(list);
  char *out = cf_plist_text(list);
  CFPropertyListRef again = cf_plist_parse(out, strlen(out));
  assert_true(CFEqual(list, again));
  CFArrayRef array = CFDictionaryGetValue(list, CFSTR("a&b"));
  assert_int_equal(CFArrayGetCount(array), 5);
  assert_true(CFEqual(CFArrayGetValueAtIndex(array, 3), CFSTR("<x>")));
  free(out);
  CFRelease(again);
  CFRelease(list);
  for (size_t cut = 0; cut < sizeof source - 1; cut++)
    assert_null(cf_plist_parse(source, cut));
  assert_int_equal(cf_live(), before);
}

static void uuid_reads_and_prints(void **state) {
  (void)state;
  CFUUIDRef uuid = CFUUIDCreateFromString(NULL, CFSTR("443ABAB8-E7B3-491A-B985-BEB9187030DB"));
  CFUUIDRef constant = CFUUIDGetConstantUUIDWithBytes(NULL, 0x44, 0x3A, 0xBA, 0xB8, 0xE7, 0xB3, 0x49, 0x1A, 0xB9, 0x85,
                                                      0xBE, 0xB9, 0x18, 0x70, 0x30, 0xDB);
  assert_true(CFEqual(uuid, constant));
  CFStringRef string = CFUUIDCreateString(NULL, uuid);
  assert_true(CFEqual(string, CFSTR("443ABAB8-E7B3-491A-B985-BEB9187030DB")));
  CFRelease(string);
  CFRelease(uuid);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(string_measures_utf16, fresh),
    cmocka_unit_test_setup(string_constant_never_dies, fresh),
    cmocka_unit_test_setup(string_of_the_compiler_is_known, fresh),
    cmocka_unit_test_setup(release_twice_is_noted, fresh),
    cmocka_unit_test_setup(misuse_is_noted, fresh),
    cmocka_unit_test_setup(leak_is_reported, fresh),
    cmocka_unit_test_setup(use_in_io_callback_is_noted, fresh),
    cmocka_unit_test_setup(system_call_in_io_callback_is_noted, fresh),
    cmocka_unit_test_setup(collection_keeps_and_drops, fresh),
    cmocka_unit_test_setup(number_converts_and_tells, fresh),
    cmocka_unit_test_setup(plist_comes_back, fresh),
    cmocka_unit_test_setup(uuid_reads_and_prints, fresh),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
