#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# containerd and its shim with mini_container, and once more with runc as the control: what both
# print and how both exit must be the same.
#   sh run.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

need_programs containerd ctr runc busybox unshare sha256sum script ps
in_own_machine "$@"
mkdir "$work/image"

cat >"$work/config.toml" <<END
version = 2
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$work/s"
END
containerd --config "$work/config.toml" >"$work/containerd.log" 2>&1 &
daemon=$!
c() { timeout 60 ctr --address "$work/s" "$@"; }
wait_until 20 c version || {
  cat "$work/containerd.log"
  echo "containerd does not start here"
  exit 1
}

make_root "$work/image/root"
tar -C "$work/image/root" -cf "$work/image/layer.tar" .
digest=$(sha256sum "$work/image/layer.tar" | cut -d' ' -f1)
cat >"$work/image/config.json" <<END
{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]},
 "config": {"Cmd": ["sh"], "Env": ["PATH=/usr/bin:/bin"]}}
END
echo '[{"Config": "config.json", "RepoTags": ["docker.io/library/busy:latest"], "Layers": ["layer.tar"]}]' \
  >"$work/image/manifest.json"
tar -C "$work/image" -cf "$work/image.tar" manifest.json config.json layer.tar
c image import --snapshotter native "$work/image.tar" >/dev/null || {
  echo "containerd cannot import an image here"
  exit 1
}

# run_with OPTIONS ID COMMAND...
run_with() {
  options=$1
  shift
  # shellcheck disable=SC2086
  c run --snapshotter native --runc-binary "$chosen" $options docker.io/library/busy:latest "$@"
}
status_of() { c task ls | awk -v id="$1" '$1 == id { print $3 }'; }
stopped() { [ "$(status_of "$1")" = STOPPED ]; }

checks() {
  check 'a program and its output' run_with --rm one echo hello
  check 'its exit code' run_with --rm one sh -c 'exit 7'
  check 'a missing command' run_with --rm one /nowhere
  check 'environment' run_with '--rm --env A=b --cwd /tmp' one sh -c 'echo $A $PWD'
  check 'capabilities' run_with --rm one grep Cap /proc/self/status
  check 'seccomp' run_with '--rm --seccomp' one grep Seccomp: /proc/self/status
  check 'a read-only root' run_with '--rm --read-only' one touch /x
  check 'memory' run_with '--rm --memory-limit 33554432' one true
  check 'a mount' run_with "--rm --mount type=bind,src=$work/image,dst=/mnt,options=rbind:ro" one ls /mnt
  check 'a terminal' script -qec "ctr --address $work/s run --snapshotter native \
    --runc-binary $chosen --rm --tty docker.io/library/busy:latest one tty" /dev/null
  check 'detached' run_with --detach two sleep 100
  check 'running' status_of two
  check 'exec' c task exec --exec-id e1 two echo inside
  check 'exec exit code' c task exec --exec-id e2 two sh -c 'exit 9'
  check 'exec of what is missing' c task exec --exec-id e3 two /nowhere
  check 'exec user' c task exec --exec-id e4 --user 7:8 two id -u
  check 'pause' c task pause two
  check 'paused' status_of two
  check 'resume' c task resume two
  check 'running again' status_of two
  check 'processes' sh -c "ctr --address $work/s task ps two | wc -l"
  check 'metrics' sh -c "ctr --address $work/s task metrics two | grep -c pids.current"
  check 'kill' c task kill --signal SIGKILL two
  wait_until 10 stopped two
  check 'stopped' status_of two
  check 'delete the task' sh -c "ctr --address $work/s task rm two >/dev/null"
  check 'delete it' c container rm two
  check 'kill all' run_with --detach three sh -c 'sleep 100 & sleep 100'
  check 'of it' c task kill --all --signal SIGKILL three
  wait_until 10 stopped three
  check 'and remove' sh -c "ctr --address $work/s task rm three >/dev/null; ctr --address $work/s container rm three"
  check 'nothing is left' sh -c "ctr --address $work/s container ls -q; ctr --address $work/s task ls -q"
}

for chosen in "$runtime" "$(command -v runc)"; do
  name=$(basename "$chosen")
  checks </dev/null >"$work/$name.txt" 3>"$work/$name.errors"
done
kill "$daemon"
wait "$daemon"
nothing_remains
compare runc
conclude containerd runc
