#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs every test. Its last line says how many passed.
#   sh tests/run.sh [--quick]     --quick: the default build's tests alone
# With CI=true a test that needs root and does not have it fails instead of being skipped.
set -u
cd "$(dirname "$0")/.." || exit 1
. config/packages.sh

quick=false
[ "${1:-}" = --quick ] && quick=true

# shellcheck disable=SC2086
install_missing $build_packages $plugin_packages $test_packages $engine_packages \
  $validation_packages || exit 1

passed=0
failed=0
skips=build/skipped.txt
mkdir -p build
: >"$skips"
started=$(date +%s)

say() { printf '== %s (%d s)\n' "$*" "$(($(date +%s) - started))"; }

# lines TEXT FILE: how many lines of ctest's JUnit file have it.
lines() { grep -c -- "$1" "$2"; }

# run_tests DIRECTORY [CTEST ARGUMENT...]: adds to passed and failed.
run_tests() {
  tests_in=$1
  shift
  rm -f "$tests_in/junit.xml"
  ctest --test-dir "$tests_in" -j 2 --output-on-failure --no-tests=error \
    --output-junit junit.xml "$@" >"$tests_in/ctest.log" 2>&1
  status=$?
  report=$tests_in/junit.xml
  if [ ! -f "$report" ]; then
    cat "$tests_in/ctest.log"
    failed=$((failed + 1))
    return
  fi
  good=$(lines '<testcase .* status="run"' "$report")
  # One whose program is missing, or what it needs failed, is among the skipped there: it failed.
  skipped=$(($(lines '<skipped message="SKIP_' "$report") + $(lines ' status="disabled"' "$report")))
  bad=$(($(lines '<testcase ' "$report") - good - skipped))
  [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  passed=$((passed + good))
  failed=$((failed + bad))
  grep -h '^SKIPPED: ' "$tests_in/Testing/Temporary/LastTest.log" >>"$skips"
  if [ "$bad" -gt 0 ]; then
    cat "$tests_in/ctest.log"
  else
    grep -E 'tests passed|Total Test time' "$tests_in/ctest.log"
  fi
}

# build DIRECTORY PRESET [CMAKE ARGUMENT...]
build() {
  say "build $1"
  configure_and_build "$@" -DMINI_CONTAINER_TESTS=ON && return 0
  failed=$((failed + 1))
  return 1
}

if build build/default default; then
  say "every test of build/default"
  run_tests build/default
fi

if ! $quick; then
  if target=unit_tests build build/sanitize sanitize; then
    say "unit tests under ASan and UBSan"
    run_tests build/sanitize -L unit
  fi
  if build build/builtin builtin; then
    say "unit and system tests with the plugins linked in"
    run_tests build/builtin -L 'unit|system'
  fi
  if build build/coverage coverage; then
    say "coverage of the unit and system tests"
    # Of an older build they would be told on standard error, which tests look at. The second ones
    # are ordinary users': tests/system/process.cpp.
    find build/coverage -name '*.gcda' -delete
    rm -rf /tmp/mini_container-gcov-*
    run_tests build/coverage -L 'unit|system'
    rm -rf /tmp/mini_container-gcov-*
    sh tests/coverage/figure.sh build/coverage || failed=$((failed + 1))
  fi
fi

if [ -s "$skips" ]; then
  echo "skipped:"
  sort "$skips" | uniq -c
fi
say "done"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
