#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config/hardened.toml beside what `podman run` gives by default on the same machine: nothing is
# weaker. And each thing that is made weaker is noticed.
#   sh hardened.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

here=$(cd "$(dirname "$0")" && pwd)
need_programs podman conmon crun busybox unshare ps jq
in_own_machine "$@"

config=$here/../../../config/hardened.toml
attest=$(dirname "$runtime")/attest
cat >"$work/containers.conf" <<END
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
log_driver = "k8s-file"
netns = "none"
END
export CONTAINERS_CONF="$work/containers.conf"
p() {
  timeout 60 podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" \
    --storage-driver vfs --runtime crun "$@"
}

make_root "$work/image"
cp "$attest" "$work/image/bin/attest"
tar -C "$work/image" -cf "$work/image.tar" .
p import "$work/image.tar" busy >/dev/null 2>&1 || {
  echo "podman cannot import an image here"
  exit 1
}

# What each container says of itself. $POINTS: the mount points of podman's.
# shellcheck disable=SC2016
report='attest all
attest stat $(find /dev -type c -o -type b) | sed "s/^/node /"
for path in $POINTS; do [ ! -e "$path" ] || echo "there $path"; done'

"$attest" all >"$work/host"

# Kept alive for a moment, so that its bundle can be read.
p run -d --name control busy sh -c "$report; echo said; exec sleep 60" >/dev/null
wait_until 20 sh -c "p() { podman --root $work/root --runroot $work/run --tmpdir $work/tmp \
  --storage-driver vfs \"\$@\"; }; p logs control | grep -qx said" || fail "podman's container says nothing"
p logs control >"$work/podman"
bundle=$(p inspect --format '{{.OCIConfigPath}}' control)
jq -r '(.linux.maskedPaths[] | "masked " + .), (.linux.readonlyPaths[] | "readonly " + .)' \
  "$bundle" >>"$work/podman"
p rm -f -t 0 control >/dev/null
grep -q '^masked /proc/keys$' "$work/podman" || fail "podman's masked paths are not known"

points=$({
  awk '$1 == "mount" { print $6 }' "$work/podman"
  sed -nE 's/^(masked|readonly) //p' "$work/podman"
} | sort -u | tr '\n' ' ')

# weaker FILE [ARGUMENT...]: what is weaker in that launch.
weaker() {
  file=$1
  shift
  {
    POINTS=$points "$runtime" run --config "$file" --set rootfs.path="$work/image" \
      --set 'container.env_pass=["POINTS"]' "$@" -- sh -c "$report" 2>"$work/errors" || cat "$work/errors"
    "$runtime" plan "$file" --json --set rootfs.path="$work/image" "$@" |
      jq -r '.mounts[] | select(.kind == "mask" or .kind == "readonly") |
        (if .kind == "mask" then "masked " else "readonly " end) + .destination'
  } >"$work/ours"
  awk -f "$here/weaker.awk" "$work/host" "$work/podman" "$work/ours"
}

found=$(weaker "$config")
[ -z "$found" ] || fail "config/hardened.toml beside podman's default:
$found"

# noticed WHAT SED-COMMAND [ARGUMENT...]: with the launch changed so, WHAT is weaker.
noticed() {
  what=$1
  sed "$2" "$config" >"$work/weak.toml"
  shift 2
  contains "weakened ($what)" "$(weaker "$work/weak.toml" "$@")" "weaker: $what"
}
noticed cap.bounding '' --set 'capabilities.keep=["all"]'
noticed cap.inheritable '' --set 'capabilities.inheritable=["chown"]' --set 'capabilities.keep=["chown"]'
noticed 'seccomp mode 0' '/^\[seccomp\]/d'
noticed 'no_new_privs is off' '/^\[no_new_privs\]/d'
noticed 'uid_map: 0 of the host' 's/host = 100000/host = 0/'
noticed 'ns.net is shared' '/^\[net\]/d'
noticed 'ns.ipc is shared' '/^\[ipc\]/d'
noticed '/proc/keys is not in the list' '' --set 'rootfs.masked_paths=["/proc/acpi"]'
noticed '/sys/firmware is only read-only' '' --set 'rootfs.masked_paths=["/proc/acpi"]' \
  --set 'rootfs.readonly_paths=["/sys/firmware"]'
noticed 'the mount at /proc/sys is not ro' '' --set 'rootfs.readonly_paths=["/proc/bus"]'
noticed 'the mount at /dev/shm is not noexec' '$a [[rootfs.mounts]]\ndestination = "/dev/shm"\ntype = "tmpfs"\noptions = ["nosuid", "nodev"]'
noticed 'the mount at /sys is not ro' '$a [[rootfs.mounts]]\ndestination = "/sys"\ntype = "sysfs"\noptions = ["nosuid", "nodev", "noexec"]'
noticed 'node /dev/kmsg is there' '$a [[devices.nodes]]\npath = "/dev/kmsg"\nsource = "/dev/kmsg"'
sed -i -E 's/^(limit.nofile) .*/\1 16 16/' "$work/podman"
noticed limit.nofile ''
nothing_remains
[ "$failures" -eq 0 ] || exit 1
echo "hardened.toml: $(grep -c . "$work/ours") lines, nothing weaker than podman's default; what is made weaker is noticed"
