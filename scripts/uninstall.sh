#!/bin/sh
# SPDX-License-Identifier: MIT
#
# uninstall.sh DESTDIR PREFIX: removes what install.sh noted there, and folders that it made and that are empty now. Says what of
# the user's stays.
set -eu
destdir=$1 prefix=$2
[ "$prefix" = / ] || prefix=${prefix%/}
root=$destdir$prefix
manifest=$root/share/oriel/installed

fail() {
  printf 'uninstall: %s\n' "$*" >&2
  exit 1
}

[ -f "$manifest" ] || fail "there is no $manifest: nothing was installed there; another place is named by PREFIX=…"
[ -w "$manifest" ] && [ -w "${manifest%/*}" ] || fail "cannot write to ${manifest%/*}: \`sudo make uninstall\`"

list=$(mktemp "${TMPDIR:-/tmp}/oriel-uninstall.XXXXXX")
trap 'rm -f "$list"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# Backwards: a folder after what is in it.
LC_ALL=C sort -r "$manifest" >"$list"
while read -r file; do
  case $file in
  /* | ../* | */../*) fail "$manifest names $file: it was changed; nothing more is removed" ;;
  */) ;;
  *) rm -f "$root/$file" ;;
  esac
done <"$list"
while read -r file; do
  case $file in
  ./) rmdir "$root" 2>/dev/null || true ;;
  */) rmdir "$root/${file%/}" 2>/dev/null || true ;; # somebody else's files keep it
  esac
done <"$list"
case $prefix in
/usr | /usr/local)
  rm -f "$destdir/etc/xdg/autostart/oriel-agent-screen.desktop"
  rmdir "$destdir/etc/xdg/autostart" "$destdir/etc/xdg" 2>/dev/null || true # where nobody else's is in them
  ;;
esac
if [ -z "$destdir" ] && [ "$(id -u)" -eq 0 ]; then
  ! command -v ldconfig >/dev/null || ldconfig
  [ ! -d /run/systemd/system ] || systemctl daemon-reload || true
fi
echo "removed from $root"

# What people and services made with it is not ours to remove.
[ -z "$destdir" ] || exit 0
home=${HOME:-/}
[ -z "${SUDO_USER:-}" ] || home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
for path in "$home/.config/oriel" "$home/.cache/oriel" /etc/oriel /var/lib/oriel /var/lib/private/oriel /var/cache/oriel \
  /var/cache/private/oriel "$home/.config/systemd/user"/*.wants/oriel-agent.service /etc/systemd/system/*.wants/oriel@*; do
  if [ -e "$path" ] || [ -L "$path" ]; then
    echo "left, as it is yours: $path"
  fi
done
