/* SPDX-License-Identifier: MIT
 *
 * Volumes as programs set them on a node. What stands in such a pod is a program's word: its sizes and numbers are
 * checked here, before they reach memory of ours. Thread-safety: pure.
 */
#ifndef ORIEL_GUEST_AGENT_PROPS_H
#define ORIEL_GUEST_AGENT_PROPS_H

#include <spa/pod/pod.h>
#include <stdint.h>

/** Copies at most `most` volumes of an array of floats; what is negative or no finite number is 0. Returns how many: 0
 *  where it is NULL or something else. */
uint32_t agent_props_volumes(const struct spa_pod *value, float *volumes, uint32_t most);
/** Mean of them, by the same rule; 0 of none. */
float agent_props_mean(const float *volumes, uint32_t count);

#endif
