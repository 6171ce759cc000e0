/* SPDX-License-Identifier: MIT
 *
 * A desktop's options, as one word of a command line and one by one as an administrator sends them: what is taken can
 * be copied, and the copy is the same; what is refused has a sentence.
 */
#include "cli/desktop_spec.h"
#include "cli/desktop_values.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct oriel_desktop_options *desktop, int result, const char *why, size_t why_size) {
  struct oriel_desktop_options copy;
  if (result < 0 && (why[0] == '\n' || memchr(why, '\0', why_size) == NULL))
    abort();
  if (result < 0 || desktop->address == NULL)
    return;
  if (desktop->audio_listen.count > ORIEL_WORDS_MAX || desktop->audio_listen.words[desktop->audio_listen.count] != NULL)
    abort();
  if (oriel_desktop_options_copy(desktop, &copy) < 0)
    return;
  if (!oriel_desktop_options_equal(desktop, &copy))
    abort();
  oriel_desktop_options_finish(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_desktop_options desktop = {.name = "fuzz"};
  char why[512];
  char *text = malloc(size + 1);
  if (text == NULL)
    return 0;
  if (size > 0)
    memcpy(text, data, size);
  text[size] = '\0';
  memset(why, '\n', sizeof why);
  judge(&desktop, oriel_desktop_options_read(&desktop, text, why, sizeof why), why, sizeof why);
  memset(why, '\n', sizeof why);
  judge(&desktop, oriel_desktop_options_read_one(&desktop, text, why, sizeof why), why, sizeof why);
  oriel_desktop_options_finish(&desktop);
  free(text);
  return 0;
}
