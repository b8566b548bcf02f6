// The wand as its port sees it (protocol, section 9).
//
// A port is what connects these files to a board: it starts the wand, hands it what was received, calls
// wand_step at least every few milliseconds, and sends what the wand wants sent. Only the two functions
// that end with `_received` may be called from an interrupt; all others from the main loop. None of them
// waits, allocates, or keeps a pointer that it was given.
//
// A wand has two paths here (section 9.1): a serial line and an interface of HID reports. A board without
// one of them never calls its functions.
#ifndef WAND_H
#define WAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "implant.h"
#include "report.h"

enum path_name { PATH_LINE, PATH_REPORTS, PATHS };

// What survives a loss of power. The port keeps it, whole or not at all, and hands it back at the next start;
// all zero at the very first.
struct wand_store {
  uint32_t boot;
  uint32_t last_session;
  uint32_t last_end;
};

struct wand_setup {
  // At most 16 characters each, as section 7.1 says of them.
  const char *serial;
  const char *model;
  const char *firmware;
  struct wand_store store;
};

void wand_start(const struct wand_setup *setup, wand_ms now);
void wand_step(wand_ms now);

// A byte or a report came in. Bytes that come faster than wand_step takes them are lost, and what they were
// part of is refused. A report that is not taken (false) is to be offered again: the endpoint waits.
void wand_byte_received(uint8_t byte);
bool wand_report_received(const uint8_t report[REPORT_BYTES]);

// What is to be sent: how many bytes were put at `out`; whether a report was.
size_t wand_bytes_to_send(uint8_t *out, size_t room);
bool wand_report_to_send(uint8_t out[REPORT_BYTES]);

// The port saw a host open this path (DTR of a USB serial port, an HID interface that was set up).
void wand_opened(enum path_name path);

// From the port: keeps what must survive a loss of power, before it returns.
void port_keep(const struct wand_store *store);

struct wand_health {
  // 0-100 %; 255 = powered by its cable.
  uint8_t battery;
  // Degrees Celsius; 255 = not measured.
  uint8_t temperature;
};

// From the port: how the wand is. Called when a host asks.
void port_health(struct wand_health *health);

#endif
