/* SPDX-License-Identifier: MIT
 *
 * A strict reader of Prometheus' text format. Nothing of the server's is used here.
 */
#include "exposition.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_SIZE = 128, LABELS = 8, VALUE_SIZE = 192, FAMILIES = 512 };

struct label {
  char name[NAME_MAX_SIZE], value[VALUE_SIZE];
};

struct sample {
  char suffix[16]; /* behind the family's name */
  struct label labels[LABELS];
  size_t label_count;
  double value;
};

struct reader {
  const char *at, *end; /* of the line */
  unsigned line;
  char families[FAMILIES][NAME_MAX_SIZE]; /* the last one is being read */
  size_t family_count;
  char type[16]; /* of it; "" = no TYPE yet */
  struct sample *samples; /* of it */
  size_t sample_count, sample_room;
  char *why;
};

static bool wrong(struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct reader *reader, const char *format, ...) {
  va_list arguments;
  int size = snprintf(reader->why, EXPOSITION_WHY, "line %u: ", reader->line);
  va_start(arguments, format);
  vsnprintf(reader->why + size, EXPOSITION_WHY - (size_t)size, format, arguments);
  va_end(arguments);
  return false;
}

static const char *family_of(const struct reader *reader) {
  return reader->family_count ? reader->families[reader->family_count - 1] : "";
}

/* ---- pieces of a line ---- */

static bool skip(struct reader *reader, const char *text) {
  const size_t size = strlen(text);
  if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, text, size) != 0)
    return false;
  reader->at += size;
  return true;
}

/** Of a metric, or of a label, which has no colon. */
static bool read_name(struct reader *reader, bool colon, char name[NAME_MAX_SIZE]) {
  size_t size = 0;
  for (; reader->at < reader->end; reader->at++) {
    const char c = *reader->at;
    if (!(isalpha((unsigned char)c) || c == '_' || (colon && c == ':') || (size && isdigit((unsigned char)c))))
      break;
    if (size == NAME_MAX_SIZE - 1)
      return wrong(reader, "a name is longer than %d", NAME_MAX_SIZE - 1);
    name[size++] = c;
  }
  name[size] = '\0';
  return size ? true : wrong(reader, "a name is missing");
}

static bool read_label_value(struct reader *reader, char value[VALUE_SIZE]) {
  size_t size = 0;
  for (; reader->at < reader->end && *reader->at != '"'; reader->at++) {
    char c = *reader->at;
    if (c == '\\') {
      if (++reader->at == reader->end || !strchr("\\\"n", *reader->at))
        return wrong(reader, "a label has an unknown escape");
      c = *reader->at == 'n' ? '\n' : *reader->at;
    }
    if (size == VALUE_SIZE - 1)
      return wrong(reader, "a label is longer than %d", VALUE_SIZE - 1);
    value[size++] = c;
  }
  value[size] = '\0';
  return skip(reader, "\"") ? true : wrong(reader, "a label does not end");
}

static const struct label *label_of(const struct sample *sample, const char *name) {
  for (size_t i = 0; i < sample->label_count; i++)
    if (strcmp(sample->labels[i].name, name) == 0)
      return &sample->labels[i];
  return NULL;
}

static bool read_labels(struct reader *reader, struct sample *sample) {
  do {
    struct label label;
    if (sample->label_count == LABELS)
      return wrong(reader, "more than %d labels", LABELS);
    if (!read_name(reader, false, label.name))
      return false;
    if (strncmp(label.name, "__", 2) == 0 || label_of(sample, label.name))
      return wrong(reader, "label %s is reserved or comes twice", label.name);
    if (!skip(reader, "=\""))
      return wrong(reader, "label %s has no value", label.name);
    if (!read_label_value(reader, label.value))
      return false;
    sample->labels[sample->label_count++] = label;
  } while (skip(reader, ","));
  return skip(reader, "}") ? true : wrong(reader, "the labels do not end");
}

static bool parse_number(const char *text, double *value) {
  char *rest;
  if (strcmp(text, "+Inf") == 0 || strcmp(text, "-Inf") == 0 || strcmp(text, "NaN") == 0) {
    *value = text[0] == 'N' ? NAN : text[0] == '+' ? INFINITY : -INFINITY;
    return true;
  }
  *value = strtod(text, &rest);
  return text[0] && !*rest && text[strspn(text, "0123456789.eE+-")] == '\0';
}

static bool read_value(struct reader *reader, double *value) {
  char text[64];
  const size_t size = (size_t)(reader->end - reader->at);
  if (size >= sizeof text)
    return wrong(reader, "a value is too long");
  memcpy(text, reader->at, size);
  text[size] = '\0';
  return parse_number(text, value) ? true : wrong(reader, "\"%s\" is no value", text);
}

