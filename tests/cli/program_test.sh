#!/bin/bash
# SPDX-License-Identifier: MIT
#
# program_test.sh ORIEL: the program as a user meets it: exit statuses, messages, signals, what stays behind. Uses the real
# QEMU under TCG with boot sectors of a few bytes as guests. Output is TAP.
set -u
oriel=$1
. "$(dirname "$0")/tap.sh" program

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.02 # between two looks at a state that has no event for a shell
  done
}

ready() { grep -q '^ready: ' "$out"; }
gone() { ! kill -0 "$1" 2>/dev/null; }

# begin ARGUMENTS...: starts oriel on any port and waits for its address; sets pid, port, and the token where oriel made it.
begin() {
  : >"$out"
  "$oriel" "$@" --listen 127.0.0.1:0 >"$out" 2>"$err" </dev/null &
  pid=$!
  wait_for 20 ready || return 1
  port=$(sed -n 's|^ready: https\?://127.0.0.1:\([0-9]*\)/.*|\1|p' "$out")
  links=$(sed -n 's|^links: ||p' "$out")
  [ -z "$links" ] || token=$(sed -n '1s|^.*#token=||p' "$links")
}

# finish SIGNAL: ends it; sets status, and took (in ms).
finish() {
  local from=${EPOCHREALTIME/./}
  kill "-$1" "$pid"
  wait "$pid"
  status=$?
  took=$(((${EPOCHREALTIME/./} - from) / 1000))
}

get() { # get PATH: the whole HTTP answer
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n' "$1" "$port" "$token" >&3
  timeout 5 cat <&3
  exec 3>&-
}

state_is() { get /api/v1/desktop | grep -qE "\"state\": *\"$1\""; }
qemu_pid() { sed -n 's/.*QEMU (process \([0-9]*\),.*/\1/p' "$err"; }
nothing_stays() { [ -z "$(ls -A "$scratch/tmp")" ] && [ -z "$(ls -A "$scratch/run/oriel" 2>/dev/null)" ]; }

# sector NAME BYTES: a disk of one boot sector.
sector() {
  # shellcheck disable=SC2059
  printf "$2" >"$scratch/$1"
  truncate -s 510 "$scratch/$1"
  printf '\x55\xaa' >>"$scratch/$1"
  truncate -s 1M "$scratch/$1" # SeaBIOS does not boot an AHCI disk of a single sector
}
sector sleeps.img '\xfa\xf4\xeb\xfd' # cli; hlt; jmp
# int 15h/86h for two seconds, then ACPI S5 by q35's PM1a control register: mov dx, 0x604; mov ax, 0x2000; out dx, ax
sector powers-off.img '\xb4\x86\xb9\x1e\x00\xba\x80\x84\xcd\x15\xba\x04\x06\xb8\x00\x20\xef\xf4\xeb\xfd'

vm() { begin run "$scratch/$1" --accel tcg --memory 64M --network none --name "$2" "${@:3}"; }

# ---- usage ----
"$oriel" version >"$out" 2>"$err" && grep -qE '^oriel [0-9]+\.[0-9]+\.[0-9]+$' "$out"
result $? version_is_printed
"$oriel" -v | cmp -s - "$out" && "$oriel" -V | cmp -s - "$out"
result $? version_has_its_letters
"$oriel" help >"$out" 2>"$err" && grep -q 'oriel run' "$out" && "$oriel" --help | cmp -s - "$out"
result $? help_is_printed
"$oriel" help run >"$out" 2>"$err" && "$oriel" run --help | cmp -s - "$out" && grep -q -- '--persistent' "$out"
result $? help_of_a_command_is_its_own_help
"$oriel" >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q Usage "$err" && [ ! -s "$out" ]
result $? no_command_is_wrong_usage
expect 2 'no command "boil"' unknown_command_is_wrong_usage boil
expect 2 'no command "sreve": see `oriel help`; did you mean oriel serve?' near_command_is_suggested sreve
expect 2 'did you mean oriel audio status?' near_word_of_audio_is_suggested audio staus
expect 2 'unknown option --frob' unknown_option_is_wrong_usage run --frob
expect 2 'unknown option --tls-selfsigned: see `oriel serve --help`; did you mean --tls-self-signed?' near_option_is_suggested \
  serve pattern: --tls-selfsigned
