// Structure-aware fuzz of the firmware's receivers, from the two functions on that an interrupt calls.
//
//   fuzz BYTES SEED
//
// What is sent is requests, whole, changed, damaged, cut, glued together, out of order, and noise, on both
// paths, while the clock jumps, the pump comes and goes, and the wand restarts. oracle.h tells which replies must
// come of it, and that nothing else does. The sanitizers watch the rest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "implant_table.h"
#include "oracle.h"
#include "wand.h"

enum { RING = 256 };

static uint64_t random_state;
static uint32_t any(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 16);
}
static uint32_t below(uint32_t n) { return any() % n; }
static bool once_in(uint32_t n) { return below(n) == 0; }

static wand_ms now;

static void read_back(void) {
  static uint8_t line[600];
  static size_t held;
  uint8_t report[64], pdu[300];
  // A sender may have to wait: the bytes are taken a few at a time.
  for (;;) {
    uint8_t some[97];
    const size_t got = wand_bytes_to_send(some, 1 + below(sizeof some));
    if (got == 0) break;
    for (size_t i = 0; i < got; i++) {
      if (held == sizeof line) fail("a line without end");
      line[held++] = some[i];
      if (some[i] != '\n') continue;
      if (held < 43 || line[0] != ':' || line[held - 2] != '\r') fail("a line that is none");
      for (size_t j = 1; j < held - 2; j += 2) {
        const char pair[3] = {(char)line[j], (char)line[j + 1], 0};
        if (strspn(pair, "0123456789ABCDEF") != 2) fail("a line of other characters");
        pdu[j / 2] = (uint8_t)strtoul(pair, NULL, 16);
      }
      check(PATH_LINE, pdu, (held - 3) / 2);
      held = 0;
    }
  }
  size_t length = 0;
  while (wand_report_to_send(report)) {
    if (report[1] / 16 == 0) length = 0;
    if (report[2] > 60 || length + report[2] > sizeof pdu) fail("a report that is none");
    memcpy(pdu + length, report + 4, report[2]);
    length += report[2];
    if (report[1] / 16 + 1 == report[1] % 16) check(PATH_REPORTS, pdu, length);
  }
}

static void step(void) {
  wand_step(now);
  read_back();
}

// All that has been received is answered when nothing is left to take.
static void settle(void) {
  for (int i = 0; i < 70; i++) step();
  if (count[PATH_LINE] != 0 || count[PATH_REPORTS] != 0) fail("a request without a reply");
}

// What is sent.

static const uint8_t types[] = {1, 2, 3, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15};
static uint32_t links[PATHS] = {0x1111, 0x2222};
static uint16_t seqs[PATHS];

