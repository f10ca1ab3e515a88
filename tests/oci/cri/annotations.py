# SPDX-License-Identifier: Apache-2.0
"""What only mini_container has: a pod's annotations reach the plugins that the administrator allows.
   annotations.checks takes the annotation of config/engines/kubernetes.yaml from the environment."""
import os
import subprocess

import grpc
from client import run_pod
from report import expect

KEY, VALUE = os.environ.get("ANNOTATION", "=").split("=", 1)
CONNECT = "nc -w 2 127.0.0.1 80 2>&1"


def refusal(ask):
    try:
        ask()
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"
    return "it is not refused"


def checks(service, handler, logs):
    def pod(annotations, handler=handler):
        return run_pod(service, handler, logs, annotations=annotations)

    plain = pod({"org.example/a": "b"})
    expect("without it", "Connection refused", plain.says(CONNECT))
    greeted = plain.says("echo ${GREETING:-none}", annotations={"mini_container.hello.to": "you"})
    expect("a container's annotation", "hello you\n", greeted)
    expect("its neighbour", "none\n", plain.says("echo ${GREETING:-none}"))
    plain.remove()

    confined = pod({KEY: VALUE, "mini_container.hello.greeting": "good day"})
    expect("the pod of kubernetes.yaml", "Permission denied", confined.says(CONNECT))
    container = confined.run("sleep", "60")
    expect("exec in it", "Permission denied", container.sh(CONNECT))
    expect("a third party's plugin", "good day world\n", confined.says("echo $GREETING"))
    state = subprocess.run(
        [os.environ["RUNTIME"], "--root", "/run/containerd/runc/k8s.io", "state", container.id],
        capture_output=True, text=True, check=False)
    expect("state", f'"{KEY}": "{VALUE}"', state.stdout)
    expect("the pod's status", VALUE, confined.status().annotations[KEY])
    confined.remove()

    for name, annotations, words in (
            ("a plugin that is not allowed", {"mini_container.uts.hostname": "x"},
             "mini_container.uts.hostname: it is not allowed on this machine"),
            ("the core", {"mini_container.container.user": "1:1"}, "it is not allowed on this machine"),
            ("an unknown option", {"mini_container.hello.greetin": "x"}, "did you mean 'greeting'?"),
            ("a wrong value", {KEY: "port=none"}, KEY.split(".", 1)[1])):
        expect(name, words, refusal(lambda: pod(annotations)))
    quiet = pod({})
    expect("a container's that is not allowed", "net.mode: it is not allowed on this machine",
           refusal(lambda: quiet.run("true", annotations={"mini_container.net.mode": "host"})))
    quiet.remove()
    # Another handler does not hand them on.
    other = pod({KEY: VALUE}, "runc")
    expect("another handler", "Connection refused", other.says(CONNECT))
    other.remove()
