/* SPDX-License-Identifier: MIT
 *
 * Trusted proxies, and the two headers in which they name their clients. Loop thread; stateless.
 */
#include "server/proxies.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HOPS_MAX = 32 }; /* addresses looked at, from the right */

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/** A piece of a header, borrowed from it. */
struct piece {
  const char *text;
  size_t size;
};

static struct piece trimmed(const char *text, size_t size) {
  while (size && (*text == ' ' || *text == '\t')) {
    text++;
    size--;
  }
  while (size && (text[size - 1] == ' ' || text[size - 1] == '\t'))
    size--;
  return (struct piece){text, size};
}

/** An address without brackets and port; IPv4 becomes mapped. */
static bool parse_host(const char *text, size_t size, uint8_t bytes[16]) {
  char host[INET6_ADDRSTRLEN];
  if (size == 0 || size >= sizeof host || memchr(text, '\0', size))
    return false;
  memcpy(host, text, size);
  host[size] = '\0';
  if (inet_pton(AF_INET, host, bytes + 12) == 1) {
    memcpy(bytes, mapped, sizeof mapped);
    return true;
  }
  return inet_pton(AF_INET6, host, bytes) == 1;
}

static bool is_port(const char *text, size_t size) {
  size_t digits = 0;
  while (digits < size && text[digits] >= '0' && text[digits] <= '9')
    digits++;
  return digits == size && size >= 1 && size <= 5;
}

/** "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80"; `bare`: also "2001:db8::1". */
static bool parse_node(struct piece node, bool bare, uint8_t bytes[16]) {
  if (node.size && node.text[0] == '[') {
    const char *end = memchr(node.text, ']', node.size);
    if (!end)
      return false;
    size_t rest = node.size - (size_t)(end + 1 - node.text);
    if (rest && (end[1] != ':' || !is_port(end + 2, rest - 1)))
      return false;
    return memchr(node.text + 1, ':', (size_t)(end - node.text - 1)) &&
           parse_host(node.text + 1, (size_t)(end - node.text - 1), bytes);
  }
  const char *colon = memchr(node.text, ':', node.size);
  if (!colon)
    return parse_host(node.text, node.size, bytes);
  size_t rest = node.size - (size_t)(colon + 1 - node.text);
  if (!memchr(colon + 1, ':', rest))
    return is_port(colon + 1, rest) && parse_host(node.text, (size_t)(colon - node.text), bytes);
  return bare && parse_host(node.text, node.size, bytes);
}

/* ---- the list ---- */

