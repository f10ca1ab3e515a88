# SPDX-License-Identifier: Apache-2.0
# Sourced by each test of a variant, which is called with the source and the build directory.
set -eu
source=$1
build=$2
. "$source/config/packages.sh"
name=$(basename "$0" .sh)
work=$build/variants
mkdir -p "$work"
# Where variants are built: beside build/default, so that the compiler cache meets the same relative
# paths there, and tests/run.sh goes on with what is built here.
case $build in
  */build/*) trees=$(dirname "$build") ;;
  *) trees=$work ;;
esac

fail() {
  echo "FAILED: variants.$name: $*" >&2
  exit 1
}

# contains TEXT PART...
contains() {
  text=$1
  shift
  for part in "$@"; do
    case $text in
      *"$part"*) ;;
      *) fail "'$part' is missing in: $text" ;;
    esac
  done
}

need_root() {
  [ "$(id -u)" -eq 0 ] && return
  echo "SKIPPED: variants.$name: needs root" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 77
}

# run BINARY ARGUMENT...: a container, with its state in the build directory, mounts apart.
run() {
  binary=$1
  shift
  unshare -m --propagation private "$binary" --root "$work/$name.state" "$@" 2>&1
}

# build_variant NAME PRESET [CMAKE ARGUMENT...]: in $trees/NAME. With $target set, that target alone.
build_variant() {
  variant=$1
  shift
  (cd "$source" && configure_and_build "$trees/$variant" "$@") || fail "the build of $variant"
}

# refused BINARY ARGUMENT...: exit code 125; what it said is in $text.
refused() {
  status=0
  text=$(run "$@") || status=$?
  [ "$status" -eq 125 ] || fail "exit code $status of $*: $text"
}
