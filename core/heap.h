/* SPDX-License-Identifier: MIT
 *
 * Who is due first: a binary heap of times whose nodes lie in what they are for. Moving one costs the logarithm of their
 * number, so that thousands may wait and only those who are due are looked at.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_CORE_HEAP_H
#define ORIEL_CORE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct oriel_heap_node {
  size_t place; /* in its heap, from 1; 0 = it is in none */
};

struct oriel_heap_entry {
  uint64_t at_ns;
  struct oriel_heap_node *node; /* borrowed */
};

struct oriel_heap {
  struct oriel_heap_entry *entries;
  size_t count, room;
};

/** The structure of type `type` that holds `node` as its member `member`. */
#define oriel_heap_entry_of(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/** An empty heap. */
void oriel_heap_init(struct oriel_heap *heap);
/** Its nodes are in none afterwards, but keep their places: they must not be used. */
void oriel_heap_finish(struct oriel_heap *heap);
/** Makes room for `count` nodes in all. 0, or -ENOMEM with nothing changed. */
int oriel_heap_reserve(struct oriel_heap *heap, size_t count);
/** Puts a node in, for which there is room, or moves it. `at_ns`: when it is due. */
void oriel_heap_set(struct oriel_heap *heap, struct oriel_heap_node *node, uint64_t at_ns);
/** Takes a node out, if it is in. */
void oriel_heap_remove(struct oriel_heap *heap, struct oriel_heap_node *node);
/** The one that is due first, and when; NULL: it is empty, and at_ns is untouched. Of several of one time any. */
struct oriel_heap_node *oriel_heap_first(const struct oriel_heap *heap, uint64_t *at_ns);

#endif
