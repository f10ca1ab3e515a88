#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config-linux.md: namespaces, id mappings, time offsets, names, sysctls, network devices.
. "$(dirname "$0")/spec.sh"

# The names of namespaces in config.json and in /proc/PID/ns.
file_of() {
  case $1 in mount) echo mnt ;; network) echo net ;; *) echo "$1" ;; esac
}
of() { readlink "/proc/$1/ns/$(file_of "$2")"; }
# Replaces the entry of a type.
entry() { # TYPE [PATH]
  printf '.linux.namespaces |= (map(select(.type != "%s")) + [{type: "%s"%s}])' "$1" "$1" "${2:+, path: \"$2\"}"
}
without() { printf '.linux.namespaces |= map(select(.type != "%s"))' "$1"; }
maps='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
  | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'

for type in pid network mount ipc uts cgroup time; do
  claim "a new $type namespace is the container's own"
  started "$(entry $type)" || continue
  [ "$(of "$pid" $type)" != "$(of self $type)" ] || fail 'it is ours'
done
claim "a created container is in its time namespace, whether or not an execve would enter it"
remove
config "$(entry time)"
rt create --bundle "$bundle" --pid-file "$work/pid" c </dev/null >"$work/out" 2>"$work/err" ||
  fail "create: $(cat "$work/err")"
pid=$(cat "$work/pid")
[ "$(of "$pid" time)" != "$(of self time)" ] || fail 'it is in ours'
claim "a new user namespace is the container's own"
started "$(entry user) | $maps"
[ "$(of "$pid" user)" != "$(of self user)" ] || fail 'it is ours'

for type in pid network mount ipc uts user cgroup time; do
  claim "without a $type namespace the container is in that of the runtime"
  started "$(without $type) | .mounts |= map(select(.destination != \"/sys\"))" || continue
  equal namespace "$(of self $type)" "$(of "$pid" $type)"
done

claim 'without any namespace the container is in all of those of the runtime'
if started '.linux.namespaces = []'; then
  for type in pid network mount ipc uts user cgroup time; do
    equal $type "$(of self $type)" "$(of "$pid" $type)"
  done
fi
claim 'without a mount namespace the root and the mounts are those of the container'
mkdir -p "$work/below"
echo low >"$work/below/low"
echo hidden >"$root/secret"
share="$(without mount) | .root.readonly = true | .linux.maskedPaths = [\"/secret\"]
  | .mounts += [{destination: \"/m\", type: \"bind\", source: \"$work/below\", options: [\"bind\", \"ro\"]}]"
equal inside 'low proc tmpfs null 0' "$(inside 'cat /m/low; for at in /proc /dev; do stat -f -c %T $at; done
  test -z "$(cat /dev/null)" && echo null; touch /m/x /new 2>/dev/null; wc -c </secret' "$share" | xargs)"
equal 'the bundle' '' "$(ls "$work/below" "$root" | grep -E '^(x|new)$')"
# What is read-only there is made so once the rest is in it: its cgroups, and a mount's attributes.
again='.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]},
  {destination: "/tmp", type: "tmpfs"}, {destination: "/tmp", options: ["remount", "ro"]}]'
for namespaces in . '.linux.namespaces += [{type: "cgroup"}]'; do
  text=$(inside 'cat /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs 2>/dev/null | grep -qx 1 && echo found
    touch /tmp/x /sys/fs/cgroup/x /sys/fs/cgroup/pids/x 2>&1' "$share | $again | $namespaces")
  contains 'its cgroups' "$text" found
  equal 'what is read-only' 3 "$(printf '%s' "$text" | grep -c 'Read-only')"
done
claim 'without a mount namespace no mount comes out, and exec is in the root too'
before=$(cat /proc/self/mountinfo)
if started "$share"; then
  equal 'mounts of the host' "$before" "$(cat /proc/self/mountinfo)"
  equal exec 'low proc' "$(rt exec c sh -c 'cat /m/low; stat -f -c %T /proc' </dev/null | xargs)"
fi
remove
equal 'mounts of the host after it' "$before" "$(cat /proc/self/mountinfo)"

# holder UNSHARE-OPTION TYPE: a process in a namespace of its own, and the file of it.
holder() {
  unshare "$1" --fork sleep 60 &
  holding=$!
  case $2 in
    pid) file=/proc/$holding/ns/pid_for_children ;;
    time) file=/proc/$holding/ns/time_for_children ;;
    *) file=/proc/$holding/ns/$(file_of "$2") ;;
  esac
  other_one() { [ "$(readlink "$file" 2>/dev/null)" ] && [ "$(readlink "$file")" != "$(of self "$2")" ]; }
  wait_until 5 other_one x "$2" || fail "there is no $2 namespace to join"
}
release() {
  kill -KILL "$(ps -o pid= --ppid $holding | xargs)" $holding 2>/dev/null
  wait $holding 2>/dev/null
}
for each in pid:--pid network:--net ipc:--ipc uts:--uts cgroup:--cgroup time:--time mount:--mount; do
  type=${each%%:*}
  claim "a $type namespace is joined by its path"
  holder "${each#*:}" "$type"
  if started "$(entry "$type" "$file")"; then
    equal namespace "$(readlink "$file")" "$(of "$pid" "$type")"
    equal exec 'in there' "$(rt exec c echo in there </dev/null)"
  fi
  remove
  release
