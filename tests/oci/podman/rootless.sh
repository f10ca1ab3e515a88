#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman of an ordinary user, with mini_container and once more with crun as the control. The user is
# there in this test's own view of /etc alone.
#   sh rootless.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

need_programs podman conmon crun busybox unshare script ps newuidmap setpriv
in_own_machine "$@"

id=60123
user=mini_tester
for file in passwd group subuid subgid; do
  [ ! -e "/etc/$file" ] || cp "/etc/$file" "$work/etc.$file"
done
echo "$user:x:$id:$id::$work/home:/bin/sh" >>"$work/etc.passwd"
echo "$user:x:$id:" >>"$work/etc.group"
for file in subuid subgid; do
  echo "$user:300000:65536" >"$work/etc.$file"
  touch "/etc/$file"
done
for file in passwd group subuid subgid; do
  chmod 644 "$work/etc.$file"
  mount --bind "$work/etc.$file" "/etc/$file" || exit 1
done
findings >"$work/before"
mkdir -p "/run/user/$id" "$work/own"
chmod 700 "/run/user/$id"
chown "$id:$id" "/run/user/$id" "$work/own" "$work/home" "$work/tmp" "$work/cwd"
# Where an ordinary user gets to, whoever built it.
mkdir "$work/program"
cp -r "$runtime" "$(dirname "$runtime")/plugins.d" "$work/program"
runtime=$work/program/mini_container

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
chosen=mini_container
# The checks call podman as `p`.
write_p() {
  cat >"$work/p" <<END
#!/bin/sh
cd $work/cwd
exec setpriv --reuid $id --regid $id --init-groups env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin TERM=dumb \\
  HOME=$work/home XDG_RUNTIME_DIR=/run/user/$id TMPDIR=$work/tmp CONTAINERS_CONF=$work/containers.conf \\
  timeout --foreground 60 podman --root $work/own/root --runroot $work/own/run --tmpdir $work/own/tmp \\
  --storage-driver vfs --runtime $chosen "\$@"
END
  chmod +x "$work/p"
}
PATH="$work:$PATH"
write_p

make_root "$work/image"
tar -C "$work/image" -cf "$work/image.tar" .
p import "$work/image.tar" busy >"$work/import.txt" 2>&1 || {
  tail -n 3 "$work/import.txt"
  skip "podman of an ordinary user does not work on this machine: $(tail -n 1 "$work/import.txt")"
}
mkdir "$work/volume"
echo from-host >"$work/volume/file"
chown -R "$id:$id" "$work/volume"

p_run() { p run --rm busy "$@"; }
# run_with OPTIONS COMMAND...
run_with() {
  options=$1
  shift
  # shellcheck disable=SC2086
  p run --rm $options busy "$@"
}
shell() { check "$1" sh -c "$2"; }
inspect() { p inspect --format "$2" "$1"; }

