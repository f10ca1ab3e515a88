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
# needs_of PLUGIN: as Debian spells them.
needs_of() {
  "$build/mini_container" plugin info --json "$1" | tr -d ' \n' |
    sed -n 's/.*"needs":\[\([^]]*\)\].*/\1/p' | tr -d '"' | tr ',_' ' -'
}
field() { dpkg-deb -f "$work/packages/$1"_*.deb "$2"; }

contains "$(content mini-container)" /usr/bin/mini_container /usr/share/man/man1/mini_container.1 \
  /usr/share/man/man5/mini_container.toml.5 /usr/share/mini_container/launch.schema.json \
  /usr/share/bash-completion/completions/mini_container.bash \
  /usr/share/zsh/vendor-completions/_mini_container \
  /usr/share/fish/vendor_completions.d/mini_container.fish
contains "$(content mini-container-dev)" /usr/share/man/man3/mini_container_plugin.3
contains "$(content mini-container-dev)" /usr/include/mini_container/abi.h \
  /usr/include/mini_container/plugin.hpp /mini_container-config.cmake /mini_container.pc \
  /usr/share/mini_container/template/hello.cpp /usr/share/mini_container/examples/c/priority.c
for plugin in "$source"/plugins/*/CMakeLists.txt; do
  plugin=$(basename "$(dirname "$plugin")")
  package=mini-container-plugin-$(echo "$plugin" | tr _ -)
  [ "$(content "$package")" = "/usr/lib/mini_container/plugins/$plugin.so" ] ||
    fail "$package holds: $(content "$package")"
  depends=$(field "$package" Depends)
  contains "$depends" "mini-container (= "
  # What the plugin itself says that it needs.
  needs=$(needs_of "$plugin")
  for need in $needs; do contains "$depends" "mini-container-plugin-$need (= "; done
  [ "$(echo "$depends" | grep -o 'mini-container-plugin-' | wc -l)" -eq "$(echo "$needs" | wc -w)" ] ||
    fail "$package depends on: $depends; the plugin needs: $needs"
done
contains "$(field mini-container-plugin-ipc Depends)" "mini-container-plugin-rootfs (= "
contains "$(field mini-container-plugin-seccomp Recommends)" libseccomp2
case $(content mini-container) in
  *.so*) fail "the core's package holds a plugin" ;;
esac

# Installed into a root of its own, by dpkg. What they depend on of Debian's is this machine's.
root=$work/packages/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
packaged() {
  dpkg --root="$root" --force-depends --force-not-root --log=/dev/null "$@" \
    >"$work/dpkg.log" 2>&1 || fail "dpkg $*: $(cat "$work/dpkg.log")"
}
# archive PACKAGE...: their files.
archive() { for package in "$@"; do echo "$work/packages/${package}"_*.deb; done; }
four=$(for plugin in rootfs pid uts ipc; do echo mini-container-plugin-$plugin; done)
# shellcheck disable=SC2046,SC2086
packaged --install $(archive mini-container $four mini-container-dev)
binary=$root/usr/bin/mini_container
# The manual names the plugins' directory from the program's, as nothing else holds for every prefix.
plugins=$(sed -n 's|^\\fI\(.*/mini_container/plugins\)\\fR$|\1|p' "$root/usr/share/man/man1/mini_container.1")
[ -e "$root/usr/bin/$plugins/uts.so" ] || fail "the manual says that the plugins are in: $plugins"
# shellcheck disable=SC2016
inside=$(run "$binary" --pid --ipc --hostname packed -- sh -c 'echo $$ $(hostname)')
[ "$inside" = "1 packed" ] || fail "installed, it does not run: $inside"
refused "$binary" --seccomp -- true
contains "$text" seccomp
printf '[container]\ncommand = ["true"]\n[seccomp]\n' >"$work/packages.toml"
refused "$binary" run --config "$work/packages.toml"
contains "$text" "there is no plugin 'seccomp'" "there are: ipc, pid, rootfs, uts" \
  "from '$root/usr/lib/mini_container/plugins'"

# A plugin against the packaged SDK.
cp -r "$root/usr/share/mini_container/template" "$work/packages/hello"
{ cmake -S "$work/packages/hello" -B "$work/packages/hello/build" -G Ninja \
  "-DCMAKE_PREFIX_PATH=$root/usr" && cmake --build "$work/packages/hello/build"; } \
  >"$work/packages.log" 2>&1 || fail "$(tail -n 30 "$work/packages.log")"
greeted=$(run "$binary" --plugin-dir "$work/packages/hello/build" run \
  --config "$work/packages/hello/hello.toml")
[ "$greeted" = "good morning Ada Grace" ] || fail "the template's plugin: $greeted"

# Installed by its own project it is found: where that names no prefix, and where it names the one that
# Debian has another directory of libraries for.
# shellcheck disable=SC2016
installed_is_found() {
  greeted=$(run "$binary" --hello -- sh -c 'echo $GREETING') || :
  [ "$greeted" = "hello world" ] || fail "installed, it is not found: $greeted"
  rm "$root/usr/lib/mini_container/plugins/hello.so"
}
cmake --install "$work/packages/hello/build" >"$work/packages.log"
installed_is_found
cmake -S "$work/packages/hello" -B "$work/packages/hello/usr" -G Ninja -DCMAKE_INSTALL_PREFIX=/usr \
  "-DCMAKE_PREFIX_PATH=$root/usr" >"$work/packages.log"
cmake --build "$work/packages/hello/usr" >"$work/packages.log"
DESTDIR=$root cmake --install "$work/packages/hello/usr" >"$work/packages.log"
installed_is_found

# Removed, they leave nothing.
# shellcheck disable=SC2086
packaged --remove mini-container-dev $four mini-container
left=$(find "$root" -name '*mini_container*' -o -name '*.so')
[ -z "$left" ] || fail "left behind: $left"
