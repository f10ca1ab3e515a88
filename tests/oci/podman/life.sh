#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container's life under podman: exec, logs, stop, kill, pause and the other verbs, with
# mini_container and once more with crun as the control.
#   sh life.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/podman.sh"

mkdir "$work/volume"
echo from-host >"$work/volume/file"
waits='trap "exit 3" TERM; while :; do sleep 0.1; done'
stubborn='trap "" TERM; while :; do sleep 0.1; done'
logs_have() { p logs "$1" | grep -q "$2"; }
exited() { [ "$(inspect "$1" '{{.State.Status}}')" = exited ]; }

# shell_in_terminal NAME TYPIST COMMAND
shell_in_terminal() {
  sh -c "$2" >"$work/keys" &
  check "$1" in_terminal "$3" <"$work/keys"
  wait $!
}

terminal_checks() {
  # What is typed waits in the terminal until it is read.
  printf 'typed\n' >"$work/typed"
  rm -f "$work/keys"
  mkfifo "$work/keys"
  check 'exec -it' in_terminal "p exec -it one sh -c 'stty -echo; tty; read line; echo got \$line'" <"$work/typed"
  check 'exec -it: exit code' in_terminal "p exec -it one sh -c 'exit 6'"
  check 'exec -it: a signal' in_terminal 'p exec -it one sh -c "kill -INT \$\$; echo not reached"'
  shell_in_terminal 'exec -it: a key' 'sleep 2; printf "\003"; sleep 2' 'p exec -it one sleep 30'
  check 'exec -it: its session' in_terminal "p exec -it one sh -c 'test \$(cut -d\" \" -f6 /proc/self/stat) = \$\$ && test \$(cut -d\" \" -f8 /proc/self/stat) -gt 0 && echo leads'"
  check 'run -it' in_terminal "p run --rm -it busy sh -c 'stty -echo; tty; read line; echo got \$line; exit 8'" <"$work/typed"
  check 'run: its size' resized 'p run --rm -it busy'
  check 'exec: its size' resized 'p exec -it one'
  check 'exec -t' p exec -t one tty
  shell 'exec -i' 'echo typed | p exec -i one cat'
}

exec_checks() {
  check 'exec' p exec one echo inside
  check 'exec: exit code' p exec one sh -c 'exit 9'
  check 'exec: a signal' p exec one sh -c 'kill -9 $$'
  check 'exec: missing' p exec one /nowhere
  check 'exec: a directory' p exec one /etc
  check 'exec: user and environment' p exec -u 7:8 -e X=y -w /tmp one sh -c 'id; echo $X $PWD $HOME'
  check 'exec: a directory that is missing' p exec -w /nowhere one pwd
  check 'exec: capabilities' p exec one grep Cap /proc/self/status
  check 'exec: capabilities of a user' p exec -u 7 one grep Cap /proc/self/status
  check 'exec: privileged' p exec --privileged one grep -E 'Cap|Seccomp:|NoNewPrivs' /proc/self/status
  check 'exec: seccomp' p exec one grep -E 'Seccomp:|Seccomp_filters|NoNewPrivs' /proc/self/status
  check 'exec: limits' p exec one grep -E 'open files|processes' /proc/self/limits
  check 'exec: descriptors' sh -c 'p exec --preserve-fds 1 one sh -c "cat <&3; ls /proc/self/fd | wc -l" 3<'"$work/volume/file"
  check 'exec: umask' p exec one sh -c umask
  check 'exec: the same namespaces' p exec one sh -c 'for n in net mnt pid ipc uts user cgroup; do test "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" || echo $n; done'
  check 'exec: the same cgroups' p exec one sh -c 'cmp /proc/1/cgroup /proc/self/cgroup && cut -d: -f3 /proc/self/cgroup | sort -u'
  check 'exec: detached' p exec -d one sh -c 'echo made >/tmp/made'
  wait_until 5 p exec one test -f /tmp/made
  check 'exec: detached has run' p exec one cat /tmp/made
  check 'exec: much output' sh -c 'p exec one seq 1 20000 | md5sum'
}

