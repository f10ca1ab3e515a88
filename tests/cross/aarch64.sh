#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds for aarch64 on another machine, boots Debian's kernel for it in qemu, and runs the unit
# tests, the static build and real containers there. Not part of tests/run.sh: a quarter of an hour.
#   sh tests/cross/aarch64.sh [SYSTEM-TEST...]     launch seccomp...: files of tests/system
# Downloads some 100 MB and keeps them, and all else, below build/cross.
set -eu
cd "$(dirname "$0")/../.."
. config/packages.sh
[ $# -gt 0 ] || set -- launch pid seccomp time

# shellcheck disable=SC2086
install_missing $build_packages $demo_packages g++-aarch64-linux-gnu qemu-system-arm
work=$PWD/build/cross
sysroot=$work/sysroot
image=$work/image
mkdir -p "$work"

# foreign_apt COMMAND...: an apt that knows arm64 alone, with state of its own.
foreign_apt() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
  : >"$work/apt/status"
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 \
    -o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" \
    -o Dir::Cache="$work/apt" -o Dir::Cache::archives="$work/apt/archives" \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@" >>"$work/apt.log" 2>&1
}

unpack_packages() {
  rm -rf "$work/apt" "$sysroot.new"
  # Not every source of this machine has arm64: what is missing is told below.
  foreign_apt update || true
  # shellcheck disable=SC2086
  foreign_apt install -y --download-only --no-install-recommends libc6-dev libstdc++-12-dev \
    libboost-dev libtomlplusplus-dev libspdlog-dev libfmt-dev nlohmann-json3-dev doctest-dev \
    $plugin_packages busybox-static linux-image-arm64 ||
    { tail -n 5 "$work/apt.log" >&2; return 1; }
  for package in "$work/apt/archives"/*.deb; do dpkg -x "$package" "$sysroot.new"; done
  rm -rf "$work/apt" && mv "$sysroot.new" "$sysroot"
}
[ -d "$sysroot" ] || unpack_packages

build() {
  configure_and_build "$@" --toolchain config/aarch64.cmake -DCMAKE_SYSROOT="$sysroot"
}
build "$work/static" static -DMINI_CONTAINER_PLUGINS='rootfs;pid;uts;ipc'
build "$work/default" default -DMINI_CONTAINER_TESTS=ON

# The machine's whole root, unpacked by the kernel: what is built, and the libraries that it loads.
rm -rf "$image"
mkdir -p "$image/bin" "$image/lib/aarch64-linux-gnu" "$image/usr/lib" "$image/tested/default"
cp "$sysroot/bin/busybox" "$image/bin/"
install -m 755 tests/cross/guest.sh "$image/init"
cp "$sysroot/lib/ld-linux-aarch64.so.1" "$image/lib/"
for library in libc.so.6 libm.so.6 libdl.so.2 libseccomp.so.2; do
  cp "$(find "$sysroot/lib" "$sysroot/usr/lib" -name "$library" | head -n 1)" "$image/lib/aarch64-linux-gnu/"
done
ln -s ../../lib/aarch64-linux-gnu "$image/usr/lib/aarch64-linux-gnu"
cp "$work/static/mini_container" "$image/bin/static"
cp -r config tests/keep_controllers.sh "$image/tested/"
(cd "$work/default" && cp -r mini_container attest unit_tests system_tests plugins.d "$image/tested/default/")
aarch64-linux-gnu-strip -g "$image/tested/default"/*_tests
(cd "$image" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/image.gz"

timeout 1800 qemu-system-aarch64 -M virt -cpu cortex-a72 -m 900 -nographic -no-reboot -nic none \
  -kernel "$sysroot"/boot/vmlinuz-* -initrd "$work/image.gz" \
  -append "console=ttyAMA0 panic=-1 loglevel=3 quiet -- $*" </dev/null | tee "$work/console.log"
grep -q '^aarch64: all passed' "$work/console.log"