/* ---- a family, when it is whole ---- */

/** Whether two have the same labels, whatever their order; `but` (NULL = none) does not count. */
static bool is_alike(const struct sample *one, const struct sample *other, const char *but) {
  size_t ours = 0, theirs = 0;
  for (size_t i = 0; i < other->label_count; i++)
    theirs += !but || strcmp(other->labels[i].name, but) != 0;
  for (size_t i = 0; i < one->label_count; i++) {
    const struct label *label = &one->labels[i];
    if (but && strcmp(label->name, but) == 0)
      continue;
    const struct label *same = label_of(other, label->name);
    if (!same || strcmp(same->value, label->value) != 0)
      return false;
    ours++;
  }
  return ours == theirs;
}

static bool check_unique(struct reader *reader) {
  for (size_t i = 0; i < reader->sample_count; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(reader->samples[i].suffix, reader->samples[j].suffix) == 0 &&
          is_alike(&reader->samples[i], &reader->samples[j], NULL))
        return wrong(reader, "a series of %s comes twice", family_of(reader));
  return true;
}

static const struct sample *with_suffix(const struct reader *reader, const struct sample *like, const char *suffix,
                                        const char *but) {
  for (size_t i = 0; i < reader->sample_count; i++)
    if (strcmp(reader->samples[i].suffix, suffix) == 0 && is_alike(like, &reader->samples[i], but))
      return &reader->samples[i];
  return NULL;
}

/** Buckets of the same labels stand together, ascend in both, and end in +Inf, which is the count. */
static bool check_histogram(struct reader *reader) {
  double last_bound = -INFINITY, last_value = 0;
  for (size_t i = 0; i < reader->sample_count; i++) {
    const struct sample *sample = &reader->samples[i];
    const struct label *le = label_of(sample, "le");
    const bool bucket = strcmp(sample->suffix, "_bucket") == 0;
    double bound;
    if (bucket != (le != NULL) || sample->suffix[0] == '\0')
      return wrong(reader, "a bucket of %s has no le, or something else has one", family_of(reader));
    if (!bucket) {
      if (!isinf(last_bound))
        return wrong(reader, "the buckets of %s do not end in +Inf", family_of(reader));
      continue;
    }
    if (!parse_number(le->value, &bound))
      return wrong(reader, "le=\"%s\" of %s is no number", le->value, family_of(reader));
    const struct sample *count = with_suffix(reader, sample, "_count", "le");
    if (!count || !with_suffix(reader, sample, "_sum", "le"))
      return wrong(reader, "%s has no _sum or no _count", family_of(reader));
    if (i && strcmp(reader->samples[i - 1].suffix, "_bucket") == 0 && is_alike(&reader->samples[i - 1], sample, "le")) {
      if (bound <= last_bound || sample->value < last_value)
        return wrong(reader, "the buckets of %s are not cumulative", family_of(reader));
    } else if (i && !isinf(last_bound)) {
      return wrong(reader, "the buckets of %s do not end in +Inf", family_of(reader));
    }
    if (isinf(bound) && sample->value != count->value)
      return wrong(reader, "the last bucket of %s is not its count", family_of(reader));
    last_bound = bound;
    last_value = sample->value;
  }
  return true;
}

static bool check_summary(struct reader *reader) {
  for (size_t i = 0; i < reader->sample_count; i++) {
    const struct sample *sample = &reader->samples[i];
    const struct label *quantile = label_of(sample, "quantile");
    double part = 0;
    if ((sample->suffix[0] == '\0') != (quantile != NULL))
      return wrong(reader, "a sample of %s has no quantile, or something else has one", family_of(reader));
    if (quantile && (!parse_number(quantile->value, &part) || !(part >= 0 && part <= 1)))
      return wrong(reader, "quantile %s of %s is not 0 to 1", quantile->value, family_of(reader));
    if (!with_suffix(reader, sample, "_sum", "quantile") || !with_suffix(reader, sample, "_count", "quantile"))
      return wrong(reader, "%s has no _sum or no _count", family_of(reader));
  }
  return true;
}

static bool end_family(struct reader *reader) {
  const char *name = family_of(reader);
  if (reader->family_count == 0)
    return true;
  if (!reader->type[0] || reader->sample_count == 0)
    return wrong(reader, "%s has no TYPE or no samples", name);
  if (!check_unique(reader))
    return false;
  if (strcmp(reader->type, "histogram") == 0)
    return check_histogram(reader);
  return strcmp(reader->type, "summary") == 0 ? check_summary(reader) : true;
}

/* ---- lines ---- */

