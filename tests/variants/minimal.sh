#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The core with four plugins: they work, and a launch that asks for another says which there are.
. "$(dirname "$0")/variant.sh"
need_root

# As where each user has a group of their own.
umask 0002
build_variant minimal minimal
binary=$trees/minimal/mini_container

plugins=$(cd "$trees/minimal/plugins.d" && echo *.so)
[ "$plugins" = "ipc.so pid.so rootfs.so uts.so" ] || fail "the plugins are: $plugins"
# shellcheck disable=SC2016
inside=$(run "$binary" --pid --ipc --hostname few -- sh -c 'echo $$ $(hostname)')
[ "$inside" = "1 few" ] || fail "inside: $inside"

# So it is with what is installed, and with a plugin of somebody's own.
prefix=$work/minimal.prefix
hello=$work/minimal.hello
rm -rf "$prefix" "$hello"
{ cmake --install "$trees/minimal" --prefix "$prefix" &&
  cp -r "$prefix/share/mini_container/template" "$hello" &&
  cmake -S "$hello" -B "$hello/build" -G Ninja "-DCMAKE_INSTALL_PREFIX=$hello/prefix" \
    "-DCMAKE_PREFIX_PATH=$prefix" && cmake --build "$hello/build" && cmake --install "$hello/build"; } \
  >"$work/minimal.log" 2>&1 || fail "$(tail -n 30 "$work/minimal.log")"
for plugins in "$hello/build" "$hello/prefix/lib/mini_container/plugins"; do
  inside=$(run "$prefix/bin/mini_container" --plugin-dir "$plugins" run \
    --config "$hello/hello.toml" --hostname few) || true
  [ "$inside" = "good morning Ada Grace" ] || fail "with $plugins: $inside"
done

refused "$binary" --net -- true
contains "$text" "net"
printf '[container]\ncommand = ["true"]\n[net]\n' >"$work/minimal.toml"
refused "$binary" run --config "$work/minimal.toml"
contains "$text" "minimal.toml:3:2" "there is no plugin 'net'" "there are: ipc, pid, rootfs, uts" \
  "from '$trees/minimal/plugins.d'"
