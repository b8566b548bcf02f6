// Sections 6.1 to 6.3, in their order.
#include "report.h"

#include <string.h>

const uint8_t report_descriptor[25] = {
    0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08,
    0x95, 0x40, 0x09, 0x02, 0x81, 0x02, 0x09, 0x03, 0x91, 0x02, 0xC0,
};

enum { COUNTER = 0, PLACE = 1, USED = 2, TAG = 3, DATA = 4 };

void report_begin(struct report_receiver *receiver) {
  receiver->known = 0;
  receiver->any = false;
  receiver->held = 0;
  receiver->length = 0;
}

uint8_t report_cut(struct report_receiver *receiver) {
  const uint8_t held = receiver->held;
  receiver->held = 0;
  receiver->length = 0;
  return held;
}

static bool malformed(const uint8_t *report) {
  const uint8_t index = report[PLACE] >> 4;
  const uint8_t count = report[PLACE] & 15;
  const uint8_t used = report[USED];
  if (count < 1 || count > REPORT_MOST || index >= count) return true;
  if (used < 1 || used > REPORT_DATA) return true;
  if (index + 1 < count && used != REPORT_DATA) return true;
  for (uint8_t i = used; i < REPORT_DATA; i++)
    if (report[DATA + i] != 0) return true;
  return false;
}

struct report_event report_put(struct report_receiver *receiver, const uint8_t *bytes,
                               size_t length) {
  struct report_event event = {0, FAULT_NONE, 0, 0};
  if (length != REPORT_BYTES || malformed(bytes)) {
    event.fault = length < REPORT_BYTES ? FAULT_TRUNCATED : FAULT_NOISE;
    return event;
  }
  const uint8_t place = bytes[COUNTER] % REPORT_PLACES;
  uint8_t *const earlier = receiver->earlier[place];
  if ((receiver->known >> place & 1) != 0 && memcmp(earlier, bytes, REPORT_BYTES) == 0) {
    event.fault = FAULT_REPEATED;
    return event;
  }
  memcpy(earlier, bytes, REPORT_BYTES);
  receiver->known |= (uint16_t)(1u << place);

  const uint8_t index = bytes[PLACE] >> 4;
  const uint8_t count = bytes[PLACE] & 15;
  const uint8_t ahead = (uint8_t)(bytes[COUNTER] - receiver->newest - 1);
  const bool next = receiver->any && ahead == 0;
  if (receiver->any && ahead < 127) receiver->missing += ahead;
  receiver->any = true;
  receiver->newest = bytes[COUNTER];

  const bool continues = next && index != 0 && index == receiver->held &&
                         bytes[TAG] == receiver->tag && count == receiver->count;
  if (!continues) event.dropped = report_cut(receiver);
  if (!continues && index != 0) {
    event.fault = FAULT_OUT_OF_SEQUENCE;
    return event;
  }
  receiver->tag = bytes[TAG];
  receiver->count = count;
  const uint16_t room = (uint16_t)(PDU_MAX > receiver->length ? PDU_MAX - receiver->length : 0);
  const uint8_t used = bytes[USED];
  memcpy(receiver->pdu + receiver->length, bytes + DATA, used < room ? used : room);
  receiver->length = (uint16_t)(receiver->length + used);
  receiver->held++;
  if (receiver->held == count) {
    event.length = receiver->length;
    event.whole = report_cut(receiver);
  }
  return event;
}

void report_write(struct report_sender *sender, const uint8_t *pdu, uint16_t length, uint8_t index,
                  uint8_t out[REPORT_BYTES]) {
  const uint16_t from = (uint16_t)(index * REPORT_DATA);
  const uint16_t left = (uint16_t)(length - from);
  const uint8_t used = left < REPORT_DATA ? (uint8_t)left : REPORT_DATA;
  memset(out, 0, REPORT_BYTES);
  out[COUNTER] = sender->counter++;
  out[PLACE] = (uint8_t)(index << 4 | report_count(length));
  out[USED] = used;
  out[TAG] = sender->tag;
  memcpy(out + DATA, pdu + from, used);
  if (used == left) sender->tag++;
}
