#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# convert: config.json to a launch file and back, with nothing lost; and both of them run.
#   sh run.sh MINI_CONTAINER DIRECTORY CONFIG-DIRECTORY
set -u
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${4:-}" != inside ]; then
  exec unshare --mount --net --propagation private sh "$0" "$1" "$2" "$3" inside
fi
runtime=$1
work=$2
launches=$3
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work/bundle"
hide_hybrid_cgroup2
ip link set lo up 2>/dev/null
convert() { timeout 30 "$runtime" convert "$@"; }

# What two configurations may differ in and say the same: the version they are written for, what is
# empty or off, the order of what has none, and the type bits in a file's mode.
same_json() {
  jq -S 'del(.ociVersion)
      | (.linux.namespaces, .mounts, .process.rlimits) |= (. // [] | sort_by(.destination, .type))
      | if .linux.devices then .linux.devices |= map(if .fileMode then .fileMode %= 4096 else . end) else . end
      | del(.. | .valueTwo? | select(. == 0))
      | if .process.user.umask == 18 then del(.process.user.umask) else . end
      | .mounts |= map(if .type == "none" then .type = "bind"
          elif .type == "cgroup" then .options -= ["rprivate"] else . end)
      | walk(if type == "object" then with_entries(select(.value != false and .value != []))
             else . end)' "$1"
}

# round_trip WHAT [elsewhere]: bundle/config.json, by way of a launch file, and once more.
round_trip() {
  cd "$work/bundle" || exit 1
  rm -f l*.toml c[0-9].json
  mv config.json c1.json 2>/dev/null
  if convert c1.json --output l1.toml 2>err && convert l1.toml --output c2.json 2>>err &&
    convert c2.json --output l2.toml 2>>err && convert l2.toml --output c3.json 2>>err &&
    convert c3.json --output l3.toml 2>>err; then
    equal "$1: nothing is said" '' "$(cat err)"
    same_json c1.json >same1
    same_json c2.json >same2
    diff same1 same2 >difference || fail "$1: config.json differs: $(cat difference)"
    cmp -s c2.json c3.json || fail "$1: config.json goes on changing"
    cmp -s l2.toml l3.toml || fail "$1: the launch goes on changing"
    [ -n "${2:-}" ] || "$runtime" validate l1.toml >/dev/null 2>err || fail "$1: $(cat err)"
  else
    fail "$1: $(cat err)"
  fi
  cd "$work" || exit 1
}
make_root "$work/bundle/rootfs"
for flag in '' --rootless; do
  # shellcheck disable=SC2086
  (cd "$work/bundle" && "$runtime" spec $flag)
  round_trip "spec $flag"
done
for other in crun runc; do
  if command -v "$other" >/dev/null; then
    (cd "$work/bundle" && "$other" spec)
    round_trip "the specification of $other"
    (cd "$work/bundle" && "$other" spec --rootless)
    # crun lists no ids, which root on this machine need not have.
    round_trip "the rootless specification of $other" elsewhere
  else
    echo "SKIPPED: convert: there is no $other"
    [ "${CI:-}" != true ] || failures=$((failures + 1))
  fi
done
mkdir -p "$work/bundle/files"
for file in hostname hosts shm .containerenv; do echo box >"$work/bundle/files/$file"; done
rm "$work/bundle/files/shm"
mkdir "$work/bundle/files/shm"
cp "$here/engine.json" "$work/bundle/config.json"
round_trip "an engine's"
# Not for this machine: no such devices, modules or files.
cp "$here/every.json" "$work/bundle/config.json"
round_trip 'every property' elsewhere

# What cannot be said is listed, and nothing is written; --lossy goes on.
cd "$work/bundle" || exit 1
jq '.surprise = {"a": 1} | .linux.surprise = [1] | .linux.intelRdt = {"closID": "x"}
    | .process.user.username = "me" | .mounts[0].more = true | .hooks = null
    | .process.env += ["TERM=twice"]' c1.json >config.json
# jq makes 2^63 of the largest limit that a launch file can have.
jq 'del(.linux.seccomp, .process.rlimits[1])' config.json >x && mv x config.json
rm -f l1.toml
convert config.json --output l1.toml 2>err
equal 'what cannot be said: exit code' 2 $?
[ ! -e l1.toml ] || fail 'what cannot be said: a file is written'
listed=$(sed -E 's/^[^:]*:[0-9]+:[0-9]+: ([^:]*): .*/\1/; /^mini_container/d' err | sort | xargs)
equal 'what cannot be said is listed' \
  'linux.intelRdt linux.surprise mounts[0].more process.user.username surprise' "$listed"
contains 'with its place' "$(cat err)" 'config.json:'
jq '.process.env += ["A=twice", "A=thrice"]' c1.json >config.json
convert config.json 2>err >out
equal 'a variable twice' 2 $?
contains 'a variable twice' "$(cat err)" 'process.env[5]: the variable is there twice'
equal 'nothing on standard output' '' "$(cat out)"
convert --lossy config.json >out 2>err || fail '--lossy'
contains '--lossy: the list' "$(cat err)" 'process.env[5]'
contains '--lossy: the launch' "$(cat out)" 'A = "thrice"'
jq '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 54321}]' c1.json |
  sed 's/54321/9223372036854775809/' >config.json
convert config.json 2>err >out
equal 'a limit beyond TOML' 2 $?
contains 'a limit beyond TOML' "$(cat err)" 'process.rlimits[0].hard: it is beyond 2^63'
echo '[container' >broken.toml
convert broken.toml >out 2>err
equal 'a broken launch' 125 $?
echo '{"ociVersion": "1.0.0"}' >broken.json
convert broken.json >out 2>err
equal 'a broken config.json' 125 $?
contains 'a broken config.json' "$(cat err)" 'process: it is required'
convert broken >out 2>err && fail 'a file of no kind'
convert config.json --lossy -o broken.json 2>err && fail 'a file is overwritten'
contains 'a file is overwritten' "$(cat err)" 'not overwritten'
printf '[container]\ncommand = ["sh"]\nuser = "nobody"\n[rootfs]\npath = "rootfs"\n' >user.toml
convert --lossy user.toml >out 2>err && fail 'a user by name'
contains 'a user by name' "$(cat err)" "'nobody' is a name"
printf '[container]\ncommand = ["sh"]\ncwd = "/a"\n[rootfs]\npath = "rootfs"\ndirectories = ["/a", "/b"]\n' \
  >made.toml
convert made.toml >out 2>err
equal 'a directory that is made: exit code' 2 $?
equal 'a directory that is made is listed' 'rootfs.directories[1]' \
  "$(sed -E 's/^[^:]*:[0-9]+:[0-9]+: ([^:]*): .*/\1/' err | grep -v '^mini_container' | xargs)"
contains 'and why' "$(cat err)" 'a bundle makes its working directory alone'
printf '[container]\ncommand = ["sh"]\n[rootfs]\npath = "rootfs"\n[scheduling]\nio_class = "best_effort"\n' \
  >io.toml
convert --lossy io.toml >out 2>err
equal 'a priority of input and output that is left out' 4 "$(jq .process.ioPriority.priority out)"
printf '[container]\ncommand = ["sh"]\n[rootfs]\npath = "rootfs"\n[cgroup.rdma]\nmlx5_0 = { hca_handles = "max", hca_objects = 7 }\n' \
  >rdma.toml
convert --lossy rdma.toml >out.json 2>err
equal 'no limit of RDMA' '{"mlx5_0":{"hcaHandles":2147483647,"hcaObjects":7}}' "$(jq -c .linux.resources.rdma out.json)"
equal 'no limit of RDMA, and back' '"max" 7' "$(convert out.json 2>err | sed -n 's/.*hca_handles = \([^,]*\),.*hca_objects = \([0-9]*\).*/\1 \2/p')"
printf '[container]\ncommand = ["sh"]\n' >root.toml
convert --lossy root.toml >out 2>err && fail 'no root'
contains 'no root' "$(cat err)" 'rootfs.path: a bundle has a root of its own'
cd "$work" || exit 1

# The launches of config/, with their root where they look for it: what is listed of each, and
# that what is left is the same launch.
cp -r "$launches" "$work/config"
mkdir -p "$work/build/demo"
make_root "$work/build/demo/root"
printf '#!/bin/sh\nexec sh /show\n' >"$work/build/demo/root/bin/view"
chmod +x "$work/build/demo/root/bin/view"
plan_of() {
  "$runtime" plan --json "$1" | jq -S '{clone_flags, namespaces: [.namespaces[] | {type, how}] | sort,
    mounts: [.mounts | sort_by(.destination)[] | select(.destination | startswith("/sys/fs/cgroup") | not)
             | del(.plugin, .place) | if .options then .options |= (split(",") | sort) else . end]}'
}
convert_launch() {
  cd "$work/config" || exit 1
  rm -f c.json l.toml c2.json
  convert --lossy "$1" --output c.json 2>err || fail "$1: $(cat err)"
  equal "$1: what is listed" "$2" "$(sed -E 's/^[^:]*:[0-9]+:[0-9]+: ([^:]*): .*/\1/' err | xargs)"
  [ -z "$2" ] || { convert "$1" >/dev/null 2>&1; equal "$1: exit code" 2 $?; }
  convert c.json --output l.toml 2>err || fail "$1: back: $(cat err)"
  convert l.toml --output c2.json 2>err || fail "$1: forth: $(cat err)"
  jq -S . c.json >sorted1
  jq -S . c2.json >sorted2
  diff sorted1 sorted2 >difference || fail "$1: config.json differs: $(cat difference)"
}
tried=0
for launch in "$launches"/*.toml; do
  grep -q '^\[container\]' "$launch" || continue
  case ${launch##*/} in
    demo.toml) convert_launch demo.toml '' ;;
    shell.toml) convert_launch shell.toml rootfs.overlay ;;
    hardened.toml) convert_launch hardened.toml 'rootfs.idmap pid.init seccomp' ;;
    rootless.toml) convert_launch rootless.toml 'rootfs.overlay user.mode seccomp' ;;
    *) fail "$launch: what it lists is not known here" ;;
  esac
  # The launch without what is listed, and the one that went there and back.
  sed -E '/^(overlay|idmap|init|mode) /d; /^\[seccomp\]/d; s/^extends = .*/extends = "plain-demo.toml"/' \
    "${launch##*/}" >"plain-${launch##*/}"
  [ "${launch##*/}" = rootless.toml ] && sed -i 's/^\[user\]/[user]\nmode = "single"/' plain-rootless.toml
  plan_of "plain-${launch##*/}" >plan1
  plan_of l.toml >plan2
  # There, every container is in all hierarchies of cgroups.
  diff plan1 plan2 >difference || fail "${launch##*/}: the plan differs: $(cat difference)"
  tried=$((tried + 1))
