#!/bin/sh
# SPDX-License-Identifier: MIT
#
# torture-typing.sh [words of a case's name]: types 10,000 characters through each kind of keyboard of a real QEMU; see
# tests/e2e/torture-typing.mjs. Ends with one line `N passed, N failed`. Takes an hour and a half, no case nine minutes.
set -eu
cd "$(dirname "$0")/.."
scripts/bootstrap.sh check
scripts/build.sh build all
scripts/guest.sh
scripts/npm.sh tests/e2e
exec node tests/e2e/torture-typing.mjs "$@"
