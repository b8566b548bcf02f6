#!/bin/sh
# Starts a cluster of three nodes of nats-server with JetStream on this computer, for tests, and as the
# example from which a real one is made (see docs/fleet.md). It stays in the foreground and ends its nodes
# when it is ended.
#
# Usage: cluster.sh DIR [PORT]   DIR is kept: what the streams hold is there. Clients: PORT, PORT+1, PORT+2.
# With AUTH=FILE in the environment the file is included in each node's configuration: users, permissions.
# With VIA=PORT node N reaches node M at PORT + 3 N + M: whatever listens there stands between them.
set -eu
dir=${1:?usage: cluster.sh DIR [PORT]}
port=${2:-4222}
mkdir -p "$dir"
pids=
trap 'kill $pids 2>/dev/null; wait' EXIT
trap 'exit 0' INT TERM
for n in 0 1 2; do
  routes=
  to=$((port + 1000))
  [ -z "${VIA:-}" ] || to=$((VIA + 3 * n))
  for m in 0 1 2; do
    [ $m = $n ] || routes="$routes${routes:+, }\"nats://127.0.0.1:$((to + m))\""
  done
  {
    echo "server_name: node$n"
    echo "listen: \"127.0.0.1:$((port + n))\""
    echo "jetstream { store_dir: \"$dir/node$n\", max_mem: 64M, max_file: ${MAX_FILE:-20G} }"
    echo "cluster {"
    echo "  name: wandbridge"
    echo "  listen: \"127.0.0.1:$((port + 1000 + n))\""
    echo "  routes: [$routes]"
    [ -z "${VIA:-}" ] || echo "  no_advertise: true"
    echo "}"
    [ -z "${AUTH:-}" ] || echo "include \"$AUTH\""
  } >"$dir/node$n.conf"
  nats-server -c "$dir/node$n.conf" -P "$dir/node$n.pid" -l "$dir/node$n.log" &
  pids="$pids $!"
done
wait
