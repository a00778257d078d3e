// Preloaded into a writer, this records what the process asks of the files below one folder, in order: writes with their
// bytes, truncations, removals, links and renames, flushes to the disk (including the folder), and the writer's acknowledgements
// between them. From the record a test makes the images that a loss of power may leave behind.
//
// A record is: type (1 byte), number of the file (4), offset or number (8), length (4), then the bytes. Little-endian.

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "../file-calls.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_descriptor = -1;
static const char *folder;
static uint32_t files;
static uint32_t file_of[MAX_DESCRIPTORS];
static uint8_t is_acknowledgements[MAX_DESCRIPTORS];
static uint8_t is_folder[MAX_DESCRIPTORS];

static int (*real_unlink)(const char *);
static int (*real_link)(const char *, const char *);
static int (*real_rename)(const char *, const char *);

__attribute__((constructor)) static void start(void) {
  find_file_calls();
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_link = dlsym(RTLD_NEXT, "link");
  real_rename = dlsym(RTLD_NEXT, "rename");
  folder = getenv("RECORDER_FOLDER");
  const char *log = getenv("RECORDER_LOG");
  if (folder == NULL || log == NULL) return;
  log_descriptor = real_open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void record(char type, uint32_t file, uint64_t number, const void *bytes, uint32_t length) {
  if (log_descriptor < 0) return;
  uint8_t head[17];
  head[0] = (uint8_t)type;
  memcpy(head + 1, &file, 4);
  memcpy(head + 5, &number, 8);
  memcpy(head + 13, &length, 4);
  struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, length}};
  // A record that is cut short would make every later one unreadable: better no writer than a wrong record.
  if (writev(log_descriptor, parts, 2) != (ssize_t)(sizeof head + length)) abort();
}

static uint32_t recorded(int descriptor) {
  return descriptor >= 0 && descriptor < MAX_DESCRIPTORS ? file_of[descriptor] : 0;
}

static void opened(int descriptor, const char *path) {
  if (folder == NULL || descriptor < 0 || descriptor >= MAX_DESCRIPTORS) return;
  size_t length = strlen(folder);
  // Not all that closes a descriptor goes through libc, and its number may be that of another file by now.
  file_of[descriptor] = is_acknowledgements[descriptor] = 0;
  is_folder[descriptor] = strlen(path) == length - 1 && strncmp(path, folder, length - 1) == 0;
  if (strncmp(path, folder, length) != 0) return;
  pthread_mutex_lock(&lock);
  const char *name = strrchr(path, '/') + 1;
  is_acknowledgements[descriptor] = strcmp(name, "acknowledgements") == 0;
  // The index in shared memory is made anew after a crash.
  if (strstr(name, "-shm") == NULL && !is_acknowledgements[descriptor]) {
    file_of[descriptor] = ++files;
    record('O', files, 0, name, (uint32_t)strlen(name));
  }
  pthread_mutex_unlock(&lock);
}

int close(int descriptor) {
  if (recorded(descriptor) != 0) file_of[descriptor] = 0;
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS) is_acknowledgements[descriptor] = is_folder[descriptor] = 0;
  return real_close(descriptor);
}

// Called by a writer whose runtime does not write through libc.
void recorder_acknowledge(uint32_t number) {
  pthread_mutex_lock(&lock);
  record('A', 0, number, "", 0);
  pthread_mutex_unlock(&lock);
}

static ssize_t write_at(int descriptor, const void *bytes, size_t length, off_t offset, int positioned) {
  pthread_mutex_lock(&lock);
  off_t at = positioned ? offset : lseek(descriptor, 0, SEEK_CUR);
  ssize_t written = positioned ? real_pwrite(descriptor, bytes, length, offset) : real_write(descriptor, bytes, length);
  if (written > 0) record('W', recorded(descriptor), (uint64_t)at, bytes, (uint32_t)written);
  pthread_mutex_unlock(&lock);
  return written;
}

static ssize_t acknowledge(const void *bytes, size_t length) {
  char digits[16] = {0};
  memcpy(digits, bytes, length < 15 ? length : 15);
  recorder_acknowledge((uint32_t)strtoul(digits, NULL, 10));
  return (ssize_t)length;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS && is_acknowledgements[descriptor]) return acknowledge(bytes, length);
  if (recorded(descriptor) == 0) return real_write(descriptor, bytes, length);
  return write_at(descriptor, bytes, length, 0, 0);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t offset) {
  if (recorded(descriptor) == 0) return real_pwrite(descriptor, bytes, length, offset);
  return write_at(descriptor, bytes, length, offset, 1);
}

static int flush(int descriptor, int (*real)(int)) {
  if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS && is_folder[descriptor]) {
    pthread_mutex_lock(&lock);
    int flushed = real(descriptor);
    if (flushed == 0) record('D', 0, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return flushed;
  }
  if (recorded(descriptor) == 0) return real(descriptor);
  pthread_mutex_lock(&lock);
  int result = real(descriptor);
  if (result == 0) record('S', recorded(descriptor), 0, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int descriptor) { return flush(descriptor, real_fsync); }

int fdatasync(int descriptor) { return flush(descriptor, real_fdatasync); }

int ftruncate64(int descriptor, off_t length) {
  if (recorded(descriptor) == 0) return real_ftruncate(descriptor, length);
  pthread_mutex_lock(&lock);
  int result = real_ftruncate(descriptor, length);
  if (result == 0) record('T', recorded(descriptor), (uint64_t)length, "", 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int unlink(const char *path) {
  int result = real_unlink(path);
  if (result == 0 && folder != NULL && strncmp(path, folder, strlen(folder)) == 0) {
    pthread_mutex_lock(&lock);
    const char *name = strrchr(path, '/') + 1;
    record('U', 0, 0, name, (uint32_t)strlen(name));
    pthread_mutex_unlock(&lock);
  }
  return result;
}

// Both names, with a zero between them.
static int name_again(char type, int (*real)(const char *, const char *), const char *from, const char *to) {
  size_t length = folder == NULL ? 0 : strlen(folder);
  if (length == 0 || strncmp(from, folder, length) != 0 || strncmp(to, folder, length) != 0) return real(from, to);
  pthread_mutex_lock(&lock);
  int result = real(from, to);
  if (result == 0) {
    char names[1024];
    int size = snprintf(names, sizeof names, "%s%c%s", strrchr(from, '/') + 1, 0, strrchr(to, '/') + 1);
    record(type, 0, 0, names, (uint32_t)size);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

int link(const char *from, const char *to) { return name_again('L', real_link, from, to); }

int rename(const char *from, const char *to) { return name_again('R', real_rename, from, to); }
