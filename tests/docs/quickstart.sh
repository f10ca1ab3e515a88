#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first command of the README, in a copy of the tree where nothing was built: what it shows, how
# it ends, that it leaves nothing, and that the second run builds nothing.
. "$(dirname "$0")/docs.sh"
need_root

tree=$work/tree
mkdir "$tree"
tar -C "$source" --exclude=./build --exclude=./.git -cf - . | tar -C "$tree" -xf -

# The host that it shows is one of our own: its objects would be in the way of other tests.
cat >"$work/host.sh" <<'END'
set -eu
mount -t tmpfs none /dev/shm
mkdir -p /dev/mqueue
mount -t mqueue none /dev/mqueue
hostname quick-host
sh "$1/config/quickstart.sh" >"$2" 2>"$2.err" </dev/null
echo "left: $(ls /dev/shm /dev/mqueue | grep -v : | tr '\n' ' ')$(tail -qn +2 /proc/sysvipc/msg)" >>"$2"
END
quickstart() {
  unshare --mount --ipc --uts --propagation private sh "$work/host.sh" "$tree" "$1" ||
    fail "config/quickstart.sh failed: $(cat "$1" "$1.err")"
}

# row LEFT RIGHT: a line that has both, the host's before the container's.
row() {
  grep -Eq -- "$1 +$2\$" "$shown" || fail "there is no line with '$1' and then '$2' in: $(cat "$shown")"
}

shown=$work/first
quickstart "$shown"
row "THE HOST SEES" "THE CONTAINER SEES"
row "^host name +quick-host" "box"
row "^processes +1 [^ ]+" "1 view"
row "^root directory +[^ ]+" "bin"
row "^System V objects +msg key [^ ]+ id [0-9]+" "\(none\)"
row "^POSIX queues +mini_container_demo\.[0-9]+" "\(none\)"
row "^POSIX shared memory +mini_container_demo\.[0-9]+" "\(none\)"
grep -Eq "^left: *$" "$shown" || fail "it leaves behind: $(tail -n 1 "$shown")"

# The two lines that a person would type next are its last, and the first of them is a shell.
sed '$d' "$shown" | tail -n 2 >"$work/next"
[ "$(sed -n 2p "$work/next")" = "  sh tests/run.sh" ] || fail "it ends with: $(cat "$work/next")"
said=$(cd "$tree" && echo 'echo $$ $(hostname)' |
  unshare --mount --propagation private sh -c "$(sed -n 1p "$work/next")" 2>&1)
case $said in
  *"1 "*) ;;
  *) fail "the line that it names says: $said" ;;
esac

shown=$work/second
quickstart "$shown"
grep -q "ninja: no work to do" "$tree/build/default/build.log" || fail "the second run builds again"
row "^host name +quick-host" "box"

# A device's shell may be busybox itself.
busybox sh "$source/config/demo-root.sh" "$work/root" >"$work/root.log" 2>&1 &&
  [ -x "$work/root/bin/busybox" ] || fail "no root by busybox's shell: $(cat "$work/root.log")"
rm -rf "$tree"
