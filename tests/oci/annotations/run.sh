#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Annotations that enable a plugin of a third party: what the administrator allows works in bundles
# and under podman, everything else is refused, and nothing is touched.
#   sh run.sh MINI_CONTAINER DIRECTORY PLUGIN-DIRECTORY
set -u
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${4:-}" != inside ]; then
  exec unshare --mount --net --propagation private sh "$0" "$1" "$2" "$3" inside
fi
runtime=$1
work=$2
plugins=$3
rm -rf "$work"
mkdir -p "$work/bundle"
make_root "$work/bundle/rootfs"
settings=$work/config.toml
mc() {
  timeout 30 "$runtime" --root "$work/state" --plugin-dir "$plugins" --settings "$settings" "$@"
}
# annotated JSON: a bundle with these annotations, that prints the greeting.
annotated() {
  (cd "$work/bundle" && rm -f config.json && "$runtime" spec)
  jq --argjson annotations "$1" '.process.terminal = false | .annotations = $annotations
      | .process.args = ["sh", "-c", "echo ${GREETING:-none}"]' \
    "$work/bundle/config.json" >"$work/new.json" && mv "$work/new.json" "$work/bundle/config.json"
}
run_it() { mc run --bundle "$work/bundle" a1 </dev/null 2>"$work/err"; }
# refused WHAT JSON PART
refused() {
  annotated "$2"
  out=$(run_it)
  equal "$1: exit code" 1 $?
  equal "$1: output" '' "$out"
  contains "$1" "$(cat "$work/err")" "$3"
  equal "$1: one line" 1 "$(wc -l <"$work/err")"
  equal "$1: nothing is left" '' "$(mc list -q)"
  [ -z "$(ls -d /sys/fs/cgroup/*/mini_container-a1 2>/dev/null)" ] || fail "$1: a cgroup is left"
}
allow() { printf '[annotations]\nallow = [%s]\n' "$1" >"$settings"; }

# Without a file nothing is allowed; other annotations are nobody's concern.
refused 'no configuration' '{"mini_container.hello.greeting": "hi"}' 'not allowed on this machine'
annotated '{"mini_container_hello": "x", "org.example": "y"}'
equal 'annotations of others' none "$(run_it)"

allow '"hello"'
annotated '{"mini_container.hello.greeting": "good morning", "mini_container.hello.to": "Ada,Grace"}'
equal 'set by annotations' 'good morning Ada Grace' "$(run_it)"
annotated '{"mini_container.hello": "true"}'
equal 'enabled by an annotation' 'hello world' "$(run_it)"
# Typed by the plugin's options, and by nothing else.
refused 'an unknown option' '{"mini_container.hello.greetin": "x"}' "did you mean 'greeting'?"
refused 'a value out of range' '{"mini_container.hello.greeting": ""}' 'hello.greeting: it is empty'
contains 'a value: its place' "$(cat "$work/err")" 'config.json:'
refused 'a value that is no text' '{"mini_container.hello.greeting": 7}' 'expected a string'
refused 'an odd value' '{"mini_container.hello": "yes"}' 'may be "true" alone'
refused 'another plugin' '{"mini_container.uts.hostname": "x"}' 'not allowed on this machine'
refused 'one good, one bad' '{"mini_container.hello.to": "x", "mini_container.net.mode": "host"}' \
  'mini_container.net.mode: it is not allowed'
refused 'the core' '{"mini_container.container.user": "1:1"}' 'not allowed on this machine'
for name in mini_container. mini_container.. mini_container../hello.x mini_container.hel; do
  refused "the name '$name'" "{\"$name\": \"x\"}" 'not allowed on this machine'
done
refused 'a subkey' '{"mini_container.hello.to.x": "y"}' "no option 'to.x'"

# A key alone.
allow '"hello.to"'
annotated '{"mini_container.hello.to": "you"}'
equal 'one key is allowed' 'hello you' "$(run_it)"
refused 'another key is not' '{"mini_container.hello.greeting": "x"}' 'not allowed'
refused 'nor the bare plugin' '{"mini_container.hello": "true"}' 'not allowed'
allow '"nowhere"'
refused 'a plugin that is not there' '{"mini_container.nowhere.x": "y"}' "there is no plugin 'nowhere'"

# The configuration itself is strict, and nobody else's to write.
good='{"mini_container.hello.to": "you"}'
allow '"hello"'
chmod 666 "$settings"
refused 'writable by others' "$good" 'others than root may write'
chmod 644 "$settings"
chown 1 "$settings"
refused 'of another owner' "$good" 'belongs to uid 1'
chown 0 "$settings"
chmod 777 "$work"
refused 'in a directory of all' "$good" 'others than root may write'
chmod 755 "$work"
mv "$settings" "$settings.real"
ln -s config.toml.real "$settings"
refused 'a link' "$good" 'open the configuration'
rm "$settings"
mkfifo "$settings"
refused 'a FIFO' "$good" 'not a regular file'
rm "$settings"
for text in 'allow = ["hello"]' '[annotation]' 'extends = "config.toml.real"' '[annotations' \
  '[annotations]
