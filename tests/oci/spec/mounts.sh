#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# config.md, `root` and `mounts` with every option of the table; config-linux.md, default
# filesystems, devices, propagation of the root, masked and read-only paths.
. "$(dirname "$0")/spec.sh"

# at DESTINATION: options of that mount and of its filesystem, as /proc/self/mountinfo has them, with
# commas around: ",rw,nosuid,...,". The last one at a destination is what is seen.
at='at() { awk -v at="$1" "\$5 == at { line = \$0 } END { split(line, half, / - /); n = split(half[1], f, / /)
  split(half[2], g, / /); peers = \"\"; for (i = 7; i <= n; ++i) peers = peers f[i] \",\"
  print \",\" f[6] \",super:,\" g[3] \",peers:,\" peers }" /proc/self/mountinfo; }
'
# seen DESTINATION [FILTER]: the same of a container.
seen() { inside "$at at $1" "${2:-.}"; }
mount_at() { # DESTINATION TYPE SOURCE OPTION...
  destination=$1 type=$2 source=$3
  shift 3
  jq -cn --arg d "$destination" --arg t "$type" --arg s "$source" \
    '".mounts += [" + ({destination: $d, type: $t, source: $s, options: $ARGS.positional} | tojson) + "]"' --args "$@" | jq -r .
}
tmpfs() { where=$1; shift; mount_at "$where" tmpfs tmpfs "$@"; }
bind() { where=$1 what=$2; shift 2; mount_at "$where" none "$what" "$@"; }
# has WHAT TEXT WORD...: each word (or, with a '-' in front, none of it).
has() {
  what=$1 text=$2
  shift 2
  for word in "$@"; do
    case $word in
      -*) case $text in *",${word#-},"*) fail "$what: '${word#-}' is in '$text'" ;; esac ;;
      *) contains "$what" "$text" ",$word," ;;
    esac
  done
}

claim 'root.readonly true: the root cannot be written, what is mounted in it can'
equal output 'root no tmp yes' "$(inside 'touch /x 2>/dev/null && echo root yes || echo root no; touch /m/x && echo tmp yes' \
  ".root.readonly = true | $(tmpfs /m)" | xargs)"
claim 'root.readonly false, or absent: the root can be written'
equal output yes "$(inside 'touch /x && echo yes')"
equal output yes "$(inside 'touch /x && echo yes' '.root.readonly = false')"
rm -f "$root/x"
claim 'root.path: absolute, relative to the bundle, by a link'
ln -sfn rootfs "$bundle/link"
echo marked >"$root/mark"
for path in rootfs ./rootfs link "$root"; do
  equal "$path" marked "$(inside 'cat /mark' ".root.path = \"$path\"")"
done
claim 'root.path: what is missing, or no directory, is an error'
refused '.root.path = "nowhere"'
refused '.root.path = "config.json"'
refused '.root.path = ""'
refused 'del(.root.path)'

claim 'mounts are made in the listed order'
mkdir -p "$work/below"
echo low >"$work/below/low"
equal 'one in another' 'low' "$(inside 'ls /m/in' "$(tmpfs /m) | $(bind /m/in "$work/below" bind)")"
equal 'one over another' '' "$(inside 'ls /m/in 2>/dev/null' "$(bind /m/in "$work/below" bind) | $(tmpfs /m)")"
claim 'a destination is made where it is missing, and may be relative to /'
equal relative tmpfs "$(inside 'awk "\$2 == \"/made/here\" { print \$3 }" /proc/mounts' "$(tmpfs made/here)")"
claim 'the source of a bind mount may be relative to the bundle'
mkdir -p "$bundle/data"
echo bundled >"$bundle/data/file"
equal content bundled "$(inside 'cat /m/file' "$(bind /m data bind)")"
claim 'a file can be bind mounted'
equal content low "$(inside 'cat /m-file' "$(bind /m-file "$work/below/low" bind ro)")"
claim 'a bind mount is one with bind or rbind among its options, whatever its type'
equal content low "$(inside 'cat /m/low' "$(mount_at /m moon "$work/below" rbind)")"
claim 'a source that is missing, and a filesystem that there is not, are errors'
refused "$(bind /m /nowhere/at/all bind)"
refused "$(mount_at /m moonfs none)"