verb_checks() {
  began=$(date +%s)
  check 'detached' p run -d --name one --pids-limit 100 --memory 64m --oom-score-adj 100 busy sh -c "echo started; $waits"
  wait_until 10 logs_have one started
  check 'logs' p logs one
  check 'status' inspect one '{{.State.Status}} {{.State.OciVersion}} {{.HostConfig.PidsLimit}}'
  exec_checks
  terminal_checks
  shell 'top' 'p top one pid comm | head -n 2'
  shell 'top: ids and rights' 'p top one user group capeff seccomp | head -n 2'
  shell 'stats' "p stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' one | sed 's/[0-9.]*[kM]*B \//used \//'"
  check 'pause' p pause one
  check 'paused' inspect one '{{.State.Status}}'
  check 'pause again' p pause one
  check 'exec while paused' p exec one true
  check 'stop while paused' p stop -t 1 one
  check 'unpause' p unpause one
  check 'unpause again' p unpause one
  check 'running again' inspect one '{{.State.Status}}'
  check 'update' p update --memory 48m --cpus 0.5 --cpu-shares 300 one
  check 'updated' p exec one sh -c 'cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares'
  check 'checkpoint' p container checkpoint one
  check 'cp' sh -c "p cp $work/volume/file one:/tmp/copied && p exec one cat /tmp/copied && p cp one:/tmp/copied - | tar -tf -"
  check 'diff' sh -c 'p diff one | grep /tmp | sort'
  check 'rename' sh -c 'p rename one other && p exec other echo renamed && p rename other one'
  check 'stop' p stop -t 5 one
  check 'stopped with' inspect one '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}'
  check 'exec when stopped' p exec one true
  check 'kill when stopped' p kill one
  check 'start again' p start one
  wait_until 10 sh -c "p logs one | grep -c started | grep -qx 2"
  check 'restart' p restart -t 5 one
  wait_until 10 sh -c "p logs one | grep -c started | grep -qx 3"
  check 'signal by name' p kill --signal TERM one
  wait_until 10 exited one
  check 'ended by it' inspect one '{{.State.ExitCode}}'
  check 'start and kill' sh -c 'p start one && p kill one'
  check 'wait' p wait one
  check 'rm' p rm -f one
}

end_checks() {
  check 'stop that needs force' p run -d --name two busy sh -c "$stubborn"
  check 'stop by force' p stop -t 1 two
  check 'forced' inspect two '{{.State.ExitCode}}'
  shell 'remove a running one' 'p start two && p rm -f -t 0 two'
  check 'out of memory' p run --name hungry -m 16m --memory-swap 16m busy tail /dev/zero
  check 'and known to be' inspect hungry '{{.State.OOMKilled}} {{.State.ExitCode}}'
  check 'remove the hungry' p rm hungry
  check 'another stop signal' p run -d --name three --stop-signal USR1 busy sh -c 'trap "exit 4" USR1; echo started; while :; do sleep 0.1; done'
  wait_until 10 logs_have three started
  check 'by it' sh -c 'p stop three && p inspect --format "{{.State.ExitCode}}" three && p rm three'
  check 'health' p run -d --name four --health-cmd 'test -d /tmp' --health-interval disable busy sleep 60
  check 'healthy' p healthcheck run four
  check 'health known' inspect four '{{.State.Health.Status}}'
  check 'remove it' p rm -f -t 0 four
  check 'unhealthy' p run -d --name four --health-cmd 'test -d /nowhere' --health-retries 1 --health-interval disable busy sleep 60
  check 'is unhealthy' p healthcheck run four
  check 'and known' inspect four '{{.State.Health.Status}}'
  check 'kill all that it has' p run -d --name five busy sh -c 'sleep 100 & sleep 100 & wait'
  shell 'and all is gone' 'p rm -f -t 0 four five | sort'
  check 'create and start' sh -c 'p create --name six busy echo later && p start -a six'
  check 'init and start' sh -c 'p create --name seven busy echo made && p init seven && p inspect --format "{{.State.Status}}" seven && p start -a seven'
  check 'attach' sh -c 'p run -d --name eight busy sh -c "sleep 3; echo attached; exit 5"; p attach eight'
  shell 'remove them' 'p rm six seven eight | sort'
  check 'restarts' p run -d --name nine --restart on-failure:2 busy sh -c 'echo again; exit 1'
  wait_until 15 sh -c 'p logs nine | grep -c again | grep -qx 3'
  check 'it restarted' sh -c 'p logs nine; p rm -f -t 0 nine'
  check 'a name in use' sh -c 'p create --name ten busy true; p create --name ten busy true; p rm ten'
  check 'all at once' sh -c 'for i in 1 2 3 4; do p run -d --name all$i busy sleep 60; done; p stop -t 0 -a | wc -l; p rm -a | wc -l'
  # podman tells of no stop where its own cleanup process saw the end first.
  shell 'events' "p events --stream=false --since $began --filter container=one --format '{{.Status}}' | grep -vE 'exec|cleanup|stop' | sort | uniq -c"
  check 'nothing is left' p ps -aq
}

checks() {
  verb_checks
  end_checks
}
compare_with_crun
