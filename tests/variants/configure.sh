#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the configuration refuses, and the presets.
. "$(dirname "$0")/variant.sh"

refuses_to_configure() {
  rm -rf "$work/refused"
  if text=$(cd "$source" && cmake --preset default -B "$work/refused" "$@" 2>&1); then
    fail "cmake $* was not refused"
  fi
  # CMake breaks its messages into lines.
  text=$(printf '%s' "$text" | tr -s '\n ' '  ')
  rm -rf "$work/refused"
}

refuses_to_configure '-DMINI_CONTAINER_PLUGINS=rootfs;nope'
contains "$text" "MINI_CONTAINER_PLUGINS: there is no plugin 'nope'; known are:" rootfs uts
refuses_to_configure '-DMINI_CONTAINER_PLUGINS=uts;pid'
contains "$text" "MINI_CONTAINER_PLUGINS: 'pid' needs 'rootfs'; add it to the list"

refuses_to_configure -DMINI_CONTAINER_STATIC=ON
contains "$text" "set MINI_CONTAINER_BUILTIN too"
refuses_to_configure -DMINI_CONTAINER_STATIC=ON -DMINI_CONTAINER_BUILTIN=ON '-DMINI_CONTAINER_PLUGINS=seccomp'
contains "$text" "'seccomp' loads libraries (libseccomp2), which a static binary cannot"

refuses_to_configure -DCMAKE_DISABLE_FIND_PACKAGE_doctest=ON
contains "$text" "the tests need doctest: install doctest-dev, or set MINI_CONTAINER_TESTS=OFF"

presets=$(cd "$source" && cmake --list-presets)
contains "$presets" '"default"' '"minimal"' '"builtin"' '"static"' '"sanitize"'
