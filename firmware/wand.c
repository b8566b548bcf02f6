// The way of bytes through the wand: what was received waits in a ring or a slot, becomes PDUs, is judged, and
// the reply is sent piece by piece.
//
// While a reply is being sent on a path nothing more is taken from that path: a host has one request
// outstanding (section 2).
#include "wand.h"

#include <stdatomic.h>
#include <string.h>

#include "judge.h"
#include "line.h"
#include "session.h"

// A power of two: what comes within 22 ms at 115200 baud.
enum { RING = 256 };

// Written by the interrupt: `head`, `lost`, and the bytes before `head`. Written by the loop: `tail`, and
// `lost` only while it is true.
static struct {
  uint8_t bytes[RING];
  atomic_uint_least16_t head;
  atomic_uint_least16_t tail;
  // The ring was full. Nothing is taken until the loop has come to this place.
  atomic_bool lost;
} ring;

static struct {
  uint8_t bytes[REPORT_BYTES];
  atomic_bool full;
} slot;

static struct line line;
static struct report_receiver reports;
static struct report_sender sender;

// What is being sent on each path: characters of a line, or reports.
static struct {
  struct reply reply;
  uint16_t at;
} sending[PATHS];

void wand_byte_received(uint8_t byte) {
  if (atomic_load_explicit(&ring.lost, memory_order_acquire)) return;
  const uint16_t head = atomic_load_explicit(&ring.head, memory_order_relaxed);
  const uint16_t tail = atomic_load_explicit(&ring.tail, memory_order_acquire);
  if ((uint16_t)(head - tail) == RING) {
    atomic_store_explicit(&ring.lost, true, memory_order_release);
    return;
  }
  ring.bytes[head % RING] = byte;
  atomic_store_explicit(&ring.head, (uint16_t)(head + 1), memory_order_release);
}

bool wand_report_received(const uint8_t report[REPORT_BYTES]) {
  if (atomic_load_explicit(&slot.full, memory_order_acquire)) return false;
  memcpy(slot.bytes, report, REPORT_BYTES);
  atomic_store_explicit(&slot.full, true, memory_order_release);
  return true;
}

void wand_opened(enum path_name path) {
  sending[path].reply.length = 0;
  if (path == PATH_LINE) {
    const uint16_t head = atomic_load_explicit(&ring.head, memory_order_acquire);
    atomic_store_explicit(&ring.tail, head, memory_order_release);
    atomic_store_explicit(&ring.lost, false, memory_order_release);
    if (line_cut(&line) == LINE_REFUSED) judge_refused(1);
    line_begin(&line);
  } else {
    atomic_store_explicit(&slot.full, false, memory_order_release);
    if (report_cut(&reports) > 0) judge_refused(1);
    report_begin(&reports);
  }
}

void wand_start(const struct wand_setup *setup, wand_ms now) {
  atomic_store(&ring.head, 0);
  atomic_store(&ring.tail, 0);
  atomic_store(&ring.lost, false);
  atomic_store(&slot.full, false);
  memset(sending, 0, sizeof sending);
  memset(&sender, 0, sizeof sender);
  line_begin(&line);
  report_begin(&reports);
  judge_start(setup, now);
  session_start(&setup->store, now);
}

static void answer(enum path_name path, const uint8_t *bytes, size_t length, wand_ms now) {
  sending[path].reply = judge_request(path, bytes, length, now);
  sending[path].at = 0;
}

static void take_bytes(wand_ms now) {
  while (sending[PATH_LINE].reply.length == 0) {
    const uint16_t tail = atomic_load_explicit(&ring.tail, memory_order_relaxed);
    if (tail == atomic_load_explicit(&ring.head, memory_order_acquire)) {
      if (!atomic_load_explicit(&ring.lost, memory_order_acquire)) return;
      // Bytes are missing here, so that what is held can never be completed.
      if (line_cut(&line) == LINE_REFUSED) judge_refused(1);
      atomic_store_explicit(&ring.lost, false, memory_order_release);
      return;
    }
    const uint8_t byte = ring.bytes[tail % RING];
    atomic_store_explicit(&ring.tail, (uint16_t)(tail + 1), memory_order_release);
    const enum line_event event = line_put(&line, byte);
    if (event == LINE_REFUSED) judge_refused(line.refusals);
    if (event == LINE_PDU) answer(PATH_LINE, line.pdu, line.pdu_length, now);
  }
}

static void take_report(wand_ms now) {
  if (sending[PATH_REPORTS].reply.length != 0) return;
  if (!atomic_load_explicit(&slot.full, memory_order_acquire)) return;
  const struct report_event event = report_put(&reports, slot.bytes, REPORT_BYTES);
  atomic_store_explicit(&slot.full, false, memory_order_release);
  if (event.dropped > 0) judge_refused(1);
  if (event.fault != FAULT_NONE) judge_refused(1);
  if (event.whole > 0) answer(PATH_REPORTS, reports.pdu, event.length, now);
}

void wand_step(wand_ms now) {
  session_step(now);
  take_bytes(now);
  take_report(now);
}

size_t wand_bytes_to_send(uint8_t *out, size_t room) {
  struct reply *const reply = &sending[PATH_LINE].reply;
  const uint16_t whole = (uint16_t)(2 * reply->length + 3);
  size_t given = 0;
  while (reply->length != 0 && given < room) {
    out[given++] = (uint8_t)line_character(reply->bytes, reply->length, sending[PATH_LINE].at);
    if (++sending[PATH_LINE].at == whole) reply->length = 0;
  }
  return given;
}

bool wand_report_to_send(uint8_t out[REPORT_BYTES]) {
  struct reply *const reply = &sending[PATH_REPORTS].reply;
  if (reply->length == 0) return false;
  const uint8_t index = (uint8_t)sending[PATH_REPORTS].at++;
  report_write(&sender, reply->bytes, reply->length, index, out);
  if (index + 1 == report_count(reply->length)) reply->length = 0;
  return true;
}
