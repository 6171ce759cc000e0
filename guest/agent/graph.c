/* SPDX-License-Identifier: MIT
 *
 * PipeWire's core and registry, by its rules: an error on object 0 with -EPIPE is the daemon's end and every id is
 * void. Main thread.
 */
#include "guest/agent/graph.h"

#include <errno.h>
#include <pipewire/thread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

#define SUBSYSTEM "agent/graph"

enum {
  OBJECTS_MOST = 1024,
  NAME_SIZE = 64,
  MANAGER_MS = 10000, /* a session manager is started after the daemon, and takes some seconds at log-in */
};

/** A node or a link of the graph. */
struct object {
  uint32_t id;
  uint32_t from, to;    /* a link's nodes; SPA_ID_INVALID for nodes */
  char name[NAME_SIZE]; /* a node's */
};

struct agent_graph {
  struct pw_loop *loop;
  struct agent_device *devices[AGENT_DEVICES];
  struct pw_context *context;
  struct pw_core *core;         /* NULL while there is no daemon */
  struct pw_registry *registry;
  struct spa_hook core_listener, registry_listener;
  struct spa_source *timer;
  struct object *objects;       /* OBJECTS_MOST; what is beyond is not counted */
  size_t count;
  uint64_t connections;
  char version[32];
  bool has_manager;             /* a session manager, which links programs with devices */
  bool is_lost;                 /* the daemon went; the timer takes it from here, outside its callbacks */
  int last_error;
};

static uint32_t to_id(const char *text) {
  return text ? (uint32_t)strtoul(text, NULL, 10) : SPA_ID_INVALID;
}

static void on_global(void *user, uint32_t id, uint32_t permissions, const char *type, uint32_t version,
                      const struct spa_dict *props) {
  struct agent_graph *graph = user;
  (void)permissions, (void)version;
  const char *metadata = props ? spa_dict_lookup(props, "metadata.name") : NULL;
  if (metadata && strcmp(metadata, "default") == 0)
    graph->has_manager = true; /* the default devices: a session manager's word */
  const bool is_link = strcmp(type, PW_TYPE_INTERFACE_Link) == 0;
  if ((!is_link && strcmp(type, PW_TYPE_INTERFACE_Node) != 0) || !props || graph->count == OBJECTS_MOST)
    return;
  struct object *object = &graph->objects[graph->count++];
  *object = (struct object){.id = id, .from = SPA_ID_INVALID, .to = SPA_ID_INVALID};
  if (is_link) {
    object->from = to_id(spa_dict_lookup(props, PW_KEY_LINK_OUTPUT_NODE));
    object->to = to_id(spa_dict_lookup(props, PW_KEY_LINK_INPUT_NODE));
    return;
  }
  const char *name = spa_dict_lookup(props, PW_KEY_APP_NAME);
  if (!name)
    name = spa_dict_lookup(props, PW_KEY_NODE_NAME);
  snprintf(object->name, sizeof object->name, "%s", name ? name : "");
}

static void on_global_remove(void *user, uint32_t id) {
  struct agent_graph *graph = user;
  for (size_t i = 0; i < graph->count; i++)
    if (graph->objects[i].id == id) {
      graph->objects[i] = graph->objects[--graph->count];
      return;
    }
}

static const struct pw_registry_events registry_events = {
  PW_VERSION_REGISTRY_EVENTS, .global = on_global, .global_remove = on_global_remove,
};

static void wait_ms(struct agent_graph *graph, unsigned ms) {
  struct timespec delay = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 + 1}; /* 0 would disarm */
  pw_loop_update_timer(graph->loop, graph->timer, &delay, NULL, false);
}

static void on_error(void *user, uint32_t id, int seq, int res, const char *message) {
  struct agent_graph *graph = user;
  (void)seq;
  if (id == PW_ID_CORE && res == -EPIPE) {
    graph->is_lost = true;
    wait_ms(graph, 0);
  } else
    oriel_warn(SUBSYSTEM, "PipeWire says of object %u: %s (%s)", id, message ? message : "", strerror(-res));
}

static void on_info(void *user, const struct pw_core_info *info) {
  struct agent_graph *graph = user;
  if (info->version)
    snprintf(graph->version, sizeof graph->version, "%s", info->version);
}

static const struct pw_core_events core_events = {PW_VERSION_CORE_EVENTS, .error = on_error, .info = on_info};

static void disconnect(struct agent_graph *graph) {
  for (size_t i = 0; i < AGENT_DEVICES; i++)
    agent_device_detach(graph->devices[i]);
  if (graph->registry) {
    spa_hook_remove(&graph->registry_listener);
    pw_proxy_destroy((struct pw_proxy *)graph->registry);
    graph->registry = NULL;
  }
  if (graph->core) {
    spa_hook_remove(&graph->core_listener);
    pw_core_disconnect(graph->core);
    graph->core = NULL;
  }
  graph->count = 0;
  graph->has_manager = false;
  graph->version[0] = '\0';
}

