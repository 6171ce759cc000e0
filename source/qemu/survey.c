/* SPDX-License-Identifier: MIT
 *
 * Looking at consoles, see survey.h. The session's thread, but for what the listener's callbacks do.
 */
#include "source/qemu/survey.h"

#include <errno.h>
#include <stdlib.h>

#include "core/log.h"
#include "source/qemu/session_private.h"

enum {
  TICK_MS = 500,
  LOOK_TICKS = 10,     /* between looks at a console whose size stays */
  PATIENCE_TICKS = 20, /* with a QEMU that shows nothing to a look */
  UNUSED_LOOKS = 2,    /* in a row: a guest that changes its mode switches off and on */
};

/* What is plugged in, as QEMU has it for the first; viewers ask for another. */
static const struct oriel_qemu_monitor first_monitor = {
  .width_mm = 338, .height_mm = 211, .width = 1280, .height = 800};

/* A look at one console. */
struct look {
  struct oriel_surface *surface; /* NULL = none goes on */
  struct oriel_qemu_scanout *scanout;
  struct oriel_qemu_listener *listener;
  atomic_int kind; /* enum oriel_qemu_display_kind */
  bool came;
  unsigned ticks;
};

struct place {
  struct look look;
  bool used, plugged;
  unsigned unused_looks, ticks; /* since the last look */
  uint32_t width, height;       /* then */
};

struct oriel_qemu_survey {
  struct oriel_qemu_session *session;
  oriel_source_heads_changed *changed;
  void *user;
  GSource *tick;
  GDBusConnection *connection; /* of the looks; a reference; NULL = not attached */
  struct oriel_source_sink sink; /* of looks: nobody */
  struct place places[ORIEL_SOURCE_HEADS_MAX]; /* by console; the first is not looked at */
  uint32_t used; /* as last told */
};

/* --- a look ------------------------------------------------------------------------------------------------------- */

static void ignore(void *user) {
  (void)user;
}

static void ignore_packet(void *user, struct oriel_packet *packet) {
  (void)user;
  (void)packet;
}

static void ignore_move(void *user, int32_t x, int32_t y, bool visible) {
  (void)user;
  (void)x;
  (void)y;
  (void)visible;
}

/* GDBus's worker thread. */
static void on_display(void *user, const struct oriel_qemu_display *display) {
  struct look *look = user;
  atomic_store(&look->kind, (int)display->kind);
}

static void end_look(struct look *look) {
  oriel_qemu_listener_destroy(look->listener);
  oriel_qemu_scanout_destroy(look->scanout);
  oriel_surface_destroy(look->surface);
  look->listener = NULL;
  look->scanout = NULL;
  look->surface = NULL;
}

