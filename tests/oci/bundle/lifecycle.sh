#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The life of a container made from a bundle, verb by verb.
#   sh lifecycle.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${3:-}" != inside ]; then
  exec unshare --mount --net --propagation private sh "$0" "$1" "$2" inside
fi

work=$2
rm -rf "$work"
mkdir -p "$work/bundle"
make_root "$work/bundle/rootfs"
runtime=$1
mc() { timeout 30 "$runtime" --root "$work/state" "$@"; }
# config FILTER [ARGUMENT...]: the bundle's config.json, changed by a jq filter.
config() {
  (cd "$work/bundle" && rm -f config.json && "$runtime" spec)
  jq '.process.terminal = false | '"$1" "$work/bundle/config.json" >"$work/new.json" &&
    mv "$work/new.json" "$work/bundle/config.json"
}
status() { mc state "$1" | jq -r .status; }

# Create, start, state, kill, delete.
config '.process.args = ["sh", "-c", "echo up; trap \"exit 3\" TERM; while :; do sleep 0.05; done"]
        | .annotations = {"a.b": "c"}'
mc create --bundle "$work/bundle" --pid-file "$work/pid" one >"$work/out" 2>"$work/err" </dev/null
equal 'create' 0 $?
equal 'the pid file' "$(cat "$work/pid")" "$(mc state one | jq .pid)"
equal 'status' created "$(status one)"
equal 'nothing runs before start' '' "$(cat "$work/out")"
equal 'bundle' "$work/bundle" "$(mc state one | jq -r .bundle)"
equal 'annotations' c "$(mc state one | jq -r '.annotations["a.b"]')"
mc create --bundle "$work/bundle" one 2>"$work/err" && fail 'an id is used twice'
contains 'an id that is in use' "$(cat "$work/err")" 'in use'
mc delete one 2>/dev/null && fail 'a created container is deleted without --force'
# Later edits do not count.
config '.process.args = ["false"]'
mc start one || fail 'start'
equal 'status' running "$(status one)"
mc start one 2>/dev/null && fail 'a second start'
wait_until 5 grep -q up "$work/out" || fail 'the program runs'
equal 'list' one "$(mc list -q)"
equal 'list as JSON' running "$(mc list -f json | jq -r '.[0].status')"
equal 'exec' 'in one' "$(mc exec one echo in one)"
mc exec one sh -c 'exit 5'
equal 'exit code of exec' 5 $?
mc exec one /nowhere 2>/dev/null
equal 'exec of what is missing' 127 $?
equal 'ps' "$(mc state one | jq .pid)" "$(mc ps -f json one | jq '.[0]')"
mc pause one || fail 'pause'
equal 'paused' paused "$(status one)"
mc exec one true 2>/dev/null && fail 'exec in a paused container'
mc resume one || fail 'resume'
equal 'resumed' running "$(status one)"
mc resume one 2>/dev/null && fail 'resume of what is not paused'
mc update --pids-limit 33 one || fail 'update'
echo '{"pids": {"limit": 44}}' | mc update --resources - one || fail 'update from standard input'
equal 'events' stats "$(mc events --stats one | jq -r .type)"
mc delete one 2>"$work/err" && fail 'a running container is deleted'
mc kill one TERM || fail 'kill'
wait_until 5 sh -c "! kill -0 $(cat "$work/pid")" || fail 'it ends'
equal 'status' stopped "$(status one)"
mc kill one KILL 2>"$work/err" && fail 'kill of what has ended'
contains 'kill of what has ended' "$(cat "$work/err")" 'container not running'
mc exec one true 2>/dev/null && fail 'exec in what has ended'
mc delete one || fail 'delete'
mc state one 2>"$work/err" && fail 'state of what is gone'
contains 'state of what is gone' "$(cat "$work/err")" 'does not exist'
mc delete one 2>/dev/null && fail 'delete of what is gone'
mc delete --force one || fail 'delete --force of what is gone'

