# SPDX-License-Identifier: Apache-2.0
# podman, with an image of busybox alone, called `busy`. To be sourced.
. "$(dirname "$0")/../engine.sh"

need_programs podman conmon crun busybox unshare script ps
in_own_machine "$@"

cat >"$work/containers.conf" <<END
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime_supports_nocgroup = ["mini_container", "crun"]
runtime_supports_json = ["mini_container", "crun"]
[engine.runtimes]
mini_container = ["$runtime"]
[containers]
log_driver = "k8s-file"
netns = "none"
default_ulimits = ["nofile=512:512", "nproc=1024:1024"]
END
export CONTAINERS_CONF="$work/containers.conf"

chosen=mini_container
# The checks call podman as `p`, from shells of their own as well.
write_p() {
  cat >"$work/p" <<END
#!/bin/sh
exec timeout --foreground 60 podman --root "$work/root" --runroot "$work/run" --tmpdir "$work/tmp" \\
  --storage-driver vfs --runtime "$chosen" "\$@"
END
  chmod +x "$work/p"
}
PATH="$work:$PATH"
# podman's cleanup after a container's end and a forced removal meet over the mount of its shm, with
# crun as with us: `removed rm ARGUMENT...` removes again what was busy.
cat >"$work/removed" <<'END'
#!/bin/sh
for attempt in 1 2 3 4 5; do
  said=$(p "$@" 2>&1) && exit 0
  case $said in *'device or resource busy'*) sleep 0.5 ;; *) break ;; esac
done
echo "$said" >&2
exit 1
END
chmod +x "$work/removed"

p_run() { p run --rm busy "$@"; }
# run_with OPTIONS COMMAND...
run_with() {
  options=$1
  shift
  # shellcheck disable=SC2086
  p run --rm $options busy "$@"
}
# shell NAME COMMAND-LINE
shell() { check "$1" sh -c "$2"; }
inspect() { p inspect --format "$2" "$1"; }

make_root "$work/image"
mkdir -p "$work/image/shared"
tar -C "$work/image" -cf "$work/image.tar" .
write_p
p import "$work/image.tar" busy >"$work/import.txt" 2>&1 || {
  cat "$work/import.txt"
  echo "podman cannot import an image here"
  exit 1
}

choose() {
  chosen=$1
  write_p
}
settled() {
  # crun gives it to mapped users.
  [ "$1" = mini_container ] || chown 0:0 /dev/null
  nothing_remains
}

# compare_with_crun: runs `checks` with both.
compare_with_crun() {
  compare_with crun
  conclude "podman ($(basename "$0" .sh))" crun
  rm -rf "$work/root" "$work/image" "$work/image.tar"
}
