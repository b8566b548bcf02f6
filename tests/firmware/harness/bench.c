// The firmware as a program that is spoken to in lines: the whole wand with a clock that moves when it is
// told, and its framings alone. For the vectors, and for comparing it with the simulator.
//
// A command is a word and its arguments; bytes are hexadecimal. Answers are lines, and are kept until `?`,
// which ends them with a line of its own, `.`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "implant_table.h"
#include "line.h"
#include "message.h"
#include "report.h"
#include "wand.h"

static wand_ms now, started;
static bool running;
static struct wand_store store;
static const char *const faults[] = {"ok",       "noise",   "truncated", "too-long",
                                     "checksum", "version", "repeated",  "out-of-sequence"};

// Two pumps whose blocks the test gives, byte by byte.
static uint8_t bytes_of[2][SNAPSHOT_BLOCKS][4096];
static struct table_pump pumps[2];

void port_keep(const struct wand_store *kept) { store = *kept; }

// As a wand on a bench whose battery lasts a day, and which grows warm.
void port_health(struct wand_health *health) {
  const unsigned s = (unsigned)((now - started) / 1000);
  health->battery = (uint8_t)(s / 360 > 91 ? 5 : 96 - s / 360);
  health->temperature = (uint8_t)(24 + (s / 240 > 7 ? 7 : s / 240));
}

static void say(const char *word, const uint8_t *bytes, size_t length) {
  printf("%s ", word);
  for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
  printf("\n");
}

