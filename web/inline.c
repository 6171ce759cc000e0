/* SPDX-License-Identifier: MIT
 *
 * Build tool: puts a script into the page that asks for it, so that it runs as soon as the page is there. Runs on the build
 * machine; no thread. The server's content security policy allows what is in the page by its hash (server/policy.h).
 *
 *   inline OUTPUT.html PAGE.html SCRIPT.js
 *
 * PAGE.html has one line with `<script src="SCRIPT.js"></script>`; it becomes `<script>`, the file, and `</script>`.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_BYTES = 1 << 20 };

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("inline: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

/* A whole text file, ended by a zero byte. */
static char *text_read(const char *path) {
  FILE *in = fopen(path, "rb");
  char *text = malloc(SIZE_MAX_BYTES + 1);
  if (in == NULL || text == NULL)
    fail("cannot read %s: %s", path, strerror(errno));
  size_t size = fread(text, 1, SIZE_MAX_BYTES, in);
  if (size == 0 || size == SIZE_MAX_BYTES || ferror(in))
    fail("%s is empty, larger than 1 MiB or unreadable", path);
  fclose(in);
  text[size] = '\0';
  if (strlen(text) != size)
    fail("%s holds a zero byte", path);
  return text;
}

int main(int argc, char **argv) {
  if (argc != 4)
    fail("usage: inline OUTPUT.html PAGE.html SCRIPT.js");
  char *page = text_read(argv[2]), *script = text_read(argv[3]), tag[256];
  const char *slash = strrchr(argv[3], '/');
  snprintf(tag, sizeof tag, "<script src=\"%s\"></script>", slash != NULL ? slash + 1 : argv[3]);
  char *place = strstr(page, tag);
  if (place == NULL || strstr(place + 1, tag) != NULL)
    fail("%s does not have %s once", argv[2], tag);
  if (strstr(script, "</script") != NULL || strstr(script, "<!--") != NULL)
    fail("%s has what ends or comments out a script in a page", argv[3]);
  FILE *out = fopen(argv[1], "wb");
  if (out == NULL)
    fail("cannot write %s: %s", argv[1], strerror(errno));
  fprintf(out, "%.*s<script>%s</script>%s", (int)(place - page), page, script, place + strlen(tag));
  if (fclose(out) != 0) {
    remove(argv[1]);
    fail("cannot write %s: %s", argv[1], strerror(errno));
  }
  free(page);
  free(script);
  return 0;
}
