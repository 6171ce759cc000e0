#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs the Debian packages that are missing: bootstrap.sh [check]. With `check` also those that only tests need.
# Does nothing, in well under a second and without the network, when nothing is missing.
set -eu
cd "$(dirname "$0")/.."
set_name=${1:-run}

say() { printf '==> %s\n' "$*"; }
fail() {
  printf 'bootstrap: %s\n' "$*" >&2
  exit 1
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "no apt here: install the equivalents of packages.txt yourself; going on"
  exit 0
fi

wanted() {
  sed -e 's/#.*//' packages.txt | while read -r package only _; do
    [ -z "$package" ] || { [ -n "$only" ] && [ "$only" != "$set_name" ]; } || echo "$package"
  done
  sed -e 's/#.*//' guest/demo/packages.txt
  if [ "$set_name" = check ] && ! { node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' && command -v npm; } >/dev/null 2>&1; then
    echo nodejs
    echo npm
  fi
}

# One call for all: dpkg-query prints those it knows, and those that it does not print are missing.
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii  *//p' | sort -u)
missing=$(wanted | sort -u | while read -r package; do
  [ -z "$package" ] || printf '%s\n' "$installed" | grep -qxF "$package" || echo "$package"
done | tr '\n' ' ')
[ -n "$missing" ] || exit 0

# Asked for here, so that a refusal is told apart from what apt-get meets later.
by_hand="or install them as root: apt-get install --no-install-recommends $missing"
if [ "$(id -u)" -eq 0 ]; then
  root=
elif ! command -v sudo >/dev/null; then
  fail "packages are missing, and there is neither root nor sudo: install them as root: ${by_hand#*: }"
elif sudo -n true 2>/dev/null; then
  root=sudo
elif (: </dev/tty) 2>/dev/null; then
  root=sudo
  say "sudo asks for your password, to install packages"
  sudo -v || fail "sudo did not let you: ask for that right, $by_hand"
else
  fail "packages are missing, and sudo asks for a password, for which there is no terminal: run this in one, $by_hand"
fi

log=$(mktemp "${TMPDIR:-/tmp}/oriel-bootstrap.XXXXXX")
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

apt() {
  # shellcheck disable=SC2086
  $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >"$log" 2>&1
}

reason() { grep -m 1 '^E: ' "$log" || tail -n 1 "$log"; }

say "refreshing the package lists"
apt update || true # an unreachable mirror of many is no reason to stop: the next line is
say "installing $(echo "$missing" | wc -w) packages: $missing"
# shellcheck disable=SC2086
apt install -y --no-install-recommends $missing ||
  fail "apt-get could not install them ($(reason)): check the network and /etc/apt/sources.list, then try again"
say "packages are there"
