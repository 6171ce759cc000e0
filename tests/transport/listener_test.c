/* SPDX-License-Identifier: MIT
 *
 * The listener: socket files dead, alive and foreign, peers that come twice or in floods, and running out of files.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"

/* Creating fails with the error, and the words name the path (lesson 40). */
static void assert_refused(const struct oriel_transport_address *address, int error, const char *part) {
  struct oriel_listener *listener = NULL;
  char why[400] = "";
  assert_int_equal(oriel_listener_create(address, &listener, why, sizeof why), error);
  assert_null(listener);
  if (!strstr(why, part) || !strstr(why, address->path))
    fail_msg("'%s' does not mention '%s' and '%s'", why, part, address->path);
}

static void listener_replaces_dead_file(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  close(rig_socket(address.path)); /* its owner died: the file stays */
  struct oriel_listener *listener = rig_listener(&address);
  struct oriel_dialer *dialer = rig_dialer(&address);
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  close(rig_accept(listener));
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
  assert_int_equal(access(address.path, F_OK), -1);
}

static void listener_keeps_living_file(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  assert_refused(&address, -EADDRINUSE, "in use");
  /* Also one whose queue is full, so that it does not even answer. */
  struct oriel_dialer *dialers[2];
  oriel_listener_destroy(listener);
  const int fd = rig_socket(address.path);
  assert_int_equal(listen(fd, 0), 0);
  for (unsigned i = 0; i < 2; i++) {
    dialers[i] = rig_dialer(&address);
    oriel_dialer_step(dialers[i], 0, rig->now_ns);
  }
  assert_refused(&address, -EADDRINUSE, "in use");
  for (unsigned i = 0; i < 2; i++)
    oriel_dialer_destroy(dialers[i]);
  close(fd);
  unlink(address.path);
}

static void listener_keeps_other_files(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/file", rig->folder);
  struct stat status;
  close(open(address.path, O_CREAT | O_WRONLY, 0600));
  assert_refused(&address, -EEXIST, "no socket");
  assert_int_equal(lstat(address.path, &status), 0);
  unlink(address.path);
  /* Nor is a symbolic link followed to something that could be removed. */
  const struct oriel_transport_address dead = rig_address("unix://%s/dead", rig->folder);
  close(rig_socket(dead.path));
  assert_int_equal(symlink(dead.path, address.path), 0);
  assert_refused(&address, -EEXIST, "no socket");
  assert_int_equal(lstat(dead.path, &status), 0);
  unlink(address.path);
  unlink(dead.path);
}

static void listener_paths_impossible(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address address = rig_address("unix://%s/no/folder/s", rig->folder);
  assert_refused(&address, -ENOENT, "No such file");
  address = rig_address("mux:///x?port=4294967294");
  memset(address.path, 'a', 100);
  address.path[0] = '/';
  assert_refused(&address, -ENAMETOOLONG, "too long");
  address = rig_address("shm://Name");
  assert_refused(&address, -EINVAL, "shared memory");
  address = rig_address("serial:///dev/oriel-none");
  assert_refused(&address, -ENOENT, "no such");
}

/* At the end only our own file goes. */
static void listener_leaves_successor(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  assert_int_equal(unlink(address.path), 0);
  struct oriel_listener *successor = rig_listener(&address);
  oriel_listener_destroy(listener);
  struct oriel_dialer *dialer = rig_dialer(&address);
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(successor);
}

