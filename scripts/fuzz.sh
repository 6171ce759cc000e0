#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fuzz.sh SECONDS: runs every fuzz target with libFuzzer. New inputs go to build-fuzz/corpus, crashes to build-fuzz/crashes.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
scripts/bootstrap.sh check
CC=clang scripts/build.sh build-fuzz all -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
mkdir -p build-fuzz/crashes
failed=0
for binary in build-fuzz/fuzz/fuzz_*; do
  name=${binary##*/fuzz_}
  case $name in replay_* | *.p) continue ;; esac
  mkdir -p "build-fuzz/corpus/$name"
  echo "==> $name"
  "$binary" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="build-fuzz/crashes/$name-" \
    "build-fuzz/corpus/$name" "fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1 || failed=1
  grep -E '^(stat::number_of_executed_units|SUMMARY|==[0-9]+==ERROR)' "build-fuzz/$name.log" || true
done
exit "$failed"