static void seal(uint8_t *pdu, size_t length) {
  const uint32_t crc = slow_crc(pdu, length - 4);
  for (int i = 0; i < 4; i++) pdu[length - 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
}

// A request as a host would send it, more or less.
static size_t request(enum path_name path, uint8_t *pdu) {
  memset(pdu, 0, 300);
  if (pending_length[path] > 0 && !once_in(3)) {
    memcpy(pdu, pending[path], 20);
    seal(pdu, 20);
    return 20;
  }
  const uint8_t type = once_in(20) ? (uint8_t)any() : types[below(sizeof types)];
  size_t n = type == 1 ? 1 : type == 0x13 ? 4 : type == 0x14 ? 7 : 0;
  // Five reports, and a line of 512 characters, can hold more than a PDU may have.
  if (once_in(30)) n = below(281);
  if (once_in(200)) links[path] = any();
  const uint16_t seq = once_in(4) ? (uint16_t)(seqs[path] - below(3)) : ++seqs[path];
  const uint32_t link = once_in(40) ? below(3) : links[path];
  const uint32_t named = type == 0x10 ? 0 : once_in(10) ? below(4) : session;
  const uint32_t number = once_in(10) ? any() : snapshot;
  pdu[0] = once_in(60) ? (uint8_t)any() : 1;
  pdu[1] = type;
  pdu[2] = once_in(60) ? (uint8_t)any() : 0;
  pdu[3] = once_in(60) ? (uint8_t)any() : 0;
  pdu[4] = (uint8_t)seq;
  pdu[5] = (uint8_t)(seq >> 8);
  pdu[6] = (uint8_t)n;
  pdu[7] = (uint8_t)(n >> 8);
  for (int i = 0; i < 4; i++) {
    pdu[8 + i] = (uint8_t)(link >> 8 * i);
    pdu[12 + i] = (uint8_t)(named >> 8 * i);
    pdu[16 + i] = (uint8_t)(number >> 8 * i);
  }
  pdu[20] = (uint8_t)below(14);
  pdu[21] = (uint8_t)any();
  pdu[22] = (uint8_t)below(6);
  for (size_t i = 7; i < n; i++) pdu[16 + i] = (uint8_t)any();
  if (n < 7) memset(pdu + 16 + n, 0, 7 - n);
  if (once_in(25)) pdu[below((uint32_t)n + 20)] ^= (uint8_t)(1u << below(8));
  seal(pdu, n + 20);
  if (once_in(25)) pdu[below((uint32_t)n + 20)] ^= (uint8_t)(1u << below(8));
  return n + 20;
}

static void send_bytes(const uint8_t *bytes, size_t length) {
  sent_bytes += length;
  for (size_t at = 0; at < length;) {
    // A burst before the loop comes round; what does not fit the ring is lost with all that follows.
    const size_t burst = once_in(300) ? RING + below(200) : 1 + below(120);
    size_t n = 0;
    for (; n < burst && at < length; n++, at++) {
      wand_byte_received(bytes[at]);
      if (n < RING) oracle_byte(bytes[at]);
    }
    for (int i = 0; i < 16; i++) step();
    if (n > RING) oracle_cut();
  }
}

static void send_line(void) {
  static uint8_t line[4000];
  static const char strange[] = ":\r\n0aG \x00\xFF:::\n";
  size_t length = 0;
  for (uint32_t lines = 1 + below(3); lines > 0; lines--) {
    uint8_t pdu[300];
    const size_t n = request(PATH_LINE, pdu);
    const size_t from = length;
    length += (size_t)sprintf((char *)line + length, ":");
    for (size_t i = 0; i < n; i++) length += (size_t)sprintf((char *)line + length, "%02X", pdu[i]);
    length += (size_t)sprintf((char *)line + length, "\r\n");
    while (once_in(4)) {
      const size_t at = from + below((uint32_t)(length - from));
      const uint32_t how = below(5);
      if (how == 0) line[at] = (uint8_t)strange[below(sizeof strange - 1)];
      if (how == 1) line[at] = (uint8_t)any();
      if (how == 2) length = at + 1;
      if (how == 3) memmove(line + at, line + at + 1, length - at - 1), length--;
      if (how == 4) memmove(line + at + 1, line + at, length - at), length++;
      if (length <= from) break;
    }
  }
  if (once_in(12))
    for (uint32_t more = below(1200); more > 0; more--)
      line[length++] = once_in(3) ? (uint8_t)any() : (uint8_t)("0123456789ABCDEF:\r\n"[below(once_in(20) ? 19 : 16)]);
  send_bytes(line, length);
}

// A request out of whose middle bytes were lost, so that its two ends would make a whole one.
static void send_gap(void) {
  uint8_t pdu[300], line[48];
  settle();
  while (request(PATH_LINE, pdu) != 20) continue;
  size_t length = (size_t)sprintf((char *)line, ":");
  for (int i = 0; i < 20; i++) length += (size_t)sprintf((char *)line + length, "%02X", pdu[i]);
  length += (size_t)sprintf((char *)line + length, "\r\n");
  const size_t part = 1 + below((uint32_t)length - 2);
  sent_bytes += RING + length;
  for (size_t i = 0; i < RING; i++) {
    const uint8_t byte = i < RING - part ? 'x' : line[i - (RING - part)];
    wand_byte_received(byte);
    oracle_byte(byte);
  }
  wand_byte_received('?');
  settle();
  oracle_cut();
  for (size_t i = part; i < length; i++) {
    wand_byte_received(line[i]);
    oracle_byte(line[i]);
  }
  settle();
}

static void send_report(const uint8_t *report) {
  sent_bytes += 64;
  // Not taken yet: the endpoint waits.
  while (!wand_report_received(report)) step();
  oracle_report(report);
  for (uint32_t steps = below(3); steps > 0; steps--) step();
}

static void send_reports(void) {
  static uint8_t counter, tag;
  static uint8_t made[5][64];
  uint8_t pdu[300];
  const size_t length = request(PATH_REPORTS, pdu);
  const uint8_t parts = (uint8_t)((length + 59) / 60);
  for (uint8_t i = 0; i < parts; i++) {
    uint8_t *const r = made[i];
    const size_t left = length - i * 60u;
    memset(r, 0, 64);
    r[0] = counter++;
    r[1] = (uint8_t)(i << 4 | parts);
    r[2] = left < 60 ? (uint8_t)left : 60;
    r[3] = tag;
    memcpy(r + 4, pdu + i * 60, r[2]);
    if (once_in(20)) r[below(64)] ^= (uint8_t)(1u << below(8));
    if (once_in(40)) r[below(4)] = (uint8_t)any();
  }
  tag++;
  for (uint8_t i = 0; i < parts; i++) {
    if (once_in(25)) continue;
    send_report(made[once_in(25) ? below(parts) : i]);
    if (once_in(25)) send_report(made[i]);
  }
  if (once_in(20)) counter = (uint8_t)any();
}

// What happens beside it.

static uint8_t large[2][SNAPSHOT_BLOCKS][1200];
static struct table_pump pumps[2];

static void fill_pumps(void) {
  pumps[0] = bench_pump;
  for (int i = 0; i < SNAPSHOT_BLOCKS; i++) {
    // The second pump says more than the wand can hold, now and then.
    const uint16_t own = bench_pump.lengths[i];
    const uint16_t length = (uint16_t)(own + (once_in(3) ? below(1200 - own) : 0));
    memcpy(large[1][i], bench_pump.blocks[i], bench_pump.lengths[i]);
    pumps[1].blocks[i] = large[1][i];
    pumps[1].lengths[i] = length;
  }
}

static void start(void) {
  const struct wand_setup setup = {"FUZZ-1", "F", "1", store};
  wand_start(&setup, now);
  memset(&reports, 0, sizeof reports);
  oracle_cut();
  count[0] = count[1] = 0;
}

static void happen(void) {
  switch (below(12)) {
    case 0: conditions.absent = once_in(3); break;
    case 1: conditions.clings = once_in(3); break;
    case 2: conditions.errors = once_in(2) ? (uint8_t)below(120) : 0; break;
    case 3: conditions.changes += below(2); break;
    case 4:
      fill_pumps();
      implant_table_put(&pumps[below(2)]);
      break;
    case 5:
      if (once_in(10)) start();
      break;
    case 6: {
      settle();
      const enum path_name path = below(2) == 0 ? PATH_LINE : PATH_REPORTS;
      wand_opened(path);
      if (path == PATH_LINE)
        oracle_cut();
      else
        memset(&reports, 0, sizeof reports);
      break;
    }
    default: {
      const uint32_t stride = 1 + below(60);
      for (uint32_t steps = below(once_in(8) ? 200 : 30); steps > 0; steps--) {
        now += stride;
        step();
      }
      if (once_in(400)) now += 0xFFFFFFFFull;
    }
  }
}

int main(int arguments, char **words) {
  if (arguments != 3) return 2;
  const uint64_t most = strtoull(words[1], NULL, 10);
  random_state = strtoull(words[2], NULL, 10) * 0x9E3779B97F4A7C15ull + 1;
  fill_pumps();
  implant_table_start(&pumps[0]);
  start();
  while (sent_bytes < most) {
    if (once_in(3))
      send_reports();
    else
      send_line();
    if (once_in(50)) send_gap();
    if (once_in(3)) settle();
    if (once_in(2)) happen();
  }
  settle();
  printf("{\"bytes\":%llu,\"requests\":%llu,\"replies\":%llu,\"sessions\":%u,\"codes\":[",
         (unsigned long long)sent_bytes, (unsigned long long)requests, (unsigned long long)replies,
         (unsigned)store.last_session);
  for (int i = 0; i < 14; i++) printf(i == 0 ? "%llu" : ",%llu", (unsigned long long)of_code[i]);
  printf("]}\n");
  return 0;
}