expect 2 'it is an option of `oriel run`' option_of_another_command_is_told serve pattern: --persistent
expect 2 '--fps is "0": it must be a whole number from 1 to 240' bad_value_names_option_value_and_range serve pattern: --fps 0
expect 2 '--listen is "here"' bad_listen_is_wrong_usage serve pattern: --listen here
expect 2 'refusing to listen on 0.0.0.0:0 without TLS' listening_beyond_loopback_needs_tls serve pattern: --listen 0.0.0.0:0
expect 2 'cannot serve nonsense:' unknown_address_is_wrong_usage serve nonsense: --listen 127.0.0.1:0
expect 2 'cannot serve pattern:?size=9' bad_pattern_is_wrong_usage serve 'pattern:?size=9' --listen 127.0.0.1:0

expect 2 '--encoder is "mp5": it must be one of x264' unknown_encoder_is_wrong_usage serve pattern: --encoder mp5 --listen 127.0.0.1:0
expect 1 'cannot use --accel hvf: hvf exists on macOS only; leave it out' accelerator_that_does_not_work_is_told run --accel hvf \
  "$scratch/sleeps.img" --disk-format raw --listen 127.0.0.1:0

# ---- what the world breaks ----
expect 1 '/no/such/token' missing_token_file_is_told serve pattern: --token-file /no/such/token --listen 127.0.0.1:0
expect 1 '/no/such/cert' missing_certificate_is_told serve pattern: --tls-cert /no/such/cert --tls-key /no/key --listen 127.0.0.1:0
expect 1 '/no/such/disk.img' missing_disk_is_told run /no/such/disk.img --listen 127.0.0.1:0
expect 1 'directory' directory_as_disk_is_told run "$scratch" --listen 127.0.0.1:0
echo 'milk and bread' >"$scratch/notes.txt"
expect 1 'not a disk image' text_as_disk_is_told run "$scratch/notes.txt" --listen 127.0.0.1:0
expect 1 'exceeds 107 bytes' long_runtime_path_is_told run "$scratch/sleeps.img" --listen 127.0.0.1:0 --accel tcg \
  --name "$(printf 'n%.0s' {1..64})"
ORIEL_GUEST_DIR=$scratch expect 1 'ORIEL_GUEST_DIR' missing_guest_is_told run --listen 127.0.0.1:0
cat >"$scratch/no-qemu" <<EOF
#!/bin/bash
PATH=$scratch/tmp exec "$oriel" "\$@"
EOF
chmod +x "$scratch/no-qemu"
real=$oriel
oriel=$scratch/no-qemu
expect 1 'apt-get install' missing_qemu_is_told run "$scratch/sleeps.img" --disk-format raw --listen 127.0.0.1:0
oriel=$real
ORIEL_QEMU=/no/such/qemu expect 1 'ORIEL_QEMU' wrong_qemu_is_told run "$scratch/sleeps.img" --listen 127.0.0.1:0
expect 1 "'no-such-device' is not a valid device" qemus_words_are_quoted run "$scratch/sleeps.img" --accel tcg --memory 64M \
  --listen 127.0.0.1:0 -- -device no-such-device

# without_room DIRECTORY rw|ro COMMAND...: with a file system of 64 KiB at DIRECTORY that is full, or read-only. Where
# mounting is not allowed files may grow to no size at all, which writes meet in the same way; stdout and stderr are then
# pipes, which that limit spares.
mounts=$(unshare -rm mount -t tmpfs none "$scratch/tmp" 2>/dev/null && echo yes)
without_room() {
  local directory=$1 mode=$2
  shift 2
  if [ "$mounts" ]; then
    unshare -rm bash -c 'mount -t tmpfs -o size=64k none "$1" && mkdir -m 700 "$1/oriel" && cat /dev/zero >"$1/full"
      [ "$2" = rw ] || mount -o remount,ro "$1"
      shift 2 && exec "$@"' without_room "$directory" "$mode" "$@"
  else
    (trap '' XFSZ && ulimit -f 0 && exec "$@") > >(cat) 2> >(cat >&2)
  fi
}
# refuses_without_room VARIABLE rw|ro NAME OPTIONS...: a run whose VARIABLE names such a directory
refuses_without_room() {
  local got=0
  without_room "$scratch/full" "$2" env "$1=$scratch/full" timeout 30 "$oriel" run "$scratch/sleeps.img" --accel tcg --memory 64M \
    --listen 127.0.0.1:0 "${@:4}" >"$out" 2>"$err" </dev/null || got=$?
  [ "$got" -eq 1 ] && grep -q "^oriel: cannot .*$scratch/full.* $1 to another directory" "$err"
  result $? "$3"
}
mkdir -m 700 "$scratch/full"
refuses_without_room XDG_RUNTIME_DIR rw full_runtime_directory_is_told --persistent # no overlay, whose directory is tried first
refuses_without_room TMPDIR rw full_temporary_directory_is_told
if [ "$mounts" ]; then
  refuses_without_room XDG_RUNTIME_DIR ro read_only_runtime_directory_is_told
  refuses_without_room TMPDIR ro read_only_temporary_directory_is_told