# What each option does to a mount of its own: OPTIONS: words that are there, -words that are not.
while IFS=: read -r options words; do
  [ -n "$options" ] || continue
  claim "option of a filesystem: $(echo "$options" | tr , ' ')"
  # shellcheck disable=SC2046,SC2086
  text=$(seen /m "$(tmpfs /m $(echo "$options" | tr , ' '))")
  # shellcheck disable=SC2086
  has "$options" "$text" $words
done <<'END'
defaults: rw relatime -ro -nosuid -nodev -noexec -sync
ro: ro
rw: rw -ro
ro,rw: rw -ro
rw,ro: ro
nosuid: nosuid
nosuid,suid: -nosuid
nodev: nodev
nodev,dev: -nodev
noexec: noexec
noexec,exec: -noexec
noatime: noatime -relatime
noatime,atime: relatime -noatime
nodiratime: nodiratime
nodiratime,diratime: -nodiratime
relatime: relatime
norelatime: -noatime
strictatime: -relatime -noatime
strictatime,nostrictatime: relatime
noatime,relatime: relatime -noatime
noatime,strictatime: -relatime -noatime
nosymfollow: nosymfollow
nosymfollow,symfollow: -nosymfollow
sync: sync
sync,async: -sync
async: -sync
dirsync: dirsync
lazytime: lazytime
lazytime,nolazytime: -lazytime
nolazytime: -lazytime
mand: rw
mand,nomand: -mand
nomand: -mand
iversion: rw
noiversion: rw
silent: rw
loud: rw
size=4096k: size=4096k
nr_inodes=100,mode=700: nr_inodes=100 mode=700
nosuid,nodev,noexec,ro,noatime: nosuid nodev noexec ro noatime
private: -shared:1
END

while IFS=: read -r options words; do
  [ -n "$options" ] || continue
  claim "option of a bind mount: $(echo "$options" | tr , ' ')"
  # shellcheck disable=SC2046,SC2086
  text=$(seen /m "$(bind /m "$work/below" bind $(echo "$options" | tr , ' '))")
  # shellcheck disable=SC2086
  has "$options" "${text%%super:*}" $words
done <<'END'
defaults: rw
ro: ro
rw: rw
ro,rw: rw
nosuid: nosuid
nodev: nodev
noexec: noexec
noatime: noatime
nodiratime: nodiratime
strictatime: -relatime -noatime
nosymfollow: nosymfollow
ro,nosuid,nodev,noexec: ro nosuid nodev noexec
sync: rw
async: rw
dirsync: rw
lazytime: rw
nolazytime: rw
mand: rw
nomand: rw
iversion: rw
noiversion: rw
silent: rw
loud: rw
END
equal 'the host' 'low' "$(ls "$work/below")"
[ -w "$work/below" ] || fail 'the source has changed'

claim 'ro, noexec, nodev, nosymfollow and noatime do what they say'
mkdir -p "$work/tools"
cp "$root/bin/busybox" "$work/tools/busybox"
mknod "$work/tools/null" c 1 3
ln -sf busybox "$work/tools/link"
equal 'with none' 'write run device follow' "$(inside 'cd /m; touch x && echo write; ./busybox true && echo run; echo >null && echo device; cat link >/dev/null && echo follow' \
  "$(bind /m "$work/tools" bind)" | xargs)"
equal 'with all' '' "$(inside 'cd /m; touch x && echo write; ./busybox true && echo run; echo >null && echo device; cat link >/dev/null && echo follow' \
  "$(bind /m "$work/tools" bind ro noexec nodev nosymfollow)" | xargs)"
touch -a -d '2001-01-01' "$work/tools/busybox"
inside 'cat /m/busybox >/dev/null' "$(bind /m "$work/tools" bind noatime)"
equal 'noatime' 2001 "$(stat -c %x "$work/tools/busybox" | cut -d- -f1)"
inside 'cat /m/busybox >/dev/null' "$(bind /m "$work/tools" bind strictatime)"
[ "$(stat -c %x "$work/tools/busybox" | cut -d- -f1)" != 2001 ] || fail 'strictatime keeps the time'
claim 'nosuid does what it says'
# busybox gives such a right up by itself: a program of the host, with its libraries.
cp "$(command -v id)" "$work/tools/id"
chmod 4755 "$work/tools/id"
libraries=$(for directory in /lib /lib64 /usr/lib; do
  [ ! -d $directory ] || echo "$(bind $directory $directory rbind ro) | "
done)
equal 'with suid' 0 "$(inside '/m/id -u' "$libraries $(bind /m "$work/tools" bind) | .process.user.uid = 9")"
equal 'without' 9 "$(inside '/m/id -u' "$libraries $(bind /m "$work/tools" bind nosuid) | .process.user.uid = 9")"

