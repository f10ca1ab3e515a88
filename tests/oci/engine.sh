# SPDX-License-Identifier: Apache-2.0
# What the tests of container engines share: a machine of their own to run in, the comparison of
# what an engine says with us and with the control, and a look at what is left. To be sourced.
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/support.sh"

# The hierarchies of cgroups of version 1, one a line: DIRECTORY OPTIONS.
cgroup_hierarchies() {
  awk '$3 == "cgroup" {
      count = split($4, words, ","); kept = ""
      for (i = 1; i <= count; ++i)
        if (words[i] !~ /^(rw|ro|relatime|nosuid|nodev|noexec|xattr|release_agent=.*)$/)
          kept = kept (kept == "" ? "" : ",") (words[i] ~ /^name=/ ? "none," : "") words[i]
      print $2, kept }' /proc/mounts
}

# enter_cgroups NAME: into one of our own in each hierarchy; the engines will see it as the root.
enter_cgroups() {
  for directory in $(cgroup_hierarchies | cut -d' ' -f1); do
    mkdir "$directory/$1" || return 1
    for set in cpuset.cpus cpuset.mems; do
      [ ! -f "$directory/$set" ] || cat "$directory/$set" >"$directory/$1/$set" || return 1
    done
    # A share of real time, where the kernel divides it among cgroups.
    [ ! -f "$directory/cpu.rt_runtime_us" ] || echo 20000 >"$directory/$1/cpu.rt_runtime_us" || return 1
    sh -c 'echo $PPID' >"$directory/$1/cgroup.procs" || return 1
  done
}

# Engines leave cgroups of their own (/libpod_parent, /default, /docker); those go with it.
remove_cgroups() {
  for directory in $(cgroup_hierarchies | cut -d' ' -f1); do
    [ ! -d "$directory/$1" ] || find "$directory/$1" -depth -type d -exec rmdir {} +
  done
}

# The hierarchies anew, as seen from our own cgroups. The v2 part of a hybrid layout is not for every
# runtime: it is left out for all alike.
mount_cgroups() {
  hierarchies=$(cgroup_hierarchies)
  [ -n "$hierarchies" ] || return 0
  umount --recursive /sys/fs/cgroup && mount -t tmpfs tmpfs /sys/fs/cgroup || exit 1
  printf '%s\n' "$hierarchies" | while read -r directory options; do
    mkdir -p "$directory" && mount -t cgroup -o "$options" cgroup "$directory" || exit 1
  done
}

# in_own_machine "$@": starts the script anew in namespaces of its own, with an empty /run and
# /dev/shm, and returns there. All that is started is gone with its first process.
in_own_machine() {
  [ "$(id -u)" = 0 ] || skip "needs root"
  if [ "${3:-}" != inside ]; then
    rm -rf "$2"
    mkdir -p "$2"
    own=mini_container-test-$$
    (
      enter_cgroups "$own" || exit 1
      exec unshare --mount --net --ipc --uts --cgroup --pid --fork --kill-child --mount-proc \
        --propagation private sh "$0" "$1" "$2" inside
    ) &
    machine=$!
    trap 'kill -9 "$machine"' TERM INT HUP
    wait "$machine"
    code=$?
    remove_cgroups "$own" || code=1
    exit "$code"
  fi
  runtime=$1
  # Names of sockets and podman's directories are to be short.
  work=/run/e
  mount_cgroups
  mount -t tmpfs -o mode=755 tmpfs /run && mount -t tmpfs tmpfs /dev/shm &&
    mkdir -p "$work" /run/lock && mount --bind "$2" "$work" || exit 1
  # A null of our own: the controls change its owner.
  mknod -m 666 /run/null c 1 3 && mount --bind /run/null /dev/null || exit 1
  ip link set lo up
  mkdir "$work/cwd" "$work/tmp" "$work/home"
  # conmon leaves a file in its working directory when memory runs out.
  cd "$work/cwd" || exit 1
  export TMPDIR="$work/tmp" HOME="$work/home"
  findings >"$work/before"
}

