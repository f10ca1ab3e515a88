#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `podman run`: mounts, devices, namespaces and limits, with mini_container and once more with crun
# as the control.
#   sh mounts.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/podman.sh"

mkdir "$work/volume"
echo from-host >"$work/volume/file"
cp "$work/image/bin/busybox" "$work/volume/program"
# A shared mount, and a place below it: what is mounted there later is to be seen, or not.
mkdir "$work/shared"
mount -t tmpfs tmpfs "$work/shared" && mount --make-shared "$work/shared" && mkdir "$work/shared/below"
# --userns=auto takes from what this name has.
echo 'containers:200000:100000' >"$work/subid"
touch /etc/subuid /etc/subgid
mount --bind "$work/subid" /etc/subuid && mount --bind "$work/subid" /etc/subgid || exit 1
findings >"$work/before"

mount_checks() {
  check 'devices' p_run ls /dev
  check 'nodes' p_run sh -c 'stat -c "%n %a %F %t:%T %u:%g" /dev/*'
  check 'standard links' p_run sh -c 'for link in fd stdin stdout stderr ptmx core; do readlink /dev/$link; done'
  check 'mounts' p_run sh -c 'cut -d" " -f2-4 /proc/mounts | grep -vE "^/ |/cgroup|^/etc/|^/run/|^/proc/|^/sys/" | sed "s/size=[0-9]*k/size=/" | sort'
  check 'propagation' p_run sh -c 'cut -d" " -f5,7- /proc/self/mountinfo | grep -cE "shared|master"'
  check 'a read-only root' run_with '--read-only' sh -c 'touch /x; for d in /tmp /run /var/tmp /dev/shm; do touch $d/x && echo $d; done'
  check 'a read-only root alone' run_with '--read-only --read-only-tmpfs=false' sh -c 'touch /tmp/x; touch /dev/shm/x'
  check 'tmpfs' run_with '--tmpfs /scratch:size=1m,noexec' sh -c 'grep scratch /proc/mounts | cut -d" " -f2-4'
  check 'tmpfs with what was there' run_with '--tmpfs /etc:mode=0750' sh -c 'stat -c %a /etc; ls /etc; cat /etc/group'
  check 'tmpfs with the mode that was there' run_with '--tmpfs /tmp' stat -c '%a %u:%g' /tmp
  check 'tmpfs without it' run_with '--tmpfs /etc:notmpcopyup' ls -A /etc/group
  check 'tmpfs that is read-only' run_with '--tmpfs /etc:ro' sh -c 'cat /etc/group; touch /etc/x'
  check 'tmpfs that is full' run_with '--tmpfs /scratch:size=64k' dd if=/dev/zero of=/scratch/x bs=1k count=100
  check 'volume' run_with "-v $work/volume:/shared" cat /shared/file
  check 'read-only volume' run_with "-v $work/volume:/shared:ro" touch /shared/x
  check 'a volume that is missing' run_with "-v $work/nowhere:/shared" true
  check 'a volume on a file' run_with "-v $work/volume/file:/etc/group:ro" cat /etc/group
  check 'a volume at a new place' run_with "-v $work/volume:/a/b/c" cat /a/b/c/file
  check 'noexec' run_with "-v $work/volume:/shared:noexec" sh -c '/shared/program true; grep /shared /proc/mounts | cut -d" " -f4'
  check 'nosuid,nodev' run_with "-v $work/volume:/shared:nosuid,nodev" sh -c 'grep /shared /proc/mounts | cut -d" " -f4'
  check 'exec,suid,dev' run_with "-v $work/volume:/shared:exec,suid,dev" sh -c '/shared/program echo runs; grep /shared /proc/mounts | cut -d" " -f4'
  check 'labels of a volume' run_with "-v $work/volume:/shared:z" cat /shared/file
  for option in rprivate rslave rshared private slave shared; do
    check "a volume: $option" run_with "-v $work/shared:/shared:$option" sh -c 'grep " /shared " /proc/self/mountinfo | sed "s/.* rw,relatime//; s/ - .*//; s/:[0-9]*//"'
  done
  shell 'a volume that propagates' "p run --privileged --rm -v $work/shared:/shared:rshared busy mount -t tmpfs none /shared/below; grep -c shared/below /proc/self/mounts; umount $work/shared/below"
  check 'a volume that gets the owner' run_with "-v $work/volume:/shared:U --user 1000:1001" stat -c '%u:%g' /shared/file
  chown -R 0:0 "$work/volume"
  check 'a mapped volume' run_with "-v $work/volume:/shared:idmap --uidmap 0:100000:1000 --gidmap 0:100000:1000" stat -c '%u:%g' /shared/file
  check 'a volume that is not mapped' run_with "-v $work/volume:/shared --uidmap 0:100000:1000 --gidmap 0:100000:1000" stat -c '%u:%g' /shared/file
  check 'an overlay volume' run_with "-v $work/volume:/shared:O" sh -c 'echo other >/shared/file; cat /shared/file'
  check 'which is as it was' cat "$work/volume/file"
  check 'a named volume' run_with '-v named:/etc' sh -c 'cat /etc/group; echo kept >/etc/kept'
  check 'has kept it' run_with '-v named:/etc:ro' cat /etc/kept
  check 'and is removed' p volume rm named
  check 'mounts: bind' run_with "--mount type=bind,source=$work/volume,destination=/shared,ro=true,bind-propagation=rslave" sh -c 'cat /shared/file; touch /shared/x'
  check 'mounts: tmpfs' run_with '--mount type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=0700' sh -c 'stat -c %a /t; grep " /t " /proc/mounts'
  check 'mounts: devpts' run_with '--mount type=devpts,destination=/dev/other' sh -c 'grep " /dev/other " /proc/mounts | cut -d" " -f1-3'
  check 'device' run_with '--device /dev/zero:/dev/nothing' sh -c 'head -c 3 /dev/nothing | wc -c'
  check 'device to be read alone' run_with '--device /dev/zero:/dev/nothing:r' sh -c 'head -c 3 /dev/nothing | wc -c; echo x >/dev/nothing'
  check 'a device that is missing' run_with '--device /dev/nowhere' true
  check 'a device that is not allowed' p_run sh -c 'mknod /tmp/d c 1 11 && cat /tmp/d'
  shell 'a rule for a device' 'p run --rm --device-cgroup-rule "c 10:229 r" busy sh -c "mknod /tmp/d c 10 229; (: </tmp/d) && echo read; (: >/tmp/d) && echo written"'
  check 'shm size' run_with '--shm-size 1m' sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
}