fi
XDG_RUNTIME_DIR=/sys expect 1 'cannot create /sys/oriel' unwritable_runtime_directory_is_told run "$scratch/sleeps.img" --accel tcg \
  --memory 64M --listen 127.0.0.1:0
TMPDIR=/sys expect 1 'TMPDIR to another directory' unwritable_temporary_directory_is_told run "$scratch/sleeps.img" --accel tcg \
  --memory 64M --listen 127.0.0.1:0
nothing_stays
result $? failed_starts_leave_nothing

# ---- few descriptors ----
# shellcheck disable=SC2030,SC2031
with_files() { (ulimit -n "$1" && shift && exec timeout 60 "$oriel" "$@" --listen 127.0.0.1:0) >"$out" 2>"$err" </dev/null; }
for files in 8 24 63; do
  with_files "$files" run "$scratch/sleeps.img" --disk-format raw --accel tcg
  [ $? -eq 1 ] && [ "$(cat "$err")" = "oriel: cannot start: no more than $files files may be open, 64 are needed; raise the limit of open files (ulimit -n)" ]
  result $? "$files"_descriptors_are_told_to_be_too_few
done
(ulimit -n 64 && exec "$oriel" run "$scratch/sleeps.img" --disk-format raw --accel tcg --memory 64M --network none --name few \
  --listen 127.0.0.1:0) >"$out" 2>"$err" </dev/null &
pid=$!
wait_for 20 ready
result $? 64_descriptors_are_enough
finish TERM
# Started without standard input, output or error, as some supervisors do: no socket may take their place.
"$oriel" serve pattern: --listen 127.0.0.1:0 >"$out" 2>"$err" <&- &
pid=$!
wait_for 20 ready
result $? closed_input_is_no_matter
finish TERM
"$oriel" serve pattern: --listen 127.0.0.1:0 2>"$err" <&- >&- &
pid=$!
wait_for 20 test -e "/proc/$pid/fd/9" && [ "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1")" = $'/dev/null\n/dev/null' ]
result $? closed_output_goes_nowhere
finish TERM
[ "$status" -eq 0 ]
result $? closed_output_ends_in_order

# ---- serving ----
begin serve pattern:
get /healthz | grep -q '^HTTP/1.1 200' && state_is running && [ "${#token}" -eq 43 ]
result $? pattern_is_served
# What reads a pipe may be a log: the token lies in a file for its owner alone, the token for viewing below it.
[ "$(stat -c %a "$links")" = 600 ] && [ "$(wc -l <"$links")" -eq 2 ] && ! grep -q token= "$out" "$err" &&
  [ "$(tail -n 1 "$out")" = "ready: http://127.0.0.1:$port/" ]
result $? token_is_not_piped
full=$token token=$(sed -n '2s|^.*#token=||p' "$links")
[ "$token" != "$full" ] && state_is running && get /metrics | grep -q '^HTTP/1.1 403'
result $? token_for_viewing_lets_watch
token=$full
# What libavcodec brings along makes system calls that a sandbox may punish: it comes when it is needed.
! grep -qE 'libavcodec|libnuma' "/proc/$pid/maps"
result $? codec_library_is_not_loaded_unasked
listening=$port
expect 1 "127.0.0.1:$listening" port_in_use_is_told serve pattern: --listen "127.0.0.1:$listening"
# Another address of this host may have the same port.
"$oriel" serve pattern: --listen "127.0.0.2:$port" >"$out" 2>"$err" </dev/null &
other=$!
wait_for 20 ready
others=$(sed -n 's|^links: ||p' "$out")
[ -s "$others" ] && [ "$others" != "$links" ] && grep -q "127.0.0.1:$port/#token=$token$" "$links" && kill "$other" && wait "$other" &&
  [ -s "$links" ] && [ ! -e "$others" ]
