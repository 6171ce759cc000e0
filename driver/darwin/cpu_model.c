/* SPDX-License-Identifier: MIT
 *
 * What __builtin_cpu_supports reads on Intel. Apple's compiler links its own; a cross-build has none, so this fills the
 * one bit that our sources ask for. Runs once, before any other code of the image.
 */
#include <cpuid.h>
#include <stdint.h>

struct model {
  uint32_t vendor, type, subtype, features[1];
};

extern struct model __cpu_model;
__attribute__((visibility("hidden"))) struct model __cpu_model;

enum { FEATURE_AVX2 = 10 /* the compilers' number */ };

/* AVX2, if the system saves its registers, too. */
__attribute__((constructor)) static void find_features(void) {
  uint32_t a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
    return;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2))
    __cpu_model.features[0] |= UINT32_C(1) << FEATURE_AVX2;
}
