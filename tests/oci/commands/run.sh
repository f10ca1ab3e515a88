#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command line, verb by verb, as callers of crun and runc write it: every option is taken and
# does what it says, and what is printed has the shape that they read.
#   sh run.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq crun runc
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${3:-}" != inside ]; then
  exec unshare --mount --net --propagation private sh "$0" "$1" "$2" inside
fi
runtime=$1
work=$2
rm -rf "$work"
mkdir -p "$work/bundle"
make_root "$work/bundle/rootfs"
hide_hybrid_cgroup2
mc() { timeout 30 "$runtime" --root "$work/state" "$@"; }
bundle=$work/bundle
id=commands-$$
config() {
  (cd "$bundle" && rm -f config.json && "$runtime" spec)
  jq '.process.terminal = false | .ociVersion = "1.0.2" | .root.readonly = false | '"$1" \
    "$bundle/config.json" >"$work/new.json" && mv "$work/new.json" "$bundle/config.json"
}
is_stopped() { [ "$(mc state "$1" | jq -r .status)" = stopped ]; }
ends() { wait_until 10 is_stopped "$1"; }

# Each option that crun or runc has is in the help of the same verb.
for verb in create run start state kill delete list exec ps pause resume update events features spec; do
  mc "$verb" --help >"$work/help" 2>"$work/err" </dev/null || {
    [ "$verb" = run ] || fail "$verb --help: $(cat "$work/err")"
  }
  # Without a bundle it is a command that `run` takes.
  [ "$verb" != run ] || mc run --bundle x --help >"$work/help"
  contains "$verb --help" "$(cat "$work/help")" "Usage: mini_container $verb"
  for other in crun runc; do
    "$other" "$verb" --help 2>/dev/null | grep -oE '^ +(-[a-zA-Z?], )?--[a-z0-9-]+|, -[a-z] ' |
      grep -oE -- '--?[a-z0-9-]+' | grep -vxE -- '--(help|usage)|-h' | sort -u >"$work/options"
    while read -r option; do
      grep -qE -- "(^|[ ,])$option( |,|\$)" "$work/help" || fail "$verb $option, which $other has, is not known"
    done <"$work/options"
  done
done
mc -h >/dev/null || fail '-h'
for flag in --version -V; do
  equal "$flag" "mini_container version" "$(mc $flag | head -n 1 | cut -d' ' -f1-2)"
  equal "$flag" "commit: spec:" "$(mc $flag | tail -n +2 | cut -d' ' -f1 | xargs)"
done
mc checkpoint --help >/dev/null 2>&1 && fail 'checkpoint is there'

# Globals, each way of writing; the log's shape.
config '.process.args = ["true"]'
for globals in "--root=$work/state --log=$work/log --log-format=json --debug" \
  "--root $work/state --log $work/log --log-format json --log-level debug --rootless false" \
  "--root $work/state --systemd-cgroup=false --debug=false --rootless=auto --criu criu" \
  "--root $work/state --cgroup-manager=cgroupfs" "--root $work/state --cgroup-manager disabled"; do
  # shellcheck disable=SC2086
  timeout 30 "$runtime" $globals run --bundle "$bundle" "$id" || fail "$globals"
done
[ -s "$work/log" ] || fail 'the debug log is empty'
jq -es 'all(has("level") and has("msg") and has("time"))' <"$work/log" >/dev/null || fail 'the log is not JSON'
timeout 30 "$runtime" --root "$work/state" --systemd-cgroup=maybe list 2>/dev/null && fail '--systemd-cgroup=maybe'
rm -f "$work/log" "$work/log.runc"
mc --log "$work/log" --log-format json state nobody 2>/dev/null && fail 'state of nobody'
runc --root "$work/runc" --log "$work/log.runc" --log-format json state nobody 2>/dev/null
equal 'the log has the shape of runc' "$(tail -n 1 "$work/log.runc" | jq -c 'keys')" \
  "$(tail -n 1 "$work/log" | jq -c 'keys')"
