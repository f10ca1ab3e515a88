# SPDX-License-Identifier: Apache-2.0
# Builds for aarch64 on another machine, with Debian's g++-aarch64-linux-gnu:
#   cmake --preset static --toolchain config/aarch64.cmake -DCMAKE_SYSROOT=DIRECTORY
# In DIRECTORY lie the headers and libraries, of arm64 packages unpacked there (dpkg -x):
# tests/cross/aarch64.sh makes one.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
# This machine's programs, the other's libraries.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR}
  "${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
