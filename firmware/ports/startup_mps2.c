// What a Cortex-M3 does before main: vectors, variables, and a stack painted so that its use can be seen.
//
// A fault or an interrupt that nobody asked for stops the processor in `stop`: a wand that has lost its way
// must not go on.
#include <stdint.h>

extern uint32_t stack_begin[], stack_end[], data_begin[], data_end[], bss_begin[], bss_end[];
extern const uint32_t data_stored[];

enum { PAINT = 0xA5 };

int main(void);
void tick(void);
void line_interrupt(void);
void report_interrupt(void);
void line_sent_interrupt(void);
void report_sent_interrupt(void);
void reset(void);

static void stop(void) {
  for (;;) __asm volatile("wfi");
}

void reset(void) {
  // Below the words that this function itself uses.
  const uint32_t *const here = __builtin_frame_address(0);
  for (volatile uint32_t *word = stack_begin; word < here - 8; word++) *word = PAINT * 0x01010101u;
  const uint32_t *from = data_stored;
  for (uint32_t *to = data_begin; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_begin; to < bss_end;) *to++ = 0;
  main();
  stop();
}

typedef void (*handler)(void);

struct vectors {
  uint32_t *stack;
  handler exceptions[15];
  handler interrupts[32];
};

// Interrupts of the AN385: 0 to 3 are receiver and sender of UART0 and of UART1. Others are never enabled.
__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
    .stack = stack_end,
    .exceptions = {reset, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, tick},
    .interrupts = {line_interrupt, line_sent_interrupt, report_interrupt, report_sent_interrupt},
};