result $? links_of_two_addresses_on_one_port
finish INT
[ "$status" -eq 0 ] && [ "$took" -lt 2000 ] && [ ! -e "$links" ]
result $? ctrl_c_ends_in_order
begin serve pattern: --print-token
token=$(sed -n 's|^ready: .*#token=||p' "$out")
[ -z "$links" ] && [ "${#token}" -eq 43 ] && state_is running && grep -q '^view: http.*#token=' "$out" && tail -n 1 "$out" | grep -q '^ready: '
result $? token_is_piped_where_that_is_wished
finish INT
"$oriel" serve pattern: --listen :0 >"$out" 2>"$err" </dev/null &
pid=$!
wait_for 20 grep -q '^ready: http://127.0.0.1:[1-9]' "$out"
result $? port_alone_is_one_of_this_host
# One that takes nothing of a long answer is not waited for.
port=$(sed -n 's|^ready: http://127.0.0.1:\([0-9]*\)/.*|\1|p' "$out")
exec 4<>"/dev/tcp/127.0.0.1/$port"
trap '' PIPE
for _ in {1..400}; do printf 'GET /first.js HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n' "$port" >&4 2>/dev/null || break; done
trap - PIPE
finish TERM
exec 4>&-
[ "$status" -eq 0 ] && ! grep -q 'did not close' "$err"
result $? client_that_takes_nothing_does_not_hold_the_end

echo 'a-token-in-a-file' >"$scratch/token"
chmod 644 "$scratch/token"
token=a-token-in-a-file
begin serve pattern: --token-file "$scratch/token" --view-token looking-at-it-only --print-token --stats 1
[ "$token" = a-token-in-a-file ] && ! grep -qE 'a-token-in-a-file|looking-at-it|links:|view:' "$out" "$err" && grep -q 'can be read by others' "$err" && state_is running && wait_for 5 grep -q '^stats: running' "$out"
result $? token_file_and_stats_line
finish TERM
[ "$status" -eq 0 ]
result $? sigterm_ends_in_order

begin serve pattern: --tls-self-signed
grep -qE '^certificate: SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$' "$out" && grep -q '^ready: https://' "$out"
result $? self_signed_certificate_is_announced
finish INT

export ORIEL_TOKEN=from-the-environment
begin serve pattern:
unset ORIEL_TOKEN
[ "$(wc -l <"$links")" -eq 1 ] && ! grep -q from-the-environment "$out" "$err" "$links" # the link for viewing
result $? given_token_is_not_repeated
token=from-the-environment
state_is running && ! grep -q 'token is short' "$err"
result $? token_from_the_environment
finish INT
expect 1 'is too short' short_token_is_refused serve pattern: --token fifteen-letters --listen 127.0.0.1:0
! grep -q fifteen "$err"
result $? refused_token_is_not_repeated

# A QEMU that takes its time to be found wrong; the server then still has its own to close.
cat >"$scratch/slow-qemu" <<EOF
#!/bin/bash
case "\$*" in
  --version) sleep 1; echo QEMU emulator version 7.2.0 ;;
  *) echo none ;;
esac
EOF
chmod +x "$scratch/slow-qemu"
ORIEL_QEMU=$scratch/slow-qemu expect 1 'no D-Bus display' slow_failure_is_told run "$scratch/sleeps.img" --disk-format raw --listen 127.0.0.1:0
! grep -q 'did not close' "$err"
result $? slow_failure_leaves_the_server_its_time

begin serve "qemu:$scratch/nobody.sock"
state_is connecting
result $? absent_vm_is_waited_for
exec 4<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /snapshot.png HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nAuthorization: Bearer %s\r\n\r\n' "$port" "$token" >&4
wait_for 5 eval "get /healthz | grep -q 200"
finish TERM
grep -q '^HTTP/1.1 503' <&4 && [ "$status" -eq 0 ] && [ "$took" -lt 1500 ] && ! grep -q 'did not close' "$err"
result $? snapshot_of_an_absent_vm_does_not_hold_the_end
exec 4>&-

