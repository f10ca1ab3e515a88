#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# buildah, which drives the runtime itself, with mini_container and once more with crun as the
# control: what both print and how both exit must be the same.
#   sh run.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/../engine.sh"

need_programs buildah crun busybox unshare script ps
in_own_machine "$@"

cat >"$work/b" <<END
#!/bin/sh
exec timeout --foreground 60 buildah --root "$work/root" --runroot "$work/run" --storage-driver vfs "\$@"
END
chmod +x "$work/b"
PATH="$work:$PATH"
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$work/policy.json"
export BUILDAH_ISOLATION=oci

make_root "$work/image"
mkdir "$work/volume"
echo from-host >"$work/volume/file"
b from --name base scratch >/dev/null 2>"$work/stderr" && b copy --quiet base "$work/image" / >/dev/null &&
  b config --env PATH=/bin base && b commit --quiet --signature-policy "$work/policy.json" base busy >"$work/stderr" 2>&1 || {
  cat "$work/stderr"
  echo "buildah cannot make an image here"
  exit 1
}
cat >"$work/Containerfile" <<'END'
FROM localhost/busy
ENV A=b
WORKDIR /made/here
RUN echo "$A $PWD" && id -u && grep CapEff /proc/self/status
RUN --mount=type=tmpfs,target=/scratch grep -c " /scratch " /proc/mounts
USER 1000:1001
RUN id -u && id -g
RUN exit 0
END
printf 'FROM localhost/busy\nRUN exit 7\n' >"$work/failing"

shell() { check "$1" sh -c "$2"; }
# run_with OPTIONS COMMAND...
run_with() {
  options=$1
  shift
  # shellcheck disable=SC2086
  b run --runtime "$program" --network none $options one -- "$@"
}

checks() {
  check 'a container' b from --quiet --name one --pull-never --signature-policy "$work/policy.json" localhost/busy
  check 'a program and its output' run_with '' echo hello
  check 'its exit code' run_with '' sh -c 'exit 7'
  check 'a signal that ends it' run_with '' sh -c 'kill -9 $$'
  check 'a missing command' run_with '' /nowhere
  check 'a directory as command' run_with '' /etc
  shell 'standard input' "echo typed | b run --runtime $program --network none one -- cat"
  shell 'standard error' "b run --runtime $program --network none one -- sh -c 'echo out; echo error >&2' 2>&1 >/dev/null"
  shell 'much output' "b run --runtime $program --network none one -- seq 1 20000 | md5sum"
  check 'a terminal' in_terminal "b run --runtime $program --network none --terminal one -- sh -c 'tty; sleep 0.5; exit 6'"
  check 'environment and directory' run_with '--env A=b --workingdir /tmp --hostname box' sh -c 'echo $A $PWD; hostname'
  check 'a user' run_with '--user 1000:1001' sh -c 'id; grep Groups /proc/self/status'
  check 'capabilities' run_with '' grep Cap /proc/self/status
  check 'more, and fewer' run_with '--cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN' grep CapEff /proc/self/status
  check 'seccomp' run_with '' grep -E 'Seccomp:|NoNewPrivs' /proc/self/status
  check 'volumes' run_with "--volume $work/volume:/a:ro --volume $work/volume:/b:rslave" sh -c 'cat /a/file; touch /a/x; touch /b/x && rm /b/x'
  check 'mounts' run_with "--mount type=tmpfs,destination=/t,tmpfs-size=1m --mount type=bind,source=$work/volume,destination=/a" sh -c 'grep " /t " /proc/mounts; cat /a/file'
  check 'devices' run_with '' sh -c 'stat -c "%n %a %F %t:%T %u:%g" /dev/*'
  check 'masked paths' run_with '' sh -c 'cat /proc/kcore 2>/dev/null | wc -c; ls -A /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic'
  check 'what it writes stays' run_with '' sh -c 'echo kept >/kept'
  check 'and is there' run_with '' cat /kept
  shell 'limits' "b from --quiet --name two --pull-never --memory 32m --cpu-shares 512 --ulimit nofile=64:64 --signature-policy $work/policy.json localhost/busy && b run --runtime $program --network none two -- sh -c 'grep \"open files\" /proc/self/limits; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.shares'; b rm two >/dev/null"
  shell 'a build' "b build --runtime $program --network none --pull-never --no-cache --signature-policy $work/policy.json --tag built -f $work/Containerfile $work/volume | grep -v '^--> '"
  check 'a build that fails' b build --runtime "$program" --network none --pull-never --no-cache --signature-policy "$work/policy.json" -f "$work/failing" "$work/volume"
  shell 'removed' 'b rm one >/dev/null; b rmi --force built >/dev/null; b containers --quiet | wc -l'
}

choose() {
  program=$runtime
  [ "$1" = mini_container ] || program=$(command -v "$1")
}
settled() {
  [ "$1" = mini_container ] || chown 0:0 /dev/null
  nothing_remains
}
compare_with crun
conclude buildah crun
rm -rf "$work/root" "$work/image"
