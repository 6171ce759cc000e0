/* SPDX-License-Identifier: MIT
 *
 * Gathering samples by family. Stateless but for the sheet.
 */
#include "server/metric_sheet.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct family {
  const char *name;
  FILE *out; /* its lines; NULL = memory was short */
  char *text;
  size_t size;
};

struct oriel_sheet {
  struct family families[ORIEL_SHEET_FAMILIES_MAX];
  unsigned count, current;
  const char *desktop;
  bool failed;
};

struct oriel_sheet *oriel_sheet_create(void) {
  return calloc(1, sizeof(struct oriel_sheet));
}

void oriel_sheet_destroy(struct oriel_sheet *sheet) {
  for (unsigned i = 0; sheet && i < sheet->count; i++) {
    if (sheet->families[i].out)
      (void)fclose(sheet->families[i].out);
    free(sheet->families[i].text);
  }
  free(sheet);
}

void oriel_sheet_desktop(struct oriel_sheet *sheet, const char *desktop) {
  sheet->desktop = desktop;
}

/** Each desktop's families come in the same order, so that this one or the next is nearly always the one meant. */
static bool find(struct oriel_sheet *sheet, const char *name) {
  for (unsigned i = 0; i < sheet->count; i++) {
    const unsigned at = (sheet->current + i) % sheet->count;
    if (strcmp(sheet->families[at].name, name) != 0)
      continue;
    sheet->current = at;
    return true;
  }
  return false;
}

void oriel_sheet_family(struct oriel_sheet *sheet, const char *name, const char *type, const char *help) {
  if (find(sheet, name))
    return;
  assert(sheet->count < ORIEL_SHEET_FAMILIES_MAX);
  sheet->current = sheet->count++;
  struct family *family = &sheet->families[sheet->current];
  family->name = name;
  family->out = open_memstream(&family->text, &family->size);
  sheet->failed = sheet->failed || !family->out;
  if (family->out)
    fprintf(family->out, "# HELP %s %s\n# TYPE %s %s\n", name, help ? help : "", name, type);
}

/** A line up to its value; NULL when memory is short. */
static FILE *begin(struct oriel_sheet *sheet, const char *suffix, const char *labels) {
  const struct family *family = &sheet->families[sheet->current];
  if (!family->out)
    return NULL;
  fprintf(family->out, "%s%s", family->name, suffix);
  if (sheet->desktop)
    fprintf(family->out, "{desktop=\"%s\"%s%s}", sheet->desktop, labels[0] ? "," : "", labels);
  else if (labels[0])
    fprintf(family->out, "{%s}", labels);
  return family->out;
}

void oriel_sheet_number(struct oriel_sheet *sheet, const char *suffix, const char *labels, uint64_t value) {
  FILE *out = begin(sheet, suffix, labels);
  if (out)
    fprintf(out, " %" PRIu64 "\n", value);
}

void oriel_sheet_real(struct oriel_sheet *sheet, const char *suffix, const char *labels, int digits, double value) {
  FILE *out = begin(sheet, suffix, labels);
  if (out)
    fprintf(out, " %.*f\n", digits, value);
}

/** Its text is whole then. */
static bool end(struct family *family) {
  FILE *out = family->out;
  family->out = NULL;
  const bool written = out && !ferror(out);
  return out && fclose(out) == 0 && written;
}

char *oriel_sheet_text(struct oriel_sheet *sheet, size_t *size) {
  size_t all = 0, used = 0;
  for (unsigned i = 0; i < sheet->count; i++) {
    sheet->failed = !end(&sheet->families[i]) || sheet->failed;
    all += sheet->families[i].size;
  }
  char *text = sheet->failed ? NULL : malloc(all + 1);
  if (!text)
    return NULL;
  for (unsigned i = 0; i < sheet->count; i++) {
    memcpy(text + used, sheet->families[i].text, sheet->families[i].size);
    used += sheet->families[i].size;
  }
  text[used] = '\0';
  *size = used;
  return text;
}
