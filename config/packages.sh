# SPDX-License-Identifier: Apache-2.0
# Sourced. Which Debian packages are needed for what, and how those that are missing get here.

build_packages='g++ cmake make ninja-build ccache pkg-config libboost-dev libtomlplusplus-dev
  libspdlog-dev libfmt-dev nlohmann-json3-dev'
# The libraries that single plugins are made with.
plugin_packages='libseccomp-dev libmnl-dev libnftables-dev libsystemd-dev'
demo_packages='busybox-static'
test_packages='doctest-dev busybox-static dpkg-dev man-db uidmap keyutils
  iproute2 nftables passt slirp4netns dbus-daemon mandoc bash zsh fish python3-jsonschema rustc'
# Container engines that run us, and the runtimes that we are compared with.
engine_packages='podman conmon containerd crun runc jq procps catatonit docker.io buildah
  containernetworking-plugins protobuf-compiler python3-protobuf python3-grpcio'
# What runs the claims of the specification against us and other runtimes.
validation_packages='golang-go golang-github-opencontainers-runtime-tools-dev'
bench_packages='bubblewrap crun jq golang-github-containers-common'

# as_root COMMAND...: with sudo where this is an ordinary user.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    echo "$0: '$*' needs root: run this as root, or install sudo" >&2
    return 1
  fi
}

# install_missing PACKAGE...: asks apt for what is not there; does not call it where nothing is.
install_missing() {
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
    awk '$2 == "installed" { print $1 }')
  missing=
  for package in "$@"; do
    printf '%s\n' "$installed" | grep -qx -- "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "installing:$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  as_root apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 && return 0
  # The lists of a fresh machine are empty.
  as_root apt-get update -q >/dev/null &&
    as_root apt-get install -y -q --no-install-recommends $missing >/dev/null && return 0
  echo "$0: apt-get could not install:$missing" >&2
  return 1
}

# configure_and_build DIRECTORY PRESET [CMAKE ARGUMENT...]: quiet unless it fails. With $target
# set, that target alone.
configure_and_build() {
  directory=$1
  preset=$2
  shift 2
  if command -v ccache >/dev/null 2>&1; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
    export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
  fi
  mkdir -p "$directory"
  log=$directory/build.log
  if ! cmake --preset "$preset" -B "$directory" -DMINI_CONTAINER_WERROR=ON "$@" >"$log" 2>&1 ||
    ! cmake --build "$directory" --target "${target:-all}" >>"$log" 2>&1; then
    grep -nE 'error|FAILED|undefined' "$log" | head -40 >&2
    tail -n 20 "$log" >&2
    echo "$0: the build in $directory failed; the whole output is in $log" >&2
    return 1
  fi
}
