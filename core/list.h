/* SPDX-License-Identifier: MIT
 *
 * A doubly linked list whose nodes lie in what they link. The head is a node, too.
 * Thread-safety: none; one owner.
 */
#ifndef ORIEL_CORE_LIST_H
#define ORIEL_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct oriel_list {
  struct oriel_list *next, *previous;
};

/** The structure of type `type` that holds `node` as its member `member`. */
#define oriel_list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/** Walks from the first to the last; the present node may not be removed. */
#define oriel_list_each(node, head) for (node = (head)->next; node != (head); node = node->next)

/** An empty list, or a node that is in none. */
static inline void oriel_list_init(struct oriel_list *head) {
  head->next = head->previous = head;
}

static inline bool oriel_list_empty(const struct oriel_list *head) {
  return head->next == head;
}

/** Puts a node that is in no list at the end. */
static inline void oriel_list_append(struct oriel_list *head, struct oriel_list *node) {
  node->previous = head->previous;
  node->next = head;
  head->previous->next = node;
  head->previous = node;
}

/** Takes a node out of its list, if it is in one. */
static inline void oriel_list_remove(struct oriel_list *node) {
  node->previous->next = node->next;
  node->next->previous = node->previous;
  oriel_list_init(node);
}

#endif