# What there is of processes, mounts, cgroups and the runtime's own state. The cgroups that podman
# makes for all and for a pod are not the runtime's to remove; in the named hierarchy, which podman
# does not know, crun leaves them as well.
findings() {
  ps -e -o pid=,stat=,args= |
    awk -v self="$0" '$1 != 1 && $2 !~ /^Z/ && $3 !~ /^(ps|awk)$/ && $4 != self {
      $1 = $2 = ""; print "process" $0 }'
  sed 's/^[0-9]* [0-9]* [^ ]* /mount /; s/ - .*//' /proc/self/mountinfo
  find /sys/fs/cgroup -mindepth 2 -type d | grep -vE '^/sys/fs/cgroup/[^/]*/(libpod_parent|default|docker)(/conmon)?$' |
    grep -vE '^/sys/fs/cgroup/systemd/libpod_parent/[0-9a-f]{64}$' | sed 's/^/cgroup /'
  stat -c 'owner of %n: %u:%g' /dev/null /dev/zero /dev/tty
  # Wherever an engine has put our state; not in what it unpacks.
  find /run \( -name root -o -name data -o -name image \) -prune -o -name record.jsonl -print | sed 's/^/state /'
}
as_before() {
  findings >"$work/after"
  cmp -s "$work/before" "$work/after"
}
nothing_remains() {
  wait_until 10 as_before || fail "what the engine's containers leave (+):
$(diff "$work/before" "$work/after")"
}

# check NAME COMMAND...: prints what it says and how it ends, without what differs between runs.
check() {
  printf '## %s\n' "$1"
  printf '## %s\n' "$1" >&3
  shift
  command -v "$1" >"$work/command" || fail "there is no command '$1' to check with"
  out=$("$@" 2>"$work/stderr")
  code=$?
  [ -z "$out" ] || printf '%s\n' "$out" | sed -E 's/\b[0-9a-f]{64}\b/ID/g; s/\b[0-9a-f]{12}\b/ID/g'
  printf 'exit %s\n' "$code"
  cat "$work/stderr" >&3
}

# in_terminal COMMAND: in a terminal of 31 lines and 99 columns; our standard input is typed. What
# the terminal itself echoes, whenever that is, is left out, and a line that crun alone says, now and
# then, of a process that has ended.
in_terminal() {
  script -qec "stty -echo rows 31 cols 99; $1" /dev/null >"$work/terminal"
  code=$?
  tr -d '\r' <"$work/terminal" | sed 's/\^[@CD]//g; /^$/d; /^typed$/d; /Z: open pidfd: No such process/d'
  return "$code"
}

# resized COMMAND: the size of a terminal in which COMMAND runs a program follows the caller's. podman
# tells the first size when the program may run already, and of two changes at once may miss the
# second: it is told more than once.
resized() {
  cat >"$work/resize" <<END
exec 3<&0
$1 sh -c 'i=0; until [ "\$(stty size 2>/dev/null)" = "40 132" ] || [ \$((i += 1)) -gt 100 ]; do sleep 0.1; done; test \$i -le 100 && echo resized' <&3 &
stty rows 40
for i in 1 2 3 4 5 6 7 8; do sleep 0.4; stty cols 131; stty cols 132; done
wait \$!
END
  in_terminal "sh $work/resize"
}

# compare CONTROL: each check gives the same with mini_container. What they wrote to standard
# error is in NAME.errors.
compare() {
  diff -U 3 "$work/$1.txt" "$work/mini_container.txt" >"$work/difference" || {
    fail "a difference between $1 (-) and mini_container (+):"
    cat "$work/difference"
  }
}

# ask NAME: runs `checks` with a runtime, after the script's own `choose NAME`.
ask() {
  choose "$1"
  checks >"$work/$1.txt" 3>"$work/$1.errors" </dev/null
  settled "$1"
}
# settled NAME: what a script does when its checks have been made with a runtime.
settled() { :; }

# compare_with CONTROL: runs `checks` with mini_container and with the control. A control under its
# engine now and then gives another answer: where ours differs it is asked once more, and one of its
# two answers must be ours.
compare_with() {
  ask mini_container
  ask "$1"
  if ! cmp -s "$work/$1.txt" "$work/mini_container.txt"; then
    mv "$work/$1.txt" "$work/$1.first.txt"
    mv "$work/$1.errors" "$work/$1.first.errors"
    ask "$1"
    awk -f "$tests/nearest.awk" "$work/mini_container.txt" "$work/$1.first.txt" "$work/$1.txt" >"$work/$1.nearest.txt"
    mv "$work/$1.nearest.txt" "$work/$1.txt"
  fi
  compare "$1"
}

# conclude NAME CONTROL
conclude() {
  [ "$failures" -eq 0 ] || exit 1
  echo "$1: $(grep -c '^## ' "$work/mini_container.txt") checks give the same with mini_container and $2"
}
