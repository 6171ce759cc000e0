/* SPDX-License-Identifier: MIT
 *
 * Imports of a bundle: memory, text, numbers, CoreFoundation, time and log. See shim.h.
 */
#include "tests/darwin/shim.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CoreFoundation/CoreFoundation.h>
#include <mach/mach_time.h>
#include <os/log.h>

#include "tests/darwin/cf_private.h"
#include "tests/darwin/rt.h"

/* Memory: watched, otherwise as it is. */

static void *shim_malloc(size_t size) {
  rt_forbidden("malloc");
  return malloc(size);
}

static void *shim_calloc(size_t count, size_t size) {
  rt_forbidden("calloc");
  return calloc(count, size);
}

static void *shim_realloc(void *old, size_t size) {
  rt_forbidden("realloc");
  return realloc(old, size);
}

static void shim_free(void *old) {
  rt_forbidden("free");
  free(old);
}

static int shim_posix_memalign(void **out, size_t alignment, size_t size) {
  rt_forbidden("posix_memalign");
  return shim_error(posix_memalign(out, alignment, size));
}

static void *shim_aligned_alloc(size_t alignment, size_t size) {
  rt_forbidden("aligned_alloc");
  return aligned_alloc(alignment, size);
}

static char *shim_strdup(const char *text) {
  rt_forbidden("strdup");
  return strdup(text);
}

static char *shim_strndup(const char *text, size_t size) {
  rt_forbidden("strndup");
  return strndup(text, size);
}

static void shim_bzero(void *memory, size_t size) {
  memset(memory, 0, size);
}

static void pattern(void *memory, const void *unit, size_t unit_size, size_t size) {
  uint8_t *to = memory;
  for (size_t i = 0; i < size; i++)
    to[i] = ((const uint8_t *)unit)[i % unit_size];
}

static void shim_memset_pattern4(void *memory, const void *unit, size_t size) {
  pattern(memory, unit, 4, size);
}

static void shim_memset_pattern8(void *memory, const void *unit, size_t size) {
  pattern(memory, unit, 8, size);
}

static void shim_memset_pattern16(void *memory, const void *unit, size_t size) {
  pattern(memory, unit, 16, size);
}

static char *shim_strerror(int error) {
  rt_forbidden("strerror");
  return strerror(shim_error_back(error));
}

/* Text */

static int shim_vsnprintf(char *out, size_t size, const char *format, va_list arguments) {
  rt_forbidden("vsnprintf");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return vsnprintf(out, size, format, arguments);
#pragma GCC diagnostic pop
}

static int shim_snprintf(char *out, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int count = shim_vsnprintf(out, size, format, arguments);
  va_end(arguments);
  return count;
}

static int shim_vfprintf(FILE *file, const char *format, va_list arguments) {
  rt_forbidden("vfprintf");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return vfprintf(file, format, arguments);
#pragma GCC diagnostic pop
}

static int shim_fprintf(FILE *file, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int count = shim_vfprintf(file, format, arguments);
  va_end(arguments);
  return count;
}

static int shim_printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int count = shim_vfprintf(stdout, format, arguments);
  va_end(arguments);
  return count;
}

static void shim_assert_rtn(const char *function, const char *file, int line, const char *text) {
  fprintf(stderr, "%s:%d: %s: assertion \"%s\" failed in the bundle\n", file, line, function, text);
  abort();
}

static void shim_stack_chk_fail(void) {
  fprintf(stderr, "the bundle overran a buffer on its stack\n");
  abort();
}

static void shim_stub_binder(void) {
  fprintf(stderr, "the bundle asks for lazy binding, which was done\n");
  abort();
}

static uintptr_t stack_guard = 0x00f00d00beef00aa;
static FILE *standard[3]; /* in, out, error */

/* Numbers: what the compiler calls for two results at once. */

struct two_floats {
  float sine, cosine;
};

struct two_doubles {
  double sine, cosine;
};

static struct two_floats shim_sincosf(float angle) {
  return (struct two_floats){sinf(angle), cosf(angle)};
}

static struct two_doubles shim_sincos(double angle) {
  return (struct two_doubles){sin(angle), cos(angle)};
}

static double shim_exp10(double power) {
  return pow(10, power);
}

static float shim_exp10f(float power) {
  return powf(10, power);
}

__extension__ typedef unsigned __int128 wide;
__extension__ typedef __int128 wide_signed;
wide __udivti3(wide a, wide b);
wide __umodti3(wide a, wide b);
wide_signed __divti3(wide_signed a, wide_signed b);
wide_signed __modti3(wide_signed a, wide_signed b);
double __floatuntidf(wide a);

