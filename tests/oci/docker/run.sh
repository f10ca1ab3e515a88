#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dockerd with mini_container as one of its runtimes, and once more with runc as the control: what
# both print and how both exit must be the same.
# `--privileged` is left out: runc wants capabilities that not every machine has.
#   sh run.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

need_programs dockerd docker containerd runc busybox unshare script ps
in_own_machine "$@"

cat >"$work/containerd.toml" <<END
version = 2
root = "$work/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$work/c"
END
echo '{}' >"$work/none.json"
containerd --config "$work/containerd.toml" >"$work/containerd.log" 2>&1 &
containerd=$!
dockerd --config-file "$work/none.json" --containerd "$work/c" --host "unix://$work/d" \
  --data-root "$work/data" --exec-root /run/docker --pidfile /run/docker.pid \
  --storage-driver vfs --bridge none --iptables=false --ip6tables=false --ip-forward=false \
  --cgroup-parent /docker --add-runtime "mini_container=$runtime" >"$work/dockerd.log" 2>&1 &
dockerd=$!
export DOCKER_HOST="unix://$work/d" DOCKER_CONFIG="$work/home"
cat >"$work/d_" <<'END'
#!/bin/sh
exec timeout --foreground 60 docker "$@"
END
chmod +x "$work/d_"
PATH="$work:$PATH"
wait_until 30 d_ version || {
  tail -n 20 "$work/containerd.log" "$work/dockerd.log"
  echo "dockerd does not start here"
  exit 1
}
make_root "$work/image"
tar -C "$work/image" -cf "$work/image.tar" .
d_ import --change 'CMD ["sh"]' --change 'ENV PATH=/bin' "$work/image.tar" busy >/dev/null || {
  echo "dockerd cannot import an image here"
  exit 1
}
mkdir "$work/volume"
echo from-host >"$work/volume/file"
cat >"$work/profile.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
END

d_run() { d_ run --rm --network none --runtime "$chosen" busy "$@"; }
# run_with OPTIONS COMMAND...
run_with() {
  options=$1
  shift
  # shellcheck disable=SC2086
  d_ run --rm --network none --runtime "$chosen" $options busy "$@"
}
shell() { check "$1" sh -c "$2"; }
inspect() { d_ inspect --format "$2" "$1"; }
exited() { [ "$(inspect "$1" '{{.State.Status}}')" = exited ]; }
detached() {
  name=$1
  options=$2
  shift 2
  # shellcheck disable=SC2086
  d_ run -d --network none --runtime "$chosen" --name "$name" $options busy "$@"
}

# docker tells the size after the start.
in_there='tty; i=0; while [ "$((i += 1))" -lt 50 ] && [ "$(stty size 2>/dev/null)" != "31 99" ]; do sleep 0.1; done; stty size; exit 6'

run_checks() {
  check 'a program and its output' d_run echo hello
  check 'its exit code' d_run sh -c 'exit 7'
  check 'a missing command' d_run /nowhere
  check 'a missing command of PATH' d_run nowhere
  check 'a file that is not a program' d_run /etc/passwd
  check 'a directory as command' d_run /etc
  check 'standard input' sh -c "echo typed | d_ run -i --rm --network none --runtime $chosen busy cat"
  check 'environment and directory' run_with '-e A=b -w /made/here -h box' sh -c 'echo $A $PWD $HOME; hostname'
  check 'a user' run_with '--user 1000:1001 --group-add 5' id
  check 'capabilities' d_run grep Cap /proc/self/status
  check 'no capabilities' run_with '--cap-drop all' grep Cap /proc/self/status
  check 'seccomp' d_run grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
  check 'a call that seccomp refuses' d_run unshare -m true
  check 'a profile' run_with "--security-opt seccomp=$work/profile.json" mkdir /tmp/x
  check 'no new privileges' run_with '--security-opt no-new-privileges' grep NoNewPrivs /proc/self/status
  check 'a read-only root' run_with '--read-only --tmpfs /tmp:size=1m' sh -c 'touch /x; touch /tmp/x && echo tmp'
  check 'volumes' run_with "-v $work/volume:/a:ro -v $work/volume:/b:rprivate,z" sh -c 'cat /a/file; touch /a/x; touch /b/x && rm /b/x'
  check 'mounts' run_with "--mount type=bind,src=$work/volume,dst=/a,readonly --mount type=tmpfs,dst=/t,tmpfs-size=1048576" sh -c 'cat /a/file; grep " /t " /proc/mounts'
  check 'a device' run_with '--device /dev/zero:/dev/nothing:r' sh -c 'head -c 3 /dev/nothing | wc -c; echo x >/dev/nothing'
  check 'nodes' d_run sh -c 'stat -c "%n %a %F %t:%T %u:%g" /dev/* | grep -v /dev/core'
  check 'limits' run_with '-m 32m --pids-limit 20 --cpus 0.5 --cpu-shares 512' sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us cpu/cpu.shares'
  check 'out of memory' run_with '-m 16m --memory-swap 16m' tail /dev/zero
  check 'ulimit' run_with '--ulimit nofile=100:200' grep 'open files' /proc/self/limits
  check 'sysctl' run_with '--sysctl kernel.shmmni=1234' cat /proc/sys/kernel/shmmni
  check 'an init process' run_with '--init' sh -c 'cut -d" " -f1-2 /proc/1/stat; exit 5'
  check 'a terminal' in_terminal "d_ run --rm -it --network none --runtime $chosen busy sh -c '$in_there'"
  check 'the namespaces of the host' run_with '--pid host --ipc host --uts host' sh -c 'test -d /proc/1 && test "$$" -gt 1 && echo high'
  check 'masked paths' d_run sh -c 'cat /proc/kcore | wc -c; ls -A /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic'
}

