/* SPDX-License-Identifier: MIT
 *
 * Replays every file of a corpus directory through one fuzz target, so that the ordinary test run covers each input
 * ever found. Exits 1 when the directory is missing or empty: a corpus that replays nothing proves nothing.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 4 * 1024 * 1024 };

static int replay_file(const char *directory, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return -1;
  }
  uint8_t *data = malloc(INPUT_MAX);
  size_t size = data ? fread(data, 1, INPUT_MAX, file) : 0;
  fclose(file);
  if (!data)
    return -1;
  /* An exact allocation, so that AddressSanitizer sees the first byte read past the input. */
  uint8_t *exact = malloc(size ? size : 1);
  if (exact) {
    for (size_t i = 0; i < size; i++)
      exact[i] = data[i];
    LLVMFuzzerTestOneInput(exact, size);
  }
  free(exact);
  free(data);
  return exact ? 0 : -1;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
    return 2;
  }
  DIR *directory = opendir(argv[1]);
  if (!directory) {
    perror(argv[1]);
    return 1;
  }
  unsigned count = 0, failed = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_name[0] == '.')
      continue;
    count++;
    if (replay_file(argv[1], entry->d_name) < 0)
      failed++;
  }
  closedir(directory);
  printf("%u inputs replayed\n", count);
  return count && !failed ? 0 : 1;
}