static int connect_now(struct agent_graph *graph) {
  graph->core = pw_context_connect(graph->context, NULL, 0);
  if (!graph->core)
    return errno != 0 ? -errno : -ECONNREFUSED;
  pw_core_add_listener(graph->core, &graph->core_listener, &core_events, graph);
  graph->registry = pw_core_get_registry(graph->core, PW_VERSION_REGISTRY, 0);
  if (!graph->registry)
    return -errno;
  pw_registry_add_listener(graph->registry, &graph->registry_listener, &registry_events, graph);
  for (size_t i = 0; i < AGENT_DEVICES; i++) {
    const int error = agent_device_attach(graph->devices[i], graph->core);
    if (error < 0)
      return error;
  }
  return 0;
}

static void on_timer(void *user, uint64_t expirations) {
  struct agent_graph *graph = user;
  (void)expirations;
  if (graph->is_lost) {
    graph->is_lost = false;
    oriel_warn(SUBSYSTEM, "PipeWire went away; the devices come back with it");
    disconnect(graph);
  }
  if (graph->core) {
    if (!graph->has_manager)
      oriel_warn(SUBSYSTEM,
                 "PipeWire has no session manager, so nothing is linked with the devices: install wireplumber "
                 "(Debian: apt-get install wireplumber; systemctl --user enable --now wireplumber)");
    return;
  }
  const int error = connect_now(graph);
  if (error == 0) {
    graph->connections++;
    graph->last_error = 0;
    oriel_info(SUBSYSTEM, "connected to PipeWire");
    wait_ms(graph, MANAGER_MS);
    return;
  }
  disconnect(graph);
  if (error != graph->last_error)
    oriel_warn(SUBSYSTEM, "no PipeWire yet: %s; trying every %d ms: is pipewire.service of this user running? (%s)",
               strerror(-error), AGENT_RETRY_MS,
               access("/usr/bin/pipewire", X_OK) == 0 ? "systemctl --user enable --now pipewire"
                                                      : "there is no /usr/bin/pipewire: apt-get install pipewire");
  graph->last_error = error;
  wait_ms(graph, AGENT_RETRY_MS);
}

int agent_graph_create(struct pw_loop *loop, struct agent_device *const devices[AGENT_DEVICES],
                       struct agent_graph **graph) {
  struct agent_graph *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  int error = -ENOMEM;
  made->loop = loop;
  memcpy(made->devices, devices, sizeof made->devices);
  made->objects = calloc(OBJECTS_MOST, sizeof *made->objects);
  if (!made->objects)
    goto fail;
  /* The real-time client configuration gives the data thread its priority where the system allows. */
  made->context = pw_context_new(loop, pw_properties_new(PW_KEY_CONFIG_NAME, "client-rt.conf", NULL), 0);
  made->timer = made->context ? pw_loop_add_timer(loop, on_timer, made) : NULL;
  if (!made->timer) {
    error = -errno;
    goto fail;
  }
  wait_ms(made, 0);
  *graph = made;
  return 0;
fail:
  agent_graph_destroy(made);
  return error;
}

void agent_graph_destroy(struct agent_graph *graph) {
  if (!graph)
    return;
  if (graph->timer)
    pw_loop_destroy_source(graph->loop, graph->timer);
  if (graph->context) {
    disconnect(graph);
    pw_context_destroy(graph->context);
  }
  free(graph->objects);
  free(graph);
}

struct spa_thread_utils *agent_graph_threads(const struct agent_graph *graph) {
  struct spa_thread_utils *utils = pw_context_get_object(graph->context, SPA_TYPE_INTERFACE_ThreadUtils);
  return utils ? utils : pw_thread_utils_get();
}

bool agent_graph_is_connected(const struct agent_graph *graph) {
  return graph->core != NULL;
}

uint64_t agent_graph_connections(const struct agent_graph *graph) {
  return graph->connections;
}

const char *agent_graph_version(const struct agent_graph *graph) {
  return graph->version;
}

static const char *node_name(const struct agent_graph *graph, uint32_t id) {
  for (size_t i = 0; i < graph->count; i++)
    if (graph->objects[i].id == id)
      return graph->objects[i].name;
  return "";
}

/** The node at the other end of a link with `node`; SPA_ID_INVALID if it is no such link. */
static uint32_t other_end(const struct object *object, uint32_t node) {
  if (object->from == SPA_ID_INVALID)
    return SPA_ID_INVALID;
  return object->from == node ? object->to : object->to == node ? object->from : SPA_ID_INVALID;
}

size_t agent_graph_clients(const struct agent_graph *graph, uint32_t node, void (*each)(void *user, const char *name),
                           void *user) {
  size_t clients = 0;
  for (size_t i = 0; node != SPA_ID_INVALID && i < graph->count; i++) {
    const uint32_t other = other_end(&graph->objects[i], node);
    bool is_new = other != SPA_ID_INVALID; /* one link a channel, one client */
    for (size_t k = 0; k < i && is_new; k++)
      is_new = other_end(&graph->objects[k], node) != other;
    if (!is_new)
      continue;
    clients++;
    if (each)
      each(user, node_name(graph, other));
  }
  return clients;
}
