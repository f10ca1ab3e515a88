# SPDX-License-Identifier: Apache-2.0
# Sourced by run.sh behind contenders.sh: bundles beside crun, and the hardened launch. Both have
# their cgroups, version 1 here, and their state on the same tmpfs. Everything twice: one process
# after the other, and each after a rest. Who moves a process by cgroup.procs waits for a grace period
# of RCU in the kernel, unless somebody else did so just before; in a row, each waits for the next.

engine=$out/engine
ours="$shared --root $state/mini_container --log $out/mini_container.log"
theirs="crun --root $state/crun"
mkdir -p "$engine" "$state/mini_container" "$state/crun"
rm -rf "$engine/default" "$engine/sleeping" "$engine/hardened"
mkdir "$engine/default" "$engine/sleeping" "$engine/hardened"
(cd "$engine/default" && crun spec && mv config.json spec.json)
# crun's default specification, with a program that ends; /bin/sleep for what is to stay.
jq --arg root "$root" '.root.path = $root | .process.terminal = false
  | .process.args = ["/bin/true"]' "$engine/default/spec.json" >"$engine/default/config.json"
jq '.process.args = ["/bin/sleep", "1000"]' "$engine/default/config.json" \
  >"$engine/sleeping/config.json"

# The profile that podman ships, with what it allows unconditionally; the same file for both.
profile=$engine/seccomp.json
jq '{defaultAction,
     architectures: [.archMap[] | select(.architecture == "SCMP_ARCH_X86_64")
                     | .architecture, .subArchitectures[]],
     syscalls: [.syscalls[]
                | select(.includes.caps == null and .includes.minKernel == null
                         and .excludes.caps == null
                         and ((.includes.arches // ["amd64"]) | index("amd64")))
                | {names, action, args: (.args // [])}]}' \
  /usr/share/containers/seccomp.json >"$profile"
jq --slurpfile seccomp "$profile" '.linux.seccomp = $seccomp[0]' "$engine/default/config.json" \
  >"$engine/hardened/config.json"
sed -e "s|^path = .*|path = \"$root\"|" -e "s|^command = .*|command = [\"/bin/true\"]|" \
  config/hardened.toml >"$out/hardened.toml"

echo "measuring bundles: $((rounds / 5 + 1)) rounds of each" >&2
bundle_rounds=$((rounds / 5 + 1))
for rest in 0 20; do
  pair --rest "$rest" "$bundle_rounds" \
    crun $theirs run --bundle "$engine/default" bench \
    -- mini_container $ours run --bundle "$engine/default" bench >"$out/oci_run.$rest.tsv"
  (cd "$engine" && "$tools/lifecycle" --rest "$rest" "$bundle_rounds" "$engine/default" \
    crun $theirs -- mini_container $ours) >"$out/oci_verbs.$rest.tsv"
done

$theirs run --detach --bundle "$engine/sleeping" theirs </dev/null >/dev/null 2>&1
$ours run --detach --bundle "$engine/sleeping" ours </dev/null >/dev/null 2>&1
for rest in 0 20; do
  pair --rest "$rest" "$bundle_rounds" crun $theirs exec theirs /bin/true \
    -- mini_container $ours exec ours /bin/true >"$out/oci_exec.$rest.tsv"
done
$theirs delete --force theirs
$ours delete --force ours

# Once before: the filter is compiled when it is first seen.
$ours run --config "$out/hardened.toml" --seccomp.profile "$profile"
for rest in 0 20; do
  pair --rest "$rest" "$bundle_rounds" \
    crun $theirs run --bundle "$engine/hardened" bench \
    -- mini_container $ours run --config "$out/hardened.toml" --seccomp.profile "$profile" \
    >"$out/hardened.$rest.tsv"
done

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# alive NAME RUNTIME...: 200 containers made, all alive at once, then deleted.
alive() {
  name=$1
  shift
  begun=$(milliseconds)
  number=0
  while [ "$number" -lt 200 ]; do
    "$@" create --bundle "$engine/sleeping" "bench$number" </dev/null >/dev/null 2>&1
    "$@" start "bench$number"
    number=$((number + 1))
  done
  made=$(milliseconds)
  there=$("$@" list --quiet | wc -l)
  number=0
  while [ "$number" -lt 200 ]; do
    "$@" delete --force "bench$number"
    number=$((number + 1))
  done
  printf '%s\t%s\t%s\t%s\t%s\n' "$name" "$there" $((made - begun)) \
    $(($(milliseconds) - made)) "$("$@" list --quiet | wc -l)"
}
{
  alive crun $theirs
  alive mini_container $ours
} >"$out/alive.tsv"
