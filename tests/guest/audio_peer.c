/* SPDX-License-Identifier: MIT
 *
 * `oriel audio` as a program of its own, small enough for a guest: there it is the other end of a stream.
 */
#include <signal.h>

#include "cli/audio.h"

int main(int argc, char *argv[]) {
  signal(SIGPIPE, SIG_IGN);
  return oriel_audio_command(argc - 1, argv + 1);
}
