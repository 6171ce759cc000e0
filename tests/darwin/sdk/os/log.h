/* SPDX-License-Identifier: MIT
 *
 * The unified log of Darwin, in our own words. Only for literal formats, as the system's compiler extension demands.
 */
#ifndef ORIEL_DARWIN_OS_LOG_H
#define ORIEL_DARWIN_OS_LOG_H

#include <stdint.h>

typedef struct os_log_s *os_log_t;
typedef uint8_t os_log_type_t;
enum { OS_LOG_TYPE_DEFAULT = 0, OS_LOG_TYPE_INFO = 1, OS_LOG_TYPE_DEBUG = 2, OS_LOG_TYPE_ERROR = 16 };

extern struct os_log_s _os_log_default;
#define OS_LOG_DEFAULT (&_os_log_default)

os_log_t os_log_create(const char *subsystem, const char *category);

#if defined(__clang__) && defined(__APPLE__)
extern struct mach_header __dso_handle;
void _os_log_impl(void *image, os_log_t log, os_log_type_t type, const char *format, uint8_t *arguments, uint32_t size);
#define os_log_with_type(log, type, text, ...) \
  do { \
    static const char os_log_format_[] __attribute__((section("__TEXT,__oslogstring,cstring_literals"))) = text; \
    uint8_t __attribute__((aligned(16))) os_log_bytes_[__builtin_os_log_format_buffer_size(text, ##__VA_ARGS__)]; \
    __builtin_os_log_format(os_log_bytes_, text, ##__VA_ARGS__); \
    _os_log_impl((void *)&__dso_handle, (log), (type), os_log_format_, os_log_bytes_, \
                 (uint32_t)sizeof(os_log_bytes_)); \
  } while (0)
#else
/* What the tests' implementation takes instead: formatted text. */
void os_log_text(os_log_t log, os_log_type_t type, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define os_log_with_type(log, type, ...) os_log_text((log), (type), __VA_ARGS__)
#endif

#define os_log(log, ...) os_log_with_type(log, OS_LOG_TYPE_DEFAULT, __VA_ARGS__)
#define os_log_info(log, ...) os_log_with_type(log, OS_LOG_TYPE_INFO, __VA_ARGS__)
#define os_log_error(log, ...) os_log_with_type(log, OS_LOG_TYPE_ERROR, __VA_ARGS__)

#endif