allow = "hello"' '[annotations]
alow = []'; do
  printf '%s\n' "$text" >"$settings"
  refused "the configuration '$text'" "$good" "$settings"
done
# A bundle without such annotations does not depend on it.
annotated '{}'
equal 'a broken configuration' none "$(run_it)"
# Neither a bundle nor its environment names another one.
allow ''
cp "$settings" "$work/bundle/"
annotated '{"mini_container.hello.to": "you", "mini_container.settings": "/config.toml"}'
jq '.process.env += ["MINI_CONTAINER_SETTINGS=/config.toml"]' "$work/bundle/config.json" >"$work/new.json"
mv "$work/new.json" "$work/bundle/config.json"
run_it && fail 'a bundle allows itself something'

# In the place where it belongs, which is ours in this mount namespace.
allow '"hello"'
mkdir -p "$work/etc/mini_container"
mv "$settings" "$work/etc/mini_container/config.toml"
cp -a /etc "$work/etc.copy" 2>/dev/null
cp -a "$work/etc/mini_container" "$work/etc.copy/"
mount --bind "$work/etc.copy" /etc || fail 'an /etc of our own'
annotated "$good"
equal '/etc/mini_container/config.toml' 'hello you' \
  "$(timeout 30 "$runtime" --root "$work/state" --plugin-dir "$plugins" run --bundle "$work/bundle" a1)"
# exec finds the plugin again, and the annotations are shown.
jq '.process.args = ["sleep", "60"]' "$work/bundle/config.json" >"$work/new.json"
mv "$work/new.json" "$work/bundle/config.json"
"$runtime" --root "$work/state" --plugin-dir "$plugins" create --bundle "$work/bundle" a2 \
  </dev/null >/dev/null 2>&1 || fail create
mc start a2 || fail start
equal 'exec' inside "$(mc exec a2 echo inside)"
equal 'state' you "$(mc state a2 | jq -r '.annotations["mini_container.hello.to"]')"
mc delete --force a2 || fail delete
equal 'features' mini_container. "$(mc features | jq -r '.potentiallyUnsafeConfigAnnotations[]')"

# Under an engine.
if command -v podman >/dev/null && command -v conmon >/dev/null; then
  hide_hybrid_cgroup2
  ip link set lo up 2>/dev/null
  had_parent=$(ls -d /sys/fs/cgroup/*/libpod_parent 2>/dev/null)
  # podman wants short paths.
  mount -t tmpfs tmpfs /mnt
  mkdir -p /mnt/root /mnt/run "$work/tmp" "$work/home"
  cat >"$work/containers.conf" <<END
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime_supports_json = ["mini_container"]
[engine.runtimes]
mini_container = ["$runtime"]
[containers]
log_driver = "k8s-file"
netns = "none"
default_ulimits = ["nofile=512:512", "nproc=1024:1024"]
END
  export CONTAINERS_CONF="$work/containers.conf" TMPDIR="$work/tmp" HOME="$work/home"
  p() {
    timeout 60 podman --root /mnt/root --runroot /mnt/run --tmpdir "$work/tmp" \
      --storage-driver vfs --runtime mini_container --runtime-flag "plugin-dir=$plugins" "$@"
  }
  tar -C "$work/bundle/rootfs" -cf "$work/image.tar" .
  p import "$work/image.tar" busy >/dev/null 2>&1 || fail 'podman import'
  equal 'podman --annotation' 'good day you' "$(p run --rm --annotation mini_container.hello.to=you \
    --annotation 'mini_container.hello.greeting=good day' busy sh -c 'echo $GREETING')"
  p run --rm --annotation mini_container.uts.hostname=x busy true 2>"$work/err" &&
    fail 'podman: what is not allowed runs'
  contains 'podman: what is not allowed' "$(cat "$work/err")" 'not allowed on this machine'
  # podman leaves the parent of its containers' cgroups.
  no_parent() {
    find /sys/fs/cgroup/*/libpod_parent -depth -type d -exec rmdir {} \; 2>/dev/null
    [ -z "$(ls -d /sys/fs/cgroup/*/libpod_parent 2>/dev/null)" ]
  }
  [ -n "$had_parent" ] || wait_until 10 no_parent || fail 'cgroups of podman are left'
else
  echo 'SKIPPED: annotations under podman: there is none'
  [ "${CI:-}" != true ] || failures=$((failures + 1))
fi

[ "$failures" -eq 0 ] || exit 1
echo 'annotations: what is allowed works, in bundles and under podman, and the rest is refused'
umount /etc
# An engine's last helpers may still be writing.
wait_until 10 rm -rf "$work"
