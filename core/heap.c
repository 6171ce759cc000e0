/* SPDX-License-Identifier: MIT
 *
 * A binary heap of times, in an array whose first place is 1. See heap.h. One owner.
 */
#include "core/heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { ROOM_MIN = 16 };
#define ROOM_MAX (SIZE_MAX / 2 / sizeof(struct oriel_heap_entry))

void oriel_heap_init(struct oriel_heap *heap) {
  *heap = (struct oriel_heap){.count = 0};
}

void oriel_heap_finish(struct oriel_heap *heap) {
  free(heap->entries);
  oriel_heap_init(heap);
}

int oriel_heap_reserve(struct oriel_heap *heap, size_t count) {
  size_t room = heap->room ? heap->room : ROOM_MIN;
  if (count > ROOM_MAX / 2)
    return -ENOMEM;
  while (room < count)
    room *= 2;
  if (room == heap->room)
    return 0;
  struct oriel_heap_entry *entries = reallocarray(heap->entries, room + 1, sizeof *entries);
  if (!entries)
    return -ENOMEM;
  heap->entries = entries;
  heap->room = room;
  return 0;
}

static void put(struct oriel_heap *heap, size_t place, struct oriel_heap_entry entry) {
  heap->entries[place] = entry;
  entry.node->place = place;
}

/** Finds the entry its place, from `place` on, which is free: those above that are due later come down, then those
 *  below that are due earlier go up. */
static void settle(struct oriel_heap *heap, size_t place, struct oriel_heap_entry entry) {
  while (place > 1 && heap->entries[place / 2].at_ns > entry.at_ns) {
    put(heap, place, heap->entries[place / 2]);
    place /= 2;
  }
  for (size_t child; (child = 2 * place) <= heap->count; place = child) {
    if (child < heap->count && heap->entries[child + 1].at_ns < heap->entries[child].at_ns)
      child++;
    if (heap->entries[child].at_ns >= entry.at_ns)
      break;
    put(heap, place, heap->entries[child]);
  }
  put(heap, place, entry);
}

void oriel_heap_set(struct oriel_heap *heap, struct oriel_heap_node *node, uint64_t at_ns) {
  assert(node->place || heap->count < heap->room);
  settle(heap, node->place ? node->place : ++heap->count, (struct oriel_heap_entry){at_ns, node});
}

void oriel_heap_remove(struct oriel_heap *heap, struct oriel_heap_node *node) {
  const size_t place = node->place;
  if (!place)
    return;
  node->place = 0;
  const struct oriel_heap_entry last = heap->entries[heap->count--];
  if (last.node != node)
    settle(heap, place, last);
}

struct oriel_heap_node *oriel_heap_first(const struct oriel_heap *heap, uint64_t *at_ns) {
  if (!heap->count)
    return NULL;
  *at_ns = heap->entries[1].at_ns;
  return heap->entries[1].node;
}
