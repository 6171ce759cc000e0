/* SPDX-License-Identifier: MIT
 *
 * Maps the x86_64 part of a macOS bundle into a Linux process and runs it against functions of our own choice, so that
 * the very file that ships is tested.
 *
 * Takes thin and universal files of type MH_BUNDLE; rebase and bind opcodes (all eager) and chained fixups; symbols of
 * the table and of the export trie; initialisers. Refuses, in words: other processors and file types, encrypted files,
 * thread-local variables, pointer formats of other processors. The file is taken as hostile up to macho_run: every
 * offset is checked, and nothing outside the image is written.
 *
 * Thread-safety: a struct macho belongs to one thread until macho_run; then macho_symbol from any.
 */
#ifndef ORIEL_TESTS_DARWIN_MACHO_H
#define ORIEL_TESTS_DARWIN_MACHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MACHO_WHY_SIZE = 512 };

struct macho;

/** The address that `name` ("_malloc", with its underscore) is bound to, NULL if there is none. */
typedef void *(*macho_lookup)(void *context, const char *name);

/** Loads from memory, which is copied. 0; -ENOEXEC: no file of the kind (words in `why`); -ENOENT: a symbol that
 *  nobody has (all names in `why`); -ENOMEM. */
int macho_load(const uint8_t *bytes, size_t size, macho_lookup lookup, void *context, struct macho **macho,
               char why[MACHO_WHY_SIZE]);
/** The same from a file; also -errno of opening it. */
int macho_load_file(const char *path, macho_lookup lookup, void *context, struct macho **macho,
                    char why[MACHO_WHY_SIZE]);
/** Protects the segments as the file says and calls the initialisers. From here on the file is trusted. 0, -errno. */
int macho_run(struct macho *macho);
/** An exported symbol of the image, NULL if there is none. Borrowed: valid until the image is unloaded. */
void *macho_symbol(const struct macho *macho, const char *name);
/** Unmaps; no thread may be inside. NULL is fine. */
void macho_unload(struct macho *macho);

#endif
