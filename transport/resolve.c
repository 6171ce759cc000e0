/* SPDX-License-Identifier: MIT
 *
 * getaddrinfo(3) on a detached thread. The owner's functions run on the owner's thread, `ask` on the other.
 */
#include "transport/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/fd.h"

struct oriel_resolution {
  atomic_uint refs; /* the owner's and the thread's */
  atomic_bool done; /* stored with release by the thread; the owner's acquire in oriel_resolution_read is its partner */
  char host[256], service[8];
  int type;
  int ends[2]; /* [0] is the owner's; the thread closes [1], which makes [0] readable */
  struct oriel_endpoints endpoints;
};

static void unref(struct oriel_resolution *resolution) {
  /* acq_rel: pairs with the other side's own decrement, so that the last one frees after all accesses. */
  if (atomic_fetch_sub_explicit(&resolution->refs, 1, memory_order_acq_rel) == 1)
    free(resolution);
}

static void *ask(void *argument) {
  struct oriel_resolution *resolution = argument;
  const struct addrinfo hints = {.ai_socktype = resolution->type};
  struct addrinfo *list = NULL;
  if (!getaddrinfo(resolution->host, resolution->service, &hints, &list)) {
    for (const struct addrinfo *i = list; i && resolution->endpoints.count < ORIEL_ENDPOINTS_MAX; i = i->ai_next) {
      struct oriel_endpoint *endpoint = &resolution->endpoints.list[resolution->endpoints.count];
      if ((i->ai_family != AF_INET && i->ai_family != AF_INET6) || i->ai_addrlen > sizeof endpoint->name)
        continue;
      memcpy(&endpoint->name, i->ai_addr, i->ai_addrlen);
      endpoint->size = i->ai_addrlen;
      resolution->endpoints.count++;
    }
    freeaddrinfo(list);
  }
  atomic_store_explicit(&resolution->done, true, memory_order_release);
  oriel_fd_close(&resolution->ends[1]);
  unref(resolution);
  return NULL;
}

/* The thread takes no signals: they are for threads that the program knows of. */
static int start_thread(struct oriel_resolution *resolution) {
  sigset_t all, before;
  pthread_attr_t attributes;
  pthread_t thread;
  int error = pthread_attr_init(&attributes);
  if (error)
    return -error;
  sigfillset(&all);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&thread, &attributes, ask, resolution);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return -error;
}

int oriel_resolution_start(const struct oriel_transport_address *address, int type, struct oriel_resolution **out) {
  struct oriel_resolution *resolution = calloc(1, sizeof *resolution);
  if (!resolution)
    return -ENOMEM;
  int error = oriel_fd_pipe(resolution->ends);
  if (error < 0)
    goto free_it;
  atomic_init(&resolution->refs, 2);
  resolution->type = type;
  snprintf(resolution->host, sizeof resolution->host, "%s", address->host);
  snprintf(resolution->service, sizeof resolution->service, "%u", address->port & UINT16_MAX);
  error = start_thread(resolution);
  if (error < 0)
    goto close_pipe;
  *out = resolution;
  return 0;

close_pipe:
  oriel_fd_close(&resolution->ends[0]);
  oriel_fd_close(&resolution->ends[1]);
free_it:
  free(resolution);
  return error;
}

int oriel_resolution_fd(const struct oriel_resolution *resolution) {
  return resolution->ends[0];
}

int oriel_resolution_read(const struct oriel_resolution *resolution, struct oriel_endpoints *endpoints) {
  if (!atomic_load_explicit(&resolution->done, memory_order_acquire))
    return -EAGAIN;
  if (!resolution->endpoints.count)
    return -ENOENT;
  *endpoints = resolution->endpoints;
  return 0;
}

void oriel_resolution_destroy(struct oriel_resolution *resolution) {
  if (!resolution)
    return;
  oriel_fd_close(&resolution->ends[0]);
  unref(resolution);
}
