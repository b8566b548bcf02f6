// Section 9.2, line by line.
#include "judge.h"

#include <string.h>

#include "bytes.h"
#include "message.h"
#include "session.h"

enum {
  // The longest result of air work is that of OPEN, the longest reply that is not remembered is VERSION's.
  RESULT_MAX = PDU_MIN + 56,
  PASSING_MAX = PDU_MIN + 60,
};

// Section 9.3.
struct memory {
  bool linked;
  uint32_t link;
  // The last exchange without air work.
  bool kept;
  uint8_t kept_type;
  uint16_t kept_seq;
  uint16_t kept_length;
  uint8_t kept_pdu[PDU_MAX];
  // The last air operation that was begun; `result_length` 0 = it runs.
  bool begun;
  uint8_t begun_type;
  uint16_t begun_seq;
  uint16_t result_length;
  uint8_t result[RESULT_MAX];
  // A reply that is not remembered.
  uint8_t passing[PASSING_MAX];
};

static struct {
  struct hello_reply hello;
  wand_ms started;
  uint32_t refused;
  struct memory memories[PATHS];
} it;

static void text(uint8_t into[TEXT], const char *from) {
  for (size_t i = 0; i < TEXT && from[i] != 0; i++) into[i] = (uint8_t)from[i];
}

void judge_start(const struct wand_setup *setup, wand_ms now) {
  memset(&it, 0, sizeof it);
  it.started = now;
  text(it.hello.serial, setup->serial);
  text(it.hello.model, setup->model);
  text(it.hello.firmware, setup->firmware);
}

// Unavailable is never reached: the counter goes on at 0 behind the greatest value (section 3.1).
void judge_refused(uint16_t refusals) {
  while (refusals-- > 0) it.refused = it.refused == 0xFFFFFFFEu ? 0 : it.refused + 1;
}

// Writes a reply around the payload that stands in its place at `out`.
static uint16_t write(uint8_t *out, uint8_t type, uint16_t seq, uint32_t link, enum code code,
                      uint32_t session, uint16_t length) {
  const struct pdu pdu = {
      .major = PDU_MAJOR,
      .type = type,
      .flags = FLAG_REPLY | implant_marks(),
      .code = (uint8_t)code,
      .seq = seq,
      .link = link,
      .session = session,
      .length = length,
  };
  return (uint16_t)pdu_write(out, &pdu);
}

static uint32_t named(enum path_name path, uint32_t link) {
  const struct memory *const memory = &it.memories[path];
  return memory->linked && memory->link == link ? session_named(path) : 0;
}

// A reply without payload that is not remembered.
static struct reply pass(enum path_name path, const struct pdu *request, enum code code) {
  uint8_t *const out = it.memories[path].passing;
  const uint16_t length = write(out, request->type, request->seq, request->link, code,
                                named(path, request->link), 0);
  return (struct reply){out, length};
}

// A reply whose payload stands in `kept_pdu`.
static struct reply keep(enum path_name path, const struct pdu *request, enum code code,
                         uint16_t length) {
  struct memory *const memory = &it.memories[path];
  memory->kept = true;
  memory->kept_type = request->type;
  memory->kept_seq = request->seq;
  memory->kept_length = write(memory->kept_pdu, request->type, request->seq, request->link, code,
                              session_named(path), length);
  return (struct reply){memory->kept_pdu, memory->kept_length};
}

void judge_result(enum path_name path, enum code code, uint32_t session, const uint8_t *payload,
                  uint16_t length) {
  struct memory *const memory = &it.memories[path];
  if (length > 0) memcpy(memory->result + PDU_HEADER, payload, length);
  memory->result_length = write(memory->result, memory->begun_type, memory->begun_seq, memory->link,
                                code, session, length);
}

static uint16_t hello(uint8_t *payload) {
  session_tell_hello(&it.hello);
  return message_hello(payload, &it.hello);
}

static struct reply version(enum path_name path, const struct pdu *request) {
  uint8_t *const out = it.memories[path].passing;
  const uint16_t length = write(out, request->type, request->seq, request->link, CODE_VERSION,
                                named(path, request->link), hello(out + PDU_HEADER));
  return (struct reply){out, length};
}

static enum operation operation_of(uint8_t type) {
  switch (type) {
    case TYPE_OPEN: return OPERATION_OPEN;
    case TYPE_CLOSE: return OPERATION_CLOSE;
    case TYPE_INTERROGATE: return OPERATION_INTERROGATE;
    case TYPE_LIVE: return OPERATION_LIVE;
    default: return OPERATION_NONE;
  }
}

static bool known(uint8_t type) {
  return (type >= TYPE_HELLO && type <= TYPE_WAND) || (type >= TYPE_OPEN && type <= TYPE_LIVE);
}

static bool needs_session(uint8_t type) { return type >= TYPE_CLOSE && type <= TYPE_LIVE; }

