/* SPDX-License-Identifier: MIT
 *
 * Mathematics, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_MATH_H
#define ORIEL_DARWIN_LIBC_MATH_H

/* math.h */
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define HUGE_VAL __builtin_huge_val()
#define M_PI 3.14159265358979323846264338327950288
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#define ORIEL_MATH1(name) double name(double); float name##f(float);
#define ORIEL_MATH2(name) double name(double, double); float name##f(float, float);
ORIEL_MATH1(sin) ORIEL_MATH1(cos) ORIEL_MATH1(tan) ORIEL_MATH1(asin) ORIEL_MATH1(acos) ORIEL_MATH1(atan)
ORIEL_MATH1(exp) ORIEL_MATH1(exp2) ORIEL_MATH1(log) ORIEL_MATH1(log2) ORIEL_MATH1(log10) ORIEL_MATH1(sqrt)
ORIEL_MATH1(floor) ORIEL_MATH1(ceil) ORIEL_MATH1(fabs) ORIEL_MATH1(rint) ORIEL_MATH1(round) ORIEL_MATH1(trunc)
ORIEL_MATH1(cbrt) ORIEL_MATH1(tanh) ORIEL_MATH1(sinh) ORIEL_MATH1(cosh)
ORIEL_MATH2(pow) ORIEL_MATH2(fmod) ORIEL_MATH2(atan2) ORIEL_MATH2(fmin) ORIEL_MATH2(fmax) ORIEL_MATH2(hypot)
ORIEL_MATH2(copysign)
double ldexp(double value, int exponent);
double frexp(double value, int *exponent);
long lrint(double value);
long lrintf(float value);
long lround(double value);
long lroundf(float value);
long long llrint(double value);
long long llround(double value);

#endif