# ---- virtual machines ----
vm sleeps.img ctrl-c
qemu=$(qemu_pid)
wait_for 10 state_is running && [ -S "$scratch/run/oriel/ctrl-c/qmp.sock" ] && ! tr '\0' '\n' <"/proc/$qemu/environ" | grep -q '^ORIEL_'
result $? disk_is_booted_and_served
# Into one file, as a terminal shows it.
"$oriel" serve "qemu:$scratch/nobody.sock" --listen 127.0.0.1:0 >"$scratch/order" 2>&1 </dev/null &
waiting=$!
wait_for 10 grep -q '^ready: ' "$scratch/order" && tail -n 1 "$scratch/order" | grep -q '^ready: '
result $? address_is_the_last_line_without_a_vm
kill -INT "$waiting" && wait "$waiting"
"$oriel" run "$scratch/sleeps.img" --accel tcg --memory 64M --network none --name order --listen 127.0.0.1:0 \
  >"$scratch/order" 2>&1 </dev/null &
waiting=$!
wait_for 20 grep -q '^ready: ' "$scratch/order" && wait_for 10 grep -q 'running: ' "$scratch/order" &&
  tail -n 1 "$scratch/order" | grep -q '^ready: '
result $? address_is_the_last_line_of_a_start
kill -INT "$waiting" && wait "$waiting"
expect 1 'is being served by another oriel' running_name_is_refused run "$scratch/sleeps.img" --accel tcg --memory 64M --name ctrl-c --listen 127.0.0.1:0
finish INT
[ "$status" -eq 0 ] && [ "$took" -lt 2000 ] && gone "$qemu" && nothing_stays
result $? ctrl_c_ends_the_vm_and_leaves_nothing

vm sleeps.img quit
qemu=$(qemu_pid)
finish QUIT
[ "$status" -eq 0 ] && gone "$qemu" && nothing_stays
result $? sigquit_ends_the_vm_too

vm sleeps.img stuck
qemu=$(qemu_pid)
kill -STOP "$qemu" # SIGTERM does not reach it
finish INT
[ "$status" -eq 0 ] && [ "$took" -lt 2500 ] && gone "$qemu" && nothing_stays
result $? vm_that_does_not_end_is_killed

vm sleeps.img impatient
qemu=$(qemu_pid)
kill -STOP "$qemu"
kill -INT "$pid"
wait_for 2 eval "! get /healthz | grep -q 200" # the first signal is at work
finish INT
gone "$qemu" && nothing_stays
result $? second_signal_still_ends_the_vm

# SIGKILL of oriel leaves the VM; another oriel attaches; ending that one leaves it, too.
vm sleeps.img survivor
qemu=$(qemu_pid)
{ finish KILL; } 2>/dev/null
kill -0 "$qemu"
result $? vm_survives_sigkill
expect 1 "oriel serve qemu:$scratch/run/oriel/survivor/qmp.sock" vm_of_other_options_is_pointed_at run "$scratch/sleeps.img" \
  --accel tcg --memory 65M --network none --name survivor --listen 127.0.0.1:0
kill -0 "$qemu"
result $? vm_of_other_options_is_left_alone
begin serve "qemu:$scratch/run/oriel/survivor/qmp.sock"
wait_for 10 state_is running
result $? vm_is_attached_to_again
finish INT
[ "$status" -eq 0 ] && kill -0 "$qemu"
result $? detaching_leaves_the_vm
# The same command again, as a service manager gives it after a crash.
vm sleeps.img survivor && [ "$(qemu_pid)" = "$qemu" ] && grep -q 'runs already and is taken over' "$err" && wait_for 10 state_is running
result $? run_takes_over_its_vm
kill -KILL "$qemu"
wait_for 5 state_is gone
shown=$?
wait "$pid"
status=$?
[ "$shown" -eq 0 ] && [ "$status" -eq 1 ] && grep -q '^oriel: the VM is lost: QEMU ended out of order' "$err" && nothing_stays
result $? crash_of_a_vm_taken_over_is_told
vm sleeps.img survivor
qemu=$(qemu_pid)
{ finish KILL; } 2>/dev/null
vm sleeps.img survivor
finish INT
[ "$status" -eq 0 ] && [ "$took" -lt 2500 ] && wait_for 5 gone "$qemu" && nothing_stays # init reaps it, not we
result $? ctrl_c_ends_a_vm_taken_over
vm sleeps.img survivor
qemu=$(qemu_pid)
{ finish KILL; } 2>/dev/null
kill -KILL "$qemu"
wait_for 5 gone "$qemu"
vm sleeps.img survivor
result $? leftovers_of_a_dead_vm_do_not_hinder
finish INT

