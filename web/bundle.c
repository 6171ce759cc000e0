/* SPDX-License-Identifier: MIT
 *
 * Build tool: makes one JavaScript file of several ES modules of web/js, so that a browser asks once where it would ask
 * for each in turn. Runs on the build machine; no thread.
 *
 *   bundle OUTPUT.js MODULE.js ... [-- NAME=BUNDLE ...]
 *
 * NAME=BUNDLE says that module NAME is in BUNDLE.js (of modules in this one it may be said, too); what is neither here
 * nor there stays a module of its own, in js/ beside the bundle. Each module becomes a function's scope that returns
 * what it exports, after those that it imports; `import()` of a module elsewhere loads its bundle. The modules stay as
 * they are for the type check, for tests and for workers.
 *
 * NAME=page says that module NAME is a plain script in the page, which ran before: a global holds what it exports. One
 * that is in this bundle makes it such a script, which may import nothing at its start.
 *
 * It knows the forms that web/ uses and refuses others: `import { a, b as c } from './x.js'` and `import './x.js'` at
 * the start of a line, `export` before const, class and function, no cycles, no import.meta. Whole lines of comment are
 * left out.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES_MAX = 128, IMPORTS_MAX = 64, EXPORTS_MAX = 64, NAME_MAX_SIZE = 64, STATEMENT_MAX = 2048 };

struct module {
  char name[NAME_MAX_SIZE]; /* of the file, without .js */
  const char *path;         /* NULL: not in this bundle */
  const char *bundle;       /* of another one; NULL: this one, or a module of its own */
  char *code;               /* transformed; owned */
  char exports[EXPORTS_MAX][NAME_MAX_SIZE];
  unsigned exports_count;
  unsigned imports[IMPORTS_MAX]; /* indices; what `import()` names in this bundle, too */
  unsigned imports_count;
  bool imported, visiting, written;
};

static struct module modules[MODULES_MAX];
static unsigned modules_count;
static bool is_script; /* a plain script in the page, not a module */

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("bundle: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

/* ---- names ---- */

static struct module *module_named(const char *name, size_t length) {
  if (length == 0 || length >= NAME_MAX_SIZE)
    fail("\"%.*s\" is no module's name", (int)length, name);
  for (unsigned i = 0; i < modules_count; i++)
    if (strlen(modules[i].name) == length && memcmp(modules[i].name, name, length) == 0)
      return &modules[i];
  if (modules_count == MODULES_MAX)
    fail("more than %d modules", MODULES_MAX);
  memcpy(modules[modules_count].name, name, length);
  return &modules[modules_count++];
}

/* The module in './NAME.js' at `text`. */
static struct module *module_at(const struct module *from, const char *text) {
  const char *end = strstr(text, ".js'");
  if (strncmp(text, "'./", 3) != 0 || end == NULL)
    fail("%s: an import of something other than './NAME.js': %.40s", from->path, text);
  return module_named(text + 3, (size_t)(end - text - 3));
}

/* The variable that holds a module's exports. */
static void variable_write(FILE *out, const struct module *module) {
  fputc('$', out);
  for (const char *c = module->name; *c != '\0'; c++)
    fputc(*c == '-' ? '_' : *c, out);
}

static void module_needs(struct module *module, struct module *needed) {
  needed->imported = true;
  for (unsigned i = 0; i < module->imports_count; i++)
    if (&modules[module->imports[i]] == needed)
      return;
  if (module->imports_count == IMPORTS_MAX)
    fail("%s imports more than %d modules", module->path, IMPORTS_MAX);
  module->imports[module->imports_count++] = (unsigned)(needed - modules);
}

/* ---- one module ---- */

/* `import { a, b as c } from './x.js';` becomes `const { a, b: c } = $x;`. */
static void import_write(FILE *out, struct module *module, const char *statement) {
  const char *open = strchr(statement, '{'), *close = strchr(statement, '}'), *from = strchr(statement, '\'');
  if (from == NULL)
    fail("%s: an import without a module: %.60s", module->path, statement);
  struct module *needed = module_at(module, from);
  module_needs(module, needed);
  if (open == NULL && strncmp(statement, "import '", 8) == 0)
    return;
  if (open == NULL || close == NULL || close < open)
    fail("%s: only `import { … } from` is known: %.60s", module->path, statement);
  fputs("const ", out);
  for (const char *c = open; c <= close; c++) {
    if (strncmp(c, " as ", 4) == 0) {
      fputs(": ", out);
      c += 3;
    } else {
      fputc(*c == '\n' ? ' ' : *c, out);
    }
  }
  fputs(" = ", out);
  variable_write(out, needed);
  fputs(";\n", out);
}

/* The name that `export ` gives out; returns the rest of the line from its kind on. */
static const char *export_read(struct module *module, const char *line) {
  static const char *const kinds[] = {"const ", "class ", "function ", "function* ", "async function "};
  const char *declaration = line + strlen("export "), *name = NULL;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strncmp(declaration, kinds[i], strlen(kinds[i])) == 0)
      name = declaration + strlen(kinds[i]);
  size_t length = 0;
  while (name != NULL && (isalnum((unsigned char)name[length]) || name[length] == '_' || name[length] == '$'))
    length++;
  if (length == 0 || length >= NAME_MAX_SIZE)
    fail("%s: only const, class and function are exported: %.60s", module->path, line);
  if (module->exports_count == EXPORTS_MAX)
    fail("%s exports more than %d names", module->path, EXPORTS_MAX);
  memcpy(module->exports[module->exports_count++], name, length);
  return declaration;
}

