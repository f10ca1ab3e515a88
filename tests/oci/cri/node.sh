# SPDX-License-Identifier: Apache-2.0
# The node: containerd with its interface for kubelets, the network of pods, an image, and the
# administrator's list of plugins. To be sourced by run.sh.

engines=$here/../../../config/engines
binary=$(sed -n 's/^ *BinaryName = "\(.*\)"/\1/p' "$engines/containerd.toml")
# As nodes have it, where the filesystem can.
snapshotter=overlayfs
mkdir "$work/lower" "$work/upper" "$work/overlay"
mount -t overlay -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/overlay" none "$work/lower" &&
  umount "$work/lower" || snapshotter=native
# Keys first, then the file that is handed out, then what this machine needs: no capability to lower
# an OOM score, no AppArmor.
{
  cat <<END
root = "$work/root"
state = "$work/state"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.internal.v1.tracing"]
END
  sed "s|$binary|$runtime|" "$engines/containerd.toml"
  cat <<END
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:latest"
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "$snapshotter"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "$cni"
  conf_dir = "$work/net.d"
[grpc]
  address = "$work/s"
END
} >"$work/config.toml"
mkdir "$work/net.d" "$work/image" "$work/py" "$work/logs"
cat >"$work/net.d/pods.conflist" <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "ptp",
  "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": "10.88.0.0/24"}]]}}]}
END

# Here alone.
cp -a /etc "$work/etc" 2>/dev/null
mkdir -p "$work/etc/mini_container"
printf '[annotations]\nallow = ["landlock", "hello"]\n' >"$work/etc/mini_container/config.toml"
mount --bind "$work/etc" /etc || exit 1

start_containerd() {
  containerd --config "$work/config.toml" >>"$work/containerd.log" 2>&1 &
  daemon=$!
  wait_until 20 test -S "$work/s" && c version >/dev/null
}
# stop_containerd SIGNAL
stop_containerd() {
  kill -s "$1" "$daemon"
  wait "$daemon" 2>/dev/null
  rm -f "$work/s"
}
c() { timeout 20 ctr --address "$work/s" --namespace k8s.io "$@"; }

start_containerd || {
  cat "$work/containerd.log"
  echo "containerd does not start here"
  exit 1
}

# import_image NAME CONFIG: of what is in image/root.
import_image() {
  tar -C "$work/image/root" -cf "$work/image/layer.tar" .
  digest=$(sha256sum "$work/image/layer.tar" | cut -d' ' -f1)
  cat >"$work/image/config.json" <<END
{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]},
 "config": $2}
END
  cat >"$work/image/manifest.json" <<END
[{"Config": "config.json", "RepoTags": ["docker.io/library/$1:latest"], "Layers": ["layer.tar"]}]
END
  tar -C "$work/image" -cf "$work/image.tar" manifest.json config.json layer.tar
  c image import --snapshotter "$snapshotter" "$work/image.tar" >/dev/null && return
  echo "containerd cannot import an image here"
  exit 1
}
# What holds a pod, as those are that nodes have: one program, no directory, and no rights.
mkdir "$work/image/root"
cp "$(command -v busybox)" "$work/image/root/sleep"
import_image pause '{"Entrypoint": ["/sleep", "86400"], "User": "65535:65535"}'
make_root "$work/image/root"
mkdir "$work/image/root/run" "$work/image/root/var"
ln -s /run "$work/image/root/var/run"
echo 'ada:x:1000:1000::/:/bin/sh' >>"$work/image/root/etc/passwd"
import_image busy '{"Cmd": ["sleep", "86400"], "Env": ["PATH=/usr/bin:/bin"]}'
protoc --proto_path="$here" --python_out="$work/py" cri.proto || exit 1