vm sleeps.img crash
qemu=$(qemu_pid)
wait_for 10 state_is running
kill -KILL "$qemu"
wait_for 5 state_is gone
shown=$?
wait "$pid"
status=$?
[ "$shown" -eq 0 ] && [ "$status" -eq 1 ] && grep -q '^oriel: the VM is lost: QEMU was killed by signal 9' "$err" && nothing_stays
result $? crash_is_shown_and_told

vm powers-off.img off
wait "$pid"
status=$?
[ "$status" -eq 0 ] && grep -q '^oriel: the guest powered off' "$err" && nothing_stays
result $? power_off_ends_well

# ---- the end of a guest that keeps what it wrote ----
# Enables the power button (port 0x602, bit 8), says so on port 0xE9, looks once a tick (port 0x600), and switches off as above.
sector button.img '\xba\x02\x06\xb8\x00\x01\xef\xb0\x42\xe6\xe9\xfb\xf4\xba\x00\x06\xed\xf6\xc4\x01\x74\xf6\xba\x04\x06\xb8\x00\x20\xef\xf4\xeb\xfd'
export ORIEL_LISTEN=127.0.0.1:0
: >"$out"
"$oriel" run "$scratch/button.img" --persistent --accel tcg --memory 64M --network none --name button \
  -- -debugcon "file:$scratch/port" >"$out" 2>"$err" </dev/null &
pid=$!
unset ORIEL_LISTEN
wait_for 20 ready && wait_for 20 grep -q B "$scratch/port"
qemu=$(qemu_pid)
finish TERM
[ "$status" -eq 0 ] && gone "$qemu" && grep -q 'the guest is asked to power down and has 60 s' "$err" &&
  grep -q '^oriel: the guest powered off' "$err" && nothing_stays
result $? sigterm_lets_a_persistent_guest_power_down

vm sleeps.img deaf --persistent --shutdown-timeout 1 && wait_for 10 state_is running
qemu=$(qemu_pid)
finish TERM
[ "$status" -eq 0 ] && [ "$took" -ge 1000 ] && [ "$took" -lt 3500 ] && gone "$qemu" && grep -q 'did not power down within 1 s' "$err"
result $? guest_that_does_not_power_down_is_ended
vm sleeps.img deaf --persistent && wait_for 10 state_is running
qemu=$(qemu_pid)
kill -TERM "$pid"
wait_for 5 grep -q 'the guest is asked to power down' "$err" && state_is running # it is still served
served=$?
finish TERM
[ "$served" -eq 0 ] && [ "$status" -eq 0 ] && [ "$took" -lt 2500 ] && gone "$qemu" && nothing_stays
result $? second_signal_does_not_wait_for_the_guest

# ---- doctor ----
timeout 60 "$oriel" doctor --listen 127.0.0.1:0 >"$out" 2>"$err" && [ "$(grep -cvE '^(ok   |warn ) [A-Za-z0-9 ]+: ' "$out")" -eq 0 ] &&
  [ "$(grep -c . "$out")" -ge 8 ] && grep -q '^ok    QEMU: ' "$out"
result $? doctor_says_what_works
timeout 60 "$oriel" doctor --listen 127.0.0.1:0 --json >"$out" 2>"$err" && python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
assert report["works"] is True and all(f["verdict"] in ("ok", "warn") for f in report["findings"])' "$out" 2>>"$err"
result $? doctor_speaks_json
ORIEL_QEMU=/no/such timeout 60 "$oriel" doctor --listen 127.0.0.1:0 >"$out" 2>"$err"
[ $? -eq 1 ] && grep -q '^fail  QEMU: .*ORIEL_QEMU' "$out"
result $? doctor_fails_without_qemu
nothing_stays
result $? nothing_stays_at_all

echo "1..$count"
