// The payloads of section 7: what a request asks, and the bytes of a reply.
//
// Each message_... writes the struct of its table at `out` and returns its length. They decide nothing.
#ifndef MESSAGE_H
#define MESSAGE_H

#include "implant.h"
#include "pdu.h"
#include "snapshot.h"

enum last_end {
  END_NONE = 0,
  END_CLOSED = 1,
  END_LEASE_EXPIRED = 3,
  END_WAND_RESTARTED = 4,
  END_STILL_OPEN = 5,
  END_STUCK = 6,
};

enum session_state {
  SESSION_NONE = 0,
  SESSION_OPENING = 1,
  SESSION_OPEN = 2,
  SESSION_CLOSING = 3,
  SESSION_STUCK = 4,
};

enum operation {
  OPERATION_NONE = 0,
  OPERATION_OPEN = 1,
  OPERATION_INTERROGATE = 2,
  OPERATION_LIVE = 3,
  OPERATION_CLOSE = 4,
};

enum { UNAVAILABLE8 = 0xFF, UNAVAILABLE16 = 0xFFFF };

struct hello_reply {
  uint16_t lease_ms;
  // Padded with NUL.
  uint8_t serial[TEXT];
  uint8_t model[TEXT];
  uint8_t firmware[TEXT];
  uint32_t boot;
  uint32_t last_session;
  uint8_t last_end;
};

struct ping_reply {
  uint32_t session;
  uint8_t session_state;
  uint16_t contact_age_ms;
  uint8_t coupling;
  uint8_t position;
  uint8_t operation;
  uint8_t progress;
};

struct wand_reply {
  uint8_t battery;
  uint8_t temperature;
  uint32_t uptime_s;
  struct air_counters air;
  uint32_t host_refused;
};

struct block_request {
  uint32_t snapshot;
  uint8_t block;
  uint16_t offset;
};

// Bytes that the payload of a request of this type must have; a longer one is of a newer minor.
uint16_t message_least(uint8_t type);
void message_read_block(struct block_request *into, const uint8_t *payload);

uint16_t message_hello(uint8_t *out, const struct hello_reply *reply);
uint16_t message_ping(uint8_t *out, const struct ping_reply *reply);
uint16_t message_wand(uint8_t *out, const struct wand_reply *reply);
uint16_t message_open(uint8_t *out, const struct answer *answer);
uint16_t message_live(uint8_t *out, const struct answer *answer);
uint16_t message_snapshot(uint8_t *out, const struct snapshot *snapshot, wand_ms now);
// As many bytes of the block as fit from the offset on. They are there: snapshot_block has said so.
uint16_t message_block(uint8_t *out, const struct block_request *request, const uint8_t *bytes,
                       uint16_t length);

#endif
