/* SPDX-License-Identifier: MIT
 *
 * The token that opens a desktop, and files that hold secrets. Any thread.
 */
#include "cli/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  TOKEN_MIN = 16, /* characters; behind a limit on wrong ones nobody guesses that many */
  RANDOM_BYTES = 32,
  FILE_LIMIT = 4096,
};

/** Reads until the end or until the buffer is full. Bytes read or -errno. */
static ssize_t read_all(int fd, char *data, size_t size) {
  size_t used = 0;
  while (used < size) {
    const ssize_t got = read(fd, data + used, size - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return -errno;
    if (got == 0)
      break;
    used += (size_t)got;
  }
  return (ssize_t)used;
}

static void warn_readable(const char *what, const char *path, const struct stat *info) {
  if (S_ISREG(info->st_mode) && (info->st_mode & 077) != 0)
    oriel_warn("cli", "%s %s can be read by others: `chmod 600 %s`", what, path, path);
}

void oriel_file_warn_readable(const char *what, const char *path) {
  struct stat info;
  if (stat(path, &info) == 0)
    warn_readable(what, path, &info);
}

int oriel_file_read(const char *what, const char *path, size_t limit, bool secret, char **text, char *why,
                    size_t why_size) {
  struct stat info;
  int result = 0;
  char *data = malloc(limit + 2);
  /* Non-blocking: a FIFO that nobody writes to must not hold the start. */
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (data == NULL)
    result = -ENOMEM;
  else if (fd < 0 || fstat(fd, &info) < 0)
    result = -errno;
  else if (S_ISDIR(info.st_mode))
    result = -EISDIR;
  ssize_t size = 0;
  if (result == 0) {
    size = read_all(fd, data, limit + 1);
    result = size < 0 ? (int)size : (size_t)size > limit ? -EFBIG : 0;
  }
  if (fd >= 0)
    close(fd);
  if (result < 0) {
    snprintf(why, why_size, "cannot read %s %.200s: %s; check the path and its permissions", what, path,
             strerror(-result));
    free(data);
    return result;
  }
  /* What follows would be left out unseen: a shorter secret than meant. */
  if (memchr(data, '\0', (size_t)size) != NULL) {
    snprintf(why, why_size, "cannot use %s %.200s: it holds a zero byte; write it as plain text", what, path);
    free(data);
    return -EINVAL;
  }
  if (secret)
    warn_readable(what, path, &info);
  data[size] = '\0';
  *text = data;
  return 0;
}

static int check_token(const char *token, const char *from, char *why, size_t why_size) {
  const size_t length = strlen(token);
  bool printable = true;
  for (const char *c = token; *c != '\0'; c++)
    printable = printable && *c > 0x20 && *c < 0x7F;
  if (length >= TOKEN_MIN && length < ORIEL_TOKEN_SIZE && printable)
    return 0;
  snprintf(why, why_size, "the token from %.200s is %s: use %d to 512 printable ASCII characters without spaces", from,
           length == 0                  ? "empty"
           : length >= ORIEL_TOKEN_SIZE ? "too long"
           : !printable                 ? "not printable"
                                        : "too short, and so easy to guess",
           TOKEN_MIN);
  return -EINVAL;
}

static int random_token(char token[ORIEL_TOKEN_SIZE], char *why, size_t why_size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint8_t bytes[RANDOM_BYTES + 1] = {0};
  if (getrandom(bytes, RANDOM_BYTES, 0) != RANDOM_BYTES) {
    snprintf(why, why_size, "cannot make a random token: %s; give one with --token-file", strerror(errno));
    return -EIO;
  }
  size_t length = 0;
  for (unsigned bit = 0; bit < RANDOM_BYTES * 8; bit += 6) {
    const unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
    token[length++] = digits[pair >> (10 - bit % 8) & 0x3F];
  }
  token[length] = '\0';
  explicit_bzero(bytes, sizeof bytes);
  return 0;
}

/** `from` names the option and the variable that `given` comes from. */
static int choose(const char *given, const char *file, const char *from, char token[ORIEL_TOKEN_SIZE], char *why,
                  size_t why_size) {
  if (given == NULL && file == NULL)
    return random_token(token, why, why_size);
  char *text = NULL;
  int result = 0;
  if (file != NULL) {
    result = oriel_file_read("token file", file, FILE_LIMIT, true, &text, why, why_size);
    if (result == 0)
      text[strcspn(text, "\r\n")] = '\0';
  }
  const char *chosen = file != NULL ? text : given;
  if (result == 0)
    result = check_token(chosen, file != NULL ? file : from, why,
                         why_size);
  if (result == 0)
    strcpy(token, chosen);
  if (text != NULL)
    explicit_bzero(text, strlen(text));
  free(text);
  return result;
}

int oriel_token_choose(const struct oriel_options *options, char token[ORIEL_TOKEN_SIZE], char *why, size_t why_size) {
  return choose(options->token, options->token_file, "--token or ORIEL_TOKEN", token, why, why_size);
}

int oriel_view_token_choose(const struct oriel_options *options, char token[ORIEL_TOKEN_SIZE], char *why,
                            size_t why_size) {
  return choose(options->view_token, options->view_token_file, "--view-token or ORIEL_VIEW_TOKEN", token, why,
                why_size);
}

int oriel_admin_token_choose(const struct oriel_options *options, char token[ORIEL_TOKEN_SIZE], char *why,
                             size_t why_size) {
  token[0] = '\0';
  if (options->admin_token == NULL && options->admin_token_file == NULL)
    return 0;
  return choose(options->admin_token, options->admin_token_file, "--admin-token or ORIEL_ADMIN_TOKEN", token, why,
                why_size);
}

int oriel_turn_secret_choose(const struct oriel_options *options, char secret[ORIEL_TOKEN_SIZE], char *why,
                             size_t why_size) {
  secret[0] = '\0';
  if (options->turn_secret == NULL && options->turn_secret_file == NULL)
    return 0;
  return choose(options->turn_secret, options->turn_secret_file, "--turn-secret or ORIEL_TURN_SECRET", secret, why,
                why_size);
}

static int choose_own(const char *given, const char *file, const struct oriel_desktop_options *desktop,
                      char token[ORIEL_TOKEN_SIZE], char *why, size_t why_size) {
  char from[ORIEL_DESKTOP_NAME_SIZE + 16];
  token[0] = '\0';
  snprintf(from, sizeof from, "desktop %s", desktop->name);
  return given != NULL || file != NULL ? choose(given, file, from, token, why, why_size) : 0;
}

int oriel_desktop_tokens(const struct oriel_desktop_options *desktop, char token[ORIEL_TOKEN_SIZE],
                         char view_token[ORIEL_TOKEN_SIZE], char *why, size_t why_size) {
  const int result = choose_own(desktop->token, desktop->token_file, desktop, token, why, why_size);
  if (result < 0)
    return result;
  return choose_own(desktop->view_token, desktop->view_token_file, desktop, view_token, why, why_size);
}

void oriel_token_encode(const char *token, char *text, size_t size) {
  static const char hex[] = "0123456789ABCDEF";
  size_t used = 0;
  for (; *token != '\0' && used + 4 <= size; token++) {
    const unsigned char c = (unsigned char)*token;
    if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", c) != NULL)
      text[used++] = (char)c;
    else {
      text[used++] = '%';
      text[used++] = hex[c >> 4];
      text[used++] = hex[c & 15];
    }
  }
  text[used] = '\0';
}