equal 'level' "$(tail -n 1 "$work/log.runc" | jq -r .level)" "$(tail -n 1 "$work/log" | jq -r .level)"
contains 'msg' "$(tail -n 1 "$work/log" | jq -r .msg)" 'does not exist'

# Without a log file it is standard error that is JSON, whole lines of it.
equal '--log-format json alone' '["level","msg","time"]' \
  "$(mc --log-format json state nobody 2>&1 >/dev/null | jq -c 'keys')"

# create and run, each way of writing.
config '.process.args = ["sh", "-c", "echo one"]'
for words in "--bundle=$bundle $id" "--bundle $bundle $id" "-b $bundle $id" "-b$bundle $id" \
  "--bundle $bundle -- $id" "--no-pivot --bundle $bundle $id" "--no-new-keyring -b $bundle $id" \
  "--no-subreaper --preserve-fds=0 -b $bundle $id"; do
  # shellcheck disable=SC2086
  equal "run $words" one "$(mc run $words 2>&1)"
done
long=$id-$(printf '%0250d' 0)
long=$(printf '%s' "$long" | cut -c1-255)
equal 'the longest id' one "$(mc run --bundle "$bundle" "$long" 2>&1)"
mv "$bundle/config.json" "$work/other.json"
equal 'run --config' one "$(mc run --bundle "$bundle" --config "$work/other.json" "$id")"
equal 'run -f' one "$(mc run -b "$bundle" -f "$work/other.json" "$id")"
mv "$work/other.json" "$bundle/config.json"
cd "$bundle" || exit 1
equal 'run ID in the bundle' one "$(mc run "$id")"
mc run -d --pid-file "$work/pid" "$id" </dev/null >/dev/null 2>&1 || fail 'run -d ID in the bundle'
ends "$id"
mc delete "$id" || fail 'delete after run -d'
mc run --keep "$id" >/dev/null || fail 'run --keep'
equal 'run --keep' stopped "$(mc state "$id" | jq -r .status)"
mc delete "$id" || fail 'delete after --keep'
cd "$work" || exit 1
config '.process.args = ["sh", "-c", "ls -d /bundle /rootfs 2>/dev/null; ls / | xargs; touch /made; cut -d\" \" -f2 /proc/self/mounts | sort | uniq -d"]'
pivoted=$(mc run --bundle "$bundle" "$id")
rm -f "$bundle/rootfs/made"
equal '--no-pivot: the same root' "$pivoted" "$(mc run --no-pivot --bundle "$bundle" "$id")"
[ -e "$bundle/rootfs/made" ] || fail '--no-pivot: it is the root of the bundle'
[ ! -e /made ] || fail "--no-pivot: it is the host's root"
rm -f "$bundle/rootfs/made"

# state, list and ps of one container, beside runc's.
config '.process.args = ["sleep", "100"] | .annotations = {"a": "b"}'
mc create --bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 && mc start "$id" || fail 'create and start'
pid=$(mc state "$id" | jq .pid)
# Of the state, whatever version the bundle is of.
equal 'the version in the state' 1.3.0 "$(mc state "$id" | jq -r .ociVersion)"
equal 'the version in the list' 1.3.0 "$(mc list -f json | jq -r '.[0].ociVersion')"
runc --root "$work/runc" run -d --bundle "$bundle" "$id-runc" </dev/null >/dev/null 2>"$work/err" ||
  fail "runc: $(cat "$work/err")"
equal 'state has what that of runc has' '[]' "$(runc --root "$work/runc" state "$id-runc" |
  jq -c --argjson own "$(mc state "$id" | jq -c keys)" 'keys - $own')"
equal 'list -f json has what that of runc has' '[]' "$(runc --root "$work/runc" list -f json |
  jq -c --argjson own "$(mc list --format json | jq -c '.[0] | keys')" '.[0] | keys - $own')"
