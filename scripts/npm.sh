#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npm.sh DIRECTORY: installs the packages of its lock file, unless they are there already.
set -eu
cd "$(dirname "$0")/../$1"
stamp=node_modules/.oriel-lock
if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then
  exit 0
fi
npm ci --no-audit --no-fund --loglevel=error
cp package-lock.json "$stamp"