static size_t unhex(const char *text, uint8_t *into, size_t room) {
  size_t length = 0;
  for (; text[0] != 0 && text[1] != 0 && length < room; text += 2) {
    const char pair[3] = {text[0], text[1], 0};
    into[length++] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return length;
}

static void step(void) {
  wand_step(now);
  uint8_t bytes[LINE_LONGEST];
  const size_t length = wand_bytes_to_send(bytes, sizeof bytes);
  if (length > 0) say("line", bytes, length);
  uint8_t report[REPORT_BYTES];
  while (wand_report_to_send(report)) say("report", report, REPORT_BYTES);
}

// The framings alone.

static struct line line;
static struct report_receiver reports;

static void line_came(enum line_event event) {
  struct pdu pdu;
  if (event == LINE_NOTHING) return;
  const enum fault fault =
      event == LINE_PDU ? pdu_read(&pdu, line.pdu, line.pdu_length) : line.fault;
  if (fault == FAULT_NONE)
    say("pdu", line.pdu, line.pdu_length);
  else
    printf("refused %u %s %u\n", line.refused, faults[fault], event == LINE_PDU ? 1u : line.refusals);
}

static void report_came(const uint8_t *bytes, size_t length) {
  struct pdu pdu;
  const struct report_event event = report_put(&reports, bytes, length);
  if (event.dropped > 0)
    printf("refused %u %s\n", event.dropped * REPORT_BYTES, faults[FAULT_OUT_OF_SEQUENCE]);
  if (event.fault != FAULT_NONE) printf("refused %zu %s\n", length, faults[event.fault]);
  if (event.whole == 0) return;
  const enum fault fault = pdu_read(&pdu, reports.pdu, event.length);
  if (fault == FAULT_NONE)
    say("pdu", reports.pdu, event.length);
  else
    printf("refused %u %s\n", event.whole * REPORT_BYTES, faults[fault]);
}

static void encode(char **words) {
  uint8_t pdu[PDU_MAX], report[REPORT_BYTES];
  struct report_sender sender = {(uint8_t)atoi(words[1]), (uint8_t)atoi(words[2])};
  const uint16_t length = (uint16_t)unhex(words[3], pdu, sizeof pdu);
  printf("text ");
  for (uint16_t at = 0; at < 2 * length + 3; at++)
    printf("%02x", (unsigned)line_character(pdu, length, at));
  printf("\n");
  for (uint8_t i = 0; i < report_count(length); i++) {
    report_write(&sender, pdu, length, i, report);
    say("report", report, REPORT_BYTES);
  }
}

// The payload of a reply, from its values in the order of its table: numbers, and texts as hexadecimal.
static void payload(char **words, int count) {
  uint8_t out[PDU_PAYLOAD_MAX];
  uint16_t length = 0;
  uint32_t n[64] = {0};
  for (int i = 2; i < count && i < 64; i++) n[i] = (uint32_t)strtoul(words[i], NULL, 10);
  const char *const name = words[1];
  if (strcmp(name, "HELLO") == 0) {
    struct hello_reply reply = {.lease_ms = (uint16_t)n[3], .boot = n[7], .last_session = n[8],
                                .last_end = (uint8_t)n[9]};
    unhex(words[4], reply.serial, TEXT);
    unhex(words[5], reply.model, TEXT);
    unhex(words[6], reply.firmware, TEXT);
    length = message_hello(out, &reply);
  } else if (strcmp(name, "PING") == 0) {
    const struct ping_reply reply = {n[2],          (uint8_t)n[3], (uint16_t)n[4], (uint8_t)n[5],
                                     (uint8_t)n[6], (uint8_t)n[7], (uint8_t)n[8]};
    length = message_ping(out, &reply);
  } else if (strcmp(name, "WAND") == 0) {
    const struct wand_reply reply = {(uint8_t)n[2], (uint8_t)n[3], n[4],
                                     {n[5], n[6], n[7], n[8]}, n[9]};
    length = message_wand(out, &reply);
  } else if (strcmp(name, "OPEN") == 0) {
    struct answer answer = {.state_counter = n[5], .device_time = n[6]};
    unhex(words[2], answer.serial, TEXT);
    unhex(words[3], answer.model, TEXT);
    unhex(words[4], answer.firmware, TEXT);
    length = message_open(out, &answer);
  } else if (strcmp(name, "LIVE") == 0) {
    struct answer answer = {.state_counter = n[3], .device_time = n[4], .reported_volume = n[5],
                            .rate = n[6], .active_alarms = (uint8_t)n[7]};
    unhex(words[2], answer.serial, TEXT);
    length = message_live(out, &answer);
  } else if (strcmp(name, "SNAPSHOT") == 0) {
    static struct snapshot snapshot;
    const wand_ms moment = 1ull << 40;
    snapshot.number = n[2];
    snapshot.began = moment - n[3];
    snapshot.ended = moment - n[4];
    snapshot.device_time = n[5];
    snapshot.counter_before = n[6];
    snapshot.counter_after = n[7];
    snapshot.crc = n[8];
    for (int i = 0; i < SNAPSHOT_BLOCKS; i++) snapshot.lengths[i] = (uint16_t)n[9 + i];
    length = message_snapshot(out, &snapshot, moment);
  }
  say("payload", out, length);
}

static void condition(const char *name, uint32_t value) {
  if (strcmp(name, "absent") == 0) conditions.absent = value != 0;
  if (strcmp(name, "clings") == 0) conditions.clings = value != 0;
  if (strcmp(name, "errors") == 0) conditions.errors = (uint8_t)value;
  if (strcmp(name, "chance") == 0) conditions.chance = value;
  if (strcmp(name, "coupling") == 0) conditions.coupling = (uint8_t)value;
  if (strcmp(name, "position") == 0) conditions.position = (uint8_t)value;
  if (strcmp(name, "changes") == 0) conditions.changes = value;
  if (strcmp(name, "put") == 0) implant_table_put(&pumps[value & 1]);
}

static void wand(char **words) {
  static uint8_t bytes[65536];
  const char *const name = words[0];
  if (strcmp(name, "fresh") == 0) {
    // As it left the factory, at the beginning of time.
    memset(&store, 0, sizeof store);
    now = started = 0;
    running = false;
  } else if (strcmp(name, "start") == 0) {
    const struct wand_setup setup = {words[1], words[2], words[3], store};
    const struct table_conditions before = conditions;
    implant_table_start(&pumps[atoi(words[4]) & 1]);
    if (running) conditions = before;
    running = true;
    started = now;
    wand_start(&setup, now);
  } else if (strcmp(name, "block") == 0) {
    const int pump = atoi(words[1]) & 1;
    const int block = atoi(words[2]) - 1;
    const size_t length = unhex(words[3], bytes_of[pump][block], sizeof bytes_of[pump][block]);
    pumps[pump].blocks[block] = bytes_of[pump][block];
    pumps[pump].lengths[block] = (uint16_t)length;
  } else if (strcmp(name, "until") == 0) {
    const wand_ms until = strtoull(words[1], NULL, 10);
    while (now < until) {
      now++;
      step();
    }
  } else if (strcmp(name, "bytes") == 0) {
    const size_t length = unhex(words[1], bytes, sizeof bytes);
    for (size_t i = 0; i < length; i++) {
      wand_byte_received(bytes[i]);
      if (i % 128 == 127 || i + 1 == length) step();
    }
  } else if (strcmp(name, "report") == 0) {
    unhex(words[1], bytes, REPORT_BYTES);
    while (!wand_report_received(bytes)) step();
    step();
  } else if (strcmp(name, "opened") == 0) {
    wand_opened(words[1][0] == 'l' ? PATH_LINE : PATH_REPORTS);
  } else {
    condition(name, (uint32_t)strtoul(words[1], NULL, 10));
  }
}

static void framing(char **words) {
  static uint8_t bytes[65536];
  if (strcmp(words[0], "connect") == 0) {
    line_begin(&line);
    report_begin(&reports);
  } else if (strcmp(words[0], "line-bytes") == 0) {
    const size_t length = unhex(words[1], bytes, sizeof bytes);
    for (size_t i = 0; i < length; i++) line_came(line_put(&line, bytes[i]));
  } else if (strcmp(words[0], "one-report") == 0) {
    report_came(bytes, unhex(words[1], bytes, sizeof bytes));
  } else {
    line_came(line_cut(&line));
    const uint8_t held = report_cut(&reports);
    if (held > 0) printf("refused %u truncated\n", held * REPORT_BYTES);
  }
}

int main(void) {
  static char text[200000];
  static char out[65536];
  setvbuf(stdout, out, _IOFBF, sizeof out);
  while (fgets(text, sizeof text, stdin) != NULL) {
    static char none[] = "";
    char *words[64];
    int count = 0;
    for (char *word = strtok(text, " \n"); word != NULL && count < 63; word = strtok(NULL, " \n"))
      words[count++] = word;
    for (int i = count; i < 64; i++) words[i] = none;
    if (strcmp(words[0], "?") == 0) {
      printf(".\n");
      fflush(stdout);
    } else if (strcmp(words[0], "encode") == 0) {
      encode(words);
    } else if (strcmp(words[0], "payload") == 0) {
      payload(words, count);
    } else if (strcmp(words[0], "descriptor") == 0) {
      say("descriptor", report_descriptor, sizeof report_descriptor);
    } else if (strcmp(words[0], "connect") == 0 || strcmp(words[0], "line-bytes") == 0 ||
               strcmp(words[0], "one-report") == 0 || strcmp(words[0], "end") == 0) {
      framing(words);
    } else {
      wand(words);
    }
  }
  return 0;
}
