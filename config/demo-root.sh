#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh config/demo-root.sh DIRECTORY: a small root from Debian's busybox-static. Quick, and harmless
# to run again: what is there is made anew.
set -eu
root=${1:?usage: demo-root.sh DIRECTORY}
# busybox as the shell knows its own programs by name alone: `command -v` has no path there.
busybox=$(busybox which busybox 2>/dev/null) || {
  echo "demo-root.sh: there is no busybox; install busybox-static" >&2
  exit 1
}

for directory in bin dev etc home mnt proc root run sys tmp usr/bin var/tmp; do
  mkdir -p "$root/$directory"
done
chmod 0700 "$root/root"
chmod 1777 "$root/tmp" "$root/var/tmp"

cp -f "$busybox" "$root/bin/busybox.new"
mv -f "$root/bin/busybox.new" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done

cat >"$root/etc/passwd" <<'END'
root:x:0:0:root:/root:/bin/sh
app:x:1000:1000:an application:/home:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
END
cat >"$root/etc/group" <<'END'
root:x:0:
tty:x:5:
app:x:1000:
nogroup:x:65534:
END
cat >"$root/etc/hosts" <<'END'
127.0.0.1 localhost
::1 localhost
END
cat >"$root/etc/profile" <<'END'
PS1='\u@\h:\w\$ '
END
cp "$(dirname "$0")/view.sh" "$root/bin/view"
chmod 0755 "$root/bin/view"
