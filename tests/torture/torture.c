/* SPDX-License-Identifier: MIT
 *
 * torture start|serve WHAT[,WHAT...] LIBRARY PROGRAM ARGUMENTS...: runs oriel once for every thing of a kind that it
 * asks the system for, and lets that one fail. WHAT is
 *   memory       every allocation            fresh        every way to an allocation, once
 *   descriptor   every descriptor            exhausted    that one and all later ones
 *   thread       every thread
 * `start`: it is ended as soon as it serves. `serve`: it is visited before; a visit may fail, but must then succeed by
 * itself. Each run must serve, or end in one line that says what is wrong; it may not crash, abort, hang or fall
 * silent. Prints a line `not ok ...` for each that does, and at last `N passed, N failed`. TORTURE_WORKERS run side by
 * side; to look at some again, TORTURE_FIRST and TORTURE_LAST bound them, and with TORTURE_TRACE each run prints the
 * way to what failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "torture.h"
#include "visit.h"

enum {
  LIMIT_MS = 30000,
  RECOVERY_MS = 1000, /* as promised: only one call fails, so all is there again when the first visit has failed */
  OUTPUT_MAX = 64 * 1024,
  WORKERS_MAX = 64,
};

struct server {
  pid_t pid;
  int orders, reports, output;
};

struct ending {
  bool killed; /* it had to be */
  struct fault_report report;
  const char *unserved; /* what did not work at the last visit; NULL = all did */
  unsigned visits;
  size_t size;
  char output[OUTPUT_MAX];
};

static const struct what {
  const char *name;
  enum fault_kind kind;
  bool lasting, fresh;
} whats[] = {
  {"memory", FAULT_MEMORY, false, false},     {"fresh", FAULT_MEMORY, false, true},
  {"descriptor", FAULT_DESCRIPTOR, false, false}, {"exhausted", FAULT_DESCRIPTOR, true, false},
  {"thread", FAULT_THREAD, false, false},
};

static void give_up(const char *what) {
  perror(what);
  exit(2);
}

