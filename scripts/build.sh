#!/bin/sh
# SPDX-License-Identifier: MIT
#
# build.sh DIRECTORY TARGET [MESON OPTIONS]: configures a build directory once and builds a target in it ("all" = all).
# A directory that was configured elsewhere, in a checkout that was then copied or moved, is configured anew: what meson wrote
# holds absolute paths.
set -eu
cd "$(dirname "$0")/.."
directory=$1 target=$2
shift 2
home=$directory/.configured-in here=$(pwd -P)

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
  printf '%s\n' "$here" >"$home"
  rm -f "$log"
}

# Where meson was when it wrote build.ninja.
configured_in() {
  if [ -f "$home" ]; then
    cat "$home"
  else
    sed -n 's/.*"source": "\([^"]*\)".*/\1/p' "$directory/meson-info/meson-info.json" 2>/dev/null
  fi
}

if [ -f "$directory/build.ninja" ] && [ "$(configured_in)" != "$here" ]; then
  echo "==> $directory was configured in $(configured_in): beginning anew"
  # The demo guest and the macOS bundles, which lie here too, know no paths.
  rm -rf "$directory/build.ninja" "$directory/.ninja_deps" "$directory/.ninja_log" "$directory/meson-private" \
    "$directory/meson-info" "$directory/meson-logs" "$directory/compile_commands.json"
fi
# build/ may exist with nothing but the guest in it.
[ -f "$directory/build.ninja" ] || configure "$@"
# With nothing to do, ninja says so; that line would only be noise.
if [ "$(ninja -C "$directory" -n "$target" 2>/dev/null | tail -n 1)" = "ninja: no work to do." ]; then
  exit 0
fi
echo "==> building $directory"
exec ninja -C "$directory" "$target"
