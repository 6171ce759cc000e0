/* SPDX-License-Identifier: MIT
 *
 * An exhaustive model of C's weak memory for small lock-free algorithms, whose own source is compiled in with its
 * atomic accesses and copies turned into calls of this.
 *
 * Memory keeps every value a location ever had. Each thread has a view: for each location, the oldest value it may
 * still see. A load returns any value from there on; a release store or fence passes the view on with the value, an
 * acquire load or fence takes it over. That is C11 without loads that see the future, which no compiler or processor
 * makes of these algorithms. Races of plain accesses are found by the same views. model_explore() runs the program
 * once for every combination of choices: which value each load returns and, between threads, who runs next.
 *
 * To show that it can fail, and that each order in the source is needed, one source line at a time can be made relaxed.
 */
#ifndef TESTS_CORE_MEMORY_MODEL_H
#define TESTS_CORE_MEMORY_MODEL_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MODEL_LOCATIONS = 16, MODEL_VALUES = 24, MODEL_THREADS = 2, MODEL_CHOICES = 256, MODEL_LINES = 16 };

struct model_view {
  uint8_t value[MODEL_LOCATIONS]; /* index of a value */
  uint8_t reads[MODEL_LOCATIONS]; /* plain reads of it known to be over */
};

struct model_location {
  const void *address;
  uint64_t values[MODEL_VALUES];
  struct model_view views[MODEL_VALUES];
  uint8_t count, reads;
};

static struct {
  struct model_location locations[MODEL_LOCATIONS];
  size_t location_count;
  struct {
    struct model_view now, at_acquire, at_release; /* its own; what an acquire fence adds; what a release fence kept */
  } threads[MODEL_THREADS];
  int self;
  bool raced;
  uint8_t chosen[MODEL_CHOICES], options[MODEL_CHOICES];
  size_t choice, prefix;
  int weak_line; /* 0: none */
  int lines[MODEL_LINES];
  size_t line_count;
} model;

/* One of 0..options - 1. */
static inline size_t model_choose(size_t options) {
  if (options == 1)
    return 0;
  assert(model.choice < MODEL_CHOICES && options < 256);
  if (model.choice >= model.prefix)
    model.chosen[model.choice] = 0;
  model.options[model.choice] = (uint8_t)options;
  return model.chosen[model.choice++];
}

static inline void model_join(struct model_view *to, const struct model_view *from) {
  for (size_t i = 0; i < MODEL_LOCATIONS; i++) {
    to->value[i] = to->value[i] > from->value[i] ? to->value[i] : from->value[i];
    to->reads[i] = to->reads[i] > from->reads[i] ? to->reads[i] : from->reads[i];
  }
}

/* The location at an address; its first value is `initial`. */
static inline size_t model_at(const void *address, uint64_t initial) {
  for (size_t i = 0; i < model.location_count; i++)
    if (model.locations[i].address == address)
      return i;
  assert(model.location_count < MODEL_LOCATIONS);
  model.locations[model.location_count] = (struct model_location){.address = address, .values = {initial}, .count = 1};
  return model.location_count++;
}

/* Whether the order of an access of source line `line` (0: the test's own) holds; notes that there is one. */
static inline bool model_strong(memory_order order, int line) {
  if (order == memory_order_relaxed || !line)
    return order != memory_order_relaxed;
  size_t i = 0;
  while (i < model.line_count && model.lines[i] != line)
    i++;
  if (i == model.line_count) {
    assert(model.line_count < MODEL_LINES);
    model.lines[model.line_count++] = line;
  }
  return line != model.weak_line;
}

static inline uint64_t model_load(const void *address, memory_order order, int line) {
  const size_t at = model_at(address, 0);
  struct model_location *location = &model.locations[at];
  struct model_view *now = &model.threads[model.self].now;
  const size_t oldest = now->value[at];
  /* The newest first. */
  const size_t pick = location->count - 1 - model_choose(location->count - oldest);
  now->value[at] = (uint8_t)pick;
  model_join(model_strong(order, line) ? now : &model.threads[model.self].at_acquire, &location->views[pick]);
  return location->values[pick];
}

static inline void model_store(const void *address, uint64_t value, memory_order order, int line) {
  const size_t at = model_at(address, 0);
  struct model_location *location = &model.locations[at];
  struct model_view *now = &model.threads[model.self].now;
  assert(location->count < MODEL_VALUES);
  const uint8_t index = location->count++;
  now->value[at] = index;
  location->values[index] = value;
  location->views[index] = model_strong(order, line) ? *now : model.threads[model.self].at_release;
  location->views[index].value[at] = index;
}

static inline void model_fence(memory_order order, int line) {
  if (!model_strong(order, line))
    return;
  if (order == memory_order_acquire)
    model_join(&model.threads[model.self].now, &model.threads[model.self].at_acquire);
  else
    model.threads[model.self].at_release = model.threads[model.self].now;
}

/* Plain accesses: a race unless everything the other thread did there is known to have happened before. */
static inline uint64_t model_plain_load(const void *address) {
  const size_t at = model_at(address, 0);
  struct model_location *location = &model.locations[at];
  struct model_view *now = &model.threads[model.self].now;
  model.raced |= now->value[at] != location->count - 1;
  now->reads[at] = ++location->reads;
  return location->values[location->count - 1];
}

static inline void model_plain_store(const void *address, uint64_t value) {
  const size_t at = model_at(address, 0);
  struct model_location *location = &model.locations[at];
  struct model_view *now = &model.threads[model.self].now;
  model.raced |= now->value[at] != location->count - 1 || now->reads[at] != location->reads;
  assert(location->count < MODEL_VALUES);
  now->value[at] = location->count;
  location->values[location->count++] = value;
}

/* Runs `run` for every combination of choices. Returns how many; *wrong counts those that returned false or raced. */
static inline size_t model_explore(bool (*run)(void), int weak_line, size_t *wrong) {
  size_t runs = 0;
  *wrong = 0;
  model.weak_line = weak_line;
  model.prefix = 0;
  for (;;) {
    model.location_count = 0;
    memset(model.threads, 0, sizeof model.threads);
    model.raced = false;
    model.choice = 0;
    runs++;
    *wrong += !run() || model.raced;
    size_t last = model.choice;
    while (last > 0 && model.chosen[last - 1] + 1 >= model.options[last - 1])
      last--;
    if (!last)
      return runs;
    model.chosen[last - 1]++;
    model.prefix = last;
  }
}

/* Makes each ordered line of the source relaxed, one at a time. Returns how many of them nobody missed; each is
 * named. */
static inline size_t model_weaken_each(bool (*run)(void)) {
  const size_t count = model.line_count;
  size_t unmissed = 0;
  for (size_t i = 0; i < count; i++) {
    size_t wrong;
    const size_t runs = model_explore(run, model.lines[i], &wrong);
    printf("line %d relaxed: %zu of %zu runs wrong\n", model.lines[i], wrong, runs);
    unmissed += wrong == 0;
  }
  return unmissed;
}

#endif
