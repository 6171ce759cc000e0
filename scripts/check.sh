#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh [unit|tsan|faults|sound|web|guest|e2e]...: runs the parts (all by default) and ends with one line `N passed, N failed`,
# before it the names of what failed. Each part's output goes to build/check/PART.log; of a failing part the end is shown.
# A part that runs no test has failed.
set -u
cd "$(dirname "$0")/.." || exit 1
logs=build/check
total_passed=0 total_failed=0
failures= # a line per failed case, as far as a part names them

# Adds a part's counts: add PART PASSED FAILED [NAMES]. No test at all is a failure: a check that cannot fail checks nothing.
add() {
  local part=$1 passed=$2 failed=$3 names=${4:-}
  [ $((passed + failed)) -gt 0 ] || failed=1
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  printf '    %s: %d passed, %d failed (%d s)\n' "$part" "$passed" "$failed" "$((SECONDS - started))"
  if [ "$failed" -gt 0 ]; then
    failures+=$(sed "s/^/    $part: /" <<<"${names:-see $logs/$part.log}")$'\n'
    printf -- '--- end of %s\n' "$logs/$part.log"
    grep -vE '^\[[0-9]+/[0-9]+\] ' "$logs/$part.log" | tail -n 60 # without ninja's progress
    printf -- '---\n'
  fi
}

begin() {
  started=$SECONDS
  printf '==> %s: %s\n' "$1" "$2"
}

# Unit tests and corpus replays of one build directory: meson_part PART DIRECTORY [meson test options]
meson_part() {
  local part=$1 directory=$2 passed=0 failed=1 names=
  shift 2
  rm -f "$directory/meson-logs/testlog.json"
  # shellcheck disable=SC2086
  ${runner:-} meson test -C "$directory" --no-rebuild --print-errorlogs "$@" >>"$logs/$part.log" 2>&1
  local status=$?
  if [ -f "$directory/meson-logs/testlog.json" ]; then
    names=$(scripts/count.py "$directory/meson-logs/testlog.json")
    read -r passed failed <<<"$names" || failed=1
    names=$(tail -n +2 <<<"$names")
    if [ "$status" -ne 0 ] && [ "${failed:-0}" -eq 0 ]; then # it ended in the middle
      failed=1 names="meson test ended with status $status"
    fi
  fi
  add "$part" "$passed" "$failed" "$names"
}

unit() {
  begin unit "unit tests and fuzz corpora under AddressSanitizer and UndefinedBehaviorSanitizer"
  # The macOS bundle first: a test loads it.
  if ! { scripts/darwin.sh && scripts/build.sh build-asan all -Db_sanitize=address,undefined -Db_lundef=false \
    --buildtype=debugoptimized; } >"$logs/unit.log" 2>&1; then
    add unit 0 1
    return
  fi
  ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson_part unit build-asan --no-suite pipewire
}

tsan() {
  begin tsan "tests with threads under ThreadSanitizer"
  if ! CC=clang scripts/build.sh build-tsan all -Db_sanitize=thread -Db_lundef=false --buildtype=debugoptimized \
    >"$logs/tsan.log" 2>&1; then
    add tsan 0 1
    return
  fi
  # Without address space randomisation: the sanitizer's fixed shadow collides with newer kernels' wide mappings.
  TSAN_OPTIONS=halt_on_error=1 runner="setarch -R" meson_part tsan build-tsan --suite threads
}

# Without sanitizers: its cases measure, a slowed-down PipeWire misses cycles of its own, and sanitizers make system calls.
sound() {
  begin sound "the Linux agent in a real PipeWire with WirePlumber; what \`meson install\` leaves; the driver's callbacks"
  if ! scripts/build.sh build all >"$logs/sound.log" 2>&1; then
    add sound 0 1
    return
  fi
  meson_part sound build --suite pipewire # each run by itself, so that each must have tests
  meson_part sound build --suite installed
  meson_part sound build --suite callbacks
}

# Without sanitizers, whose allocators do not fail.
faults() {
  begin faults "a start without memory, descriptors or threads, each missing once; \`make torture\` does the rest"
  if ! scripts/build.sh build all >"$logs/faults.log" 2>&1; then
    add faults 0 1
    return
  fi
  meson_part faults build --suite torture
}

web() {
  begin web "the browser client: types, unit tests"
  local passed=0 failed=0 ok bad bad_exit=
  if { scripts/npm.sh web && (cd web && npm run --silent check); } >"$logs/web.log" 2>&1; then
    passed=1
  else
    failed=1
  fi
  (cd web && npm run --silent pretest && node --test --test-reporter=tap ../tests/web/) >"$logs/web-tests.log" 2>&1 ||
    bad_exit=1
  cat "$logs/web-tests.log" >>"$logs/web.log"
  ok=$(sed -n 's/^# pass //p' "$logs/web-tests.log" | tail -n 1)
  bad=$(sed -n 's/^# fail //p' "$logs/web-tests.log" | tail -n 1)
  [ "${ok:-0}" -gt 0 ] && { [ -z "${bad_exit:-}" ] || [ "${bad:-0}" -gt 0 ]; } || bad=$((${bad:-0} + 1))
  add web "$((passed + ${ok:-0}))" "$((failed + ${bad:-0}))" "$(sed -n 's/^not ok [0-9]* - //p' "$logs/web-tests.log")"
}

# The last line `N passed, N failed` of a part's log: count_line PART STATUS
count_line() {
  local passed=0 failed=1 line
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$logs/$1.log" | tail -n 1)
  if [ -n "$line" ]; then
    passed=${line%% passed*} failed=${line#*, } failed=${failed%% failed*}
    [ "$2" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  fi
  add "$1" "$passed" "$failed" "$(sed -nE 's/^(FAIL|not ok) +//p' "$logs/$1.log")"
}

e2e() {
  begin e2e "real QEMU, demo guest and Chromium"
  { scripts/build.sh build all && scripts/guest.sh && scripts/npm.sh tests/e2e && node tests/e2e/run.mjs; } >"$logs/e2e.log" 2>&1
  count_line e2e $?
}

guest() {
  begin guest "the demo guest by itself, in QEMU"
  { scripts/guest.sh && guest/demo/test.sh build/guest; } >"$logs/guest.log" 2>&1
  count_line guest $?
}

for part in "$@"; do
  case $part in
  unit | tsan | faults | sound | web | guest | e2e) ;;
  *)
    echo "check: no part \"$part\": choose unit, tsan, faults, sound, web, guest or e2e" >&2
    exit 2
    ;;
  esac
done
mkdir -p "$logs"
scripts/bootstrap.sh check || {
  echo "0 passed, 1 failed"
  exit 1
}
for part in "${@:-unit tsan faults sound web guest e2e}"; do
  for one in $part; do "$one"; done
done
[ -z "$failures" ] || printf 'failed:\n%s' "$failures"
printf '%d passed, %d failed\n' "$total_passed" "$total_failed"
[ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]
