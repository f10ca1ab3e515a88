# SPDX-License-Identifier: Apache-2.0
"""What is said of each check: the same for two runtimes, but for what differs between runs."""
import re
import sys

import grpc

failures = []


def fail(text):
    failures.append(text)
    print("FAILED:", text, file=sys.stderr, flush=True)


def tell(name, said):
    text = "\n".join(map(str, said)) if isinstance(said, (list, tuple)) else str(said)
    text = re.sub(r"\b[0-9a-f]{64}\b", "ID", text)
    text = re.sub(r"\n+", "\n", text).strip("\n")
    print(f"## {name}\n{text}", flush=True)


def check(name, ask):
    """Prints what ask() gives."""
    try:
        tell(name, ask())
    except grpc.RpcError as error:
        fail(f"{name}: {error.code().name}: {error.details()}")


def refused(name, ask):
    """Prints the code of the call that has to fail. Its words are the runtime's own."""
    try:
        fail(f"{name}: it is not refused: {ask()}")
    except grpc.RpcError as error:
        tell(name, error.code().name)
        print(f"{name}: {error.details()}", file=sys.stderr, flush=True)


def expect(name, wanted, found):
    if wanted not in found:
        fail(f"{name}: '{wanted}' is not in '{found}'")
