#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Makes the demo guest in build/guest, unless it is there and unchanged.
set -eu
cd "$(dirname "$0")/.."
[ -s build/guest/initrd.img ] || echo "==> making the demo guest (once, at most three minutes)"
exec guest/demo/build.sh build/guest
