#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config.md, POSIX-platform hooks, and runtime.md, lifecycle: which hook is run when, where, with
# what, and what comes of its failure.
. "$(dirname "$0")/spec.sh"

told=$work/told
# A hook that notes its name, its state, and where it runs.
cat >"$work/hook" <<END
#!/bin/sh
state=\$(cat)
status=\${state#*'"status"'}
status=\${status#*'"'}
echo "\$1 \${status%%'"'*}" >>$told
echo "\$state" >$work/state-\$1
env >$work/env-\$1
for kind in mnt net uts pid; do readlink /proc/self/ns/\$kind; done >$work/ns-\$1
END
chmod +x "$work/hook"
# What a hook inside writes to is the same directory.
share='.mounts += [{"destination": "'$work'", "type": "bind", "source": "'$work'", "options": ["rbind"]}]'

# hook NAME... : JSON of hooks that note their names
hooks() {
  list=
  for name in "$@"; do
    list="$list${list:+,}{\"path\":\"$work/hook\",\"args\":[\"hook\",\"$name\"],\"env\":[\"PATH=/usr/bin:/bin\",\"NAME=$name\"]}"
  done
  printf '[%s]' "$list"
}
namespaces() { for kind in mnt net uts pid; do readlink "$1/ns/$kind"; done; }
failing='[{"path": "/bin/false", "args": ["false"]}]'
made() { rt create --bundle "$bundle" --pid-file "$work/pid" c </dev/null >"$work/out" 2>"$work/err"; }
names() { cut -d' ' -f1 "$told" 2>/dev/null | xargs; }
ended() {
  rt kill c KILL 2>/dev/null
  wait_until 5 stopped
  rt delete c 2>"$work/err"
}

all='.hooks = {prestart: '$(hooks prestart)', createRuntime: '$(hooks createRuntime)',
  createContainer: '$(hooks createContainer)', startContainer: '$(hooks startContainer)',
  poststart: '$(hooks poststart)', poststop: '$(hooks poststop)'}'

claim 'create runs prestart, createRuntime and createContainer, in this order'
: >"$told"
config '.process.args = ["sleep", "100"] | .annotations = {"key": "value"} | '"$share | $all"
made || fail "create: $(cat "$work/err")"
equal hooks 'prestart createRuntime createContainer' "$(names)"

claim 'start runs startContainer and then poststart'
: >"$told"
config '.process.args = ["sleep", "100"] | .annotations = {"key": "value"} | '"$share | $all"
made && : >"$told"
rt start c || fail start
wait_until 5 grep -q poststart "$told"
equal hooks 'startContainer poststart' "$(names)"

claim 'startContainer runs before the program, and poststart after it was started'
: >"$told"
config '.process.args = ["sh", "-c", $script] | '"$share"' | .hooks = {startContainer: $start, poststart: $post}' \
  --arg script "echo program >>$told; sleep 100" --argjson start "$(hooks startContainer)" \
  --argjson post "$(hooks poststart | jq '[{"path": "/bin/sleep", "args": ["sleep", "0.5"]}] + .')"
made && rt start c || fail "start: $(cat "$work/err")"
equal order 'startContainer program poststart' "$(names)"

claim 'delete runs poststop, once the process has ended'
: >"$told"
config '.process.args = ["sleep", "100"] | '"$share | $all"
made && rt start c && : >"$told"
rt kill c KILL
wait_until 5 stopped
equal 'before delete' '' "$(names)"
rt delete c || fail delete
equal hooks poststop "$(names)"

claim 'hooks of one kind run in the listed order, each to its end'
: >"$told"
slow=$(hooks second | jq '.[0].args = ["sh", "-c", "sleep 0.3; echo second >>'"$told"'"] | .[0].path = "/bin/sh"')
config '.hooks = {createRuntime: ($a + $b + $c), poststart: ($a + $b + $c), poststop: ($a + $b + $c)}' \
  --argjson a "$(hooks first)" --argjson b "$slow" --argjson c "$(hooks third)"
made && rt start c && ended || fail "a verb fails: $(cat "$work/err")"
equal order 'first second third first second third first second third' "$(names)"

claim 'the state is on standard input, with the status of that moment'
: >"$told"
config '.process.args = ["sleep", "100"] | .annotations = {"key": "value"} | '"$share | $all"
made && pid=$(cat "$work/pid") && rt start c && ended || fail "a verb fails: $(cat "$work/err")"
equal statuses 'prestart creating, createRuntime creating, createContainer creating, startContainer created, poststart running, poststop stopped' \
  "$(paste -sd, "$told" | sed 's/,/, /g')"
for name in prestart createRuntime createContainer startContainer poststart poststop; do
  state=$(cat "$work/state-$name")
  equal "$name" "[\"c-$own\",\"$bundle\",\"value\",\"1.\"]" \
    "$(echo "$state" | jq -c '[.id, .bundle, .annotations.key, .ociVersion[0:2]]')"
done
for name in prestart createRuntime poststart; do
  equal "pid of $name" "$pid" "$(jq .pid "$work/state-$name")"
done

claim 'a hook has the environment that it lists, and nothing else'
config '.hooks = {createRuntime: $hooks, poststart: $hooks}' --argjson hooks "$(hooks here)"
LEAK=this made || fail create
equal environment 'NAME=here PATH=/usr/bin:/bin' "$(grep -Ev '^(PWD|SHLVL|_|OLDPWD)=' "$work/env-here" | sort | xargs)"

claim 'a hook without args has its path as its name'
config '.hooks.createRuntime = [{"path": "'"$work"'/named"}]'
printf '#!/bin/sh\necho "$0 $#" >%s/named.out\n' "$work" >"$work/named"
chmod +x "$work/named"
made || fail "create: $(cat "$work/err")"
equal name "$work/named 0" "$(cat "$work/named.out")"

claim 'prestart, createRuntime, poststart and poststop run in the namespaces of the runtime'
config '.process.args = ["sleep", "100"] | '"$share | $all"
made && rt start c && ended || fail "a verb fails: $(cat "$work/err")"
ours=$(namespaces /proc/self)
for name in prestart createRuntime poststart poststop; do
  equal "$name" "$ours" "$(cat "$work/ns-$name")"
done

claim 'createContainer and startContainer run in the namespaces of the container'
config '.process.args = ["sleep", "100"] | '"$share | $all"
made && pid=$(cat "$work/pid") && rt start c || fail "a verb fails: $(cat "$work/err")"
for name in createContainer startContainer; do
  equal "$name" "$(namespaces "/proc/$pid")" \
    "$(cat "$work/ns-$name")"
done

claim 'createRuntime and createContainer run before the root is entered; their paths are of the host'
printf '#!/bin/sh\nls -d %s >%s/host-$1\n' "$bundle/config.json" "$work" >"$work/onhost"
chmod +x "$work/onhost"
config '.hooks = {createRuntime: [{"path": $p, "args": ["x", "runtime"]}], createContainer: [{"path": $p, "args": ["x", "container"]}]}' \
  --arg p "$work/onhost"
made || fail "create: $(cat "$work/err")"
equal createRuntime "$bundle/config.json" "$(cat "$work/host-runtime")"
equal createContainer "$bundle/config.json" "$(cat "$work/host-container")"

claim 'the path of startContainer is of the container'
printf '#!/bin/sh\nhostname >/inside-ran; id -u >>/inside-ran\n' >"$root/only-inside"
chmod +x "$root/only-inside"
config '.hostname = "box" | .process.args = ["sleep", "100"] | .process.user = {"uid": 0, "gid": 0}
  | .hooks.startContainer = [{"path": "/only-inside"}]'
made && rt start c || fail "start: $(cat "$work/err")"
equal 'what it saw' 'box 0' "$(xargs <"$root/inside-ran")"

claim 'a hook that the host has not is an error'
for kind in prestart createRuntime createContainer; do
  config '.hooks[$kind] = [{"path": "/nowhere/hook"}]' --arg kind "$kind"
  made && fail "$kind"
  [ -s "$work/err" ] || fail "$kind: no word of why"
  rt delete --force c >/dev/null 2>&1
done

for kind in prestart createRuntime createContainer; do
  claim "a failing $kind hook is an error: no container, its program is not run, poststop is"
  : >"$told"
  config '.process.args = ["sh", "-c", "echo program"] | .hooks = {($kind): ($failing + $late), poststop: $stop}' \
    --arg kind "$kind" --argjson failing "$failing" --argjson late "$(hooks late)" --argjson stop "$(hooks poststop)"
  made && fail 'create goes on'
  rt state c >/dev/null 2>&1 && fail 'there is a container'
  equal 'hooks that ran' poststop "$(names)"
  equal 'the program' '' "$(cat "$work/out")"
done

claim 'a failing startContainer hook is an error: the program is not run, the container has ended'
: >"$told"
config '.process.args = ["sh", "-c", "echo program"] | .hooks = {startContainer: [{"path": "/bin/false"}], poststop: $stop}' \
  --argjson stop "$(hooks poststop)"
made || fail "create: $(cat "$work/err")"
rt start c 2>/dev/null && fail 'start goes on'
wait_until 5 has_ended "$(cat "$work/pid")" || fail 'it lives'
equal 'the program' '' "$(cat "$work/out")"
rt delete --force c
equal 'poststop' poststop "$(names)"

claim 'a failing poststart hook is an error, and the container is stopped'
: >"$told"
config '.process.args = ["sleep", "100"] | .hooks = {poststart: ($failing + $late), poststop: $stop}' \
  --argjson failing "$failing" --argjson late "$(hooks late)" --argjson stop "$(hooks poststop)"
made || fail "create: $(cat "$work/err")"
rt start c 2>"$work/err" && fail 'start goes on'
wait_until 5 has_ended "$(cat "$work/pid")" || fail 'it lives'
rt delete --force c
equal 'hooks that ran' poststop "$(names)"

claim 'run calls all hooks in the same order, with the same statuses'
: >"$told"
config "$share | $all"
rt run --bundle "$bundle" c </dev/null >/dev/null 2>"$work/err" || fail "run: $(cat "$work/err")"
equal statuses 'prestart creating, createRuntime creating, createContainer creating, startContainer created, poststart running, poststop stopped' \
  "$(paste -sd, "$told" | sed 's/,/, /g')"

claim 'run: while startContainer runs, the container is created, and its pid file is there'
rm -f "$work/pid" "$work/here" "$work/go"
cat >"$work/waits" <<END
#!/bin/sh
cat >/dev/null
: >$work/here
for i in 1 2 3 4 5 6 7 8 9 10; do [ -e $work/go ] && exit 0; sleep 0.5; done
exit 1
END
chmod +x "$work/waits"
config '.process.args = ["sleep", "100"] | '"$share"' | .hooks.startContainer = [{"path": $p, "env": ["PATH=/bin"]}]' \
  --arg p "$work/waits"
rt run --detach --bundle "$bundle" --pid-file "$work/pid" c </dev/null >/dev/null 2>"$work/err" &
running=$!
wait_until 5 test -e "$work/here" || fail 'startContainer does not run'
equal state "created $(cat "$work/pid")" "$(rt state c | jq -r '.status + " " + (.pid | tostring)')"
: >"$work/go"
wait "$running" || fail "run: $(cat "$work/err")"
equal 'state then' running "$(rt state c | jq -r .status)"
ended || fail "delete: $(cat "$work/err")"

for kind in startContainer poststart; do
  claim "run: a failing $kind hook is an error: nothing is left, poststop is run"
  : >"$told"
  config '.process.args = ["sleep", "100"] | .hooks = {($kind): [{"path": "/bin/false"}], poststop: $stop}' \
    --arg kind "$kind" --argjson stop "$(hooks poststop)"
  rt run --bundle "$bundle" c </dev/null >/dev/null 2>"$work/err" && fail 'run goes on'
  [ -s "$work/err" ] || fail 'no word of why'
  rt state c >/dev/null 2>&1 && fail 'there is a container'
  equal 'hooks that ran' poststop "$(names)"
done

claim 'a failing poststop hook is a warning, and the others are run'
: >"$told"
config '.process.args = ["sleep", "100"] | .hooks.poststop = ($a + $failing + $b)' \
  --argjson failing "$failing" --argjson a "$(hooks before)" --argjson b "$(hooks behind)"
made && rt start c || fail "start: $(cat "$work/err")"
rt kill c KILL
wait_until 5 stopped
rt delete c 2>"$work/err" || fail 'delete fails'
contains 'the warning' "$(cat "$work/err")" /bin/false
equal 'hooks that ran' 'before behind' "$(names)"
rt state c >/dev/null 2>&1 && fail 'the container is left'

for kind in prestart createRuntime createContainer startContainer poststart; do
  claim "a $kind hook that outlasts its timeout is killed, and that is its failure"
  config '.process.args = ["sleep", "100"] | .hooks[$kind] = [{"path": "/bin/sleep", "args": ["sleep", "15"], "timeout": 1}]' --arg kind "$kind"
  began=$(date +%s)
  made && rt start c 2>"$work/err" && fail 'it goes on'
  [ $(($(date +%s) - began)) -lt 8 ] || fail 'it was waited for'
  rt delete --force c >/dev/null 2>&1
done

claim 'a poststop hook that outlasts its timeout is killed, and delete goes on'
config '.hooks.poststop = [{"path": "/bin/sleep", "args": ["sleep", "15"], "timeout": 1}]'
made && rt start c || fail "start: $(cat "$work/err")"
wait_until 5 stopped
began=$(date +%s)
rt delete c 2>/dev/null || fail 'delete fails'
[ $(($(date +%s) - began)) -lt 8 ] || fail 'it was waited for'

claim 'a timeout that is not reached does no harm'
: >"$told"
config '.hooks.createRuntime = [$hooks[0] + {"timeout": 100000}]' --argjson hooks "$(hooks quick)"
made || fail "create: $(cat "$work/err")"
equal hooks quick "$(names)"

claim 'a timeout of zero or less is an error'
for timeout in 0 -1; do
  refused ".hooks.createRuntime = [{\"path\": \"/bin/true\", \"timeout\": $timeout}]"
done

claim 'a path that is not absolute is an error'
for kind in prestart createRuntime createContainer startContainer poststart poststop; do
  refused ".hooks.$kind = [{\"path\": \"bin/true\"}]"
done

finish
