// The session and the air. Time is handed in; everything happens in session_step or in what judge.c calls.
#include "session.h"

#include <string.h>

#include "bytes.h"
#include "judge.h"

enum {
  // Within PASSIVE_CONTACT_MS and SESSION_CONTACT_MS of section 9.7; the second leaves time for the
  // exchange itself.
  SENSE_EVERY_MS = 200,
  CONTACT_EVERY_MS = 230,
  // No work on air takes longer, however often pieces of it have to be sent again.
  WORK_MS = 10000,
  MOST_AGE_MS = 65534,
};

static const uint32_t most_number = 0xFFFFFFFE;

// What the exchange that runs is for.
enum work { WORK_NONE, WORK_OPERATION, WORK_CONTACT, WORK_RELEASE };

static struct {
  struct wand_store store;
  // SESSION_NONE, _OPEN, _CLOSING (by the wand itself, because the lease is over) or _STUCK.
  enum session_state state;
  uint8_t serial[TEXT];
  // The link of `holder` holds it; false = no link does.
  bool held;
  enum path_name holder;
  // The last request of the link that holds the session or has asked for OPEN.
  wand_ms renewed;

  enum operation operation;
  enum path_name asker;
  // The asker has had another link since it asked.
  bool orphaned;
  // Which exchange of an INTERROGATE runs: 0 = the counter, then each block, then the counter again.
  uint8_t step;
  enum work work;
  wand_ms began;
  // The implant has answered something of this work.
  bool heard;
  // When the last exchange ended, well or not; and the last good one.
  wand_ms tried;
  bool exchanged;
  wand_ms contact;

  bool was_sensed;
  wand_ms sensed_at;
  wand_ms looked_at;

  // The one that is kept, if any, and the one that is being filled.
  bool kept;
  uint8_t newest;
  uint32_t numbers;
  struct snapshot snapshots[2];
} it;

void session_start(const struct wand_store *store, wand_ms now) {
  memset(&it, 0, sizeof it);
  it.looked_at = now;
  it.store = *store;
  if (it.store.boot < most_number) it.store.boot++;
  if (it.store.last_end == END_STILL_OPEN) it.store.last_end = END_WAND_RESTARTED;
  // What the implant was left in does not end with the power of the wand.
  if (it.store.last_end == END_STUCK) it.state = SESSION_STUCK;
  port_keep(&it.store);
}

bool session_exists(void) { return it.state == SESSION_OPEN || it.state == SESSION_CLOSING; }

bool session_held(enum path_name path) {
  return it.state == SESSION_OPEN && it.held && it.holder == path;
}

uint32_t session_named(enum path_name path) {
  return session_held(path) ? it.store.last_session : 0;
}

enum operation session_operation(void) { return it.operation; }

void session_renew(enum path_name path, wand_ms now) {
  const bool opening = it.operation == OPERATION_OPEN && it.asker == path && !it.orphaned;
  if (session_held(path) || opening) it.renewed = now;
}

void session_orphan(enum path_name path) {
  if (it.holder == path) it.held = false;
  if (it.asker == path) it.orphaned = true;
}

const struct snapshot *session_snapshot(uint32_t number) {
  const struct snapshot *const kept = &it.snapshots[it.newest];
  return it.kept && kept->number == number ? kept : NULL;
}

void session_tell_hello(struct hello_reply *reply) {
  reply->lease_ms = LEASE_MS;
  reply->boot = it.store.boot;
  reply->last_session = it.store.last_session;
  reply->last_end = (uint8_t)it.store.last_end;
}

// Section 9.7: in a session only exchanges with its implant count.
static uint16_t contact_age(wand_ms now) {
  bool known = it.exchanged;
  wand_ms at = it.contact;
  if (!session_exists() && it.was_sensed && (!known || it.sensed_at > at)) {
    known = true;
    at = it.sensed_at;
  }
  if (!known) return UNAVAILABLE16;
  return now - at > MOST_AGE_MS ? MOST_AGE_MS : (uint16_t)(now - at);
}

