#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One file that needs no other: every plugin linked in, run from an empty directory.
. "$(dirname "$0")/variant.sh"
need_root

target=mini_container
build_variant builtin builtin -DMINI_CONTAINER_TESTS=ON
[ ! -e "$trees/builtin/plugins.d" ] || fail "there are plugins as files"

rm -rf "$work/alone"
mkdir "$work/alone"
cp "$trees/builtin/mini_container" "$work/alone/"
binary=$work/alone/mini_container
needed=$(readelf -d "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' || true)
[ "$needed" = libc.so.6 ] || fail "it needs more than libc: $needed"

listed=$(run "$binary" plugin list)
for plugin in "$source"/plugins/*/CMakeLists.txt; do
  contains "$listed" "$(basename "$(dirname "$plugin")") "
done
contains "$listed" "(built in)"
inside=$(run "$binary" --pid --hostname alone --ipc -- sh -c 'echo $$ $(hostname)')
[ "$inside" = "1 alone" ] || fail "inside: $inside"
# Nothing is loaded from disk, whatever it is told.
refused "$binary" --plugin-dir "$build/tests/sdk/fixtures/plugins.d" --smaller_struct -- true
contains "$text" smaller_struct
refused "$binary" --nosuch.option x -- true
contains "$text" "there is no plugin 'nosuch'" "uts (built in)"
refused "$binary" plugin check "$build/plugins.d/uts.so"
contains "$text" "its plugins are linked in"