# run, its exit code, and nothing left.
config '.process.args = ["sh", "-c", "exit 9"]'
mc run --bundle "$work/bundle" two
equal 'exit code of run' 9 $?
(cd "$work/bundle" && mc run two)
equal 'run in the bundle' 9 $?
config '.process.args = ["sleep", "60"]'
mc run --detach --bundle "$work/bundle" two </dev/null >/dev/null 2>&1 || fail 'run --detach'
equal 'detached' running "$(status two)"
mc kill --all two KILL || fail 'kill --all'
wait_until 5 test "$(status two)" = stopped
mc delete --force two || fail 'delete --force'
mc create --bundle "$work/bundle" x1 </dev/null >/dev/null 2>&1
mc create --bundle "$work/bundle" x2 </dev/null >/dev/null 2>&1
mc delete --force --regex '^x[0-9]$' || fail 'delete --regex'
equal 'all are gone' '' "$(mc list -q)"

# A start that fails has ended the container by the time that it returns.
for stage in startContainer poststart; do
  config '.process.args = ["sleep", "60"] | .hooks.'$stage' = [{"path": "/bin/false"}]'
  for try in 1 2 3 4 5; do
    mc create --bundle "$work/bundle" failing </dev/null >/dev/null 2>&1 || fail "create before $stage"
    mc start failing 2>/dev/null && fail "start with a $stage that fails"
    equal "the state after a $stage that fails" stopped "$(status failing)"
    mc delete failing || fail "delete after $stage"
  done
done

# What cannot be started is refused by create, and leaves nothing.
config '.process.args = ["/nowhere"]'
mc --log "$work/log" --log-format json create --bundle "$work/bundle" three 2>/dev/null
equal 'create of a missing program' 1 $?
equal 'the log says why' error "$(tail -n 1 "$work/log" | jq -r .level)"
contains 'the log says why' "$(tail -n 1 "$work/log" | jq -r .msg)" '/nowhere'
equal 'nothing is left' '' "$(mc list -q)"

# A working directory that is not there is made, as other runtimes do; not outside of the root.
config '.process.args = ["sh", "-c", "pwd; touch x || echo read-only"] | .process.cwd = "/made/../made/here"
  | .root.readonly = true'
mkdir "$work/bundle/rootfs/made"
equal 'a working directory that is not there' '/made/here read-only' \
  "$(mc run --bundle "$work/bundle" cwd 2>/dev/null | xargs)"
equal 'it is in the root' '755 0:0' "$(stat -c '%a %u:%g' "$work/bundle/rootfs/made/here")"
ln -s /../../../../nowhere "$work/bundle/rootfs/dangling"
config '.process.args = ["true"] | .process.cwd = "/dangling"'
mc run --bundle "$work/bundle" cwd 2>"$work/err" && fail 'a working directory by a link to nothing'
contains 'a working directory by a link to nothing' "$(cat "$work/err")" /dangling
[ ! -e /nowhere ] || fail 'a directory is made on the host'

# The domain name as dockerd gives it.
config '.process.args = ["cat", "/proc/sys/kernel/domainname"]
  | .linux.sysctl = {"kernel.domainname": "inside.test", "kernel.shmmni": "100"}'
equal 'a domain name by sysctl' inside.test "$(mc run --bundle "$work/bundle" domain 2>&1)"
jq '.domainname = "other"' "$work/bundle/config.json" >"$work/new.json" &&
  mv "$work/new.json" "$work/bundle/config.json"
contains 'in both ways' "$(mc run --bundle "$work/bundle" domain 2>&1)" 'the property domainname says it too'

# Who it is need not be readable.
config '.process.args = ["sh", "-c", "echo $HOME; cat /etc/passwd"] | .linux.maskedPaths += ["/etc/passwd", "/etc/group"]'
equal 'a masked /etc/passwd' / "$(mc run --bundle "$work/bundle" masked 2>&1)"