static void begin_look(struct oriel_qemu_survey *survey, unsigned number) {
  static const char *const extra[] = {NULL};
  struct look *look = &survey->places[number].look;
  const struct oriel_qemu_scanout_events events = {.user = look, .display = on_display, .stale = ignore};
  char path[ORIEL_QEMU_CONSOLE_PATH_SIZE];
  atomic_store(&look->kind, ORIEL_QEMU_DISPLAY_ON);
  look->ticks = 0;
  look->came = false;
  if (oriel_surface_create(&look->surface) < 0 ||
      oriel_qemu_scanout_create(look->surface, &survey->sink, &events, &look->scanout) < 0) {
    end_look(look);
    return;
  }
  struct oriel_qemu_listener_config config = oriel_qemu_display_listener(look->scanout, survey->session->alive);
  config.extra = extra;
  config.stopped = ignore;
  if (oriel_qemu_listener_create(survey->session->context, &config, &look->listener) < 0) {
    end_look(look);
    return;
  }
  oriel_qemu_console_path(number, path);
  oriel_qemu_listener_set_control(look->listener, survey->connection, path);
  oriel_qemu_listener_want(look->listener, true);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

static void conclude(struct oriel_qemu_survey *survey, unsigned number, bool used) {
  struct place *place = &survey->places[number];
  place->unused_looks = used ? 0 : place->unused_looks + 1;
  if (used)
    place->used = true;
  else if (place->unused_looks >= UNUSED_LOOKS)
    place->used = false;
  if (!used && !place->plugged) /* where the guest uses it already there is a monitor */
    oriel_qemu_console_set_monitor(survey->connection, number, &first_monitor, NULL, NULL, NULL);
  place->plugged = true;
}

static void tell(struct oriel_qemu_survey *survey) {
  uint32_t used = 0;
  for (unsigned i = 1; i < ORIEL_SOURCE_HEADS_MAX; i++)
    used |= (uint32_t)survey->places[i].used << i;
  if (used == survey->used)
    return;
  survey->used = used;
  survey->changed(survey->user, used);
}

/* Somebody looks: that keeps it, whatever the guest does. */
static bool is_watched(const struct oriel_qemu_survey *survey, unsigned number) {
  for (const struct oriel_qemu_head *head = survey->session->heads; head; head = head->next)
    if (head->config.console == number && head->watched)
      return true;
  return false;
}

static bool is_due(const struct oriel_qemu_survey *survey, const struct place *place,
                   const struct oriel_qemu_console_facts *facts) {
  if (facts->width != place->width || facts->height != place->height || !place->plugged)
    return true;
  /* Where each registration costs QEMU something for ever, only what is unused is looked for. */
  return place->ticks >= LOOK_TICKS && !(survey->session->keeps_display && place->used);
}

/* What a picture is of is told right after it is counted: it is read a tick later. */
static void watch_look(struct oriel_qemu_survey *survey, unsigned number) {
  struct look *look = &survey->places[number].look;
  const int kind = atomic_load(&look->kind);
  if (look->came)
    conclude(survey, number, kind != ORIEL_QEMU_DISPLAY_OFF && kind != ORIEL_QEMU_DISPLAY_NOT_YET);
  if (look->came || ++look->ticks >= PATIENCE_TICKS)
    end_look(look);
  else
    look->came = kind != ORIEL_QEMU_DISPLAY_ON || oriel_qemu_scanout_frames(look->scanout);
}

static void pursue(struct oriel_qemu_survey *survey, unsigned number) {
  struct place *place = &survey->places[number];
  struct look *look = &place->look;
  place->ticks++;
  if (look->surface) {
    watch_look(survey, number);
    return;
  }
  const struct oriel_qemu_console_facts facts = oriel_qemu_control_console(survey->session->control, number);
  if (!facts.exists || !facts.is_graphic || is_watched(survey, number)) {
    place->used &= facts.exists;
    return;
  }
  if (!is_due(survey, place, &facts))
    return;
  place->width = facts.width;
  place->height = facts.height;
  place->ticks = 0;
  begin_look(survey, number);
}

/* --- attaching ---------------------------------------------------------------------------------------------------- */

static void forget_connection(struct oriel_qemu_survey *survey) {
  for (unsigned i = 1; i < ORIEL_SOURCE_HEADS_MAX; i++) {
    end_look(&survey->places[i].look);
    survey->places[i].plugged = false;
    survey->places[i].unused_looks = 0;
  }
  g_clear_object(&survey->connection);
}

static gboolean on_tick(gpointer user) {
  struct oriel_qemu_survey *survey = user;
  const struct oriel_qemu_session *session = survey->session;
  GDBusConnection *connection = session->attached ? oriel_qemu_control_connection(session->control) : NULL;
  if (connection != survey->connection) {
    forget_connection(survey);
    survey->connection = connection ? g_object_ref(connection) : NULL;
  }
  /* QEMU 7.2 exits when a vhost-user card without OpenGL is registered with. */
  if (!survey->connection || session->has_vhost_gpu)
    return G_SOURCE_CONTINUE;
  for (unsigned i = 1; i < ORIEL_SOURCE_HEADS_MAX; i++)
    pursue(survey, i);
  tell(survey);
  return G_SOURCE_CONTINUE;
}

int oriel_qemu_survey_create(struct oriel_qemu_session *session, oriel_source_heads_changed *changed, void *user,
                             struct oriel_qemu_survey **survey) {
  struct oriel_qemu_survey *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->session = session;
  made->changed = changed;
  made->user = user;
  made->sink = (struct oriel_source_sink){.damaged = ignore, .cursor = ignore_packet, .cursor_moved = ignore_move};
  oriel_qemu_timer_start(session->context, &made->tick, TICK_MS, on_tick, made);
  *survey = made;
  return 0;
}

void oriel_qemu_survey_destroy(struct oriel_qemu_survey *survey) {
  if (!survey)
    return;
  oriel_qemu_timer_stop(&survey->tick);
  forget_connection(survey);
  free(survey);
}
