/* SPDX-License-Identifier: MIT
 *
 * A writer of liboriel-audio beside the stream. Main thread, but write: data thread.
 */
#include "guest/agent/shm.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "audio/oriel-audio.h"
#include "core/log.h"

#define SUBSYSTEM "agent/shm"

struct agent_shm {
  struct agent_settings settings;
  struct oriel_audio_writer_config config;
  struct oriel_audio_writer *writer; /* NULL: no name is set, or it could not be made anew */
  uint64_t restarts;
  _Atomic uint64_t position;         /* a number for people */
};

int agent_shm_create(const struct agent_settings *settings, uint32_t rate, struct agent_shm **shm, char *why,
                     size_t why_size) {
  struct agent_shm *made = calloc(1, sizeof *made);
  if (!made) {
    snprintf(why, why_size, "memory is short");
    return -ENOMEM;
  }
  made->settings = *settings;
  made->config = (struct oriel_audio_writer_config){.channels = settings->output_channels, .rate = rate};
  const int error =
    settings->shm[0] != '\0' ? oriel_audio_writer_create(settings->shm, &made->config, &made->writer) : 0;
  if (error < 0) {
    snprintf(why, why_size, "shared memory \"%s\": %s", settings->shm, oriel_audio_error_text(error));
    free(made);
    return error;
  }
  *shm = made;
  return 0;
}

void agent_shm_destroy(struct agent_shm *shm) {
  if (!shm)
    return;
  oriel_audio_writer_destroy(shm->writer);
  free(shm);
}

void agent_shm_write(struct agent_shm *shm, const float *frames, size_t count, uint64_t now_ns) {
  if (!shm->writer)
    return;
  oriel_audio_writer_write(shm->writer, frames, count, now_ns);
  atomic_store_explicit(&shm->position, oriel_audio_writer_position(shm->writer), memory_order_relaxed);
}

static void make_anew(struct agent_shm *shm) {
  oriel_audio_writer_destroy(shm->writer);
  shm->writer = NULL;
  const int error = oriel_audio_writer_create(shm->settings.shm, &shm->config, &shm->writer);
  if (error < 0)
    oriel_error(SUBSYSTEM, "shared memory \"%s\" was cut off and cannot be made anew: %s", shm->settings.shm,
                oriel_audio_error_text(error));
  else
    shm->restarts++;
}

void agent_shm_running(struct agent_shm *shm, bool is_running) {
  if (shm->settings.shm[0] == '\0')
    return;
  if (is_running && (!shm->writer || oriel_audio_writer_check(shm->writer) < 0))
    make_anew(shm);
  if (shm->writer)
    oriel_audio_writer_set_running(shm->writer, is_running);
}

uint64_t agent_shm_position(const struct agent_shm *shm) {
  return atomic_load_explicit(&shm->position, memory_order_relaxed);
}

uint64_t agent_shm_restarts(const struct agent_shm *shm) {
  return shm->restarts;
}
