/* SPDX-License-Identifier: MIT
 *
 * The fake QEMU: one thread speaks QMP, GDBus's worker answers on D-Bus.
 */
#include "fake_qemu.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

#define FIRST "/org/qemu/Display1/Console_0"
#define SECOND "/org/qemu/Display1/Console_1"

struct fake_listener {
  GDBusConnection *connection;
  int raw; /* -1 = none */
  unsigned count;
};

struct fake_qemu {
  struct fake_qemu_options options;
  char path[108];
  int listening;
  GThread *thread;
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t changed;
  bool stopping;
  int qmp;         /* the client's connection; -1 = none */
  int passed_fd;   /* by getfd */
  GDBusConnection *control;
  struct fake_listener listeners[FAKE_LISTENERS];
  GString *log;
  GSList *held; /* registrations that are not served */
  unsigned queued;  /* commands to the graphics card */
  bool claimed;
  unsigned helpers; /* threads that make listener connections */
};

static void note(struct fake_qemu *fake, const char *text) {
  pthread_mutex_lock(&fake->lock);
  g_string_append_printf(fake->log, "%s\n", text);
  pthread_cond_broadcast(&fake->changed);
  pthread_mutex_unlock(&fake->lock);
}

static GDBusConnection *serve(int fd) {
  GSocket *socket = g_socket_new_from_fd(fd, NULL);
  if (!socket) {
    close(fd);
    return NULL;
  }
  GSocketConnection *stream = g_socket_connection_factory_create_connection(socket);
  char *guid = g_dbus_generate_guid();
  GDBusConnection *connection = g_dbus_connection_new_sync(
    G_IO_STREAM(stream), guid,
    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING, NULL, NULL,
    NULL);
  g_free(guid);
  g_object_unref(stream);
  g_object_unref(socket);
  return connection;
}

/* --- D-Bus -------------------------------------------------------------------------------------------------------- */

static void add_console(const struct fake_qemu *fake, GVariantBuilder *all, const char *path) {
  GVariantBuilder interfaces;
  g_variant_builder_init(&interfaces, G_VARIANT_TYPE("a{sa{sv}}"));
  g_variant_builder_add_parsed(
    &interfaces, "{'org.qemu.Display1.Console', {'Type': <'Graphic'>, 'Width': <uint32 64>, 'Height': <uint32 48>}}");
  g_variant_builder_add_parsed(&interfaces, "{'org.qemu.Display1.Mouse', {'IsAbsolute': <%b>}}",
                               (gboolean)fake->options.absolute);
  if (fake->options.has_touch)
    g_variant_builder_add_parsed(&interfaces, "{'org.qemu.Display1.MultiTouch', {'MaxSlots': <10>}}");
  g_variant_builder_add(all, "{oa{sa{sv}}}", path, &interfaces);
}

