#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config.md, `process`: who runs what, where, with which rights, limits and scheduling.
. "$(dirname "$0")/spec.sh"

# status_of PID FIELD
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

claim 'args are the arguments, the first one the program'
config '.process.args = ["sh", "-c", "printf \"<%s>\" \"$0\" \"$@\"", "zero", "a b", "", "*", "\n"]'
equal output '<zero><a b><><*><
>' "$(run)"

claim 'a program without a slash is looked for in the PATH of env'
mkdir -p "$root/own/bin"
printf '#!/bin/sh\necho found\n' >"$root/own/bin/tool"
chmod +x "$root/own/bin/tool"
config '.process.args = ["tool"] | .process.env = ["PATH=/nowhere:/own/bin"]'
equal output found "$(run)"

claim 'a program that is missing or not executable is an error'
refused '.process.args = ["/nowhere"]'
refused '.process.args = ["nowhere"]'
refused '.process.args = ["/etc/passwd"]'

claim 'args that are empty are an error'
refused '.process.args = []'

claim 'env is the environment, and nothing of the runtime is in it'
config '.process.args = ["env"] | .process.env = ["A=b c", "EMPTY=", "E=x=y", "PATH=/bin"]'
equal output 'A=b c,E=x=y,EMPTY=,PATH=/bin' \
  "$(LEAK=this run | grep -v '^HOME=' | sort | paste -sd,)"

claim 'the code of the program is that of run'
inside 'exit 42'
equal code 42 "$(code)"

claim 'cwd is the directory'
mkdir -p "$root/some where/else"
equal directory '/some where/else' "$(inside pwd '.process.cwd = "/some where/else"')"

claim 'a cwd that is not absolute is an error'
refused '.process.cwd = "tmp"'

claim 'user: uid, gid and additionalGids, inside and as the host sees them'
equal ids '1234 567 567 7 8' "$(inside 'echo $(id -u) $(id -g) $(id -G)' '.process.user = {uid: 1234, gid: 567, additionalGids: [7, 8]}')"
started '.process.user = {uid: 1234, gid: 567, additionalGids: [7, 8]}'
equal 'uids of the host' '1234 1234 1234 1234' "$(status_of "$pid" Uid | xargs)"
equal 'gids of the host' '567 567 567 567' "$(status_of "$pid" Gid | xargs)"
equal 'groups of the host' '7 8' "$(status_of "$pid" Groups | tr ' ' '\n' | grep -v '^567$' | xargs)"

claim 'without additionalGids there are none of the runtime'
equal groups 0 "$(inside 'id -G')"

claim 'umask is set'
equal umask 0027 "$(inside umask '.process.user.umask = 23')"
started '.process.user.umask = 63'
equal 'as the host sees it' 0077 "$(status_of "$pid" Umask)"

claim 'every rlimit is set, soft and hard, inside and as the host sees it'
limits='AS:Max address space:9000000000000:9100000000000
CORE:Max core file size:1000:2000
CPU:Max cpu time:1000:2000
DATA:Max data size:8000000000000:8100000000000
FSIZE:Max file size:100000000:200000000
LOCKS:Max file locks:100:200
MEMLOCK:Max locked memory:65536:131072
MSGQUEUE:Max msgqueue size:100000:200000
NICE:Max nice priority:10:20
NOFILE:Max open files:200:300
NPROC:Max processes:10000:20000
RSS:Max resident set:100000000:200000000
RTPRIO:Max realtime priority:5:10
RTTIME:Max realtime timeout:100000:200000
SIGPENDING:Max pending signals:1000:2000
STACK:Max stack size:8000000:9000000'
# Without CAP_SYS_RESOURCE nobody raises a hard limit.
prlimit --nice=20:20 true 2>/dev/null ||
  limits=$(echo "$limits" | sed -E 's/^(NICE|RTPRIO)(:.*:).*:.*/\1\20:0/')
# The name may be cut, columns are two spaces apart at least.
limits_in() {
  while IFS=: read -r name title soft hard; do
    [ -z "$name" ] || echo "$name $(sed -n "s/^$title  *\([0-9a-z]*\) *\([0-9a-z]*\) .*/\1 \2/p" "$1")"
  done <<END
$limits
END
}
expected=$(echo "$limits" | awk -F: '{ print $1, $3, $4 }')
list=$(echo "$limits" | jq -R -s 'split("\n") | map(select(. != "") | split(":")
  | {type: ("RLIMIT_" + .[0]), soft: (.[2] | tonumber), hard: (.[3] | tonumber)})')
