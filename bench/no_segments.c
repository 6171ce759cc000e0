/* SPDX-License-Identifier: MIT
 *
 * For LD_PRELOAD: a kernel that cuts no datagrams apart (UDP_SEGMENT), to see what one without costs. Any thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  static int (*next)(int, struct mmsghdr *, unsigned, int);
  if (!next)
    *(void **)&next = dlsym(RTLD_NEXT, "sendmmsg");
  for (unsigned i = 0; i < count; i++) {
    const struct cmsghdr *control = CMSG_FIRSTHDR(&messages[i].msg_hdr);
    if (!control || control->cmsg_level != SOL_UDP || control->cmsg_type != UDP_SEGMENT)
      continue;
    if (i > 0)
      return next(fd, messages, i, flags);
    errno = EOPNOTSUPP;
    return -1;
  }
  return next(fd, messages, count, flags);
}
