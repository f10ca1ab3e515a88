#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first process of the machine that aarch64.sh boots: checks, tells, and turns it off.
#   init SYSTEM-TEST...
export PATH=/bin HOME=/ TERM=dumb
/bin/busybox --install -s /bin
# pivot_root(2) does not leave the root that the kernel unpacked: it is moved to another first.
if [ ! -e /moved ]; then
  mkdir /new
  mount -t tmpfs -o mode=755 new /new
  cp -a bin lib usr tested init new/
  : >/new/moved
  exec switch_root /new /init "$@"
fi
mkdir -p /proc /sys /dev /run /tmp /etc
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t tmpfs run /run
mount -t cgroup2 cgroup /sys/fs/cgroup
chmod 1777 /tmp
ln -s /proc/self/fd /dev/fd
hostname guest
hostname >/etc/hostname
sh /tested/config/demo-root.sh /root
failed=0
uname -srm

# expect NAME TEXT COMMAND...: what the command says, and its status behind it.
expect() {
  name=$1
  wanted=$2
  shift 2
  said=$("$@" 2>&1)
  said="$said:$?"
  [ "$said" = "$wanted" ] && echo "ok: $name" && return
  echo "FAILED: $name: $said"
  failed=$((failed + 1))
}

for runtime in static /tested/default/mini_container; do
  expect "$runtime: four plugins" "1 box aarch64:7" "$runtime" -r /root -p -i --hostname box -- \
    sh -c 'echo $$ $(hostname) $(uname -m); exit 7'
  expect "$runtime: init" "2:137" "$runtime" -r /root -p --pid.init -- sh -c 'echo $$; kill -9 $$'
  expect "$runtime: detach" "web:0" "$runtime" run --detach --id web -r /root -p --hostname box \
    -- sleep 600
  expect "$runtime: exec" "box 0:3" "$runtime" exec web sh -c 'echo $(hostname) $PPID; exit 3'
  expect "$runtime: delete" ":0" "$runtime" delete --force web
  expect "$runtime: nothing is left" "1 guest:0" sh -c \
    'echo $("$0" list | wc -l) $(hostname) $(ls /run/mini_container)' "$runtime"
done

# tests PROGRAM [ARGUMENT...]
tests() {
  "$@" >/tmp/log 2>&1
  status=$?
  grep -E '^SKIPPED|test cases' /tmp/log
  [ "$status" -eq 0 ] && return
  cat /tmp/log
  failed=$((failed + 1))
}
cd /tested || exit 1
echo "unit tests:"
tests /tested/default/unit_tests
for name in "$@"; do
  echo "system tests, $name:"
  tests sh /tested/keep_controllers.sh /tested/default/system_tests --source-file="*/${name}_test.cpp"
done

[ "$failed" -eq 0 ] && echo "aarch64: all passed" || echo "aarch64: $failed failed"
poweroff -f
