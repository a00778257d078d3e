// Preloaded into a process, this makes its file system one without hard links.

#include <errno.h>

static int refused(void) {
  errno = EPERM;
  return -1;
}

int link(const char *from, const char *to) {
  (void)from;
  (void)to;
  return refused();
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  (void)from_folder;
  (void)from;
  (void)to_folder;
  (void)to;
  (void)flags;
  return refused();
}
