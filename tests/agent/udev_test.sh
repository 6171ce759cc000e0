#!/bin/sh
# SPDX-License-Identifier: MIT
#
# udev_test.sh ROOT: the udev rules that are installed are read by udev without a word, and name the ports that `oriel run` makes.
# In a namespace of its own, where they are the only rules of the administrator.
set -eu
root=$1
rules=$root/guest/agent/70-oriel-agent.rules
work=$(mktemp -d "${TMPDIR:-/tmp}/oriel-udev.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() {
  echo "udev_test: $*" >&2
  exit 1
}
for port in org.oriel.audio org.oriel.microphone org.oriel.clipboard; do
  grep -q "\"$port\"" "$root/vm/arguments.c" || fail "the VM has no port $port any more"
  grep -q "^SUBSYSTEM==\"virtio-ports\", ATTR{name}==\"$port\", .*TAG+=\"uaccess\"" "$rules" || fail "no rule for $port"
done
[ "$(basename "$rules" | cut -c1-2)" -lt 73 ] || fail "uaccess is taken up by 73-seat-late.rules: the file must come before"
cp "$rules" "$work"
udevadm=$(command -v udevadm || echo /bin/udevadm)
[ -x "$udevadm" ] || fail "no udevadm: apt-get install udev"
unshare --map-root-user --mount sh -c '
  mkdir -p /etc/udev/rules.d && mount --bind "$1" /etc/udev/rules.d && exec "$2" test /sys/devices/virtual/net/lo' \
  sh "$work" "$udevadm" >"$work/out" 2>&1 || fail "$(tail -n 3 "$work/out")"
grep -q "Reading rules file: .*70-oriel-agent.rules" "$work/out" || fail "udev did not read the rules: $(head -n 5 "$work/out")"
! grep "70-oriel-agent.rules:[0-9]" "$work/out" || fail "udev finds fault with the rules"
# What is not right is told like this, or the check above would prove nothing.
echo 'SUBSYSTEM=="virtio-ports", NONSENSE="x"' >>"$work/70-oriel-agent.rules"
unshare --map-root-user --mount sh -c '
  mount --bind "$1" /etc/udev/rules.d && exec "$2" test /sys/devices/virtual/net/lo' \
  sh "$work" "$udevadm" >"$work/out" 2>&1 || true
grep -q "70-oriel-agent.rules:[0-9]" "$work/out" || fail "udev says nothing of a wrong rule"
