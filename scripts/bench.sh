#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Prepares and runs the benchmarks.
set -eu
cd "$(dirname "$0")/.."
scripts/bootstrap.sh check
scripts/build.sh build all
scripts/guest.sh
scripts/npm.sh tests/e2e
exec node bench/run.mjs
