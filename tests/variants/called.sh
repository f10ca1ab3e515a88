#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a launch with four plugins calls lies in front: one function behind costs every launch the
# pages around it.
. "$(dirname "$0")/variant.sh"
need_root
[ "$(uname -m)" = x86_64 ] || {
  echo "SKIPPED: variants.$name: tests/bench/trace_functions.c is for x86-64" >&2
  exit 77
}

traced=$work/called
binary=$build/mini_container
mkdir -p "$traced"
cc -O2 -o "$traced/trace_functions" "$source/tests/bench/trace_functions.c"
sh "$source/config/demo-root.sh" "$traced/rootfs"
cat >"$traced/launch.toml" <<END
[container]
command = ["/bin/echo", "ran"]
[rootfs]
path = "$traced/rootfs"
[pid]
[uts]
hostname = "box"
[ipc]
END
nm --defined-only "$binary" | awk '$2 ~ /[tTwW]/ { print $1, $3 }' >"$traced/functions"
cut -d ' ' -f 1 "$traced/functions" >"$traced/offsets"
status=0
# shellcheck disable=SC2016
unshare -m --propagation private sh -c 'mount -t tmpfs -o mode=755 tmpfs /run && exec "$@"' sh \
  timeout -s KILL 30 "$traced/trace_functions" "$traced/offsets" \
  "$binary" run --config "$traced/launch.toml" </dev/null >"$traced/offsets.called" 2>"$traced/err" || status=$?
if grep -q '^ptrace: Operation not permitted' "$traced/err"; then
  echo "SKIPPED: variants.$name: nobody may trace here (ptrace)" >&2
  exit 77
fi
[ "$status" -eq 0 ] || fail "the traced launch ends with $status: $(cat "$traced/err")"
# The command's own line is among the numbers: it was launched.
grep -qx ran "$traced/offsets.called" || fail "the command did not run: $(cat "$traced/err")"
grep -vx ran "$traced/offsets.called" >"$traced/called"
count=$(wc -l <"$traced/called")
[ "$count" -ge 200 ] || fail "only $count functions were seen"

# The same functions are called every time. _init is the linker's, with a section of its own.
readelf -SW "$binary" |
  sed -n 's/.* \.text\.first *PROGBITS *\([0-9a-f]*\) [0-9a-f]* \([0-9a-f]*\) .*/\1 \2/p' >"$traced/front"
read -r begin size <"$traced/front" || fail "the binary has no section .text.first"
end=$(printf '%016x' $((0x$begin + 0x$size)))
awk -v begin="x$begin" -v end="x$end" '
  NR == FNR { names[$1] = names[$1] " " $2; next }
  { offset = sprintf("%16s", $1); gsub(" ", "0", offset)
    if (names[offset] != " _init" && ("x" offset < begin || "x" offset >= end)) print names[offset] }
  ' "$traced/functions" "$traced/called" >"$traced/behind"
[ ! -s "$traced/behind" ] || fail "called in a launch, but behind .text.first:" \
  "$(head -n 20 "$traced/behind") (sh tests/bench/launch_order.sh)"