# in_cgroup FILE...: what they hold in there.
in_cgroup() { printf 'cd /sys/fs/cgroup; for f in %s; do test ! -e $f || echo $f $(cat $f); done' "$*"; }

namespace_checks() {
  check 'host name' run_with '--hostname box' sh -c 'hostname; cat /etc/hostname'
  for kind in ipc pid uts cgroupns; do
    name=${kind%ns}
    here=$(readlink "/proc/self/ns/$name")
    check "$kind of the host" run_with "--$kind host" sh -c "test \$(readlink /proc/self/ns/$name) = $here"
  done
  check 'cgroups of its own' run_with '--cgroupns private' sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
  here=$(readlink /proc/self/ns/net)
  check 'network of the host' run_with '--network host' sh -c "test \$(readlink /proc/self/ns/net) = $here; grep -E ' /sys ' /proc/mounts"
  check 'no network' run_with '--network none' sh -c 'ip -o addr | cut -d" " -f2-7'
  check 'no ipc' run_with '--ipc none' grep -c ' /dev/shm ' /proc/mounts
  mapped='--uidmap 0:100000:1000 --gidmap 0:100000:1000'
  check 'mapped ids' run_with "$mapped" cat /proc/self/uid_map /proc/self/gid_map
  check 'mapped ids: files' run_with "$mapped" sh -c 'stat -c %u:%g /etc/passwd /proc/1 /dev/pts /dev/shm; echo x >/dev/null && echo written; touch /x && stat -c %u /x'
  check 'mapped ids: user' run_with "$mapped --user 7:8" id
  check 'mapped ids: a device under another name' run_with "$mapped --device /dev/zero:/dev/nothing" sh -c 'stat -c %t:%T /dev/nothing; head -c 3 /dev/nothing | wc -c'
  check 'mapped ids: terminal' run_with "-t $mapped" sh -c 'stat -c %u:%g $(tty) /dev/console'
  check 'mapped by itself' run_with '--userns auto' sh -c 'set -- $(cat /proc/self/uid_map); echo $3; test $2 -ge 200000 && echo high'
  check 'mapped by itself: size' run_with '--userns auto:size=2000' sh -c 'set -- $(cat /proc/self/uid_map); echo $3'
  check 'mapped to itself' run_with '--userns keep-id' cat /proc/self/uid_map
  check 'from a name' run_with '--subuidname containers --subgidname containers' cat /proc/self/uid_map
}

