#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The claims of the specification with mini_container, crun and runc: our own programs, made with the
# libraries of runtime-tools, and the scripts of tests/oci/spec. Whatever crun or runc passes here,
# mini_container passes.
#   sh run.sh MINI_CONTAINER DIRECTORY [--record]      --record: keeps the table in RESULTS.md
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../config/packages.sh"
. "$here/../support.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
# shellcheck disable=SC2086
install_missing $validation_packages crun runc jq procps busybox-static || skip "packages are missing"

mini_container=$1
directory=$2
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)

# From Debian's packages alone; what is compiled is kept for the next time.
export GOPATH=/usr/share/gocode GO111MODULE=off GOFLAGS= CGO_ENABLED=0 GOCACHE="$directory/go"
PROGRAMS=$directory/validation
export PROGRAMS
(cd "$here" && go vet . && go build -o "$PROGRAMS" .) || exit 1

jobs=
for runtime in "$mini_container" "$(command -v crun)" "$(command -v runc)"; do
  name=$(basename "$runtime")
  timeout 500 sh "$here/one.sh" "$runtime" "$directory/$name" >"$directory/$name.log" 2>&1 &
  jobs="$jobs $!"
done
for job in $jobs; do
  wait "$job" || fail "job $job ended with $?: see $directory/*.log"
done

version() { "$@" --version | sed -n '1s/.* //p'; }
table=$directory/RESULTS.md
{
  cat <<END
<!-- SPDX-License-Identifier: Apache-2.0 -->
# What passes

Written by \`sh tests/oci/validation/run.sh MINI_CONTAINER DIRECTORY --record\`, on Linux
$(uname -r | cut -d. -f1,2), $(uname -m), cgroup $([ -d /sys/fs/cgroup/memory ] && echo v1 || echo v2), with crun $(version crun) and runc $(version runc). "–": this machine has not what the claim is about.

Debian's package golang-github-opencontainers-runtime-tools-dev has the libraries of runtime-tools,
and not its validation programs. The lines "validation: ..." are programs of our own, made with those
libraries (\`generate\`, \`validate\`, \`cgroups\`) and named as the ones that check the same; the others
are the scripts of \`tests/oci/spec\`, topic by topic.

END
  awk -F'\t' '
    function word(verdict) { return verdict == "passes" ? "yes" : verdict == "fails" ? "**no**" : "–" }
    FNR == 1 { ++file }
    file == 1 { order[++count] = $2 }
    { verdict[file, $2] = $1; if ($1 == "passes") ++passes[file] }
    END {
      print "| claim | mini_container | crun | runc |\n|---|---|---|---|"
      printf "| **all that pass, of %d** | %d | %d | %d |\n", count, passes[1], passes[2], passes[3]
      for (i = 1; i <= count; ++i)
        printf "| %s | %s | %s | %s |\n", order[i], word(verdict[1, order[i]]),
          word(verdict[2, order[i]]), word(verdict[3, order[i]])
    }' "$directory/mini_container/results" "$directory/crun/results" "$directory/runc/results"
} >"$table"

worse=$(awk -F'\t' '
  FNR == NR { ours[$2] = $1; next }
  $1 == "passes" && ours[$2] != "passes" { print $2 }' \
  "$directory/mini_container/results" "$directory/crun/results" "$directory/runc/results" | sort -u)
[ -z "$worse" ] || {
  fail "what crun or runc passes, and mini_container does not:
$worse"
  grep -F FAILED "$directory/mini_container.log"
}
[ "$(grep -c '^passes' "$directory/mini_container/results")" -gt 200 ] || fail 'there are too few claims'
[ "${3:-}" != --record ] || cp "$table" "$here/RESULTS.md"
[ "$failures" -eq 0 ] || exit 1
sed -n 's/^| \*\*\(.*\)\*\* | \(.*\) | \(.*\) | \(.*\) |/validation: \1: mini_container \2, crun \3, runc \4/p' "$table"
