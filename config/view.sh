#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What this process sees, in sections: the same script runs on the host and in the container.

echo "# host name"
uname -n

echo "# processes"
for process in /proc/[0-9]*; do
  # Some end while this looks.
  { read -r name <"$process/comm"; } 2>/dev/null && echo "${process#/proc/} $name"
done | sort -n

echo "# root directory"
ls /

echo "# System V objects"
for kind in msg sem shm; do
  tail -n +2 "/proc/sysvipc/$kind" | while read -r key id rest; do
    echo "$kind key $key id $id"
  done
done

echo "# POSIX queues"
ls /dev/mqueue 2>/dev/null

echo "# POSIX shared memory"
ls /dev/shm
