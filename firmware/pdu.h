// The protocol data unit (section 4): its places, numbers and faults.
//
// pdu_read judges bytes in the order of section 4.4 and never reads behind them. pdu_write makes the
// bytes of a PDU around a payload that stands in its place already.
#ifndef PDU_H
#define PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  PDU_MAJOR = 1,
  PDU_MINOR = 0,
  PDU_HEADER = 16,
  PDU_PAYLOAD_MAX = 232,
  PDU_MIN = 20,
  PDU_MAX = 252,
};

enum { FLAG_REPLY = 0x01, FLAG_SIMULATOR = 0x02, FLAG_REPLAY = 0x04 };

enum code {
  CODE_OK = 0,
  CODE_PENDING = 1,
  CODE_BUSY = 2,
  CODE_NO_SESSION = 3,
  CODE_WRONG_LINK = 4,
  CODE_NO_IMPLANT = 5,
  CODE_AIR_FAILED = 6,
  CODE_SNAPSHOT_GONE = 7,
  CODE_CHANGED = 8,
  CODE_BAD_REQUEST = 9,
  CODE_UNKNOWN_TYPE = 10,
  CODE_REFUSED = 11,
  CODE_VERSION = 12,
  CODE_INTERNAL = 13,
};

enum type {
  TYPE_HELLO = 0x01,
  TYPE_PING = 0x02,
  TYPE_WAND = 0x03,
  TYPE_OPEN = 0x10,
  TYPE_CLOSE = 0x11,
  TYPE_INTERROGATE = 0x12,
  TYPE_SNAPSHOT = 0x13,
  TYPE_BLOCK = 0x14,
  TYPE_LIVE = 0x15,
  // From the first to the last of these, no type is ever assigned (section 1).
  TYPE_NEVER_FIRST = 0x40,
  TYPE_NEVER_LAST = 0x7F,
};

// Why something received was not taken.
enum fault {
  FAULT_NONE = 0,
  FAULT_NOISE,
  FAULT_TRUNCATED,
  FAULT_TOO_LONG,
  FAULT_CHECKSUM,
  FAULT_VERSION,
  FAULT_REPEATED,
  FAULT_OUT_OF_SEQUENCE,
};

struct pdu {
  uint8_t major;
  uint8_t type;
  uint8_t flags;
  uint8_t code;
  uint16_t seq;
  uint16_t length;
  uint32_t link;
  uint32_t session;
  const uint8_t *payload;
};

// With FAULT_VERSION, `into` may be used as far as its places are the same in every version (section 11).
// With any other fault nothing of it may be used.
enum fault pdu_read(struct pdu *into, const uint8_t *bytes, size_t length);

// Writes header and CRC around the `pdu->length` bytes of payload at out + PDU_HEADER; returns the
// length of the whole. `pdu->payload` is not looked at.
size_t pdu_write(uint8_t *out, const struct pdu *pdu);

#endif
