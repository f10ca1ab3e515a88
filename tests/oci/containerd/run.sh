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
cat >"$work/c" <<END
#!/bin/sh
exec timeout --foreground 60 ctr --address "$work/s" "\$@"
END
chmod +x "$work/c"
PATH="$work:$PATH"
cat >"$work/profile.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
END
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
# ctr tells the size after the start.
in_there='tty; i=0; while [ "$((i += 1))" -lt 50 ] && [ "$(stty size 2>/dev/null)" != "31 99" ]; do sleep 0.1; done; stty size; exit 6'
shell() { check "$1" sh -c "$2"; }
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
  check 'a writable root' run_with --rm one sh -c 'touch /x && echo made'
  check 'out of memory' run_with '--rm --memory-limit 16777216' one tail /dev/zero
  check 'a parent cgroup' run_with '--rm --cgroup /default/parent/one' one sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
  find /sys/fs/cgroup -depth -type d -path '*/default/parent*' -exec rmdir {} +
  check 'a mount' run_with "--rm --mount type=bind,src=$work/image,dst=/mnt,options=rbind:ro" one sh -c 'ls /mnt; touch /mnt/x'
  check 'a tmpfs' run_with '--rm --mount type=tmpfs,src=tmpfs,dst=/mnt,options=size=1m:noexec:nosuid' one sh -c 'grep " /mnt " /proc/mounts; touch /mnt/x && echo written'
  check 'no capabilities' run_with '--rm --cap-drop CAP_CHOWN --cap-drop CAP_KILL' one sh -c 'grep CapEff /proc/self/status; chown 1 /tmp'
  check 'one more' run_with '--rm --cap-add CAP_SYS_ADMIN' one sh -c 'grep CapEff /proc/self/status; hostname other && hostname'
  check 'a profile' run_with "--rm --seccomp --seccomp-profile $work/profile.json" one sh -c 'mkdir /tmp/x; grep Seccomp: /proc/self/status'
  check 'new privileges' run_with '--rm --allow-new-privs' one grep NoNewPrivs /proc/self/status
  check 'no new privileges' run_with --rm one grep NoNewPrivs /proc/self/status
  check 'a device' run_with '--rm --device /dev/fuse' one sh -c 'stat -c "%n %F %t:%T" /dev/fuse'
  check 'network of the host' run_with '--rm --net-host' one sh -c "test \$(readlink /proc/self/ns/net) = $(readlink /proc/self/ns/net) && echo host"
  check 'a namespace by path' run_with '--rm --with-ns ipc:/proc/1/ns/ipc' one sh -c "test \$(readlink /proc/self/ns/ipc) = $(readlink /proc/1/ns/ipc) && echo shared"
  check 'mapped ids' run_with '--rm --uidmap 0:100000:1000 --gidmap 0:100000:1000' one sh -c 'cat /proc/self/uid_map; id -u'
  check 'memory and cpus' run_with '--detach --memory-limit 33554432 --cpus 0.5 --cpu-shares 512 --cgroup /default/limited' limited sleep 100
  check 'as they are' sh -c 'cd /sys/fs/cgroup; for f in memory/:memory.limit_in_bytes cpu/:cpu.cfs_quota_us cpu/:cpu.shares; do cat ${f%:*}default/limited/${f#*:}; done'
  shell 'removed by force' 'c task rm -f limited >/dev/null; c container rm limited; find /sys/fs/cgroup -name limited'
  check 'a label and an annotation' run_with '--rm --label a=b --annotation c=d' one echo labelled
  check 'its process id on file' run_with "--rm --pid-file $work/pid" one true
  check 'devices' run_with --rm one sh -c 'stat -c "%n %a %F %t:%T %u:%g" /dev/* | grep -v /dev/core'
  check 'mounts' run_with --rm one sh -c 'cut -d" " -f2,3 /proc/mounts | grep -v "^/ " | sort'
  check 'masked paths' run_with --rm one sh -c 'cat /proc/kcore 2>/dev/null | wc -c; ls -A /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic'
  check 'a terminal' in_terminal "c run --snapshotter native --runc-binary $chosen --rm --tty \
    docker.io/library/busy:latest one sh -c '$in_there'"
  check 'detached' run_with --detach two sleep 100
  check 'running' status_of two
  # ctr gives up what it reads when the program's end is known before its own open(2) of the output's
  # FIFO has returned: where that is held up for 0.1 s the line is lost, with runc as well. Programs
  # that print stay for a moment.
  check 'exec' c task exec --exec-id e1 two sh -c 'echo inside; sleep 0.3'
  check 'exec exit code' c task exec --exec-id e2 two sh -c 'exit 9'
  check 'exec of what is missing' c task exec --exec-id e3 two /nowhere
  check 'exec user' c task exec --exec-id e4 --user 7:8 two sh -c 'id -u; sleep 0.3'
  check 'exec directory' c task exec --exec-id e5 --cwd /tmp two sh -c 'pwd; sleep 0.3'
  check 'exec capabilities' c task exec --exec-id e6 two sh -c 'grep Cap /proc/self/status; sleep 0.3'
  shell 'exec standard input' 'echo typed | c task exec --exec-id e7 two cat'
  check 'exec: a terminal' in_terminal "c task exec --exec-id e8 --tty two sh -c '$in_there'"
  shell 'exec: a signal' 'c task exec --exec-id e9 two sleep 100 & sleep 1; c task kill --signal SIGTERM --exec-id e9 two; c task kill --signal SIGKILL --exec-id e9 two; wait $!'
  check 'the same namespaces' c task exec --exec-id e10 two sh -c 'for n in net mnt pid ipc uts cgroup; do test "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" || echo $n; done'
  check 'pause' c task pause two
  check 'paused' status_of two
  check 'resume' c task resume two
  check 'running again' status_of two
  shell 'processes' "c task ps two | wc -l"
  shell 'metrics' "c task metrics two | grep -c pids.current"
  check 'kill' c task kill --signal SIGKILL two
  wait_until 10 stopped two
  check 'stopped' status_of two
  check 'exec when stopped' c task exec --exec-id e11 two true
  check 'kill when stopped' c task kill two
  shell 'delete the task' "c task rm two >/dev/null"
  check 'delete it' c container rm two
  check 'kill all' run_with --detach three sh -c 'sleep 100 & sleep 100'
  check 'of it' c task kill --all --signal SIGKILL three
  wait_until 10 stopped three
  shell 'and remove' "c task rm three >/dev/null; c container rm three"
  shell 'remove a running one by force' "c run --snapshotter native --runc-binary $chosen --detach docker.io/library/busy:latest five sleep 100; c task rm -f five >/dev/null; c container rm five"
  shell 'nothing is left' "c container ls -q; c task ls -q"
}

choose() {
  chosen=$runtime
  [ "$1" = mini_container ] || chosen=$(command -v "$1")
}
compare_with runc
kill "$daemon"
wait "$daemon"
nothing_remains
conclude containerd runc
