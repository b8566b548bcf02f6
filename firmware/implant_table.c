// The table behind implant.h.
#include "implant_table.h"

#include <string.h>

#include "bytes.h"
#include "pdu.h"

enum { IDENTITY = 1, STATUS = 3, RESERVOIR = 4, INFUSION = 5, ALARMS = 8, CLOCK = 11 };

struct table_conditions conditions;

static struct {
  const struct table_pump *pump;
  struct question question;
  wand_ms asked;
  struct air_counters counters;
} it;

void implant_table_start(const struct table_pump *pump) {
  memset(&it, 0, sizeof it);
  it.pump = pump;
  conditions = (struct table_conditions){.exchange_ms = 60, .coupling = 80, .position = 1};
}

static const uint8_t *block(uint8_t number) { return it.pump->blocks[number - 1]; }

static uint32_t counter(void) { return get32(block(STATUS) + 5) + conditions.changes; }

static uint32_t device_time(wand_ms now) { return get32(block(CLOCK)) + (uint32_t)(now / 1000); }

void implant_ask(const struct question *question, wand_ms now) {
  it.question = *question;
  it.asked = now;
  it.counters.sent++;
}

void implant_drop(void) {}

static enum heard tell_block(struct answer *answer) {
  const uint8_t number = it.question.block;
  const uint16_t length = it.pump->lengths[number - 1];
  if (length > it.question.room) return HEARD_TOO_MUCH;
  memcpy(it.question.into, block(number), length);
  if (number == STATUS) put32(it.question.into + 5, counter());
  if (number == CLOCK) put32(it.question.into, device_time(it.asked));
  answer->length = length;
  return HEARD_ANSWER;
}

enum heard implant_hear(struct answer *answer, wand_ms now) {
  if (now - it.asked < conditions.exchange_ms) return HEARD_NOT_YET;
  const bool another = it.question.exchange != EXCHANGE_ENTER &&
                       memcmp(it.question.serial, block(IDENTITY), TEXT) != 0;
  if (conditions.absent || another) {
    it.counters.lost++;
    return HEARD_NOBODY;
  }
  if (conditions.broken) {
    it.counters.corrupt++;
    return HEARD_BROKEN;
  }
  if (it.question.exchange == EXCHANGE_BLOCK) return tell_block(answer);
  memcpy(answer->serial, block(IDENTITY), TEXT);
  memcpy(answer->model, block(IDENTITY) + 16, TEXT);
  memcpy(answer->firmware, block(IDENTITY) + 32, TEXT);
  answer->state_counter = counter();
  answer->device_time = device_time(it.asked);
  answer->reported_volume = get32(block(RESERVOIR));
  answer->rate = get32(block(INFUSION) + 1);
  answer->active_alarms = block(ALARMS)[0];
  answer->confirmed = !conditions.clings;
  return HEARD_ANSWER;
}

void implant_sense(struct sensed *sensed, wand_ms now) {
  (void)now;
  sensed->present = !conditions.absent;
  sensed->coupling = conditions.absent ? 0 : conditions.coupling;
  sensed->position = conditions.absent ? 0 : conditions.position;
}

void implant_counters(struct air_counters *counters) { *counters = it.counters; }

uint8_t implant_marks(void) { return FLAG_SIMULATOR; }
