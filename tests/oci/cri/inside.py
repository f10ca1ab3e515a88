# SPDX-License-Identifier: Apache-2.0
"""What is seen inside: namespaces that are shared, rights, mounts and devices."""
import os
import pathlib
import subprocess

import cri_pb2 as cri
from client import run_pod, until
from report import check, refused

RIGHTS = "grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status"
SPACES = ("net", "ipc", "uts", "pid", "mnt", "cgroup", "user")


def spaces(container):
    """The namespaces that a container is in, from the host's side."""
    return {name: os.readlink(f"/proc/{container.process()}/ns/{name}") for name in SPACES}


def shared(one, other):
    return "shared: " + " ".join(name for name in SPACES if one[name] == other[name])


def of_host():
    return {name: os.readlink(f"/proc/self/ns/{name}") for name in SPACES}


def together(pod):
    """Two containers of a pod, that meet where they should."""
    one = pod.run("nc", "-ll", "-p", "7", "-e", "echo", "hello")
    two = pod.run("sleep", "600")
    one.sh("echo from one | tee /dev/shm/file >/tmp/file")
    out = [shared(spaces(one), spaces(two)), two.sh("cat /dev/shm/file; ls /tmp; hostname"),
           two.sh("i=0; until nc -w 5 127.0.0.1 7 || [ $((i += 1)) -gt 50 ]; do sleep 0.1; done"),
           two.sh("ps -o args | grep -q '^nc -ll' && echo seen"),
           "with the host, " + shared(spaces(one), of_host())]
    one.remove()
    two.remove()
    return out


def joins(pod):
    """A container that looks into another one's processes."""
    one = pod.run("sleep", "600")
    two = pod.run("sleep", "600", security={"namespace_options": {"pid": cri.TARGET, "target_id": one.id}})
    out = [shared(spaces(one), spaces(two)), two.sh("ps -o args | grep -c '^sleep 600'")]
    two.remove()
    one.remove()
    return out


def children(pod):
    """What a container has started, in a process namespace that does not end with it."""
    one, two = pod.run("sh", "-c", "sleep 501 & echo ready; exec sleep 502"), pod.run("sleep", "600")
    seen = "ps -o args | grep -c '^sleep 50'"
    until(10, lambda: "2" in two.sh(seen))
    out = [two.sh(seen), one.stop(0).wait(), until(10, lambda: "0" in two.sh(seen)), two.sh(seen)]
    one.remove()
    two.remove()
    return out


def namespaces(service, handler, logs):
    pod = run_pod(service, handler, logs, sysctls={"net.ipv4.ip_unprivileged_port_start": "77",
                                               "kernel.shm_rmid_forced": "1", "kernel.msgmax": "1234"})
    check("two in a pod", lambda: together(pod))
    check("one that joins another's processes", lambda: joins(pod))
    check("sysctls", lambda: pod.says(
        "cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/shm_rmid_forced kernel/msgmax"))
    pod.remove()
    pod = run_pod(service, handler, logs, namespaces={"pid": cri.POD})
    check("two in a pod with one process namespace", lambda: together(pod))
    check("its end is that of its children", lambda: children(pod))
    pod.remove()
    pod = run_pod(service, handler, logs,
                  namespaces={"network": cri.NODE, "ipc": cri.NODE, "pid": cri.NODE})
    check("the host's namespaces", lambda: [
        (c := pod.run("sleep", "600")) and shared(spaces(c), of_host()),
        c.sh("ps -o args | grep -q '^containerd ' && echo seen"), c.remove()])
    check("its status", lambda: str(pod.status().linux))
    pod.remove()
    refused("a sysctl of the host", lambda: run_pod(service, handler, logs, sysctls={"kernel.panic": "3"}))


def user(pod, **security):
    return pod.says("id -u; id -g; id -G; cat /etc/passwd | grep -c ada", security=security)


def rights(pod, script=RIGHTS, **security):
    return pod.says(script, security=security)


