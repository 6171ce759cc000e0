#!/bin/sh
# SPDX-License-Identifier: MIT
#
# torture.sh: lets every allocation, descriptor and thread of oriel fail once: while it starts, serves and ends; see
# tests/torture/torture.c. Then types 10,000 characters through each kind of keyboard (torture-typing.sh), and has a NAT
# forget a client of WHEP (torture-nat.sh). Ends with one line `N passed, N failed`. Takes two and a half hours of two processors.
set -eu
cd "$(dirname "$0")/.."
scripts/bootstrap.sh check
scripts/build.sh build all
passed=0 failed=0
log=build/torture.log
: >"$log"
export ORIEL_TOKEN=a-token-for-torture

# torture PHASE WHAT ARGUMENTS...
torture() {
  phase=$1 what=$2
  shift 2
  echo "==> $phase: $what of oriel $*"
  build/tests/torture/torture "$phase" "$what" build/tests/torture/libfault.so build/oriel "$@" --listen 127.0.0.1:0 \
    >build/torture.part </dev/null || true
  count
}

count() { # what build/torture.part says
  cat build/torture.part >>"$log"
  grep -E '^(not ok|FAIL)' build/torture.part || true
  counts=$(tail -n 1 build/torture.part | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
  counts=${counts:-0 1}
  passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
}

torture serve memory,descriptor,thread serve 'pattern:?size=320x240&scene=motion'
torture serve memory,descriptor,thread serve 'pattern:?size=320x240&scene=motion' --tls-self-signed
torture start descriptor,exhausted,thread serve 'pattern:?size=320x240&scene=motion'
torture start memory,descriptor,exhausted,thread serve qemu:/nowhere/qmp.sock --tls-self-signed --audio-listen tcp://127.0.0.1:0
echo "==> typing"
scripts/torture-typing.sh >build/torture.part 2>&1 </dev/null || true
count
echo "==> a NAT, and a dead way"
scripts/torture-nat.sh >build/torture.part 2>&1 </dev/null || true
count
rm -f build/torture.part
[ "$failed" -eq 0 ] || echo "see $log"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