# A tree of two mounts, to tell what reaches the second one.
mkdir -p "$work/tree"
mount -t tmpfs tmpfs "$work/tree"
mkdir "$work/tree/sub"
mount -t tmpfs tmpfs "$work/tree/sub"
mkdir -p "$work/closed"
mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime,nodiratime tmpfs "$work/closed"
mount -o remount,rw "$work/closed"
mkdir "$work/closed/sub"
mount -t tmpfs -o ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow tmpfs "$work/closed/sub"
mount -o remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow "$work/closed"

claim 'bind binds one mount, rbind all that is below'
has bind "$(seen /m/sub "$(bind /m "$work/tree" bind)")" -rw
has rbind "$(seen /m/sub "$(bind /m "$work/tree" rbind)")" rw
claim 'ro with rbind is of the mount alone'
has 'the mount' "$(seen /m "$(bind /m "$work/tree" rbind ro)" | sed 's/super:.*//')" ro
has 'below' "$(seen /m/sub "$(bind /m "$work/tree" rbind ro)" | sed 's/super:.*//')" rw
while IFS=: read -r source option words; do
  [ -n "$source" ] || continue
  claim "recursive option: $option"
  filter=$(bind /m "$work/$source" rbind "$option")
  both=$(inside "$at at /m; at /m/sub" "$filter")
  # shellcheck disable=SC2086
  {
    has "$option" "$(echo "$both" | sed -n '1s/super:.*//p')" $words
    has "$option, below" "$(echo "$both" | sed -n '2s/super:.*//p')" $words
  }
done <<'END'
tree:rro: ro
closed:rrw: rw -ro
tree:rnosuid: nosuid
closed:rsuid: -nosuid
tree:rnodev: nodev
closed:rdev: -nodev
tree:rnoexec: noexec
closed:rexec: -noexec
tree:rnodiratime: nodiratime
closed:rdiratime: -nodiratime
tree:rnoatime: noatime
closed:ratime: -noatime
closed:rrelatime: relatime
tree:rnorelatime: -noatime
tree:rstrictatime: -relatime -noatime
closed:rnostrictatime: -noatime
tree:rnosymfollow: nosymfollow
closed:rsymfollow: -nosymfollow
END
claim 'recursive options leave the mounts of the host as they are'
contains 'the tree' "$(sed -n "s|.* $work/tree/sub \([^ ]*\) .*|\1|p" /proc/self/mountinfo)" rw,relatime
contains 'the closed one' "$(sed -n "s|.* $work/closed/sub \([^ ]*\) .*|\1|p" /proc/self/mountinfo)" ro,nosuid,nodev,noexec

mount --make-rshared "$work/tree"
for each in private:-shared:-master slave:-shared:master shared:shared:-; do
  option=${each%%:*}
  for recursive in '' r; do
    claim "propagation of a mount: $recursive$option"
    both=$(inside "$at at /m; at /m/sub" "$(bind /m "$work/tree" rbind $recursive$option)")
    for line in 1 2; do
      [ "$line" = 1 ] || [ -n "$recursive" ] || continue
      peers=$(echo "$both" | sed -n "${line}s/.*peers:,//p")
      [ -n "$both" ] || fail "line $line: nothing is seen: $(cat "$work/err")"
      case $option in
        private) case $peers in *shared:* | *master:*) fail "line $line: '$peers'" ;; esac ;;
        slave) contains "line $line" "$peers" master: ;;
        shared) contains "line $line" "$peers" shared: ;;
      esac
    done
  done
done
for recursive in '' r; do
  claim "propagation of a mount: ${recursive}unbindable"
  both=$(inside "$at at /m; at /m/sub" "$(bind /m "$work/tree" rbind ${recursive}unbindable)")
  contains 'the mount' "$(echo "$both" | sed -n '1s/.*peers:,//p')" unbindable
  [ -z "$recursive" ] || contains below "$(echo "$both" | sed -n '2s/.*peers:,//p')" unbindable