/* Where a VMM brings a guest's connections to port 5000, without any handshake. */
static void listener_of_mux(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("mux://%s/v?port=5000", rig->folder);
  const struct oriel_transport_address vmm = rig_address("unix://%s/v_5000", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  struct oriel_dialer *dialer = rig_dialer(&vmm);
  char words[8];
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  assert_int_equal(oriel_dialer_send(dialer, "sound", 5, rig->now_ns), 5);
  const int fd = rig_accept(listener);
  rig_read(fd, words, 5);
  assert_memory_equal(words, "sound", 5);
  close(fd);
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

/* A guest that was suspended dials again while its first connection is still open. */
static void listener_peer_comes_twice(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address address = rig_address("tcp://127.0.0.1:0");
  struct oriel_listener *listener = rig_listener(&address);
  address.port = oriel_listener_port(listener);
  assert_true(address.port > 0);
  struct oriel_dialer *first = rig_dialer(&address), *second = rig_dialer(&address);
  char byte;
  rig_until(rig, first, ORIEL_STREAM_CONNECTED);
  const int old = rig_accept(listener);
  rig_until(rig, second, ORIEL_STREAM_CONNECTED);
  const int new = rig_accept(listener);
  assert_int_equal(oriel_listener_accept(listener), -EAGAIN);
  assert_int_equal(fcntl(new, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  assert_int_equal(fcntl(new, F_GETFD), FD_CLOEXEC);
  close(old);
  rig_wait(oriel_dialer_fd(first), POLLIN);
  assert_int_equal(oriel_dialer_receive(first, &byte, 1, rig->now_ns), -ECONNRESET);
  assert_int_equal(oriel_stream_receive(new, &byte, 1), -EAGAIN);
  assert_int_equal(oriel_dialer_send(second, "b", 1, rig->now_ns), 1);
  rig_read(new, &byte, 1);
  assert_int_equal(byte, 'b');
  close(new);
  oriel_dialer_destroy(first);
  oriel_dialer_destroy(second);
  oriel_listener_destroy(listener);
}

static void listener_flood(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  unsigned connected = 0, accepted = 0;
  for (unsigned i = 0; i < 300; i++) {
    struct oriel_dialer *dialer = rig_dialer(&address);
    connected += oriel_dialer_step(dialer, 0, rig->now_ns) == ORIEL_STREAM_CONNECTED;
    oriel_dialer_destroy(dialer);
    if (i % 50 == 49)
      for (int fd; (fd = oriel_listener_accept(listener)) >= 0; accepted++) {
        char byte;
        assert_int_equal(oriel_stream_receive(fd, &byte, 1), -ECONNRESET);
        close(fd);
      }
  }
  assert_int_equal(oriel_listener_accept(listener), -EAGAIN);
  assert_true(accepted > 0);
  assert_int_equal(accepted, connected);
  oriel_listener_destroy(listener);
}

/* Without a file left the connection is turned away; left in the queue it would keep the owner's poll awake for ever.
 */
static void listener_without_files(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  struct oriel_listener *listener = rig_listener(&address);
  struct oriel_dialer *dialer = rig_dialer(&address);
  struct rlimit before, none;
  char byte;
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  rig_wait(oriel_listener_fd(listener), POLLIN);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest = dup(0);
  assert_true(lowest >= 0);
  close(lowest);
  none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  const int result = oriel_listener_accept(listener);
  const int again = oriel_listener_accept(listener);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(result, -EMFILE);
  assert_true(again == -EAGAIN || again == -EMFILE);
  rig_wait(oriel_dialer_fd(dialer), POLLIN);
  assert_int_equal(oriel_dialer_receive(dialer, &byte, 1, rig->now_ns), -ECONNRESET);
  /* And with files again it goes on. */
  rig->now_ns += 1000000000;
  rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
  close(rig_accept(listener));
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

static void listener_of_udp(void **state) {
  struct rig *rig = *state;
  struct oriel_transport_address address = rig_address("udp://127.0.0.1:0");
  struct oriel_listener *listener = rig_listener(&address);
  address.port = oriel_listener_port(listener);
  struct oriel_dialer *dialer = rig_dialer(&address);
  uint8_t packet[1500], big[3000] = {0};
  assert_int_equal(oriel_dialer_step(dialer, 0, rig->now_ns), ORIEL_STREAM_CONNECTED);
  const int out = oriel_dialer_fd(dialer);
  assert_int_equal(send(out, "", 0, 0), 0);                    /* empty: not the end of anything */
  assert_int_equal(send(out, big, sizeof big, 0), sizeof big); /* cut: no packet */
  assert_int_equal(oriel_dialer_send(dialer, "one", 3, rig->now_ns), 3);
  const int fd = rig_accept(listener);
  assert_int_equal(oriel_listener_accept(listener), -EAGAIN);
  assert_int_equal(oriel_listener_fd(listener), -1);
  assert_int_equal(oriel_stream_receive(fd, packet, sizeof packet), 3);
  assert_int_equal(oriel_stream_receive(fd, packet, sizeof packet), -EAGAIN);
  for (unsigned i = 0; i < 40; i++) /* a flood of nothing holds one call for a few datagrams only */
    assert_int_equal(send(out, "", 0, 0), 0);
  assert_int_equal(oriel_stream_receive(fd, packet, sizeof packet), -EAGAIN);
  struct pollfd poller = {.fd = fd, .events = POLLIN};
  assert_int_equal(poll(&poller, 1, 0), 1);
  close(fd);
  oriel_dialer_destroy(dialer);
  oriel_listener_destroy(listener);
}

static void listener_of_taken_port(void **state) {
  (void)state;
  struct oriel_transport_address address = rig_address("tcp://127.0.0.1:0");
  struct oriel_listener *listener = rig_listener(&address);
  address.port = oriel_listener_port(listener);
  assert_refused(&address, -EADDRINUSE, "in use");
  oriel_listener_destroy(listener);
  listener = rig_listener(&address); /* at once, though connections may linger */
  oriel_listener_destroy(listener);
  address = rig_address("tcp://192.0.2.1:0");
  assert_refused(&address, -EADDRNOTAVAIL, "does not have that address");
}

enum { RACERS = 6, RACES = 30 };

struct race {
  const struct oriel_transport_address *address;
  pthread_barrier_t *barrier;
  struct oriel_listener *listener;
  int result;
};

static void *run_race(void *argument) {
  struct race *race = argument;
  char why[400];
  pthread_barrier_wait(race->barrier);
  race->result = oriel_listener_create(race->address, &race->listener, why, sizeof why);
  return NULL;
}

/* Several that start at once over the same dead file: exactly one gets it, and its file is the one that stays. */
static void listener_race_for_dead_file(void **state) {
  struct rig *rig = *state;
  const struct oriel_transport_address address = rig_address("unix://%s/s", rig->folder);
  pthread_barrier_t barrier;
  assert_int_equal(pthread_barrier_init(&barrier, NULL, RACERS), 0);
  for (unsigned i = 0; i < RACES; i++) {
    struct race races[RACERS];
    pthread_t threads[RACERS];
    struct oriel_listener *winner = NULL;
    close(rig_socket(address.path));
    for (unsigned j = 0; j < RACERS; j++) {
      races[j] = (struct race){.address = &address, .barrier = &barrier};
      assert_int_equal(pthread_create(&threads[j], NULL, run_race, &races[j]), 0);
    }
    for (unsigned j = 0; j < RACERS; j++) {
      pthread_join(threads[j], NULL);
      assert_true(races[j].result == 0 || races[j].result == -EADDRINUSE);
      if (races[j].result == 0) {
        assert_null(winner);
        winner = races[j].listener;
      }
    }
    assert_non_null(winner);
    struct oriel_dialer *dialer = rig_dialer(&address);
    rig_until(rig, dialer, ORIEL_STREAM_CONNECTED);
    oriel_dialer_destroy(dialer);
    oriel_listener_destroy(winner);
  }
  pthread_barrier_destroy(&barrier);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
  const struct CMUnitTest tests[] = {
      CASE(listener_replaces_dead_file), CASE(listener_keeps_living_file),
      CASE(listener_keeps_other_files),  CASE(listener_paths_impossible),
      CASE(listener_leaves_successor),   CASE(listener_of_mux),
      CASE(listener_peer_comes_twice),   CASE(listener_flood),
      CASE(listener_without_files),      CASE(listener_of_udp),
      CASE(listener_of_taken_port),      CASE(listener_race_for_dead_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
