#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, makes a root, and shows what a container sees of the host.
set -eu
cd "$(dirname "$0")/.."
. config/packages.sh

# shellcheck disable=SC2086
install_missing $build_packages $plugin_packages $demo_packages
echo "building (the log is in build/default/build.log) ..."
# The tests' own build has its tests; this one leaves them as they are.
if [ -f build/default/CMakeCache.txt ]; then
  configure_and_build build/default default
else
  configure_and_build build/default default -DMINI_CONTAINER_TESTS=OFF
fi

root=build/demo/root
sh config/demo-root.sh "$root"

views=$(mktemp -d)
queue=
mark=mini_container_demo.$$
clean_up() {
  [ -z "$queue" ] || ipcrm -q "$queue"
  rm -rf "$views" "/dev/shm/$mark"
  rm -f "/dev/mqueue/$mark" 2>/dev/null || true
}
trap clean_up EXIT INT TERM

# Something to see on the host: an object of each kind, where this user may make it.
queue=$(ipcmk -Q | sed 's/.*: //')
: >"/dev/shm/$mark"
{ : >"/dev/mqueue/$mark"; } 2>/dev/null || true

sh config/view.sh >"$views/host"
as_root build/default/mini_container run --config config/demo.toml >"$views/container"

awk -v limit=14 '
  FNR == 1 { side++ }
  /^# / {
    section = substr($0, 3)
    if (side == 1) order[++sections] = section
    next
  }
  { lines[side, section, ++count[side, section]] = substr($0, 1, 36) }
  function cell(side, section, row) {
    if (count[side, section] == 0 && row == 1) return "(none)"
    if (row == limit && count[side, section] > limit)
      return "... and " (count[side, section] - limit + 1) " more"
    return lines[side, section, row]
  }
  END {
    printf "\n%-20s  %-36s  %s\n", "", "THE HOST SEES", "THE CONTAINER SEES"
    for (s = 1; s <= sections; s++) {
      section = order[s]
      rows = count[1, section] > count[2, section] ? count[1, section] : count[2, section]
      if (rows > limit) rows = limit
      if (rows == 0) rows = 1
      for (row = 1; row <= rows; row++)
        printf "%-20s  %-36s  %s\n", row == 1 ? section : "", cell(1, section, row),
          cell(2, section, row)
      print ""
    }
  }' "$views/host" "$views/container"

sudo=
[ "$(id -u)" -eq 0 ] || sudo='sudo '
echo "A shell in it, and every test:"
echo "  ${sudo}build/default/mini_container run --config config/shell.toml"
echo "  ${sudo}sh tests/run.sh"
