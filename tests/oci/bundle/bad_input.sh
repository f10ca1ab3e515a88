#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bundles that cannot be understood or are meant to do harm: each gets one error, a non-zero exit,
# and leaves nothing; the harmless twin of each starts.
#   sh bad_input.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq timeout
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${3:-}" != inside ]; then
  exec unshare --mount --net --propagation private sh "$0" "$1" "$2" inside
fi

runtime=$1
work=$2
rm -rf "$work"
mkdir -p "$work/bundle"
make_root "$work/bundle/rootfs"
bundle=$work/bundle
(cd "$bundle" && "$runtime" spec)
jq '.process.terminal = false | .process.args = ["true"] | .root.readonly = false
    | .process.user += {"additionalGids": [5], "umask": 18}
    | .linux += {"sysctl": {"kernel.shmmni": "100"}, "rootfsPropagation": "rprivate"}
    | .linux.resources += {"pids": {"limit": 50}, "memory": {"limit": 67108864}}
    | .linux.devices = [{"path": "/dev/more", "type": "c", "major": 1, "minor": 3}]
    | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["mincore"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}
    | .hooks = {"poststop": [{"path": "/bin/true", "args": ["true"], "timeout": 5}]}' \
  "$bundle/config.json" >"$work/good.json"

mc() { timeout 30 "$runtime" --root "$work/state" "$@"; }
nothing_left() {
  [ -z "$(mc list -q)" ] || {
    fail "$1: a container is left"
    mc delete --force "$(mc list -q)"
  }
  for cgroup in /sys/fs/cgroup/*/mini_container-bad /sys/fs/cgroup/mini_container-bad; do
    [ ! -e "$cgroup" ] || fail "$1: '$cgroup' is left"
  done
}
run_it() { mc run --bundle "$bundle" bad </dev/null >"$work/out" 2>"$work/err"; }
# refused WHAT: config.json as it is now.
refused() {
  run_it
  code=$?
  [ "$code" -eq 1 ] || fail "$1: exit code $code"
  [ "$(grep -vc ': warning: ' "$work/err")" -eq 1 ] || fail "$1: $(cat "$work/err")"
  nothing_left "$1"
}
starts() {
  run_it || fail "$1: $(cat "$work/err")"
  nothing_left "$1"
}
# changed FILTER: config.json is the good one, changed.
changed() { jq "$1" "$work/good.json" >"$bundle/config.json"; }

changed .
starts 'the good one'

rm "$bundle/config.json"
refused 'a missing config.json'
: >"$bundle/config.json"
refused 'an empty one'
head -c 700 "$work/good.json" >"$bundle/config.json"
refused 'a truncated one'
printf '{"ociVersion": "1.0.0\377"}' >"$bundle/config.json"
refused 'one that is not UTF-8'
head -c 10000000 /dev/zero | tr '\0' ' ' >"$bundle/config.json"
refused 'ten megabytes'
{ printf '{"a":%s' "$(printf '[%.0s' $(seq 10000))"; } >"$bundle/config.json"
refused 'ten thousand deep'
sed 's/"ociVersion"/"ociVersion": "1.0.0", "ociVersion"/' "$work/good.json" >"$bundle/config.json"
refused 'a key twice'
rm "$bundle/config.json"
mkfifo "$bundle/config.json"
refused 'a FIFO'
rm "$bundle/config.json"

# Every property with a value of each other type: an error, or (where it is ignored) a start.
jq -c 'paths' "$work/good.json" >"$work/paths"
tried=0
while read -r path; do
  for value in null true '"text"' -7 3.5 '[]' '{}' '[[]]'; do
    changed "setpath($path; $value)"
    run_it
    code=$?
    tried=$((tried + 1))
    [ "$code" -lt 124 ] || fail "$path = $value: exit code $code: $(cat "$work/err")"
    if [ "$code" -eq 1 ] && [ "$(grep -vc ': warning: ' "$work/err")" -ne 1 ]; then
      fail "$path = $value: $(cat "$work/err")"
    fi
    [ ! -e "$work/state/bad" ] || nothing_left "$path = $value"
  done
done <"$work/paths"

# Ids.
changed .
for id in '' . .. ../x a/b -x 'a b' "$(printf 'x%.0s' $(seq 256))"; do
  mc run --bundle "$bundle" -- "$id" >/dev/null 2>&1 && fail "the id '$id' is taken"
done
[ "$(ls "$work")" = "$(ls "$work")" ] && nothing_left ids

# Users.
for user in 4294967296 -1 '"0x0"' 4294967295; do
  changed ".process.user.uid = $user"
  refused "the user $user"
done
changed '.process.user.uid = 4294967294'
starts 'the last user'

# Where the container is to start.
changed '.process.cwd = "/proc/self/fd/7"'
refused 'a descriptor as directory'
changed '.process.cwd = "/../../tmp"'
starts 'a directory with dots'

# Roots and mount points that are not what they claim.
ln -s rootfs "$bundle/link"
changed '.root.path = "link"'
starts 'a root by way of a link'
changed '.root.path = "nowhere"'
refused 'a missing root'
changed '.root.path = "config.json"'
refused 'a file as root'
mkdir -p "$work/outside"
ln -sfn "$work/outside" "$bundle/rootfs/escape"
mkdir -p "$bundle/rootfs$work/outside"
changed '.mounts += [{"destination": "/escape/in", "type": "tmpfs", "source": "tmpfs"}]'
starts 'a mount through a link'
[ -z "$(ls "$work/outside")" ] || fail 'a mount point was made outside of the root'
changed '.mounts += [{"destination": "/../../../up", "type": "tmpfs", "source": "tmpfs"}]'
starts 'a mount through dots'
[ ! -e "$work/up" ] && [ ! -e /up ] || fail 'a mount point was made above the root'
mv "$bundle/rootfs/proc" "$bundle/rootfs/proc.not"
ln -s tmp "$bundle/rootfs/proc"
changed .
refused 'a /proc that is a link'
rm "$bundle/rootfs/proc"
mkdir "$bundle/rootfs/other"
ln -s other "$bundle/rootfs/proc"
changed '.mounts = [{"destination": "/other", "type": "proc", "source": "proc"}] + .mounts'
refused 'a /proc that is a link to another one'
rm "$bundle/rootfs/proc"
mv "$bundle/rootfs/proc.not" "$bundle/rootfs/proc"
mount -t proc proc "$bundle/rootfs/proc"
changed .
starts 'a root that has a /proc, as for chroot'
umount "$bundle/rootfs/proc"
changed '.mounts[0] = {"destination": "/proc", "type": "tmpfs", "source": "tmpfs"}'
run_it && fail 'a /proc that is a tmpfs'
nothing_left 'a /proc that is a tmpfs'

# The way out is a bundle's, and not one of launch files alone.
changed .
for wrong in '.mounts += [{"destination": "/mnt", "type": "bind", "source": "/nowhere", "options": ["bind"]}]' \
  '.process.scheduler = {"policy": "SCHED_FIFO"}' \
  '.linux.sysctl = {"kernel.shmmni": "100"} | .linux.namespaces |= map(select(.type != "ipc"))' \
  '.mounts += [{"destination": "/mnt", "type": "bind", "source": "/", "options": ["bind", "idmap"]}]' \
  '.hostname = "x" | .linux.namespaces |= map(if .type == "uts" then .path = "/proc/self/ns/uts" else . end)' \
  '.linux.namespaces += [{"type": "time", "path": "/proc/self/ns/time"}] | .linux.timeOffsets = {"boottime": {"secs": 5}}' \
  '.linux.seccomp.syscalls[0] = {"names": ["mincore"], "action": "SCMP_ACT_NOTIFY"}' \
  '.linux.namespaces += [{"type": "user", "path": "/proc/self/ns/user"}]' \
  '.linux.namespaces |= map(if .type == "mount" then .path = "/proc/self/ns/mnt" else . end)'; do
  changed "$wrong"
  refused "$wrong"
  grep -qE '\[[a-z_]+\]|`join`|(^|[^:]) (enable|set|add) [a-z`]' "$work/err" &&
    fail "$wrong: advice for launch files: $(cat "$work/err")"
done

[ "$failures" -eq 0 ] || exit 1
echo "bundle: $tried wrong values and the rest are refused or harmless, and nothing is left"
rm -rf "$work"
