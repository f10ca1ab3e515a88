#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The JSON Schema, by a validator that knows nothing of us: it is one, its defaults keep to it, and
# it says of launches what `validate` says.
. "$(dirname "$0")/docs.sh"
need python3
python3 -c 'import jsonschema, tomllib' 2>/dev/null || skip "python3-jsonschema is not installed"

"$binary" schema >"$work/schema.json"
cat >"$work/check.py" <<'END'
import glob, json, re, subprocess, sys, tomllib
from jsonschema import Draft202012Validator as Validator

source, binary, work = sys.argv[1:]
schema = json.load(open(f"{work}/schema.json"))
Validator.check_schema(schema)
validator = Validator(schema)
failed = []

def defaults(part, path):
    """Each default is valid under the option's own schema."""
    if isinstance(part, dict):
        if "default" in part and "description" in part:
            own = {key: value for key, value in part.items() if key != "default"}
            for error in Validator(own).iter_errors(part["default"]):
                failed.append(f"default at {path}: {error.message}")
        for key, value in part.items():
            defaults(value, f"{path}/{key}")

def both(text, name):
    """What the schema and what `validate` say of a launch."""
    file = f"{work}/{name}.toml"
    open(file, "w").write(text)
    schema_takes = not list(validator.iter_errors(tomllib.loads(text)))
    run = subprocess.run([binary, "validate", file], capture_output=True, text=True)
    return schema_takes, run.returncode == 0, run.stderr.strip()

defaults(schema, "")

launches = {file: open(file).read() for file in sorted(glob.glob(f"{source}/config/*.toml"))}
for page in [f"{source}/README.md", *sorted(glob.glob(f"{source}/plugins/*/README.md"))]:
    for number, block in enumerate(re.findall(r"```toml\n(.*?)```", open(page).read(), re.S)):
        if re.match(r"# (containers\.conf|containerd's config\.toml)\n", block):
            continue  # another program's
        launches[f"{page}#{number + 1}"] = block
if len(launches) < 20:
    failed.append(f"only {len(launches)} launches were found")
for name, text in launches.items():
    for error in validator.iter_errors(tomllib.loads(text)):
        failed.append(f"{name}: {list(error.path)}: {error.message}")

good = {
    "size": "[rootfs]\n[ipc]\nshm_size = '64M'\n",
    "word": "[container]\ncommand = ['true']\n[uts]\nhostname = 'box'\n",
    "list": "[[rootfs.mounts]]\nsource = '/srv'\ndestination = '/srv'\n",
}
for name, text in good.items():
    takes, valid, said = both("[container]\ncommand = ['true']\n" * ("[container]" not in text) + text, name)
    if not (takes and valid):
        failed.append(f"{name}: the schema says {takes}, validate says {valid} {said}")

bad = {
    "unknown_table": "[nothing]\n",
    "unknown_key": "[uts]\nhostnmae = 'box'\n",
    "wrong_type": "[uts]\nhostname = 5\n",
    "too_long": f"[uts]\nhostname = '{'x' * 65}'\n",
    "empty": "[uts]\nhostname = ''\n",
    "out_of_range": "[ipc]\nmsgmax = -1\n",
    "not_a_choice": "[rootfs]\npropagation = 'sideways'\n",
    "not_a_list": "[container]\ncommand = '/bin/sh'\n",
    "bad_size": "[ipc]\nshm_size = 'lots'\n",
    "nested_key": "[[rootfs.mounts]]\ndestination = '/srv'\nsauce = '/srv'\n",
    "missing_key": "[[rootfs.mounts]]\nsource = '/srv'\n",
}
for name, text in bad.items():
    takes, valid, said = both(text, name)
    if takes or valid:
        failed.append(f"{name}: the schema says {takes}, validate says {valid}")

print("\n".join(failed))
sys.exit(bool(failed))
END
python3 "$work/check.py" "$source" "$binary" "$work" >"$work/said" 2>&1 || fail "$(cat "$work/said")"
