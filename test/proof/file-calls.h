// What preloaded libraries need to stand before the file calls of libc: the real calls, and one place for those that libc
// has under two names. To be included once, after _GNU_SOURCE is defined; the includer defines `opened`, pwrite64 and
// ftruncate64, and calls find_file_calls from its constructor.

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 4096

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);

static void find_file_calls(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_open = dlsym(RTLD_NEXT, "open64");
  real_close = dlsym(RTLD_NEXT, "close");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
}

// Hears of every descriptor that was opened, and of failures as -1.
static void opened(int descriptor, const char *path);

static int open_and_tell(const char *path, int flags, va_list rest) {
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  int descriptor = real_open(path, flags, mode);
  opened(descriptor, path);
  return descriptor;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int descriptor = open_and_tell(path, flags, rest);
  va_end(rest);
  return descriptor;
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int descriptor = open_and_tell(path, flags, rest);
  va_end(rest);
  return descriptor;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
  return pwrite64(descriptor, bytes, length, offset);
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }
