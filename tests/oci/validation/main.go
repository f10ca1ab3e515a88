// SPDX-License-Identifier: Apache-2.0

// Validation of an OCI runtime with the libraries of runtime-tools: `generate` makes the
// configurations, `validate` judges those of the runtime, `cgroups` reads what became of limits.
//
//	validation RUNTIME DIRECTORY RESULTS
//
// Each program is a claim; a line "passes|fails|skipped TAB NAME" goes to RESULTS. Inside the containers the
// same binary compares what it sees with what was configured: see inside.go.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-tools/generate"
)

type config = generate.Generator

// A claim: how the configuration differs from the default one, and what is looked at from the host
// while the container runs. Without a look from the host the look is from inside.
type program struct {
	name string
	set  func(*config)
	look func(*container) error
	file string // without it this machine has not what the claim is about
}

type container struct {
	runtime, state, bundle, id string
	config                     *config
	pid                        int
}

func (c *container) command(arguments ...string) *exec.Cmd {
	all := append([]string{"20", c.runtime, "--root", c.state}, arguments...)
	return exec.Command("timeout", all...)
}

func (c *container) call(arguments ...string) (string, error) {
	var out, problems bytes.Buffer
	command := c.command(arguments...)
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %v: %s%s", arguments[0], err, out.String(), problems.String())
	}
	return out.String(), nil
}

// A container's output goes to a file: what holds a pipe would be waited for.
func (c *container) create() error {
	log, err := os.Create(filepath.Join(c.bundle, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	command := c.command("create", "--bundle", c.bundle, c.id)
	command.Stdout, command.Stderr = log, log
	if err := command.Run(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("create: %v: %s", err, text)
	}
	return nil
}

func (c *container) query() (state rspec.State, err error) {
	text, err := c.call("state", c.id)
	if err == nil {
		err = json.Unmarshal([]byte(text), &state)
	}
	return state, err
}

func (c *container) waitFor(status string) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		state, err := c.query()
		if err != nil {
			return err
		}
		if string(state.Status) == status {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the status is %q, not %q", state.Status, status)
		}
	}
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0755)
	if err != nil {
		return err
	}
	if _, err = io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

func newContainer(runtime, directory string) (*container, error) {
	c := &container{runtime: runtime, id: "validation-container",
		state: filepath.Join(directory, "state"), bundle: filepath.Join(directory, "bundle")}
	root := filepath.Join(c.bundle, "rootfs")
	if err := os.RemoveAll(c.bundle); err != nil {
		return nil, err
	}
	for _, name := range []string{"proc", "sys", "dev", "tmp", "etc", "home"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0755); err != nil {
			return nil, err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := copyFile(self, filepath.Join(root, "inside")); err != nil {
		return nil, err
	}
	generator, err := generate.New("linux")
	if err != nil {
		return nil, err
	}
	generator.SetProcessArgs([]string{"/inside", "inside"})
	c.config = &generator
	return c, nil
}

func (c *container) save() error {
	path := filepath.Join(c.bundle, "config.json")
	if err := c.config.SaveToFile(path, generate.ExportOptions{}); err != nil {
		return err
	}
	return copyFile(path, filepath.Join(c.bundle, "rootfs", "config.json"))
}

func (c *container) lookFromInside() error {
	if err := c.create(); err != nil {
		return err
	}
	if _, err := c.call("start", c.id); err != nil {
		return err
	}
	if err := c.waitFor("stopped"); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(c.bundle, "log"))
	if err != nil {
		return err
	}
	if said := strings.TrimSpace(string(text)); said != "as configured" {
		return errors.New(said)
	}
	_, err = c.call("delete", c.id)
	return err
}

func (c *container) lookFromHost(look func(*container) error) error {
	c.config.SetProcessArgs([]string{"/inside", "wait"})
	if err := c.save(); err != nil {
		return err
	}
	if err := c.create(); err != nil {
		return err
	}
	if _, err := c.call("start", c.id); err != nil {
		return err
	}
	state, err := c.query()
	if err != nil {
		return err
	}
	c.pid = state.Pid
	if err := look(c); err != nil {
		return err
	}
	if _, err := c.call("kill", c.id, "KILL"); err != nil {
		return err
	}
	if err := c.waitFor("stopped"); err != nil {
		return err
	}
	_, err = c.call("delete", c.id)
	return err
}

func (p *program) run(runtime, directory string) error {
	c, err := newContainer(runtime, directory)
	if err != nil {
		return err
	}
	defer c.command("delete", "--force", c.id).Run()
	if p.set != nil {
		p.set(c.config)
	}
	if p.look != nil {
		return c.lookFromHost(p.look)
	}
	if err := c.save(); err != nil {
		return err
	}
	return c.lookFromInside()
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "inside" {
		inside()
		return
	}
	if len(os.Args) == 2 && os.Args[1] == "wait" {
		time.Sleep(30 * time.Second)
		return
	}
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: validation RUNTIME DIRECTORY RESULTS")
		os.Exit(2)
	}
	results, err := os.Create(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	failed, skipped := 0, 0
	for _, p := range programs {
		verdict := "passes"
		if _, err := os.Stat(p.file); p.file != "" && err != nil {
			verdict = "skipped"
			skipped++
			fmt.Printf("SKIPPED: validation: %s: there is no %s\n", p.name, p.file)
		} else if err := p.run(os.Args[1], os.Args[2]); err != nil {
			verdict = "fails"
			failed++
			text := strings.Join(strings.Fields(err.Error()), " ")
			fmt.Fprintf(os.Stderr, "FAILED: validation: %s: %.400s\n", p.name, text)
		}
		fmt.Fprintf(results, "%s\tvalidation: %s\n", verdict, p.name)
	}
	fmt.Printf("validation: %d programs pass, %d do not\n", len(programs)-failed-skipped, failed)
	if err := results.Close(); err != nil || failed > 0 {
		os.Exit(1)
	}
}
