#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The README, followed to the letter: every command of a launch, the plugin of ten minutes from the
# installed SDK alone, the message that it shows, the table of plugins, the links.
. "$(dirname "$0")/docs.sh"
need python3
need_root
# The host name that nothing may change is one of its own.
[ -n "${README_APART:-}" ] || README_APART=1 exec unshare --uts sh "$0" "$@"

readme=$source/README.md
prefix=$work/prefix
cmake --install "$build" --prefix "$prefix" >"$work/install.log" || fail "$(cat "$work/install.log")"
# The state of its containers beside it, not among this machine's.
mkdir "$work/bin"
cat >"$work/bin/mini_container" <<END
#!/bin/sh
exec "$prefix/bin/mini_container" --root "$work/state" "\$@"
END
chmod +x "$work/bin/mini_container"
PATH=$work/bin:$PATH
host_name=$(uname -n)
clean_up() { mini_container delete --force web >/dev/null 2>&1 || true; }
trap clean_up EXIT INT TERM

# block SECTION LANGUAGE NUMBER: the content of the NUMBERth block of LANGUAGE below "## SECTION".
block() {
  awk -v section="## $1" -v fence='```'"$2" -v wanted="$3" '
    /^## / { inside = $0 == section }
    inside && $0 == fence { on = ++count == wanted; next }
    /^```$/ { on = 0 }
    on' "$readme"
}

# follow FILE: each line of it as typed, with nothing on standard input; what it said is in $work/out.
follow() {
  [ -s "$1" ] || fail "$1 is empty: the README has no such block"
  : >"$work/out"
  while IFS= read -r line <&3; do
    [ -n "$line" ] || continue
    printf '$ %s\n' "$line" >>"$work/out"
    sh -c "$line" </dev/null >>"$work/out" 2>&1 || fail "'$line' failed: $(cat "$work/out")"
  done 3<"$1"
}
says() {
  for text in "$@"; do
    grep -qF -- "$text" "$work/out" || fail "'$text' is missing in: $(cat "$work/out")"
  done
}

# A launch.
mkdir "$work/launch"
cd "$work/launch"
sh "$source/config/demo-root.sh" rootfs
block "A launch" toml 1 >shell.toml
for number in 1 2 3; do block "A launch" sh $number >"$work/launch.$number"; done
follow "$work/launch.1"
says "bin"
follow "$work/launch.2"
says "valid; plugins: rootfs, pid, uts, ipc" "clone3: " "child pivot        rootfs" '"$schema"' "ipc "
# As a viewer reads it: whole events of both processes, in their order, with names for them.
python3 - <<'END' || fail "trace.json is no trace"
import json
events = json.load(open("trace.json"))["traceEvents"]
names = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
spans = [event for event in events if event["ph"] == "X"]
assert all(span["dur"] >= 0 and span["tid"] == 1 and span["name"] for span in spans)
assert [span["ts"] for span in spans] == sorted(span["ts"] for span in spans)
assert {(names[span["pid"]], span["name"]) for span in spans} >= {
    ("agent", "rootfs.plan"), ("agent", "uts.create"), ("child", "rootfs.pivot"),
    ("child", "uts.after_pivot")}, spans
END
follow "$work/launch.3"
says "web" "running" "box"
mini_container list | grep -q web && fail "the container 'web' is still there"

# The message that it shows is the one that is given.
sed 's/^hostname/hostnmae/' shell.toml >"$work/wrong.toml"
mv "$work/wrong.toml" shell.toml
said=$(mini_container validate shell.toml 2>&1 || true)
shown=$(grep -o '`shell.toml:.*`' "$readme" | tr -d '`')
[ "${said#mini_container: }" = "$shown" ] || fail "the README shows: $shown; it says: $said"

# A plugin in ten minutes.
mkdir "$work/hello"
cd "$work/hello"
plugin="Writing a plugin in ten minutes"
block "$plugin" cpp 1 >hello.cpp
block "$plugin" cmake 1 >CMakeLists.txt
block "$plugin" sh 1 >"$work/hello.1"
export CMAKE_PREFIX_PATH="$prefix"
follow "$work/hello.1"
says "ok    run          in a throwaway container" "hello 1.0.0: Greets" "CLONE_NEWUTS"
[ "$(tail -n 1 "$work/out")" = "hello Ada on Ada" ] || fail "$(tail -n 1 "$work/out")"
# On a machine that has what quickstart.sh installs, and no more, CMake finds what it builds with.
. "$source/config/packages.sh"
maker=$(sed -n 's/^CMAKE_MAKE_PROGRAM:[^=]*=//p' build/CMakeCache.txt)
package=$(dpkg -S "$(readlink -f "$maker")" | cut -d: -f1)
printf '%s\n' $build_packages | grep -qxF -- "$package" ||
  fail "CMake builds with $maker, and $package is not among what quickstart.sh installs"

[ "$(uname -n)" = "$host_name" ] || fail "a container changed the host's name to $(uname -n)"

# The table of plugins, the links and the layout.
cat >"$work/check.py" <<'END'
import glob, json, os, re, subprocess, sys

source, binary = sys.argv[1:]
text = open(f"{source}/README.md").read()
rows = dict(re.findall(r"^\| \[(\w+)\]\(plugins/\w+\) \|.*\| (agent|child|both) \|$", text, re.M))
there = {os.path.basename(os.path.dirname(f)) for f in glob.glob(f"{source}/plugins/*/CMakeLists.txt")}
failed = [f"the table has {name}, which is not there" for name in rows.keys() - there]
failed += [f"the table lacks {name}" for name in there - rows.keys()]
for name, shown in rows.items():
    info = json.loads(subprocess.check_output([binary, "plugin", "info", "--json", name]))
    found = {hook["process"] for hook in info["hooks"] if hook["name"] not in ("create", "plan")}
    works_in = "both" if len(found) == 2 else found.pop() if found else "agent"
    if works_in != shown:
        failed.append(f"{name} works in: {works_in}, says its descriptor; {shown}, says the table")
for target in re.findall(r"\]\(([^)#]+)\)", text):
    if "://" not in target and not os.path.exists(f"{source}/{target}"):
        failed.append(f"the link to {target} leads nowhere")
for preset in re.findall(r"cmake --preset (\w+)", text):
    if preset not in subprocess.check_output(["cmake", "--list-presets"], cwd=source, text=True):
        failed.append(f"there is no preset {preset}")
print("\n".join(failed))
sys.exit(bool(failed))
END
python3 "$work/check.py" "$source" "$binary" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
