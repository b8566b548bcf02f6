// The oracle of fuzz.c. It finds the requests in whatever was sent, by code that has nothing in common with the
// firmware's, and holds every reply against the request that it must be the reply to.
//
// For each request there is one reply, of its type, seq and link, well-formed and marked; and none for anything
// else. A session number is allotted once, and kept before it is told.
#ifndef ORACLE_H
#define ORACLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"
#include "wand.h"

enum { MOST = 252 };

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

#endif