# A limit beyond what has a sign, in the container and in what joins it.
config '.process.args = ["sleep", "60"] | .process.rlimits = [{"type": "RLIMIT_CORE", "soft": 5, "hard": 54321}]'
sed -i 's/54321/9223372036854775809/' "$work/bundle/config.json"
mc run --detach --bundle "$work/bundle" limit </dev/null >/dev/null 2>"$work/err" ||
  fail "a limit of 2^63 + 1: $(cat "$work/err")"
equal 'a limit of 2^63 + 1' '5 9223372036854775809' \
  "$(sed -nE 's/^Max core file size +([0-9]+) +([0-9]+) .*/\1 \2/p' "/proc/$(mc state limit | jq .pid)/limits")"
equal 'the same for what joins' '5 9223372036854775809' \
  "$(mc exec limit sed -nE 's/^Max core file size +([0-9]+) +([0-9]+) .*/\1 \2/p' /proc/self/limits)"
mc delete --force limit || fail 'delete --force'

# Preserved descriptors.
config '.process.args = ["sh", "-c", "cat <&3; ls /proc/self/fd | wc -l"]'
echo kept >"$work/kept"
equal 'preserved descriptors' 'kept 5' \
  "$(mc run --preserve-fds 1 --bundle "$work/bundle" four 3<"$work/kept" 4</dev/null | xargs)"

# Hooks, in their order, with the state on standard input.
cat >"$work/hook" <<END
#!/bin/sh
echo "\$1 \$(sed -E 's/.*"status": ?"([a-z]*)".*/\\1/')" >>$work/hooks
END
chmod +x "$work/hook"
cp "$work/hook" "$work/bundle/rootfs/hook"
hook() { printf '[{"path": "%s", "args": ["hook", "%s"], "env": ["PATH=/usr/bin:/bin"]}]' "$work/hook" "$1"; }
config '.process.args = ["true"] | .hooks = {
    "prestart": '"$(hook prestart)"', "createRuntime": '"$(hook createRuntime)"',
    "createContainer": '"$(hook createContainer)"', "poststart": '"$(hook poststart)"',
    "poststop": '"$(hook poststop)"'}'
mc create --bundle "$work/bundle" five </dev/null || fail 'create with hooks'
equal 'hooks of create' 'prestart creating createRuntime creating createContainer creating' "$(xargs <"$work/hooks")"
mc start five || fail 'start with hooks'
wait_until 5 sh -c "test \"\$($runtime --root $work/state state five | jq -r .status)\" = stopped"
mc delete five || fail 'delete with hooks'
equal 'all hooks' 'prestart createRuntime createContainer poststart poststop' \
  "$(cut -d' ' -f1 <"$work/hooks" | xargs)"
config '.process.args = ["true"] | .hooks = {"createRuntime": [{"path": "/bin/false"}]}'
mc create --bundle "$work/bundle" six 2>/dev/null && fail 'a failing createRuntime hook'
equal 'a failing hook leaves nothing' '' "$(mc list -q)"

# An engine's end at any point: delete --force leaves nothing.
config '.process.args = ["sleep", "60"]'
for delay in 0 0.002 0.005 0.01 0.02 0.05; do
  "$runtime" --root "$work/state" create --bundle "$work/bundle" seven </dev/null >/dev/null 2>&1 &
  creator=$!
  sleep "$delay"
  kill -9 "$creator" 2>/dev/null
  wait "$creator" 2>/dev/null
  mc delete --force seven || fail "delete --force after $delay s"
  equal "after $delay s" '' "$(mc list -q)"
done
[ -z "$(ls -d /sys/fs/cgroup/*/mini_container-seven 2>/dev/null)" ] || fail 'cgroups are left'

[ "$failures" -eq 0 ] || exit 1
echo 'bundle: the life of a container, verb by verb, is as it should be'
rm -rf "$work"
