#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every claim with one runtime, in a machine of its own; the verdicts are in DIRECTORY/results.
#   PROGRAMS=VALIDATION sh one.sh RUNTIME DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

need_programs busybox unshare jq timeout ip ps
in_own_machine "$@"

mkdir "$work/programs"
timeout 200 "$PROGRAMS" "$runtime" "$work/programs" "$work/results"
rm -rf "$work/programs"
for script in "$(dirname "$0")"/../spec/*.sh; do
  topic=$(basename "$script" .sh)
  [ "$topic" != spec ] || continue
  timeout 250 sh "$script" "$runtime" "$work/$topic"
  cat "$work/$topic/results" >>"$work/results"
  wait_until 5 rm -rf "$work/$topic"
done
exit 0
