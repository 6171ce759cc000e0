#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints js/wire.js beside the sources for the type check and the unit tests; the build makes its own copy.
set -eu
cd "$(dirname "$0")"
tool=$(mktemp)
trap 'rm -f "$tool"' EXIT
${CC:-cc} -std=c17 -I.. -o "$tool" gen_constants.c
"$tool" > js/wire.js.tmp
mv js/wire.js.tmp js/wire.js
