// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-multierror"
	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-tools/cgroups"
	"github.com/opencontainers/runtime-tools/validate"
)

const absolute, relative = "/validation-absolute", "validation-relative/below"

var programs = append([]program{
	{name: "default"},
	{name: "hostname", set: func(c *config) { c.SetHostname("validation.box") }},
	{name: "process", set: func(c *config) {
		c.SetProcessCwd("/home")
		c.AddProcessEnv("VALIDATED", "a b=c")
	}},
	{name: "process_user", set: func(c *config) {
		c.SetProcessUID(1001)
		c.SetProcessGID(1002)
		c.SetProcessUmask(0027)
		c.AddProcessAdditionalGid(1003)
		c.AddProcessAdditionalGid(1004)
	}},
	{name: "process_rlimits", set: func(c *config) {
		// RLIMIT_NOFILE, which is among the defaults, Go raises by itself.
		c.AddProcessRlimits("RLIMIT_CPU", 300, 200)
		c.AddProcessRlimits("RLIMIT_CORE", 2000, 1000)
		c.AddProcessRlimits("RLIMIT_FSIZE", 200000000, 100000000)
	}},
	{name: "process_capabilities", set: func(c *config) {
		c.ClearProcessCapabilities()
		for _, name := range []string{"CAP_CHOWN", "CAP_KILL", "CAP_SETUID"} {
			c.AddProcessCapabilityBounding(name)
			c.AddProcessCapabilityPermitted(name)
			c.AddProcessCapabilityEffective(name)
		}
	}},
	{name: "process_no_new_privileges", set: func(c *config) { c.SetProcessNoNewPrivileges(true) }},
	{name: "process_oom_score_adj", set: func(c *config) { c.SetProcessOOMScoreAdj(345) }},
	{name: "root_readonly_true", set: func(c *config) { c.SetRootReadonly(true) }},
	{name: "root_readonly_false", set: func(c *config) { c.SetRootReadonly(false) }},
	{name: "linux_sysctl", set: func(c *config) { c.AddLinuxSysctl("net.ipv4.ip_forward", "1") }},
	{name: "linux_devices", set: func(c *config) {
		mode, id := os.FileMode(0640), uint32(7)
		c.AddDevice(rspec.LinuxDevice{Path: "/dev/validated", Type: "c", Major: 1, Minor: 3,
			FileMode: &mode, UID: &id, GID: &id})
		c.AddDevice(rspec.LinuxDevice{Path: "/dev/pipe", Type: "p", FileMode: &mode})
	}},
	{name: "linux_masked_paths", set: func(c *config) { c.AddLinuxMaskedPaths("/proc/kcore") }},
	{name: "linux_readonly_paths", set: func(c *config) { c.AddLinuxReadonlyPaths("/home") }},
	{name: "linux_uid_mappings", set: func(c *config) {
		c.AddOrReplaceLinuxNamespace("user", "")
		c.AddLinuxUIDMapping(100000, 0, 2000)
		c.AddLinuxGIDMapping(200000, 0, 2000)
	}},
	{name: "mounts", set: func(c *config) {
		for _, option := range []string{"ro", "nosuid", "nodev", "noexec", "noatime"} {
			c.AddMount(rspec.Mount{Destination: "/tmp/" + option, Type: "tmpfs", Source: "tmpfs",
				Options: []string{option}})
		}
	}},
	{name: "linux_seccomp_listener", set: notify, look: listen},
	{name: "spec", look: judgeSpecification},
}, limits()...)

