/* SPDX-License-Identifier: MIT
 *
 * Rate control against model pictures whose size follows QP exactly, at slopes from grain to text.
 */
#include "media/rate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/clock.h"

enum { KBPS = 4000, FPS = 60, ACTIVITY = 2000000, QP_MIN = 22, QP_MAX = 50 };
static const double bits_per_second = KBPS * 1000.0;

/* What a picture of ACTIVITY costs at `qp`, if at QP 26 it costs `at_26` bits a unit and `steps` halve it. */
static uint64_t model_bits(double at_26, double steps, int qp) {
  return (uint64_t)(ACTIVITY * at_26 * exp2((26 - qp) / steps)) + 300;
}

static int step(struct oriel_rate *rate, enum oriel_rate_kind kind, uint64_t now, double at_26, double steps,
                uint64_t *bits) {
  int qp = oriel_rate_qp(rate, kind, now, ACTIVITY, QP_MIN, QP_MAX);
  assert_in_range(qp, QP_MIN, QP_MAX);
  *bits = model_bits(at_26, steps, qp);
  oriel_rate_spend(rate, kind, ACTIVITY, qp, *bits);
  return qp;
}

/* After a second of settling, motion of any kind uses the rate, keeps to it, and does not swing. */
static void rate_steady_motion(void **unused) {
  (void)unused;
  static const struct {
    double at_26, steps;
  } kinds[] = {{0.1, 3}, {0.3, 4}, {0.2, 6}, {0.15, 8}, {0.1, 10}};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    struct oriel_rate rate;
    oriel_rate_init(&rate, KBPS, FPS);
    uint64_t now = ORIEL_NS_PER_SECOND, bits = 0;
    step(&rate, ORIEL_RATE_KEY, now, kinds[i].at_26, kinds[i].steps, &bits);
    double total = 0;
    int lowest = QP_MAX, highest = QP_MIN;
    for (int frame = 0; frame < 5 * FPS; frame++) {
      now += ORIEL_NS_PER_SECOND / FPS;
      int qp = step(&rate, ORIEL_RATE_DELTA, now, kinds[i].at_26, kinds[i].steps, &bits);
      if (frame < 2 * FPS)
        continue;
      total += (double)bits;
      lowest = qp < lowest ? qp : lowest;
      highest = qp > highest ? qp : highest;
    }
    assert_true(total < 1.05 * bits_per_second * 3);
    assert_true(total > 0.8 * bits_per_second * 3);
    assert_in_range(highest - lowest, 0, 6);
  }
}

/* Half the pictures a second, twice the bits for each: time counts, not pictures. */
static void rate_counts_time(void **unused) {
  (void)unused;
  struct oriel_rate rate;
  oriel_rate_init(&rate, KBPS, FPS);
  uint64_t now = ORIEL_NS_PER_SECOND, bits = 0;
  double total = 0;
  for (int frame = 0; frame < 4 * 10; frame++) { /* ten pictures a second */
    now += ORIEL_NS_PER_SECOND / 10;
    step(&rate, ORIEL_RATE_DELTA, now, 1, 6, &bits);
    total += frame >= 20 ? (double)bits : 0;
  }
  assert_true(total > 0.8 * bits_per_second * 2 && total < 1.1 * bits_per_second * 2);
}

static void rate_idle_refills(void **unused) {
  (void)unused;
  struct oriel_rate rate;
  oriel_rate_init(&rate, KBPS, FPS);
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_rate_qp(&rate, ORIEL_RATE_KEY, now, ACTIVITY, QP_MIN, QP_MAX);
  oriel_rate_spend(&rate, ORIEL_RATE_KEY, ACTIVITY, 26, (uint64_t)bits_per_second / 4);
  int busy = oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now + ORIEL_NS_PER_MS, ACTIVITY, QP_MIN, QP_MAX);
  int rested = oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now + ORIEL_NS_PER_SECOND, ACTIVITY, QP_MIN, QP_MAX);
  assert_true(busy >= rested + 6);
  assert_true(rate.level <= bits_per_second * 0.126); /* and an hour's rest saves no more */
  oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now + 3600 * ORIEL_NS_PER_SECOND, ACTIVITY, QP_MIN, QP_MAX);
  assert_true(rate.level <= bits_per_second * 0.126);
}

/* A picture ten times dearer than foreseen costs half a second of quality, not ten. */
static void rate_debt_is_bounded(void **unused) {
  (void)unused;
  struct oriel_rate rate;
  oriel_rate_init(&rate, KBPS, FPS);
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now, ACTIVITY, QP_MIN, QP_MAX);
  oriel_rate_spend(&rate, ORIEL_RATE_DELTA, ACTIVITY, 30, 10 * (uint64_t)bits_per_second);
  assert_true(rate.level >= -0.51 * bits_per_second);
}

/* Small damage beside a video stays cheap to foresee and does not disturb it; time that stands still or goes back is
 * no refill. */
static void rate_small_beside_motion(void **unused) {
  (void)unused;
  struct oriel_rate rate;
  oriel_rate_init(&rate, KBPS, FPS);
  uint64_t now = ORIEL_NS_PER_SECOND, bits = 0;
  int qp = 0;
  for (int frame = 0; frame < 120; frame++) {
    now += ORIEL_NS_PER_SECOND / FPS;
    qp = step(&rate, ORIEL_RATE_DELTA, now, 0.3, 6, &bits);
  }
  assert_true(qp > QP_MIN);
  assert_int_equal(oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now, 2000, QP_MIN, QP_MAX), QP_MIN);
  oriel_rate_spend(&rate, ORIEL_RATE_DELTA, 2000, QP_MIN, 900);
  now += ORIEL_NS_PER_SECOND / FPS;
  int after = step(&rate, ORIEL_RATE_DELTA, now, 0.3, 6, &bits);
  assert_in_range(after, qp - 2, qp + 3);
  double level = rate.level;
  oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now, ACTIVITY, QP_MIN, QP_MAX);
  oriel_rate_qp(&rate, ORIEL_RATE_DELTA, now - 1000, ACTIVITY, QP_MIN, QP_MAX);
  assert_true(level == rate.level);
}

static void rate_lowered(void **unused) {
  (void)unused;
  struct oriel_rate rate;
  oriel_rate_init(&rate, KBPS, FPS);
  oriel_rate_set(&rate, KBPS / 10, FPS);
  assert_true(rate.level <= bits_per_second / 10 * 0.126);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(rate_steady_motion),       cmocka_unit_test(rate_counts_time),
    cmocka_unit_test(rate_idle_refills),        cmocka_unit_test(rate_debt_is_bounded),
    cmocka_unit_test(rate_small_beside_motion), cmocka_unit_test(rate_lowered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
