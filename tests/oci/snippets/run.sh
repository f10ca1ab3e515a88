#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The configuration of engines in config/engines: the engines understand it, and it names what is
# installed.
#   sh run.sh MINI_CONTAINER DIRECTORY SNIPPETS INSTALLED-BINARY
set -u
. "$(dirname "$0")/../support.sh"

need_programs busybox unshare jq
[ "$(id -u)" = 0 ] || skip "needs root"
if [ "${5:-}" != inside ]; then
  exec unshare --mount --net --propagation private sh "$0" "$1" "$2" "$3" "$4" inside
fi
runtime=$1
work=$2
snippets=$3
binary=/usr/local/bin/mini_container
rm -rf "$work"
mkdir -p "$work"
skipped=0
skip_part() {
  echo "SKIPPED: snippets: $*"
  skipped=1
  [ "${CI:-}" != true ] || failures=$((failures + 1))
}

# With the prefix that is used where none is asked for.
case $4 in
  /usr/local/*) equal 'the installed binary' "$binary" "$4" ;;
  *) skip_part "installed as $4" ;;
esac
for file in containers.conf containerd.toml; do
  contains "$file" "$(cat "$snippets/$file")" "\"$binary\""
done
# As if it were installed.
mount -t tmpfs tmpfs /usr/local/bin && ln -s "$runtime" "$binary"

if command -v podman >/dev/null; then
  mount -t tmpfs tmpfs /mnt && mkdir -p /mnt/root /mnt/run /mnt/tmp
  found=$(CONTAINERS_CONF=$snippets/containers.conf HOME=/mnt TMPDIR=/mnt/tmp timeout 60 podman \
    --root /mnt/root --runroot /mnt/run --tmpdir /mnt/tmp --storage-driver vfs info --format json 2>"$work/err" |
    jq -r '.host.ociRuntime | .name, .path')
  equal 'containers.conf' "mini_container $binary" "$(echo "$found" | xargs)"
  contains 'podman knows the version' "$(CONTAINERS_CONF=$snippets/containers.conf HOME=/mnt timeout 60 podman \
    --root /mnt/root --runroot /mnt/run --tmpdir /mnt/tmp --storage-driver vfs info --format json 2>/dev/null |
    jq -r .host.ociRuntime.version)" 'mini_container version'
else
  skip_part 'there is no podman'
fi
if command -v containerd >/dev/null; then
  timeout 30 containerd --config "$snippets/containerd.toml" config dump >"$work/dump" 2>"$work/err" ||
    fail "containerd.toml: $(cat "$work/err")"
  contains 'containerd.toml' "$(cat "$work/dump")" "BinaryName = \"$binary\""
  contains 'containerd.toml' "$(cat "$work/dump")" 'container_annotations = ["mini_container.*"]'
  # What the file says is known there: an unknown key would be dropped.
  contains 'containerd.toml' "$(cat "$work/dump")" 'runtimes.mini_container.options]'
else
  skip_part 'there is no containerd'
fi

# The handler is the runtime's name, and the pod's annotation is understood.
handler=$(sed -n 's/^handler: //p' "$snippets/kubernetes.yaml")
contains 'RuntimeClass' "$(cat "$snippets/containerd.toml")" "runtimes.$handler]"
equal 'pod' "$(sed -n 's/^  name: \(mini.*\)/\1/p' "$snippets/kubernetes.yaml")" \
  "$(sed -n 's/^  runtimeClassName: //p' "$snippets/kubernetes.yaml")"
annotation=$(sed -n 's/^    \(mini_container\.[a-z_.]*\): .*/\1/p' "$snippets/kubernetes.yaml")
value=$(sed -n 's/^    mini_container\.[a-z_.]*: "\(.*\)"/\1/p' "$snippets/kubernetes.yaml")
mkdir -p "$work/bundle"
make_root "$work/bundle/rootfs"
(cd "$work/bundle" && "$runtime" spec)
jq --arg key "$annotation" --arg value "$value" '.process.terminal = false | .annotations = {($key): $value}
    | .process.args = ["nc", "-w", "1", "127.0.0.1", "80"]' "$work/bundle/config.json" >"$work/new" &&
  mv "$work/new" "$work/bundle/config.json"
printf '[annotations]\nallow = ["landlock"]\n' >"$work/config.toml"
timeout 30 "$runtime" --root "$work/state" --settings "$work/config.toml" run --bundle "$work/bundle" s1 \
  </dev/null >"$work/out" 2>&1
contains "the pod's annotation holds" "$(cat "$work/out")" 'Permission denied'

[ "$failures" -eq 0 ] || exit 1
echo 'snippets: the engines understand them'
wait_until 10 rm -rf "$work"
[ "$skipped" -eq 0 ] || exit 77
