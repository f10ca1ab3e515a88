# SPDX-License-Identifier: Apache-2.0
"""From a container's creation to its removal."""
import concurrent.futures
import os
import pathlib
import signal

import cri_pb2 as cri
import grpc
from client import run_pod, until
from report import check, refused
from stream import RESIZE, STDIN, STDOUT, Stream, shown

# Ends with 3 when it is told to, and says so.
OBEDIENT = 'trap "echo told; exit 3" TERM; echo ready; while :; do sleep 0.1; done'
STUBBORN = 'trap "" TERM; echo ready; while :; do sleep 0.1; done'


def ready(container):
    """A script of the above, once its trap is set."""
    until(10, lambda: "ready" in container.log())
    return container


def the_pod(pod):
    status = pod.status()
    return [cri.PodSandboxState.Name(status.state), bool(status.network.ip.startswith("10.88.0.")),
            status.metadata.name.startswith(status.runtime_handler or "none"),
            cri.NamespaceMode.Name(status.linux.namespaces.options.pid), status.metadata.namespace,
            sorted(status.labels.items()), sorted(status.annotations.items()), status.created_at > 0]


def holder(pod):
    """The rights of what holds a pod, once it is that: a runtime may report `start` before its execve."""
    status = pathlib.Path(f"/proc/{pod.process()}/status")
    until(10, lambda: status.read_text(encoding="ascii").startswith("Name:\tsleep\n"))
    words = ("Name:", "Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp:")
    return [line for line in status.read_text(encoding="ascii").splitlines() if line.startswith(words)]


def ending(pod, *command, **fields):
    container = pod.create(*command, **fields)
    before = container.state()
    try:
        container.start()
        end = container.wait()
    finally:
        message = container.status().message
        states = [before, container.state(), container.status().exit_code, container.status().reason,
                  bool(message)]
        container.remove()
    return [*states, end]


def start_of_what_is_missing(pod, command):
    container = pod.create(command)
    try:
        container.start()
        return "it started"
    except grpc.RpcError as error:
        named = command in error.details()
        status = container.status()
        return f"{error.code().name}, named: {named}; {container.state()} {status.exit_code} {status.reason}"
    finally:
        container.remove()


def out_of_memory(pod):
    container = pod.run("tail", "/dev/zero", resources={"memory_limit_in_bytes": 16 << 20})
    until(10, lambda: container.status().reason == "OOMKilled")
    end = container.wait()
    container.remove()
    return end


def stats(service, container):
    container.sh("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")
    figures = service.ContainerStats(container_id=container.id).stats
    listed = service.ListContainerStats(filter={"id": container.id}).stats
    return [figures.attributes.metadata.name,
            figures.cpu.usage_core_nano_seconds.value > 1000000,
            figures.memory.working_set_bytes.value > 100000,
            0 < figures.memory.available_bytes.value < 64 << 20,
            len(listed)]


LIMITS = """cd /sys/fs/cgroup
cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu/cpu.shares
cat cpuset/cpuset.cpus"""


def limits_on_host(container):
    """From the host's side, where the container's cgroups are."""
    path = container.pod.config.linux.cgroup_parent + "/" + container.id
    files = ("memory{}/memory.limit_in_bytes", "cpu{}/cpu.cfs_quota_us", "cpu{}/cpu.shares",
             "cpuset{}/cpuset.cpus")
    return [pathlib.Path("/sys/fs/cgroup/" + name.format(path)).read_text(encoding="ascii").strip()
            for name in files]


def update(service, container, **limits):
    service.UpdateContainerResources(container_id=container.id, linux=limits)
    return container.sh(LIMITS)


def exec_stream(service, container, *command, typed=b"", **fields):
    url = service.Exec(container_id=container.id, cmd=command, **fields).url
    stream = Stream(url)
    if typed:
        stream.send(STDIN, typed)
    return shown(stream.all())


