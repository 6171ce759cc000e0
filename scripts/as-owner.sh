#!/bin/sh
# SPDX-License-Identifier: MIT
#
# as-owner.sh COMMAND...: runs it; as root in somebody else's checkout, as that somebody, so that nothing in it comes to belong to
# root, which would stop their own `make`. Where root has built already, root goes on.
set -eu
checkout=$(cd "$(dirname "$0")/.." && pwd)
owner=$(stat -c %u "$checkout" 2>/dev/null || echo 0)
if [ "$(id -u)" -ne 0 ] || [ "$owner" -eq 0 ] || { [ -e "$checkout/build" ] && [ "$(stat -c %u "$checkout/build")" -ne "$owner" ]; }; then
  exec "$@"
fi
home=$(getent passwd "$owner" | cut -d: -f6)
exec setpriv --reuid "$owner" --regid "$(stat -c %g "$checkout")" --clear-groups env "HOME=${home:-/}" TMPDIR=/tmp "$@"
