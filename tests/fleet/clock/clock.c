// What a Go program takes for the kernel's vDSO: the clock of this computer, but for the seconds that stand in a file
// which preload.c has mapped at OFFSET. The wall clock alone is shifted, as by somebody who sets it.
#include <sys/syscall.h>
#include "offset.h"

struct pair {
  long seconds;
  long rest;
};

static long call(long number, long first, void *second) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(first), "S"(second)
                   : "rcx", "r11", "memory");
  return result;
}

long __vdso_clock_gettime(int clock, struct pair *now) {
  long result = call(SYS_clock_gettime, clock, now);
  if (clock == 0) now->seconds += *(volatile const long *)OFFSET;
  return result;
}

long __vdso_gettimeofday(struct pair *now, void *zone) {
  long result = call(SYS_gettimeofday, (long)now, zone);
  if (now) now->seconds += *(volatile const long *)OFFSET;
  return result;
}
