/* SPDX-License-Identifier: MIT
 *
 * Words for states: what is, and where something is wrong, what to do. Stateless.
 */
#include "source/qemu/describe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "media/picture.h"

void oriel_qemu_facts_name(struct oriel_qemu_facts *facts, const char *name) {
  static const char dots[] = "...";
  memset(facts->name, 0, sizeof facts->name);
  memset(facts->called, 0, sizeof facts->called);
  oriel_utf8_copy(facts->name, sizeof facts->name - 1, name, strlen(name));
  oriel_utf8_sanitize(facts->name);
  const size_t size = strlen(facts->name), room = sizeof facts->called - 1;
  if (size <= room)
    memcpy(facts->called, facts->name, size);
  else
    strcpy(facts->called + oriel_utf8_copy(facts->called, room - (sizeof dots - 1), facts->name, size), dots);
}

const char *oriel_qemu_vm_name(const struct oriel_qemu_facts *facts) {
  return facts->called[0] ? facts->called : "the VM";
}

/* A VM that exists but does not run. */
static void describe_stopped(const struct oriel_qemu_facts *facts, char *detail, size_t size) {
  static const struct {
    const char *status, *words;
  } table[] = {
    {"paused", "is paused"},
    {"prelaunch", "waits to be started; resume starts it"},
    {"suspended", "sleeps; resume wakes it"},
    {"shutdown", "has shut down; reset starts it again"},
    {"guest-panicked", "has crashed (guest panic); reset starts it again"},
    {"internal-error", "was stopped by an internal error of QEMU; reset starts it again"},
    {"io-error", "was stopped by a disk error; make room on the host's disk, then resume"},
    {"watchdog", "was stopped by its watchdog; reset starts it again"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (!strcmp(table[i].status, facts->vm_status)) {
      snprintf(detail, size, "%s %s", oriel_qemu_vm_name(facts), table[i].words);
      return;
    }
  snprintf(detail, size, "%s is stopped (QEMU's state: %s)", oriel_qemu_vm_name(facts), facts->vm_status);
}

static void describe_absent(const struct oriel_qemu_facts *facts, const char *path, char *detail, size_t size) {
  switch (facts->connect_error) {
  case -ENOENT:
    snprintf(detail, size, "no VM at %s: the socket does not exist; trying again until it does", path);
    break;
  case -ECONNREFUSED:
    snprintf(detail, size, "no VM at %s: nobody listens there any more; trying again until somebody does", path);
    break;
  case -EACCES:
  case -EPERM:
    snprintf(detail, size, "no access to %s: this user may not open the socket; run as QEMU's user", path);
    break;
  case -EAGAIN:
    snprintf(detail, size, "%s is busy with other clients; trying again", path);
    break;
  case 0:
    snprintf(detail, size, "QEMU at %s ended; waiting for it to come back", path);
    break;
  default:
    snprintf(detail, size, "no VM at %s: %s; trying again", path, strerror(-facts->connect_error));
    break;
  }
}

/* For viewers: what it means to them, and no path of this host. */
static void describe_absent_to_viewers(const struct oriel_qemu_facts *facts, char *detail, size_t size) {
  const char *name = oriel_qemu_vm_name(facts);
  switch (facts->connect_error) {
  case -EACCES:
  case -EPERM:
    snprintf(detail, size, "the server has no access to %s; its log says more", name);
    return;
  case -EAGAIN:
    snprintf(detail, size, "%s is busy with other clients; trying again", name);
    return;
  case 0:
  case -ENOENT:
  case -ECONNREFUSED:
    break;
  default:
    snprintf(detail, size, "%s cannot be reached; trying again", name);
    return;
  }
  if (!facts->was_attached)
    snprintf(detail, size, "%s does not run yet", name);
  else if (facts->was_shut_down)
    snprintf(detail, size, "%s has shut down", name);
  else
    snprintf(detail, size, "%s has ended without shutting down", name);
}

/* A VM that runs: what there is to see. */
static void describe_running(const struct oriel_qemu_facts *facts, char *detail, size_t size) {
  const char *name = oriel_qemu_vm_name(facts);
  const struct oriel_qemu_display *display = &facts->display;
  if (facts->refusal[0]) {
    snprintf(detail, size, "QEMU does not hand out the picture of %s (it says: %.50s); Oriel tries again", name,
             facts->refusal);
    return;
  }
  switch (display->kind) {
  case ORIEL_QEMU_DISPLAY_ON:
    snprintf(detail, size, "%s runs", name);
    break;
  case ORIEL_QEMU_DISPLAY_OFF:
    snprintf(detail, size, "%s runs, with its display switched off; a key or the mouse may wake it", name);
    break;
  case ORIEL_QEMU_DISPLAY_NOT_YET:
    snprintf(detail, size, "%s runs; its guest has not switched its display on yet", name);
    break;
  case ORIEL_QEMU_DISPLAY_OPENGL:
    snprintf(detail, size, "%s draws with OpenGL, which cannot be shown; start QEMU without gl=on", name);
    break;
  case ORIEL_QEMU_DISPLAY_TOO_LARGE:
    snprintf(detail, size,
             "%s shows %u x %u pixels; at most %u x %u can be shown: choose a smaller size in the guest or in the Size "
             "panel", name, display->width, display->height, ORIEL_PICTURE_WIDTH_MAX, ORIEL_PICTURE_HEIGHT_MAX);
    break;
  case ORIEL_QEMU_DISPLAY_FORMAT:
    snprintf(detail, size,
             "%s shows pixels of an unknown format (0x%08x); choose a colour depth of 16, 24 or 32 bits in the guest",
             name, display->format);
    break;
  case ORIEL_QEMU_DISPLAY_BROKEN:
    snprintf(detail, size, "QEMU hands out pictures of %s that make no sense; the log says more", name);
    break;
  }
}

enum oriel_source_display oriel_qemu_describe_display(const struct oriel_qemu_facts *facts) {
  if (facts->refusal[0])
    return ORIEL_DISPLAY_REFUSED;
  switch (facts->display.kind) {
  case ORIEL_QEMU_DISPLAY_ON:
    return ORIEL_DISPLAY_SHOWN;
  case ORIEL_QEMU_DISPLAY_OFF:
  case ORIEL_QEMU_DISPLAY_NOT_YET:
    return ORIEL_DISPLAY_OFF;
  default:
    return ORIEL_DISPLAY_REFUSED;
  }
}

enum oriel_source_state oriel_qemu_describe(const struct oriel_qemu_facts *facts, const char *path, char *detail,
                                            size_t size) {
  enum oriel_source_state absent = facts->was_attached ? ORIEL_SOURCE_GONE : ORIEL_SOURCE_CONNECTING;
  if (!facts->connected) {
    if (path)
      describe_absent(facts, path, detail, size);
    else
      describe_absent_to_viewers(facts, detail, size);
    return absent;
  }
  if (facts->problem[0]) {
    snprintf(detail, size, "%s", facts->problem);
    return ORIEL_SOURCE_CONNECTING;
  }
  if (!facts->attached) {
    if (path)
      snprintf(detail, size, "waiting for QEMU at %s to answer", path);
    else
      snprintf(detail, size, "waiting for %s to answer", oriel_qemu_vm_name(facts));
    return absent;
  }
  if (strcmp(facts->vm_status, "running")) {
    describe_stopped(facts, detail, size);
    return ORIEL_SOURCE_PAUSED;
  }
  if (facts->shutting_down)
    snprintf(detail, size, "%s is shutting down", oriel_qemu_vm_name(facts));
  else
    describe_running(facts, detail, size);
  return ORIEL_SOURCE_RUNNING;
}