done
claim 'rslave: what the host mounts later is seen inside, and not the other way'
mkdir -p "$work/tree/late"
started "$(bind /m "$work/tree" rbind rslave)" && {
  mount -t tmpfs late "$work/tree/late"
  contains inside "$(cat "/proc/$pid/mountinfo")" '/m/late'
  nsenter --mount="/proc/$pid/ns/mnt" --root="/proc/$pid/root" /bin/busybox mount -t tmpfs inner /m/sub
  [ "$(grep -c " $work/tree/sub " /proc/self/mountinfo)" = 1 ] || fail 'a mount came out'
  umount "$work/tree/late"
}
mount --make-rprivate "$work/tree"

claim 'remount changes what is mounted already'
text=$(seen /m "$(tmpfs /m) | .mounts += [{destination: \"/m\", type: \"bind\", source: \"/m\", options: [\"bind\", \"remount\", \"ro\", \"nosuid\"]}]")
has remount "${text%%super:*}" ro nosuid
# A mount is told by its place, and its filesystem changed by the options that are no mount's.
text=$(seen /m "$(tmpfs /m) | .mounts += [{destination: \"/m\", options: [\"remount\", \"bind\", \"ro\"]}]")
has 'remount without a source' "${text%%super:*}" ro
text=$(seen /m "$(tmpfs /m size=2m) | .mounts += [{destination: \"/m\", type: \"tmpfs\", options: [\"remount\", \"size=4m\"]}]")
contains 'remount of a filesystem' "${text#*super:}" size=4096k
claim 'tmpcopyup: what is at the place is in the tmpfs, with owner and mode'
mkdir -p "$root/full/deep"
echo deep >"$root/full/deep/file"
chmod 640 "$root/full/deep/file"
chown 12:34 "$root/full/deep/file"
ln -sf deep/file "$root/full/link"
equal copied 'deep deep 640 12 34 deep/file' "$(inside 'echo $(cat /full/deep/file /full/link) $(stat -c "%a %u %g" /full/deep/file) $(readlink /full/link); rm /full/link' \
  "$(tmpfs /full tmpcopyup)")"
[ -h "$root/full/link" ] || fail 'the root was changed'
claim 'an option of no filesystem is an error'
refused "$(tmpfs /m moon=1)"
refused "$(tmpfs /m moon)"

mapped='uidMappings: [{containerID: 0, hostID: 5000, size: 100}], gidMappings: [{containerID: 0, hostID: 6000, size: 100}]'
mkdir -p "$work/owned"
echo x >"$work/owned/file"
chown 0:0 "$work/owned/file"
ids=".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
  | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]"
