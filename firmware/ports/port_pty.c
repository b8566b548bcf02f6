// The wand as a program of a computer: its serial line is a pseudo-terminal. For benches, and to run the
// firmware under sanitizers.
//
//   wand-pty LINK STORE [REPORTS]
//
// LINK becomes a symbolic link to the terminal; STORE is the file of what survives a loss of power. With
// REPORTS a second terminal carries HID reports, 64 bytes each. It prints a line when it is ready and runs
// until it is ended. SIGUSR1 takes the wand off the pump, SIGUSR2 puts it back.
#define _XOPEN_SOURCE 600
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "implant_table.h"
#include "wand.h"

static const char *store_path;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

void port_keep(const struct wand_store *store) {
  char beside[4096];
  snprintf(beside, sizeof beside, "%s.new", store_path);
  FILE *const file = fopen(beside, "wb");
  if (file == NULL || fwrite(store, sizeof *store, 1, file) != 1 || fflush(file) != 0 ||
      fsync(fileno(file)) != 0 || fclose(file) != 0 || rename(beside, store_path) != 0)
    fail(store_path);
}

void port_health(struct wand_health *health) {
  health->battery = 255;
  health->temperature = 255;
}

static volatile sig_atomic_t lifted;
static void on_signal(int number) { lifted = number == SIGUSR1; }

static wand_ms now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (wand_ms)time.tv_sec * 1000 + (wand_ms)time.tv_nsec / 1000000;
}

// A terminal in raw mode. The program keeps its other side open, too: else reading fails whenever no host
// has it open.
static int terminal(const char *link) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) fail("pseudo-terminal");
  const char *const name = ptsname(master);
  const int slave = open(name, O_RDWR | O_NOCTTY);
  struct termios raw;
  if (slave < 0 || tcgetattr(slave, &raw) != 0) fail(name);
  raw.c_iflag = 0;
  raw.c_oflag = 0;
  raw.c_lflag = 0;
  raw.c_cflag = CS8 | CREAD | CLOCAL;
  if (tcsetattr(slave, TCSANOW, &raw) != 0) fail(name);
  if (fcntl(master, F_SETFL, O_NONBLOCK) != 0) fail(name);
  unlink(link);
  if (symlink(name, link) != 0) fail(link);
  return master;
}

// What was begun to be written and was not taken yet.
struct outgoing {
  uint8_t bytes[REPORT_BYTES];
  size_t length;
  size_t at;
};

// False = the other side does not read for now.
static bool flush(int to, struct outgoing *out) {
  while (out->at < out->length) {
    const ssize_t wrote = write(to, out->bytes + out->at, out->length - out->at);
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (wrote < 0) fail("write");
    out->at += (size_t)wrote;
  }
  out->at = out->length = 0;
  return true;
}

int main(int count, char **arguments) {
  if (count != 3 && count != 4) {
    fprintf(stderr, "usage: wand-pty LINK STORE [REPORTS]\n");
    return 2;
  }
  store_path = arguments[2];
  struct wand_setup setup = {.serial = "FW-PTY-0001", .model = "WB-REF", .firmware = "1.0.0"};
  FILE *const file = fopen(store_path, "rb");
  if (file != NULL) {
    if (fread(&setup.store, sizeof setup.store, 1, file) != 1) fail(store_path);
    fclose(file);
  }
  const int line = terminal(arguments[1]);
  const int reports = count == 4 ? terminal(arguments[3]) : -1;
  implant_table_start(&bench_pump);
  wand_start(&setup, now());
  struct sigaction moved = {.sa_handler = on_signal};
  sigaction(SIGUSR1, &moved, NULL);
  sigaction(SIGUSR2, &moved, NULL);
  printf("ready\n");
  fflush(stdout);

  static struct outgoing line_out, report_out;
  uint8_t report[REPORT_BYTES];
  size_t held = 0;
  for (;;) {
    struct pollfd ports[2] = {{line, POLLIN, 0}, {reports, POLLIN, 0}};
    poll(ports, count == 4 ? 2 : 1, 1);
    // A quarter of the ring at most, so that none is lost that the terminal could still hold.
    uint8_t bytes[64];
    const ssize_t got = read(line, bytes, sizeof bytes);
    for (ssize_t i = 0; i < got; i++) wand_byte_received(bytes[i]);
    if (reports >= 0) {
      if (held < REPORT_BYTES) {
        const ssize_t more = read(reports, report + held, REPORT_BYTES - held);
        if (more > 0) held += (size_t)more;
      }
      if (held == REPORT_BYTES && wand_report_received(report)) held = 0;
    }
    conditions.absent = lifted != 0;
    wand_step(now());
    while (flush(line, &line_out)) {
      line_out.length = wand_bytes_to_send(line_out.bytes, sizeof line_out.bytes);
      if (line_out.length == 0) break;
    }
    while (reports >= 0 && flush(reports, &report_out)) {
      if (!wand_report_to_send(report_out.bytes)) break;
      report_out.length = REPORT_BYTES;
    }
  }
}