done
equal 'launches tried' 4 "$tried"
cd "$work" || exit 1

# They run, and what is seen inside is the same.
cat >"$work/bundle/rootfs/show" <<'END'
id -u; id -g; hostname; pwd
grep -E 'Cap|Seccomp:|NoNewPrivs|Groups' /proc/self/status
echo "$A $PATH $HOME $TERM"
cat /proc/self/oom_score_adj /proc/sys/kernel/shmmni
ls /dev | grep -v '^core$' | xargs
grep -E 'open files|processes' /proc/self/limits
grep -v ' /sys/fs/cgroup' /proc/self/mounts | cut -d' ' -f2-4 | sed 's/,inode64//; s/,size=[0-9]*k//' | sort
cat /proc/self/cgroup | grep -c :
END
cp "$work/bundle/rootfs/show" "$work/build/demo/root/show"
run_bundle() { timeout 30 "$1" --root "$work/state-${1##*/}" run --bundle "$2" "c$$" </dev/null 2>"$work/err"; }
# ran WHAT EXPECTED-FILE COMMAND...
ran() {
  what=$1
  expected=$2
  shift 2
  "$@" </dev/null >"$work/out" 2>"$work/err" || fail "$what: $(cat "$work/err")"
  diff "$expected" "$work/out" >"$work/difference" || fail "$what: $(cat "$work/difference")"
}
launch() { timeout 30 "$runtime" --root "$work/state" run --config "$@"; }
for kind in spec engine; do
  cd "$work/bundle" || exit 1
  rm -f config.json l.toml c.json
  if [ "$kind" = spec ]; then
    "$runtime" spec
    jq '.process.terminal = false | .process.args = ["sh", "/show"]' config.json >x && mv x config.json
  else
    cp "$here/engine.json" config.json
  fi
  run_bundle "$runtime" "$work/bundle" >"$work/inside" || fail "$kind: the bundle: $(cat "$work/err")"
  equal "$kind: it looks" yes "$(grep -q Seccomp "$work/inside" && echo yes)"
  convert config.json --output l.toml || fail "$kind: convert"
  ran "$kind: as a launch" "$work/inside" launch "$work/bundle/l.toml"
  convert l.toml --output c.json || fail "$kind: convert back"
  mv c.json config.json
  ran "$kind: as a bundle again" "$work/inside" run_bundle "$runtime" "$work/bundle"
