# SPDX-License-Identifier: Apache-2.0
"""A client of the Container Runtime Interface: calls, pods and containers, as a kubelet has them."""
import glob
import itertools
import json
import os
import time

import cri_pb2 as cri
import grpc

IMAGE = "docker.io/library/busy:latest"
# What a kubelet asks for where a pod says nothing: a process namespace for each container.
USUAL = {"pid": cri.CONTAINER}
# What answers with nothing.
SILENT = {"StopPodSandbox", "RemovePodSandbox", "StartContainer", "StopContainer", "RemoveContainer",
          "UpdateContainerResources", "ReopenContainerLog"}


class Service:
    """The calls of the runtime's service, by name: service.Status(verbose=True)."""

    def __init__(self, socket):
        self.channel = grpc.insecure_channel("unix://" + socket)

    def __getattr__(self, method):
        return self.call("RuntimeService", method)

    def call(self, service, method):
        request = getattr(cri, method + "Request")
        response = cri.Empty if method in SILENT else getattr(cri, method + "Response")
        call = self.channel.unary_unary(f"/runtime.v1.{service}/{method}",
                                        request_serializer=request.SerializeToString,
                                        response_deserializer=response.FromString)
        return lambda **fields: call(request(**fields), timeout=60)


def until(seconds, true):
    """Waits until it is true; and says whether it is."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Container:
    def __init__(self, service, pod, identifier, number):
        self.service, self.pod, self.id = service, pod, identifier
        self.log_path = f"{number}.log"

    def start(self):
        self.service.StartContainer(container_id=self.id)
        return self

    def status(self):
        return self.service.ContainerStatus(container_id=self.id).status

    def state(self):
        return cri.ContainerState.Name(self.status().state)

    def wait(self):
        """Until it has ended: its state, exit code and reason."""
        until(20, lambda: self.status().state == cri.CONTAINER_EXITED)
        status = self.status()
        return f"{cri.ContainerState.Name(status.state)} {status.exit_code} {status.reason}"

    def process(self):
        """Its first process, as the host has it."""
        info = self.service.ContainerStatus(container_id=self.id, verbose=True).info["info"]
        return json.loads(info)["pid"]

    def log(self):
        """What it wrote, without the times: the lines of standard error first."""
        with open(f"{self.pod.logs}/{self.log_path}", encoding="utf-8", errors="replace") as log:
            lines = [line.split(" ", 1)[1] for line in log]
        return "".join(sorted(lines, key=lambda line: line.split(" ")[0]))

    def exec(self, *command, timeout=0):
        return self.service.ExecSync(container_id=self.id, cmd=command, timeout=timeout)

    def sh(self, script):
        """What a script inside says, and how it ends."""
        answer = self.exec("sh", "-c", script)
        said = answer.stdout.decode(errors="replace")
        return said + (f"(exit code {answer.exit_code})" if answer.exit_code else "")

    def stop(self, timeout=0):
        self.service.StopContainer(container_id=self.id, timeout=timeout)
        return self

    def remove(self):
        self.service.RemoveContainer(container_id=self.id)


class Pod:
    """A pod that runs; with the configuration that each of its containers names again."""

    def __init__(self, service, config, identifier):
        self.service, self.config, self.id = service, config, identifier
        self.logs = config.log_directory
        self.namespaces = config.linux.security_context.namespace_options
        self.containers = itertools.count(1)

    def status(self):
        return self.service.PodSandboxStatus(pod_sandbox_id=self.id).status

    def process(self):
        """What holds the pod, as the host has it."""
        info = self.service.PodSandboxStatus(pod_sandbox_id=self.id, verbose=True).info["info"]
        return json.loads(info)["pid"]

    def create(self, *command, security=None, resources=None, **fields):
        number = next(self.containers)
        security = {"namespace_options": self.namespaces} | (security or {})
        config = cri.ContainerConfig(
            metadata={"name": f"c{number}"}, image={"image": IMAGE}, command=command,
            log_path=f"{number}.log", linux={"resources": resources or {}, "security_context": security},
            **fields)
        made = self.service.CreateContainer(pod_sandbox_id=self.id, config=config,
                                            sandbox_config=self.config)
        return Container(self.service, self, made.container_id, number)

    def run(self, *command, **fields):
        return self.create(*command, **fields).start()

    def says(self, script, **fields):
        """A container that runs a script to its end: what it wrote, and how it ended."""
        container = self.run("sh", "-c", script, **fields)
        end = container.wait()
        out = container.log() + end
        container.remove()
        return out

    def list(self):
        found = self.service.ListContainers(filter={"pod_sandbox_id": self.id}).containers
        return sorted(f"{each.metadata.name} {cri.ContainerState.Name(each.state)}" for each in found)

    def stop(self):
        self.service.StopPodSandbox(pod_sandbox_id=self.id)

    def remove(self):
        self.stop()
        self.service.RemovePodSandbox(pod_sandbox_id=self.id)
        # The pod's own cgroups are the kubelet's, and empty: containers have theirs below. After a shim
        # that was killed containerd removes those when it has answered.
        for directory in glob.glob(f"/sys/fs/cgroup/*{self.config.linux.cgroup_parent}"):
            until(10, lambda: not glob.glob(directory + "/*/"))
            os.rmdir(directory)


pods = itertools.count(1)


def run_pod(service, handler, logs, namespaces=None, security=None, sysctls=None, **fields):
    name = f"{handler}-{next(pods)}"
    namespaces = USUAL | (namespaces or {})
    linux = {"cgroup_parent": f"/kubepods/{name}", "sysctls": sysctls or {},
             "security_context": {"namespace_options": namespaces} | (security or {})}
    config = cri.PodSandboxConfig(
        metadata={"name": name, "uid": name, "namespace": "test"},
        # On the host's network it has the host's name.
        hostname="" if namespaces.get("network") == cri.NODE else "thepod",
        log_directory=f"{logs}/{name}", dns_config={"servers": ["192.0.2.53"], "searches": ["example"]},
        linux=linux, **fields)
    made = service.RunPodSandbox(config=config, runtime_handler=handler)
    return Pod(service, config, made.pod_sandbox_id)