life_checks() {
  check 'detached' detached one '--shm-size 1m --ipc shareable' sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 60 & wait $!; done'
  wait_until 10 sh -c 'd_ logs one | grep -q started'
  check 'logs' d_ logs one
  check 'runtime' inspect one '{{.State.Status}}'
  check 'exec' d_ exec one echo inside
  check 'exec: exit code' d_ exec one sh -c 'exit 9'
  shell 'exec: missing' 'd_ exec one /nowhere >/dev/null'
  shell 'exec: a directory' 'd_ exec one /etc >/dev/null'
  check 'exec: user' d_ exec -u 7:8 -e X=y -w /tmp one sh -c 'id; echo $X $PWD'
  check 'exec: capabilities' d_ exec one grep Cap /proc/self/status
  check 'exec -it' in_terminal "d_ exec -it one sh -c '$in_there'"
  shell 'exec -d' 'd_ exec -d one sh -c "echo made >/tmp/made"; sleep 1; d_ exec one cat /tmp/made'
  shell 'top' 'd_ top one -o pid,comm | tail -n +2 | sed "s/^[0-9]* *//" | sort | uniq -c'
  shell 'stats' "d_ stats --no-stream --format '{{.Name}} {{.PIDs}}' one"
  check 'pause' d_ pause one
  check 'paused' inspect one '{{.State.Status}}'
  check 'exec while paused' d_ exec one true
  check 'unpause' d_ unpause one
  check 'update' d_ update --memory 48m --memory-swap 96m --pids-limit 50 --cpus 0.5 one
  check 'updated' d_ exec one sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us'
  check 'joined ipc' run_with '--ipc container:one --pid container:one' sh -c 'echo $(($$ > 1)); df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
  check 'cp' sh -c "d_ cp $work/volume/file one:/tmp/copied && d_ exec one cat /tmp/copied"
  check 'checkpoint' sh -c 'd_ checkpoint create one point 2>&1 | wc -l'
  check 'stop' d_ stop -t 5 one
  check 'stopped with' inspect one '{{.State.Status}} {{.State.ExitCode}}'
  check 'start again' d_ start one
  check 'restart' d_ restart -t 5 one
  check 'kill' sh -c 'd_ kill one && d_ wait one'
  check 'rm' d_ rm one
  check 'stop that needs force' detached two '' sh -c 'trap "" TERM; while :; do sleep 0.1; done'
  shell 'by force' 'd_ stop -t 1 two && d_ inspect --format "{{.State.ExitCode}}" two; d_ start two && d_ rm -f two'
  check 'health' detached three '--health-cmd true --health-interval 1s' sleep 60
  wait_until 10 sh -c 'd_ inspect --format "{{.State.Health.Status}}" three | grep -qx healthy'
  check 'healthy' inspect three '{{.State.Health.Status}}'
  check 'remove it' d_ rm -f three
  check 'restarts' detached four '--restart on-failure:2' sh -c 'echo again; exit 1'
  wait_until 15 sh -c 'd_ logs four | grep -c again | grep -qx 3'
  shell 'it restarted' 'd_ logs four; d_ rm -f four'
  check 'nothing is left' d_ ps -aq
}

checks() {
  run_checks
  life_checks
}
choose() { chosen=$1; }
compare_with runc
kill "$dockerd"
wait "$dockerd"
kill "$containerd"
wait "$containerd"
# dockerd makes it a mount of its own.
umount "$work/data"
nothing_remains
conclude docker runc
rm -rf "$work/data" "$work/containerd" "$work/image" "$work/image.tar"
