#!/bin/bash
# Builds the virtual machine of `npm run test:vm` from Debian packages into a cache directory: kernel,
# initramfs, and a layer (udev, kmod, libusb, usbip, kernel modules) that the guest lays over the
# host's own root, so that Node and the project are there too. QEMU comes from the system, or from
# packages unpacked into the cache. Nothing is installed; apt-get and dpkg are all it needs. With
# --check it only tells, by its exit code, whether the machine of today's scripts is built.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${1:?usage: image.sh CACHE_DIRECTORY [--check]}
packages='udev kmod libkmod2 libudev1 libusb-1.0-0 busybox-static usbip libwrap0 xz-utils liblzma5'
# What the guest loads by itself before it has a root, and what its tests need.
boot_modules='virtio_pci 9pnet_virtio 9p overlay'
test_modules='xhci_pci usbhid hid_generic uhid cdc_acm ftdi_sio vhci_hcd'

wanted=$(cat "$here/image.sh" "$here/init.sh" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$cache/built" 2>/dev/null || true)" = "$wanted" ]; then exit 0; fi
if [ "${2:-}" = --check ]; then exit 1; fi
for program in apt-get apt-cache dpkg sha256sum gzip; do
  command -v "$program" >/dev/null || {
    echo "The machine for the device tests is made of Debian packages, and $program is missing." >&2
    echo "Run 'npm run test:vm' on Debian, Ubuntu or in a container of one of them." >&2
    exit 1
  }
done

mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
rm -rf "$cache/built" "$cache/work" "$cache/layer" "$cache/qemu"
work=$cache/work debs=$cache/debs layer=$cache/layer
mkdir -p "$debs/partial" "$work" "$layer/usr" "$cache/qemu"

say() { echo "vm image: $*"; }
fetch() { (cd "$debs" && apt-get -qq -o APT::Sandbox::User=root download "$@"); }
unpack() { local to=$1; shift; for name; do for deb in "$debs/${name}"_*.deb; do dpkg -x "$deb" "$to"; done; done; }

kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9]\)/\1/p' | head -1)
[ -n "$kernel" ] || { echo "apt knows no linux-image-amd64; run 'apt-get update' first." >&2; exit 1; }
release=${kernel#linux-image-}

say "fetching $kernel and $packages"
rm -f "$debs"/*.deb
# shellcheck disable=SC2086
fetch $kernel $packages
if ! command -v qemu-system-x86_64 >/dev/null; then
  say 'fetching qemu-system-x86, which is not installed'
  mkdir -p "$debs/qemu/partial"
  apt-get -y -qq --no-install-recommends --download-only -o APT::Sandbox::User=root \
    -o Debug::NoLocking=1 -o "Dir::Cache::archives=$debs/qemu" install qemu-system-x86 >/dev/null
  for deb in "$debs/qemu"/*.deb; do dpkg -x "$deb" "$cache/qemu"; done
fi

say 'laying out the layer'
# shellcheck disable=SC2086
unpack "$work/root" $packages
unpack "$work/kernel" "$kernel"
# The root below has /bin, /sbin and /lib as links into /usr; the layer must not bury them.
for part in bin sbin lib; do
  [ -d "$work/root/$part" ] || continue
  mkdir -p "$layer/usr/$part"
  cp -a "$work/root/$part/." "$layer/usr/$part/"
done
cp -a "$work/root/usr/." "$layer/usr/"
rm -rf "$layer/usr/share/doc" "$layer/usr/share/man"

ln -sf "$layer/usr/bin/kmod" "$work/depmod"
ln -sf "$layer/usr/bin/kmod" "$work/modprobe"
export LD_LIBRARY_PATH=$layer/usr/lib/x86_64-linux-gnu
"$work/depmod" -b "$work/kernel" "$release"
with_dependencies() {
  for module; do "$work/modprobe" -d "$work/kernel" -S "$release" --show-depends "$module"; done |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}
modules=$layer/usr/lib/modules/$release
mkdir -p "$modules"
cp "$work/kernel/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$modules/"
# shellcheck disable=SC2086
for file in $(with_dependencies $boot_modules $test_modules); do
  to=$modules/${file#*"/modules/$release/"}
  mkdir -p "$(dirname "$to")"
  cp "$file" "$to"
done
"$work/depmod" -b "$layer/usr" "$release"

say 'packing the initramfs'
first=$work/initramfs
mkdir -p "$first"/{bin,proc,sys,dev,modules,host,layer,rw,root}
cp "$layer/usr/bin/busybox" "$first/bin/"
ln -s busybox "$first/bin/sh"
number=10
# shellcheck disable=SC2086
for file in $(with_dependencies $boot_modules); do
  cp "$file" "$first/modules/$number-$(basename "$file")"
  number=$((number + 1))
done
install -m 755 "$here/init.sh" "$first/init"
# Unpacked here: under emulation the kernel would take ten seconds to do it, in each machine. What lies
# behind it in the file is none of xz's, so only the result tells whether it went well.
packed=$work/kernel/boot/vmlinuz-$release
at=$(LC_ALL=C grep -abom1 $'\xfd7zXZ' "$packed" | cut -d: -f1 || true)
{ tail -c "+$((${at:-0} + 1))" "$packed" | "$layer/usr/bin/xz" -dc --single-stream; } >"$cache/kernel" 2>/dev/null || true
if [ "$(head -c 4 "$cache/kernel" | tr -d '\0')" != $'\x7fELF' ]; then
  say 'this kernel is not packed by xz; it will unpack itself, slowly'
  cp "$packed" "$cache/kernel"
fi
unset LD_LIBRARY_PATH
(cd "$first" && find . | "$layer/usr/bin/busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$cache/initrd.gz"
rm -rf "$work" "$debs"
echo "$wanted" >"$cache/built"
say "ready: $(du -sh "$cache" | cut -f1)"
