#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#   sh keep_controllers.sh COMMAND [ARGUMENT...]
# Runs a test that may have the root of cgroup v2 hand down a controller, which no container takes
# back. The last one to end of those that run at once puts back what the first one found; where that
# one was killed, a later one does.
set -u
top=/sys/fs/cgroup
[ -e "$top/cgroup.subtree_control" ] || top=$top/unified
control=$top/cgroup.subtree_control
{ [ -w "$control" ] && [ -w /run ]; } || exec "$@"
note=/run/mini_container-tests.controllers

# All hold a shared lock on the directory; who can have it alone is the first, or the last.
exec 8<"$top"
until [ -e "$note" ]; do
  flock -n -x 8 && cat "$control" >"$note.new" && mv "$note.new" "$note"
  flock -s 8
done
flock -s 8
"$@" 8<&-
status=$?
if flock -n -x 8; then
  kept=true
  for controller in $(cat "$control"); do
    grep -qw -- "$controller" "$note" || echo "-$controller" 2>/dev/null >"$control" || kept=false
  done
  # Somebody's own cgroup may hold on to it: a later test tries again.
  ! $kept || rm -f "$note"
fi
exit "$status"
