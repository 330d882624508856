/*
 * Preloaded into a process: counts the calls that write to files of one folder, and lets the n-th of them go wrong.
 * The folder is FAULT_FOLDER. A fault is ordered by opening /fault/<kind>/<n>, which does not exist:
 * eio, enospc, short (half is written, then ENOSPC), kill (before the call), tear (half is written, then killed).
 * Opening /fault/over fails with EEXIST while the ordered fault has not happened, and takes it back. What went wrong,
 * or how many calls were left, is told on stderr.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, EIO_, ENOSPC_, SHORT, KILL, TEAR };

static enum kind ordered = NONE;
static long left = 0;
static char watched[1 << 16];

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int inside(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_watched(int fd) { return fd >= 0 && fd < (int)sizeof watched && watched[fd]; }

static void tell(const char *what, const char *call, long number) {
  char line[96];
  int length = snprintf(line, sizeof line, "%s %s %ld\n", what, call, number);
  if (NEXT(write)(2, line, (size_t)length) < 0) abort();
}

static int order(const char *path) {
  static const struct { const char *name; enum kind kind; } kinds[] = {
    {"eio/", EIO_}, {"enospc/", ENOSPC_}, {"short/", SHORT}, {"kill/", KILL}, {"tear/", TEAR}};
  if (strcmp(path, "over") == 0) {
    if (ordered != NONE) tell("left", "-", left);
    errno = ordered == NONE ? ENOENT : EEXIST;
    ordered = NONE;
    return -1;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size_t length = strlen(kinds[i].name);
    if (strncmp(path, kinds[i].name, length) != 0) continue;
    ordered = kinds[i].kind;
    left = atol(path + length);
  }
  errno = ENOENT;
  return -1;
}

/* The fault that this call is to meet. */
static enum kind meet(const char *call) {
  if (ordered == NONE || --left > 0) return NONE;
  enum kind kind = ordered;
  ordered = NONE;
  tell("fault", call, 0);
  if (kind == KILL) kill(getpid(), SIGKILL);
  return kind;
}

static int errno_of(enum kind kind) { return kind == EIO_ ? EIO : ENOSPC; }

#define FAIL(kind) do { errno = errno_of(kind); return -1; } while (0)

/* Calls without bytes: there is no half of them. */
static enum kind meet_whole(const char *call) {
  enum kind kind = meet(call);
  if (kind == TEAR) kill(getpid(), SIGKILL);
  return kind;
}

#define OPEN(name)                                                   \
  int name(const char *path, int flags, ...) {                       \
    va_list list;                                                    \
    va_start(list, flags);                                           \
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;        \
    va_end(list);                                                    \
    if (strncmp(path, "/fault/", 7) == 0) return order(path + 7);    \
    int within = inside(path);                                       \
    if (within) {                                                    \
      enum kind kind = meet_whole(#name);                            \
      if (kind != NONE) FAIL(kind);                                  \
    }                                                                \
    int fd = NEXT(name)(path, flags, mode);                          \
    if (fd >= 0 && fd < (int)sizeof watched) watched[fd] = (char)within; \
    return fd;                                                       \
  }
OPEN(open)
OPEN(open64)

#define WRITE(name, tail, ...)                                       \
  ssize_t name(int fd, const void *bytes, size_t count tail) {       \
    if (is_watched(fd)) {                                            \
      enum kind kind = meet(#name);                                  \
      if (kind == SHORT || kind == TEAR) {                           \
        ssize_t half = NEXT(name)(fd, bytes, count / 2 __VA_ARGS__); \
        if (kind == TEAR) kill(getpid(), SIGKILL);                   \
        if (half > 0) { ordered = ENOSPC_; left = 1; return half; }  \
        FAIL(kind);                                                  \
      }                                                              \
      if (kind != NONE) FAIL(kind);                                  \
    }                                                                \
    return NEXT(name)(fd, bytes, count __VA_ARGS__);                 \
  }
#define COMMA ,
WRITE(write, )
WRITE(pwrite64, COMMA off64_t offset, , offset)

#define ON_FILE(name, parameters, arguments)                         \
  int name parameters {                                              \
    if (is_watched(fd)) {                                            \
      enum kind kind = meet_whole(#name);                            \
      if (kind != NONE) FAIL(kind);                                  \
    }                                                                \
    return NEXT(name) arguments;                                     \
  }
ON_FILE(fsync, (int fd), (fd))
ON_FILE(fdatasync, (int fd), (fd))
ON_FILE(ftruncate64, (int fd, off64_t length), (fd, length))

#define ON_PATH(name, parameters, arguments)                         \
  int name parameters {                                              \
    if (inside(path)) {                                              \
      enum kind kind = meet_whole(#name);                            \
      if (kind != NONE) FAIL(kind);                                  \
    }                                                                \
    return NEXT(name) arguments;                                     \
  }
ON_PATH(unlink, (const char *path), (path))
ON_PATH(rename, (const char *path, const char *to), (path, to))
ON_PATH(mkdir, (const char *path, mode_t mode), (path, mode))

int close(int fd) {
  if (fd >= 0 && fd < (int)sizeof watched) watched[fd] = 0;
  return NEXT(close)(fd);
}