static bool in_page(const struct module *module) {
  return module->bundle != NULL && strcmp(module->bundle, "page") == 0;
}

/* A line of code, with each `import('./x.js')` turned to where x is now. */
static void code_write(FILE *out, struct module *module, const char *line) {
  static const char call[] = "import('./";
  if (strstr(line, "import.meta") != NULL)
    fail("%s: import.meta would be the bundle's: %.60s", module->path, line);
  for (const char *at; (at = strstr(line, call)) != NULL;) {
    struct module *needed = module_at(module, at + strlen("import("));
    const char *end = strchr(at, ')');
    fwrite(line, 1, (size_t)(at - line), out);
    if (needed->path != NULL || in_page(needed)) {
      module_needs(module, needed);
      fputs("Promise.resolve(", out);
      variable_write(out, needed);
      fputc(')', out);
    } else if (needed->bundle != NULL) {
      fprintf(out, "import('./%s.js').then((all) => all.", needed->bundle);
      variable_write(out, needed);
      fputc(')', out);
    } else {
      fprintf(out, "import('./js/%s.js')", needed->name);
    }
    line = end + 1;
  }
  fputs(line, out);
}

/* Whether `line` is nothing but comment; *inside follows a block from line to line. */
static bool comment_line(const struct module *module, const char *line, bool *inside) {
  const char *text = line + strspn(line, " ");
  if (!*inside && strncmp(text, "/*", 2) != 0)
    return strncmp(text, "//", 2) == 0;
  const char *end = strstr(*inside ? text : text + 2, "*/");
  bool more = end != NULL && end[2 + strspn(end + 2, " ")] != '\n' && end[2] != '\0';
  if (*inside && more)
    fail("%s: code after the end of a comment: %.60s", module->path, text);
  *inside = end == NULL;
  return !more;
}

