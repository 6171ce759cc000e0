/* SPDX-License-Identifier: MIT
 *
 * One desktop that is served. Main thread but for oriel_host_desktop_open and _end, and plans.
 */
#include "cli/host_desktop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "cli/desktop_values.h"
#include "cli/guest_clipboard.h"
#include "cli/report.h"
#include "cli/sound.h"
#include "desktop/desktop.h"
#include "source/source.h"

enum { OPUS_KBPS = 128 }; /* transparent for stereo music, as listening tests of the codec's makers show */
static const char unnamed[] = "desktop"; /* how the only one is mounted */

/** Further heads need names. */
static int check_heads(const struct oriel_desktop_options *options, char *why, size_t why_size) {
  enum { NUMBER = 3 }; /* "-15" */
  if (!oriel_source_heads_wanted(options->address))
    return 0;
  if (options->name[0] == '\0')
    snprintf(why, why_size, "%.200s shows several desktops: give it a name, as vm=%.100s", options->address,
             options->address);
  else if (strlen(options->name) + NUMBER >= sizeof options->name)
    snprintf(why, why_size, "desktop %s has heads, which are called %s-1 and so on: give it a name of at most %zu "
             "characters", options->name, options->name, sizeof options->name - 1 - NUMBER);
  else
    return 0;
  return -EINVAL;
}

int oriel_host_plan_create(const struct oriel_desktop_options *options, struct oriel_host_plan **out, char *why,
                           size_t why_size) {
  struct oriel_host_plan *plan = calloc(1, sizeof *plan);
  if (plan == NULL || oriel_desktop_options_copy(options, &plan->options) < 0) {
    snprintf(why, why_size, "cannot serve %.100s: out of memory", options->address);
    free(plan);
    return -ENOMEM;
  }
  int result = check_heads(options, why, why_size);
  if (result == 0)
    result = oriel_desktop_tokens(options, plan->token, plan->view_token, why, why_size);
  if (result == 0)
    *out = plan;
  else
    oriel_host_plan_destroy(plan);
  return result;
}

/** Name and address are the head's, and what listens for sound is the first head's. */
static int make_head(struct oriel_desktop_options *options, unsigned console, char *why, size_t why_size) {
  char address[512];
  const size_t length = strlen(options->name);
  int result = oriel_source_head_address(options->address, console, address, sizeof address);
  options->audio_listen = (struct oriel_words){.count = 0};
  options->audio_udp_listen = options->audio_microphone = options->clipboard_listen = NULL;
  snprintf(options->name + length, sizeof options->name - length, "-%u", console);
  options->address = oriel_texts_add(&options->texts, address, result == 0 ? strlen(address) : 0);
  if (options->address == NULL)
    result = -ENOMEM;
  if (result < 0)
    snprintf(why, why_size, "cannot serve %.60s: %s", options->name, strerror(-result));
  return result;
}

int oriel_host_plan_head(const struct oriel_host_plan *plan, unsigned console, struct oriel_host_plan **out, char *why,
                         size_t why_size) {
  struct oriel_host_plan *head = NULL;
  int result = oriel_host_plan_create(&plan->options, &head, why, why_size);
  if (result < 0)
    return result;
  result = make_head(&head->options, console, why, why_size);
  if (result < 0) {
    oriel_host_plan_destroy(head);
    return result;
  }
  memcpy(head->machine, plan->options.name, sizeof head->machine);
  head->console = console;
  head->added = true;
  *out = head;
  return 0;
}

void oriel_host_plan_destroy(struct oriel_host_plan *plan) {
  if (plan == NULL)
    return;
  oriel_desktop_options_finish(&plan->options);
  explicit_bzero(plan, sizeof *plan);
  free(plan);
}

bool oriel_host_plan_equal(const struct oriel_host_plan *a, const struct oriel_host_plan *b) {
  return oriel_desktop_options_equal(&a->options, &b->options) && strcmp(a->token, b->token) == 0 &&
         strcmp(a->view_token, b->view_token) == 0;
}

const char *oriel_host_plan_title(const struct oriel_host_plan *plan) {
  return plan->options.name[0] != '\0' ? plan->options.name : plan->options.address;
}

static struct oriel_mount_config mount_config_of(const struct oriel_host_site *site,
                                                 const struct oriel_host_plan *plan) {
  return (struct oriel_mount_config){
    .name = plan->options.name[0] != '\0' ? plan->options.name : unnamed,
    .token = plan->token[0] != '\0' ? plan->token : NULL,
    .view_token = plan->view_token[0] != '\0' ? plan->view_token : NULL,
    .viewers_max = plan->options.viewers_max,
    .alone = site->alone,
    .start = site->start,
    .user = site->user,
    .machine = plan->machine[0] != '\0'                             ? plan->machine
               : oriel_source_heads_wanted(plan->options.address) ? plan->options.name
                                                                  : NULL,
  };
}

int oriel_host_plan_check(const struct oriel_host_site *site, const struct oriel_host_plan *plan, char *why,
                          size_t why_size) {
  const struct oriel_mount_config config = mount_config_of(site, plan);
  return oriel_server_check_tokens(site->server, &config, why, why_size);
}

static bool opens_what_watches(const struct oriel_host_plan *plan, const struct oriel_host_plan *watched) {
  return plan->token[0] != '\0' && strcmp(plan->token, watched->view_token) == 0;
}

int oriel_host_plans_check(const struct oriel_host_plan *a, const struct oriel_host_plan *b, char *why,
                           size_t why_size) {
  if (!opens_what_watches(a, b) && !opens_what_watches(b, a))
    return 0;
  snprintf(why, why_size, "the token of desktop %s is the view-token of desktop %s: who only watches needs another",
           opens_what_watches(a, b) ? a->options.name : b->options.name,
           opens_what_watches(a, b) ? b->options.name : a->options.name);
  return -EINVAL;
}

