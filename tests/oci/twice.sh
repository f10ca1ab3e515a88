#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sh twice.sh SCRIPT ARGUMENT...: the comparison of an engine's runtimes. Engines have races of their
# own (attaching, cleaning up), which show with the control as well, on a loaded machine now and then:
# a difference counts if it is there twice. That it was there once is said.
sh "$@" && exit 0
code=$?
[ "$code" -eq 77 ] && exit 77
echo "once more: $1 ended with $code"
exec sh "$@"
