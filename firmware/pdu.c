// Header and CRC of a PDU (section 4.1), and the judgement of section 4.4.
#include "pdu.h"

#include "bytes.h"
#include "crc.h"

enum fault pdu_read(struct pdu *into, const uint8_t *bytes, size_t length) {
  if (length < PDU_MIN || length > PDU_MAX) return FAULT_TRUNCATED;
  into->major = bytes[0];
  into->type = bytes[1];
  into->flags = bytes[2];
  into->code = bytes[3];
  into->seq = get16(bytes + 4);
  into->length = get16(bytes + 6);
  into->link = get32(bytes + 8);
  into->session = get32(bytes + 12);
  into->payload = bytes + PDU_HEADER;
  if (into->length != length - PDU_MIN) return FAULT_TRUNCATED;
  if (crc_of(bytes, length - 4) != get32(bytes + length - 4)) return FAULT_CHECKSUM;
  return into->major == PDU_MAJOR ? FAULT_NONE : FAULT_VERSION;
}

size_t pdu_write(uint8_t *out, const struct pdu *pdu) {
  out[0] = pdu->major;
  out[1] = pdu->type;
  out[2] = pdu->flags;
  out[3] = pdu->code;
  put16(out + 4, pdu->seq);
  put16(out + 6, pdu->length);
  put32(out + 8, pdu->link);
  put32(out + 12, pdu->session);
  const size_t before = (size_t)PDU_HEADER + pdu->length;
  put32(out + before, crc_of(out, before));
  return before + 4;
}