// What `RUNTIME spec` writes, by every check of `validate` but that by a schema from the network.
func judgeSpecification(c *container) error {
	directory := filepath.Join(c.bundle, "of-spec")
	if err := os.MkdirAll(filepath.Join(directory, "rootfs"), 0755); err != nil {
		return err
	}
	command := c.command("spec")
	command.Dir = directory
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("spec: %v: %s", err, text)
	}
	var spec rspec.Spec
	text, err := os.ReadFile(filepath.Join(directory, "config.json"))
	if err == nil {
		err = json.Unmarshal(text, &spec)
	}
	if err != nil {
		return err
	}
	// It judges that of one version alone.
	spec.Version = rspec.Version
	judge, err := validate.NewValidator(&spec, directory, true, "linux")
	if err != nil {
		return err
	}
	for _, check := range []func() error{judge.CheckPlatform, judge.CheckRoot, judge.CheckMandatoryFields,
		judge.CheckSemVer, judge.CheckMounts, judge.CheckProcess, judge.CheckLinux,
		judge.CheckAnnotations, judge.CheckHooks} {
		if problems, ok := check().(*multierror.Error); ok && problems.ErrorOrNil() != nil {
			return problems
		}
	}
	return nil
}

func notify(c *config) {
	c.Config.Linux.Seccomp = &rspec.LinuxSeccomp{DefaultAction: rspec.ActAllow,
		ListenerPath: "/run/validation.sock", ListenerMetadata: "some metadata",
		Syscalls: []rspec.LinuxSyscall{{Names: []string{"swapoff"}, Action: rspec.ActNotify}}}
	listening, err := net.ListenUnix("unix", &net.UnixAddr{Name: "/run/validation.sock"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	listening.SetDeadline(time.Now().Add(10 * time.Second))
	go receive(listening)
}

type message struct {
	text        []byte
	descriptors []int
	err         error
}

var received = make(chan message, 1)

func receive(listening *net.UnixListener) {
	defer listening.Close()
	connection, err := listening.AcceptUnix()
	if err != nil {
		received <- message{err: err}
		return
	}
	defer connection.Close()
	text, control := make([]byte, 65536), make([]byte, 1024)
	read, ancillary, _, _, err := connection.ReadMsgUnix(text, control)
	if err != nil {
		received <- message{err: err}
		return
	}
	out := message{text: text[:read]}
	parts, err := syscall.ParseSocketControlMessage(control[:ancillary])
	for _, part := range parts {
		if fds, err := syscall.ParseUnixRights(&part); err == nil {
			out.descriptors = append(out.descriptors, fds...)
		}
	}
	out.err = err
	received <- out
}

func listen(c *container) error {
	got := <-received
	if got.err != nil {
		return got.err
	}
	var state rspec.ContainerProcessState
	if err := json.Unmarshal(got.text, &state); err != nil {
		return err
	}
	if len(got.descriptors) != 1 || len(state.Fds) != 1 || state.Fds[0] != rspec.SeccompFdName {
		return fmt.Errorf("%d descriptors, named %v", len(got.descriptors), state.Fds)
	}
	link, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", got.descriptors[0]))
	if err != nil || link != "anon_inode:seccomp notify" {
		return fmt.Errorf("the descriptor is %q: %v", link, err)
	}
	if state.Version == "" || state.Pid != c.pid || state.Metadata != "some metadata" ||
		state.State.ID != c.id || state.State.Bundle != c.bundle {
		return fmt.Errorf("the state is %s, the pid %d", got.text, c.pid)
	}
	return syscall.Close(got.descriptors[0])
}

// Limits, below an absolute and a relative path, read by runtime-tools' reader of cgroups v1.
func limits() (out []program) {
	for _, kind := range [][2]string{{"", absolute}, {"_relative", relative}} {
		suffix, path := kind[0], kind[1]
		add := func(name, file string, set func(*config), look func(cgroups.Cgroup, int) error) {
			out = append(out, program{name: "linux_cgroups_" + name + suffix, file: "/sys/fs/cgroup/" + file,
				set: func(c *config) {
					c.SetLinuxCgroupsPath(path)
					set(c)
				},
				look: func(c *container) error {
					found, err := cgroups.FindCgroup()
					if err != nil {
						return err
					}
					return look(found, c.pid)
				}})
		}
		add("pids", "pids", func(c *config) { c.SetLinuxResourcesPidsLimit(123) },
			func(found cgroups.Cgroup, pid int) error {
				data, err := found.GetPidsData(pid, path)
				return same(err, func() string { return fmt.Sprint(data.Limit) }, "123")
			})
		add("cpus", "cpu", func(c *config) {
			c.SetLinuxResourcesCPUShares(512)
			c.SetLinuxResourcesCPUPeriod(100000)
			c.SetLinuxResourcesCPUQuota(50000)
			c.SetLinuxResourcesCPUCpus("0")
			c.SetLinuxResourcesCPUMems("0")
		}, func(found cgroups.Cgroup, pid int) error {
			data, err := found.GetCPUData(pid, path)
			return same(err, func() string {
				return fmt.Sprint(*data.Shares, *data.Period, *data.Quota, data.Cpus, data.Mems)
			}, fmt.Sprint(512, 100000, 50000, "0", "0"))
		})
		add("memory", "memory", func(c *config) {
			c.SetLinuxResourcesMemoryLimit(67108864)
			c.SetLinuxResourcesMemoryReservation(33554432)
			c.SetLinuxResourcesMemorySwappiness(50)
		}, func(found cgroups.Cgroup, pid int) error {
			data, err := found.GetMemoryData(pid, path)
			return same(err, func() string {
				return fmt.Sprint(*data.Limit, *data.Reservation, *data.Swappiness)
			}, "67108864 33554432 50")
		})
		// The reader wants the file of a scheduler that newer kernels have no more.
		add("blkio", "blkio/blkio.weight", func(c *config) {
			for _, set := range []func(int64, int64, uint64){
				c.AddLinuxResourcesBlockIOThrottleReadBpsDevice, c.AddLinuxResourcesBlockIOThrottleWriteBpsDevice,
				c.AddLinuxResourcesBlockIOThrottleReadIOPSDevice, c.AddLinuxResourcesBlockIOThrottleWriteIOPSDevice} {
				set(disk[0], disk[1], 102400)
			}
		}, func(found cgroups.Cgroup, pid int) error {
			data, err := found.GetBlockIOData(pid, path)
			return same(err, func() string {
				return fmt.Sprint(data.ThrottleReadBpsDevice, data.ThrottleWriteBpsDevice,
					data.ThrottleReadIOPSDevice, data.ThrottleWriteIOPSDevice)
			}, fmt.Sprintf("[{{%[1]d %[2]d} 102400}] [{{%[1]d %[2]d} 102400}] [{{%[1]d %[2]d} 102400}] [{{%[1]d %[2]d} 102400}]", disk[0], disk[1]))
		})
		add("devices", "devices", func(c *config) {
			ten, number := int64(10), int64(229)
			c.AddLinuxResourcesDevice(true, "c", &ten, &number, "rw")
		}, func(found cgroups.Cgroup, pid int) error {
			data, err := found.GetDevicesData(pid, path)
			return same(err, func() string {
				for _, each := range data {
					if *each.Major == 10 && *each.Minor == 229 {
						return each.Type + " " + each.Access
					}
				}
				return "no entry"
			}, "c rw")
		})
		add("hugetlb", "hugetlb", func(c *config) { c.AddLinuxResourcesHugepageLimit("2MB", 4194304) },
			func(found cgroups.Cgroup, pid int) error {
				data, err := found.GetHugepageLimitData(pid, path)
				return same(err, func() string { return fmt.Sprint(data) }, "[{2MB 4194304}]")
			})
		add("network", "net_cls", func(c *config) { c.SetLinuxResourcesNetworkClassID(255) },
			func(found cgroups.Cgroup, pid int) error {
				data, err := found.GetNetworkData(pid, path)
				return same(err, func() string { return fmt.Sprint(*data.ClassID) }, "255")
			})
	}
	return out
}

// The first disk, as block devices are numbered in /sys/block.
var disk = func() (out [2]int64) {
	files, _ := filepath.Glob("/sys/block/*/dev")
	if len(files) > 0 {
		if text, err := os.ReadFile(files[0]); err == nil {
			fmt.Sscanf(string(text), "%d:%d", &out[0], &out[1])
		}
	}
	return out
}()

func same(err error, found func() string, expected string) error {
	if err != nil {
		return err
	}
	if text := found(); text != expected {
		return fmt.Errorf("expected '%s', found '%s'", expected, text)
	}
	return nil
}
