#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One static file, alone in a root that holds nothing else: no loader, no library.
. "$(dirname "$0")/variant.sh"
need_root

target=mini_container
build_variant static static
contains "$(cat "$trees/static/build.log")" \
  "Left out of the static binary: the plugin 'seccomp', which loads libseccomp2"
binary=$trees/static/mini_container
needed=$(readelf -d "$binary" | grep NEEDED || true)
[ -z "$needed" ] || fail "it needs other files: $needed"
readelf -h "$binary" | grep -q 'Type:.*DYN' || fail "it is not position-independent"

listed=$(run "$binary" plugin list)
contains "$listed" "rootfs " "ipc " "(built in)"
case $listed in
  *seccomp*) fail "it has the plugin 'seccomp'" ;;
esac
inside=$(run "$binary" --pid --hostname alone --ipc -- sh -c 'echo $$ $(hostname)')
[ "$inside" = "1 alone" ] || fail "inside: $inside"

# exec maps the program anew, here where no loader has placed it.
id=static-$$
run "$binary" run --detach --id "$id" --pid -- sleep 60 >"$work/static.detached" ||
  fail "run --detach: $(cat "$work/static.detached")"
inside=$(run "$binary" exec "$id" sh -c 'echo parent $PPID') || inside="it fails: $inside"
run "$binary" delete --force "$id"
[ "$inside" = "parent 0" ] || fail "exec: $inside"

rm -rf "$work/bare"
mkdir -p "$work/bare/proc" "$work/bare/bin"
cp "$binary" "$work/bare/bin/"
cp /bin/busybox "$work/bare/bin/hostname"
# shellcheck disable=SC2016
inside=$(unshare -mp --fork --propagation private sh -c 'mount -t proc proc "$1/proc" &&
  exec chroot "$1" /bin/mini_container --hostname bare -- /bin/hostname' sh "$work/bare" 2>&1)
[ "$inside" = bare ] || fail "in a bare root: $inside"
