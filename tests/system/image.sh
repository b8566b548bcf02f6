# Builds the image of deploy/oci/Containerfile on a clean Debian 13 and runs it without rights on a read-only root, with
# a simulated wand's line passed in. Run as: unshare --mount bash image.sh WORK PACKAGE CONTAINERFILE MAIN. It prints
# what the container says, who it is, and its exit code. A pseudo-terminal cannot be made anew as a device, so its own
# file is passed in.
set -eu
work=$1 package=$2 recipe=$3 main=$4
where="--root $work/storage --runroot $work/run"
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mmdebstrap --quiet --variant=minbase trixie "$work/base.tar"
podman $where import --quiet "$work/base.tar" localhost/base
mkdir "$work/context"
cp "$package" "$work/context/"
buildah $where build --isolation chroot --network host --build-arg BASE=localhost/base \
  --build-arg "PACKAGE=$(basename "$package")" --tag wandbridge --file "$recipe" "$work/context"
mkfifo "$work/hands"
(exec node "$main" sim --serial-link "$work/wand" <>"$work/hands" >/dev/null 2>&1) &
simulator=$!
trap 'kill $simulator' EXIT
while [ ! -e "$work/wand" ]; do sleep 0.2; done
line=$(readlink "$work/wand")
chgrp dialout "$line"
chmod 660 "$line"
printf 'source: simulator\nserial: [/dev/ttyWAND]\npolicy: continuous\n' >"$work/wandbridge.yaml"
podman $where run --name wandbridge --cgroups disabled --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" \
  --ulimit nproc=1000:1000 --read-only --network none --cap-drop all --security-opt no-new-privileges \
  --group-add "$(getent group dialout | cut -d: -f3)" --volume "$line:/dev/ttyWAND" \
  --volume "$work/wandbridge.yaml:/etc/wandbridge/wandbridge.yaml:ro" localhost/wandbridge &
running=$!
inside="podman $where exec wandbridge"
for _ in $(seq 120); do
  if $inside wandbridge status --json --state-dir /var/lib/wandbridge 2>/dev/null | grep '"quality":"current"'; then break; fi
  sleep 1
done
$inside sh -c 'id; touch /x || true; grep -E "^(CapEff|NoNewPrivs):" /proc/1/status' 2>&1
podman $where stop --time 30 wandbridge
wait $running && echo "ended with 0" || echo "ended with $?"
podman $where rm wandbridge