claim 'idmap with mappings: owners inside are the mapped ones, on disk they stay'
equal inside '5000 6000' "$(inside 'stat -c "%u %g" /m/file' ".mounts += [{destination: \"/m\", type: \"bind\", source: \"$work/owned\", options: [\"bind\", \"idmap\"], $mapped}]")"
equal 'on disk' '0 0' "$(stat -c '%u %g' "$work/owned/file")"
claim 'idmap with the user namespace of the container'
equal inside '0 0' "$(inside 'stat -c "%u %g" /m/file; touch /m/new' "$ids | $(bind /m "$work/owned" bind idmap)")"
equal 'on disk' '0 0' "$(stat -c '%u %g' "$work/owned/new")"
mkdir -p "$work/layered"
mount -t tmpfs tmpfs "$work/layered"
mkdir "$work/layered/sub"
mount -t tmpfs tmpfs "$work/layered/sub"
touch "$work/layered/file" "$work/layered/sub/file"
claim 'idmap is of the mount alone, ridmap of all that is below'
for each in idmap:0 ridmap:5000; do
  equal "${each%:*}" "5000 ${each#*:}" "$(inside 'echo $(stat -c %u /m/file /m/sub/file)' ".mounts += [{destination: \"/m\", type: \"bind\", source: \"$work/layered\", options: [\"rbind\", \"${each%:*}\"], $mapped}]")"
done
claim 'idmap and ridmap without mappings and without a user namespace are errors'
refused "$(bind /m "$work/owned" bind idmap)"
refused "$(bind /m "$work/owned" rbind ridmap)"
claim 'uidMappings without gidMappings are an error'
refused ".mounts += [{destination: \"/m\", type: \"bind\", source: \"$work/owned\", options: [\"bind\", \"idmap\"], uidMappings: [{containerID: 0, hostID: 5000, size: 100}]}]"

cgroups() { printf '.linux.cgroupsPath = "/spec-cgroups-'"$own"'" | .mounts += [{destination: "%s", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev"%s]}]' "$1" "${2:+, \"$2\"}"; }
for place in /sys/fs/cgroup /somewhere; do
  claim "a mount of the type cgroup shows the cgroups of the container: on $place"
  # One hierarchy, or a directory of them; what is there belongs to the container's cgroup.
  equal 'the program is among its processes' found "$(inside 'cat '$place'/cgroup.procs '$place'/*/cgroup.procs 2>/dev/null | grep -qx 1 && echo found' "$(cgroups $place ro)")"
  text=$(inside 'ls -d '$place'/pids || echo '$place'; touch '$place'/pids/new '$place'/new 2>&1' "$(cgroups $place ro)")
  contains ro "$text" 'Read-only'
  equal rw made "$(inside 'at='$place'; [ ! -d $at/pids ] || at=$at/pids; mkdir $at/own && rmdir $at/own && echo made' "$(cgroups $place)")"
done
claim 'the default filesystems are there'
equal types 'proc sysfs devpts tmpfs' "$(inside 'for at in /proc /sys /dev/pts /dev/shm; do awk -v at=$at "\$2 == at { print \$3 }" /proc/mounts; done' | xargs)"
claim 'the default devices are there, and work'
equal kinds '1:3 1:5 1:7 1:8 1:9 5:0' "$(inside 'for n in null zero full random urandom tty; do stat -c "%t:%T" /dev/$n; done' | xargs)"
equal work 'null 4 4 full' "$(inside 'test -z "$(cat /dev/null)" && echo null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; echo x >/dev/full 2>/dev/null || echo full' | xargs)"
claim '/dev/ptmx is that of the own /dev/pts, and the usual links are there'
equal links '/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2' "$(inside 'for n in fd stdin stdout stderr; do readlink /dev/$n; done' | xargs)"
equal ptmx 5:2 "$(inside 'stat -L -c "%t:%T" /dev/ptmx')"

claim 'the default devices are there without a mount on /dev'
mkdir -p "$work/bare/bin" "$work/bare/dev" && cp "$root/bin/busybox" "$work/bare/bin/sh"
config '.root.path = $path | .mounts |= map(select(.destination == "/proc")) | .process.args = ["sh", "-c", "echo >/dev/null; read -r -n 1 x </dev/full; test -c /dev/zero -a -c /dev/random -a -c /dev/urandom -a -c /dev/tty -a -h /dev/ptmx && echo there"]' --arg path "$work/bare"
equal 'the devices' there "$(run)"
claim 'devices: character, block, unbuffered and FIFO, with mode and owner, anywhere'
equal nodes 'character special file 1:3 640 7 8,block special file 7:9 600 0 0,character special file 1:5 666 0 0,fifo 622 0 0' \
  "$(inside 'stat -c "%F %t:%T %a %u %g" /dev/more /dev/blk /elsewhere/u; stat -c "%F %a %u %g" /dev/pipe' '.linux.devices = [
    {path: "/dev/more", type: "c", major: 1, minor: 3, fileMode: 416, uid: 7, gid: 8},
    {path: "/dev/blk", type: "b", major: 7, minor: 9, fileMode: 384},
    {path: "/elsewhere/u", type: "u", major: 1, minor: 5, fileMode: 438},
    {path: "/dev/pipe", type: "p", fileMode: 402}]' | paste -sd,)"
rm -rf "$root/elsewhere"
claim 'devices: another file at the path is an error'
echo file >"$root/not-a-device"
refused '.linux.devices = [{path: "/not-a-device", type: "c", major: 1, minor: 3}]'
equal 'the file' file "$(cat "$root/not-a-device")"
claim 'devices: a wrong type, and no numbers, are errors'
refused '.linux.devices = [{path: "/dev/x", type: "moon", major: 1, minor: 3}]'
refused '.linux.devices = [{path: "/dev/x", type: "c"}]'

mount --bind "$root" "$root"
mount --make-shared "$root"
for each in private slave shared unbindable rprivate rslave rshared runbindable; do
  claim "rootfsPropagation: $each"
  peers=$(seen / ".linux.rootfsPropagation = \"$each\"" | sed 's/.*peers:,//')
  [ "$(code)" = 0 ] || fail "$(cat "$work/err")"
  case $each in
    *private) case $peers in *shared:* | *master:* | *unbindable*) fail "found '$peers'" ;; esac ;;
    *slave) case $peers in *shared:*) fail "found '$peers'" ;; esac ;;
    *shared) contains peers "$peers" shared: ;;
    *unbindable) contains peers "$peers" unbindable ;;
  esac
