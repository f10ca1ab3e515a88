// SPDX-License-Identifier: Apache-2.0
#include "groups.hpp"

namespace seccomp {

namespace {

// One text a group: an array of pointers would have to be relocated at every start.
const Group table[] = {
    {"start",
     "execve execveat exit exit_group brk arch_prctl set_thread_area get_thread_area "
     "set_tid_address set_robust_list get_robust_list rseq prctl restart_syscall getrandom uname "
     "sysinfo getcpu membarrier modify_ldt set_tls cacheflush breakpoint usr26 usr32 get_tls "
     "riscv_flush_icache sync_file_range2 swapcontext rtas subpage_prot switch_endian "
     "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr s390_guarded_storage",
     true},
    {"file-io",
     "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek _llseek "
     "sendfile sendfile64 splice tee copy_file_range fadvise64 fadvise64_64 "
     "arm_fadvise64_64 readahead fsync fdatasync sync syncfs sync_file_range fallocate ftruncate "
     "ftruncate64 truncate truncate64 flock dup dup2 dup3 close close_range fcntl fcntl64 ioctl "
     "cachestat",
     true},
    {"file-system",
     "open openat openat2 creat access faccessat faccessat2 stat stat64 fstat fstat64 lstat "
     "lstat64 newfstatat fstatat64 statx statfs statfs64 fstatfs fstatfs64 getdents getdents64 "
     "readdir chdir fchdir getcwd mkdir mkdirat rmdir mknod mknodat link linkat unlink unlinkat "
     "symlink symlinkat readlink readlinkat rename renameat renameat2 chmod fchmod fchmodat "
     "fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 umask utime utimes "
     "utimensat utimensat_time64 futimesat getxattr lgetxattr fgetxattr setxattr lsetxattr "
     "fsetxattr listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr "
     "getxattrat setxattrat listxattrat removexattrat name_to_handle_at memfd_create "
     "memfd_secret",
     true},
    {"file-watch", "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark",
     true},
    {"event",
     "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create "
     "epoll_create1 epoll_ctl epoll_ctl_old epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 "
     "eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_settime64 "
     "timerfd_gettime timerfd_gettime64",
     true},
    {"async-io", "io_setup io_destroy io_submit io_cancel io_getevents", true},
    {"memory",
     "mmap mmap2 munmap mremap mprotect madvise msync mincore mlock mlock2 mlockall munlock "
     "munlockall remap_file_pages pkey_alloc pkey_free pkey_mprotect process_mrelease mseal "
     "map_shadow_stack",
     true},
    {"process",
     "fork vfork wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid getsid setsid "
     "times getrusage getrlimit ugetrlimit setrlimit prlimit64 pidfd_open pidfd_send_signal "
     "futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue ptrace process_vm_readv "
     "process_vm_writev",
     true},
    {"signal",
     "kill tkill tgkill signal sigaction sigprocmask sigpending sigsuspend sigreturn "
     "sigaltstack pause rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigreturn "
     "rt_sigqueueinfo rt_tgsigqueueinfo rt_sigtimedwait rt_sigtimedwait_time64",
     true},
    {"time",
     "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 "
     "clock_nanosleep clock_nanosleep_time64 nanosleep alarm getitimer setitimer timer_create "
     "timer_delete timer_gettime timer_gettime64 timer_settime timer_settime64 timer_getoverrun "
     "adjtimex clock_adjtime clock_adjtime64",
     true},
    {"identity",
     "getuid getuid32 getgid getgid32 geteuid geteuid32 getegid getegid32 getresuid getresuid32 "
     "getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid "
     "setreuid32 setregid setregid32 setresuid setresuid32 setresgid setresgid32 setfsuid "
     "setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset",
     true},
    {"scheduling",
     "sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam "
     "sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max "
     "sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64 getpriority "
     "setpriority nice ioprio_get ioprio_set",
     true},
    {"ipc",
     "pipe pipe2 ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop "
     "semtimedop_time64 shmat shmctl shmdt shmget mq_open mq_unlink mq_notify mq_getsetattr "
     "mq_timedsend mq_timedsend_time64 mq_timedreceive mq_timedreceive_time64",
     true},
    {"network",
     "socketpair bind listen accept accept4 connect getsockname getpeername getsockopt "
     "setsockopt shutdown send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg "
     "recvmmsg_time64 socketcall",
     true},
    {"sandbox",
     "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self lsm_get_self_attr "
     "lsm_set_self_attr lsm_list_modules",
     true},
    // From here on: only with a capability, with certain arguments, or not at all.
    {"socket", "socket", false},
    {"clone", "clone clone3 unshare setns", false},
    {"personality", "personality", false},
    {"mount",
     "mount umount umount2 pivot_root open_tree open_tree_attr move_mount mount_setattr fsopen "
     "fsmount fsconfig fspick statmount listmount",
     false},
    {"chroot", "chroot", false},
    {"host-name", "sethostname setdomainname", false},
    {"clock-set", "settimeofday stime clock_settime clock_settime64", false},
    {"module",
     "init_module finit_module delete_module create_module query_module "
     "get_kernel_syms",
     false},
    {"reboot", "reboot kexec_load kexec_file_load", false},
    {"raw-io", "iopl ioperm pciconfig_read pciconfig_write pciconfig_iobase", false},
    {"swap", "swapon swapoff", false},
    {"accounting", "acct quotactl quotactl_fd", false},
    {"keyring", "add_key request_key keyctl", false},
    {"debug", "kcmp pidfd_getfd process_madvise lookup_dcookie", false},
    {"numa", "get_mempolicy set_mempolicy set_mempolicy_home_node mbind migrate_pages move_pages",
     false},
    {"bpf", "bpf", false},
    {"perf", "perf_event_open", false},
    {"kernel-log", "syslog", false},
    {"terminal-hangup", "vhangup", false},
    {"file-handle", "open_by_handle_at", false},
    {"fanotify", "fanotify_init", false},
    {"page-gift", "vmsplice", false},
    {"async-io-signal", "io_pgetevents io_pgetevents_time64", false},
    {"io-uring", "io_uring_setup io_uring_enter io_uring_register", false},
    {"user-fault", "userfaultfd", false},
    {"obsolete",
     "uselib ustat sysfs _sysctl nfsservctl vserver getpmsg putpmsg afs_syscall tuxcall security "
     "vm86 vm86old bdflush ssetmask sgetmask oldstat oldfstat oldlstat olduname oldolduname "
     "mpx lock prof profil gtty stty ulimit break ftime idle",
     false},
};

}  // namespace

const std::vector<Group>& groups() {
  static const std::vector<Group> all(std::begin(table), std::end(table));
  return all;
}

const Group* find_group(std::string_view name) {
  for (const Group& group : groups())
    if (group.name == name) return &group;
  return nullptr;
}

std::vector<std::string> words(std::string_view calls) {
  std::vector<std::string> out;
  while (!calls.empty()) {
    const auto end = calls.find(' ');
    const std::string_view word = calls.substr(0, end);
    if (!word.empty()) out.emplace_back(word);
    if (end == std::string_view::npos) break;
    calls.remove_prefix(end + 1);
  }
  return out;
}

std::vector<std::string> known_calls() {
  std::vector<std::string> out;
  for (const Group& group : groups())
    for (std::string& word : words(group.calls)) out.push_back(std::move(word));
  return out;
}

}  // namespace seccomp
