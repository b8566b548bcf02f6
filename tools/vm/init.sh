#!/bin/sh
# First program of the guest, in the initramfs: lays the layer over the host's root (both read-only,
# over 9p), puts a memory disk on top, starts udev, and runs the command that the runner left in
# `out/command`. Its exit code goes to `out/code`.
PATH=/bin
b=/bin/busybox
stop() { echo "guest: $1"; $b poweroff -f; }

$b mount -t proc none /proc
$b mount -t sysfs none /sys
$b mount -t devtmpfs none /dev
for module in /modules/*; do $b insmod "$module" || stop "cannot load $module"; done
share() { $b mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,$3" "$1" "$2" || stop "cannot mount $1"; }
share host /host ro,cache=loose
share layer /layer ro,cache=loose
$b mount -t tmpfs none /rw
$b mkdir -p /rw/upper /rw/work
$b mount -t overlay -o lowerdir=/layer:/host,upperdir=/rw/upper,workdir=/rw/work none /root ||
  stop 'cannot lay the layer over the root'
for part in proc sys dev; do $b mount --move /$part /root/$part; done
$b mkdir -p /root/dev/pts /root/dev/shm /root/run /root/out
$b mount -t devpts -o ptmxmode=666 none /root/dev/pts
$b mount -t tmpfs none /root/dev/shm
$b mount -t tmpfs -o mode=755 none /root/run
share out /root/out cache=none
exec $b switch_root /root /bin/bash -c '
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run/home LANG=C.UTF-8
  mkdir -p $HOME
  busybox ip link set lo up
  /lib/systemd/systemd-udevd --daemon
  bash /out/command
  echo $? >/out/code
  sync
  echo o >/proc/sysrq-trigger
  # The disks go first: nothing can be started any more, and init must not end.
  while :; do :; done'
