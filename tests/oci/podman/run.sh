#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `podman run`: processes and their rights, with mini_container and once more with crun as the
# control: what both print and how both exit must be the same.
#   sh run.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/podman.sh"

mkdir "$work/volume"
echo from-host >"$work/volume/file"
echo 'A=from-file' >"$work/env"
cat >"$work/profile.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
              {"names": ["sethostname"], "action": "SCMP_ACT_KILL_PROCESS"},
              {"names": ["kill"], "action": "SCMP_ACT_ERRNO",
               "args": [{"index": 1, "value": 12, "op": "SCMP_CMP_EQ"}]}]}
END
echo '{"defaultAction": "SCMP_ACT_NOWHERE"}' >"$work/wrong.json"

process_checks() {
  check 'a program and its output' p_run echo hello
  check 'its exit code' p_run sh -c 'exit 7'
  check 'a signal that ends it' p_run sh -c 'sh -c "kill -9 \$\$"; exit $?'
  check 'a command that is missing' p_run /nowhere
  check 'a command that is a directory' p_run /etc
  shell 'standard input' 'echo typed | p run -i --rm busy cat'
  shell 'much output' 'p run --rm busy seq 1 20000 | md5sum'
  shell 'standard error' 'p run --rm busy sh -c "echo out; echo error >&2" 2>&1 >/dev/null'
  check 'environment and directory' run_with '-e A=b -w /tmp' sh -c 'echo $A $PWD $HOME'
  check 'all of the environment' run_with "--env-file $work/env --unsetenv TERM --hostname box" sh -c 'env | sort'
  check 'an entry point' run_with '--entrypoint echo' one two
  check 'a directory that is missing' run_with '-w /made/here' pwd
  check 'process ids' p_run sh -c 'echo $$; cut -d" " -f5,6 /proc/self/stat'
  check 'a user' run_with '--user 1000:1001' sh -c 'id; grep Groups /proc/self/status'
  check 'a user by name' run_with '--user root:root' id
  check 'a user who is not there' run_with '--user nobody-here' id
  check 'more groups' run_with '--user 1000 --group-add 5' sh -c 'id -G'
  check 'umask' run_with '--umask 0077' sh -c 'umask; touch /tmp/x; stat -c %a /tmp/x'
  check 'ulimit' run_with '--ulimit nofile=100:200 --ulimit nproc=1024:1024' grep 'open files' /proc/self/limits
  check 'other ulimits' run_with '--ulimit core=0 --ulimit stack=1048576 --ulimit nproc=1024:1024 --ulimit nofile=64:64' cat /proc/self/limits
  check 'a ulimit above what is allowed' run_with '--ulimit nofile=2147483584' true
  check 'oom score' run_with '--oom-score-adj 500' cat /proc/self/oom_score_adj
  check 'personality' run_with '--personality LINUX32' uname -m
  check 'an init process' run_with '--init' sh -c 'tr "\0" " " </proc/1/cmdline; echo $$'
  check 'init: exit code' run_with '--init' sh -c 'exit 5'
  check 'a terminal' run_with '-t' sh -c 'tty; i=0; until stty size >/dev/null 2>&1 || [ $((i += 1)) -gt 50 ]; do sleep 0.1; done; stty size >/dev/null && echo sized; sleep 1'
  check 'console' run_with '-t' sh -c 'stat -c "%a %F" /dev/console'
  check 'timeout' run_with '--timeout 1' sleep 30
  shell 'descriptors' "p run --rm --preserve-fds 2 busy sh -c 'cat <&3; cat <&4; ls /proc/self/fd | wc -l' 3<$work/env 4<$work/volume/file"
  shell 'its process id on file' "p run --rm --pidfile $work/pidfile busy true; test -s $work/pidfile"
  shell 'annotations' 'p create --name annotated --annotation org.example.key=value busy true; p inspect --format "{{index .Config.Annotations \"org.example.key\"}}" annotated; p rm annotated'
}

