# The program on a processor of ARM, emulated: reads a pump through a serial line with the machine code for arm64 of
# Node, koffi, node-hid and serialport. Run by root: unshare --mount bash arm64.sh ROOT LINE, where ROOT has Debian's
# files for arm64, the program in /usr/lib/wandbridge and the emulator.
set -eu
root=$1 line=$2
mkdir -p "$root/dev" "$root/proc" "$root/tmp"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
unset NODE_EXTRA_CA_CERTS
arm() { chroot "$root" /qemu-aarch64-static /usr/bin/node "$@"; }
arm -p 'process.arch'
arm -e 'const load = require("module").createRequire("/usr/lib/wandbridge/package.json")
  for (const name of ["koffi", "node-hid", "serialport"]) console.log(name, typeof load(name))
  load("koffi").load("libsystemd.so.0").func("int sd_notify(int unset, const char *state)")
  console.log("devices", load("node-hid").devices().length)'
main=/usr/lib/wandbridge/dist/bin/wandbridge.js
# A bridge, because it tries again: what is run for the first time is slow in an emulator.
(exec chroot "$root" /qemu-aarch64-static /usr/bin/node "$main" serve --source simulator --serial "$line" \
  --policy continuous --listen none --state-dir /tmp/state) 2>"$root/tmp/said" &
bridge=$!
for _ in $(seq 300); do
  if grep -q 'Reading finished' "$root/tmp/said"; then break; fi
  sleep 1
done
kill "$bridge"
wait "$bridge" && echo 'ended with 0' || echo "ended with $?"
cat "$root/tmp/said"
arm "$main" audit verify --state-dir /tmp/state
