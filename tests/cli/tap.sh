# SPDX-License-Identifier: MIT
#
# tap.sh NAME [WORD]: sourced by the tests of the program ($oriel), or of its command WORD. A scratch folder with what it
# may write into, no option from outside, and TAP. The folder goes, and what still runs, when the test ends.
# shellcheck shell=bash
scratch=$(mktemp -d "/tmp/oriel-$1-test.XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$scratch"' EXIT
for name in $(env | sed -n 's/^\(ORIEL_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
unset RUNTIME_DIRECTORY NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID LISTEN_PID LISTEN_FDS LISTEN_FDNAMES
mkdir -m 700 "$scratch/run" "$scratch/tmp" "$scratch/home"
export XDG_RUNTIME_DIR=$scratch/run XDG_CACHE_HOME=$scratch/cache TMPDIR=$scratch/tmp
out=$scratch/out err=$scratch/err count=0
command_words=("${@:2}")

result() { # result STATUS NAME
  count=$((count + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $count - $2"
  else
    echo "not ok $count - $2"
    sed 's/^/# stdout: /' "$out"
    sed 's/^/# stderr: /' "$err"
  fi
}

# expect STATUS WORDS NAME ARGUMENTS...: runs oriel to its end; WORDS must be in its one line of errors.
expect() {
  local status=$1 words=$2 name=$3 got=0
  shift 3
  timeout 60 "$oriel" "${command_words[@]}" "$@" >"$out" 2>"$err" </dev/null || got=$?
  [ "$got" -eq "$status" ] && grep -qF -- "$words" "$err" && [ "$(grep -c '^oriel: ' "$err")" -eq 1 ]
  result $? "$name"
}
