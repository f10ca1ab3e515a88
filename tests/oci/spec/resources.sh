#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config-linux.md: cgroupsPath and resources, as the kernel's own files have them; seccomp.
. "$(dirname "$0")/spec.sh"

v1=false
[ ! -d /sys/fs/cgroup/memory ] || v1=true
# group CONTROLLER: the container's directory in that hierarchy.
group() {
  if $v1; then
    echo "/sys/fs/cgroup/$1$(sed -n "s/^[0-9]*:$1://p" "/proc/$pid/cgroup")"
  else
    echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")"
  fi
}
# limit WHAT CONTROLLER V1-FILE V1-VALUE [V2-FILE V2-VALUE]
limit() {
  if $v1; then
    equal "$1" "$4" "$(cat "$(group "$2")/$3")"
  elif [ $# -gt 4 ]; then
    equal "$1" "$6" "$(cat "$(group "$2")/$5")"
  else
    pass_over "cgroup v2 has no $3"
  fi
}
# has CONTROLLER [V1-FILE]: whether this machine has it.
has() {
  if ! $v1; then
    grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || pass_over "there is no controller $1"
  elif [ ! -d "/sys/fs/cgroup/$1" ]; then
    pass_over "there is no controller $1"
  elif [ -n "${2:-}" ] && [ ! -e "/sys/fs/cgroup/$1/$2" ] && [ -z "$(ls "/sys/fs/cgroup/$1"/*/"$2" 2>/dev/null)" ]; then
    pass_over "this kernel has no $2"
  fi
  ! $passed_over
}
with() { started ".linux.resources = $1"; }

claim 'cgroupsPath: an absolute path is below the root of the cgroups'
started '.linux.cgroupsPath = "/spec-here-'"$own"'/deep" | .linux.resources = {pids: {limit: 10}}' &&
  equal path "/spec-here-$own/deep" "$(group pids | sed 's|^/sys/fs/cgroup/\(pids\)*||; s|^/*|/|')"
remove
find /sys/fs/cgroup -depth -name "spec-here-$own" -exec rmdir {} + 2>/dev/null
claim 'cgroupsPath: a relative path is the same place each time'
started '.linux.cgroupsPath = "spec-there-'"$own"'" | .linux.resources = {pids: {limit: 10}}' && first=$(group pids)
contains path "$first" "spec-there-$own"
started '.linux.cgroupsPath = "spec-there-'"$own"'" | .linux.resources = {pids: {limit: 10}}' && equal again "$first" "$(group pids)"
claim 'the program is in the cgroups from its first instruction on'
contains 'its cgroup' "$(inside 'cat /proc/self/cgroup' '.linux.cgroupsPath = "/spec-first-'"$own"'" | .linux.resources = {pids: {limit: 10}}')" "/spec-first-$own"

claim 'memory: limit, reservation, swap'
if has memory; then
  with '{memory: {limit: 67108864, reservation: 33554432}}' && {
    limit limit memory memory.limit_in_bytes 67108864 memory.max 67108864
    limit reservation memory memory.soft_limit_in_bytes 33554432 memory.low 33554432
  }
  if [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ] || ! $v1; then
    with '{memory: {limit: 67108864, swap: 134217728}}' &&
      limit swap memory memory.memsw.limit_in_bytes 134217728 memory.swap.max 67108864
  fi
  with '{memory: {limit: -1}}' && limit unlimited memory memory.limit_in_bytes 9223372036854771712 memory.max max
fi
claim 'memory: swappiness and disableOOMKiller'
if has memory memory.swappiness; then
  with '{memory: {limit: 67108864, swappiness: 10, disableOOMKiller: true}}' && {
    limit swappiness memory memory.swappiness 10
    equal disableOOMKiller 1 "$(sed -n 's/^oom_kill_disable //p' "$(group memory)/memory.oom_control")"
  }
fi
claim 'memory: what is above the limit ends the program'
if has memory; then
  inside 'x=a; while :; do x=$x$x; done' '.linux.resources = {memory: {limit: 16777216, swap: 16777216}}' >/dev/null
  equal code 137 "$(code)"
fi
claim 'cpu: shares, quota, period'
if has cpu; then
  with '{cpu: {shares: 512, quota: 50000, period: 100000}}' && {
    limit shares cpu cpu.shares 512 cpu.weight 20
    limit quota cpu cpu.cfs_quota_us 50000 cpu.max '50000 100000'
    limit period cpu cpu.cfs_period_us 100000 cpu.max '50000 100000'
  }
fi
claim 'cpu: realtimeRuntime and realtimePeriod'
if $v1 && has cpu cpu.rt_runtime_us; then
  started '.linux.cgroupsPath = "/spec-real-'"$own"'" | .linux.resources.cpu = {realtimeRuntime: 9000, realtimePeriod: 900000}' && {
    limit realtimeRuntime cpu cpu.rt_runtime_us 9000
    limit realtimePeriod cpu cpu.rt_period_us 900000
  }
else
  pass_over 'this kernel does not divide real time among cgroups'
fi
claim 'cpu: burst'
if has cpu cpu.cfs_burst_us; then
  with '{cpu: {quota: 50000, period: 100000, burst: 20000}}' && limit burst cpu cpu.cfs_burst_us 20000 cpu.max.burst 20000
fi
claim 'cpu: idle'
if has cpu cpu.idle; then
  with '{cpu: {idle: 1}}' && limit idle cpu cpu.idle 1 cpu.idle 1
fi
claim 'cpu: cpus and mems'
if has cpuset; then
  with '{cpu: {cpus: "0", mems: "0"}}' && {
    limit cpus cpuset cpuset.cpus 0 cpuset.cpus 0
    limit mems cpuset cpuset.mems 0 cpuset.mems 0
    equal 'the program' 0 "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$pid/status")"
  }
