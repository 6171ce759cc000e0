/* SPDX-License-Identifier: MIT
 *
 * For LD_PRELOAD: a kernel that cuts no datagrams apart (UDP_SEGMENT), to see what one without costs. Any thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>

static int is_cut(struct msghdr *message) {
  for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at))
    if (at->cmsg_level == SOL_UDP && at->cmsg_type == UDP_SEGMENT)
      return 1;
  return 0;
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  static int (*next)(int, struct mmsghdr *, unsigned, int);
  unsigned whole = 0;
  if (!next)
    *(void **)&next = dlsym(RTLD_NEXT, "sendmmsg");
  while (whole < count && !is_cut(&messages[whole].msg_hdr))
    whole++;
  if (whole)
    return next(fd, messages, whole, flags);
  errno = EOPNOTSUPP;
  return -1;
}
