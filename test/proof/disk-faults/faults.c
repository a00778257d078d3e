// Preloaded into a process, this makes the file system fail below one folder: from the k-th call of a kind on, for some
// calls, as armed through the file `arm`, into which the process writes "<kind> <errno> <k> <calls>" (calls: 0 disarms).
// Kinds: r, what reads a file; w, what writes or resizes one; s, what flushes one to the disk.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../file-calls.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
// The inode behind a watched descriptor, or 0. Not all that closes a descriptor goes through libc, and its number may by
// then be that of a pipe whose failure would end the runtime.
static ino_t watched[MAX_DESCRIPTORS];
static unsigned char is_arm[MAX_DESCRIPTORS];
static char armed_kind;
static int armed_errno;
static long until_fault;
static long calls_left;
static long fired;

static int (*real_fallocate)(int, off_t, off_t);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);

__attribute__((constructor)) static void start(void) {
  find_file_calls();
  real_fallocate = dlsym(RTLD_NEXT, "posix_fallocate64");
  real_read = dlsym(RTLD_NEXT, "read");
  real_pread = dlsym(RTLD_NEXT, "pread64");
  folder = getenv("FAULTS_FOLDER");
}

// Called by a process whose runtime does not write through libc. Returns how many calls failed since the last arming.
long faults_arm(int kind, int error, long at, long calls) {
  pthread_mutex_lock(&lock);
  long before = fired;
  armed_kind = (char)kind;
  armed_errno = error;
  until_fault = at;
  calls_left = calls;
  fired = 0;
  pthread_mutex_unlock(&lock);
  return before;
}

static ino_t inode_of(int descriptor) {
  struct stat found;
  return fstat(descriptor, &found) == 0 ? found.st_ino : 0;
}

static int fails(int descriptor, char kind) {
  if (descriptor < 0 || descriptor >= MAX_DESCRIPTORS || watched[descriptor] == 0) return 0;
  if (inode_of(descriptor) != watched[descriptor]) return 0;
  pthread_mutex_lock(&lock);
  int failing = 0;
  if (calls_left > 0 && kind == armed_kind) {
    if (until_fault > 1) {
      until_fault--;
    } else {
      calls_left--;
      fired++;
      failing = armed_errno;
    }
  }
  pthread_mutex_unlock(&lock);
  return failing;
}

static void opened(int descriptor, const char *path) {
  if (folder == NULL || descriptor < 0 || descriptor >= MAX_DESCRIPTORS) return;
  const char *name = strrchr(path, '/');
  is_arm[descriptor] = name != NULL && strcmp(name, "/arm") == 0;
  int inside = !is_arm[descriptor] && strncmp(path, folder, strlen(folder)) == 0;
  watched[descriptor] = inside ? inode_of(descriptor) : 0;
}

int close(int descriptor) {
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS) {
    watched[descriptor] = 0;
    is_arm[descriptor] = 0;
  }
  return real_close(descriptor);
}

// Leaves in the file the number of calls that failed since the last arming.
static ssize_t arm(int descriptor, const void *bytes, size_t length) {
  char text[64] = {0};
  char kind = 0;
  int error = 0;
  long at = 0;
  long calls = 0;
  memcpy(text, bytes, length < sizeof text - 1 ? length : sizeof text - 1);
  if (sscanf(text, "%c %d %ld %ld", &kind, &error, &at, &calls) != 4) abort();
  char count[21];
  snprintf(count, sizeof count, "%020ld", faults_arm(kind, error, at, calls));
  if (real_pwrite(descriptor, count, 20, 0) != 20) abort();
  return (ssize_t)length;
}

static int refused(int error) {
  errno = error;
  return -1;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS && is_arm[descriptor]) return arm(descriptor, bytes, length);
  int error = fails(descriptor, 'w');
  return error != 0 ? refused(error) : real_write(descriptor, bytes, length);
}

ssize_t read(int descriptor, void *bytes, size_t length) {
  int error = fails(descriptor, 'r');
  return error != 0 ? refused(error) : real_read(descriptor, bytes, length);
}

ssize_t pread64(int descriptor, void *bytes, size_t length, off_t offset) {
  int error = fails(descriptor, 'r');
  return error != 0 ? refused(error) : real_pread(descriptor, bytes, length, offset);
}

ssize_t pread(int descriptor, void *bytes, size_t length, off_t offset) { return pread64(descriptor, bytes, length, offset); }

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t offset) {
  int error = fails(descriptor, 'w');
  return error != 0 ? refused(error) : real_pwrite(descriptor, bytes, length, offset);
}

int ftruncate64(int descriptor, off_t length) {
  int error = fails(descriptor, 'w');
  return error != 0 ? refused(error) : real_ftruncate(descriptor, length);
}

int posix_fallocate64(int descriptor, off_t offset, off_t length) {
  int error = fails(descriptor, 'w');
  return error != 0 ? error : real_fallocate(descriptor, offset, length);
}

int posix_fallocate(int descriptor, off_t offset, off_t length) { return posix_fallocate64(descriptor, offset, length); }

int fsync(int descriptor) {
  int error = fails(descriptor, 's');
  return error != 0 ? refused(error) : real_fsync(descriptor);
}

int fdatasync(int descriptor) {
  int error = fails(descriptor, 's');
  return error != 0 ? refused(error) : real_fdatasync(descriptor);
}
