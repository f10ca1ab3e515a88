#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The core with two plugins: they work, and a launch that asks for another says which there are.
. "$(dirname "$0")/variant.sh"
need_root

configure "$trees/minimal" minimal >"$work/minimal.log" || fail "$(cat "$work/minimal.log")"
cmake --build "$trees/minimal" >"$work/minimal.log" 2>&1 || fail "$(tail -n 30 "$work/minimal.log")"
binary=$trees/minimal/mini_container

plugins=$(cd "$trees/minimal/plugins.d" && echo *.so)
[ "$plugins" = "pid.so rootfs.so" ] || fail "the plugins are: $plugins"
inside=$(run "$binary" --pid -- sh -c 'echo $$')
[ "$inside" = 1 ] || fail "the command is not process 1: $inside"

status=0
text=$(run "$binary" --uts -- true) || status=$?
[ "$status" -eq 125 ] || fail "exit code $status for a plugin that is not there"
contains "$text" uts
printf '[container]\ncommand = ["true"]\n[uts]\n' >"$work/minimal.toml"
status=0
text=$(run "$binary" run --config "$work/minimal.toml") || status=$?
[ "$status" -eq 125 ] || fail "exit code $status for a plugin that is not there"
contains "$text" "minimal.toml:3:2" "there is no plugin 'uts'" "there are: pid, rootfs" \
  "from '$trees/minimal/plugins.d'"