security_checks() {
  check 'default capabilities' p_run grep Cap /proc/self/status
  check 'no capabilities' run_with '--cap-drop all' grep Cap /proc/self/status
  check 'one of them' run_with '--cap-drop all --cap-add NET_BIND_SERVICE' grep Cap /proc/self/status
  check 'one more' run_with '--cap-add SYS_ADMIN' grep CapEff /proc/self/status
  check 'capabilities of a user' run_with '--user 1000 --cap-add NET_RAW' grep Cap /proc/self/status
  check 'no capabilities: the effect' run_with '--cap-drop all' chown 1:1 /tmp
  check 'all of them' run_with '--privileged' grep CapBnd /proc/self/status
  check 'privileged' run_with '--privileged' sh -c 'grep -E "Seccomp:|NoNew" /proc/self/status; grep -E " /(sys|proc) " /proc/mounts; mkdir /tmp/m; mount -t tmpfs none /tmp/m && echo mounted'
  check 'devices of a privileged one' run_with '--privileged' sh -c 'ls -l /dev | grep -vE "tty|loop|total" | sed "s/ [A-Z][a-z][a-z] .* / /" | sort'
  check 'seccomp' p_run grep -E 'Seccomp:|Seccomp_filters|NoNewPrivs' /proc/self/status
  check 'a call that seccomp refuses' p_run unshare -m true
  check 'without seccomp' run_with '--security-opt seccomp=unconfined' grep Seccomp: /proc/self/status
  check 'a profile' run_with "--security-opt seccomp=$work/profile.json" sh -c 'mkdir /tmp/x; kill -12 $$; echo $?; kill -0 $$ && echo as usual'
  check 'a profile that ends it' run_with "--security-opt seccomp=$work/profile.json --cap-add SYS_ADMIN" sh -c 'hostname other; echo $?'
  check 'a profile that is wrong' run_with "--security-opt seccomp=$work/wrong.json" true
  check 'a profile that is missing' run_with "--security-opt seccomp=$work/nowhere.json" true
  check 'no new privileges' run_with '--security-opt no-new-privileges' grep NoNewPrivs /proc/self/status
  check 'masked paths' p_run sh -c 'cat /proc/kcore | wc -c; ls /proc/acpi 2>/dev/null | wc -l; ls -A /sys/firmware | wc -l'
  check 'masked and read-only mounts' p_run sh -c 'grep -E " /(proc|sys)/" /proc/mounts | cut -d" " -f2,3 | sort'
  check 'whose writing fails' p_run sh -c 'for f in /proc/sys/kernel/hostname /proc/irq/default_smp_affinity /proc/bus/x /sys/firmware/x /sys/kernel/x; do echo x >$f; done 2>&1'
  check 'one more mask' run_with '--security-opt mask=/etc/passwd:/tmp' sh -c 'cat /etc/passwd | wc -c; ls -A /tmp | wc -l; touch /tmp/x'
  check 'no masks' run_with '--security-opt unmask=ALL' grep -c ' /proc/' /proc/mounts
  check 'one mask less' run_with '--security-opt unmask=/proc/keys' grep -oE ' /proc/(keys|timer_list) ' /proc/mounts
  check 'options of /proc' run_with '--security-opt proc-opts=hidepid=2' grep -E '^proc /proc ' /proc/mounts
  check 'labels' run_with '--security-opt label=disable' cat /proc/self/attr/current
  check 'AppArmor: none' run_with '--security-opt apparmor=unconfined' true
  check 'AppArmor: a profile that is not there' run_with '--security-opt apparmor=nowhere' true
  check 'sysctls are read-only' p_run sh -c 'echo 1 >/proc/sys/kernel/panic'
  check 'sysctl' run_with '--sysctl kernel.shmmni=1234 --sysctl net.core.somaxconn=77' cat /proc/sys/kernel/shmmni /proc/sys/net/core/somaxconn
  check 'a sysctl that is not its own' run_with '--sysctl kernel.panic=1' true
  check 'a sysctl that is not there' run_with '--sysctl net.nowhere=1' true
}

checks() {
  process_checks
  security_checks
}
compare_with_crun