done
claim 'rootfsPropagation: slave: what the host mounts in the root later is seen inside'
mkdir -p "$root/later"
started '.linux.rootfsPropagation = "slave"' && {
  mount -t tmpfs later "$root/later"
  contains inside "$(cat "/proc/$pid/mountinfo")" ' /later '
  umount "$root/later"
}
claim 'rootfsPropagation: shared: mounts of the container do not reach the host'
started '.linux.rootfsPropagation = "shared"' && {
  nsenter --mount="/proc/$pid/ns/mnt" --root="/proc/$pid/root" /bin/busybox mount -t tmpfs inner /later
  grep -q " $root/later " /proc/self/mountinfo && fail 'a mount came out'
}
claim 'rootfsPropagation: another word is an error'
refused '.linux.rootfsPropagation = "moon"'
umount "$root"

mkdir -p "$root/hidden/sub" "$root/plain/sub"
echo secret >"$root/hidden/file"
echo secret >"$root/hidden/sub/file"
echo secret >"$root/hidden-file"
mknod "$root/hidden-device" c 1 5
mkfifo "$root/hidden-fifo"
claim 'maskedPaths: a file, a directory, what is below, a device, a FIFO'
equal 'files' '' "$(inside 'cat /hidden-file /hidden/file /hidden/sub/file 2>/dev/null; ls -A /hidden; head -c 3 /hidden-device' \
  '.linux.maskedPaths = ["/hidden-file", "/hidden", "/hidden/sub", "/hidden-device"]')"
equal 'below' 'file sub' "$(inside 'cat /hidden/file /hidden/sub/file; ls /hidden' '.linux.maskedPaths = ["/hidden/file", "/hidden/sub"]' 2>/dev/null | xargs)"
inside 'true' '.linux.maskedPaths = ["/hidden-fifo"]'
equal 'a FIFO' 0 "$(code)"
equal 'cannot be written' '' "$(inside 'touch /hidden/new 2>/dev/null && echo written' '.linux.maskedPaths = ["/hidden"]')"
equal 'the host' 'secret' "$(cat "$root/hidden/sub/file")"
claim 'maskedPaths: what is not there is passed over'
equal output yes "$(inside 'echo yes' '.linux.maskedPaths = ["/not/there", "/proc/nothing"]')"
claim 'maskedPaths: a path that is not absolute is an error'
refused '.linux.maskedPaths = ["hidden-file"]'
claim 'readonlyPaths: a file and a directory with what is below'
echo data >"$root/plain/file"
equal output 'data' "$(inside 'cat /plain/file; for f in /plain/file /plain/new /plain/sub/new; do echo x 2>/dev/null >$f && echo written; done' '.linux.readonlyPaths = ["/plain"]' 2>/dev/null)"
equal 'a file alone' 'no yes' "$(inside '(echo x >/plain/file) 2>/dev/null && echo yes || echo no; touch /plain/other && echo yes' '.linux.readonlyPaths = ["/plain/file"]' | xargs)"
claim 'readonlyPaths: what is not there is passed over'
equal output yes "$(inside 'echo yes' '.linux.readonlyPaths = ["/not/there"]')"
claim 'readonlyPaths: a path that is not absolute is an error'
refused '.linux.readonlyPaths = ["plain"]'

claim 'mountLabel is the label of the mounts'
if [ -e /sys/fs/selinux/enforce ]; then
  label=$(tr -d '\0' </proc/self/attr/current)
  contains context "$(seen /m "$(tmpfs /m) | .linux.mountLabel = \"$label\"")" context=
else
  pass_over 'this kernel has no SELinux'
fi

finish
