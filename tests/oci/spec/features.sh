#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# features.md and features-linux.md: what the runtime says that bundles can ask for.
. "$(dirname "$0")/spec.sh"

# told FILTER: of what `features` prints.
told() { rt features 2>"$work/err" | jq -r "$1" 2>>"$work/err"; }
# lists FILTER WORD...: each word is in that list.
lists() {
  filter=$1
  shift
  found=" $(told "$filter | .[]" | xargs) "
  for word in "$@"; do contains "$filter" "$found" " $word "; done
}

claim 'the versions of config.json that are read'
contains ociVersionMin "$(told .ociVersionMin)" 1.
contains ociVersionMax "$(told .ociVersionMax)" 1.
claim 'every kind of hook'
lists .hooks prestart createRuntime createContainer startContainer poststart poststop
claim 'every option of mounts'
lists .mountOptions async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev \
  nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid nosymfollow private ratime rbind \
  rdev rdiratime relatime remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid \
  rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw \
  shared silent slave strictatime suid symfollow sync unbindable idmap ridmap
claim 'every namespace'
lists .linux.namespaces cgroup ipc mount network pid time user uts
claim 'every capability of this kernel that has a name here'
[ "$(told '.linux.capabilities | length')" = 41 ] || fail "there are $(told '.linux.capabilities | length')"
lists .linux.capabilities CAP_CHOWN CAP_SYS_ADMIN CAP_CHECKPOINT_RESTORE
claim 'seccomp: actions, operators, architectures, flags'
lists .linux.seccomp.actions SCMP_ACT_ALLOW SCMP_ACT_ERRNO SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS \
  SCMP_ACT_KILL_THREAD SCMP_ACT_LOG SCMP_ACT_NOTIFY SCMP_ACT_TRACE SCMP_ACT_TRAP
lists .linux.seccomp.operators SCMP_CMP_NE SCMP_CMP_LT SCMP_CMP_LE SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT \
  SCMP_CMP_MASKED_EQ
lists .linux.seccomp.archs SCMP_ARCH_X86_64 SCMP_ARCH_AARCH64 SCMP_ARCH_RISCV64
lists .linux.seccomp.knownFlags SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG
claim 'seccomp: each flag that is said to be supported is'
# The kernel takes WAIT_KILLABLE_RECV with a listener alone.
for flag in $(told '.linux.seccomp.supportedFlags[]' | grep -v WAIT_KILLABLE_RECV); do
  equal "$flag" yes "$(inside 'echo yes' ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", flags: [\"$flag\"], syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\"}]}")"
done
[ -n "$(told '.linux.seccomp.supportedFlags[]')" ] || fail 'there is none'
claim 'cgroups, security modules, network devices, idmapped mounts'
equal cgroup 'true true true' "$(told '.linux.cgroup | [.v1, .v2, .systemd] | .[]' | xargs)"
equal 'security modules' 'true true' "$(told '.linux | [.apparmor.enabled, .selinux.enabled] | .[]' | xargs)"
equal mountExtensions.idmap true "$(told .linux.mountExtensions.idmap.enabled)"
equal netDevices true "$(told .linux.netDevices.enabled)"
claim 'memoryPolicy: modes and flags'
lists .linux.memoryPolicy.modes MPOL_DEFAULT MPOL_BIND MPOL_INTERLEAVE MPOL_PREFERRED MPOL_LOCAL
lists .linux.memoryPolicy.flags MPOL_F_STATIC_NODES MPOL_F_RELATIVE_NODES
claim 'intelRdt is said to be there only where it is taken'
if [ "$(told .linux.intelRdt.enabled)" != false ]; then
  inside 'echo yes' '.linux.intelRdt = {}' >/dev/null
  equal code 0 "$(code)"
fi

finish
