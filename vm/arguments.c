/* SPDX-License-Identifier: MIT
 *
 * The hardware that a guest finds. Two kinds of guests: our demo guest, which has virtio drivers for everything, and a
 * disk image of anybody, which gets devices that every system since about 2007 boots from without further drivers:
 * q35, a disk on AHCI, Intel HD audio, e1000 network, PS/2 keyboard and mouse beside USB ones. virtio-vga is a plain
 * VGA card until a driver turns it into more. `-- -machine pc` gives older systems PIIX IDE with the same options.
 */
#include "vm/arguments.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list {
  char **items;
  size_t count, capacity;
  bool failed;
};

static void append(struct list *list, char *owned) {
  if (owned != NULL && list->count + 1 >= list->capacity) {
    const size_t capacity = list->capacity * 2 + 64;
    char **grown = realloc(list->items, capacity * sizeof *grown);
    if (grown != NULL) {
      list->items = grown;
      list->capacity = capacity;
    }
  }
  if (owned == NULL || list->count + 1 >= list->capacity) {
    list->failed = true;
    free(owned);
    return;
  }
  list->items[list->count++] = owned;
  list->items[list->count] = NULL;
}

static void add(struct list *list, const char *text) {
  append(list, strdup(text));
}

static void option(struct list *list, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void option(struct list *list, const char *name, const char *format, ...) {
  char *value = NULL;
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(&value, format, arguments) < 0)
    value = NULL;
  va_end(arguments);
  add(list, name);
  append(list, value);
}

/** In QEMU's option lists a comma inside a value is written twice. The caller frees. */
static char *double_commas(const char *text) {
  char *doubled = malloc(strlen(text) * 2 + 1);
  if (doubled == NULL)
    return NULL;
  char *next = doubled;
  for (; *text != '\0'; text++) {
    *next++ = *text;
    if (*text == ',')
      *next++ = ',';
  }
  *next = '\0';
  return doubled;
}

static void add_machine(struct list *list, const struct oriel_qemu_config *config, const struct oriel_launch *launch) {
  option(list, "-name", "%s", config->name);
  /* No configuration of the user's or the distribution's: what is on this line is all the guest has. */
  add(list, "-nodefaults");
  add(list, "-no-user-config");
  option(list, "-machine", "q35");
  option(list, "-accel", "%s", oriel_accel_name(launch->accel));
  option(list, "-cpu", "%s", launch->accel == ORIEL_ACCEL_TCG ? "max" : "host");
  option(list, "-smp", "%u", config->cpus);
  option(list, "-m", "%" PRIu64, config->memory_mib);
}

static void add_demo(struct list *list, const struct oriel_qemu_config *config) {
  option(list, "-kernel", "%s", config->kernel);
  option(list, "-initrd", "%s", config->initrd);
  if (config->append != NULL)
    option(list, "-append", "%s", config->append);
  option(list, "-device", "virtio-keyboard-pci");
  /* The pointer that the guest's driver takes up last is QEMU's current one: the tablet, so that positions are
   * absolute; relative motion still finds the mouse. */
  option(list, "-device", "virtio-mouse-pci");
  option(list, "-device", "virtio-tablet-pci");
}

static void add_disk(struct list *list, const struct oriel_qemu_config *config, const struct oriel_image *disk) {
  char *path = double_commas(disk->path);
  if (path == NULL) {
    list->failed = true;
    return;
  }
  if (disk->optical)
    option(list, "-drive", "if=ide,media=cdrom,readonly=on,format=%s,file=%s", disk->format, path);
  else
    option(list, "-drive", "if=ide,media=disk,snapshot=%s,format=%s,file=%s", config->persistent ? "off" : "on",
           disk->format, path);
  free(path);
  option(list, "-device", "qemu-xhci,id=usb");
  option(list, "-device", "usb-tablet,bus=usb.0");
  option(list, "-device", "usb-kbd,bus=usb.0");
}

static bool wants_network(const struct oriel_qemu_config *config) {
  return config->network == ORIEL_NETWORK_USER || (config->network == ORIEL_NETWORK_DEFAULT && config->disk != NULL);
}

static void add_monitor(struct list *list, const char *path) {
  char *socket = double_commas(path);
  if (socket == NULL)
    list->failed = true;
  else
    option(list, "-qmp", "unix:%s,server=on,wait=off", socket);
  free(socket);
}

static void add_outputs(struct list *list, const struct oriel_qemu_config *config, const struct oriel_launch *launch) {
  option(list, "-vga", "none"); /* the -device below is the VGA card */
  option(list, "-device", "virtio-vga,xres=%u,yres=%u", config->width, config->height);
  option(list, "-audiodev", "dbus,id=sound,out.frequency=48000,in.frequency=48000"); /* Opus' rate: nobody resamples */
  option(list, "-device", "intel-hda");
  option(list, "-device", "hda-duplex,audiodev=sound");
  option(list, "-display", "dbus,p2p=yes,audiodev=sound");
  add_monitor(list, launch->qmp);
  add_monitor(list, launch->up);
}

/** A port of the guest, at whose end a socket waits for us. */
static void add_port(struct list *list, const char *id, const char *name, const char *path) {
  char *socket = double_commas(path);
  if (socket == NULL) {
    list->failed = true;
    return;
  }
  option(list, "-chardev", "socket,id=%s,path=%s,server=on,wait=off", id, socket);
  option(list, "-device", "virtserialport,bus=oriel-serial.0,chardev=%s,name=%s", id, name);
  free(socket);
}

/** The guest's clipboard, for a guest with spice-vdagent: QEMU has the other end. */
static void add_vdagent_port(struct list *list) {
  option(list, "-chardev", "qemu-vdagent,id=oriel-vdagent,name=vdagent,clipboard=on,mouse=off");
  option(list, "-device", "virtserialport,bus=oriel-serial.0,chardev=oriel-vdagent,name=com.redhat.spice.0");
}

/** /dev/virtio-ports/org.oriel.audio and others for an agent in the guest. Unopened, such a port costs nothing. */
static void add_ports(struct list *list, const struct oriel_launch *launch) {
  const bool has_sound = launch->sound != NULL && launch->microphone != NULL;
  if (has_sound || launch->clipboard != NULL || launch->vdagent)
    option(list, "-device", "virtio-serial-pci,id=oriel-serial");
  if (has_sound) {
    add_port(list, "oriel-audio", "org.oriel.audio", launch->sound);
    add_port(list, "oriel-microphone", "org.oriel.microphone", launch->microphone);
  }
  if (launch->clipboard != NULL)
    add_port(list, "oriel-clipboard", "org.oriel.clipboard", launch->clipboard);
  if (launch->vdagent)
    add_vdagent_port(list);
}

char **oriel_arguments_create(const struct oriel_qemu_config *config, const struct oriel_launch *launch) {
  struct list list = {0};
  add(&list, launch->qemu);
  add_machine(&list, config, launch);
  if (launch->disk != NULL)
    add_disk(&list, config, launch->disk);
  else
    add_demo(&list, config);
  add_outputs(&list, config, launch);
  add_ports(&list, launch);
  if (wants_network(config))
    option(&list, "-nic", "user,model=e1000");
  for (char *const *extra = config->extra; extra != NULL && *extra != NULL; extra++)
    add(&list, *extra);
  if (!list.failed)
    return list.items;
  oriel_arguments_free(list.items);
  return NULL;
}

void oriel_arguments_free(char **arguments) {
  for (char **item = arguments; item != NULL && *item != NULL; item++)
    free(*item);
  free(arguments);
}
