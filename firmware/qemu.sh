#!/bin/bash
# Unpacks Debian's QEMU for ARM into CACHE/qemu, with the libraries that this computer has not. It is not
# installed, because its modules would then stand before those of the QEMU that tools/vm unpacks for the
# device tests. apt-get and dpkg are all it needs.
set -euo pipefail
cache=${1:?usage: qemu.sh CACHE_DIRECTORY}
[ -e "$cache/qemu/built" ] && exit 0
mkdir -p "$cache/debs/partial"
cache=$(cd "$cache" && pwd)
rm -rf "$cache/qemu"
apt-get -y -qq --no-install-recommends --download-only -o APT::Sandbox::User=root \
  -o Debug::NoLocking=1 -o "Dir::Cache::archives=$cache/debs" install qemu-system-arm >/dev/null
for deb in "$cache/debs"/*.deb; do dpkg -x "$deb" "$cache/qemu"; done
rm -rf "$cache/debs"
touch "$cache/qemu/built"