void session_tell_ping(struct ping_reply *reply, wand_ms now) {
  struct sensed sensed;
  implant_sense(&sensed, now);
  enum session_state state = it.state;
  if (state == SESSION_NONE && it.operation == OPERATION_OPEN) state = SESSION_OPENING;
  if (state == SESSION_OPEN && it.operation == OPERATION_CLOSE) state = SESSION_CLOSING;
  reply->session = it.state == SESSION_NONE ? 0 : it.store.last_session;
  reply->session_state = (uint8_t)state;
  reply->contact_age_ms = contact_age(now);
  reply->coupling = sensed.coupling;
  reply->position = sensed.position;
  reply->operation = it.work == WORK_RELEASE ? OPERATION_CLOSE : (uint8_t)it.operation;
  reply->progress = 0;
  if (it.work != WORK_NONE && it.work != WORK_CONTACT) {
    const uint16_t steps = it.operation == OPERATION_INTERROGATE ? SNAPSHOT_BLOCKS + 2 : 1;
    reply->progress = (uint8_t)((it.step * 100 + implant_progress()) / steps);
    // Only the counter is missing.
    if (it.step > SNAPSHOT_BLOCKS) reply->progress = 99;
  }
}

// One exchange begins.

static struct snapshot *filling(void) { return &it.snapshots[it.kept ? 1 - it.newest : it.newest]; }

static void ask(enum exchange exchange, wand_ms now) {
  struct question question = {.exchange = exchange, .until = it.began + WORK_MS};
  if (exchange != EXCHANGE_ENTER) memcpy(question.serial, it.serial, TEXT);
  if (exchange == EXCHANGE_BLOCK) {
    struct snapshot *const snapshot = filling();
    question.block = it.step;
    question.into = snapshot->bytes + snapshot->used;
    question.room = (uint16_t)(SNAPSHOT_ROOM - snapshot->used);
  }
  implant_ask(&question, now);
}

static void drop(void) {
  if (it.work != WORK_NONE) implant_drop();
  it.work = WORK_NONE;
}

// Work begins, and what was running is given up.
static void work(enum work what, enum exchange first, wand_ms now) {
  drop();
  it.work = what;
  it.step = 0;
  it.began = now;
  it.heard = false;
  ask(first, now);
}

void session_begin(enum operation operation, enum path_name path, wand_ms now) {
  static const enum exchange first[] = {
      [OPERATION_OPEN] = EXCHANGE_ENTER,
      [OPERATION_INTERROGATE] = EXCHANGE_COUNTER,
      [OPERATION_LIVE] = EXCHANGE_LIVE,
      [OPERATION_CLOSE] = EXCHANGE_LEAVE,
  };
  it.operation = operation;
  it.asker = path;
  it.orphaned = false;
  it.renewed = now;
  if (operation == OPERATION_INTERROGATE) {
    filling()->began = now;
    filling()->used = 0;
  }
  work(WORK_OPERATION, first[operation], now);
}

// One exchange has ended.

static void finish(enum code code, uint32_t session, const uint8_t *payload, uint16_t length) {
  const bool wanted = !it.orphaned;
  it.operation = OPERATION_NONE;
  if (wanted) judge_result(it.asker, code, session, payload, length);
}

static void end_session(enum session_state state, enum last_end end) {
  it.state = state;
  it.held = false;
  it.kept = false;
  it.store.last_end = end;
  port_keep(&it.store);
}

static void opened(const struct answer *answer) {
  uint8_t payload[56];
  if (it.store.last_session >= most_number) {
    finish(CODE_INTERNAL, 0, payload, 0);
    return;
  }
  it.store.last_session++;
  end_session(SESSION_OPEN, END_STILL_OPEN);
  memcpy(it.serial, answer->serial, TEXT);
  it.held = !it.orphaned;
  it.holder = it.asker;
  finish(CODE_OK, it.store.last_session, payload, message_open(payload, answer));
}

static void live(const struct answer *answer) {
  uint8_t payload[33];
  finish(CODE_OK, session_named(it.asker), payload, message_live(payload, answer));
}

static void closed(const struct answer *answer) {
  const uint8_t result = answer->confirmed ? 1 : 0;
  if (answer->confirmed)
    end_session(SESSION_NONE, END_CLOSED);
  else
    end_session(SESSION_STUCK, END_STUCK);
  finish(CODE_OK, 0, &result, 1);
}