equal 'list' "$id running $pid $bundle root" \
  "$(mc list --format=json | jq -r '.[0] | "\(.id) \(.status) \(.pid) \(.bundle) \(.owner)"')"
equal 'list -q' "$id" "$(mc list --quiet)"
equal 'list, a table' "ID STATUS PID COMMAND $id running $pid sleep 100" "$(mc list | xargs)"
mc list --format xml 2>/dev/null && fail 'list --format xml'
equal 'ps -f json' "[$pid]" "$(mc ps --format json "$id")"
equal 'ps, a table' "PID $pid" "$(mc ps "$id" | xargs)"
equal 'ps -ef' "$(ps -ef | sed -n 1p; ps -f -p "$pid" | tail -n 1)" "$(mc ps "$id" -ef)"
equal 'ps with options of ps' "USER COMMAND PID root sleep $pid" "$(mc ps "$id" -A -o user,comm,pid | xargs)"
equal 'ps with options of ps: the header of that of runc' "$(runc --root "$work/runc" ps "$id-runc" aux | head -n 1)" \
  "$(mc ps "$id" aux | head -n 1)"
equal 'ps with blanks before the PID' "STARTED COMMAND PID $pid" \
  "$(mc ps "$id" -A -o lstart,args,pid | sed 's/ .*sleep 100//' | xargs | sed 's/[A-Z][a-z][a-z] //')"
equal 'ps that selects nobody' 'PID' "$(mc ps "$id" -C there-is-none -o pid | xargs)"
equal 'ps -f json, with options of ps' "[$pid]" "$(mc ps -f json "$id" -ef)"
no_ps() {
  mc ps "$id" "$@" >"$work/out" 2>"$work/err" && fail "ps $*"
  [ ! -s "$work/out" ] || fail "ps $*: it says $(cat "$work/out")"
}
no_ps -A -o comm
contains 'ps without a column PID' "$(cat "$work/err")" 'no column PID'
no_ps --nonsense
contains 'ps with an option that is none' "$(cat "$work/err")" 'ps(1) ended with exit status 1: error: unknown gnu long option'
contains 'ps without ps' "$(env PATH="$work" "$(command -v timeout)" 30 "$runtime" --root "$work/state" ps "$id" -ef 2>&1)" 'install the package procps'
# Those that callers read; README.md says which of runc's are not there.
equal 'events --stats has what those of runc have' '[]' \
  "$(runc --root "$work/runc" events --stats "$id-runc" | jq -c \
    --argjson own "$(mc events --stats "$id" | jq -c '.data | keys')" \
    '.data | keys - $own - ["intel_rdt", "hugetlb", "network_interfaces"]')"
equal 'events --stats: cpuset as runc has it' \
  "$(runc --root "$work/runc" events --stats "$id-runc" | jq -cS .data.cpuset)" \
  "$(mc events --stats "$id" | jq -cS .data.cpuset)"
if [ -d /sys/fs/cgroup/cpuacct ]; then
  equal 'events --stats: the times that those of runc have' '[]' \
    "$(runc --root "$work/runc" events --stats "$id-runc" | jq -c \
      --argjson own "$(mc events --stats "$id" | jq -c '.data.cpu.usage | keys')" '.data.cpu.usage | keys - $own')"
  by_processor() { awk -v column="$1" 'NR > 1 { print $column }' "/sys/fs/cgroup/cpuacct/mini_container-$id/cpuacct.usage_all" | jq -sc .; }
  equal 'events --stats: times by processor' "$(by_processor 3) $(by_processor 2)" \
    "$(mc events --stats "$id" | jq -r '.data.cpu.usage | "\(.percpu_kernel) \(.percpu_user)"')"
else
  echo 'SKIPPED: times by processor: there is no cgroup v1 with them'
fi
for key in .cpu.usage.total .memory.usage.usage .pids.current; do
  equal "events --stats: $key" number "$(mc events --stats "$id" | jq -r ".data$key | type")"
