# SPDX-License-Identifier: Apache-2.0
"""What a kubelet asks of a runtime handler, and the answers on standard output.
   kubelet.py DIRECTORY HANDLER PART..."""
import importlib
import sys

import report
from client import Service

directory, handler, *parts = sys.argv[1:]
service = Service(directory + "/s")
for part in parts:
    module, _, function = part.partition(".")
    getattr(importlib.import_module(module), function or "checks")(service, handler, directory + "/logs")
sys.exit(1 if report.failures else 0)
