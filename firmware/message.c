// The tables of section 7, field by field.
#include "message.h"

#include <string.h>

#include "bytes.h"

uint16_t message_least(uint8_t type) {
  switch (type) {
    case TYPE_HELLO: return 1;
    case TYPE_SNAPSHOT: return 4;
    case TYPE_BLOCK: return 7;
    default: return 0;
  }
}

void message_read_block(struct block_request *into, const uint8_t *payload) {
  into->snapshot = get32(payload);
  into->block = payload[4];
  into->offset = get16(payload + 5);
}

uint16_t message_hello(uint8_t *out, const struct hello_reply *reply) {
  out[0] = PDU_MINOR;
  put16(out + 1, reply->lease_ms);
  memcpy(out + 3, reply->serial, TEXT);
  memcpy(out + 19, reply->model, TEXT);
  memcpy(out + 35, reply->firmware, TEXT);
  put32(out + 51, reply->boot);
  put32(out + 55, reply->last_session);
  out[59] = reply->last_end;
  return 60;
}

uint16_t message_ping(uint8_t *out, const struct ping_reply *reply) {
  put32(out, reply->session);
  out[4] = reply->session_state;
  put16(out + 5, reply->contact_age_ms);
  out[7] = reply->coupling;
  out[8] = reply->position;
  out[9] = reply->operation;
  out[10] = reply->progress;
  return 11;
}

uint16_t message_wand(uint8_t *out, const struct wand_reply *reply) {
  out[0] = reply->battery;
  out[1] = reply->temperature;
  put32(out + 2, reply->uptime_s);
  put32(out + 6, reply->air.sent);
  put32(out + 10, reply->air.lost);
  put32(out + 14, reply->air.corrupt);
  put32(out + 18, reply->air.retried);
  put32(out + 22, reply->host_refused);
  return 26;
}

uint16_t message_open(uint8_t *out, const struct answer *answer) {
  memcpy(out, answer->serial, TEXT);
  memcpy(out + 16, answer->model, TEXT);
  memcpy(out + 32, answer->firmware, TEXT);
  put32(out + 48, answer->state_counter);
  put32(out + 52, answer->device_time);
  return 56;
}

uint16_t message_live(uint8_t *out, const struct answer *answer) {
  memcpy(out, answer->serial, TEXT);
  put32(out + 16, answer->state_counter);
  put32(out + 20, answer->device_time);
  put32(out + 24, answer->reported_volume);
  put32(out + 28, answer->rate);
  out[32] = answer->active_alarms;
  return 33;
}

// An age that outgrows its field is sent as the greatest value that is not "unavailable".
static uint32_t age(wand_ms since, wand_ms now) {
  const wand_ms ms = now - since;
  return ms > 0xFFFFFFFEu ? 0xFFFFFFFEu : (uint32_t)ms;
}

uint16_t message_snapshot(uint8_t *out, const struct snapshot *snapshot, wand_ms now) {
  enum { FIXED = 32, ENTRY = 3 };
  put32(out, snapshot->number);
  put32(out + 4, age(snapshot->began, now));
  put32(out + 8, age(snapshot->ended, now));
  put32(out + 12, snapshot->device_time);
  put32(out + 16, snapshot->counter_before);
  put32(out + 20, snapshot->counter_after);
  put32(out + 24, snapshot->crc);
  out[28] = SNAPSHOT_BLOCKS;
  out[29] = ENTRY;
  put16(out + 30, FIXED);
  for (uint8_t i = 0; i < SNAPSHOT_BLOCKS; i++) {
    uint8_t *const entry = out + FIXED + i * ENTRY;
    entry[0] = (uint8_t)(i + 1);
    put16(entry + 1, snapshot->lengths[i]);
  }
  return FIXED + SNAPSHOT_BLOCKS * ENTRY;
}

uint16_t message_block(uint8_t *out, const struct block_request *request, const uint8_t *bytes,
                       uint16_t length) {
  enum { FIXED = 7 };
  const uint16_t left = (uint16_t)(length - request->offset);
  const uint16_t piece = left < PDU_PAYLOAD_MAX - FIXED ? left : PDU_PAYLOAD_MAX - FIXED;
  put32(out, request->snapshot);
  out[4] = request->block;
  put16(out + 5, request->offset);
  memcpy(out + FIXED, bytes + request->offset, piece);
  return (uint16_t)(FIXED + piece);
}
