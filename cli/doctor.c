/* SPDX-License-Identifier: MIT
 *
 * `oriel doctor`: each check finds one thing out, says it, and says what to do about it. Main thread.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/guest.h"
#include "cli/report.h"
#include "core/log.h"
#include "core/utf8.h"
#include "media/encoder.h"
#include "media/opus.h"
#include "server/address.h"
#include "vm/child.h"
#include "vm/qemu.h"
#include "vm/runtime.h"

enum verdict { OK, WARN, FAIL };
static const char *const verdict_names[] = {[OK] = "ok", [WARN] = "warn", [FAIL] = "fail"};

enum { TCG_PROBE_MS = 5000, HELP_MS = 5000, FILES_WANTED = 1024 };

struct report {
  const struct oriel_options *options;
  json_t *findings; /* array; NULL when printing text */
  bool failed;
  char qemu[4096], version[32]; /* "" without QEMU */
};

/** `remedy` is a sentence or "". */
static void find(struct report *report, enum verdict verdict, const char *what, const char *remedy, const char *format,
                 ...) __attribute__((format(printf, 5, 6)));
static void find(struct report *report, enum verdict verdict, const char *what, const char *remedy, const char *format,
                 ...) {
  char finding[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(finding, sizeof finding, format, arguments);
  va_end(arguments);
  oriel_utf8_sanitize(finding); /* a QEMU's words may be in it */
  report->failed = report->failed || verdict == FAIL;
  if (report->findings != NULL)
    json_array_append_new(report->findings, json_pack("{s:s, s:s, s:s, s:s}", "verdict", verdict_names[verdict], "what",
                                                      what, "finding", finding, "remedy", remedy));
  else {
    printf("%-4s  %s: %s%s%s\n", verdict_names[verdict], what, finding, remedy[0] != '\0' ? ". " : "", remedy);
    fflush(stdout);
  }
}

static void check_qemu(struct report *report) {
  char why[512];
  if (oriel_qemu_find(report->qemu, sizeof report->qemu, report->version, sizeof report->version, why, sizeof why) == 0)
    find(report, OK, "QEMU", "", "%s at %s, with the D-Bus display", report->version, report->qemu);
  else {
    report->qemu[0] = '\0';
    find(report, FAIL, "QEMU", "", "%s", why);
  }
}

/** Runs QEMU with `option help` and looks for `words`; the first that is missing is returned, or NULL. */
static const char *missing_word(const char *qemu, const char *option, const char *const *words) {
  static char output[256 * 1024];
  int status = 0;
  char *const argv[] = {(char *)qemu, (char *)option, (char *)"help", NULL};
  if (oriel_child_run(argv, HELP_MS, output, sizeof output, &status) < 0)
    output[0] = '\0';
  while (*words != NULL && strstr(output, *words) != NULL)
    words++;
  return *words;
}

static void check_devices(struct report *report) {
  static const char *const devices[] = {"\"virtio-vga\"", "\"virtio-keyboard-pci\"", "\"virtio-tablet-pci\"",
                                        "\"qemu-xhci\"", NULL};
  static const char *const sound[] = {"\"intel-hda\"", "\"hda-duplex\"", NULL}, *const audio[] = {"dbus", NULL};
  static const char remedy[] = "Install qemu-system-x86 and qemu-system-common of one version";
  if (report->qemu[0] == '\0')
    return;
  const char *missing = missing_word(report->qemu, "-device", devices);
  if (missing != NULL)
    find(report, FAIL, "devices", remedy, "QEMU has no device %s", missing);
  else
    find(report, OK, "devices", "", "virtio-vga, virtio and USB input");
  missing = missing_word(report->qemu, "-device", sound);
  if (missing == NULL)
    missing = missing_word(report->qemu, "-audiodev", audio);
  if (missing != NULL)
    find(report, FAIL, "sound", remedy, "QEMU has no %s: guests are silent", missing);
  else
    find(report, OK, "sound", "", "Intel HD audio over D-Bus; this host needs no sound card");
}

static void check_accelerators(struct report *report) {
  enum oriel_accel chosen = ORIEL_ACCEL_TCG;
  char why[512] = "";
  if (report->qemu[0] == '\0')
    return;
  oriel_accel_choose(report->qemu, report->version, ORIEL_ACCEL_AUTO, true, &chosen, why, sizeof why);
  if (chosen != ORIEL_ACCEL_TCG) {
    find(report, OK, "accelerator", "", "%s runs guest code", oriel_accel_name(chosen));
    return;
  }
  const char *remedy = "Guests run several times slower: enable virtualisation (in a VM: nested)";
  char tcg_why[512] = "";
  if (oriel_accel_probe(report->qemu, ORIEL_ACCEL_TCG, TCG_PROBE_MS, tcg_why, sizeof tcg_why) == 0)
    find(report, WARN, "accelerator", remedy, "tcg works; %s", why);
  else
    find(report, FAIL, "accelerator", "Reinstall qemu-system-x86", "%s, and %s", why, tcg_why);
}

static void check_codec(struct report *report, enum oriel_codec codec, const char *row, const char *remedy) {
  const char *name = NULL;
  bool works = false;
  char why[256] = "", good[256] = "", bad[512] = "";
  for (size_t i = 0; oriel_encoder_probe(codec, i, &name, &works, why, sizeof why); i++) {
    if (strcmp(name, "null") == 0)
      continue;
    char *list = works ? good : bad;
    const size_t size = works ? sizeof good : sizeof bad, used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", name);
  }
  if (good[0] != '\0')
    find(report, OK, row, "", "%s%s%s%s", good, bad[0] != '\0' ? " (not here: " : "", bad,
         bad[0] != '\0' ? ")" : "");
  else
    find(report, FAIL, row, remedy, "none of %s works: %s", bad, why);
}

static void check_encoders(struct report *report) {
  check_codec(report, ORIEL_CODEC_H264, "video encoders", "Install libx264-164");
  check_codec(report, ORIEL_CODEC_VP8, "VP8 encoders", "Install libvpx7");
}

static void check_opus(struct report *report) {
  struct oriel_opus_encoder *encoder = NULL;
  const int result = oriel_opus_encoder_create(20, 128, &encoder);
  if (result == 0)
    find(report, OK, "sound encoder", "", "Opus, 48 kHz stereo");
  else
    find(report, FAIL, "sound encoder", "Install libopus0", "Opus does not open: %s", strerror(-result));
  oriel_opus_encoder_destroy(encoder);
}

static void check_guest(struct report *report) {
  struct oriel_guest guest;
  char why[1024], path[4096];
  if (oriel_guest_find(&guest, why, sizeof why) == 0)
    find(report, OK, "demo guest", "", "%s", guest.kernel);
  else
    find(report, WARN, "demo guest", "", "%s", why);
  if (oriel_child_find("qemu-img", path, sizeof path) == 0)
    find(report, OK, "disk images", "", "%s detects their format", path);
  else
    find(report, WARN, "disk images", "`sudo apt-get install qemu-utils`",
         "no qemu-img in PATH: `oriel run DISK` needs --disk-format");
}

static void check_port(struct report *report) {
  struct sockaddr_storage bound;
  int fd = -1;
  char why[512];
  if (oriel_address_listen(report->options->listen, &fd, &bound, why, sizeof why) == 0) {
    close(fd);
    find(report, OK, "port", "", "%s is free", report->options->listen);
  } else
    find(report, FAIL, "port", "", "%s", why);
}

static void check_limits(struct report *report) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < FILES_WANTED)
    find(report, WARN, "open files", "Raise it with `ulimit -Hn 4096` as root",
         "the hard limit is %llu: fewer than 256 viewers fit", (unsigned long long)limit.rlim_max);
  else
    find(report, OK, "open files", "", "up to %llu", (unsigned long long)limit.rlim_max);
  struct oriel_runtime runtime;
  char why[1024], name[32];
  snprintf(name, sizeof name, "doctor-%d", (int)getpid());
  if (oriel_runtime_open(NULL, name, &runtime, why, sizeof why) == 0) {
    *strrchr(runtime.directory, '/') = '\0';
    find(report, OK, "runtime directory", "", "%s", runtime.directory);
    snprintf(runtime.directory + strlen(runtime.directory), sizeof runtime.directory - strlen(runtime.directory), "/%s",
             name);
    oriel_runtime_remove(&runtime);
  } else
    find(report, FAIL, "runtime directory", "", "%s", why);
}

int oriel_doctor_command(const struct oriel_options *options) {
  static void (*const checks[])(struct report *) = {
    check_qemu, check_devices, check_accelerators, check_encoders, check_opus, check_guest, check_port, check_limits,
  };
  struct report report = {.options = options, .findings = options->json ? json_array() : NULL};
  oriel_log_configure(options->log_level < ORIEL_LOG_WARN ? options->log_level : ORIEL_LOG_WARN, options->log_json);
  for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
    checks[i](&report);
  if (report.findings != NULL) {
    json_t *root = json_pack("{s:b, s:o}", "works", !report.failed, "findings", report.findings);
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', stdout);
    json_decref(root);
  }
  return report.failed ? ORIEL_EXIT_ERROR : ORIEL_EXIT_OK;
}
