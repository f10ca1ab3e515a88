#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh tests/coverage/figure.sh BUILD: which part of the lines of core/ and plugins/ ran, by folder.
# Every source is compiled once, so gcov's own sums need no merging.
set -eu
build=$1
source=$(pwd)

find "$build/core" "$build/plugins" -name '*.gcno' | while read -r notes; do
  gcov -n -o "$(dirname "$notes")" "$notes" 2>/dev/null
done | awk -v source="$source/" '
  /^File / {
    file = substr($0, 7, length($0) - 7)
    sub("^" source, "", file)
    while (sub("^\\.\\./", "", file)) {}
    next
  }
  /^Lines executed:/ && file ~ /^(core|plugins)\/.*\.(cpp|c)$/ {
    split($0, part, /[:% ]+/)
    lines = part[5]
    ran = part[3] * lines / 100
    folder = file
    sub(/\/[^\/]*$/, "", folder)
    total[folder] += lines
    hit[folder] += ran
    all_lines += lines
    all_ran += ran
    file = ""
  }
  END {
    if (all_lines == 0) {
      print "coverage: no profile was found" > "/dev/stderr"
      exit 1
    }
    for (folder in total)
      printf "  %-28s %5.1f %% of %d lines\n", folder, 100 * hit[folder] / total[folder], total[folder] | "sort"
    close("sort")
    printf "coverage of core/ and plugins/: %.1f %% of %d lines\n", 100 * all_ran / all_lines, all_lines
  }'
