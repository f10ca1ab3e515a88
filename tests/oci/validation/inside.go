// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/syndtr/gocapability/capability"
)

var problems []string

func expect(what string, expected, found interface{}) {
	if fmt.Sprint(expected) != fmt.Sprint(found) {
		problems = append(problems, fmt.Sprintf("%s: expected '%v', found '%v'", what, expected, found))
	}
}

// inside compares what this process sees with /config.json, and says "as configured", or what is
// not.
func inside() {
	var spec rspec.Spec
	text, err := os.ReadFile("/config.json")
	if err == nil {
		err = json.Unmarshal(text, &spec)
	}
	expect("/config.json", nil, err)
	if err == nil {
		lookAtProcess(spec.Process)
		lookAtRoot(&spec)
		lookAtMounts(spec.Mounts)
		lookAtLinux(spec.Linux)
	}
	if len(problems) == 0 {
		problems = []string{"as configured"}
	}
	fmt.Println(strings.Join(problems, "; "))
}

func statusField(name string) string {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+":") {
			return strings.Join(strings.Fields(line)[1:], " ")
		}
	}
	return ""
}

func lookAtProcess(process *rspec.Process) {
	expect("args", process.Args, os.Args)
	directory, _ := os.Getwd()
	expect("cwd", process.Cwd, directory)
	for _, variable := range process.Env {
		name, value, _ := strings.Cut(variable, "=")
		expect("the variable "+name, value, os.Getenv(name))
	}
	expect("uid", process.User.UID, os.Getuid())
	expect("gid", process.User.GID, os.Getgid())
	groups := map[string]bool{}
	for _, group := range strings.Fields(statusField("Groups")) {
		groups[group] = true
	}
	for _, group := range process.User.AdditionalGids {
		expect("group "+fmt.Sprint(group), true, groups[fmt.Sprint(group)])
	}
	if process.User.Umask != nil {
		expect("umask", fmt.Sprintf("%04o", *process.User.Umask), statusField("Umask"))
	}
	if process.NoNewPrivileges {
		expect("no_new_privs", 1, statusField("NoNewPrivs"))
	}
	if process.OOMScoreAdj != nil {
		text, _ := os.ReadFile("/proc/self/oom_score_adj")
		expect("oom_score_adj", *process.OOMScoreAdj, strings.TrimSpace(string(text)))
	}
	lookAtLimits(process.Rlimits)
	if process.Capabilities != nil && process.User.UID == 0 {
		for field, names := range map[string][]string{"CapBnd": process.Capabilities.Bounding,
			"CapPrm": process.Capabilities.Permitted, "CapEff": process.Capabilities.Effective} {
			expect(field, fmt.Sprintf("%016x", capabilityBits(names)), statusField(field))
		}
	}
}

// Those that this machine does not give to anybody are left out.
func capabilityBits(names []string) (bits uint64) {
	for _, name := range names {
		for _, each := range capability.List() {
			if "CAP_"+strings.ToUpper(each.String()) == name {
				bits |= 1 << uint(each)
			}
		}
	}
	return bits
}

func lookAtLimits(limits []rspec.POSIXRlimit) {
	titles := map[string]string{"RLIMIT_NOFILE": "Max open files", "RLIMIT_CPU": "Max cpu time",
		"RLIMIT_CORE": "Max core file size", "RLIMIT_FSIZE": "Max file size"}
	text, _ := os.ReadFile("/proc/self/limits")
	for _, limit := range limits {
		found := "nothing"
		for _, line := range strings.Split(string(text), "\n") {
			if title := titles[limit.Type]; title != "" && strings.HasPrefix(line, title) {
				found = strings.Join(strings.Fields(strings.TrimPrefix(line, title))[:2], " ")
			}
		}
		expect(limit.Type, fmt.Sprint(limit.Soft, " ", limit.Hard), found)
	}
}

