# SPDX-License-Identifier: Apache-2.0
# Sourced by run.sh: the same container for everybody. New mount, PID, UTS and IPC namespaces, the
# same root, /proc, /sys read-only, /dev with its nodes, devpts, /dev/shm, /dev/mqueue, hostname
# "box", /bin/true. $out is where the files go.

tools=$PWD/build/default/tests/bench
shared=$PWD/build/default/mini_container
builtin=$PWD/build/builtin/mini_container
static=$PWD/build/static-four/mini_container
root=$out/root
sh config/demo-root.sh "$root"

pair() { "$tools/pair" "$@"; }

cat >"$out/four.toml" <<END
[container]
command = ["/bin/true"]
[rootfs]
path = "$root"
[pid]
[uts]
hostname = "box"
[ipc]
END
cp "$out/four.toml" "$out/fourteen.toml"
for number in 0 1 2 3 4 5 6 7 8 9; do
  printf '[empty%s]\n' "$number" >>"$out/fourteen.toml"
done

# What rootfs hides and write-protects by default, for everybody.
default_of() {
  "$shared" plugin info rootfs | sed -n "s/^ *$1 (.*default '\([^']*\)').*/\1/p" | tr , ' '
}
masked=$(default_of masked_paths)
readonly_paths=$(default_of readonly_paths)
[ -n "$masked" ] && [ -n "$readonly_paths" ] || {
  echo "contenders.sh: '$shared plugin info rootfs' does not tell what is hidden" >&2
  exit 1
}

# As process 1, as with the others; the mounts it offers. Its --proc write-protects all of the above
# but /proc/fs, and hides nothing; it has no option for what may be missing.
bubblewrap_hides='--ro-bind /proc/fs /proc/fs'
for path in $masked; do
  if [ -d "$path" ]; then
    bubblewrap_hides="$bubblewrap_hides --tmpfs $path --remount-ro $path"
  elif [ -e "$path" ]; then
    bubblewrap_hides="$bubblewrap_hides --ro-bind /dev/null $path"
  fi
done
# bubblewrap_with OPTIONS
bubblewrap_with() {
  echo "bwrap --unshare-pid --unshare-uts --unshare-ipc --as-pid-1 --hostname box --bind $root /
    --proc /proc --ro-bind /sys /sys --dev /dev --tmpfs /dev/shm --mqueue /dev/mqueue $1
    --clearenv --setenv PATH /bin --setenv HOME /root --setenv TERM xterm /bin/true"
}
bubblewrap_command=$(bubblewrap_with "$bubblewrap_hides")
bubblewrap_open_command=$(bubblewrap_with '')

json_list() { printf '"%s", ' "$@" | sed 's/, $//'; }

bundle=$out/bundle
mkdir -p "$bundle"
cat >"$bundle/config.json" <<END
{
  "ociVersion": "1.0.0",
  "process": {"terminal": false, "user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "cwd": "/",
    "env": ["PATH=/bin", "HOME=/root", "TERM=xterm"]},
  "root": {"path": "$root"},
  "hostname": "box",
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc",
      "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
      "options": ["nosuid", "noexec", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
      "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
      "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
      "options": ["nosuid", "noexec", "nodev"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
      "options": ["nosuid", "noexec", "nodev", "ro"]}
  ],
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
    "maskedPaths": [$(json_list $masked)],
    "readonlyPaths": [$(json_list $readonly_paths)]
  }
}
END
crun="crun --cgroup-manager=disabled --root $state/crun_launch"
crun_command="$crun run --bundle $bundle bench"
crun_many="$crun run --bundle $bundle bench\$\$"
