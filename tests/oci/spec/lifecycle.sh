#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# runtime.md: state, the lifecycle and the operations.
. "$(dirname "$0")/spec.sh"

created() {
  config "$1"
  rt create --bundle "$bundle" --pid-file "$work/pid" c </dev/null >"$work/out" 2>"$work/err"
}

claim 'create without an id is an error'
config
rt create --bundle "$bundle" </dev/null >/dev/null 2>&1 && fail 'it is taken'

claim 'create of a directory without config.json is an error, and makes nothing'
mkdir -p "$work/empty"
rt create --bundle "$work/empty" c </dev/null >/dev/null 2>&1 && fail 'it is taken'
rt state c >/dev/null 2>&1 && fail 'there is a container'

claim 'create makes the container and does not run its program'
created '.process.args = ["sh", "-c", "echo ran"]' || fail "create: $(cat "$work/err")"
equal status created "$(status)"
sleep 0.2
equal 'the program' '' "$(cat "$work/out")"

claim 'the state has version, id, status, pid, bundle and annotations'
created '.process.args = ["sleep", "100"] | .annotations = {"a.b": "c", "d": ""}' || fail create
equal state "{\"id\":\"c-$own\",\"status\":\"created\",\"bundle\":\"$bundle\",\"annotations\":{\"a.b\":\"c\",\"d\":\"\"}}" \
  "$(rt state c | jq -c '{id, status, bundle, annotations}')"
contains 'the version' "$(rt state c | jq -r .ociVersion)" 1.
equal 'the pid, as the host sees it' "$(cat "$work/pid")" "$(rt state c | jq .pid)"
rt start c
equal status running "$(status)"
equal 'the pid' "$(cat "$work/pid")" "$(rt state c | jq .pid)"
rt kill c KILL
wait_until 5 stopped || fail 'it does not end'

claim 'an id that is in use is refused, and the container stays as it is'
created '.process.args = ["sleep", "100"]' || fail create
before=$(rt state c)
created . && fail 'it is taken'
equal state "$before" "$(rt state c)"

claim 'an id can be used again once it is deleted'
for time in 1 2; do
  created . || fail "create $time: $(cat "$work/err")"
  rt start c || fail "start $time"
  wait_until 5 stopped || fail "it does not end $time"
  rt delete c || fail "delete $time"
done

claim 'state without an id, and of what is not there, is an error'
rt state >/dev/null 2>&1 && fail 'without an id'
rt state nobody >/dev/null 2>&1 && fail 'of nobody'

claim 'start runs the program'
created '.process.args = ["sh", "-c", "echo ran; sleep 100"]' || fail create
rt start c || fail start
wait_until 5 grep -q ran "$work/out" || fail 'it does not run'
equal status running "$(status)"

claim 'start without an id, and of what is not there, is an error'
rt start 2>/dev/null && fail 'without an id'
rt start nobody 2>/dev/null && fail 'of nobody'

claim 'a second start is an error without effect'
started || fail start
rt start c 2>/dev/null && fail 'it is taken'
equal status running "$(status)"
equal pid "$pid" "$(rt state c | jq .pid)"

claim 'start of what has ended is an error'
created . || fail create
rt start c
wait_until 5 stopped
rt start c 2>/dev/null && fail 'it is taken'
equal status stopped "$(status)"

claim 'start of a container without a process is an error'
config 'del(.process)'
rt create --bundle "$bundle" c </dev/null >/dev/null 2>&1
rt start c >/dev/null 2>&1 && fail 'it is taken'

claim 'kill without an id, and of what is not there, is an error'
rt kill 2>/dev/null && fail 'without an id'
rt kill nobody KILL 2>/dev/null && fail 'of nobody'

for signal in TERM USR1 KILL 10; do
  claim "kill sends signal $signal to the program"
  case $signal in 10) trapped=USR1 ;; *) trapped=$signal ;; esac
  created '.process.args = ["sh", "-c", "trap \"echo got; exit 3\" '$trapped'; echo up; while :; do sleep 0.05; done"]' || fail create
  rt start c
  wait_until 5 grep -q up "$work/out" || fail 'it does not run'
  rt kill c "$signal" || fail kill
  wait_until 5 stopped || fail 'it does not end'
  [ "$signal" = KILL ] || contains 'the handler' "$(cat "$work/out")" got
done

claim 'kill reaches a created container'
created '.process.args = ["sleep", "100"]' || fail create
rt kill c KILL || fail kill
wait_until 5 stopped || fail "it is $(status)"

claim 'kill of what has ended is an error without effect'
created . || fail create
rt start c
wait_until 5 stopped
rt kill c TERM 2>/dev/null && fail 'it is taken'
equal status stopped "$(status)"