done
cd "$work/config" || exit 1
launch demo.toml >"$work/inside" 2>"$work/err" || fail "demo.toml: $(cat "$work/err")"
rm -f config.json
convert demo.toml --output config.json || fail 'demo.toml: convert'
ran 'demo.toml as a bundle' "$work/inside" run_bundle "$runtime" "$work/config"
# Elsewhere its paths are absolute.
mkdir "$work/elsewhere"
convert demo.toml --output "$work/elsewhere/config.json" || fail 'demo.toml: convert elsewhere'
ran 'demo.toml as a bundle elsewhere' "$work/inside" run_bundle "$runtime" "$work/elsewhere"
convert --lossy hardened.toml 2>/dev/null | jq '.process.args = ["sh", "/show"]' >"$work/elsewhere/hardened.json"
sed -E '/^idmap/d; /^init/d; /^\[seccomp\]/d; s|^command = .*|command = ["sh", "/show"]|' hardened.toml >plain.toml
launch plain.toml >"$work/inside-hardened" 2>"$work/err" || fail "hardened.toml: $(cat "$work/err")"
mv "$work/elsewhere/hardened.json" "$work/elsewhere/config.json"
ran 'hardened.toml as a bundle' "$work/inside-hardened" run_bundle "$runtime" "$work/elsewhere"
if command -v crun >/dev/null; then
  # crun has other standard links and another line for its cgroups.
  simple() { grep -E '^[0-9]+$|^box$|^/$|Cap(Bnd|Eff|Prm)|NoNewPrivs|^/dev/(pts|shm|mqueue) |^/proc proc' "$1" | head -n 12; }
  run_bundle crun "$work/config" >"$work/out" || fail "demo.toml under crun: $(cat "$work/err")"
  equal 'demo.toml under crun: identity and rights' "$(simple "$work/inside")" "$(simple "$work/out")"
fi

[ "$failures" -eq 0 ] || exit 1
echo 'convert: there and back nothing is lost unsaid, and both run'
cd / && rm -rf "$work"