config '.process.args = ["cat", "/proc/self/limits"] | .process.rlimits = $list' --argjson list "$list"
run >"$work/limits"
equal 'inside' "$expected" "$(limits_in "$work/limits")"
started ".process.rlimits = $list"
equal 'as the host sees them' "$expected" "$(limits_in "/proc/$pid/limits")"

claim 'an rlimit of the largest number is no limit'
started '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 18446744073709551615}]'
contains core "$(tr -s ' ' <"/proc/$pid/limits")" 'Max core file size 0 unlimited bytes'

claim 'an rlimit that there is not is an error'
refused '.process.rlimits = [{type: "RLIMIT_TEST", soft: 1, hard: 1}]'

claim 'an rlimit that is there twice is an error'
refused '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 10}, {type: "RLIMIT_NOFILE", soft: 20, hard: 20}]'

claim 'an rlimit with a soft limit above the hard one is an error'
refused '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 20, hard: 10}]'

claim 'capabilities: the five sets are exactly those'
started '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID"], permitted: ["CAP_KILL", "CAP_CHOWN"],
  effective: ["CAP_KILL"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]} | .process.user.uid = 5'
# At execve an ordinary user is left with what is ambient: capabilities(7).
equal 'bounding, inheritable, ambient' '00000000000000a1 0000000000000001 0000000000000001' \
  "$(status_of "$pid" CapBnd) $(status_of "$pid" CapInh) $(status_of "$pid" CapAmb)"
equal 'permitted, effective' '0000000000000001 0000000000000001' "$(status_of "$pid" CapPrm) $(status_of "$pid" CapEff)"
equal 'inside' '00000000000000a1' "$(inside 'sed -n "s/^CapBnd:.//p" /proc/self/status' '.process.capabilities.bounding = ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID"]
  | .process.capabilities.permitted = ["CAP_KILL"] | .process.capabilities.effective = ["CAP_KILL"]')"

claim 'without capabilities there are none'
started 'del(.process.capabilities)'
for set in CapBnd CapPrm CapEff CapInh CapAmb; do
  equal $set 0000000000000000 "$(status_of "$pid" $set)"
done

claim 'a capability that there is not is warned of, and the container runs'
started '.process.capabilities.bounding += ["CAP_TEST"]'
contains 'the warning' "$(cat "$work/err")" CAP_TEST

claim 'noNewPrivileges is set where it is true, and not where it is not'
equal 'true' 1 "$(inside 'sed -n "s/^NoNewPrivs:.//p" /proc/self/status' '.process.noNewPrivileges = true')"
equal 'false' 0 "$(inside 'sed -n "s/^NoNewPrivs:.//p" /proc/self/status' '.process.noNewPrivileges = false')"
equal 'absent' 0 "$(inside 'sed -n "s/^NoNewPrivs:.//p" /proc/self/status')"

claim 'oomScoreAdj is set'
for score in 500 0; do
  equal "$score inside" $score "$(inside 'cat /proc/self/oom_score_adj' ".process.oomScoreAdj = $score")"
done
started '.process.oomScoreAdj = 321'
equal 'as the host sees it' 321 "$(cat "/proc/$pid/oom_score_adj")"

claim 'without oomScoreAdj it is as it was'
config '.process.args = ["cat", "/proc/self/oom_score_adj"]'
equal score 77 "$(sh -c 'echo 77 >/proc/$$/oom_score_adj; exec timeout 20 "$@"' sh "$runtime" --root "$work/state" run --bundle "$bundle" "r-$own" </dev/null)"

claim 'an oomScoreAdj out of range is an error'
refused '.process.oomScoreAdj = 2000'

real_time=.
# policy JSON PATTERN...: what chrt says of the process, from the host.
policy() {
  started ".process.scheduler = $1 | $real_time" || return
  said=$(chrt -p "$pid")
  shift
  for part in "$@"; do contains "$part" "$said" "$part"; done
}
claim 'scheduler: SCHED_OTHER with a nice value'
policy '{policy: "SCHED_OTHER", nice: 7}' 'policy: SCHED_OTHER'
equal nice 7 "$(ps -o ni= -p "$pid" | xargs)"
equal 'inside' 7 "$(inside 'cut -d" " -f19 /proc/self/stat' '.process.scheduler = {policy: "SCHED_OTHER", nice: 7}')"
claim 'scheduler: SCHED_BATCH'
policy '{policy: "SCHED_BATCH", nice: 3}' 'policy: SCHED_BATCH'
equal nice 3 "$(ps -o ni= -p "$pid" | xargs)"
claim 'scheduler: SCHED_IDLE'
policy '{policy: "SCHED_IDLE"}' 'policy: SCHED_IDLE'
# Real-time policies need a share of real time, where the kernel divides it among cgroups.
[ ! -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ] || real_time='.linux.cgroupsPath = "/spec-real-time-'"$own"'"
  | .linux.resources.cpu = {realtimeRuntime: 10000, realtimePeriod: 1000000}'
