/* SPDX-License-Identifier: MIT
 *
 * Descriptors, files and what they are, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_FILE_H
#define ORIEL_DARWIN_LIBC_FILE_H

#include "driver/darwin/libc/error.h"
#include "driver/darwin/libc/time.h"
#include "driver/darwin/libc/types.h"

#ifdef __x86_64__ /* the old 32-bit inode functions have the plain names there */
#define ORIEL_INODE64(name) __asm("_" #name "$INODE64")
#else
#define ORIEL_INODE64(name)
#endif

/* fcntl.h, unistd.h, sys/file.h */
#define O_RDONLY 0x0000
#define O_WRONLY 0x0001
#define O_RDWR 0x0002
#define O_NONBLOCK 0x0004
#define O_APPEND 0x0008
#define O_NOFOLLOW 0x0100
#define O_CREAT 0x0200
#define O_TRUNC 0x0400
#define O_EXCL 0x0800
#define O_NOCTTY 0x20000
#define O_CLOEXEC 0x1000000
#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_DUPFD_CLOEXEC 67
#define F_SETNOSIGPIPE 73
#define FD_CLOEXEC 1
#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define _SC_PAGESIZE 29
#define R_OK 4
#define W_OK 2
#define F_OK 0
int open(const char *path, int flags, ...);
int fcntl(int fd, int command, ...);
int flock(int fd, int operation);
int close(int fd);
ssize_t read(int fd, void *data, size_t size);
ssize_t write(int fd, const void *data, size_t size);
ssize_t pread(int fd, void *data, size_t size, off_t offset);
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset);
off_t lseek(int fd, off_t offset, int whence);
int ftruncate(int fd, off_t size);
int pipe(int fds[2]);
int dup(int fd);
int dup2(int fd, int other);
int unlink(const char *path);
int rename(const char *from, const char *to);
int access(const char *path, int mode);
int isatty(int fd);
pid_t getpid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getegid(void);
long sysconf(int name);
int usleep(unsigned microseconds);

/* sys/stat.h */
struct stat {
  dev_t st_dev;
  mode_t st_mode;
  nlink_t st_nlink;
  ino_t st_ino;
  uid_t st_uid;
  gid_t st_gid;
  dev_t st_rdev;
  struct timespec st_atimespec, st_mtimespec, st_ctimespec, st_birthtimespec;
  off_t st_size;
  blkcnt_t st_blocks;
  blksize_t st_blksize;
  uint32_t st_flags, st_gen;
  int32_t st_lspare;
  int64_t st_qspare[2];
};
static_assert(sizeof(struct stat) == 144, "64-bit inodes");
#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFREG 0100000
#define S_IFSOCK 0140000
#define S_ISCHR(mode) (((mode) & S_IFMT) == S_IFCHR)
#define S_ISDIR(mode) (((mode) & S_IFMT) == S_IFDIR)
#define S_ISREG(mode) (((mode) & S_IFMT) == S_IFREG)
#define S_ISFIFO(mode) (((mode) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(mode) (((mode) & S_IFMT) == S_IFSOCK)
#define S_IRUSR 0400
#define S_IWUSR 0200
#define S_IRWXU 0700
int stat(const char *path, struct stat *status) ORIEL_INODE64(stat);
int lstat(const char *path, struct stat *status) ORIEL_INODE64(lstat);
int fstat(int fd, struct stat *status) ORIEL_INODE64(fstat);
int fchmod(int fd, mode_t mode);
int chmod(const char *path, mode_t mode);
int mkdir(const char *path, mode_t mode);
mode_t umask(mode_t mask);

#endif