done
timeout 1 "$runtime" --root "$work/state" events --interval 100ms "$id" >"$work/events"
[ "$(wc -l <"$work/events")" -ge 3 ] || fail 'events --interval'
# 2^32 ms and a little more: nothing is to be told for 50 days.
equal 'events --interval 4294968s' '' "$(timeout 2 "$runtime" --root "$work/state" events --interval 4294968s "$id")"
cp "$bundle/config.json" "$work/kept.json"
config '.process.args = ["sh", "-c", "x=a; while :; do x=$x$x; done"]
  | .linux.resources.memory = {limit: 8000000, swap: 8000000}'
mc create --bundle "$bundle" "$id-oom" </dev/null >/dev/null 2>&1 || fail 'create for an OOM kill'
timeout 60 "$runtime" --root "$work/state" events --interval 30s "$id-oom" >"$work/kills" &
watcher=$!
sleep 0.5
mc start "$id-oom"
wait $watcher
equal 'events: the OOM kill that ended the container' '["oom"]' "$(jq -sc 'map(.type)' <"$work/kills")"
mc delete --force "$id-oom" || fail 'delete after an OOM kill'
cp "$work/kept.json" "$bundle/config.json"
equal 'events' "stats $id" "$(head -n 1 "$work/events" | jq -r '"\(.type) \(.id)"')"
mc events --interval never "$id" 2>/dev/null && fail 'events --interval never'
runc --root "$work/runc" delete --force "$id-runc" || fail 'runc delete'

# update: each flag, looked at from the host.
limit() { cat "/sys/fs/cgroup/$1/mini_container-$id/$2" 2>/dev/null || cat "/sys/fs/cgroup/mini_container-$id/$2"; }
if [ -d /sys/fs/cgroup/memory ]; then
  mc update --memory 64M --memory-reservation=32m --memory-swap 134217728 --cpu-share=512 --cpu-period 50000 \
    --cpu-quota 25000 --cpuset-cpus 0 --cpuset-mems 0 --pids-limit 77 "$id" || fail update
  equal update '67108864 33554432 512 50000 25000 0 0 77' \
    "$(for file in memory/memory.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.shares \
      cpu/cpu.cfs_period_us cpu/cpu.cfs_quota_us cpuset/cpuset.cpus cpuset/cpuset.mems pids/pids.max; do
      limit "${file%/*}" "${file#*/}"
    done | xargs)"
  echo '{"memory": {"limit": 50331648}, "cpu": {"shares": 256}}' >"$work/resources.json"
  mc update --resources "$work/resources.json" "$id" || fail 'update --resources FILE'
  equal 'update --resources FILE' '50331648 256' \
    "$(limit memory memory.limit_in_bytes) $(limit cpu cpu.shares)"
  echo '{"pids": {"limit": 55}}' | mc update -r - "$id" || fail 'update -r -'
  equal 'update -r -' 55 "$(limit pids pids.max)"
  mc update --pids-limit=-1 --cpu-quota -1 "$id" || fail 'update to no limit'
  equal 'no limit' 'max -1' "$(limit pids pids.max) $(limit cpu cpu.cfs_quota_us)"
fi
mc update --memory much "$id" 2>/dev/null && fail 'update --memory much'
mc update --l3-cache-schema x "$id" 2>/dev/null && fail 'update --l3-cache-schema'

# exec: each option, looked at from inside.
in_it() { mc exec "$@" </dev/null 2>"$work/err"; }
equal 'exec --cwd' /tmp "$(in_it --cwd /tmp "$id" pwd)"
equal 'exec --env twice' 'b d' "$(in_it --env A=b -e C=d "$id" sh -c 'echo $A $C')"
equal 'exec --user' '1000 1001' "$(in_it --user=1000:1001 "$id" sh -c 'echo $(id -u) $(id -g)')"
equal 'exec --additional-gids' '1000 0 7 8' "$(in_it -u 1000:1000 -g 0 --additional-gids 7 -g 8 "$id" id -G)"
equal 'exec --cap' 0000000000200000 "$(in_it --cap CAP_SYS_ADMIN "$id" grep CapEff /proc/self/status |
  cut -f2 | sed -E 's/^0*//' | { read -r set; printf '%016x\n' $((0x$set & 0x200000)); })"