static void module_read(struct module *module) {
  FILE *in = fopen(module->path, "r");
  if (in == NULL)
    fail("cannot read %s: %s", module->path, strerror(errno));
  size_t size = 0;
  FILE *out = open_memstream(&module->code, &size);
  if (out == NULL)
    fail("%s", strerror(errno));
  char line[STATEMENT_MAX], statement[STATEMENT_MAX] = "";
  bool comment = false;
  while (fgets(line, sizeof line, in) != NULL) {
    if (strchr(line, '\n') == NULL && !feof(in))
      fail("%s: a line of more than %d bytes", module->path, STATEMENT_MAX - 2);
    if (statement[0] == '\0' && comment_line(module, line, &comment))
      continue;
    if (statement[0] != '\0' || strncmp(line, "import ", 7) == 0) {
      if (strlen(statement) + strlen(line) >= sizeof statement)
        fail("%s: an import without an end: %.60s", module->path, statement);
      strcat(statement, line);
      if (strchr(line, ';') == NULL)
        continue;
      import_write(out, module, statement);
      statement[0] = '\0';
    } else {
      code_write(out, module, strncmp(line, "export ", 7) == 0 ? export_read(module, line) : line);
    }
  }
  if (ferror(in) || comment || statement[0] != '\0')
    fail("%s ends in the middle or cannot be read", module->path);
  fclose(in);
  if (fclose(out) != 0)
    fail("%s", strerror(errno));
}

/* ---- the bundle ---- */

static void module_write(FILE *out, struct module *module) {
  if (module->written || module->path == NULL)
    return;
  if (module->visiting)
    fail("%s imports itself through others", module->path);
  module->visiting = true;
  for (unsigned i = 0; i < module->imports_count; i++)
    module_write(out, &modules[module->imports[i]]);
  module->written = true;
  fputs("const ", out);
  variable_write(out, module);
  fprintf(out, " = (() => {\n%sreturn {", module->code);
  for (unsigned i = 0; i < module->exports_count; i++)
    fprintf(out, "%s %s", i > 0 ? "," : "", module->exports[i]);
  fputs(" };\n})();\n", out);
}

static void outside_write(FILE *out) {
  for (unsigned i = 0; i < modules_count; i++) {
    const struct module *module = &modules[i];
    if (module->path != NULL || !module->imported || in_page(module))
      continue;
    if (is_script)
      fail("%s is imported by a script of the page, which is no module", module->name);
    fputs(module->bundle != NULL ? "import { " : "import * as ", out);
    variable_write(out, module);
    if (module->bundle != NULL)
      fprintf(out, " } from './%s.js';\n", module->bundle);
    else
      fprintf(out, " from './js/%s.js';\n", module->name);
  }
}

static void bundle_write(FILE *out) {
  fputs("// Generated by web/bundle.c from the modules of web/js. Do not edit.\n", out);
  outside_write(out);
  for (unsigned i = 0; i < modules_count; i++)
    module_write(out, &modules[i]);
  if (is_script)
    return;
  fputs("export {", out);
  for (unsigned i = 0, written = 0; i < modules_count; i++) {
    if (modules[i].path == NULL)
      continue;
    fputs(written++ > 0 ? ", " : " ", out);
    variable_write(out, &modules[i]);
  }
  fputs(" };\n", out);
}

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

int main(int argc, char **argv) {
  int i = 2;
  for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
    const char *name = base_name(argv[i]), *end = strstr(name, ".js");
    if (end == NULL)
      fail("%s is no .js file", argv[i]);
    module_named(name, (size_t)(end - name))->path = argv[i];
  }
  const unsigned count = modules_count;
  for (i++; i < argc; i++) {
    const char *equals = strchr(argv[i], '=');
    if (equals == NULL)
      fail("\"%s\" is not NAME=BUNDLE", argv[i]);
    module_named(argv[i], (size_t)(equals - argv[i]))->bundle = equals + 1;
  }
  for (unsigned m = 0; m < count; m++)
    is_script = is_script || in_page(&modules[m]);
  if (count == 0)
    fail("usage: bundle OUTPUT.js MODULE.js ... [-- NAME=BUNDLE ...]");
  for (unsigned m = 0; m < count; m++)
    module_read(&modules[m]);
  FILE *out = fopen(argv[1], "w");
  if (out == NULL)
    fail("cannot write %s: %s", argv[1], strerror(errno));
  bundle_write(out);
  if (fclose(out) != 0) {
    remove(argv[1]);
    fail("cannot write %s: %s", argv[1], strerror(errno));
  }
  return 0;
}
