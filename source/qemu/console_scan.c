/* SPDX-License-Identifier: MIT
 *
 * Looking at consoles, see console_scan.h. The session's thread, but for what the listener's callbacks do.
 */
#include "source/qemu/console_scan.h"

#include <errno.h>
#include <stdlib.h>

#include "source/qemu/head_display.h"
#include "source/qemu/session_state.h"
#include "source/qemu/timer.h"

enum {
  TICK_MS = 500,
  PROBE_TICKS = 10,     /* between probes of a console whose size stays */
  PATIENCE_TICKS = 20, /* with a QEMU that shows nothing to a probe */
  UNUSED_PROBES = 2,    /* in a row: a guest that changes its mode switches off and on */
  PLUGS_MAX = 2,        /* a guest may have missed the first */
};

/* What is plugged in, as QEMU has it for the first; viewers ask for another. */
static const struct oriel_qemu_monitor first_monitor = {
  .width_mm = 338, .height_mm = 211, .width = 1280, .height = 800};

/* A registration for one picture of a console. */
struct probe {
  struct oriel_surface *surface; /* NULL = none goes on */
  struct oriel_qemu_scanout *scanout;
  struct oriel_qemu_listener *listener;
  atomic_int kind; /* enum oriel_qemu_display_kind */
  bool came;
  unsigned ticks;
};

struct place {
  struct probe probe;
  bool used;
  bool looked_at; /* at least once since we attached */
  unsigned plugs; /* how often it was given a monitor since then */
  unsigned unused_probes, ticks; /* since the last probe */
  uint32_t width, height;       /* then */
};

struct oriel_qemu_console_scan {
  struct oriel_qemu_session *session;
  oriel_qemu_consoles_changed *changed;
  void *user;
  GSource *tick;
  GDBusConnection *connection; /* of the probes; a reference; NULL = not attached */
  struct oriel_source_sink sink; /* of probes: nobody */
  bool has_plugged; /* in this tick */
  struct place places[ORIEL_QEMU_SCAN_CONSOLES]; /* by console; the first is not probed */
  uint32_t used; /* as last told */
};

/* --- a probe ------------------------------------------------------------------------------------------------------ */

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

/* The probe's listener's thread. */
static void on_display(void *user, const struct oriel_qemu_display *display) {
  struct probe *probe = user;
  atomic_store(&probe->kind, (int)display->kind);
}

static void end_probe(struct probe *probe) {
  oriel_qemu_listener_destroy(probe->listener);
  oriel_qemu_scanout_destroy(probe->scanout);
  oriel_surface_destroy(probe->surface);
  probe->listener = NULL;
  probe->scanout = NULL;
  probe->surface = NULL;
}

