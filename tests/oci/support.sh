# SPDX-License-Identifier: Apache-2.0
# What the scripts of tests/oci share. To be sourced; `$0 RUNTIME DIRECTORY` is how they are called.

skip() {
  echo "SKIPPED: $(basename "$(dirname "$0")"): $*"
  [ "${CI:-}" = true ] && exit 1
  exit 77
}

need_programs() {
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "there is no $program"
  done
}

failures=0
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  failures=$((failures + 1))
}

# equal WHAT EXPECTED FOUND
equal() {
  [ "$2" = "$3" ] || fail "$1: expected '$2', found '$3'"
}

# contains WHAT TEXT PART
contains() {
  case $2 in
    *"$3"*) ;;
    *) fail "$1: '$3' is not in '$2'" ;;
  esac
}

# make_root DIRECTORY: a root with busybox alone.
make_root() {
  mkdir -p "$1/bin" "$1/etc" "$1/tmp" "$1/root" "$1/dev" "$1/proc" "$1/sys"
  chmod 1777 "$1/tmp"
  cp "$(command -v busybox)" "$1/bin/busybox"
  for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$1/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
  echo 'root:x:0:' >"$1/etc/group"
}

# The hybrid layout of cgroups is not for every runtime: in a mount namespace of our own, where it
# is, the v2 part is taken away for all alike. crun makes directories where it was all the same:
# they go with this namespace.
hide_hybrid_cgroup2() {
  grep -q ' /sys/fs/cgroup/unified cgroup2 ' /proc/mounts || return 0
  umount /sys/fs/cgroup/unified && mount -t tmpfs tmpfs /sys/fs/cgroup/unified
}

# wait_until SECONDS COMMAND...
wait_until() {
  tries=$(($1 * 10))
  shift
  while [ "$tries" -gt 0 ]; do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.1
    tries=$((tries - 1))
  done
  return 1
}
