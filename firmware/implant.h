// The air side: what a wand needs of the link to an implanted pump. Whoever makes a wand writes one file
// behind this header; `implant_table.c` is such a file, for a bench without a pump.
//
// An exchange is one question to the implant and its whole answer. How it is cut into frames, how these
// are checked, and how often one is sent again, is the business of the file behind. One exchange runs at
// a time. No function here may wait: implant_hear is asked over and over until the exchange has ended.
#ifndef IMPLANT_H
#define IMPLANT_H

#include <stdbool.h>
#include <stdint.h>

// Milliseconds since the wand has started. 64 bits, because 32 are over after seven weeks.
typedef uint64_t wand_ms;

enum { TEXT = 16 };

enum exchange {
  // "Is anybody there? Enter telemetry mode." To whichever pump is in reach; all others are to one pump.
  EXCHANGE_ENTER,
  // "Are you still there?" The shortest one.
  EXCHANGE_CONTACT,
  // "What does your state counter say, and your clock?"
  EXCHANGE_COUNTER,
  // "What changes from moment to moment?"
  EXCHANGE_LIVE,
  // "Tell me block N", as section 8 lays it out.
  EXCHANGE_BLOCK,
  // "Leave telemetry mode."
  EXCHANGE_LEAVE,
};

struct question {
  enum exchange exchange;
  // Of the pump that is asked; none with EXCHANGE_ENTER.
  uint8_t serial[TEXT];
  // With EXCHANGE_BLOCK: which, and where its bytes are to be put. `room` bytes are there.
  uint8_t block;
  uint8_t *into;
  uint16_t room;
  // Behind this moment nothing more is sent; the wand gives the exchange up.
  wand_ms until;
};

enum heard {
  HEARD_NOT_YET,
  // A part of the answer came, whole; the exchange goes on.
  HEARD_PART,
  HEARD_ANSWER,
  // No implant was heard at all.
  HEARD_NOBODY,
  // One was heard, but the exchange did not complete within the retries.
  HEARD_BROKEN,
  // The answer does not fit into `room`.
  HEARD_TOO_MUCH,
};

// Only what belongs to the exchange is filled in. Texts are padded with NUL (section 3.4); a number that
// the pump does not say is all ones (section 3.1).
struct answer {
  // ENTER and LIVE: who answered.
  uint8_t serial[TEXT];
  // ENTER.
  uint8_t model[TEXT];
  uint8_t firmware[TEXT];
  // ENTER, COUNTER and LIVE.
  uint32_t state_counter;
  uint32_t device_time;
  // LIVE.
  uint32_t reported_volume;
  uint32_t rate;
  uint8_t active_alarms;
  // BLOCK: how many bytes were put at `into`, and when the question had reached the implant, from which on
  // what they say grows old.
  uint16_t length;
  wand_ms taken;
  // LEAVE: whether the implant confirmed that it left telemetry mode.
  bool confirmed;
};

void implant_ask(const struct question *question, wand_ms now);
// With HEARD_ANSWER, `answer` points to it; it stays until the next exchange is asked.
enum heard implant_hear(const struct answer **answer, wand_ms now);
// The exchange that runs is given up; implant_hear is not asked any more.
void implant_drop(void);
// How far the exchange is that runs, 0-99 %.
uint8_t implant_progress(void);

struct sensed {
  // Whether an implant is sensed at all, without speaking to it.
  bool present;
  // 0-100 %.
  uint8_t coupling;
  // The codes of `position` in section 7.2.
  uint8_t position;
};

void implant_sense(struct sensed *sensed, wand_ms now);

// Frames since the wand has started, as in section 7.3.
struct air_counters {
  uint32_t sent;
  uint32_t lost;
  uint32_t corrupt;
  uint32_t retried;
};

void implant_counters(struct air_counters *counters);

// FLAG_SIMULATOR if the pump is none that could be implanted, else 0. Every reply carries it (section 4.2).
uint8_t implant_marks(void);

#endif
