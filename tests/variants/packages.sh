#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: what is in each, and that what comes out of them runs.
. "$(dirname "$0")/variant.sh"
need_root

rm -rf "$work/packages"
(cd "$build" && cpack --config CPackConfig.cmake -B "$work/packages") >"$work/packages.log" 2>&1 ||
  fail "$(tail -n 30 "$work/packages.log")"

# content PACKAGE: the files in it.
content() { dpkg-deb -c "$work/packages/$1"_*.deb | awk '$1 !~ /^d/ { print substr($6, 2) }'; }
field() { dpkg-deb -f "$work/packages/$1"_*.deb "$2"; }

contains "$(content mini-container)" /usr/bin/mini_container /usr/share/man/man1/mini_container.1
contains "$(content mini-container-dev)" /usr/include/mini_container/abi.h \
  /usr/include/mini_container/plugin.hpp /mini_container-config.cmake /mini_container.pc \
  /usr/share/mini_container/template/hello.cpp /usr/share/mini_container/examples/c/priority.c
for plugin in "$source"/plugins/*/CMakeLists.txt; do
  plugin=$(basename "$(dirname "$plugin")")
  package=mini-container-plugin-$(echo "$plugin" | tr _ -)
  [ "$(content "$package")" = "/usr/lib/mini_container/plugins/$plugin.so" ] ||
    fail "$package holds: $(content "$package")"
  contains "$(field "$package" Depends)" "mini-container (= "
done
contains "$(field mini-container-plugin-ipc Depends)" "mini-container-plugin-rootfs (= "
contains "$(field mini-container-plugin-seccomp Recommends)" libseccomp2
case $(content mini-container) in
  *.so*) fail "the core's package holds a plugin" ;;
esac

mkdir "$work/packages/root"
for package in mini-container mini-container-plugin-rootfs mini-container-plugin-pid; do
  dpkg-deb -x "$work/packages/${package}"_*.deb "$work/packages/root"
done
inside=$(run "$work/packages/root/usr/bin/mini_container" --pid -- sh -c 'echo $$')
[ "$inside" = 1 ] || fail "unpacked, it does not run: $inside"