in_it --cap CAP_NONE "$id" true || fail 'exec --cap of one that there is not'
contains 'exec --cap of one that there is not' "$(cat "$work/err")" 'unknown here: CAP_NONE'
equal 'it is told once' 1 "$(grep -o CAP_NONE "$work/err" | wc -l)"
equal 'exec without --cap' 0 "$(in_it "$id" grep CapEff /proc/self/status |
  cut -f2 | { read -r set; echo $((0x$set & 0x200000)); })"
equal 'exec --no-new-privs' 1 "$(in_it --no-new-privs "$id" grep NoNewPrivs /proc/self/status | cut -f2)"
echo kept >"$work/kept"
equal 'exec --preserve-fds' kept "$(in_it --preserve-fds 1 "$id" sh -c 'cat <&3' 3<"$work/kept")"
in_it --preserve-fds 9 "$id" true && fail 'exec --preserve-fds beyond what is open'
contains 'exec --preserve-fds beyond what is open' "$(cat "$work/err")" 'mini_container: --preserve-fds: '
in_it --detach --pid-file "$work/pid" "$id" sleep 50 || fail 'exec --detach'
equal 'exec --pid-file' 'sleep 50 ' "$(tr '\0' ' ' <"/proc/$(cat "$work/pid")/cmdline")"
equal 'ps shows it' 2 "$(mc ps -f json "$id" | jq length)"
kill -9 "$(cat "$work/pid")"
jq '.process | .args = ["sh", "-c", "echo $X $(id -u) $(pwd)"] | .env += ["X=y"] | .user.uid = 5 | .cwd = "/tmp"' \
  "$bundle/config.json" >"$work/process.json"