static void begin_probe(struct oriel_qemu_console_scan *scan, unsigned number) {
  static const char *const extra[] = {NULL};
  struct probe *probe = &scan->places[number].probe;
  const struct oriel_qemu_scanout_events events = {.user = probe, .display = on_display, .stale = ignore};
  char path[ORIEL_QEMU_CONSOLE_PATH_SIZE];
  atomic_store(&probe->kind, ORIEL_QEMU_DISPLAY_ON);
  probe->ticks = 0;
  probe->came = false;
  if (oriel_surface_create(&probe->surface) < 0 ||
      oriel_qemu_scanout_create(probe->surface, &scan->sink, &events, &probe->scanout) < 0) {
    end_probe(probe);
    return;
  }
  struct oriel_qemu_listener_config config = oriel_qemu_display_listener(probe->scanout, scan->session->alive);
  config.extra = extra;
  config.stopped = ignore;
  if (oriel_qemu_listener_create(scan->session->context, &config, &probe->listener) < 0) {
    end_probe(probe);
    return;
  }
  oriel_qemu_console_path(number, path);
  oriel_qemu_listener_set_control(probe->listener, scan->connection, path);
  oriel_qemu_listener_want(probe->listener, true);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

/* One at a time: Linux 6.1 reads what is plugged in and then takes back all events of its card, also one that came
 * meanwhile. QEMU tells the guest only of what is new: a millimetre is. */
static void plug(struct oriel_qemu_console_scan *scan, unsigned number) {
  struct place *place = &scan->places[number];
  struct oriel_qemu_monitor monitor = first_monitor;
  if (place->plugs == PLUGS_MAX)
    return;
  if (scan->has_plugged) {
    place->looked_at = false; /* its turn comes */
    return;
  }
  monitor.width_mm = (uint16_t)(monitor.width_mm + place->plugs++);
  scan->has_plugged = true;
  oriel_qemu_console_set_monitor(scan->connection, number, &monitor, NULL, NULL, NULL);
}

static void conclude(struct oriel_qemu_console_scan *scan, unsigned number, bool used) {
  struct place *place = &scan->places[number];
  place->unused_probes = used ? 0 : place->unused_probes + 1;
  if (used)
    place->used = true;
  else if (place->unused_probes >= UNUSED_PROBES)
    place->used = false;
  place->looked_at = true;
  if (used)
    place->plugs = PLUGS_MAX; /* it has a monitor; whether it goes on with it is the guest's affair */
  else
    plug(scan, number);
}

static void tell(struct oriel_qemu_console_scan *scan) {
  uint32_t used = 0;
  for (unsigned i = 1; i < ORIEL_QEMU_SCAN_CONSOLES; i++)
    used |= (uint32_t)scan->places[i].used << i;
  if (used == scan->used)
    return;
  scan->used = used;
  scan->changed(scan->user, used);
}

/* Somebody looks: that keeps it, whatever the guest does. */
static bool is_watched(const struct oriel_qemu_console_scan *scan, unsigned number) {
  for (const struct oriel_qemu_head *head = scan->session->heads; head; head = head->next)
    if (head->config.console == number && head->watched)
      return true;
  return false;
}

static bool is_due(const struct oriel_qemu_console_scan *scan, const struct place *place,
                   const struct oriel_qemu_console_facts *facts) {
  if (facts->width != place->width || facts->height != place->height || !place->looked_at)
    return true;
  /* Where each registration costs QEMU something for ever, only what is unused is probed. */
  return place->ticks >= PROBE_TICKS && !(scan->session->keeps_display && place->used);
}

/* What a picture is of is told right after it is counted: it is read a tick later. */
static void watch_probe(struct oriel_qemu_console_scan *scan, unsigned number) {
  struct probe *probe = &scan->places[number].probe;
  const int kind = atomic_load(&probe->kind);
  if (probe->came)
    conclude(scan, number, kind != ORIEL_QEMU_DISPLAY_OFF && kind != ORIEL_QEMU_DISPLAY_NOT_YET);
  if (probe->came || ++probe->ticks >= PATIENCE_TICKS)
    end_probe(probe);
  else
    probe->came = kind != ORIEL_QEMU_DISPLAY_ON || oriel_qemu_scanout_frames(probe->scanout);
}

static void pursue(struct oriel_qemu_console_scan *scan, unsigned number) {
  struct place *place = &scan->places[number];
  struct probe *probe = &place->probe;
  place->ticks++;
  if (probe->surface) {
    watch_probe(scan, number);
    return;
  }
  const struct oriel_qemu_console_facts facts = oriel_qemu_control_console(scan->session->control, number);
  if (!facts.exists || !facts.is_graphic || is_watched(scan, number)) {
    place->used &= facts.exists;
    return;
  }
  if (!is_due(scan, place, &facts))
    return;
  place->width = facts.width;
  place->height = facts.height;
  place->ticks = 0;
  begin_probe(scan, number);
}

/* --- attaching ---------------------------------------------------------------------------------------------------- */

static void forget_connection(struct oriel_qemu_console_scan *scan) {
  for (unsigned i = 1; i < ORIEL_QEMU_SCAN_CONSOLES; i++) {
    end_probe(&scan->places[i].probe);
    scan->places[i].looked_at = false;
    scan->places[i].plugs = 0;
    scan->places[i].unused_probes = 0;
  }
  g_clear_object(&scan->connection);
}

static gboolean on_tick(gpointer user) {
  struct oriel_qemu_console_scan *scan = user;
  const struct oriel_qemu_session *session = scan->session;
  GDBusConnection *connection = session->attached ? oriel_qemu_control_connection(session->control) : NULL;
  if (connection != scan->connection) {
    forget_connection(scan);
    scan->connection = connection ? g_object_ref(connection) : NULL;
  }
  /* QEMU 7.2 exits when a vhost-user card without OpenGL is registered with. */
  if (!scan->connection || session->has_vhost_gpu)
    return G_SOURCE_CONTINUE;
  scan->has_plugged = false;
  for (unsigned i = 1; i < ORIEL_QEMU_SCAN_CONSOLES; i++)
    pursue(scan, i);
  tell(scan);
  return G_SOURCE_CONTINUE;
}

int oriel_qemu_console_scan_create(struct oriel_qemu_session *session, oriel_qemu_consoles_changed *changed, void *user,
                                   struct oriel_qemu_console_scan **scan) {
  struct oriel_qemu_console_scan *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  made->session = session;
  made->changed = changed;
  made->user = user;
  made->sink = (struct oriel_source_sink){.damaged = ignore, .cursor = ignore_packet, .cursor_moved = ignore_move};
  oriel_qemu_timer_start(session->context, &made->tick, TICK_MS, on_tick, made);
  *scan = made;
  return 0;
}

void oriel_qemu_console_scan_destroy(struct oriel_qemu_console_scan *scan) {
  if (!scan)
    return;
  oriel_qemu_timer_stop(&scan->tick);
  forget_connection(scan);
  free(scan);
}