func lookAtRoot(spec *rspec.Spec) {
	name, _ := os.Hostname()
	expect("hostname", spec.Hostname, name)
	file, err := os.Create("/written")
	if err == nil {
		file.Close()
		os.Remove("/written")
	}
	// Others do not own it, nor does the root of a user namespace.
	if os.Getuid() == 0 && len(spec.Linux.UIDMappings) == 0 {
		expect("the root can be written", !spec.Root.Readonly, err == nil)
	}
}

func lookAtMounts(mounts []rspec.Mount) {
	text, _ := os.ReadFile("/proc/self/mounts")
	types, options := map[string]string{}, map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 3 {
			types[fields[1]], options[fields[1]] = fields[2], ","+fields[3]+","
		}
	}
	for _, mount := range mounts {
		if mount.Type == "cgroup" || mount.Type == "bind" {
			continue
		}
		expect("the type of "+mount.Destination, mount.Type, types[mount.Destination])
		for _, word := range mount.Options {
			switch word {
			case "ro", "nosuid", "nodev", "noexec", "noatime":
				expect(word+" of "+mount.Destination, true,
					strings.Contains(options[mount.Destination], ","+word+","))
			}
		}
	}
	for path, number := range map[string]uint64{"null": 0x103, "zero": 0x105, "full": 0x107,
		"random": 0x108, "urandom": 0x109, "tty": 0x500} {
		var found syscall.Stat_t
		expect("/dev/"+path, nil, syscall.Stat("/dev/"+path, &found))
		expect("the number of /dev/"+path, number, found.Rdev)
	}
	for _, link := range []string{"fd", "stdin", "stdout", "stderr", "ptmx"} {
		_, err := os.Lstat("/dev/" + link)
		expect("/dev/"+link, nil, err)
	}
}

func lookAtLinux(linux *rspec.Linux) {
	for name, value := range linux.Sysctl {
		text, _ := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
		expect(name, value, strings.TrimSpace(string(text)))
	}
	for _, device := range linux.Devices {
		lookAtDevice(device)
	}
	for _, path := range linux.MaskedPaths {
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		if entries, err := os.ReadDir(path); err == nil {
			expect("entries of "+path, 0, len(entries))
		} else if file, err := os.Open(path); err == nil {
			read, _ := file.Read(make([]byte, 1))
			file.Close()
			expect("bytes of "+path, 0, read)
		}
	}
	for _, path := range linux.ReadonlyPaths {
		if found, err := os.Stat(path); err == nil && found.IsDir() {
			expect("a directory below "+path, true, os.Mkdir(filepath.Join(path, "made"), 0700) != nil)
		}
	}
	for file, mappings := range map[string][]rspec.LinuxIDMapping{"uid_map": linux.UIDMappings,
		"gid_map": linux.GIDMappings} {
		text, _ := os.ReadFile("/proc/self/" + file)
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if i < len(mappings) {
				expect(file, fmt.Sprint(mappings[i].ContainerID, " ", mappings[i].HostID, " ", mappings[i].Size),
					strings.Join(strings.Fields(line), " "))
			}
		}
	}
}

func lookAtDevice(device rspec.LinuxDevice) {
	var found syscall.Stat_t
	if err := syscall.Stat(device.Path, &found); err != nil {
		expect(device.Path, nil, err)
		return
	}
	kinds := map[uint32]string{syscall.S_IFCHR: "c", syscall.S_IFBLK: "b", syscall.S_IFIFO: "p"}
	expect("the type of "+device.Path, device.Type, kinds[found.Mode&syscall.S_IFMT])
	if device.Type != "p" {
		expect("the number of "+device.Path, uint64(device.Major<<8|device.Minor), found.Rdev)
	}
	if device.FileMode != nil {
		expect("the mode of "+device.Path, strconv.FormatUint(uint64(device.FileMode.Perm()), 8),
			strconv.FormatUint(uint64(found.Mode&07777), 8))
	}
	if device.UID != nil {
		expect("the owner of "+device.Path, *device.UID, found.Uid)
	}
	if device.GID != nil {
		expect("the group of "+device.Path, *device.GID, found.Gid)
	}
}
