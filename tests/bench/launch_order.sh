#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes core/launch_order.txt: the functions that launches and the verbs on bundles call, in the
# order in which they first do. The linker lays them together in front, so that a launch touches
# fewer pages. To be run, as root on x86-64, when launches have changed much; a name that no longer
# exists does no harm.
set -eu
cd "$(dirname "$0")/../.."
. config/packages.sh
if [ -z "${ORDER_IN_NAMESPACE:-}" ]; then
  # shellcheck disable=SC2086
  install_missing $build_packages $plugin_packages $demo_packages
  target=all configure_and_build build/default default
  target=mini_container configure_and_build build/builtin builtin
  ORDER_IN_NAMESPACE=1 exec unshare --mount --propagation private sh "$0"
fi
mount -t tmpfs -o mode=755 tmpfs /run

out=$PWD/build/order
mkdir -p "$out/bundle"
cc -O2 -o "$out/trace_functions" tests/bench/trace_functions.c
sh config/demo-root.sh "$out/bundle/rootfs"
cat >"$out/launch.toml" <<END
[container]
command = ["/bin/true"]
[rootfs]
path = "$out/bundle/rootfs"
[pid]
[uts]
hostname = "box"
[ipc]
END

# traced PROGRAM ARGUMENT...: appends the names of the functions that it calls.
traced() {
  nm --defined-only "$1" | awk '$2 ~ /[tTwW]/ { print $1, $3 }' >"$out/functions"
  cut -d ' ' -f 1 "$out/functions" >"$out/offsets"
  timeout -s KILL 30 "$out/trace_functions" "$out/offsets" "$@" \
    </dev/null >"$out/called" 2>"$out/errors"
  awk 'NR == FNR { sub(/^0*/, "", $1); names[$1] = names[$1] " " $2; next }
       { count = split(names[$1], all, " "); for (i = 1; i <= count; ++i) print all[i] }' \
    "$out/functions" "$out/called" >>"$out/order"
}

: >"$out/order"
for program in build/default/mini_container build/builtin/mini_container; do
  rm -f "$out/bundle/config.json"
  $program spec --bundle "$out/bundle"
  sed -i -e 's/"terminal": true/"terminal": false/' -e 's/"sh"/"true"/' "$out/bundle/config.json"
  traced "$program" run --config "$out/launch.toml"
  traced "$program" run --config "$out/launch.toml" -- /bin/true
  traced "$program" run --bundle "$out/bundle" order
  # What waits in a container is not to be traced, or the tracing would not end.
  sed -i 's/"true"/"sleep", "100"/' "$out/bundle/config.json"
  "$program" create --bundle "$out/bundle" order </dev/null >/dev/null 2>&1
  traced "$program" start order
  traced "$program" exec order /bin/true
  traced "$program" state order
  traced "$program" kill order KILL
  traced "$program" delete --force order
done
# A function called main has a section of another name, and lies in front anyhow.
awk '$1 != "main" && !seen[$1]++' "$out/order" >core/launch_order.txt
echo "core/launch_order.txt: $(wc -l <core/launch_order.txt) functions" >&2