def security(service, handler, logs):
    profile = os.path.dirname(logs) + "/profile.json"
    with open(profile, "w", encoding="ascii") as file:
        file.write('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"],'
                   ' "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}')
    pod = run_pod(service, handler, logs, security={"privileged": True})
    number = cri.Int64Value
    check("a user", lambda: user(pod, run_as_user=number(value=1000), run_as_group=number(value=1001),
                                 supplemental_groups=[5, 6]))
    check("a user's name", lambda: user(pod, run_as_username="ada"))
    refused("a name that nobody has", lambda: user(pod, run_as_username="eve"))
    check("rights", lambda: rights(pod))
    check("capabilities of a user", lambda: rights(pod, run_as_user=number(value=1000)))
    check("a capability more", lambda: rights(
        pod, RIGHTS + "; hostname other && hostname", capabilities={"add_capabilities": ["SYS_ADMIN"]}))
    check("a capability less", lambda: rights(
        pod, RIGHTS + "; chown 1 /tmp", capabilities={"drop_capabilities": ["CHOWN"]}))
    check("no capability", lambda: rights(pod, capabilities={"drop_capabilities": ["ALL"]}))
    check("one capability", lambda: rights(pod, capabilities={"drop_capabilities": ["ALL"],
                                                              "add_capabilities": ["NET_BIND_SERVICE"]}))
    check("all capabilities", lambda: rights(pod, capabilities={"add_capabilities": ["ALL"]}))
    check("an unknown capability", lambda: rights(pod, capabilities={"add_capabilities": ["NO_SUCH"]}))
    check("a read-only root", lambda: rights(
        pod, "touch /x; touch /dev/shm/x && echo written; pwd; touch y", readonly_rootfs=True))
    check("a directory made in it", lambda: pod.says(
        "pwd; touch y", working_dir="/made/for/it", security={"readonly_rootfs": True}))
    check("no new privileges", lambda: rights(pod, no_new_privs=True))
    for kind in (cri.SecurityProfile.RuntimeDefault, cri.SecurityProfile.Unconfined):
        check(f"seccomp {kind}", lambda: rights(pod, RIGHTS + "; unshare -U true && echo made",
                                                seccomp={"profile_type": kind}))
    check("a profile of the node", lambda: rights(
        pod, "grep Seccomp: /proc/self/status; mkdir /tmp/x",
        seccomp={"profile_type": cri.SecurityProfile.Localhost, "localhost_ref": profile}))
    refused("a profile that is not there", lambda: rights(
        pod, "true",
        seccomp={"profile_type": cri.SecurityProfile.Localhost, "localhost_ref": profile + "x"}))
    check("masked and read-only paths", lambda: rights(
        pod, "cat /proc/kcore | wc -c; ls -A /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic;"
        "cat /etc/group | wc -c; touch /root/x",
        masked_paths=["/proc/kcore", "/sys/firmware", "/etc/group"], readonly_paths=["/proc/sys", "/root"]))
    # The mounts' own options: runc has the pod's first container, which is read-only, decide for the
    # filesystem of all.
    check("a privileged one", lambda: rights(
        pod, RIGHTS + "; cut -d' ' -f5,6 /proc/self/mountinfo |"
        "grep -E '^/(proc|sys|sys/fs/cgroup/memory) ';"
        "test -e /dev/kmsg -o -e /dev/fuse && echo devices; mount -t tmpfs none /tmp && echo mounted",
        privileged=True))
    pod.remove()


def mount(at, path, **fields):
    return {"container_path": path, "host_path": at, **fields}


def propagation(pod, directory, mode):
    """Whether a mount of the host's is seen inside, and one from inside on the host."""
    container = pod.run("sleep", "600", security={"privileged": True},
                        mounts=[mount(directory, "/volume", propagation=mode)])
    subprocess.run(["mount", "-t", "tmpfs", "host", directory + "/in"], check=True)
    inside = container.sh("grep -c ' /volume/in ' /proc/self/mounts")
    container.sh("mount -t tmpfs inside /volume/out")
    with open("/proc/self/mounts", encoding="ascii") as mounts:
        outside = f" {directory}/out " in mounts.read()
    container.remove()
    subprocess.run(["umount", directory + "/in"], check=True)
    if outside:
        subprocess.run(["umount", directory + "/out"], check=True)
    return [inside, outside]


def mounts(service, handler, logs):
    volume = f"{os.path.dirname(logs)}/volume-{handler}"
    os.makedirs(volume + "/in")
    os.makedirs(volume + "/out")
    os.symlink(volume, volume + "-link")
    with open(volume + "/file", "w", encoding="ascii") as file:
        file.write("from the host\n")
    for command in (["--bind", volume, volume], ["--make-shared", volume]):
        subprocess.run(["mount", *command], check=True)
    pod = run_pod(service, handler, logs, security={"privileged": True})
    check("volumes", lambda: pod.says(
        "cat /a/file /b/file /c; touch /a/x; touch /b/y && ls /b; echo z >/c",
        mounts=[mount(volume, "/a", readonly=True), mount(volume + "-link", "/b"),
                mount(volume + "/file", "/c", readonly=True)]))
    check("and on the host", lambda: sorted(os.listdir(volume)))
    check("one below the other", lambda: pod.says("ls /a/in; cat /a/in/deep/file", mounts=[
        mount(volume, "/a/in/deep"), mount(volume, "/a")]))
    check("a volume that is not there", lambda: pod.says(
        "ls -d /a; ls -A /a | wc -l", mounts=[mount(volume + "/new", "/a")]))
    for mode in cri.MountPropagation.values():
        check(cri.MountPropagation.Name(mode), lambda: propagation(pod, volume, mode))
    check("mounts", lambda: pod.says("cut -d' ' -f2,3 /proc/self/mounts | sort"))
    check("nodes", lambda: pod.says("stat -c '%n %a %F %t:%T %u:%g' /dev/* | grep -v /dev/core"))
    # A kubelet's own: the file for last words, which is in the container's /dev, and a pod's account,
    # below what is a link in this image.
    check("a kubelet's mounts", lambda: pod.says(
        "echo last words >/dev/termination-log; cat /run/secrets/account/file; touch /run/secrets/account/x",
        mounts=[mount(f"{volume}/y", "/dev/termination-log"),
                mount(volume, "/var/run/secrets/account", readonly=True)]))
    check("the last words", lambda: pathlib.Path(volume + "/y").read_text(encoding="ascii"))
    check("a device", lambda: pod.says(
        "stat -c '%n %F %t:%T' /dev/nothing; head -c 3 /dev/nothing | wc -c; echo x >/dev/nothing",
        devices=[{"container_path": "/dev/nothing", "host_path": "/dev/zero", "permissions": "r"}]))
    refused("a device that is not there", lambda: pod.says("true", devices=[
        {"container_path": "/dev/x", "host_path": "/dev/nowhere", "permissions": "rwm"}]))
    pod.remove()
    subprocess.run(["umount", volume], check=True)


def checks(*where):
    namespaces(*where)
    security(*where)
    mounts(*where)
