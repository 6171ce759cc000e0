/* SPDX-License-Identifier: MIT
 *
 * Volumes in a pod. Main thread.
 */
#include "guest/agent/props.h"

#include <math.h>
#include <spa/pod/iter.h>
#include <spa/utils/type.h>
#include <string.h>

static float checked(float volume) {
  return isfinite(volume) && volume > 0 ? volume : 0;
}

uint32_t agent_props_volumes(const struct spa_pod *value, float *volumes, uint32_t most) {
  /* spa_pod_copy_array of 0.3.65 copies elements of any size into memory for so many floats. */
  if (!value || !spa_pod_is_array(value) || SPA_POD_ARRAY_VALUE_TYPE(value) != SPA_TYPE_Float ||
      SPA_POD_ARRAY_VALUE_SIZE(value) != sizeof *volumes)
    return 0;
  const uint32_t there = (uint32_t)SPA_POD_ARRAY_N_VALUES(value), count = there < most ? there : most;
  memcpy(volumes, SPA_POD_ARRAY_VALUES(value), count * sizeof *volumes);
  for (uint32_t i = 0; i < count; i++)
    volumes[i] = checked(volumes[i]);
  return count;
}

float agent_props_mean(const float *volumes, uint32_t count) {
  float sum = 0;
  for (uint32_t i = 0; i < count; i++)
    sum += checked(volumes[i]);
  return count > 0 && isfinite(sum) ? sum / (float)count : 0;
}