static bool covers(const struct oriel_prefix *prefix, const uint8_t bytes[16]) {
  unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
  if (memcmp(prefix->bytes, bytes, whole) != 0)
    return false;
  return rest == 0 || (prefix->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

static bool trusted(const struct oriel_proxies *proxies, const uint8_t bytes[16]) {
  for (size_t i = 0; i < proxies->count; i++) {
    if (covers(&proxies->prefixes[i], bytes))
      return true;
  }
  return false;
}

int oriel_prefix_parse(const char *text, struct oriel_prefix *out) {
  const char *slash = strchr(text, '/');
  size_t size = slash ? (size_t)(slash - text) : strlen(text);
  struct oriel_prefix prefix = {.bits = 128};
  if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
    text++;
    size -= 2;
  }
  if (!parse_host(text, size, prefix.bytes))
    return -EINVAL;
  if (slash) {
    bool is_v4 = memchr(text, ':', size) == NULL;
    if (!is_port(slash + 1, strlen(slash + 1)) || strlen(slash + 1) > 3)
      return -EINVAL;
    unsigned bits = (unsigned)strtoul(slash + 1, NULL, 10);
    if (bits > (is_v4 ? 32u : 128u))
      return -EINVAL;
    prefix.bits = bits + (is_v4 ? 96u : 0u);
  }
  for (unsigned bit = prefix.bits; bit < 128; bit++) {
    if (prefix.bytes[bit / 8] >> (7 - bit % 8) & 1)
      return -EINVAL;
  }
  *out = prefix;
  return 0;
}

int oriel_proxies_init(struct oriel_proxies *proxies, const char *const *texts) {
  size_t count = 0;
  *proxies = (struct oriel_proxies){0};
  while (texts && texts[count])
    count++;
  if (count == 0)
    return 0;
  proxies->prefixes = calloc(count, sizeof *proxies->prefixes);
  if (!proxies->prefixes)
    return -ENOMEM;
  for (; proxies->count < count; proxies->count++) {
    if (oriel_prefix_parse(texts[proxies->count], &proxies->prefixes[proxies->count]) < 0) {
      oriel_proxies_finish(proxies);
      return -EINVAL;
    }
  }
  return 0;
}

void oriel_proxies_finish(struct oriel_proxies *proxies) {
  free(proxies->prefixes);
  *proxies = (struct oriel_proxies){0};
}

static bool bytes_of(const struct sockaddr *address, uint8_t bytes[16]) {
  if (address->sa_family == AF_INET) {
    memcpy(bytes, mapped, sizeof mapped);
    memcpy(bytes + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    return true;
  }
  if (address->sa_family != AF_INET6)
    return false;
  memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
  return true;
}

bool oriel_proxies_trust(const struct oriel_proxies *proxies, const struct sockaddr *address) {
  uint8_t bytes[16];
  return proxies->count && bytes_of(address, bytes) && trusted(proxies, bytes);
}

/* ---- the headers ---- */

/** Walks one entry to the left. True when the walk goes on: `bytes` was a trusted proxy. */
static bool hop(const struct oriel_proxies *proxies, struct piece node, bool bare, uint8_t bytes[16]) {
  uint8_t next[16];
  if (!parse_node(node, bare, next))
    return false;
  memcpy(bytes, next, sizeof next);
  return trusted(proxies, next);
}

static void walk_forwarded_for(const struct oriel_proxies *proxies, const char *header, uint8_t bytes[16]) {
  size_t size = strlen(header);
  for (int i = 0; i < HOPS_MAX; i++) {
    size_t start = size;
    while (start && header[start - 1] != ',')
      start--;
    if (!hop(proxies, trimmed(header + start, size - start), true, bytes) || start == 0)
      return;
    size = start - 1;
  }
}

static bool is_token(char c) {
  return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c);
}

/** One value: a token or a quoted string without escapes, which no address needs. Moves *next behind it. */
static bool take_value(const char **next, struct piece *value) {
  const char *text = *next;
  if (*text == '"') {
    size_t size = strcspn(text + 1, "\"\\");
    if (text[1 + size] != '"')
      return false;
    *value = (struct piece){text + 1, size};
    *next = text + size + 2;
    return true;
  }
  size_t size = 0;
  while (is_token(text[size]))
    size++;
  *value = (struct piece){text, size};
  *next = text + size;
  return size > 0;
}

/** One element, "for=192.0.2.1;proto=https": its `for`, which may be absent. False when it is malformed. */
static bool take_element(const char **next, struct piece *node) {
  *node = (struct piece){0};
  for (;;) {
    const char *name = *next;
    struct piece value;
    size_t size = 0;
    while (is_token(name[size]))
      size++;
    if (size == 0 || name[size] != '=')
      return false;
    *next = name + size + 1;
    if (!take_value(next, &value))
      return false;
    if (size == 3 && strncasecmp(name, "for", 3) == 0) {
      if (node->text)
        return false; /* each parameter once: RFC 7239 section 4 */
      *node = value;
    }
    if (**next != ';')
      return true;
    (*next)++;
  }
}

/** Quotes can be told apart from the left only; so the whole header is read before it is walked. */
static void walk_forwarded(const struct oriel_proxies *proxies, const char *header, uint8_t bytes[16]) {
  struct piece nodes[HOPS_MAX];
  size_t count = 0;
  for (const char *next = header;;) {
    struct piece node;
    next += strspn(next, " \t");
    if (!take_element(&next, &node))
      return;
    nodes[count++ % HOPS_MAX] = node;
    next += strspn(next, " \t");
    if (*next == '\0')
      break;
    if (*next++ != ',')
      return;
  }
  for (size_t i = 0; i < count && i < HOPS_MAX; i++) {
    struct piece node = nodes[(count - 1 - i) % HOPS_MAX];
    if (!node.text || !hop(proxies, node, false, bytes))
      return;
  }
}

static void store(const uint8_t bytes[16], struct sockaddr_storage *address) {
  *address = (struct sockaddr_storage){0};
  if (memcmp(bytes, mapped, sizeof mapped) == 0) {
    struct sockaddr_in in = {.sin_family = AF_INET};
    memcpy(&in.sin_addr, bytes + 12, 4);
    memcpy(address, &in, sizeof in);
  } else {
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    memcpy(&in6.sin6_addr, bytes, 16);
    memcpy(address, &in6, sizeof in6);
  }
}

void oriel_proxies_client(const struct oriel_proxies *proxies, const struct sockaddr *peer, const char *forwarded_for,
                          const char *forwarded, struct sockaddr_storage *client) {
  uint8_t own[16], by_list[16], by_element[16];
  if (!bytes_of(peer, own)) {
    *client = (struct sockaddr_storage){.ss_family = peer->sa_family};
    return;
  }
  memcpy(by_list, own, sizeof own);
  memcpy(by_element, own, sizeof own);
  if (trusted(proxies, own)) {
    if (forwarded_for)
      walk_forwarded_for(proxies, forwarded_for, by_list);
    if (forwarded)
      walk_forwarded(proxies, forwarded, by_element);
  }
  if (!forwarded)
    store(by_list, client);
  else if (!forwarded_for || memcmp(by_list, by_element, sizeof own) == 0)
    store(by_element, client);
  else
    store(own, client);
}