def exec_in_terminal(service, container):
    stream = Stream(service.Exec(container_id=container.id, stdin=True, stdout=True, tty=True, cmd=[
        "sh", "-c", "stty -echo; tty; read x; stty size; echo got $x; exit 6"]).url)
    said = b""
    for channel, data in stream.messages():
        said += data if channel == STDOUT else b""
        if b"\n" in said:
            break
    stream.send(RESIZE, b'{"Width": 99, "Height": 31}')
    # The size is not acknowledged.
    until(10, lambda: "31 99" in container.sh("stty size </dev/pts/0"))
    stream.send(STDIN, b"typed\n")
    out = stream.all()
    out[STDOUT] = said + out.get(STDOUT, b"")
    return shown(out)


def attach(service, pod):
    container = pod.run("sh", "-c", "read x; echo got $x; exit 5", stdin=True, stdin_once=True)
    stream = Stream(service.Attach(container_id=container.id, stdin=True, stdout=True, stderr=True).url)
    stream.send(STDIN, b"typed\n")
    said = stream.all().get(STDOUT, b"").decode()
    end = container.wait()
    return [said, end, container.log(), container.remove()]


def stopped(container, timeout):
    container.stop(timeout)
    end = container.wait()
    said = container.log()
    again = container.stop(timeout) is container
    container.remove()
    return [said, end, "again" if again else ""]


def reopened(pod):
    container = ready(pod.run(
        "sh", "-c", 'echo ready; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo second'))
    path = f"{pod.logs}/{container.log_path}"
    os.rename(path, path + ".1")
    pod.service.ReopenContainerLog(container_id=container.id)
    container.sh("touch /tmp/go")
    end = container.wait()
    container.remove()
    with open(path + ".1", encoding="utf-8") as first:
        return [len(first.readlines()), container.log(), end]


def at_once(pod, seconds):
    """What exec says when its time is over, and that nothing of it goes on."""
    container = pod.run("sleep", "60")
    try:
        container.exec("sh", "-c", "echo begun; sleep 47", timeout=seconds)
        return "it ended"
    except grpc.RpcError as error:
        left = container.sh("ps -o args | grep -c '^sleep 47'")
        return f"{error.code().name}; {left}"
    finally:
        container.remove()


def shim_killed(service, handler, logs):
    """containerd cleans up after a shim that is killed: what was in the pod has to end."""
    pod = run_pod(service, handler, logs)
    container = pod.run("sh", "-c", "sleep 600 & sleep 601")
    process = container.process()
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        shim = next(int(line.split()[1]) for line in status if line.startswith("PPid:"))
    os.kill(shim, signal.SIGKILL)
    end = container.wait()
    gone = until(10, lambda: not os.path.exists(f"/proc/{process}"))
    container.remove()
    pod.remove()
    return [end, gone]


def many(service, handler, logs):
    """Pods that live at once, as at the start of a node."""
    def life(number):
        pod = run_pod(service, handler, logs)
        container = pod.run("sleep", "600")
        said = container.sh(f"echo {number}; hostname")
        pod.remove()
        return said

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(life, range(12)))