static bool read_help(struct reader *reader) {
  char name[NAME_MAX_SIZE];
  if (!read_name(reader, true, name) || !skip(reader, " "))
    return wrong(reader, "HELP has no name or no text");
  if (!end_family(reader))
    return false;
  for (size_t i = 0; i < reader->family_count; i++)
    if (strcmp(reader->families[i], name) == 0)
      return wrong(reader, "%s comes twice, or not in one piece", name);
  if (reader->family_count == FAMILIES)
    return wrong(reader, "more than %d families", FAMILIES);
  if (reader->at == reader->end || memchr(reader->at, '\\', (size_t)(reader->end - reader->at)))
    return wrong(reader, "the help of %s is empty or escaped", name);
  memcpy(reader->families[reader->family_count++], name, sizeof name);
  reader->type[0] = '\0';
  reader->sample_count = 0;
  return true;
}

static bool read_type(struct reader *reader) {
  static const char *const types[] = {"counter", "gauge", "histogram", "summary"};
  char name[NAME_MAX_SIZE];
  if (!read_name(reader, true, name) || !skip(reader, " "))
    return wrong(reader, "TYPE has no name or no type");
  if (strcmp(name, family_of(reader)) != 0 || reader->type[0])
    return wrong(reader, "TYPE of %s comes twice, or not behind its HELP", name);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (skip(reader, types[i]) && reader->at == reader->end)
      snprintf(reader->type, sizeof reader->type, "%s", types[i]);
  if (!reader->type[0])
    return wrong(reader, "%s has an unknown type", name);
  const bool total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;
  return total == (reader->type[0] == 'c') ? true : wrong(reader, "%s: _total is for counters, and all have it", name);
}

static struct sample *add_sample(struct reader *reader) {
  if (reader->sample_count == reader->sample_room) {
    reader->sample_room = reader->sample_room * 2 + 64;
    reader->samples = realloc(reader->samples, reader->sample_room * sizeof *reader->samples);
    if (!reader->samples)
      abort();
  }
  struct sample *sample = &reader->samples[reader->sample_count++];
  sample->label_count = 0;
  return sample;
}

static bool is_suffix(const struct reader *reader, const char *suffix) {
  const bool histogram = strcmp(reader->type, "histogram") == 0, summary = strcmp(reader->type, "summary") == 0;
  if (strcmp(suffix, "") == 0)
    return !histogram;
  if (strcmp(suffix, "_bucket") == 0)
    return histogram;
  return (histogram || summary) && (strcmp(suffix, "_sum") == 0 || strcmp(suffix, "_count") == 0);
}

static bool read_sample(struct reader *reader) {
  const size_t size = strlen(family_of(reader));
  char name[NAME_MAX_SIZE];
  if (!read_name(reader, true, name))
    return false;
  if (!reader->type[0] || strncmp(name, family_of(reader), size) != 0 || !is_suffix(reader, name + size))
    return wrong(reader, "%s stands outside of its family", name);
  struct sample *sample = add_sample(reader);
  snprintf(sample->suffix, sizeof sample->suffix, "%s", name + size);
  if (skip(reader, "{") && !read_labels(reader, sample))
    return false;
  if (!skip(reader, " ") || !read_value(reader, &sample->value))
    return wrong(reader, "%s has no value, or more than one", name);
  const bool counts = reader->type[0] != 'g';
  return !counts || !(sample->value < 0) ? true : wrong(reader, "%s is less than nothing", name);
}

static bool read_line(struct reader *reader) {
  if (skip(reader, "# HELP "))
    return read_help(reader);
  if (skip(reader, "# TYPE "))
    return read_type(reader);
  return read_sample(reader);
}

bool exposition_check(const char *text, size_t size, char why[EXPOSITION_WHY]) {
  struct reader *reader = calloc(1, sizeof *reader);
  if (!reader)
    abort();
  reader->why = why;
  bool good = true;
  const char *next, *end = text + size;
  for (const char *line = text; good && line < end; line = next + 1) {
    reader->line++;
    next = memchr(line, '\n', (size_t)(end - line));
    if (!next) {
      good = wrong(reader, "the page does not end in a newline");
      break;
    }
    reader->at = line;
    reader->end = next;
    good = read_line(reader);
  }
  good = good && end_family(reader) && (reader->family_count || wrong(reader, "the page is empty"));
  free(reader->samples);
  free(reader);
  return good;
}

double exposition_value(const char *text, const char *series) {
  const size_t size = strlen(series);
  for (const char *line = text; line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
    if (strncmp(line, series, size) == 0 && line[size] == ' ')
      return strtod(line + size + 1, NULL);
  return -1;
}
