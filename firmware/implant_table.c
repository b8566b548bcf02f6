// The table behind implant.h.
#include "implant_table.h"

#include <string.h>

#include "bytes.h"
#include "pdu.h"

enum { IDENTITY = 1, STATUS = 3, RESERVOIR = 4, INFUSION = 5, ALARMS = 8, CLOCK = 11 };

enum {
  BITS_PER_MS = 6,
  // Bytes of a frame besides what it carries.
  FRAME = 14,
  // From the end of a question to the begin of its answer; and when none comes any more.
  TURN_MS = 90,
  TIMEOUT_MS = 210,
  TRIES = 6,
  // The first question is long: it wakes the implant.
  WAKE = 40,
  // Most bytes of a block in one frame.
  PIECE = 64,
};

struct table_conditions conditions;

// Where a question and its answer are: on their way to the implant, back from it, or nowhere.
enum phase { ASKING, ANSWERING, WAITING };

static struct {
  const struct table_pump *pump;
  struct question question;
  struct answer answer;
  struct air_counters counters;
  wand_ms due;
  enum phase phase;
  // A long answer comes in parts, each with its own question.
  uint8_t part;
  uint8_t tried;
  // Something has been heard of this exchange.
  bool heard;
  // Who has answered this part: it is not asked to act again when only its answer was lost.
  const struct table_pump *answered;
} it;

void implant_table_start(const struct table_pump *pump) {
  memset(&it, 0, sizeof it);
  it.pump = pump;
  conditions = (struct table_conditions){.coupling = 70, .position = 1};
}

void implant_table_put(const struct table_pump *pump) { it.pump = pump; }

static const uint8_t *block(uint8_t number) { return it.pump->blocks[number - 1]; }

static uint32_t counter(void) { return get32(block(STATUS) + 5) + conditions.changes; }

static uint32_t device_time(wand_ms now) { return get32(block(CLOCK)) + (uint32_t)(now / 1000); }

static uint8_t active_alarms(void) {
  const uint8_t *const list = block(ALARMS);
  uint8_t active = 0;
  for (uint8_t i = 0; i < list[0]; i++)
    if (list[get16(list + 2) + i * list[1] + 7] != 0) active++;
  return active;
}

static uint16_t duration(uint16_t bytes) {
  return (uint16_t)(((FRAME + bytes) * 8 + BITS_PER_MS - 1) / BITS_PER_MS);
}

static uint16_t asked_bytes(void) {
  if (it.question.exchange == EXCHANGE_BLOCK) return 3;
  return it.question.exchange == EXCHANGE_ENTER && it.part == 0 ? WAKE : 1;
}

static uint8_t parts(void) {
  if (it.question.exchange == EXCHANGE_ENTER) return 2;
  if (it.question.exchange != EXCHANGE_BLOCK || it.answer.length <= PIECE) return 1;
  return (uint8_t)((it.answer.length + PIECE - 1) / PIECE);
}

static uint16_t answer_bytes(void) {
  switch (it.question.exchange) {
    case EXCHANGE_ENTER: return it.part == 0 ? 48 : 8;
    case EXCHANGE_COUNTER: return 8;
    case EXCHANGE_LIVE: return 33;
    case EXCHANGE_BLOCK: {
      const uint16_t left = (uint16_t)(it.answer.length - it.part * PIECE);
      return left < PIECE ? left : PIECE;
    }
    default: return 1;
  }
}

// The implant acts on the first part of a question that reaches it, and keeps what it says to all parts.
static void act(wand_ms now) {
  struct answer *const answer = &it.answer;
  if (it.question.exchange == EXCHANGE_BLOCK) {
    if (it.part > 0) return;
    const uint8_t number = it.question.block;
    const uint16_t length = it.pump->lengths[number - 1];
    answer->length = length;
    answer->taken = now;
    if (length > it.question.room) return;
    memcpy(it.question.into, block(number), length);
    if (number == STATUS) put32(it.question.into + 5, counter());
    if (number == CLOCK) put32(it.question.into, device_time(now));
    return;
  }
  // A pump says who it is before it enters telemetry mode, and how it is when it has.
  if (it.question.exchange != EXCHANGE_ENTER || it.part == 0) {
    memcpy(answer->serial, block(IDENTITY), TEXT);
    memcpy(answer->model, block(IDENTITY) + 16, TEXT);
    memcpy(answer->firmware, block(IDENTITY) + 32, TEXT);
  }
  answer->state_counter = counter();
  answer->device_time = device_time(now);
  answer->reported_volume = get32(block(RESERVOIR));
  answer->rate = get32(block(INFUSION) + 1);
  answer->active_alarms = active_alarms();
  answer->confirmed = !conditions.clings;
}