static int open_mount(const struct oriel_host_site *site, struct oriel_host_desktop *hosted, char *why,
                      size_t why_size) {
  const struct oriel_mount_config config = mount_config_of(site, hosted->plan);
  return oriel_server_mount(site->server, &config, &hosted->mount, why, why_size);
}

/** What the desktop takes over. */
struct inputs {
  struct oriel_source *source;
  struct oriel_guest_audio *audio;      /* NULL = none */
  struct oriel_clipboard_end *clipboard; /* NULL = none */
};

static int open_inputs(const struct oriel_host_site *site, const struct oriel_desktop_options *options,
                       struct inputs *inputs, char *why, size_t why_size) {
  char reason[512] = "";
  int result = oriel_source_create(options->address, &inputs->source, reason, sizeof reason);
  if (result < 0) {
    snprintf(why, why_size, "cannot serve %.200s: %s", options->address,
             reason[0] != '\0' ? reason : strerror(-result));
    return result;
  }
  result = oriel_sound_open(options, options->address, site->vm, &inputs->audio, reason, sizeof reason);
  if (result < 0) {
    snprintf(why, why_size, "cannot take sound from the guest: %s", reason);
    goto fail_source;
  }
  result = oriel_guest_clipboard_open(options, site->vm, &inputs->clipboard, reason, sizeof reason);
  if (result < 0) {
    snprintf(why, why_size, "cannot share the guest's clipboard: %s", reason);
    goto fail_audio;
  }
  return 0;
fail_audio:
  oriel_guest_audio_destroy(inputs->audio);
fail_source:
  oriel_source_destroy(inputs->source);
  return result;
}

/** A thread's of the source. */
static void on_heads(void *user, uint32_t used) {
  struct oriel_host_desktop *hosted = user;
  atomic_store(&hosted->heads_used, used);
  uv_async_send(hosted->heads_changed);
}

static int open_heads(struct oriel_host_desktop *hosted, const struct oriel_host_site *site) {
  hosted->heads_changed = site->heads_changed;
  if (!oriel_source_heads_wanted(hosted->plan->options.address))
    return 0;
  return oriel_source_heads_create(hosted->plan->options.address, on_heads, hosted, &hosted->heads);
}

static struct oriel_desktop_config desktop_config_of(const struct oriel_host_desktop *hosted,
                                                     const struct inputs *inputs) {
  const struct oriel_desktop_options *options = &hosted->plan->options;
  return (struct oriel_desktop_config){
    .guest_audio = inputs->audio,
    .clipboard_end = inputs->clipboard,
    .control = options->control,
    .clipboard = options->clipboard,
    .audio_passthru = options->audio_passthru,
    .encoder = options->encoder,
    .fps = options->fps,
    .bitrate_kbps = options->bitrate_kbps,
    .cpu_percent = options->cpu_percent,
    .opus_frame_ms = options->audio_frame_ms,
    .opus_kbps = OPUS_KBPS,
    .wake = oriel_mount_wake,
    .user = hosted->mount,
  };
}

int oriel_host_desktop_open(struct oriel_host_desktop *hosted, const struct oriel_host_site *site, char *why,
                            size_t why_size) {
  const struct oriel_desktop_options *options = &hosted->plan->options;
  struct inputs inputs = {0};
  if (oriel_check_encoder(options, why, why_size) != ORIEL_EXIT_OK)
    return -EINVAL;
  int result = open_inputs(site, options, &inputs, why, why_size);
  if (result < 0)
    return result;
  const struct oriel_desktop_config config = desktop_config_of(hosted, &inputs);
  result = oriel_desktop_create(&config, inputs.source, &hosted->desktop);
  if (result == 0)
    result = oriel_desktop_start(hosted->desktop);
  if (result == 0)
    result = open_heads(hosted, site);
  if (result == 0)
    return 0;
  snprintf(why, why_size, "cannot start the desktop of %.200s: %s; see `oriel doctor`", options->address,
           strerror(-result));
  return result == -EINVAL ? -EIO : result; /* nothing that the user wrote */
}

int oriel_host_desktop_create(const struct oriel_host_site *site, struct oriel_host_plan *plan,
                              struct oriel_host_desktop **out, char *why, size_t why_size) {
  struct oriel_host_desktop *hosted = calloc(1, sizeof *hosted);
  if (hosted == NULL) {
    snprintf(why, why_size, "cannot serve %.200s: out of memory", plan->options.address);
    oriel_host_plan_destroy(plan);
    return -ENOMEM;
  }
  hosted->plan = plan;
  hosted->job.user = hosted;
  const int result = open_mount(site, hosted, why, why_size);
  if (result < 0)
    oriel_host_desktop_free(hosted);
  else
    *out = hosted;
  return result;
}

void oriel_host_desktop_show(struct oriel_host_desktop *hosted) {
  oriel_stats_line_init(&hosted->stats);
  oriel_mount_set_desktop(hosted->mount, hosted->desktop);
}

void oriel_host_desktop_end(struct oriel_host_desktop *hosted) {
  oriel_source_heads_destroy(hosted->heads);
  hosted->heads = NULL;
  oriel_desktop_destroy(hosted->desktop);
  hosted->desktop = NULL;
}

void oriel_host_desktop_free(struct oriel_host_desktop *hosted) {
  oriel_host_plan_destroy(hosted->plan);
  oriel_host_plan_destroy(hosted->successor);
  free(hosted);
}