// Whether BLOCK asks for what exists, as far as that can be known (section 9.6).
static bool exists(const struct pdu *request) {
  struct block_request asked;
  message_read_block(&asked, request->payload);
  if (asked.block < 1 || asked.block > SNAPSHOT_BLOCKS) return false;
  const struct snapshot *const snapshot = session_snapshot(asked.snapshot);
  return snapshot == NULL || asked.offset < snapshot_block(snapshot, asked.block).length;
}

// Line 11.
static bool busy(enum operation asked) {
  const enum operation runs = session_operation();
  if (asked == OPERATION_OPEN && session_exists()) return true;
  if (asked == OPERATION_CLOSE && runs != OPERATION_CLOSE && runs != OPERATION_OPEN) return false;
  return runs != OPERATION_NONE;
}

// Line 13 of what needs no air, and line 12.
static struct reply own_reply(enum path_name path, const struct pdu *request, wand_ms now) {
  uint8_t *const payload = it.memories[path].kept_pdu + PDU_HEADER;
  uint16_t length = 0;
  if (request->type == TYPE_HELLO) {
    length = hello(payload);
  } else if (request->type == TYPE_PING) {
    struct ping_reply ping;
    session_tell_ping(&ping, now);
    length = message_ping(payload, &ping);
  } else if (request->type == TYPE_WAND) {
    struct wand_reply wand = {.host_refused = it.refused,
                              .uptime_s = (uint32_t)((now - it.started) / 1000)};
    struct wand_health health;
    port_health(&health);
    wand.battery = health.battery;
    wand.temperature = health.temperature;
    implant_counters(&wand.air);
    length = message_wand(payload, &wand);
  } else {
    const struct snapshot *const snapshot = session_snapshot(get32(request->payload));
    if (snapshot == NULL) return keep(path, request, CODE_SNAPSHOT_GONE, 0);
    if (request->type == TYPE_SNAPSHOT) {
      length = message_snapshot(payload, snapshot, now);
    } else {
      struct block_request asked;
      message_read_block(&asked, request->payload);
      const struct block block = snapshot_block(snapshot, asked.block);
      length = message_block(payload, &asked, block.bytes, block.length);
    }
  }
  return keep(path, request, CODE_OK, length);
}

static struct reply begin(enum path_name path, const struct pdu *request, wand_ms now) {
  struct memory *const memory = &it.memories[path];
  memory->begun = true;
  memory->begun_type = request->type;
  memory->begun_seq = request->seq;
  memory->result_length = 0;
  const struct reply pending = pass(path, request, CODE_PENDING);
  session_begin(operation_of(request->type), path, now);
  return pending;
}

struct reply judge_request(enum path_name path, const uint8_t *bytes, size_t length, wand_ms now) {
  const struct reply none = {NULL, 0};
  struct memory *const memory = &it.memories[path];
  struct pdu request;
  const enum fault fault = pdu_read(&request, bytes, length);
  const bool readable = fault == FAULT_NONE || fault == FAULT_VERSION;
  if (!readable || (request.flags & FLAG_REPLY) != 0) {  // 1
    judge_refused(1);
    return none;
  }
  if (fault == FAULT_VERSION) return version(path, &request);  // 2
  if (request.type >= TYPE_NEVER_FIRST && request.type <= TYPE_NEVER_LAST)  // 3
    return pass(path, &request, CODE_REFUSED);
  if (request.code != 0 || request.link == 0) return pass(path, &request, CODE_BAD_REQUEST);  // 4
  if (!known(request.type)) return pass(path, &request, CODE_UNKNOWN_TYPE);  // 5

  const bool malformed = request.length < message_least(request.type);
  if (!memory->linked || memory->link != request.link) {  // 6
    if (request.type != TYPE_HELLO) return pass(path, &request, CODE_WRONG_LINK);
    if (malformed) return pass(path, &request, CODE_BAD_REQUEST);
    memory->linked = true;
    memory->link = request.link;
    memory->kept = false;
    memory->begun = false;
    session_orphan(path);
  }
  session_renew(path, now);

  const bool same_kept = memory->kept && memory->kept_seq == request.seq;
  const bool same_begun = memory->begun && memory->begun_seq == request.seq;
  if (same_kept && memory->kept_type == request.type)  // 7
    return (struct reply){memory->kept_pdu, memory->kept_length};
  if (same_begun && memory->begun_type == request.type) {
    if (memory->result_length == 0) return pass(path, &request, CODE_PENDING);
    return (struct reply){memory->result, memory->result_length};
  }
  if (same_kept || same_begun) return pass(path, &request, CODE_BAD_REQUEST);  // 8

  if (malformed || (request.type == TYPE_BLOCK && !exists(&request)))  // 9
    return keep(path, &request, CODE_BAD_REQUEST, 0);
  const bool holds = session_held(path) && request.session == session_named(path);
  if (needs_session(request.type) && !holds) return keep(path, &request, CODE_NO_SESSION, 0);  // 10
  const enum operation asked = operation_of(request.type);
  if (asked == OPERATION_NONE) return own_reply(path, &request, now);  // 12, 13
  if (busy(asked)) return keep(path, &request, CODE_BUSY, 0);  // 11
  return begin(path, &request, now);  // 13
}