done
claim 'a user namespace is joined by its path'
unshare --user sleep 60 &
holding=$!
mapped() { [ "$(of $holding user)" != "$(of self user)" ] && echo '0 100000 65536' >/proc/$holding/uid_map; }
wait_until 5 mapped && echo '0 200000 65536' >/proc/$holding/gid_map
if started "$(entry user "/proc/$holding/ns/user")"; then
  equal namespace "$(readlink /proc/$holding/ns/user)" "$(of "$pid" user)"
  equal 'its uid on the host' 100000 "$(stat -c %u "/proc/$pid")"
fi
remove
kill $holding
wait $holding 2>/dev/null

claim 'a path that is no namespace of that type is an error'
refused "$(entry ipc /proc/self/ns/uts)"
refused "$(entry network /proc/self/ns/pid)"
refused "$(entry uts /etc/passwd)"
claim 'a path that is not there is an error'
refused "$(entry network /run/netns/not-there-at-all)"
claim 'a path that is not absolute is an error'
refused "$(entry network proc/self/ns/net)"
claim 'a type that is there twice is an error'
refused '.linux.namespaces += [{type: "pid"}]'
claim 'a type that there is not is an error'
refused '.linux.namespaces += [{type: "moon"}]'

claim 'uidMappings and gidMappings are the maps of the user namespace'
started "$(entry user) | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 5000, hostID: 300000, size: 10}]
  | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1000}]"
equal uid_map '0 100000 1000 5000 300000 10' "$(xargs <"/proc/$pid/uid_map")"
equal gid_map '0 200000 1000' "$(xargs <"/proc/$pid/gid_map")"
equal 'owner on the host' '100000 200000' "$(stat -c '%u %g' "/proc/$pid")"
equal 'ids inside' '0 0' "$(inside 'echo $(id -u) $(id -g)' "$(entry user) | $maps")"
claim 'mappings do not change the owners of the root'
before=$(stat -c '%u %g' "$root/bin/busybox" "$root/etc")
started "$(entry user) | $maps"
equal owners "$before" "$(stat -c '%u %g' "$root/bin/busybox" "$root/etc")"
claim 'a user namespace without mappings is an error'
refused "$(entry user)"