resource_checks() {
  check 'memory' run_with '-m 32m' sh -c "$(in_cgroup memory/memory.limit_in_bytes memory.max)"
  check 'memory: the rest' run_with '-m 32m --memory-reservation 16m --memory-swap 64m --memory-swappiness 10' \
    sh -c "$(in_cgroup memory/memory.soft_limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.swappiness memory.low)"
  check 'out of memory' run_with '-m 16m --memory-swap 16m' tail /dev/zero
  check 'which is not an end' run_with '--oom-kill-disable -m 16m' sh -c "$(in_cgroup memory/memory.oom_control)"
  check 'pids' run_with '--pids-limit 20' sh -c "$(in_cgroup pids/pids.max pids.max)"
  check 'pids: the effect' run_with '--pids-limit 5' sh -c 'for i in 1 2 3 4 5 6 7; do sleep 1 & done; wait'
  check 'pids: no limit' run_with '--pids-limit -1' sh -c "$(in_cgroup pids/pids.max pids.max)"
  check 'cpus' run_with '--cpus 0.5' sh -c "$(in_cgroup cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu.max)"
  check 'shares' run_with '--cpu-shares 512 --cpuset-cpus 0 --cpuset-mems 0' sh -c "$(in_cgroup cpu/cpu.shares cpu.weight cpuset/cpuset.cpus cpuset/cpuset.mems); grep Cpus_allowed_list /proc/self/status"
  check 'cpus that are not there' run_with '--cpuset-cpus 900' true
  check 'input and output' run_with '--blkio-weight 200' true
  check 'a parent' run_with '--cgroup-parent /libpod_parent/of_the_test --cgroupns host' sh -c 'cut -d: -f3 /proc/self/cgroup | sed "s/[0-9a-f]\{64\}/ID/" | sort -u'
  find /sys/fs/cgroup -depth -type d -path '*/of_the_test*' -exec rmdir {} +
  check 'without cgroups' run_with '--cgroups disabled' sh -c 'echo none; cut -d: -f3 /proc/self/cgroup | sort -u'
  check 'cgroups are read-only' p_run mkdir /sys/fs/cgroup/pids/x /sys/fs/cgroup/x
  check 'controllers' p_run sh -c 'grep -o "/sys/fs/cgroup/[^ ]*" /proc/mounts | sort'
  check 'as systemd wants it' run_with '--systemd always' sh -c 'cut -d" " -f2-4 /proc/mounts | grep -E "^/(run|run/lock|tmp|var/log/journal|sys/fs/cgroup.*systemd) " | sort; env | grep ^container='
}

checks() {
  mount_checks
  namespace_checks
  resource_checks
}
compare_with_crun
