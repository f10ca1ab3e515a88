#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures launches beside their floor and their peers, in one run, paired, whole processes.
#   sh tests/bench/run.sh [--rounds N] [--record]
# The table and the chart go to build/bench; with --record also to tests/bench/RESULTS.md and .svg.
set -eu
cd "$(dirname "$0")/../.."
. config/packages.sh

rounds=500
record=false
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift ;;
    --record) record=true ;;
    *) echo "usage: tests/bench/run.sh [--rounds N] [--record]" >&2; exit 2 ;;
  esac
  shift
done
if [ "$(id -u)" -ne 0 ]; then
  echo "tests/bench/run.sh: needs root: its peers and its floor make namespaces without a user namespace" >&2
  exit 1
fi

# shellcheck disable=SC2086
install_missing $build_packages $plugin_packages $demo_packages $bench_packages doctest-dev
target=bench configure_and_build build/default default
target=bench configure_and_build build/builtin builtin
target=mini_container configure_and_build build/static-four static \
  "-DMINI_CONTAINER_PLUGINS=rootfs;pid;uts;ipc"
target=all cmake --build build/default >>build/default/build.log 2>&1 || {
  tail -n 20 build/default/build.log >&2
  exit 1
}

out=$PWD/build/bench
mkdir -p "$out"
if [ -z "${BENCH_IN_NAMESPACE:-}" ]; then
  # crun refuses a machine whose version 2 cgroups lie beside version 1: here it does not see them.
  BENCH_IN_NAMESPACE=1 exec unshare --mount --propagation private sh "$0" --rounds "$rounds" \
    $($record && echo --record)
fi
hybrid=
if mountpoint -q /sys/fs/cgroup/unified; then
  # An empty directory of our own in its place: crun makes directories there all the same.
  umount /sys/fs/cgroup/unified
  mount -t tmpfs tmpfs /sys/fs/cgroup/unified
  hybrid=' (in a private mount namespace without `/sys/fs/cgroup/unified`, which it refuses)'
fi
# Where /run is a disk, as on some machines, state on it would cost us, and not who keeps none: a
# tmpfs, as systemd has it.
mount -t tmpfs -o mode=755 tmpfs /run
state=/run/bench
. tests/bench/contenders.sh

echo "measuring: $rounds rounds of each" >&2
pair "$rounds" \
  floor "$tools/floor" "$root" /bin/true \
  -- mini_container "$shared" run --config "$out/four.toml" \
  -- 'mini_container, built in' "$builtin" run --config "$out/four.toml" \
  -- 'mini_container, static' "$static" run --config "$out/four.toml" \
  -- bubblewrap $bubblewrap_command \
  -- 'bubblewrap, hiding nothing' $bubblewrap_open_command \
  -- crun $crun_command >"$out/launch.tsv"

pair "$rounds" \
  four "$shared" run --config "$out/four.toml" \
  -- fourteen "$shared" --plugin-dir "$tools/plugins.d" run --config "$out/fourteen.toml" \
  >"$out/empty.tsv"

: >"$out/plugins.tsv"
for file in build/default/plugins.d/*.so; do
  name=$(basename "$file" .so)
  case $name in rootfs | pid | uts | ipc) continue ;; esac
  cp "$out/four.toml" "$out/with_$name.toml"
  printf '[%s]\n' "$name" >>"$out/with_$name.toml"
  case $name in # What has no default that does something.
    user) printf '%s = [{ container = 0, host = 0, size = 65536 }]\n' uid_map gid_map ;;
    landlock) echo 'scope = ["signal"]' ;;
  esac >>"$out/with_$name.toml"
  if line=$(pair $((rounds / 4 + 1)) four "$shared" run --config "$out/four.toml" \
    -- "$name" "$shared" run --config "$out/with_$name.toml" 2>"$out/with_$name.log"); then
    printf '%s\n' "$line" | tail -n 1 >>"$out/plugins.tsv"
  else
    # It wants an option, or something that this machine lacks: no figure.
    printf '%s\t-\n' "$name" >>"$out/plugins.tsv"
  fi
done

: >"$out/crowd.tsv"
for width in 1 2 8 64 1000; do
  for contender in mini_container bubblewrap crun; do
    case $contender in
      mini_container) set -- "$shared" run --config "$out/four.toml" ;;
      bubblewrap) set -- $bubblewrap_command ;;
      crun) [ "$width" -le 64 ] || continue
        set -- sh -c "exec $crun_many" ;;
    esac
    printf '%s\t%s\t%s\n' "$contender" "$width" \
      "$("$tools/crowd" 1000 "$width" "$@" || true)" >>"$out/crowd.tsv"
  done
done

. tests/bench/oci.sh

sh tests/bench/table.sh "$out" "$hybrid" >"$out/RESULTS.md"
awk -f tests/bench/chart.awk "$out/launch.tsv" >"$out/RESULTS.svg"
cat "$out/RESULTS.md"
if $record; then
  cp "$out/RESULTS.md" "$out/RESULTS.svg" tests/bench/
fi