def checks(service, handler, logs):
    pod = run_pod(service, handler, logs, labels={"app": "test"}, annotations={"org.example/a": "b"})
    check("a pod", lambda: the_pod(pod))
    check("what holds it", lambda: holder(pod))
    refused("a pod of an unknown handler", lambda: run_pod(service, handler + "x", logs))
    check("output", lambda: pod.says("echo out; echo err >&2"))
    check("an exit code", lambda: ending(pod, "sh", "-c", "exit 7"))
    check("an end by a signal", lambda: ending(pod, "sh", "-c", "kill -9 $$"))
    check("the image's command", lambda: [
        (c := pod.run()).state(), c.sh("tr '\\0' ' ' </proc/1/cmdline"), c.remove()])
    check("a missing command", lambda: start_of_what_is_missing(pod, "/nowhere"))
    check("a command that PATH has not", lambda: start_of_what_is_missing(pod, "nowhere"))
    check("a file that is no program", lambda: start_of_what_is_missing(pod, "/etc/passwd"))
    check("a directory as command", lambda: start_of_what_is_missing(pod, "/etc"))
    check("environment and directory", lambda: pod.says(
        "echo $A $PWD $HOME $HOSTNAME", working_dir="/made/here", envs=[{"key": "A", "value": "b"}]))
    check("names", lambda: pod.says("hostname; cat /etc/hostname; grep -v '^#' /etc/resolv.conf"))
    check("out of memory", lambda: out_of_memory(pod))
    check("a terminal", lambda: pod.says("tty; stty size; test -t 1 && echo yes", tty=True))
    check("an address", lambda: pod.says("ip -o -4 addr show eth0 | grep -c 10.88.0; ip route | wc -l"))

    one = pod.run("sleep", "600", resources={"cpu_period": 50000, "cpu_quota": 25000, "cpu_shares": 512,
                                             "memory_limit_in_bytes": 64 << 20, "cpuset_cpus": "0",
                                             "oom_score_adj": 500})
    check("running", lambda: [one.state(), one.status().started_at > 0, pod.list()])
    check("exec", lambda: one.exec("sh", "-c", "echo out; echo err >&2; exit 9"))
    refused("exec of what is missing", lambda: one.exec("/nowhere"))
    check("exec and its time", lambda: one.exec("echo", "quick", timeout=20))
    check("exec that takes too long", lambda: at_once(pod, 1))
    check("exec: much output", lambda: len(one.exec("head", "-c", "3000000", "/dev/zero").stdout))
    check("exec: the same namespaces and rights", lambda: one.sh(
        'for n in net mnt pid ipc uts cgroup user; do test "$(readlink /proc/1/ns/$n)" = '
        '"$(readlink /proc/self/ns/$n)" || echo $n; done; grep -E "Cap|Seccomp:" /proc/self/status'))
    check("exec: a stream", lambda: exec_stream(service, one, "sh", "-c", "cat; echo err >&2; exit 8",
                                                stdout=True, stderr=True))
    check("exec: standard input", lambda: exec_stream(service, one, "sh", "-c", "read x; echo got $x",
                                                      typed=b"typed\n", stdin=True, stdout=True, stderr=True))
    check("exec: a stream of what is missing", lambda: "/nowhere" in exec_stream(
        service, one, "/nowhere", stdout=True))
    check("exec: a terminal", lambda: exec_in_terminal(service, one))
    check("limits", lambda: [one.sh(LIMITS), limits_on_host(one), one.sh("cat /proc/1/oom_score_adj")])
    check("stats", lambda: stats(service, one))
    check("update", lambda: update(
        service, one, cpu_quota=40000, cpu_shares=300, memory_limit_in_bytes=96 << 20))
    check("update of the processors", lambda: update(service, one, cpuset_cpus="0-1"))
    check("updated on the host", lambda: limits_on_host(one))
    refused("update below what is used", lambda: update(service, one, memory_limit_in_bytes=4096))
    refused("update of what cannot be", lambda: update(service, one, cpuset_cpus="77"))
    check("remove a running one", lambda: [one.remove(), pod.list()])
    check("and once more", lambda: one.remove())
    refused("status of what is gone", lambda: one.status())

    check("stop", lambda: stopped(ready(pod.run("sh", "-c", OBEDIENT)), 10))
    check("stop that needs force", lambda: stopped(ready(pod.run("sh", "-c", STUBBORN)), 1))
    check("stop at once", lambda: stopped(ready(pod.run("sh", "-c", OBEDIENT)), 0))
    check("attach", lambda: attach(service, pod))
    check("a log reopened", lambda: reopened(pod))
    refused("exec in what has ended", lambda: (c := pod.run("true")).wait() and c.exec("true"))
    refused("start what has ended", lambda: (c := pod.run("true")).wait() and c.start())
    check("a container not started", lambda: [(c := pod.create("true")).state(), c.remove()])
    left = ready(pod.run("sh", "-c", OBEDIENT))
    check("stop the pod", lambda: [pod.stop(), left.wait(), the_pod(pod)[0]])
    refused("a container in a stopped pod", lambda: pod.run("true"))
    check("remove the pod", lambda: [pod.remove(), pod.list()])
    check("a shim that is killed", lambda: shim_killed(service, handler, logs))
    check("a dozen at once", lambda: many(service, handler, logs))
