# SPDX-License-Identifier: Apache-2.0
# Sourced by each test, which is called with the source and the build directory.
set -eu
source=$1
build=$2
name=docs.$(basename "$0" .sh)
binary=$build/mini_container
work=$build/$name
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "FAILED: $name: $*" >&2
  exit 1
}

# skip WHY: not in CI, where everything is installed.
skip() {
  echo "SKIPPED: $name: $*" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 77
}

# need COMMAND...
need() {
  for command in "$@"; do
    command -v "$command" >/dev/null 2>&1 || skip "$command is not installed"
  done
}

need_root() { [ "$(id -u)" -eq 0 ] || skip "needs root"; }