claim 'scheduler: SCHED_FIFO with a priority'
policy '{policy: "SCHED_FIFO", priority: 10}' 'policy: SCHED_FIFO' 'priority: 10'
claim 'scheduler: SCHED_RR with a priority'
policy '{policy: "SCHED_RR", priority: 20}' 'policy: SCHED_RR' 'priority: 20'
claim 'scheduler: SCHED_DEADLINE with runtime, deadline and period'
policy '{policy: "SCHED_DEADLINE", runtime: 1000000, deadline: 20000000, period: 40000000}' \
  'policy: SCHED_DEADLINE' 1000000/20000000/40000000
claim 'scheduler: a flag'
policy '{policy: "SCHED_FIFO", priority: 10, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' 'SCHED_FIFO|SCHED_RESET_ON_FORK'
claim 'scheduler: a policy or a flag that there is not, and a priority that the policy has not, are errors'
refused '.process.scheduler = {policy: "SCHED_MOON"}'
refused '.process.scheduler = {policy: "SCHED_FIFO", priority: 10, flags: ["SCHED_FLAG_MOON"]}'
refused '.process.scheduler = {policy: "SCHED_FIFO", priority: 1000}'
refused '.process.scheduler = {policy: "SCHED_OTHER", priority: 10}'
refused '.process.scheduler = {nice: 1}'
claim 'scheduler: what the kernel has no more (SCHED_ISO) is an error'
refused '.process.scheduler = {policy: "SCHED_ISO"}'

claim 'ioPriority: class and priority'
for each in 'RT:3:realtime: prio 3' 'BE:6:best-effort: prio 6' 'IDLE:0:idle'; do
  class=${each%%:*}
  rest=${each#*:}
  started ".process.ioPriority = {class: \"IOPRIO_CLASS_$class\", priority: ${rest%%:*}}"
  equal "$class" "${rest#*:}" "$(ionice -p "$pid")"
done
claim 'ioPriority: a class that there is not, and a priority above 7, are errors'
refused '.process.ioPriority = {class: "IOPRIO_CLASS_MOON", priority: 1}'
refused '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'

claim 'personality: LINUX32 changes what uname says, LINUX does not'
equal LINUX "$(uname -m)" "$(inside 'uname -m' '.linux.personality = {domain: "LINUX"}')"
case $(uname -m) in
  x86_64) equal LINUX32 i686 "$(inside 'uname -m' '.linux.personality = {domain: "LINUX32"}')" ;;
  *) equal LINUX32 0008 "$(inside 'tail -c 5 /proc/self/personality' '.linux.personality = {domain: "LINUX32"}')" ;;
esac
claim 'personality: a domain that there is not is an error'
refused '.linux.personality = {domain: "SOLARIS"}'
claim 'personality: a flag is an error'
refused '.linux.personality = {domain: "LINUX", flags: ["MOON"]}'

claim 'memoryPolicy: mode and nodes'
if [ ! -e /proc/self/numa_maps ]; then
  pass_over 'this kernel knows no memory nodes'