static void server_start(struct server *server, const char *library, char *const argv[]) {
  int orders[2], reports[2], output[2];
  if (pipe2(orders, O_CLOEXEC) < 0 || pipe2(reports, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0)
    give_up("torture: pipe");
  server->pid = fork();
  if (server->pid < 0)
    give_up("torture: fork");
  if (server->pid == 0) {
    int nothing = open("/dev/null", O_RDWR);
    if (dup2(orders[0], FAULT_ORDER_FD) < 0 || dup2(reports[1], FAULT_REPORT_FD) < 0 ||
        dup2(output[1], FAULT_OUTPUT_FD) < 0 || dup2(nothing, 0) < 0)
      _exit(98);
    setenv("LD_PRELOAD", library, 1);
    execv(argv[0], argv);
    _exit(97);
  }
  close(orders[0]);
  close(reports[1]);
  close(output[1]);
  *server = (struct server){.pid = server->pid, .orders = orders[1], .reports = reports[0], .output = output[0]};
  fcntl(server->output, F_SETFL, O_NONBLOCK);
}

static void server_stop(struct server *server) {
  close(server->orders);
  close(server->reports);
  close(server->output);
  waitpid(server->pid, NULL, 0);
}

static void read_report(struct server *server, struct fault_report *report) {
  struct pollfd ready = {.fd = server->reports, .events = POLLIN};
  if (poll(&ready, 1, LIMIT_MS) <= 0) {
    kill(server->pid, SIGKILL);
    give_up("torture: no report; is the library preloaded?");
  }
  if (read(server->reports, report, sizeof *report) != (ssize_t)sizeof *report)
    give_up("torture: the program cannot be run");
}

static void read_output(struct server *server, struct ending *ending) {
  ssize_t count;
  while (ending->size < OUTPUT_MAX - 1 &&
         (count = read(server->output, ending->output + ending->size, OUTPUT_MAX - 1 - ending->size)) > 0)
    ending->size += (size_t)count;
  ending->output[ending->size] = '\0';
}

static unsigned lines_that_begin(const char *text, const char *words) {
  unsigned count = 0;
  for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
    count += strncmp(line, words, strlen(words)) == 0;
  return count;
}

/** Without memory for a buffer a line comes letter by letter. */
static bool has_whole_line(const char *text, const char *words) {
  const char *line = strstr(text, words);
  return lines_that_begin(text, words) && line && strchr(line, '\n');
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool has_ended(const struct server *server) {
  struct pollfd ended = {.fd = server->reports, .events = POLLIN};
  return poll(&ended, 1, 0) > 0;
}

/** Visits until it works or the program ends by itself; none begins later than it must work by. */
static void visit_until_well(const struct server *server, struct ending *ending) {
  uint64_t end_ms = 0;
  const char *address = strstr(ending->output, "ready: ") + strlen("ready: ");
  do {
    ending->visits++;
    ending->unserved = visit(address);
    if (!end_ms)
      end_ms = now_ms() + RECOVERY_MS;
  } while (ending->unserved && now_ms() < end_ms && !has_ended(server));
}

/** One run: as soon as it serves it is visited, if that is wanted, and told to end. */
static void run(struct server *server, const struct fault_order *order, bool visited, struct ending *ending) {
  struct fault_report made;
  bool told = false;
  uint64_t end_ms = now_ms() + LIMIT_MS;
  *ending = (struct ending){.visits = 0};
  if (write(server->orders, order, sizeof *order) != (ssize_t)sizeof *order)
    give_up("torture: order");
  read_report(server, &made);
  for (;;) {
    struct pollfd ready[] = {{.fd = server->reports, .events = POLLIN}, {.fd = server->output, .events = POLLIN}};
    if (poll(ready, 2, 1000) < 0 && errno != EINTR)
      give_up("torture: poll");
    read_output(server, ending);
    if (ready[0].revents)
      break;
    if (!told && has_whole_line(ending->output, "ready: ")) {
      told = true;
      if (visited)
        visit_until_well(server, ending);
      end_ms = now_ms() + LIMIT_MS;
      kill(made.pid, SIGTERM);
    }
    if (now_ms() > end_ms && !ending->killed) {
      ending->killed = true;
      kill(made.pid, SIGKILL);
    }
  }
  read_report(server, &ending->report);
  read_output(server, ending);
}

/** NULL, or what is wrong with how a run ended. */
static const char *judge(const struct ending *ending) {
  const int status = ending->report.status;
  if (ending->killed)
    return "hangs";
  if (WIFSIGNALED(status))
    return "ends by a signal";
  unsigned said = lines_that_begin(ending->output, "oriel: ");
  if (WEXITSTATUS(status) == 0 && ending->unserved)
    return ending->unserved;
  if (WEXITSTATUS(status) == 0)
    return lines_that_begin(ending->output, "ready: ") == 1 && said == 0 ? NULL : "ends well without having served";
  return said == 1 ? NULL : said == 0 ? "fails without a word" : "fails with more than one line";
}

static void print_failure(const struct what *what, uint64_t at, const char *wrong, const struct ending *ending) {
  printf("not ok %s %lu: %s (status %#x)\n", what->name, (unsigned long)at, wrong, (unsigned)ending->report.status);
  for (const char *line = ending->output; *line; line += strcspn(line, "\n"), line += *line == '\n')
    printf("#   %.*s\n", (int)strcspn(line, "\n"), line);
  fflush(stdout);
}

struct tally {
  unsigned passed, failed;
};

static uint64_t bound(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : otherwise;
}

/** Every `step`th of one kind, until there are no more. */
static void torture(struct server *server, const struct what *what, bool visited, uint64_t first, uint64_t step,
                    struct tally *tally) {
  static struct ending ending;
  const uint64_t last = bound("TORTURE_LAST", UINT64_MAX);
  struct fault_order order = {.at = first + bound("TORTURE_FIRST", 1) - 1, .kind = what->kind,
                              .lasting = what->lasting, .fresh = what->fresh};
  for (; order.at <= last; order.at += step) {
    run(server, &order, visited, &ending);
    const uint64_t failed_at = ending.report.failed_at;
    const char *wrong = judge(&ending);
    if (wrong)
      print_failure(what, failed_at, wrong, &ending);
    tally->failed += wrong != NULL;
    tally->passed += wrong == NULL;
    if (failed_at == 0) /* none was left: this run was as every other */
      return;
    if (what->fresh)
      order.at = failed_at;
  }
}

/** One worker's part; it tells its tally by a pipe. */
static void work(bool visited, char *words, char *const argv[], unsigned number, unsigned workers, int result) {
  struct server server;
  struct tally tally = {0};
  signal(SIGPIPE, SIG_IGN);
  server_start(&server, argv[0], argv + 1);
  for (char *word = strtok(words, ","); word; word = strtok(NULL, ","))
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
      if (strcmp(word, whats[i].name) == 0 && (!whats[i].fresh || number == 0)) /* ways are known to one server only */
        torture(&server, &whats[i], visited, whats[i].fresh ? 1 : number + 1, whats[i].fresh ? 1 : workers, &tally);
  server_stop(&server);
  if (write(result, &tally, sizeof tally) != (ssize_t)sizeof tally)
    give_up("torture: tally");
}

int main(int argc, char **argv) {
  const char *wanted = getenv("TORTURE_WORKERS");
  unsigned workers = wanted ? (unsigned)atoi(wanted) : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
  int results[2];
  struct tally tally = {0}, part;
  if (argc < 5 || (strcmp(argv[1], "start") != 0 && strcmp(argv[1], "serve") != 0) || pipe2(results, O_CLOEXEC) < 0) {
    fprintf(stderr, "usage: torture start|serve WHAT[,WHAT...] LIBRARY PROGRAM ARGUMENTS...\n");
    return 2;
  }
  workers = workers < 1 ? 1 : workers > WORKERS_MAX ? WORKERS_MAX : workers;
  for (unsigned i = 0; i < workers; i++) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
      give_up("torture: fork");
    if (pid == 0) {
      work(strcmp(argv[1], "serve") == 0, argv[2], argv + 3, i, workers, results[1]);
      return 0;
    }
  }
  close(results[1]);
  unsigned heard = 0;
  for (; read(results[0], &part, sizeof part) == (ssize_t)sizeof part; heard++) {
    tally.passed += part.passed;
    tally.failed += part.failed;
  }
  tally.failed += workers - heard; /* a worker that gave up */
  while (wait(NULL) > 0) {
  }
  printf("%u passed, %u failed\n", tally.passed, tally.failed);
  return tally.failed > 0;
}