claim 'timeOffsets shift the clocks inside, and not those of the host'
started "$(entry time) | .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 5}, monotonic: {secs: 2000000}}" && {
  equal 'offsets' 'monotonic 2000000 0 boottime 1000000 5' "$(xargs <"/proc/$pid/timens_offsets")"
  up=$(inside 'cut -d. -f1 /proc/uptime' "$(entry time) | .linux.timeOffsets = {boottime: {secs: 1000000}}")
  [ "${up:-0}" -ge 1000000 ] || fail "inside it is up for '$up' s"
  [ "$(cut -d. -f1 /proc/uptime)" -lt 900000 ] || pass_over 'this machine is up for too long'
}
claim 'timeOffsets: a clock that there is not, and offsets without a time namespace, are errors'
refused "$(entry time) | .linux.timeOffsets = {realtime: {secs: 1}}"
refused '.linux.timeOffsets = {boottime: {secs: 1}}'

claim 'hostname is the name inside, and the name of the host stays'
before=$(hostname)
equal inside some.box "$(inside hostname '.hostname = "some.box"')"
equal 'the host' "$before" "$(hostname)"
claim 'domainname is the domain inside, and that of the host stays'
before=$(cat /proc/sys/kernel/domainname)
equal inside domain.test "$(inside 'cat /proc/sys/kernel/domainname' '.domainname = "domain.test"')"
equal 'the host' "$before" "$(cat /proc/sys/kernel/domainname)"

claim 'sysctl: parameters of the own namespaces, and the host keeps its own'
before=$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni)
equal inside '1 333' "$(inside 'echo $(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni)' \
  '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmni": "333"}')"
equal 'the host' "$before" "$(cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni)"
claim 'sysctl: what is not of a namespace of the container is an error'
refused '.linux.sysctl = {"vm.swappiness": "10"}'
refused "$(without network) | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"}"
claim 'sysctl: a parameter that there is not is an error'
refused '.linux.sysctl = {"net.ipv4.not_there_at_all": "1"}'

# device NAME: in this script's own network namespace.
device() {
  # Not every kernel has the type dummy.
  ip link add "$1" type veth peer name "$1p" && ip addr add 10.9.8.7/24 dev "$1" && ip -6 addr add fd00:9::7/64 dev "$1" nodad &&
    ip link set "$1" mtu 1400 up
}
here() { ip link show "$1" >/dev/null 2>&1; }
claim 'netDevices: a device of the host is in the container, under its name, with its addresses, up'
device spec0 || pass_over 'this kernel has no devices to move'
if here spec0 && started '.linux.netDevices = {spec0: {name: "eth7"}}'; then
  here spec0 && fail 'it is still here'
  seen=$(nsenter --net="/proc/$pid/ns/net" ip addr show eth7)
  contains 'its address' "$seen" 10.9.8.7/24
  contains 'its other address' "$seen" fd00:9::7/64
  contains 'its size of packets' "$seen" 'mtu 1400'
  contains 'it is up' "$seen" ',UP'
fi
remove
ip link del spec0 2>/dev/null
claim 'netDevices: without a name it keeps its own'
device spec1 || pass_over 'this kernel has no devices to move'
contains inside "$(inside 'ip addr show spec1' '.linux.netDevices = {spec1: {}}')" 10.9.8.7/24
ip link del spec1 2>/dev/null
claim 'netDevices: a device that there is not, and one without a network namespace, are errors'
refused '.linux.netDevices = {nothere: {}}'
device spec2 || pass_over 'this kernel has no devices to move'
refused "$(without network) | .linux.netDevices = {spec2: {}}"
here spec2 || fail 'the device is gone'
claim 'netDevices: a name that is taken inside is an error, and the device stays here'
refused '.linux.netDevices = {spec2: {name: "lo"}}'
here spec2 || fail 'the device is gone'
claim 'netDevices: a failed create gives the device back'
refused '.linux.netDevices = {spec2: {name: "eth0"}} | .process.args = ["/nowhere"]'
here spec2 || fail 'the device is gone'
ip link del spec2 2>/dev/null

finish