else
  for each in 'MPOL_BIND:0:bind:0' 'MPOL_INTERLEAVE:0:interleave:0' 'MPOL_PREFERRED:0:prefer:0' \
    'MPOL_PREFERRED_MANY:0:prefer (many):0' 'MPOL_LOCAL::local'; do
    mode=${each%%:*}
    rest=${each#*:}
    started ".linux.memoryPolicy = {mode: \"$mode\", nodes: \"${rest%%:*}\"}" || break
    contains "$mode" "$(head -n 1 "/proc/$pid/numa_maps")" " ${rest#*:} "
    contains "$mode inside" "$(inside 'head -n 1 /proc/self/numa_maps' ".linux.memoryPolicy = {mode: \"$mode\", nodes: \"${rest%%:*}\"}")" " ${rest#*:} "
  done
fi
claim 'memoryPolicy: flags'
if [ ! -e /proc/self/numa_maps ]; then
  pass_over 'this kernel knows no memory nodes'
else
  started '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
  contains flag "$(head -n 1 "/proc/$pid/numa_maps")" ' bind=static:0 '
  started '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_RELATIVE_NODES"]}'
  contains flag "$(head -n 1 "/proc/$pid/numa_maps")" ' interleave=relative:0 '
fi
claim 'memoryPolicy: a mode, a flag, or a node that there is not is an error'
refused '.linux.memoryPolicy = {mode: "MPOL_MOON", nodes: "0"}'
refused '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_MOON"]}'
refused '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "900"}'
refused '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "x"}'
refused '.linux.memoryPolicy = {nodes: "0"}'

claim 'execCPUAffinity is not for the first process'
started '.process.execCPUAffinity = {initial: "0", final: "0"}'
equal cpus "$(taskset -cp $$ | sed 's/.*: //')" "$(taskset -cp "$pid" | sed 's/.*: //')"

# execute AFFINITY: which CPUs a process of `exec` may run on.
execute() {
  jq ".process | .args = [\"sh\", \"-c\", \"grep Cpus_allowed_list /proc/self/status\"] | .execCPUAffinity = $1" \
    "$work/base.json" >"$work/process.json"
  rt exec --process "$work/process.json" c </dev/null 2>"$work/err" | awk '{ print $2 }'
}
claim 'execCPUAffinity.final is for a process of exec'
started
if [ "$(nproc)" -lt 2 ]; then
  pass_over 'there is one CPU'
else
  equal 'the first' 0 "$(execute '{final: "0"}')"
  equal 'the second' 1 "$(execute '{initial: "0", final: "1"}')"
  equal 'both' 0-1 "$(execute '{final: "0-1"}')"
  equal 'both, by comma' 0-1 "$(execute '{final: "0,1"}')"
fi
claim 'execCPUAffinity of config.json counts for a process of exec that has none of its own'
started '.process.execCPUAffinity = {initial: "0", final: "1"}'
if [ "$(nproc)" -lt 2 ]; then
  pass_over 'there is one CPU'
else
  equal 'exec' 1 "$(rt exec c grep Cpus_allowed_list /proc/self/status </dev/null | awk '{ print $2 }')"
  equal 'exec --process without' 1 "$(execute null)"
  equal 'exec --process with its own' 0 "$(execute '{final: "0"}')"
fi
claim 'execCPUAffinity.initial alone: the affinity of the container is what a process of exec ends with'
started
if [ "$(nproc)" -lt 2 ]; then
  pass_over 'there is one CPU'
else
  equal 'cpus' "$(taskset -cp "$pid" | sed 's/.*: //' | tr , -)" "$(execute '{initial: "0"}')"
fi
claim 'execCPUAffinity: what is no list of CPUs is an error'
started
for list in moon 1- 5-2 99999999; do
  execute "{final: \"$list\"}" >/dev/null
  [ -s "$work/err" ] || fail "'$list' is taken"
done

# with_terminal FILTER: what the container says on a terminal of `run`.
with_terminal() {
  config ".process.terminal = true | $1"
  timeout 20 script -qec "$runtime --root $work/state run --bundle $bundle r-$own" /dev/null </dev/null | tr -d '\r'
}
claim 'terminal: the standard streams and /dev/console are the terminal'
if ! command -v script >/dev/null; then
  pass_over 'there is no script(1)'
else
  contains streams "$(with_terminal '.process.args = ["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo all of them"]')" 'all of them'
  contains console "$(with_terminal '.process.args = ["sh", "-c", "test -c /dev/console && echo typed >/dev/console"]')" typed
fi
claim 'consoleSize is the size of the terminal'
if ! command -v script >/dev/null; then
  pass_over 'there is no script(1)'
else
  contains size "$(with_terminal '.process.consoleSize = {height: 33, width: 77} | .process.args = ["sh", "-c", "sleep 0.2; stty size"]')" '33 77'
fi
claim 'consoleSize is ignored without a terminal'
equal output 'no terminal' "$(inside 'test -t 0 || echo no terminal' '.process.consoleSize = {height: 33, width: 77}')"

claim 'apparmorProfile is the profile of the process'
if [ -d /sys/kernel/security/apparmor ]; then
  started '.process.apparmorProfile = "unconfined"'
  contains profile "$(cat "/proc/$pid/attr/current")" unconfined
else
  pass_over 'this kernel has no AppArmor'
fi
claim 'selinuxLabel is the label of the process'
if [ -e /sys/fs/selinux/enforce ]; then
  label=$(tr -d '\0' </proc/self/attr/current)
  started ".process.selinuxLabel = \"$label\""
  equal label "$label" "$(tr -d '\0' <"/proc/$pid/attr/current")"
else
  pass_over 'this kernel has no SELinux'
fi

finish
