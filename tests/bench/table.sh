#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh tests/bench/table.sh DIRECTORY NOTE: the figures of run.sh as Markdown.
set -eu
out=$1
hybrid=$2
bundle_head='| | crun | mini_container | ratio | quartiles | peak memory, crun | ours |
|---|---:|---:|---:|---:|---:|---:|'
version() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo "?"; }

cat <<END
# Measurements

Made by \`sh tests/bench/run.sh\` on $(date -u +%Y-%m-%d): Linux $(uname -r), $(nproc) processors,
$(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo). Whole processes, from \`vfork\` to the end of
\`wait4\`, nothing subtracted; the contenders take turns. The ratio is the median of the ratios within
one round, with its quartiles. Everybody makes the same container: new mount, PID, UTS and IPC
namespaces, one root, \`/proc\`, \`/sys\`, \`/dev\` with its nodes, \`/dev/pts\`, \`/dev/shm\`, \`/dev/mqueue\`,
the same paths hidden and write-protected in \`/proc\` and \`/sys\`, \`/bin/true\`; bubblewrap
$(version bubblewrap), which hides nothing by itself, also without that. crun $(version crun) runs with its
cgroups disabled$hybrid. Everybody's state is on a tmpfs at \`/run\`. "built in" has every plugin
linked in; "static" is one static binary with these four alone.

## A launch

| | median | fastest | to the floor | quartiles | peak memory |
|---|---:|---:|---:|---:|---:|
END
awk -F '\t' '{ printf "| %s | %d µs | %d µs | %.2f | %.2f – %.2f | %.1f MiB |\n", $1, $2, $3, $4, $5, $6, $7 / 1024 }' \
  "$out/launch.tsv"
awk -F '\t' '
  { ratio[$1] = $4; peak[$1] = $7; column[$1] = 8 + NR
    if ($1 == "mini_container") ours_line = $0
    if ($1 == "mini_container, static") static_line = $0 }
  END {
    ours = ratio["mini_container"]
    split(ours_line, to, "\t")
    split(static_line, static_to, "\t")
    builtin = ratio["mini_container, built in"]
    fixed = ratio["mini_container, static"]
    print "\n| wanted | measured |\n|---|---|"
    printf "| at most 1.4 of the floor, plugins as shared objects | %.2f |\n", ours
    printf "| at most 1.2 of the floor, built in | %.2f; static %.2f |\n", builtin, fixed
    bare = column["bubblewrap, hiding nothing"]
    printf "| at most 0.8 of bubblewrap | %.2f; static %.2f |\n", to[column["bubblewrap"]],
      static_to[column["bubblewrap"]]
    printf "| the same, where bubblewrap hides nothing | %.2f; static %.2f |\n", to[bare],
      static_to[bare]
    printf "| at most 0.5 of crun | %.2f; static %.2f |\n", to[column["crun"]],
      static_to[column["crun"]]
    printf "| peak memory below bubblewrap'"'"'s | %.2f of it; static %.2f |\n",
      peak["mini_container"] / peak["bubblewrap"], peak["mini_container, static"] / peak["bubblewrap"]
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

## Bundles

crun's default specification with \`/bin/true\`, cgroups (version 1) and state on a tmpfs for both.
\`exec\` is \`/bin/true\` in a running container. Each verb is a whole process. "In a row" one process
follows the other at once; "rested" 20 ms pass before each, as where containers come now and then:
who moves a process by \`cgroup.procs\`, as crun does, then waits for a grace period of the kernel's
RCU, which in a row is often still open from the one before. We write \`tasks\`, which waits for none.

$bundle_head
END
bundle_row='function row(name, theirs, ours, ratio, low, high, their_peak, our_peak) {
    printf "| %s | %d µs | %d µs | %.2f | %.2f – %.2f | %.1f MiB | %.1f MiB |\n", name, theirs, ours,
      ratio, low, high, their_peak / 1024, our_peak / 1024 }'
# one_verb NAME FILE, which pair wrote.
one_verb() {
  awk -F '\t' -v what="$1" "$bundle_row"'
    $1 == "crun" { theirs = $2; peak = $7 }
    $1 == "mini_container" { row(what, theirs, $2, $4, $5, $6, peak, $7) }' "$2"
}
for rest in 20 0; do
  [ "$rest" -eq 0 ] && when='in a row' || when=rested
  awk -F '\t' -v when="$when" "$bundle_row"'
    $2 == "crun" { theirs = $3; peak = $8 }
    $2 == "mini_container" { row($1 ", " when, theirs, $3, $5, $6, $7, peak, $8) }' \
    "$out/oci_verbs.$rest.tsv"
  for what in run exec; do
    one_verb "$what, $when" "$out/oci_$what.$rest.tsv"
  done
done
cat <<END

200 containers created and started one after another, all alive at once, then deleted with
\`--force\`:

| | alive | create and start | delete | left |
|---|---:|---:|---:|---:|
END
awk -F '\t' '{ printf "| %s | %d | %d ms | %d ms | %d |\n", $1, $2, $3, $4, $5 }' "$out/alive.tsv"

cat <<END

## The hardened launch

\`config/hardened.toml\` (user, rootfs, pid with init, uts, ipc, net, cgroup, capabilities, no_new_privs,
seccomp, keyring, rlimits) beside \`crun run\` with its default specification; one seccomp profile for
both: what podman's allows unconditionally.

$bundle_head
END
one_verb 'hardened, rested' "$out/hardened.20.tsv"
one_verb 'hardened, in a row' "$out/hardened.0.tsv"

cat <<END

## Each plugin

What it adds to the launch above with its defaults, and the size of its file.

| plugin | adds | file |
|---|---:|---:|
END
while IFS='	' read -r name _ _ _ _ _ _ more _; do
  size=$(stat -c %s "build/default/plugins.d/$name.so")
  [ -n "$more" ] && more="$(printf '%.0f' "$more") µs" || more='needs options of its own'
  printf '| %s | %s | %d KiB |\n' "$name" "$more" $((size / 1024))
done <"$out/plugins.tsv"
for name in rootfs pid uts ipc; do
  printf '| %s | in the launch | %d KiB |\n' "$name" \
    $(($(stat -c %s "build/default/plugins.d/$name.so") / 1024))
done