static bool in_reach(void) { return !conditions.absent && conditions.position != 0; }

// Whether a frame gets through, gets through damaged, or is not heard at all.
enum fate { FATE_OK, FATE_DAMAGED, FATE_LOST };

static enum fate fate(void) {
  if (!in_reach()) return FATE_LOST;
  conditions.chance = conditions.chance * 1664525u + 1013904223u;
  if (conditions.chance >> 24 >= conditions.errors) return FATE_OK;
  return (conditions.chance >> 16 & 1) != 0 ? FATE_LOST : FATE_DAMAGED;
}

static bool spoken_to(void) {
  if (it.question.exchange == EXCHANGE_ENTER && it.part == 0) return true;
  const bool entering = it.question.exchange == EXCHANGE_ENTER;
  return memcmp(entering ? it.answer.serial : it.question.serial, block(IDENTITY), TEXT) == 0;
}

static void send(wand_ms now) {
  it.counters.sent++;
  it.tried++;
  it.phase = ASKING;
  it.due = now + duration(asked_bytes());
}

static void begin_part(wand_ms now) {
  it.tried = 0;
  it.answered = NULL;
  send(now);
}

void implant_ask(const struct question *question, wand_ms now) {
  it.question = *question;
  memset(&it.answer, 0, sizeof it.answer);
  it.part = 0;
  it.heard = false;
  begin_part(now);
}

void implant_drop(void) {}

uint8_t implant_progress(void) {
  if (it.part == 0) return 0;
  if (it.question.exchange != EXCHANGE_BLOCK) return (uint8_t)(it.part * 100 / parts());
  return (uint8_t)(it.part * PIECE * 100 / it.answer.length);
}

static enum heard again(wand_ms now) {
  if (it.tried >= TRIES || now > it.question.until) return it.heard ? HEARD_BROKEN : HEARD_NOBODY;
  it.counters.retried++;
  send(now);
  return HEARD_NOT_YET;
}

static enum heard lost(wand_ms now) {
  it.counters.lost++;
  return again(now);
}

// The end of the question: it arrives, or not.
static enum heard arrive(wand_ms now) {
  it.phase = WAITING;
  it.due = now + TIMEOUT_MS;
  if (fate() != FATE_OK || !spoken_to()) return HEARD_NOT_YET;
  if (it.answered != it.pump) act(now);
  it.answered = it.pump;
  it.phase = ANSWERING;
  it.due = now + TURN_MS + duration(answer_bytes());
  return HEARD_NOT_YET;
}

// The end of the answer.
static enum heard hear(wand_ms now) {
  if (it.answered != it.pump) return lost(now);
  const enum fate came = fate();
  if (came == FATE_LOST) return lost(now);
  it.heard = true;
  if (came == FATE_DAMAGED) {
    it.counters.corrupt++;
    return again(now);
  }
  if (it.question.exchange == EXCHANGE_BLOCK && it.answer.length > it.question.room)
    return HEARD_TOO_MUCH;
  if (it.part + 1 == parts()) return HEARD_ANSWER;
  it.part++;
  if (now <= it.question.until)
    begin_part(now);
  else
    it.due = UINT64_MAX;
  return HEARD_PART;
}

enum heard implant_hear(const struct answer **answer, wand_ms now) {
  enum heard heard = HEARD_NOT_YET;
  while (heard == HEARD_NOT_YET && it.due <= now) {
    if (it.phase == ASKING)
      heard = arrive(it.due);
    else if (it.phase == ANSWERING)
      heard = hear(it.due);
    else
      heard = lost(it.due);
  }
  *answer = &it.answer;
  return heard;
}

void implant_sense(struct sensed *sensed, wand_ms now) {
  (void)now;
  sensed->present = in_reach();
  sensed->coupling = conditions.absent ? 0 : conditions.coupling;
  sensed->position = conditions.absent ? 0 : conditions.position;
}

void implant_counters(struct air_counters *counters) { *counters = it.counters; }

uint8_t implant_marks(void) { return FLAG_SIMULATOR; }
