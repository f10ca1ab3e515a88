#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# core/launch_order.txt is in force: what it names, and the binary has, lies in front; and it is not
# of another time.
. "$(dirname "$0")/variant.sh"

list=$source/core/launch_order.txt
nm --defined-only "$build/mini_container" >"$work/order.names"
front=$(readelf -SW "$build/mini_container" |
  sed -n 's/.* \.text\.first *PROGBITS *\([0-9a-f]*\) [0-9a-f]* \([0-9a-f]*\) .*/\1 \2/p')
[ -n "$front" ] || fail "the binary has no section .text.first"
end=$(printf '%016x' $((0x${front% *} + 0x${front#* })))

# Of a function that is there more than once, one is enough. Some of the list are of plugins, and of
# some the compiler made no function.
awk -v begin="x${front% *}" -v end="x$end" '
  NR == FNR { there[$3] = 1; if ("x" $1 >= begin && "x" $1 < end) in_front[$3] = 1; next }
  there[$1] && $1 != "_init" { ++found; if (!in_front[$1]) print "behind .text.first:", $1 }
  END { if (found * 2 < FNR) print "only " found " of " FNR " are there: sh tests/bench/launch_order.sh" }
  ' "$work/order.names" "$list" >"$work/order.wrong"
[ ! -s "$work/order.wrong" ] || fail "$(head -n 5 "$work/order.wrong")"