# A program that ends at once may lose its line under podman, with crun as well: this one stays.
in_there='tty; sleep 0.5; exit 6'
checks() {
  check 'a program and its output' p_run echo hello
  check 'its exit code' p_run sh -c 'exit 7'
  check 'a missing command' p_run /nowhere
  check 'a directory as command' p_run /etc
  shell 'standard input' 'echo typed | p run -i --rm busy cat'
  check 'its ids' p_run sh -c 'id; cat /proc/self/uid_map /proc/self/gid_map'
  check 'another user' run_with '--user 1000:1001' id
  check 'its own id' run_with '--userns keep-id' sh -c 'id -u; id -g; cat /proc/self/uid_map'
  check 'other maps' run_with '--uidmap 0:1:1000 --gidmap 0:1:1000' cat /proc/self/uid_map
  check 'capabilities' p_run grep Cap /proc/self/status
  check 'no capabilities' run_with '--cap-drop all' grep Cap /proc/self/status
  check 'privileged' run_with '--privileged' grep -E 'CapEff|Seccomp:|NoNewPrivs' /proc/self/status
  check 'seccomp' p_run grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
  check 'no new privileges' run_with '--security-opt no-new-privileges' grep NoNewPrivs /proc/self/status
  check 'a read-only root' run_with '--read-only' sh -c 'touch /x; touch /tmp/x && echo tmp'
  check 'volumes' run_with "-v $work/volume:/a:ro -v $work/volume:/b" sh -c 'cat /a/file; touch /a/x; touch /b/x && stat -c %u:%g /b/x && rm /b/x'
  check 'tmpfs' run_with '--tmpfs /scratch:size=1m' sh -c 'grep " /scratch " /proc/mounts | cut -d" " -f2,3; stat -c %u:%g /scratch'
  check 'a device' run_with '--device /dev/zero:/dev/nothing' sh -c 'head -c 3 /dev/nothing | wc -c'
  check 'devices' p_run sh -c 'stat -c "%n %a %F" /dev/*'
  check 'mounts' p_run sh -c 'cut -d" " -f2,3 /proc/mounts | grep -vE "^/ |/cgroup|^/etc/|^/run/" | sort'
  check 'masked paths' p_run sh -c 'cat /proc/kcore 2>/dev/null | wc -c; ls -A /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic'
  check 'host name' run_with '--hostname box' hostname
  check 'sysctl' run_with '--sysctl kernel.shmmni=1234' cat /proc/sys/kernel/shmmni
  check 'ulimit' run_with '--ulimit nofile=100:200' grep 'open files' /proc/self/limits
  check 'shm' run_with '--shm-size 1m' sh -c 'df -k /dev/shm | tail -n 1 | tr -s " " | cut -d" " -f2'
  check 'an init process' run_with '--init' sh -c 'cut -d" " -f1,2 /proc/1/stat; exit 5'
  check 'without cgroups' run_with '--cgroups disabled' echo none
  check 'the namespaces of the host' run_with '--network host --ipc host --pid host --uts host' sh -c 'test "$$" -gt 1 && echo high; grep -E " /(sys|proc) " /proc/mounts | cut -d" " -f2,3'
  check 'a terminal' in_terminal "p run --rm -it busy sh -c '$in_there'"
  check 'its size' resized 'p run --rm -it busy'
  check 'detached' p run -d --name one busy sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.1; done'
  wait_until 10 sh -c 'p logs one | grep -q started'
  check 'logs' p logs one
  check 'exec' p exec one echo inside
  check 'exec: exit code' p exec one sh -c 'exit 9'
  check 'exec: user' p exec -u 7:8 -w /tmp one sh -c 'id; pwd; grep CapEff /proc/self/status'
  check 'exec: a terminal' in_terminal "p exec -it one sh -c '$in_there'"
  check 'exec: its size' resized 'p exec -it one'
  check 'exec: the same namespaces' p exec one sh -c 'for n in net mnt pid ipc uts user; do test "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" || echo $n; done'
  check 'joined' run_with '--ipc container:one --pid container:one --net container:one' sh -c 'echo $(($$ > 1))'
  shell 'top' 'p top one pid comm | head -n 2'
  check 'stop' p stop -t 5 one
  check 'stopped with' inspect one '{{.State.Status}} {{.State.ExitCode}}'
  check 'start and kill' sh -c 'p start one && p kill one && p wait one'
  check 'rm' p rm -f one
  check 'a pod' p pod create --name pod --infra-image busy --infra-command 'sleep 300' --hostname box
  check 'one in it' p run --rm --pod pod busy hostname
  check 'remove it' p pod rm -f -t 0 pod
  check 'nothing is left' p ps -aq
}

pause_process() { cat "/run/user/$id/libpod/tmp/pause.pid" "$work/own/tmp/pause.pid" 2>/dev/null; }
choose() {
  chosen=$1
  write_p
}
settled() {
  # podman's own, which holds the user namespace.
  for pid in $(pause_process); do kill "$pid" 2>/dev/null; done
  nothing_remains
}
compare_with crun
conclude 'podman (rootless)' crun
rm -rf "$work/own" "$work/image" "$work/image.tar" "$work/program"
