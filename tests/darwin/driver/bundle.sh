#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Brings the bundle that ships up to date and runs it under the simulator. Skipped where it was never built: `make darwin`.
#
# usage: bundle.sh ROOT BUNDLE_TEST
set -eu
cd "$1"
if [ ! -d build/darwin/OrielAudio.driver ]; then
  echo "no build/darwin/OrielAudio.driver: run make darwin first"
  exit 77
fi
# One at a time: several builds may test at once.
flock build/darwin scripts/darwin.sh
exec "$2" build/darwin/OrielAudio.driver
