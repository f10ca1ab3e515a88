#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh tests/bench/table.sh DIRECTORY NOTE: the figures of run.sh as Markdown.
set -eu
out=$1
hybrid=$2
version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo "?"; }

cat <<END
# Measurements

Made by \`sh tests/bench/run.sh\` on $(date -u +%Y-%m-%d): Linux $(uname -r), $(nproc) processors,
$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo). Whole processes, from \`vfork\` to the end of
\`wait4\`, nothing subtracted; the contenders take turns. The ratio is the median of the ratios within
one round, with its quartiles. Everybody makes the same container: new mount, PID, UTS and IPC
namespaces, one root, \`/proc\`, \`/sys\`, \`/dev\` with its nodes, \`/dev/pts\`, \`/dev/shm\`, \`/dev/mqueue\`,
\`/bin/true\`. bubblewrap $(version bubblewrap) hides nothing below \`/proc\`; crun $(version crun) runs with its
cgroups disabled$hybrid.

## A launch

| | median | fastest | to the floor | quartiles | peak memory |
|---|---:|---:|---:|---:|---:|
END
awk -F '\t' '{ printf "| %s | %d µs | %d µs | %.2f | %.2f – %.2f | %.1f MiB |\n", $1, $2, $3, $4, $5, $6, $7 / 1024 }' \
  "$out/launch.tsv"
awk -F '\t' '
  { ratio[$1] = $4; peak[$1] = $7; column[$1] = 8 + NR
    if ($1 == "mini_container") ours_line = $0 }
  END {
    ours = ratio["mini_container"]
    split(ours_line, to, "\t")
    builtin = ratio["mini_container, built in"]
    print "\n| wanted | measured |\n|---|---|"
    printf "| at most 1.4 of the floor, plugins as shared objects | %.2f |\n", ours
    printf "| at most 1.2 of the floor, built in | %.2f |\n", builtin
    printf "| at most 0.8 of bubblewrap | %.2f |\n", to[column["bubblewrap"]]
    printf "| at most 0.5 of crun | %.2f |\n", to[column["crun"]]
    printf "| peak memory below bubblewrap'"'"'s | %.2f of it |\n", peak["mini_container"] / peak["bubblewrap"]
  }' "$out/launch.tsv"
awk -F '\t' '$1 == "fourteen" { printf "| at most 60 µs for one further empty plugin | %.0f µs |\n", $8 / 10 }' \
  "$out/empty.tsv"
awk -F '\t' '$1 == "mini_container" { failed += $5; runs += 1000 }
  END { printf "| no start of %d fails | %d failed |\n", runs, failed }' "$out/crowd.tsv"

cat <<END

## Containers a second

1,000 starts, so many at a time.

| at a time | mini_container | bubblewrap | crun |
|---:|---:|---:|---:|
END
awk -F '\t' '
  { rate[$2, $1] = $5 > 0 ? $4 " (" $5 " failed)" : $4
    if (!($2 in seen)) { seen[$2] = 1; order[++count] = $2 } }
  function cell(width, name) { return (width, name) in rate ? rate[width, name] : "–" }
  END {
    for (row = 1; row <= count; row++)
      printf "| %s | %s | %s | %s |\n", order[row], cell(order[row], "mini_container"),
        cell(order[row], "bubblewrap"), cell(order[row], "crun")
  }' "$out/crowd.tsv"

cat <<END

## Each plugin

What it adds to the launch above with its defaults, and the size of its file.

| plugin | adds | file |
|---|---:|---:|
END
while IFS='	' read -r name _ _ _ _ _ _ more; do
  size=$(stat -c %s "build/default/plugins.d/$name.so")
  [ -n "$more" ] && more="$(printf '%.0f' "$more") µs" || more='needs options of its own'
  printf '| %s | %s | %d KiB |\n' "$name" "$more" $((size / 1024))
done <"$out/plugins.tsv"
for name in rootfs pid uts ipc; do
  printf '| %s | in the launch | %d KiB |\n' "$name" \
    $(($(stat -c %s "build/default/plugins.d/$name.so") / 1024))
done