/* Time */

enum { DARWIN_MONOTONIC_RAW = 4, DARWIN_MONOTONIC = 6, DARWIN_UPTIME_RAW = 8, DARWIN_UPTIME_RAW_APPROXIMATE = 9 };

static int shim_clock_gettime(int clock, struct timespec *time) {
  clockid_t ours = CLOCK_REALTIME;
  if (clock == DARWIN_MONOTONIC_RAW || clock == DARWIN_MONOTONIC || clock == DARWIN_UPTIME_RAW ||
      clock == DARWIN_UPTIME_RAW_APPROXIMATE)
    ours = CLOCK_MONOTONIC;
  else if (clock)
    errno = EINVAL;
  return (int)shim_result(clock && ours == CLOCK_REALTIME ? -1 : clock_gettime(ours, time));
}

static uint64_t shim_clock_nsec(int clock) {
  struct timespec time = {0};
  shim_clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int shim_nanosleep(const struct timespec *wanted, struct timespec *left) {
  rt_forbidden("nanosleep");
  return (int)shim_result(nanosleep(wanted, left));
}

/* Log: a head of 2 bytes (flags, count), then for each argument its kind, its size and its bytes. */

static size_t log_argument(const char *conversion, const uint8_t *at, size_t size, char *out, size_t room) {
  unsigned kind = at[0] >> 4;
  size_t length = at[1];
  int64_t number = 0;
  char last = conversion[strlen(conversion) - 1];
  if (length > size - 2)
    return size;
  memcpy(&number, at + 2, length < 8 ? length : 8);
  if (kind == 2 || last == 's')
    snprintf(out, room, "%s", number ? (const char *)(uintptr_t)number : "(null)");
  else if (strchr("fFgGeE", last)) {
    double real = 0;
    memcpy(&real, at + 2, sizeof real);
    snprintf(out, room, "%g", real);
  } else if (strchr("xXp", last))
    snprintf(out, room, "%llx", (unsigned long long)number);
  else
    snprintf(out, room, "%lld", length == 4 ? (long long)(int32_t)number : (long long)number);
  return 2 + length;
}

static void shim_os_log_impl(void *image, os_log_t log, os_log_type_t type, const char *format,
                             const uint8_t *arguments, uint32_t size) {
  (void)image;
  char text[1024];
  size_t used = 0, at = 2;
  rt_forbidden("os_log");
  while (*format && used < sizeof text - 1) {
    if (*format != '%' || format[1] == '%') {
      format += *format == '%';
      text[used++] = *format++;
      continue;
    }
    char conversion[48];
    size_t length = strcspn(format + 1, "dioxXucspfFgGeEm@");
    /* "{public}" has letters of its own. */
    if (format[1] == '{')
      length = (size_t)(strchr(format, '}') - format) + strcspn(strchr(format, '}') + 1, "dioxXucspfFgGeEm@");
    snprintf(conversion, sizeof conversion, "%.*s", (int)length + 2, format);
    format += length + 2;
    text[used] = 0;
    if (at + 2 <= size)
      at += log_argument(conversion, arguments + at, size - at, text + used, sizeof text - used);
    used += strlen(text + used);
  }
  text[used < sizeof text ? used : sizeof text - 1] = 0;
  os_log_text(log, type, "%s", text);
}

static bool shim_os_log_enabled(os_log_t log, os_log_type_t type) {
  (void)log;
  return type != OS_LOG_TYPE_DEBUG;
}

#define SAME(name) SHIM("_" #name, name)
#define OWN(name) SHIM("_" #name, shim_##name)
/* Both widths of a function of numbers. */
#define BOTH(name) SHIM("_" #name, name), SHIM("_" #name "f", name##f)

const struct shim shim_base[] = {
    OWN(malloc),
    OWN(calloc),
    OWN(realloc),
    OWN(free),
    OWN(posix_memalign),
    OWN(aligned_alloc),
    OWN(strdup),
    OWN(strndup),
    OWN(bzero),
    SHIM("___bzero", shim_bzero),
    OWN(memset_pattern4),
    OWN(memset_pattern8),
    OWN(memset_pattern16),
    SAME(memcpy),
    SAME(memmove),
    SAME(memset),
    SAME(memcmp),
    SAME(memchr),
    SAME(strlen),
    SAME(strnlen),
    SAME(strcmp),
    SAME(strncmp),
    SAME(strcasecmp),
    SAME(strchr),
    SAME(strrchr),
    SAME(strstr),
    SAME(strspn),
    SAME(strcspn),
    SAME(strcpy),
    SAME(strncpy),
    SAME(strtol),
    SAME(strtoul),
    SAME(strtoll),
    SAME(strtoull),
    SAME(strtod),
    SAME(strtof),
    SAME(qsort),
    SAME(abs),
    SAME(labs),
    SAME(abort),
    SAME(exit),
    SAME(getenv),
    SAME(sscanf),
    OWN(strerror),
    OWN(snprintf),
    OWN(vsnprintf),
    OWN(fprintf),
    OWN(vfprintf),
    OWN(printf),
    SAME(fopen),
    SAME(fclose),
    SAME(fread),
    SAME(fwrite),
    SAME(fflush),
    SAME(fputs),
    SAME(fputc),
    SAME(puts),
    SHIM("___assert_rtn", shim_assert_rtn),
    SHIM("___stack_chk_fail", shim_stack_chk_fail),
    SHIM("___stack_chk_guard", &stack_guard),
    SHIM("dyld_stub_binder", shim_stub_binder),
    SHIM("___stdinp", &standard[0]),
    SHIM("___stdoutp", &standard[1]),
    SHIM("___stderrp", &standard[2]),
    BOTH(sin),
    BOTH(cos),
    BOTH(tan),
    BOTH(asin),
    BOTH(acos),
    BOTH(atan),
    BOTH(sinh),
    BOTH(cosh),
    BOTH(tanh),
    BOTH(exp),
    BOTH(exp2),
    BOTH(log),
    BOTH(log2),
    BOTH(log10),
    BOTH(log1p),
    BOTH(expm1),
    BOTH(sqrt),
    BOTH(cbrt),
    BOTH(floor),
    BOTH(ceil),
    BOTH(fabs),
    BOTH(rint),
    BOTH(nearbyint),
    BOTH(round),
    BOTH(trunc),
    BOTH(pow),
    BOTH(fmod),
    BOTH(atan2),
    BOTH(fmin),
    BOTH(fmax),
    BOTH(hypot),
    BOTH(copysign),
    BOTH(ldexp),
    BOTH(frexp),
    BOTH(lrint),
    BOTH(lround),
    BOTH(llrint),
    BOTH(llround),
    SHIM("___sincosf_stret", shim_sincosf),
    SHIM("___sincos_stret", shim_sincos),
    SHIM("___exp10", shim_exp10),
    SHIM("___exp10f", shim_exp10f),
    SAME(__udivti3),
    SAME(__umodti3),
    SAME(__divti3),
    SAME(__modti3),
    SAME(__floatuntidf),
    OWN(clock_gettime),
    SHIM("_clock_gettime_nsec_np", shim_clock_nsec),
    OWN(nanosleep),
    SAME(time),
    SAME(gmtime_r),
    SAME(localtime_r),
    SAME(strftime),
    SAME(mach_timebase_info),
    SAME(mach_absolute_time),
    SAME(mach_continuous_time),
    SAME(mach_wait_until),
    SHIM("__os_log_impl", shim_os_log_impl),
    SHIM("__os_log_default", &_os_log_default),
    SAME(os_log_create),
    SHIM("_os_log_type_enabled", shim_os_log_enabled),
    SHIM("___CFConstantStringClassReference", __CFConstantStringClassReference),
    SHIM("_kCFAllocatorDefault", &kCFAllocatorDefault),
    SHIM("_kCFAllocatorSystemDefault", &kCFAllocatorSystemDefault),
    SHIM("_kCFAllocatorMalloc", &kCFAllocatorMalloc),
    SHIM("_kCFAllocatorNull", &kCFAllocatorNull),
    SHIM("_kCFBooleanTrue", &kCFBooleanTrue),
    SHIM("_kCFBooleanFalse", &kCFBooleanFalse),
    SHIM("_kCFTypeArrayCallBacks", &kCFTypeArrayCallBacks),
    SHIM("_kCFTypeDictionaryKeyCallBacks", &kCFTypeDictionaryKeyCallBacks),
    SHIM("_kCFCopyStringDictionaryKeyCallBacks", &kCFCopyStringDictionaryKeyCallBacks),
    SHIM("_kCFTypeDictionaryValueCallBacks", &kCFTypeDictionaryValueCallBacks),
    SAME(__CFStringMakeConstantString),
    SAME(CFRetain),
    SAME(CFRelease),
    SAME(CFGetRetainCount),
    SAME(CFGetTypeID),
    SAME(CFEqual),
    SAME(CFHash),
    SAME(CFShow),
    SAME(CFBooleanGetTypeID),
    SAME(CFBooleanGetValue),
    SAME(CFNumberGetTypeID),
    SAME(CFNumberCreate),
    SAME(CFNumberGetType),
    SAME(CFNumberIsFloatType),
    SAME(CFNumberGetValue),
    SAME(CFNumberCompare),
    SAME(CFStringGetTypeID),
    SAME(CFStringCreateWithCString),
    SAME(CFStringCreateWithBytes),
    SAME(CFStringCreateCopy),
    SAME(CFStringCreateWithFormat),
    SAME(CFStringCreateWithFormatAndArguments),
    SAME(CFStringGetLength),
    SAME(CFStringGetMaximumSizeForEncoding),
    SAME(CFStringGetCString),
    SAME(CFStringGetCStringPtr),
    SAME(CFStringGetBytes),
    SAME(CFStringGetCharacterAtIndex),
    SAME(CFStringCompare),
    SAME(CFStringHasPrefix),
    SAME(CFStringHasSuffix),
    SAME(CFStringGetIntValue),
    SAME(CFStringGetDoubleValue),
    SAME(CFDataGetTypeID),
    SAME(CFDataCreate),
    SAME(CFDataCreateWithBytesNoCopy),
    SAME(CFDataGetLength),
    SAME(CFDataGetBytePtr),
    SAME(CFArrayGetTypeID),
    SAME(CFArrayCreate),
    SAME(CFArrayCreateCopy),
    SAME(CFArrayCreateMutable),
    SAME(CFArrayGetCount),
    SAME(CFArrayGetValueAtIndex),
    SAME(CFArrayAppendValue),
    SAME(CFArrayRemoveAllValues),
    SAME(CFDictionaryGetTypeID),
    SAME(CFDictionaryCreate),
    SAME(CFDictionaryCreateCopy),
    SAME(CFDictionaryCreateMutable),
    SAME(CFDictionaryGetCount),
    SAME(CFDictionaryContainsKey),
    SAME(CFDictionaryGetValue),
    SAME(CFDictionaryGetValueIfPresent),
    SAME(CFDictionaryGetKeysAndValues),
    SAME(CFDictionaryApplyFunction),
    SAME(CFDictionaryAddValue),
    SAME(CFDictionarySetValue),
    SAME(CFDictionaryRemoveValue),
    SAME(CFUUIDGetTypeID),
    SAME(CFUUIDCreateWithBytes),
    SAME(CFUUIDCreateFromUUIDBytes),
    SAME(CFUUIDCreateFromString),
    SAME(CFUUIDCreateString),
    SAME(CFUUIDGetConstantUUIDWithBytes),
    SAME(CFUUIDGetUUIDBytes),
    SAME(CFURLGetTypeID),
    SAME(CFURLCreateFromFileSystemRepresentation),
    SAME(CFURLCreateWithFileSystemPath),
    SAME(CFURLCreateCopyAppendingPathComponent),
    SAME(CFURLCreateCopyDeletingLastPathComponent),
    SAME(CFURLGetFileSystemRepresentation),
    SAME(CFURLCopyFileSystemPath),
    SAME(CFBundleGetTypeID),
    SAME(CFBundleGetBundleWithIdentifier),
    SAME(CFBundleGetIdentifier),
    SAME(CFBundleGetValueForInfoDictionaryKey),
    SAME(CFBundleCopyBundleURL),
    SAME(CFBundleCopyResourceURL),
    SAME(CFPropertyListCreateWithData),
};
const size_t shim_base_count = sizeof shim_base / sizeof shim_base[0];

void *shim_lookup(void *context, const char *name) {
  (void)context;
  const struct {
    const struct shim *table;
    size_t count;
  } parts[] = {{shim_base, shim_base_count},
               {shim_posix, shim_posix_count},
               {shim_socket, shim_socket_count},
               {shim_thread, shim_thread_count}};
  standard[0] = stdin;
  standard[1] = stdout;
  standard[2] = stderr;
  for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++)
    for (size_t i = 0; i < parts[part].count; i++)
      if (strcmp(parts[part].table[i].name, name) == 0)
        return parts[part].table[i].address;
  return NULL;
}
