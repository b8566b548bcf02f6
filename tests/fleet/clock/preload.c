// Gives nats-server another vDSO before its runtime looks for one: a Go program asks no library for the time, so a
// library in front of libc (libfaketime) changes nothing for it, and a time namespace does not shift the wall clock.
// CLOCK_LIBRARY is clock.c as a library; beside the configuration that the node is started with (-c FILE) lies
// FILE.clock, eight bytes: the shift in seconds, which may change at any time.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "offset.h"

static void *mapped(const char *path, void *at, int how) {
  int file = open(path, O_RDONLY);
  struct stat is;
  if (file < 0 || fstat(file, &is) != 0) abort();
  void *found = mmap(at, is.st_size, PROT_READ | PROT_EXEC, how, file, 0);
  if (found == MAP_FAILED) abort();
  close(file);
  return found;
}

__attribute__((constructor)) static void begin(int count, char **given, char **environment) {
  const char *library = getenv("CLOCK_LIBRARY");
  char shift[4096];
  if (!library || count < 3 || strcmp(program_invocation_short_name, "nats-server") != 0) return;
  snprintf(shift, sizeof shift, "%s.clock", given[2]);
  mapped(shift, (void *)OFFSET, MAP_SHARED | MAP_FIXED);
  void *made = mapped(library, NULL, MAP_PRIVATE);
  while (*environment) environment += 1;
  for (Elf64_auxv_t *one = (Elf64_auxv_t *)(environment + 1); one->a_type != AT_NULL; one += 1)
    if (one->a_type == AT_SYSINFO_EHDR) one->a_un.a_val = (unsigned long)made;
}
