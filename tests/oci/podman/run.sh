#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman with mini_container, and once more with crun as the control: what both print and how both
# exit must be the same.
#   sh run.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

need_programs podman conmon crun busybox unshare script ps
in_own_machine "$@"

cat >"$work/containers.conf" <<END
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime_supports_nocgroup = ["mini_container", "crun"]
runtime_supports_json = ["mini_container", "crun"]
[engine.runtimes]
mini_container = ["$runtime"]
[containers]
log_driver = "k8s-file"
netns = "none"
default_ulimits = ["nofile=512:512", "nproc=1024:1024"]
END
export CONTAINERS_CONF="$work/containers.conf"

chosen=mini_container
p() {
  timeout 60 podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" \
    --storage-driver vfs --runtime "$chosen" "$@"
}

make_root "$work/image"
mkdir -p "$work/image/shared"
tar -C "$work/image" -cf "$work/image.tar" .
p import "$work/image.tar" busy >/dev/null 2>&1 || {
  echo "podman cannot import an image here"
  exit 1
}
mkdir "$work/volume"
echo from-host >"$work/volume/file"

run() { p run --rm busy "$@"; }
run_with() {
  options=$1
  shift
  # shellcheck disable=SC2086
  p run --rm $options busy "$@"
}
inspect() { p inspect --format "$2" "$1"; }

