/*
 * Preloaded (LD_PRELOAD) into a process whose disk is to be cut: writes down, in one order over all threads, each change
 * to files under one folder and each sync. A record is a line of text and, for a write, the bytes behind it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_MAX 65536

static pthread_mutex_t order = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static const char *under;
static size_t under_length;
static int out = -1;
static unsigned long long inode_of[FDS_MAX];

static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_open)(const char *, int, ...);

#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__); \
  if (!real) real = dlsym(RTLD_NEXT, #name)

static void begin(void) {
  pthread_mutex_lock(&order);
  if (real_write) return;
  real_write = dlsym(RTLD_NEXT, "write");
  real_open = dlsym(RTLD_NEXT, "open");
  under = getenv("SOTTOVOCE_RECORD_UNDER");
  const char *path = getenv("SOTTOVOCE_RECORD");
  if (!under || !path) return;
  under_length = strlen(under);
  out = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void end(void) {
  int kept = errno;
  pthread_mutex_unlock(&order);
  errno = kept;
}

static void record(const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t done = real_write(out, at, count);
    if (done <= 0) abort();
    at += done;
    count -= done;
  }
}

static void say(const char *format, ...) {
  char line[3 * PATH_MAX];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  record(line, length);
}

/* A path is made absolute; nothing under the folder is reached by links. */
static int is_ours(const char *path, char *absolute) {
  if (out < 0 || !path) return 0;
  if (path[0] == '/') snprintf(absolute, PATH_MAX, "%s", path);
  else if (getcwd(absolute, PATH_MAX / 2)) {
    size_t length = strlen(absolute);
    snprintf(absolute + length, PATH_MAX - length, "/%s", path);
  }
  return strncmp(absolute, under, under_length) == 0;
}

static int is_tracked(int fd) { return out >= 0 && fd >= 0 && fd < FDS_MAX && inode_of[fd] != 0; }

static int opened(const char *path, int flags, mode_t mode, int (*act)(const char *, int, mode_t)) {
  char absolute[PATH_MAX];
  begin();
  int ours = is_ours(path, absolute);
  int was_there = ours && access(path, F_OK) == 0;
  int fd = act(path, flags, mode);
  if (fd >= 0 && fd < FDS_MAX) inode_of[fd] = 0;
  struct stat about;
  if (ours && fd >= 0 && fd < FDS_MAX && fstat(fd, &about) == 0) {
    inode_of[fd] = about.st_ino;
    if (!S_ISDIR(about.st_mode)) {
      if (!was_there) say("create %llu %s\n", inode_of[fd], absolute);
      if (flags & O_TRUNC) say("truncate %llu 0\n", inode_of[fd]);
    }
  }
  end();
  return fd;
}

static int plain_open(const char *path, int flags, mode_t mode) { return real_open(path, flags, mode); }

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list values; \
      va_start(values, flags); \
      mode = va_arg(values, mode_t); \
      va_end(values); \
    } \
    return opened(path, flags, mode, plain_open); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(int, close, int);
  begin();
  if (fd >= 0 && fd < FDS_MAX) inode_of[fd] = 0;
  int result = real(fd);
  end();
  return result;
}

static void written(int fd, off_t offset, const struct iovec *parts, int count, ssize_t done) {
  if (done <= 0) return;
  say("write %llu %lld %zd\n", inode_of[fd], (long long)offset, done);
  size_t left = done;
  for (int at = 0; at < count && left > 0; at += 1) {
    size_t part = parts[at].iov_len < left ? parts[at].iov_len : left;
    record(parts[at].iov_base, part);
    left -= part;
  }
}

static off_t place(int fd) {
  struct stat about;
  if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &about) == 0) return about.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  begin();
  off_t offset = is_tracked(fd) ? place(fd) : 0;
  ssize_t done = real_write(fd, bytes, count);
  struct iovec part = {(void *)bytes, count};
  if (is_tracked(fd)) written(fd, offset, &part, 1, done);
  end();
  return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  begin();
  off_t offset = is_tracked(fd) ? place(fd) : 0;
  ssize_t done = real(fd, parts, count);
  if (is_tracked(fd)) written(fd, offset, parts, count, done);
  end();
  return done;
}

#define PWRITE(name) \
  ssize_t name(int fd, const void *bytes, size_t count, off_t offset) { \
    REAL(ssize_t, name, int, const void *, size_t, off_t); \
    begin(); \
    ssize_t done = real(fd, bytes, count, offset); \
    struct iovec part = {(void *)bytes, count}; \
    if (is_tracked(fd)) written(fd, offset, &part, 1, done); \
    end(); \
    return done; \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name) \
  ssize_t name(int fd, const struct iovec *parts, int count, off_t offset) { \
    REAL(ssize_t, name, int, const struct iovec *, int, off_t); \
    begin(); \
    ssize_t done = real(fd, parts, count, offset); \
    if (is_tracked(fd)) written(fd, offset, parts, count, done); \
    end(); \
    return done; \
  }
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define TRUNCATE(name) \
  int name(int fd, off_t length) { \
    REAL(int, name, int, off_t); \
    begin(); \
    int result = real(fd, length); \
    if (result == 0 && is_tracked(fd)) say("truncate %llu %lld\n", inode_of[fd], (long long)length); \
    end(); \
    return result; \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name) \
  int name(int fd) { \
    REAL(int, name, int); \
    begin(); \
    int result = real(fd); \
    struct stat about; \
    if (result == 0 && is_tracked(fd) && fstat(fd, &about) == 0) { \
      char link[64], path[PATH_MAX]; \
      snprintf(link, sizeof link, "/proc/self/fd/%d", fd); \
      ssize_t length = S_ISDIR(about.st_mode) ? readlink(link, path, sizeof path - 1) : -1; \
      if (length > 0) say("sync-folder %.*s\n", (int)length, path); \
      else say("sync %llu\n", inode_of[fd]); \
    } \
    end(); \
    return result; \
  }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  char one[PATH_MAX], other[PATH_MAX];
  begin();
  int result = real(from, to);
  if (result == 0 && is_ours(from, one) && is_ours(to, other)) say("rename %s\t%s\n", one, other);
  end();
  return result;
}

int link(const char *from, const char *to) {
  REAL(int, link, const char *, const char *);
  char one[PATH_MAX], other[PATH_MAX];
  begin();
  int result = real(from, to);
  if (result == 0 && is_ours(from, one) && is_ours(to, other)) say("link %s\t%s\n", one, other);
  end();
  return result;
}

int unlink(const char *path) {
  REAL(int, unlink, const char *);
  char absolute[PATH_MAX];
  begin();
  int result = real(path);
  if (result == 0 && is_ours(path, absolute)) say("unlink %s\n", absolute);
  end();
  return result;
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  char absolute[PATH_MAX];
  begin();
  int result = real(path, mode);
  if (result == 0 && is_ours(path, absolute)) say("mkdir %s\n", absolute);
  end();
  return result;
}
