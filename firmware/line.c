// Sections 5.1 and 5.2, in their order.
#include "line.h"

void line_begin(struct line *line) {
  line->held = 0;
  line->over_long = false;
}

static enum line_event refuse(struct line *line, uint16_t bytes, enum fault fault) {
  line->held = 0;
  line->refused = bytes;
  line->refusals = 1;
  line->fault = fault;
  return LINE_REFUSED;
}

enum line_event line_cut(struct line *line) {
  enum fault fault = line->colon ? FAULT_TRUNCATED : FAULT_NOISE;
  if (line->over_long) fault = FAULT_TOO_LONG;
  line->over_long = false;
  return line->held == 0 ? LINE_NOTHING : refuse(line, line->held, fault);
}

static int digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static void hold(struct line *line, uint8_t byte) {
  if (line->held == 0) {
    line->colon = byte == ':';
    line->strange = false;
    line->cr = false;
    line->held = 1;
    return;
  }
  // A CR that is not followed by LF was none of the end.
  if (line->cr && byte != '\n') line->strange = true;
  line->cr = byte == '\r';
  const uint16_t at = (uint16_t)(line->held - 1);
  line->held++;
  if (byte == '\r' || byte == '\n') return;
  const int value = digit(byte);
  if (value < 0) {
    line->strange = true;
  } else if (at < 2 * PDU_MAX) {
    uint8_t *const into = &line->pdu[at / 2];
    *into = (uint8_t)(at % 2 == 0 ? value << 4 : *into | value);
  }
}

// What is held ends with LF and began with a colon; `cr` tells of the byte before LF.
static enum line_event judge(struct line *line, bool cr) {
  const uint16_t held = line->held;
  if (!cr) return refuse(line, held, FAULT_TRUNCATED);
  const uint16_t digits = (uint16_t)(held - 3);
  if (digits % 2 != 0 || digits < 2 * PDU_MIN) return refuse(line, held, FAULT_TRUNCATED);
  if (digits > 2 * PDU_MAX) return refuse(line, held, FAULT_TOO_LONG);
  if (line->strange) return refuse(line, held, FAULT_NOISE);
  line->held = 0;
  line->pdu_length = digits / 2;
  line->refused = held;
  return LINE_PDU;
}

enum line_event line_put(struct line *line, uint8_t byte) {
  if (byte == ':') {
    const enum line_event event = line_cut(line);
    hold(line, byte);
    return event;
  }
  if (line->held == LINE_HELD_MAX) {
    (void)refuse(line, LINE_HELD_MAX, FAULT_TOO_LONG);
    line->over_long = true;
    hold(line, byte);
    if (byte != '\n') return LINE_REFUSED;
    // The line end behind 512 bytes is the rest of the line, and a refusal of its own.
    (void)line_cut(line);
    line->refused = LINE_HELD_MAX + 1;
    line->refusals = 2;
    return LINE_REFUSED;
  }
  const bool cr = line->held > 0 && line->cr;
  hold(line, byte);
  if (byte != '\n') return LINE_NOTHING;
  return line->colon ? judge(line, cr) : line_cut(line);
}

char line_character(const uint8_t *pdu, uint16_t length, uint16_t at) {
  if (at == 0) return ':';
  if (at == 2 * length + 1) return '\r';
  if (at > 2 * length + 1) return '\n';
  const uint8_t byte = pdu[(at - 1) / 2];
  return "0123456789ABCDEF"[at % 2 == 1 ? byte >> 4 : byte & 15];
}
