// Structure-aware fuzz of the firmware's receivers, from the two functions on that an interrupt calls.
//
//   fuzz BYTES SEED
//
// What is sent is requests, whole, changed, damaged, cut, glued together, out of order, and noise, on both
// paths, while the clock jumps, the pump comes and goes, and the wand restarts. Beside it runs an oracle that
// has nothing in common with the firmware: it finds the requests in what was sent. For each of them the wand must
// send one reply, which is of its type, seq and link; and nothing else, ever. The sanitizers watch the rest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "implant_table.h"
#include "wand.h"

enum { MOST = 252, RING = 256 };

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
static struct wand_store store;
static uint64_t sent_bytes, requests, replies, of_code[14];

static void fail(const char *why) {
  fprintf(stderr, "after %llu bytes: %s\n", (unsigned long long)sent_bytes, why);
  abort();
}

// Kept when a number is allotted, and when a session has ended. Numbers only grow, and are kept before they are
// told.
void port_keep(const struct wand_store *kept) {
  enum { STILL_OPEN = 5 };
  const bool allotted = kept->last_end == STILL_OPEN;
  if (kept->last_session != store.last_session + allotted) fail("a session number twice, or left out");
  if (kept->boot < store.boot) fail("fewer starts than before");
  store = *kept;
}

void port_health(struct wand_health *health) {
  health->battery = 255;
  health->temperature = 255;
}

// Bit by bit, unlike the firmware's.
static uint32_t slow_crc(const uint8_t *bytes, size_t length) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < length; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
  }
  return ~crc;
}

static uint32_t little(const uint8_t *at, int bytes) {
  uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; i--) value = value << 8 | at[i];
  return value;
}

// The oracle: requests that the wand must answer, in the order in which they came.

struct asked {
  uint8_t type, major, code;
  uint16_t seq;
  uint32_t link;
};
static struct asked waiting[PATHS][64];
static int count[PATHS];

static void found(enum path_name path, const uint8_t *bytes, size_t length) {
  if (length < 20 || length > MOST || little(bytes + 6, 2) != length - 20) return;
  if (slow_crc(bytes, length - 4) != little(bytes + length - 4, 4)) return;
  if ((bytes[2] & 1) != 0) return;
  if (count[path] == 64) fail("more requests than one burst can hold");
  waiting[path][count[path]++] = (struct asked){bytes[1], bytes[0], bytes[3],
                                                (uint16_t)little(bytes + 4, 2), little(bytes + 8, 4)};
  requests++;
}

static char text[520];
static size_t text_length;

static void oracle_cut(void) { text_length = 0; }

static void oracle_byte(uint8_t byte) {
  if (byte == ':' || text_length == 512) text_length = 0;
  text[text_length++] = (char)byte;
  if (byte != '\n') return;
  const size_t length = text_length;
  text_length = 0;
  if (text[0] != ':' || length < 43 || length > 507 || text[length - 2] != '\r') return;
  uint8_t bytes[MOST];
  size_t made = 0;
  for (size_t i = 1; i < length - 2; i += 2) {
    const char pair[3] = {text[i], text[i + 1], 0};
    if (strspn(pair, "0123456789ABCDEF") != 2) return;
    bytes[made++] = (uint8_t)strtoul(pair, NULL, 16);
  }
  found(PATH_LINE, bytes, made);
}

static struct {
  uint8_t held[5][64], past[16][64];
  bool has_past[16], any;
  int n;
  uint8_t newest;
} reports;

static void oracle_report(const uint8_t *r) {
  const int index = r[1] / 16, parts = r[1] % 16;
  if (parts < 1 || parts > 5 || index >= parts || r[2] < 1 || r[2] > 60) return;
  if (index != parts - 1 && r[2] != 60) return;
  for (int i = 4 + r[2]; i < 64; i++)
    if (r[i] != 0) return;
  uint8_t *const past = reports.past[r[0] % 16];
  if (reports.has_past[r[0] % 16] && memcmp(past, r, 64) == 0) return;
  memcpy(past, r, 64);
  reports.has_past[r[0] % 16] = true;
  const bool next = reports.any && r[0] == (uint8_t)(reports.newest + 1);
  reports.any = true;
  reports.newest = r[0];
  const bool fits = next && reports.n > 0 && index == reports.n && r[3] == reports.held[0][3] &&
                    parts == reports.held[0][1] % 16;
  if (!fits) reports.n = 0;
  if (!fits && index != 0) return;
  memcpy(reports.held[reports.n++], r, 64);
  if (reports.n < parts) return;
  uint8_t bytes[300];
  size_t length = 0;
  for (int i = 0; i < parts; i++)
    for (int j = 0; j < reports.held[i][2]; j++) bytes[length++] = reports.held[i][4 + j];
  reports.n = 0;
  found(PATH_REPORTS, bytes, length);
}

// What comes back.

static uint32_t session, snapshot;
// What the wand is working at for this path, as it was asked.
static uint8_t pending[PATHS][MOST];
static size_t pending_length[PATHS];

static void check(enum path_name path, const uint8_t *bytes, size_t length) {
  if (count[path] == 0) fail("a reply to nothing");
  const struct asked asked = waiting[path][0];
  memmove(waiting[path], waiting[path] + 1, (size_t)--count[path] * sizeof asked);
  replies++;
  if (length < 20 || length > MOST || little(bytes + 6, 2) != length - 20) fail("a reply of a wrong length");
  if (slow_crc(bytes, length - 4) != little(bytes + length - 4, 4)) fail("a reply of a wrong CRC");
  if (bytes[0] != 1 || bytes[2] != 3) fail("a reply of another version, or without its marks");
  if (bytes[1] != asked.type || little(bytes + 4, 2) != asked.seq || little(bytes + 8, 4) != asked.link)
    fail("a reply to another request");
  const bool never = asked.type >= 0x40 && asked.type <= 0x7F;
  if (asked.major == 1 && never != (bytes[3] == 11)) fail("REFUSED where it is not due, or not where it is");
  if ((asked.major != 1) != (bytes[3] == 12)) fail("VERSION where it is not due, or not where it is");
  if (bytes[3] > 13) fail("a code that is none");
  of_code[bytes[3]]++;
  if (bytes[3] != 0 && bytes[3] != 12 && length != 20) fail("a refusal with a payload");
  if (little(bytes + 12, 4) != 0) session = little(bytes + 12, 4);
  // A host that asks for the result asks with the same bytes.
  if (bytes[3] == 1) {
    memset(pending[path], 0, 20);
    memcpy(pending[path], bytes, 16);
    pending[path][2] = pending[path][3] = 0;
    memcpy(pending[path] + 16, (uint8_t[4]){0}, 4);
    pending_length[path] = 20;
  } else if (bytes[1] == pending[path][1] && memcmp(bytes + 4, pending[path] + 4, 2) == 0) {
    pending_length[path] = 0;
  }
  if (bytes[3] == 0 && bytes[1] == 0x12) snapshot = little(bytes + 16, 4);
  if (bytes[3] == 0 && bytes[1] == 0x13) {
    uint32_t whole = 0;
    for (int i = 0; i < SNAPSHOT_BLOCKS; i++) whole += little(bytes + 49 + 3 * i, 2);
    if (whole > SNAPSHOT_ROOM) fail("a snapshot that does not fit its buffer");
  }
}

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