fi
claim 'pids: the limit, and that it holds'
if has pids; then
  with '{pids: {limit: 12}}' && limit pids pids pids.max 12 pids.max 12
  contains 'too many' "$(inside 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done 2>&1; wait' '.linux.resources = {pids: {limit: 4}}'; cat "$work/err")" fork
  # On v2 nobody is born into such a cgroup.
  ! $v1 || with '{pids: {limit: 0}} | .ociVersion = "1.3.0"' && limit 'none' pids pids.max 0
  with '{pids: {limit: 0}} | .ociVersion = "1.2.0"' && limit 'none set' pids pids.max max pids.max max
fi
claim 'blockIO: weight'
if has blkio blkio.bfq.weight || { ! $v1 && has io; }; then
  with '{blockIO: {weight: 300}}' && limit weight blkio blkio.bfq.weight 300 io.bfq.weight 'default 300'
fi
claim 'blockIO: rates of a device'
if has blkio blkio.throttle.read_bps_device; then
  disk=$(cat /sys/block/*/dev | head -n 1)
  numbers="major: ${disk%:*}, minor: ${disk#*:}"
  with "{blockIO: {throttleReadBpsDevice: [{$numbers, rate: 1000000}], throttleWriteBpsDevice: [{$numbers, rate: 2000000}],
    throttleReadIOPSDevice: [{$numbers, rate: 300}], throttleWriteIOPSDevice: [{$numbers, rate: 400}]}}" && {
    limit 'read bytes' blkio blkio.throttle.read_bps_device "$disk 1000000"
    limit 'written bytes' blkio blkio.throttle.write_bps_device "$disk 2000000"
    limit 'reads' blkio blkio.throttle.read_iops_device "$disk 300"
    limit 'writes' blkio blkio.throttle.write_iops_device "$disk 400"
  }
fi
claim 'hugepageLimits'
size=$(ls /sys/kernel/mm/hugepages 2>/dev/null | sed -n 's/hugepages-2048kB/2MB/p' | head -n 1)
if [ -n "$size" ] && has hugetlb; then
  with "{hugepageLimits: [{pageSize: \"$size\", limit: 4194304}]}" &&
    limit limit hugetlb hugetlb.2MB.limit_in_bytes 4194304 hugetlb.2MB.max 4194304
elif ! $passed_over; then
  pass_over 'there are no huge pages'
fi
claim 'network: classID and priorities'
if $v1 && has net_cls; then
  with '{network: {classID: 1048577}}' && limit classID net_cls net_cls.classid 1048577
elif ! $passed_over; then
  pass_over 'cgroup v2 has no network classes'
fi
claim 'rdma'
if has rdma; then
  with '{rdma: {mlx5_1: {hcaHandles: 3}}}' || pass_over 'there is no such device'
fi
claim 'unified: on cgroup v1 it is an error; on v2 it is written to the file'
if $v1; then
  refused '.linux.resources.unified = {"memory.high": "100000000"}'
else
  with '{unified: {"memory.high": "104857600"}}' && limit file memory x x memory.high 104857600
fi
claim 'unified: a controller that there is not is an error'
refused '.linux.resources.unified = {"moon.max": "1"}'
claim 'devices: entries apply in the listed order, as the kernel enforces them'
allow='.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 3, access: "rw"},
  {allow: true, type: "c", major: 1, minor: 7, access: "r"}]'
try='for n in null full zero; do (head -c 1 </dev/$n) >/dev/null 2>&1 && echo $n:r; (echo >/dev/$n) 2>/dev/null && echo $n:w; done; mknod /dev/x c 1 11 2>/dev/null && echo made'
# The default devices are there for every container, whatever is listed.
found=$(inside 'mknod /dev/kmsg c 1 11 2>/dev/null && echo made; mknod /dev/m c 1 1 && cat /dev/m >/dev/null 2>&1 && echo read; echo done' "$allow")
contains 'what is denied' "$found" 'done'
case $found in *read*) fail 'a denied device is read' ;; esac
equal 'what is allowed' 'null:r null:w' "$(inside "$try" "$allow" | grep null | xargs)"
equal 'a later denial' '' "$(inside 'mknod /m c 1 11; cat </m >/dev/null 2>&1 & sleep 0.2; kill -0 $! 2>/dev/null && echo read' \
  '.linux.resources.devices = [{allow: true, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 11, access: "rwm"}]')"
rm -f "$root/m"

allowed='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: '
claim 'seccomp: a call gets the errno that is listed'
contains errno "$(inside 'mkdir /tmp/x 2>&1' "$allowed [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 28}]}")" 'No space'
claim 'seccomp: without errnoRet it is EPERM'
contains errno "$(inside 'mkdir /tmp/x 2>&1' "$allowed [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_ERRNO\"}]}")" 'not permitted'
claim "seccomp: the machine's own architecture is among those of the filter, listed or not"
case $(uname -m) in
  x86_64) other=SCMP_ARCH_X86 ;;
  aarch64) other=SCMP_ARCH_ARM ;;
  *) other= ;;
esac
if [ -z "$other" ]; then
  pass_over "there is no second architecture beside $(uname -m)"
else
  contains errno "$(inside 'mkdir /tmp/x 2>&1' ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"$other\"], syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 28}]}")" 'No space'
fi
claim 'seccomp: defaultErrnoRet'
calls=$(echo '#include <sys/syscall.h>' | cc -dM -E - 2>/dev/null | sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' |
  grep -v '^mkdir' | jq -Rsc 'split("\n") | map(select(. != ""))')
if [ "${calls:-[]}" = '[]' ]; then
  pass_over 'there is no cc to tell the names of all system calls'
else
  contains errno "$(inside 'mkdir /tmp/x 2>&1' ".linux.seccomp = {defaultAction: \"SCMP_ACT_ERRNO\", defaultErrnoRet: 38, syscalls: [{names: $calls, action: \"SCMP_ACT_ALLOW\"}]}")" 'not implemented'
fi
claim 'seccomp: a call that kills'
inside 'mkdir /tmp/x' "$allowed [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_KILL_PROCESS\"}]} | .process.args = [\"mkdir\", \"/tmp/x\"]" >/dev/null
equal code 159 "$(code)"
claim 'seccomp: arguments and operators'
# kill(2) with signal 0 of another number: what is compared is the second argument.
for each in EQ:10:10 GE:10:12 GT:9:10 LE:10:10 LT:11:10 NE:5:10; do
  op=${each%%:*} rest=${each#*:}
  contains "$op" "$(inside "kill -${rest#*:} \$\$ 2>&1; true" "$allowed [{names: [\"kill\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 28, args: [{index: 1, value: ${rest%:*}, op: \"SCMP_CMP_$op\"}]}]}")" 'No space'
done
contains MASKED_EQ "$(inside 'kill -10 $$ 2>&1; true' "$allowed [{names: [\"kill\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 28, args: [{index: 1, value: 15, valueTwo: 10, op: \"SCMP_CMP_MASKED_EQ\"}]}]}")" 'No space'
claim 'seccomp: the filter is there, and no other'
started "$allowed [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\"}]}"
equal mode 2 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$pid/status")"
equal filters 1 "$(sed -n 's/^Seccomp_filters:[[:space:]]*//p' "/proc/$pid/status")"
started
equal 'without seccomp' 0 "$(sed -n 's/^Seccomp:[[:space:]]*//p' "/proc/$pid/status")"
claim 'seccomp: flags'
for flag in SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW; do
  equal $flag yes "$(inside 'echo yes' ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", flags: [\"$flag\"], syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\"}]}")"
done
claim 'seccomp: an action, an operator, an architecture, a flag that there is not are errors'
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_MOON"}'
refused "$allowed [{names: [\"mkdir\"], action: \"SCMP_ACT_MOON\"}]}"
refused "$allowed [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 0, value: 0, op: \"SCMP_CMP_MOON\"}]}]}"
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_MOON"]}'
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_MOON"], syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
claim 'seccomp: an errno for an action that has none is an error'
refused "$allowed [{names: [\"mkdir\"], action: \"SCMP_ACT_KILL_PROCESS\", errnoRet: 1}]}"
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 1}'
claim 'seccomp: names that are empty, and metadata without a path, are errors'
refused "$allowed [{names: [], action: \"SCMP_ACT_ERRNO\"}]}"
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
claim 'seccomp: SCMP_ACT_NOTIFY without somebody who listens is an error'
refused '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nowhere/socket", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}'
claim 'seccomp: listenerPath is ignored where nothing is notified'
equal output yes "$(inside 'echo yes' '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/nowhere/socket", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}')"

claim 'intelRdt without a mounted resctrl is an error'
if grep -q ' resctrl ' /proc/mounts; then
  pass_over 'resctrl is mounted here'
else
  refused '.linux.intelRdt = {closID: "group"}'
fi

finish
