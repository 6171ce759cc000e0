/* SPDX-License-Identifier: MIT
 *
 * See capture.h.
 */
#include "desktop/capture.h"

#include <errno.h>

int oriel_capture_init(struct oriel_capture *capture) {
  oriel_list_init(&capture->node);
  atomic_init(&capture->is_cancelled, false);
  return oriel_waiter_init(&capture->waiter);
}

void oriel_capture_finish(struct oriel_capture *capture) {
  oriel_waiter_finish(&capture->waiter);
}

void oriel_capture_cancel(struct oriel_capture *capture) {
  atomic_store(&capture->is_cancelled, true);
  oriel_waiter_wake(&capture->waiter);
}

int oriel_capture_check(const struct oriel_capture *capture) {
  return atomic_load(&capture->is_cancelled) ? -ECANCELED : 0;
}

void oriel_captures_wake(struct oriel_list *captures) {
  struct oriel_list *node;
  oriel_list_each(node, captures)
    oriel_waiter_wake(&oriel_list_entry(node, struct oriel_capture, node)->waiter);
}
