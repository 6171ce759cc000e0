/* SPDX-License-Identifier: MIT
 *
 * Serial lines, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_TERMINAL_H
#define ORIEL_DARWIN_LIBC_TERMINAL_H

/* termios.h */
typedef unsigned long tcflag_t, speed_t;
typedef unsigned char cc_t;
struct termios {
  tcflag_t c_iflag, c_oflag, c_cflag, c_lflag;
  cc_t c_cc[20];
  speed_t c_ispeed, c_ospeed;
};
#define VMIN 16
#define VTIME 17
#define TCSANOW 0
#define TCIOFLUSH 3
#define CLOCAL 0x00008000
#define CREAD 0x00000800
int tcgetattr(int fd, struct termios *settings);
int tcsetattr(int fd, int when, const struct termios *settings);
int tcflush(int fd, int queue);
void cfmakeraw(struct termios *settings);

#endif
