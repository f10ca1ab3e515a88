#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods: containerd with the runtime handler of config/engines/containerd.toml, and one of runc as the
# control beside it, driven through the Container Runtime Interface as a kubelet does. What both give
# must be the same; and a pod's annotations reach the plugins that the administrator allows.
#   sh run.sh MINI_CONTAINER DIRECTORY PLUGIN-DIRECTORY
# The pods' network is CNI's ptp, in this script's own network namespace.
set -u
. "$(dirname "$0")/../engine.sh"
here=$(cd "$(dirname "$0")" && pwd)

need_programs containerd ctr runc busybox unshare sha256sum protoc ps
# Debian's own, that Debian's modules are for.
python=/usr/bin/python3
"$python" -c 'import google.protobuf, grpc' 2>/dev/null ||
  skip "there is no python3-grpcio or python3-protobuf"
cni=/usr/lib/cni
[ -x "$cni/ptp" ] || skip "there is no containernetworking-plugins"
[ "${3:-}" = inside ] || export MINI_CONTAINER_PLUGIN_DIR="$3"
in_own_machine "$@"
. "$here/node.sh"

# as_kubelet HANDLER PART...
as_kubelet() {
  PYTHONPATH="$work/py:$here" PYTHONDONTWRITEBYTECODE=1 timeout 120 "$python" "$here/kubelet.py" "$work" "$@" \
    </dev/null >>"$work/$1.txt" 2>"$work/$1.stderr" || {
    fail "$*: it ends with $?:"
    grep '^FAILED' "$work/$1.stderr" || tail -n 5 "$work/$1.stderr"
  }
  cat "$work/$1.stderr" >>"$work/$1.errors"
}
for handler in runc mini_container; do
  as_kubelet "$handler" life inside restart.leave
done
# What ends while containerd is away.
stop_containerd KILL
for handler in runc mini_container; do
  touch "$work/flags-$handler/go"
done
wait_until 10 sh -c '! ps -e -o args | grep -q "[-]e /flags/go"' ||
  fail 'a container does not end without containerd'
start_containerd || fail "containerd does not start again: $(tail -n 5 "$work/containerd.log")"
for handler in runc mini_container; do
  as_kubelet "$handler" restart.found
done

# The pod of kubernetes.yaml, with what the administrator allows.
export RUNTIME="$runtime"
ANNOTATION=$(sed -n 's/^    \(mini_container\.[a-z_.]*\): "\(.*\)"/\1=\2/p' "$engines/kubernetes.yaml")
export ANNOTATION
as_kubelet "$(sed -n 's/^handler: //p' "$engines/kubernetes.yaml")" annotations

rmdir /sys/fs/cgroup/*/kubepods
stop_containerd TERM
umount /etc
nothing_remains
rm -rf "$work/etc" "$work/root" "$work/image" "$work/image.tar"
compare runc
conclude cri runc