static void interrogated(const struct answer *answer, wand_ms now) {
  struct snapshot *const snapshot = filling();
  if (it.step == 0) {
    snapshot->device_time = answer->device_time;
    snapshot->counter_before = answer->state_counter;
  } else if (it.step <= SNAPSHOT_BLOCKS) {
    if (it.step == BLOCK_CLOCK) snapshot->clock_taken = answer->taken;
    snapshot->lengths[it.step - 1] = answer->length;
    snapshot->used = (uint16_t)(snapshot->used + answer->length);
  } else {
    snapshot->counter_after = answer->state_counter;
    if (snapshot->counter_after != snapshot->counter_before) {
      finish(CODE_CHANGED, session_named(it.asker), NULL, 0);
      return;
    }
    snapshot_freeze(snapshot, now);
    snapshot->number = ++it.numbers;
    it.newest = (uint8_t)(snapshot - it.snapshots);
    it.kept = true;
    uint8_t payload[4];
    put32(payload, snapshot->number);
    finish(CODE_OK, session_named(it.asker), payload, sizeof payload);
    return;
  }
  if (now > it.began + WORK_MS) {
    finish(CODE_AIR_FAILED, session_named(it.asker), NULL, 0);
    return;
  }
  it.step++;
  it.work = WORK_OPERATION;
  ask(it.step <= SNAPSHOT_BLOCKS ? EXCHANGE_BLOCK : EXCHANGE_COUNTER, now);
}

static void operation_heard(enum heard heard, const struct answer *answer, wand_ms now) {
  if (heard != HEARD_ANSWER) {
    enum code code = CODE_AIR_FAILED;
    if (heard == HEARD_NOBODY && !it.heard) code = CODE_NO_IMPLANT;
    if (heard == HEARD_TOO_MUCH) code = CODE_INTERNAL;
    finish(code, session_named(it.asker), NULL, 0);
    return;
  }
  switch (it.operation) {
    case OPERATION_NONE: return;
    case OPERATION_OPEN: opened(answer); return;
    case OPERATION_LIVE: live(answer); return;
    case OPERATION_CLOSE: closed(answer); return;
    case OPERATION_INTERROGATE: interrogated(answer, now); return;
  }
}

static void hear(wand_ms now) {
  const struct answer *answer = NULL;
  enum heard heard = implant_hear(&answer, now);
  if (heard == HEARD_NOT_YET) return;
  if (heard == HEARD_ANSWER || heard == HEARD_PART) {
    it.exchanged = true;
    it.contact = now;
    it.heard = true;
  }
  if (heard == HEARD_PART) {
    if (now <= it.began + WORK_MS) return;
    implant_drop();
    heard = HEARD_BROKEN;
  }
  const enum work was = it.work;
  it.work = WORK_NONE;
  it.tried = now;
  if (was == WORK_OPERATION) operation_heard(heard, answer, now);
  if (was != WORK_RELEASE) return;
  if (heard == HEARD_ANSWER && answer->confirmed)
    end_session(SESSION_NONE, END_LEASE_EXPIRED);
  else
    end_session(SESSION_STUCK, END_STUCK);
}

// The lease is over, if it is.
static void expire(wand_ms now) {
  if (it.state != SESSION_OPEN || now - it.renewed < LEASE_MS) return;
  it.state = SESSION_CLOSING;
  it.held = false;
  if (it.operation != OPERATION_NONE) finish(CODE_AIR_FAILED, 0, NULL, 0);
  work(WORK_RELEASE, EXCHANGE_LEAVE, now);
}

static void sense(wand_ms now) {
  if (now - it.looked_at < SENSE_EVERY_MS) return;
  it.looked_at = now;
  struct sensed sensed;
  implant_sense(&sensed, now);
  if (!sensed.present) return;
  it.was_sensed = true;
  it.sensed_at = now;
}

void session_step(wand_ms now) {
  sense(now);
  // Before what is heard: what was asked on air after the end of the lease is not used. And behind it: the
  // lease of a session that has just been opened may be over.
  expire(now);
  if (it.work != WORK_NONE) hear(now);
  expire(now);
  if (it.work == WORK_NONE && it.state == SESSION_OPEN && now - it.tried >= CONTACT_EVERY_MS)
    work(WORK_CONTACT, EXCHANGE_CONTACT, now);
}
