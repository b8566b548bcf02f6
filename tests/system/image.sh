# Builds the image of deploy/oci/Containerfile on a clean Debian 13 and runs it, all of it as a user of its own without
# rights, on a read-only root, with a simulated wand's line passed in as a device. Run by root, who makes that user in
# a view of /etc of its own: unshare --mount bash image.sh WORK PACKAGE CONTAINERFILE MAIN BASE, with the log's key in
# WORK/key.pem. It prints what the container says, who it is, here and inside, and its exit code.
set -eu
work=$1 package=$2 recipe=$3 main=$4 base=$5
uid=7419
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
chmod 755 "$work"
mkdir "$work/etc" "$work/home" "$work/runtime" "$work/context"
for name in passwd group subuid subgid; do
  [ -e "/etc/$name" ] || : >"/etc/$name"
  cp "/etc/$name" "$work/etc/$name"
done
echo "clinic:x:$uid:$uid::$work/home:/bin/sh" >>"$work/etc/passwd"
echo "clinic:x:$uid:" >>"$work/etc/group"
sed -i 's/^dialout:.*[^:]$/&,clinic/; s/^dialout:.*:$/&clinic/' "$work/etc/group"
for name in subuid subgid; do echo "clinic:300000:65536" >>"$work/etc/$name"; done
for name in passwd group subuid subgid; do mount --bind "$work/etc/$name" "/etc/$name"; done
cp "$package" "$recipe" "$work/context/"
# The wand: a line that only members of dialout may open.
mkfifo "$work/hands"
(exec node "$main" sim --serial-link "$work/wand" <>"$work/hands" >/dev/null 2>&1) &
simulator=$!
trap 'kill $simulator' EXIT
while [ ! -e "$work/wand" ]; do sleep 0.2; done
line=$(readlink "$work/wand")
chgrp dialout "$line"
chmod 660 "$line"
printf 'source: simulator\nserial: [/dev/ttyWAND]\npolicy: continuous\nhttp: { listen: none }\n' \
  >"$work/wandbridge.yaml"
chmod 644 "$work/wandbridge.yaml"
chown "$uid:$uid" "$work/home" "$work/runtime" "$work/key.pem"
chmod 700 "$work/runtime"
cat >"$work/user.sh" <<'END'
set -eu
work=$1 package=$2 line=$3 base=$4
podman import --quiet "$base" localhost/base
buildah build --isolation chroot --network host --build-arg BASE=localhost/base \
  --build-arg "PACKAGE=$package" --tag wandbridge --file "$work/context/Containerfile" "$work/context"
podman secret create wandbridge-audit.key "$work/key.pem"
# As deploy/oci/wandbridge.container says it; a limit can only be what this user has.
podman run --name wandbridge --cgroups disabled --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" \
  --ulimit nproc=1000:1000 --read-only --network host --cap-drop all --security-opt no-new-privileges \
  --group-add keep-groups --device "$line:/dev/ttyWAND" --volume wandbridge:/var/lib/wandbridge \
  --secret wandbridge-audit.key --env CREDENTIALS_DIRECTORY=/run/secrets \
  --volume "$work/wandbridge.yaml:/etc/wandbridge/wandbridge.yaml:ro" localhost/wandbridge &
running=$!
inside="podman exec wandbridge"
for _ in $(seq 120); do
  if $inside wandbridge status --json --state-dir /var/lib/wandbridge 2>/dev/null | grep '"quality":"current"'; then break; fi
  sleep 1
done
echo "outside: $(id)"
$inside sh -c 'id; ls -A /var/lib/wandbridge/keys; cat /proc/self/uid_map; touch /x || true; grep -E "^(CapEff|NoNewPrivs):" /proc/1/status' 2>&1
podman stop --time 30 wandbridge
wait $running && echo "ended with 0" || echo "ended with $?"
podman rm wandbridge
# What was read is in the volume, and another container goes on with it.
podman run --rm --cgroups disabled --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=1000:1000 --read-only \
  --network none --volume wandbridge:/var/lib/wandbridge localhost/wandbridge \
  audit verify --state-dir /var/lib/wandbridge
END
cd "$work/home"
status=0
runuser -u clinic -- env -i "PATH=$PATH" "HOME=$work/home" "XDG_RUNTIME_DIR=$work/runtime" \
  bash "$work/user.sh" "$work" "$(basename "$package")" "$line" "$base" || status=$?
exit "$status"
