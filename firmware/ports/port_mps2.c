// The port to the MPS2 board with the AN385 image (Cortex-M3), as QEMU emulates it: `-M mps2-an385`.
//
// UART0 is the serial line. UART1 stands for a USB endpoint, which the board has not: it carries reports,
// 64 bytes each, one behind the other. The PSRAM stands for memory that keeps its content without power.
// The pump is the table of the bench; a word of the PSRAM that is not 0 takes the wand off it.
#include "crc.h"
#include "implant_table.h"
#include "wand.h"

#define LIFTED REGISTER(0x21000040)
#define REGISTER(address) (*(volatile uint32_t *)(address))

enum { TICKS_PER_MS = 25000, TX_FULL = 1, RX_FULL = 2, TX_INTERRUPT = 1, RX_INTERRUPT = 2 };
enum { TX_ENABLE = 1, RX_ENABLE = 2, TX_INTERRUPT_ENABLE = 4, RX_INTERRUPT_ENABLE = 8 };

struct uart {
  volatile uint32_t data;
  volatile uint32_t state;
  volatile uint32_t control;
  volatile uint32_t interrupt;
  volatile uint32_t divider;
};
#define UART0 ((struct uart *)0x40004000)
#define UART1 ((struct uart *)0x40005000)

void tick(void);
void line_interrupt(void);
void report_interrupt(void);
void line_sent_interrupt(void);
void report_sent_interrupt(void);

static volatile wand_ms ms;

void tick(void) { ms++; }

static wand_ms now(void) {
  // Two words are not read at once: the interrupt may come between them.
  for (;;) {
    const wand_ms once = ms;
    if (once == ms) return once;
  }
}

void line_interrupt(void) {
  UART0->interrupt = RX_INTERRUPT;
  while ((UART0->state & RX_FULL) != 0) wand_byte_received((uint8_t)UART0->data);
}

static uint8_t report_in[REPORT_BYTES];
static volatile uint8_t report_held;

// A byte that finds the report before it not taken yet stays in the UART, as an endpoint would wait; the
// main loop comes back for it.
static void take_report_bytes(void) {
  for (;;) {
    if (report_held == REPORT_BYTES) {
      if (!wand_report_received(report_in)) return;
      report_held = 0;
    }
    if ((UART1->state & RX_FULL) == 0) return;
    report_in[report_held] = (uint8_t)UART1->data;
    report_held++;
  }
}

void report_interrupt(void) {
  UART1->interrupt = RX_INTERRUPT;
  take_report_bytes();
}

// A byte has left: the main loop wakes up and sends the next one.
void line_sent_interrupt(void) { UART0->interrupt = TX_INTERRUPT; }
void report_sent_interrupt(void) { UART1->interrupt = TX_INTERRUPT; }

// Kept without power: two copies, the newer one last, so that one of them is whole at any time.
struct kept {
  struct wand_store store;
  uint32_t number;
  uint32_t crc;
};
__attribute__((section(".kept"))) static struct kept kept[2];

static uint32_t crc_of_kept(const struct kept *copy) {
  return crc_of((const uint8_t *)copy, offsetof(struct kept, crc));
}

static bool whole(const struct kept *copy) {
  return copy->number != 0 && crc_of_kept(copy) == copy->crc;
}

static const struct kept *newest(void) {
  const bool first = whole(&kept[0]);
  const bool second = whole(&kept[1]);
  if (!first && !second) return NULL;
  if (first && second) return kept[0].number > kept[1].number ? &kept[0] : &kept[1];
  return first ? &kept[0] : &kept[1];
}

void port_keep(const struct wand_store *store) {
  const struct kept *const last = newest();
  struct kept next = {.store = *store, .number = last == NULL ? 1 : last->number + 1};
  next.crc = crc_of_kept(&next);
  kept[last == &kept[0] ? 1 : 0] = next;
}

void port_health(struct wand_health *health) {
  health->battery = 255;
  health->temperature = 255;
}

static void start_uart(struct uart *uart) {
  uart->divider = TICKS_PER_MS * 1000 / 115200;
  uart->control = TX_ENABLE | RX_ENABLE | TX_INTERRUPT_ENABLE | RX_INTERRUPT_ENABLE;
}

// Sends what can be sent without waiting.
static void send(void) {
  uint8_t byte;
  while ((UART0->state & TX_FULL) == 0 && wand_bytes_to_send(&byte, 1) == 1) UART0->data = byte;
  static uint8_t report[REPORT_BYTES];
  static uint8_t sent = REPORT_BYTES;
  while ((UART1->state & TX_FULL) == 0) {
    if (sent == REPORT_BYTES && !wand_report_to_send(report)) return;
    sent %= REPORT_BYTES;
    UART1->data = report[sent++];
  }
}

int main(void) {
  const struct kept *const last = newest();
  struct wand_setup setup = {.serial = "FW-BENCH-0001", .model = "WB-REF", .firmware = "1.0.0"};
  if (last != NULL) setup.store = last->store;
  implant_table_start(&bench_pump);
  wand_start(&setup, 0);
  REGISTER(0xE000E014) = TICKS_PER_MS - 1;  // SysTick: reload
  REGISTER(0xE000E018) = 0;                 // and value
  REGISTER(0xE000E010) = 7;                 // and begin, with its interrupt
  start_uart(UART0);
  start_uart(UART1);
  REGISTER(0xE000E100) = 15;  // interrupts 0 to 3
  for (;;) {
    conditions.absent = LIFTED != 0;
    wand_step(now());
    send();
    __asm volatile("cpsid i");
    take_report_bytes();
    __asm volatile("cpsie i\n wfi");
  }
}
