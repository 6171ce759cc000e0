#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh DIRECTORY TARGET [MESON OPTIONS]: configures a build directory once and builds a target in it ("all" = all).
set -eu
cd "$(dirname "$0")/.."
directory=$1 target=$2
shift 2

configure() {
  log=$(mktemp "${TMPDIR:-/tmp}/oriel-meson.XXXXXX")
  trap 'rm -f "$log"' EXIT
  trap 'exit 130' INT TERM
  echo "==> configuring $directory"
  meson setup "$directory" "$@" >"$log" 2>&1 || {
    grep -m 3 'ERROR' "$log" >&2 || tail -n 3 "$log" >&2
    echo "build: meson could not configure $directory (see above)" >&2
    exit 1
  }
  rm -f "$log"
}

# build/ may exist with nothing but the guest in it.
[ -f "$directory/build.ninja" ] || configure "$@"
# With nothing to do, ninja says so; that line would only be noise.
if [ "$(ninja -C "$directory" -n "$target" 2>/dev/null | tail -n 1)" = "ninja: no work to do." ]; then
  exit 0
fi
echo "==> building $directory"
exec ninja -C "$directory" "$target"
