#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two plugins by name, in whatever order and however often they are given: just those are built, and
# they work.
. "$(dirname "$0")/variant.sh"
need_root

build_variant two default '-DMINI_CONTAINER_PLUGINS=pid;rootfs;pid' -DMINI_CONTAINER_TESTS=OFF
binary=$trees/two/mini_container

plugins=$(cd "$trees/two/plugins.d" && echo *.so)
[ "$plugins" = "pid.so rootfs.so" ] || fail "the plugins are: $plugins"
# shellcheck disable=SC2016
inside=$(run "$binary" --pid -- sh -c 'echo $$')
[ "$inside" = 1 ] || fail "the command is not process 1: $inside"
contains "$(run "$binary" plugin list)" "pid " "rootfs "
refused "$binary" --hostname box -- true
contains "$text" "hostname"