claim 'delete without an id, and of what is not there, is an error'
rt delete 2>/dev/null && fail 'without an id'
rt delete nobody 2>/dev/null && fail 'of nobody'

claim 'delete of what runs is an error without effect'
started || fail start
rt delete c 2>/dev/null && fail 'it is taken'
equal status running "$(status)"
kill -0 "$pid" || fail 'its process has ended'

claim 'delete removes what create made'
cgroups() { find /sys/fs/cgroup -path /sys/fs/cgroup/unified -prune -o -name "spec-life-$own*" -print | wc -l; }
mounts=$(wc -l </proc/self/mounts)
created '.process.args = ["sleep", "100"] | .linux.cgroupsPath = "/spec-life-'"$own"'"
  | .linux.resources = {"pids": {"limit": 20}}' || fail "create: $(cat "$work/err")"
[ "$(cgroups)" -gt 0 ] || fail 'there is no cgroup'
pid=$(cat "$work/pid")
rt kill c KILL
wait_until 5 stopped
rt delete c || fail delete
no_cgroups() { [ "$(cgroups)" -eq 0 ]; }
wait_until 2 no_cgroups || fail 'its cgroups are left'
equal 'mounts of the host' "$mounts" "$(wc -l </proc/self/mounts)"
has_ended "$pid" || fail 'its process is left'
rt state c >/dev/null 2>&1 && fail 'its state is left'

claim 'delete leaves what it did not make'
pids=/sys/fs/cgroup/pids
[ -d "$pids" ] || pids=/sys/fs/cgroup
mkdir "$pids/spec-foreign-$own"
started || fail start
echo "$pid" >"$pids/spec-foreign-$own/cgroup.procs"
rt kill c KILL
wait_until 5 stopped
rt delete c || fail delete
[ -d "$pids/spec-foreign-$own" ] || fail 'a cgroup of somebody else is gone'
wait_until 5 rmdir "$pids/spec-foreign-$own" || fail 'it cannot be removed'

claim 'later edits to config.json do not affect a created container'
created '.process.args = ["sh", "-c", "hostname; echo $WHO; pwd; sleep 100"] | .hostname = "first"
  | .process.env += ["WHO=first"] | .annotations = {"who": "first"} | .process.cwd = "/tmp"
  | .hooks.poststart = [{"path": "/bin/sh", "args": ["sh", "-c", "echo first >>'"$work"'/told"]}]
  | .hooks.poststop = [{"path": "/bin/sh", "args": ["sh", "-c", "echo stopped >>'"$work"'/told"]}]' ||
  fail "create: $(cat "$work/err")"
config '.process.args = ["sh", "-c", "echo second"] | .hostname = "second" | .process.cwd = "/"
  | .process.env += ["WHO=second"] | .annotations = {"who": "second"} | .root.readonly = true
  | .hooks.poststart = [{"path": "/bin/false"}]'
rt start c || fail start
wait_until 5 grep -q /tmp "$work/out" || fail 'it does not run'
equal 'what runs' 'first first /tmp' "$(xargs <"$work/out")"
equal 'annotations' first "$(rt state c | jq -r .annotations.who)"
rm "$bundle/config.json"
equal status running "$(status)"
rt kill c KILL
wait_until 5 stopped
rt delete c || fail 'delete without config.json'
equal 'hooks' 'first stopped' "$(xargs <"$work/told")"

claim 'an unknown property is ignored, at every level'
equal output hello "$(inside 'echo hello' '.unknown = {"a": [1]} | .process.unknown = "x"
  | .root.unknown = 1 | .linux.unknown = null | .mounts[0].unknown = [] | .process.user.unknown = 2
  | .linux.namespaces[0].unknown = "y" | .linux.resources.unknown = {}
  | .annotations = {"org.example.unheard": ""}')"

claim 'properties of other platforms are ignored'
equal output hello "$(inside 'echo hello' '.windows = {"layerFolders": ["C:\\layer"]}
  | .solaris = {"milestone": "online"} | .vm = {"kernel": {"path": "/kernel"}}
  | .zos = {"namespaces": []} | .process.commandLine = "cmd.exe" | .process.user.username = "x"')"

claim 'an invalid version is an error'
refused '.ociVersion = "invalid"'

claim 'a version of another major is an error'
refused '.ociVersion = "2.0.0"'

claim 'a value of a wrong type is an error'
for filter in '.process.args = "true"' '.process.cwd = 1' '.root = "rootfs"' '.mounts = {}' \
  '.process.env = {"A": "b"}' '.linux.namespaces = "pid"' '.process.user.uid = "0"'; do
  refused "$filter"
done

claim 'a version of the 1.x series is taken'
for version in 1.0.0 1.0.2-dev 1.1.0 1.2.1 1.3.0; do
  config '.ociVersion = "'$version'"'
  run
  equal "version $version" 0 "$(code)"
done

finish