static GVariant *objects(const struct fake_qemu *fake) {
  GVariantBuilder all, interfaces;
  g_variant_builder_init(&all, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
  add_console(fake, &all, FIRST);
  if (fake->options.two_consoles)
    add_console(fake, &all, SECOND);
  if (fake->options.has_audio) {
    g_variant_builder_init(&interfaces, G_VARIANT_TYPE("a{sa{sv}}"));
    g_variant_builder_add_parsed(&interfaces, "{'org.qemu.Display1.Audio', @a{sv} {}}");
    g_variant_builder_add(&all, "{oa{sa{sv}}}", "/org/qemu/Display1/Audio", &interfaces);
  }
  return g_variant_new("(a{oa{sa{sv}}})", &all);
}

struct registration {
  struct fake_qemu *fake;
  int fd;
  unsigned which;
};

/* A line of the authentication ("D-Bus Specification", Authentication Protocol); false at the end. */
static bool read_line(int fd, char line[256]) {
  size_t size = 0;
  for (char byte; read(fd, &byte, 1) == 1;) {
    if (byte == '\n') {
      line[size] = '\0';
      return true;
    }
    if (byte && byte != '\r' && size < 255)
      line[size++] = byte;
  }
  return false;
}

static bool authenticate(int fd) {
  char line[256];
  while (read_line(fd, line)) {
    const char *answer = "ERROR\r\n";
    if (!strcmp(line, "BEGIN"))
      return true;
    if (!strcmp(line, "AUTH"))
      answer = "REJECTED EXTERNAL\r\n";
    else if (!strncmp(line, "AUTH EXTERNAL", 13))
      answer = "OK 00112233445566778899aabbccddeeff\r\n";
    else if (!strcmp(line, "NEGOTIATE_UNIX_FD"))
      answer = "AGREE_UNIX_FD\r\n";
    if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
      return false;
  }
  return false;
}

static void take_raw(struct fake_qemu *fake, const struct registration *registration) {
  bool works = authenticate(registration->fd);
  pthread_mutex_lock(&fake->lock);
  struct fake_listener *listener = &fake->listeners[registration->which];
  if (works) {
    if (listener->raw >= 0)
      close(listener->raw);
    listener->raw = registration->fd;
    listener->count++;
  } else {
    close(registration->fd);
  }
  fake->helpers--;
  pthread_cond_broadcast(&fake->changed);
  pthread_mutex_unlock(&fake->lock);
}

static gpointer take_listener(gpointer user) {
  struct registration *registration = user;
  struct fake_qemu *fake = registration->fake;
  if (fake->options.raw) {
    take_raw(fake, registration);
    g_free(registration);
    return NULL;
  }
  GDBusConnection *connection = serve(registration->fd);
  if (connection)
    g_dbus_connection_start_message_processing(connection);
  pthread_mutex_lock(&fake->lock);
  if (connection) {
    struct fake_listener *listener = &fake->listeners[registration->which];
    g_clear_object(&listener->connection);
    listener->connection = connection;
    listener->count++;
  }
  fake->helpers--;
  pthread_cond_broadcast(&fake->changed);
  pthread_mutex_unlock(&fake->lock);
  g_free(registration);
  return NULL;
}

static void take_registration(struct fake_qemu *fake, GDBusMessage *call, unsigned which) {
  GUnixFDList *fds = g_dbus_message_get_unix_fd_list(call);
  int fd = fds ? g_unix_fd_list_get(fds, 0, NULL) : -1;
  if (fd < 0)
    return;
  struct registration *registration = g_new(struct registration, 1);
  *registration = (struct registration){fake, fd, which};
  pthread_mutex_lock(&fake->lock);
  bool stopping = fake->stopping;
  fake->helpers += !stopping;
  pthread_mutex_unlock(&fake->lock);
  if (stopping) {
    close(fd);
    g_free(registration);
    return;
  }
  g_thread_unref(g_thread_new("fake-listener", take_listener, registration));
}

/* Keeps the message, with its descriptor, so that the other side is neither talked to nor closed. */
static void hold_registration(struct fake_qemu *fake, GDBusMessage *call) {
  pthread_mutex_lock(&fake->lock);
  fake->held = g_slist_prepend(fake->held, g_object_ref(call));
  pthread_mutex_unlock(&fake->lock);
}

static GDBusMessage *filter(GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer user) {
  struct fake_qemu *fake = user;
  if (!incoming || g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
    return message;
  const char *member = g_dbus_message_get_member(message);
  GVariant *body = g_dbus_message_get_body(message);
  char *arguments = body ? g_variant_print(body, FALSE) : g_strdup("()");
  const bool second = !g_strcmp0(g_dbus_message_get_path(message), SECOND);
  char *line = g_strconcat(second ? "1:" : "", member, arguments, NULL);
  GDBusMessage *reply = g_dbus_message_new_method_reply(message);
  bool sound = !strcmp(member, "RegisterOutListener"), microphone = !strcmp(member, "RegisterInListener");
  bool answer = true;
  if (!strcmp(member, "GetManagedObjects")) {
    g_dbus_message_set_body(reply, objects(fake));
  } else if (((sound || microphone) && fake->options.refuse_sound) ||
             (fake->options.refuse_listener && !strcmp(member, "RegisterListener")) ||
             (fake->options.refuse_resize && !strcmp(member, "SetUIInfo"))) {
    g_object_unref(reply);
    reply = g_dbus_message_new_method_error_literal(message, "org.qemu.Display1.Error.Invalid", "no");
  } else if (sound || microphone || !strcmp(member, "RegisterListener")) {
    /* Listeners of a private connection need a name that tells them apart. */
    if (fake->options.mute)
      hold_registration(fake, message);
    else if (g_dbus_message_get_sender(message))
      take_registration(fake, message, microphone ? FAKE_MICROPHONE : sound ? FAKE_SOUND
                                                 : second   ? FAKE_SECOND
                                                            : FAKE_DISPLAY);
  } else {
    answer = !fake->options.answers_nothing;
  }
  if (answer)
    g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  note(fake, line);
  g_free(arguments);
  g_free(line);
  g_object_unref(reply);
  g_object_unref(message);
  return NULL;
}

/* "D-Bus Specification", Authentication Protocol: no mechanism is left. */
static void reject(int fd) {
  static const char answer[] = "REJECTED EXTERNAL\r\n";
  char line[256];
  while (read_line(fd, line) && send(fd, answer, strlen(answer), MSG_NOSIGNAL) >= 0)
    ;
  close(fd);
}

static void add_client(struct fake_qemu *fake) {
  if (fake->options.deaf)
    return; /* it lies there until the next one or the end */
  if (fake->options.rejects) {
    reject(fake->passed_fd);
    fake->passed_fd = -1;
    return;
  }
  GDBusConnection *control = serve(fake->passed_fd);
  fake->passed_fd = -1;
  if (!control)
    return;
  g_dbus_connection_add_filter(control, filter, fake, NULL);
  pthread_mutex_lock(&fake->lock);
  g_clear_object(&fake->control);
  fake->control = control;
  pthread_mutex_unlock(&fake->lock);
  g_dbus_connection_start_message_processing(control);
}

/* --- QMP ---------------------------------------------------------------------------------------------------------- */

static void say(int fd, const char *line) {
  char *text = g_strconcat(line, "\r\n", NULL);
  if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
    (void)errno; /* the client went: the next read says so */
  g_free(text);
}

static const char *status_of(struct fake_qemu *fake) {
  pthread_mutex_lock(&fake->lock);
  const char *status = fake->options.status ? fake->options.status : "running";
  pthread_mutex_unlock(&fake->lock);
  return status;
}

/* What concerns claims and the graphics card; NULL = something else. */
static char *answer_device(struct fake_qemu *fake, const char *command, long long id) {
  char *result = NULL;
  pthread_mutex_lock(&fake->lock);
  if (!strcmp(command, "chardev-add") && fake->claimed)
    result = g_strdup_printf("{\"id\":%lld,\"error\":{\"class\":\"GenericError\",\"desc\":\"exists\"}}", id);
  else if (!strcmp(command, "query-chardev"))
    result = g_strdup_printf("{\"return\":[{\"label\":\"m\",\"filename\":\"unix:\"},{\"label\":\"oriel-display\","
                             "\"filename\":\"%s\"}],\"id\":%lld}", fake->options.claim ? fake->options.claim : "", id);
  else if (!strcmp(command, "chardev-remove"))
    fake->claimed = false;
  else if (!strcmp(command, "x-query-virtio") && fake->options.virtio_gpu)
    result = g_strdup_printf("{\"return\":[{\"name\":\"virtio-input\",\"path\":\"/i\"},{\"name\":\"virtio-gpu\","
                             "\"path\":\"/g\"}],\"id\":%lld}", id);
  else if (!strcmp(command, "x-query-virtio-queue-status"))
    result = g_strdup_printf("{\"return\":{\"last-avail-idx\":%u},\"id\":%lld}", fake->queued, id);
  pthread_mutex_unlock(&fake->lock);
  return result;
}

static void answer(struct fake_qemu *fake, int fd, const char *line) {
  json_t *root = json_loads(line, 0, NULL);
  const char *command = json_string_value(json_object_get(root, "execute"));
  char *logged = g_strconcat("qmp ", command ? command : "?", NULL), *result = NULL;
  long long id = json_integer_value(json_object_get(root, "id"));
  bool adds = command && !strcmp(command, "add_client");
  if (command && (result = answer_device(fake, command, id)))
    ;
  else if (adds && fake->options.refuse_add_client)
    result = g_strdup_printf("{\"id\":%lld,\"error\":{\"class\":\"GenericError\",\"desc\":\"not today\"}}", id);
  else if (command && !strcmp(command, "query-status"))
    result = g_strdup_printf("{\"return\":{\"status\":\"%s\",\"running\":true},\"id\":%lld}", status_of(fake), id);
  else if (command && !strcmp(command, "query-name"))
    result = g_strdup_printf("{\"return\":{\"name\":\"fake\"},\"id\":%lld}", id);
  else if (command && !strcmp(command, "qom-list") && fake->options.keyboard)
    result = g_strdup_printf("{\"return\":[{\"name\":\"k\",\"type\":\"child<%s>\"}],\"id\":%lld}",
                             fake->options.keyboard, id);
  else if (command && !strcmp(command, "x-query-virtio-status"))
    result = g_strdup_printf("{\"return\":{\"status\":{\"statuses\":[\"VIRTIO_CONFIG_S_DRIVER_OK: Driver setup\"]}},"
                             "\"id\":%lld}", id);
  else if (command && !strcmp(command, "query-mice"))
    result = g_strdup_printf("{\"return\":[{\"name\":\"%s\",\"index\":1,\"current\":true,\"absolute\":false}],"
                             "\"id\":%lld}", fake->options.mouse ? fake->options.mouse : "no mouse", id);
  else if (command && !strcmp(command, "qom-list"))
    result = g_strdup_printf("{\"return\":[{\"name\":\"t\",\"type\":\"child<virtio-%s-pci>\"}],\"id\":%lld}",
                             fake->options.has_touch ? "multitouch" : "tablet", id);
  else
    result = g_strdup_printf("{\"return\":{},\"id\":%lld}", id);
  /* Asked now and then, between whatever a test looks for. */
  if (!command || (strcmp(command, "query-mice") && strcmp(command, "x-query-virtio-status") &&
                   strcmp(command, "human-monitor-command")))
    note(fake, logged);
  say(fd, result);
  if (adds && !fake->options.refuse_add_client && fake->passed_fd >= 0)
    add_client(fake);
  g_free(logged);
  g_free(result);
  json_decref(root);
}

/* A read that keeps the descriptor that came along. */
static ssize_t receive(struct fake_qemu *fake, int fd, char *bytes, size_t size) {
  struct iovec vector = {.iov_base = bytes, .iov_len = size};
  union {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.space,
                           .msg_controllen = sizeof control.space};
  ssize_t count = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  struct cmsghdr *header = count > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (header && header->cmsg_type == SCM_RIGHTS) {
    if (fake->passed_fd >= 0)
      close(fake->passed_fd);
    memcpy(&fake->passed_fd, CMSG_DATA(header), sizeof(int));
  }
  return count;
}

static void serve_client(struct fake_qemu *fake, int fd) {
  char greeting[160];
  snprintf(greeting, sizeof greeting,
           "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": %d, \"major\": %d}}, \"capabilities\": []}}",
           fake->options.minor, fake->options.major ? fake->options.major : 10);
  if (!fake->options.silent)
    say(fd, greeting);
  GString *text = g_string_new(NULL);
  char bytes[4096];
  ssize_t count;
  while ((count = receive(fake, fd, bytes, sizeof bytes)) > 0) {
    g_string_append_len(text, bytes, count);
    char *end;
    while ((end = strchr(text->str, '\n'))) {
      *end = '\0';
      answer(fake, fd, text->str);
      g_string_erase(text, 0, end - text->str + 1);
    }
  }
  g_string_free(text, TRUE);
}

static gpointer run(gpointer user) {
  struct fake_qemu *fake = user;
  for (;;) {
    int fd = accept4(fake->listening, NULL, NULL, SOCK_CLOEXEC);
    pthread_mutex_lock(&fake->lock);
    bool stopping = fake->stopping;
    fake->qmp = stopping ? -1 : fd;
    pthread_mutex_unlock(&fake->lock);
    if (!stopping && fd >= 0)
      serve_client(fake, fd);
    pthread_mutex_lock(&fake->lock);
    fake->qmp = -1;
    pthread_mutex_unlock(&fake->lock);
    if (fd >= 0)
      close(fd);
    if (stopping || fd < 0)
      return NULL;
  }
}

/* --- public ------------------------------------------------------------------------------------------------------- */

struct fake_qemu *fake_qemu_start(const char *path, const struct fake_qemu_options *options) {
  struct fake_qemu *fake = g_new0(struct fake_qemu, 1);
  fake->options = *options;
  fake->claimed = options->claim != NULL;
  g_strlcpy(fake->path, path, sizeof fake->path);
  pthread_mutex_init(&fake->lock, NULL);
  pthread_cond_init(&fake->changed, NULL);
  fake->qmp = fake->passed_fd = -1;
  for (unsigned i = 0; i < FAKE_LISTENERS; i++)
    fake->listeners[i].raw = -1;
  fake->log = g_string_new(NULL);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  g_strlcpy(address.sun_path, path, sizeof address.sun_path);
  fake->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert(bind(fake->listening, (const struct sockaddr *)&address, sizeof address) == 0);
  g_assert(listen(fake->listening, 4) == 0);
  fake->thread = g_thread_new("fake-qemu", run, fake);
  return fake;
}

static void end(GDBusConnection **connection) {
  if (!*connection)
    return;
  g_dbus_connection_close_sync(*connection, NULL, NULL);
  g_clear_object(connection);
}

void fake_qemu_stop(struct fake_qemu *fake) {
  unlink(fake->path);
  pthread_mutex_lock(&fake->lock);
  fake->stopping = true;
  if (fake->qmp >= 0)
    shutdown(fake->qmp, SHUT_RDWR);
  shutdown(fake->listening, SHUT_RDWR);
  GDBusConnection *control = g_steal_pointer(&fake->control);
  pthread_mutex_unlock(&fake->lock);
  end(&control);
  g_thread_join(fake->thread);
  end(&fake->control);
  pthread_mutex_lock(&fake->lock);
  while (fake->helpers)
    pthread_cond_wait(&fake->changed, &fake->lock);
  pthread_mutex_unlock(&fake->lock);
  for (unsigned i = 0; i < FAKE_LISTENERS; i++) {
    end(&fake->listeners[i].connection);
    if (fake->listeners[i].raw >= 0)
      close(fake->listeners[i].raw);
  }
  close(fake->listening);
  if (fake->passed_fd >= 0)
    close(fake->passed_fd);
  pthread_mutex_lock(&fake->lock);
  g_slist_free_full(g_steal_pointer(&fake->held), g_object_unref);
  pthread_mutex_unlock(&fake->lock);
  /* GDBus may still be inside filter() with a message of a closed connection, and does not say when it has left. */
  static GSList *buried;
  buried = g_slist_prepend(buried, fake);
}

bool fake_qemu_wait_listener(struct fake_qemu *fake, unsigned which, unsigned count) {
  struct timespec end_time;
  clock_gettime(CLOCK_REALTIME, &end_time);
  end_time.tv_sec += PATIENCE_S;
  pthread_mutex_lock(&fake->lock);
  bool yes;
  while (!(yes = fake->listeners[which].count >= count) &&
         !pthread_cond_timedwait(&fake->changed, &fake->lock, &end_time))
    ;
  pthread_mutex_unlock(&fake->lock);
  return yes;
}

static GDBusConnection *listener_connection(struct fake_qemu *fake, unsigned which) {
  pthread_mutex_lock(&fake->lock);
  GDBusConnection *connection = g_object_ref(fake->listeners[which].connection);
  pthread_mutex_unlock(&fake->lock);
  return connection;
}

static const char *listener_path(unsigned which) {
  static const char *const paths[] = {"/org/qemu/Display1/Listener", "/org/qemu/Display1/AudioOutListener",
                                      "/org/qemu/Display1/AudioInListener", "/org/qemu/Display1/Listener"};
  return paths[which];
}

GVariant *fake_qemu_ask(struct fake_qemu *fake, unsigned which, const char *interface, const char *member,
                        GVariant *body, GUnixFDList *fds, char **refused) {
  GDBusConnection *connection = listener_connection(fake, which);
  GError *error = NULL;
  GVariant *value = g_dbus_connection_call_with_unix_fd_list_sync(
    connection, NULL, listener_path(which), interface, member, body, NULL, G_DBUS_CALL_FLAGS_NONE, PATIENCE_S * 1000,
    fds, NULL, NULL, &error);
  g_object_unref(connection);
  *refused = error ? g_strdup(error->message) : NULL;
  g_clear_error(&error);
  return value;
}

char *fake_qemu_call(struct fake_qemu *fake, unsigned which, const char *interface, const char *member, GVariant *body,
                     GUnixFDList *fds) {
  char *refused;
  GVariant *value = fake_qemu_ask(fake, which, interface, member, body, fds, &refused);
  g_clear_pointer(&value, g_variant_unref);
  return refused;
}

char *fake_qemu_interfaces(struct fake_qemu *fake, unsigned which) {
  GDBusConnection *connection = listener_connection(fake, which);
  static const char *const interfaces[] = {"org.qemu.Display1.Listener", "org.qemu.Display1.AudioOutListener",
                                           "org.qemu.Display1.AudioInListener", "org.qemu.Display1.Listener"};
  const char *interface = interfaces[which];
  GVariant *value = g_dbus_connection_call_sync(connection, NULL, listener_path(which),
                                                "org.freedesktop.DBus.Properties", "GetAll",
                                                g_variant_new("(s)", interface), G_VARIANT_TYPE("(a{sv})"),
                                                G_DBUS_CALL_FLAGS_NONE, PATIENCE_S * 1000, NULL, NULL);
  g_object_unref(connection);
  g_assert(value);
  GVariant *all = g_variant_get_child_value(value, 0);
  char **names = NULL;
  g_assert(g_variant_lookup(all, "Interfaces", "^as", &names));
  char *joined = g_strjoinv(" ", names);
  g_strfreev(names);
  g_variant_unref(all);
  g_variant_unref(value);
  return joined;
}

int fake_qemu_raw(struct fake_qemu *fake, unsigned which) {
  pthread_mutex_lock(&fake->lock);
  int fd = fake->listeners[which].raw;
  fake->listeners[which].raw = -1;
  pthread_mutex_unlock(&fake->lock);
  return fd;
}

void fake_qemu_drop_listener(struct fake_qemu *fake, unsigned which) {
  GDBusConnection *connection = listener_connection(fake, which);
  g_dbus_connection_close_sync(connection, NULL, NULL);
  g_object_unref(connection);
}

void fake_qemu_drop_control(struct fake_qemu *fake) {
  pthread_mutex_lock(&fake->lock);
  GDBusConnection *control = g_steal_pointer(&fake->control);
  pthread_mutex_unlock(&fake->lock);
  end(&control);
}

void fake_qemu_property_of(struct fake_qemu *fake, unsigned console, const char *interface, const char *name,
                           GVariant *value) {
  GVariantBuilder changed;
  g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
  g_variant_builder_add(&changed, "{sv}", name, value);
  pthread_mutex_lock(&fake->lock);
  GError *error = NULL;
  if (!g_dbus_connection_emit_signal(fake->control, NULL, console ? SECOND : FIRST,
                                     "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                     g_variant_new("(sa{sv}as)", interface, &changed, NULL), &error))
    g_error("no signal: %s", error->message);
  pthread_mutex_unlock(&fake->lock);
}

void fake_qemu_property(struct fake_qemu *fake, const char *interface, const char *name, GVariant *value) {
  fake_qemu_property_of(fake, 0, interface, name, value);
}

void fake_qemu_status(struct fake_qemu *fake, const char *status) {
  pthread_mutex_lock(&fake->lock);
  fake->options.status = status;
  pthread_mutex_unlock(&fake->lock);
}

void fake_qemu_queued(struct fake_qemu *fake, unsigned count) {
  pthread_mutex_lock(&fake->lock);
  fake->queued = count;
  pthread_mutex_unlock(&fake->lock);
}

void fake_qemu_unclaim(struct fake_qemu *fake) {
  pthread_mutex_lock(&fake->lock);
  fake->claimed = false;
  pthread_mutex_unlock(&fake->lock);
}

void fake_qemu_say(struct fake_qemu *fake, const char *line) {
  pthread_mutex_lock(&fake->lock);
  if (fake->qmp >= 0)
    say(fake->qmp, line);
  pthread_mutex_unlock(&fake->lock);
}

bool fake_qemu_wait_log(struct fake_qemu *fake, const char *text) {
  struct timespec end_time;
  clock_gettime(CLOCK_REALTIME, &end_time);
  end_time.tv_sec += PATIENCE_S;
  pthread_mutex_lock(&fake->lock);
  bool yes;
  while (!(yes = strstr(fake->log->str, text)) &&
         !pthread_cond_timedwait(&fake->changed, &fake->lock, &end_time))
    ;
  if (!yes)
    fprintf(stderr, "waited for %s in:\n%s\n", text, fake->log->str);
  pthread_mutex_unlock(&fake->lock);
  return yes;
}

char *fake_qemu_log(struct fake_qemu *fake) {
  pthread_mutex_lock(&fake->lock);
  char *log = g_strdup(fake->log->str);
  pthread_mutex_unlock(&fake->lock);
  return log;
}

unsigned fake_qemu_count(struct fake_qemu *fake, const char *text) {
  char *log = fake_qemu_log(fake);
  unsigned count = 0;
  for (const char *line = log; line && *line;) {
    count += !strncmp(line, text, strlen(text));
    line = strchr(line, '\n');
    line = line ? line + 1 : NULL;
  }
  g_free(log);
  return count;
}
