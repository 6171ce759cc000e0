#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Tests the demo guest in a real QEMU (TCG): test.sh [OUTDIR]. Builds it first if need be.
set -e -u
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../../build/guest}
"$here/build.sh" "$out"
exec python3 "$here/../../tests/guest/demo_test.py" "$out"
