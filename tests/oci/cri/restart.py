# SPDX-License-Identifier: Apache-2.0
"""containerd is killed and started anew while a pod runs: `leave` makes the pod, `found` has it again, as a
kubelet that knows of it by its labels alone."""
import os

import cri_pb2 as cri
from client import Container, Pod, run_pod, until
from life import OBEDIENT, ready
from report import check

LABELS = {"app": "restart"}


def leave(service, handler, logs):
    flags = f"{os.path.dirname(logs)}/flags-{handler}"
    os.mkdir(flags)
    pod = run_pod(service, handler, logs, labels=LABELS)
    talkative = OBEDIENT.replace("sleep", "test ! -e /tmp/go || { cat /tmp/go; rm /tmp/go; }; sleep")
    ready(pod.run("sh", "-c", talkative, resources={"memory_limit_in_bytes": 64 << 20}))
    # run.sh tells this one to end while there is no containerd.
    pod.run("sh", "-c", "while [ ! -e /flags/go ]; do sleep 0.05; done; exit 6",
            mounts=[{"container_path": "/flags", "host_path": flags}])
    pod.run("sh", "-c", "exit 5").wait()
    check("before", pod.list)
    with open(logs + f"/{handler}.pod", "wb") as file:
        file.write(pod.config.SerializeToString())


def found(service, handler, logs):
    with open(logs + f"/{handler}.pod", "rb") as file:
        config = cri.PodSandboxConfig.FromString(file.read())

    def listed():
        return [each for each in service.ListPodSandbox(filter={"label_selector": LABELS}).items
                if each.metadata.name == config.metadata.name]

    here = listed()
    pod = Pod(service, config, here[0].id)
    one, two, three = (Container(service, pod, each.id, number) for number, each in enumerate(sorted(
        service.ListContainers(filter={"pod_sandbox_id": pod.id}).containers,
        key=lambda each: each.metadata.name), 1))
    check("after", lambda: [cri.PodSandboxState.Name(here[0].state), *pod.list()])
    check("what had ended before", three.wait)
    check("what ended meanwhile", two.wait)
    check("what goes on", lambda: [one.state(), one.sh("tr '\\0' '\\n' </proc/1/cmdline | head -n 1")])
    check("its log goes on", lambda: [one.sh("echo once more >/tmp/new; mv /tmp/new /tmp/go"),
                                      until(10, lambda: "once more" in one.log()), one.log()])
    check("its limits", lambda: one.sh("cat /sys/fs/cgroup/memory/memory.limit_in_bytes"))
    check("its figures", lambda: service.ContainerStats(container_id=one.id).stats.attributes.metadata.name)
    check("an update", lambda: [
        service.UpdateContainerResources(container_id=one.id,
                                         linux={"memory_limit_in_bytes": 80 << 20}) and None,
        one.sh("cat /sys/fs/cgroup/memory/memory.limit_in_bytes")])
    pod.containers = iter(range(4, 9))
    check("one more", lambda: pod.says("hostname"))
    check("its end", lambda: [one.stop(10).wait(), one.log()])
    check("the pod's end", lambda: [pod.remove(), len(listed())])