equal 'exec --process' 'y 5 /tmp' "$(in_it --process "$work/process.json" "$id")"
equal 'exec -p=' 'y 5 /tmp' "$(in_it --process="$work/process.json" "$id")"
equal 'exec --tty' yes "$(in_it --tty "$id" sh -c 'test -t 1 && echo yes' | tr -d '\r')"
equal "exec: the program's own options" '-n --user' "$(in_it "$id" echo -- -n --user | sed 's/^-- //')"
equal 'exec ID -- COMMAND' here "$(in_it "$id" -- echo here)"
in_it --apparmor no-such-profile "$id" true && fail 'exec --apparmor of what is not there'
contains 'exec --apparmor' "$(cat "$work/err")" 'apparmor'
in_it --process-label no:such:label "$id" true && fail 'exec --process-label of what is not there'
contains 'exec --process-label' "$(cat "$work/err")" "--process-label: write 'no:such:label'"
if [ -d /sys/fs/cgroup/pids ]; then
  for cgroup in /sys/fs/cgroup/*/mini_container-"$id"; do
    [ -L "${cgroup%/*}" ] || mkdir "$cgroup/below"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$cgroup/$file" ] || cat "$cgroup/$file" >"$cgroup/below/$file"
    done
  done
  contains 'exec --cgroup' "$(in_it --cgroup below "$id" cat /proc/self/cgroup)" /below
  # in_cgroups ARGUMENT...: the controllers, of two, in which exec has gone below.
  in_cgroups() {
    in_it "$@" "$id" cat /proc/self/cgroup | awk -F : '$2 ~ /^(pids|memory)$/ && $3 ~ /below$/ { print $2 }' | sort | xargs
  }
  equal 'exec --cgroup PATH' 'memory pids' "$(in_cgroups --cgroup /below)"
  equal 'exec --cgroup CONTROLLER:PATH' memory "$(in_cgroups --cgroup memory:below)"
  equal 'exec --cgroup, two controllers' 'memory pids' "$(in_cgroups --cgroup pids,memory:/below)"
  equal 'exec --cgroup twice' 'memory pids' "$(in_cgroups --cgroup memory:below --cgroup pids:below)"
  equal 'exec --cgroup /' "$(in_it "$id" cat /proc/self/cgroup)" "$(in_it --cgroup / "$id" cat /proc/self/cgroup)"
  equal 'exec --cgroup CONTROLLER:/' memory "$(in_cgroups --cgroup memory:below --cgroup pids:/)"
  for wrong in 'nothing:below' ':below' 'memory:../other' 'memory:absent'; do
    in_it --cgroup "$wrong" "$id" true && fail "exec --cgroup $wrong"
    contains "exec --cgroup $wrong" "$(cat "$work/err")" cgroup
  done
  in_it --cgroup memory:below --cgroup memory:other "$id" true && fail 'exec --cgroup: twice for one'
  contains 'exec --cgroup: twice for one' "$(cat "$work/err")" "'memory' is named twice"
  in_it --cgroup memory:below --cgroup below "$id" true && fail 'exec --cgroup: one without controller'
  contains 'exec --cgroup: one without' "$(cat "$work/err")" 'names no controller'
fi
mc pause "$id" || fail pause
in_it "$id" true && fail 'exec in a paused container'
in_it --ignore-paused "$id" echo waited >"$work/out" &
waiting=$!
sleep 0.3
equal 'exec --ignore-paused waits there' '' "$(cat "$work/out")"
mc resume "$id" || fail resume
wait "$waiting" || fail "exec --ignore-paused: $(cat "$work/err")"
equal 'exec --ignore-paused' waited "$(cat "$work/out")"
# On v1 a frozen process does not even die.
mc pause "$id" || fail pause
{
  timeout 1 "$runtime" --root "$work/state" exec --ignore-paused "$id" true </dev/null 2>/dev/null
  touch "$work/stopped"
} &
waiting=$!
wait_until 8 test -e "$work/stopped" || fail 'exec --ignore-paused is not stopped by a signal'
mc resume "$id" || fail resume
wait "$waiting"
in_it --unknown "$id" true && fail 'an unknown option'
contains 'an unknown option' "$(cat "$work/err")" 'exec: --unknown: unknown option'
in_it --cdw /tmp "$id" true && fail 'a misspelt option'
contains 'a misspelt option' "$(cat "$work/err")" "did you mean '--cwd'?"

# kill and delete.
for signal in CONT SIGCONT 18 cont sigcont 0; do mc kill "$id" "$signal" || fail "kill $signal"; done
mc kill "$id" NOSUCH 2>/dev/null && fail 'kill NOSUCH'
for number in 1 2; do
  mc run -d --bundle "$bundle" "$id-$number" </dev/null >/dev/null 2>&1 || fail "run -d $number"
done
mc kill --regex "^$id-[12]\$" KILL || fail 'kill --regex'
ends "$id-1" && ends "$id-2" || fail 'kill --regex ends both'
equal 'kill --regex leaves the other' running "$(mc state "$id" | jq -r .status)"
mc delete --regex "^$id-[12]\$" || fail 'delete --regex'
mc exec --detach "$id" sleep 60 </dev/null || fail 'exec --detach'
mc kill --all "$id" KILL || fail 'kill --all'
ends "$id"
equal 'kill --all' null "$(mc ps -f json "$id" | jq -c '.[0]')"
mc delete --force="true" "$id" || fail 'delete --force'
equal 'nothing is left' '' "$(mc list -q)"

# spec.
mkdir "$work/spec"
mc spec --bundle "$work/spec" || fail 'spec --bundle'
mc spec --bundle="$work/spec" 2>/dev/null && fail 'spec overwrites'
contains 'spec overwrites' "$(mc spec --bundle="$work/spec" 2>&1)" 'is not overwritten'
case $(mc spec --bundle="$work/nowhere" 2>&1) in
  *overwritten*) fail 'spec nowhere: nothing is there' ;;
esac
mc spec -b "$work/spec" -f rootless.json --rootless || fail 'spec --file'
equal 'spec' '6 7' "$(jq '.linux.namespaces | length' "$work/spec/config.json" "$work/spec/rootless.json" | xargs)"

# features: what it lists, bundles can ask for.
mc features >"$work/features"
runc features >"$work/features.runc"
equal 'features has what that of runc has' '[]' "$(jq -c --argjson own "$(jq -c 'keys' "$work/features")" \
  'keys - $own' "$work/features.runc")"
for part in .linux .linux.seccomp .linux.cgroup; do
  equal "features: $part has what that of runc has" '[]' \
    "$(jq -c --argjson own "$(jq -c "$part | keys" "$work/features")" "$part | keys - \$own" "$work/features.runc")"
done
for list in .hooks .mountOptions .linux.namespaces .linux.capabilities .linux.seccomp.actions .linux.seccomp.operators \
  .linux.seccomp.archs; do
  # The filesystem's own words are no longer in the list: features.md says so.
  equal "features: $list: nothing that runc has is missing" '[]' "$(jq -c --argjson own "$(jq -c "$list" "$work/features")" \
    "($list - \$own) - [\"acl\", \"noacl\", \"iversion\"]" "$work/features.runc")"
done
tried=0
for option in $(jq -r '.mountOptions[]' "$work/features"); do
  mount='"type": "tmpfs", "source": "tmpfs"'
  case $option in
    bind | rbind) mount='"source": "/usr"' ;;
    idmap | ridmap) mount='"type": "bind", "source": "rootfs", "uidMappings": [{"containerID": 0, "hostID": 9, "size": 9}],
      "gidMappings": [{"containerID": 0, "hostID": 9, "size": 9}]' ;;
    remount) mount='"type": "none"' ;;
  esac
  before=
  [ "$option" != remount ] || before='{"destination": "/m", "type": "tmpfs", "source": "tmpfs"},'
  config '.process.args = ["true"] | .mounts += ['"$before"' {"destination": "/m", '"$mount"', "options": ["'"$option"'"]}]'
  mc run --bundle "$bundle" "$id" >/dev/null 2>"$work/err" </dev/null || fail "the mount option $option: $(cat "$work/err")"
  tried=$((tried + 1))
done
[ "$tried" -gt 50 ] || fail "only $tried mount options are tried"
for action in $(jq -r '.linux.seccomp.actions[]' "$work/features" | grep -v NOTIFY); do
  for operator in $(jq -r '.linux.seccomp.operators[]' "$work/features"); do
    config '.process.args = ["true"] | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mincore"],
      "action": "'"$action"'", "args": [{"index": 0, "value": 1, "op": "'"$operator"'"}]}]}'
    case $action in SCMP_ACT_ALLOW) continue ;; esac  # the default is no rule
    mc run --bundle "$bundle" "$id" >/dev/null 2>"$work/err" </dev/null || fail "$action $operator: $(cat "$work/err")"
  done
done
# One filter holds architectures of one byte order.
config '.process.args = ["true"] | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
  "flags": '"$(jq -c '.linux.seccomp.supportedFlags - ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]' "$work/features")"',
  "architectures": '"$(jq -c '.linux.seccomp.archs | map(select(test("ARCH_(MIPS|MIPS64|MIPS64N32|PARISC.*|PPC|PPC64|S390.*)$") | not))' "$work/features")"'}
  | .process.capabilities.bounding = '"$(jq -c .linux.capabilities "$work/features")"
mc run --bundle "$bundle" "$id" >/dev/null 2>"$work/err" </dev/null || fail "flags, architectures, capabilities: $(cat "$work/err")"

[ "$failures" -eq 0 ] || exit 1
echo "commands: the line of every verb is understood as callers write it"
cd / && rm -rf "$work"
