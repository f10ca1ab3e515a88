# SPDX-License-Identifier: Apache-2.0
# What the scripts of this directory share. To be sourced by `NAME.sh RUNTIME DIRECTORY`: they run
# with any OCI runtime, in namespaces of their own, and tell of each claim whether it holds.
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq timeout ip taskset chrt ionice
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${3:-}" != inside ]; then
  exec unshare --mount --net --uts --ipc --propagation private sh "$0" "$1" "$2" inside
fi

runtime=$1
work=$2
rm -rf "$work"
mkdir -p "$work/bundle"
work=$(cd "$work" && pwd -P)
bundle=$work/bundle
root=$bundle/rootfs
results=$work/results
topic=$(basename "$0" .sh)
# What nobody else has, for names that all share.
own=$(stat -Lc %i /proc/self/ns/mnt)
hide_hybrid_cgroup2
ip link set lo up
make_root "$root"
: >"$results"

# What every bundle starts from: `config` changes it.
jq -n '{
  ociVersion: "1.0.2",
  process: {
    user: {uid: 0, gid: 0}, cwd: "/", args: ["true"],
    env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
  },
  root: {path: "rootfs"},
  mounts: [
    {destination: "/proc", type: "proc", source: "proc"},
    {destination: "/dev", type: "tmpfs", source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {destination: "/dev/pts", type: "devpts", source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {destination: "/dev/shm", type: "tmpfs", source: "shm",
      options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {destination: "/sys", type: "sysfs", source: "sysfs",
      options: ["nosuid", "noexec", "nodev", "ro"]}
  ],
  linux: {namespaces: [{type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"},
    {type: "mount"}]}
} | .process.capabilities = (["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL",
      "CAP_SETUID", "CAP_SETGID", "CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN", "CAP_MKNOD"]
    | {bounding: ., effective: ., permitted: .})' >"$work/base.json"

# claim NAME: what is checked from here to the next one.
claimed=
claim() {
  settle
  claimed=$1
  broken=false
  passed_over=false
}
settle() {
  [ -n "$claimed" ] || return 0
  remove
  if $passed_over; then
    verdict=skipped
  elif $broken; then
    verdict=fails
  else
    verdict=passes
  fi
  printf '%s\t%s\n' "$verdict" "$topic: $claimed" >>"$results"
  claimed=
}
fail() {
  printf 'FAILED: %s: %s: %s\n' "$topic" "$claimed" "$(printf '%s' "$*" | tr '\n' ' ' | cut -c1-400)" >&2
  broken=true
  failures=$((failures + 1))
}
pass_over() {
  echo "SKIPPED: $topic: $claimed: $*"
  passed_over=true
}
# finish: the last line of a script.
finish() {
  settle
  echo "$topic: $(grep -c '^passes' "$results") claims hold, $(grep -c '^fails' "$results") do not"
  [ "$failures" -eq 0 ] || exit 1
  exit 0
}

# The containers c and r: their ids name cgroups as well, which all that run beside us share.
rt() {
  for word; do
    shift
    case $word in c | r) word=$word-$own ;; esac
    set -- "$@" "$word"
  done
  timeout 20 "$runtime" --root "$work/state" "$@"
}
# config [FILTER [JQ OPTION...]]: the bundle is the base, changed.
config() {
  filter=${1:-.}
  [ $# -eq 0 ] || shift
  jq "$@" "$filter" "$work/base.json" >"$bundle/config.json" || fail "the filter '$filter'"
}
remove() { for id in c r; do rt delete --force $id >/dev/null 2>&1; done; }
# run: the bundle as it is; its output, its exit code in $work/code.
run() {
  rt run --bundle "$bundle" r </dev/null 2>"$work/err"
  echo $? >"$work/code"
}
code() { cat "$work/code"; }
# inside SCRIPT [FILTER]: what a shell in the container says.
inside() {
  config '.process.args = ["sh", "-c", $script] | '"${2:-.}" --arg script "$1"
  run
}
# refused [FILTER]: the container is not made, and there is one that says why.
refused() {
  config "${1:-.}"
  out=$(run)
  [ "$(code)" -ne 0 ] || fail "it is taken: ${1:-.}"
  [ -s "$work/err" ] || fail "there is no word of why: ${1:-.}"
  remove
}
# started [FILTER]: a container that sleeps, its process id in $pid.
started() {
  remove
  config '.process.args = ["sleep", "100"] | '"${1:-.}"
  rt create --bundle "$bundle" --pid-file "$work/pid" c </dev/null >"$work/out" 2>"$work/err" &&
    rt start c 2>>"$work/err" || {
    fail "it does not start: $(cat "$work/err")"
    pid=$$
    return 1
  }
  pid=$(cat "$work/pid")
}
status() { rt state c 2>/dev/null | jq -r .status; }
stopped() { [ "$(status)" = stopped ]; }
# has_ended PID: it is gone, or waits to be reaped by whoever is the reaper here.
has_ended() { ! [ -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
