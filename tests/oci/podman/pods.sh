#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Containers that share namespaces, pods, and networks, with mini_container and once more with crun
# as the control.
#   sh pods.sh MINI_CONTAINER DIRECTORY
set -u
. "$(dirname "$0")/podman.sh"

# namespace KIND: a command that names it.
namespace() { echo "readlink /proc/self/ns/$1"; }
# shares KIND OPTIONS: whether a container with these options is in the namespace of `one`.
shares() {
  ours=$(p exec one readlink "/proc/self/ns/$1")
  theirs=$(run_with "$2" readlink "/proc/self/ns/$1") || return
  [ "$ours" = "$theirs" ] && echo shared
}

sharing_checks() {
  check 'a first one' p run -d --name one --hostname first --ipc shareable busy sleep 300
  for kind in ipc pid net uts cgroup; do
    option=$kind
    [ "$kind" != cgroup ] || option=cgroupns
    check "joined: $kind" shares "$kind" "--$option container:one"
    check "not joined: $kind" shares "$kind" ''
  done
  check 'joined: all' run_with '--ipc container:one --pid container:one --net container:one --uts container:one' sh -c 'hostname; tr "\0" " " </proc/1/cmdline; echo $(($$ > 1)); ls /proc/sys/net/ipv4/ip_forward'
  check 'joined pid: its signals' run_with '--pid container:one' sh -c 'kill -0 1 && echo reached'
  check 'joined ipc: its memory' sh -c 'p exec one sh -c "echo kept >/dev/shm/file"; p run --rm --ipc container:one busy cat /dev/shm/file'
  check 'joined user namespace' sh -c 'p run -d --name mapped --uidmap 0:100000:1000 --gidmap 0:100000:1000 busy sleep 300 && p run --rm --userns container:mapped busy cat /proc/self/uid_map; removed rm -f -t 0 mapped'
  check 'joined pid of one that goes' sh -c 'p run -d --name joined --pid container:one busy sleep 300; removed rm -f -t 0 joined; p exec one echo still here'
  check 'which is not there' run_with '--ipc container:nobody' true
  check 'by path' sh -c 'p run --rm --network ns:/proc/$(p inspect --format "{{.State.Pid}}" one)/ns/net --pid ns:/proc/$(p inspect --format "{{.State.Pid}}" one)/ns/pid busy sh -c "echo \$((\$\$ > 1))"'
  check 'the volumes of another' sh -c 'p run --name two -v named:/shared busy sh -c "echo kept >/shared/file"; p run --rm --volumes-from two busy cat /shared/file; p rm -v two; p volume rm named'
  check 'a dependent one' sh -c 'p create --name three --requires one busy echo after && p start -a three; p rm three'
  check 'remove the first' removed rm -f -t 0 one
}

pod_checks() {
  check 'a pod' p pod create --name pod --infra-image busy --infra-command 'sleep 300' --hostname box --share ipc,net,uts
  check 'one in it' p run -d --pod pod --name inner busy sleep 300
  check 'another in it' p run --rm --pod pod busy sh -c 'hostname; readlink /proc/self/ns/ipc | cut -c1-4'
  shell 'they share' 'for n in ipc net uts; do a=$(p exec inner readlink /proc/self/ns/$n); b=$(p run --rm --pod pod busy readlink /proc/self/ns/$n); test $a = $b && echo $n; done'
  shell 'they do not share' 'for n in pid mnt; do a=$(p exec inner readlink /proc/self/ns/$n); b=$(p run --rm --pod pod busy readlink /proc/self/ns/$n); test $a = $b || echo $n; done'
  check 'its cgroup' p exec inner sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
  shell 'its state' 'p pod ps --format "{{.Name}} {{.Status}} {{.NumberOfContainers}}"'
  shell 'pause it' 'p pod pause pod && p ps --format "{{.Names}} {{.Status}}" | grep inner | cut -c1-12; p pod unpause pod'
  shell 'its processes' 'p pod top pod comm | sort | uniq -c'
  shell 'stop it' 'p pod stop -t 0 pod; p pod ps --format "{{.Status}}"'
  shell 'start it' 'p pod start pod; p pod ps --format "{{.Status}}"'
  shell 'kill it' 'p pod kill pod; p wait inner; p pod ps --format "{{.Status}}"'
  check 'remove it' removed pod rm -f -t 0 pod
  check 'a pod with one pid namespace' p pod create --name pod --infra-image busy --infra-command 'sleep 300' --share pid
  shell 'seen from inside' 'p run --rm --pod pod busy sh -c "tr \"\\0\" \" \" </proc/1/cmdline"'
  check 'remove that' removed pod rm -f -t 0 pod
  check 'a pod of mapped ids' p pod create --name pod --infra-image busy --infra-command 'sleep 300' --uidmap 0:100000:1000 --gidmap 0:100000:1000
  shell 'its ids' 'p run --rm --pod pod busy sh -c "cat /proc/self/uid_map; stat -c %u /dev/shm"'
  check 'remove it too' removed pod rm -f -t 0 pod
  check 'a pod with limits' p pod create --name pod --infra-image busy --infra-command 'sleep 300' --cpus 0.5
  shell 'its limits' "p run --rm --pod pod busy echo inside; find /sys/fs/cgroup/cpu -name cpu.cfs_quota_us -path '*pod*' | xargs cat | sort -u"
  check 'remove the last' removed pod rm -f -t 0 pod
}

kube_checks() {
  cat >"$work/pod.yaml" <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: kube
spec:
  hostNetwork: true
  restartPolicy: Never
  containers:
  - name: main
    image: localhost/busy:latest
    command: [/bin/sh, -c, "echo from kube; id -u; grep NoNewPrivs /proc/self/status; touch /x 2>&1; touch /data/x && echo written"]
    env: [{name: PATH, value: /bin}]
    securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, runAsUser: 1000}
    volumeMounts: [{name: data, mountPath: /data}]
  volumes:
  - name: data
    hostPath: {path: DIRECTORY, type: Directory}
END
  mkdir -p "$work/data" && chmod 0777 "$work/data"
  sed -i "s|DIRECTORY|$work/data|" "$work/pod.yaml"
  shell 'play kube' "p play kube $work/pod.yaml >/dev/null && p wait kube-main && p logs kube-main 2>&1"
  shell 'and down' "p play kube --down $work/pod.yaml | wc -l"
}

checks() {
  sharing_checks
  pod_checks
  kube_checks
  check 'nothing is left' sh -c 'p ps -aq; p pod ps -q'
}
compare_with_crun