checks() {
  check 'a program and its output' run echo hello
  check 'its exit code' run sh -c 'exit 7'
  check 'a signal that ends it' run sh -c 'sh -c "kill -9 \$\$"; exit $?'
  check 'a command that is missing' run /nowhere
  check 'a command that is a directory' run /etc
  check 'standard input' sh -c "echo typed | p_in"
  check 'environment and directory' run_with '-e A=b -w /tmp' sh -c 'echo $A $PWD $HOME'
  check 'host name' run_with '--hostname box' hostname
  check 'process ids' run sh -c 'echo $$'
  check 'devices' run ls /dev
  check 'standard links' run sh -c 'for link in fd stdin stdout stderr ptmx core; do readlink /dev/$link; done'
  check 'masked paths' run sh -c 'cat /proc/kcore | wc -c; ls /proc/acpi 2>/dev/null | wc -l'
  check 'sysctls are read-only' run sh -c 'echo 1 >/proc/sys/kernel/panic'
  check 'default capabilities' run grep Cap /proc/self/status
  check 'no capabilities' run_with '--cap-drop all' grep Cap /proc/self/status
  check 'one more' run_with '--cap-add SYS_ADMIN' grep CapEff /proc/self/status
  check 'all of them' run_with '--privileged' grep CapBnd /proc/self/status
  check 'seccomp' run grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
  check 'a call that seccomp refuses' run unshare -m true
  check 'without seccomp' run_with '--security-opt seccomp=unconfined' grep Seccomp: /proc/self/status
  check 'no new privileges' run_with '--security-opt no-new-privileges' grep NoNewPrivs /proc/self/status
  check 'a read-only root' run_with '--read-only' sh -c 'touch /x; touch /tmp/x && echo tmp'
  check 'a user' run_with '--user 1000:1001' sh -c 'id; grep Groups /proc/self/status'
  check 'more groups' run_with '--user 1000 --group-add 5' sh -c 'id -G'
  check 'mapped ids' run_with '--uidmap 0:100000:1000 --gidmap 0:100000:1000' cat /proc/self/uid_map
  check 'tmpfs' run_with '--tmpfs /scratch:size=1m,noexec' sh -c 'grep scratch /proc/mounts | cut -d" " -f2-4'
  check 'volume' run_with "-v $work/volume:/shared" cat /shared/file
  check 'read-only volume' run_with "-v $work/volume:/shared:ro" sh -c 'touch /shared/x'
  check 'volume with options' run_with "-v $work/volume:/shared:noexec,nosuid,rslave" \
    sh -c 'grep /shared /proc/mounts | grep -c noexec'
  check 'device' run_with '--device /dev/zero:/dev/nothing' sh -c 'head -c 3 /dev/nothing | wc -c'
  check 'sysctl' run_with '--sysctl kernel.shmmni=1234' cat /proc/sys/kernel/shmmni
  check 'ulimit' run_with '--ulimit nofile=100:200 --ulimit nproc=1024:1024' sh -c 'grep "open files" /proc/self/limits'
  check 'memory' run_with '-m 32m' cat /sys/fs/cgroup/memory/memory.limit_in_bytes
  check 'out of memory' run_with '-m 16m --memory-swap 16m' sh -c 'tail /dev/zero'
  check 'pids' run_with '--pids-limit 20' cat /sys/fs/cgroup/pids/pids.max
  check 'cpus' run_with '--cpus 0.5' cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us
  check 'shm size' run_with '--shm-size 1m' sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
  check 'host ipc and pid' run_with '--ipc host --pid host' sh -c 'test -d /proc/1'
  check 'oom score' run_with '--oom-score-adj 500' cat /proc/self/oom_score_adj
  check 'without cgroups' run_with '--cgroups disabled' echo none
  check 'a terminal' run_with '-t' sh -c 'tty; stty size >/dev/null && echo sized'

  check 'detached' p run -d --name one busy sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done'
  wait_until 10 sh -c "$(p_text) logs one | grep -q started"
  check 'logs' p logs one
  check 'status' inspect one '{{.State.Status}}'
  check 'exec' p exec one echo inside
  check 'exec exit code' p exec one sh -c 'exit 9'
  check 'exec missing' p exec one /nowhere
  check 'exec user and environment' p exec -u 7:8 -e X=y -w /tmp one sh -c 'id -u; id -g; echo $X $PWD'
  check 'exec capabilities' p exec one grep Cap /proc/self/status
  check 'exec seccomp' p exec one grep Seccomp: /proc/self/status
  check 'exec limits' p exec one sh -c 'grep "open files" /proc/self/limits'
  check 'exec terminal' p exec -t one tty
  check 'exec detached' p exec -d one sh -c 'echo made >/tmp/made'
  wait_until 5 p exec one test -f /tmp/made
  check 'exec detached has run' p exec one cat /tmp/made
  check 'exec in the same namespaces' p exec one sh -c 'test "$(readlink /proc/1/ns/net)" = "$(readlink /proc/self/ns/net)"'
  check 'top' sh -c "$(p_text) top one pid comm | head -n 2"
  check 'pause' p pause one
  check 'paused' inspect one '{{.State.Status}}'
  check 'unpause' p unpause one
  check 'stats' sh -c "$(p_text) stats --no-stream --format '{{.Name}} {{.PIDs}}' one"
  check 'joined ipc' run_with '--ipc container:one' sh -c 'readlink /proc/self/ns/ipc | cut -c1-4'
  check 'joined pid' run_with '--pid container:one' sh -c 'tr "\\0" " " </proc/1/cmdline | cut -c1-10'
  check 'stop' p stop -t 5 one
  check 'stopped with' inspect one '{{.State.Status}} {{.State.ExitCode}}'
  check 'start again' p start one
  wait_until 10 sh -c "$(p_text) logs one | grep -c started | grep -qx 2"
  check 'kill' p kill one
  check 'wait' p wait one
  check 'rm' p rm -f one
  check 'stop that needs force' p run -d --name two busy sh -c 'trap "" TERM; while :; do sleep 0.1; done'
  check 'stop by force' p stop -t 1 two
  check 'forced' inspect two '{{.State.ExitCode}}'
  check 'remove a running one' sh -c "$(p_text) start two && $(p_text) rm -f -t 0 two"
  check 'health' p run -d --name three --health-cmd 'test -d /tmp' --health-interval disable busy sleep 60
  check 'healthy' p healthcheck run three
  check 'remove' p rm -f -t 0 three
  check 'create and start' sh -c "$(p_text) create --name four busy echo later && $(p_text) start -a four"
  check 'remove it' p rm four
  check 'nothing is left' p ps -aq
}
# For checks that are pipelines of their own.
p_text() {
  printf 'podman --root %s --runroot %s --tmpdir %s --storage-driver vfs --runtime %s' \
    "$work/root" "$work/run" "$work/tmp" "$chosen"
}

for chosen in mini_container crun; do
  printf '#!/bin/sh\nexec %s run -i --rm busy cat\n' "$(p_text)" >"$work/p_in"
  chmod +x "$work/p_in"
  PATH="$work:$PATH" checks >"$work/$chosen.txt" 3>"$work/$chosen.errors"
  nothing_remains
done
compare crun
conclude podman crun
rm -rf "$work/root" "$work/image" "$work/image.tar"
