#!/bin/bash
# SPDX-License-Identifier: MIT
#
# audio_test.sh ORIEL: `oriel audio …` as a user meets it: help, exit statuses, one-line errors, real streams on
# UNIX sockets, settings in a home of its own, a staged driver. Output is TAP.
set -u
oriel=$1
. "$(dirname "$0")/tap.sh" audio audio
mkdir -m 700 "$scratch/share"
export HOME=$scratch/home
unset XDG_CONFIG_HOME
conf=$HOME/.config/oriel/agent.conf

json() { python3 -c "import json,sys; d=json.load(open(sys.argv[1])); sys.exit(0 if ($1) else 1)" "$out" 2>>"$err"; }

# ---- words ----
"$oriel" audio --help >"$out" 2>"$err" && grep -q 'stage --share' "$out" && "$oriel" help audio | cmp -s - "$out"
result $? help_is_printed
for command in status meter test set stage; do
  "$oriel" audio $command --help >"$out" 2>"$err" && grep -q "^Usage: oriel audio $command" "$out" && [ ! -s "$err" ]
  result $? "help_of_$command"
done
"$oriel" audio >"$out" 2>"$err"
[ $? -eq 2 ] && grep -q Usage "$err"
result $? no_command_is_wrong_usage
expect 2 'no command "audio play"' unknown_command_is_told play
expect 2 'unknown option --frob' unknown_option_is_told test --frob
expect 2 '--seconds is "0": it must be a whole number from 1 to 3600' bad_number_names_its_range test --seconds 0
expect 2 '--tone needs a value' missing_value_is_told test --tone
expect 2 'unexpected "two"' stray_word_is_told test unix:///x two

# ---- test ----
timeout 30 "$oriel" audio test --seconds 3 --json >"$out" 2>"$err" &&
  json 'd["delay_ms"]["count"] >= 2 and 15 < d["delay_ms"]["p50"] < 400 and all(abs(n["hz"] - 1000) < 20 for n in d["notes"]) and d["notes"]'
result $? test_of_itself_measures_delay_and_pitch
[ -z "$(ls -d "$TMPDIR"/oriel-audio.* 2>/dev/null)" ]
result $? test_of_itself_leaves_nothing
for address in "unix://$scratch/opus?frame=5" "unix://$scratch/pcm?format=pcm"; do
  timeout 30 "$oriel" audio test "$address" --listen --seconds 2 --json >"$out" 2>"$err" &
  ears=$!
  timeout 30 "$oriel" audio test "$address" --send --tone 440 --seconds 4 >"$scratch/sent" 2>>"$err"
  sent=$?
  wait "$ears" && [ "$sent" -eq 0 ] && json 'd["notes"] and abs(d["notes"][0]["hz"] - 440) < 5 and abs(d["peak_db"] + 12) < 1.5 and d["bad_packets"] == 0'
  result $? "tone_is_heard_through_${address##*\?}"
done
timeout 30 "$oriel" audio test "unix://$scratch/mixed" --send --seconds 8 >/dev/null 2>&1 &
expect 1 'give both ends the same ?format=' formats_that_differ_are_told test "unix://$scratch/mixed?format=pcm" --listen --seconds 2
wait
expect 1 'nobody listens there' absent_peer_is_told test tcp://127.0.0.1:9 --wait 1
expect 1 'nobody connected' absent_dialer_is_told test "unix://$scratch/nobody" --listen --wait 1
expect 1 'nothing could be sent' absent_listener_is_told test "unix://$scratch/nobody" --send --wait 1
expect 2 'ftp://x' bad_address_is_told test ftp://x
expect 2 'oriel audio meter' shared_memory_is_no_stream test shm://x
expect 2 '--send needs an ADDRESS' send_needs_an_address test --send
expect 2 'choose one' send_and_from_exclude_each_other test unix:///x --send --from unix:///y
expect 1 'cannot listen at' unwritable_socket_is_told test unix:///proc/x --listen

# ---- set ----
"$oriel" audio set output=tcp://127.0.0.1:7000 Rate=44100 'input-name=My input' >"$out" 2>"$err" && grep -q '^rate = 44100$' "$conf" &&
  grep -q '^input-name = My input$' "$conf" && grep -q 'no oriel-agent runs here' "$out"
result $? settings_are_written
printf '# mine\n Transport =  none\nrate = 48000\n' >"$conf"
"$oriel" audio set output=unix:///a >"$out" 2>"$err" && [ "$(cat "$conf")" = "$(printf '# mine\nrate = 48000\noutput = unix:///a')" ]
result $? either_spelling_is_replaced_and_the_rest_stays
cp "$conf" "$scratch/before"
expect 2 'rate is "48001"' wrong_value_is_told set bitrate=64 rate=48001
expect 2 'no setting "ratte"' unknown_setting_is_told set ratte=48000
expect 2 '"rate" is no setting' setting_without_value_is_told set rate
expect 2 'packets of 2.5 ms need PCM' settings_that_do_not_fit_are_told set frame=2.5
cmp -s "$conf" "$scratch/before" && [ "$(ls "$HOME/.config/oriel")" = agent.conf ]
result $? wrong_settings_change_nothing
"$oriel" audio set >"$out" 2>"$err" && grep -q '^output = unix:///a$' "$out"
result $? settings_in_force_are_printed
# Several at once, each its own key: none is lost.
lost=0
for round in 1 2 3 4 5 6; do
  sets=(output=unix:///o$round input=unix:///i$round output-name=O$round input-name=I$round bitrate=$((round + 20)) shm=s$round)
  for one in "${sets[@]}"; do "$oriel" audio set "$one" >>"$out" 2>>"$err" & done
  wait
  for one in "${sets[@]}"; do grep -q "^${one%%=*} = ${one#*=}\$" "$conf" || lost=$((lost + 1)); done
done
[ "$lost" -eq 0 ] && [ "$(ls "$HOME/.config/oriel")" = agent.conf ]
result $? simultaneous_settings_are_all_taken
expect 1 'cannot write /proc/agent.conf' unwritable_file_is_told set --config /proc/agent.conf rate=48000

# ---- status, meter ----
expect 1 'no agent answers at' nobody_to_ask_is_told status --control "$scratch/nobody"
expect 2 '--server needs its token' server_without_token_is_told status --server http://127.0.0.1:9
ORIEL_TOKEN=x expect 1 'must be like http://127.0.0.1:8080' wrong_server_url_is_told status --server ftp://x
python3 - "$scratch/agent.sock" <<'PY' &
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
full = b'{"agent": "9", "devices": [{"name": "Oriel\\u001b[2J\\u009b2J", "a\\u009b\\u001b[2J": 1}],\
 "output": {"delay": {"packet_ms": 20.0}}}'
for answer in (full, full, b'{"cut": '):
    peer, _ = listener.accept()
    peer.sendall(answer)
    peer.close()
PY
until [ -S "$scratch/agent.sock" ]; do sleep 0.02; done # a socket's birth has no event for a shell
"$oriel" audio status --control "$scratch/agent.sock" >"$out" 2>"$err" && grep -q 'packet_ms 20' "$out" && ! grep -q -e $'\033' -e $'\302\233' "$out"
result $? agent_is_shown_without_its_control_characters
"$oriel" audio status --json --control "$scratch/agent.sock" >"$out" 2>"$err" && grep -q '2J' "$out" && ! grep -q -e $'\033' -e $'\302\233' "$out"
result $? agent_is_shown_in_json_without_them
timeout 10 "$oriel" audio status --control "$scratch/agent.sock" >"$out" 2>"$err"
[ $? -eq 1 ] && grep -q 'is no oriel-agent' "$err"
result $? broken_answer_is_told
expect 1 'no-such-device' absent_device_is_told meter no-such-device

# ---- stage ----
ORIEL_DARWIN_DIR=$scratch/none expect 1 '`make darwin`' missing_driver_names_make_darwin stage --share "$scratch/share"
expect 2 '--share DIR' share_is_needed stage
mkdir -p "$scratch/darwin/OrielAudio.driver/Contents/"{MacOS,Resources}
echo binary >"$scratch/darwin/OrielAudio.driver/Contents/MacOS/OrielAudio"
cp "$(dirname "$0")/../../driver/darwin/OrielAudio.plist" "$scratch/darwin/OrielAudio.driver/Contents/Resources/"
for script in install uninstall; do echo '#!/bin/sh' >"$scratch/darwin/$script.sh" && chmod 755 "$scratch/darwin/$script.sh"; done
export ORIEL_DARWIN_DIR=$scratch/darwin
plist=$scratch/share/OrielAudio/OrielAudio.driver/Contents/Resources/OrielAudio.plist
ln -s "$scratch/before" "$scratch/share/OrielAudio" # a guest's trap
"$oriel" audio stage --share "$scratch/share" rate=44100 'OutputName=A & <B>' Transport=none >"$out" 2>"$err" && [ ! -L "$scratch/share/OrielAudio" ] &&
  [ -x "$scratch/share/OrielAudio/install.sh" ] && [ -f "$scratch/before" ] && [ "$(ls -A "$scratch/share")" = OrielAudio ] && python3 - "$plist" <<'PY'
import plistlib, sys
with open(sys.argv[1], 'rb') as file:
    settings = plistlib.load(file)
assert (settings['Rate'], settings['OutputName'], settings['Transport']) == (44100, 'A & <B>', ''), settings
PY
result $? driver_is_staged_with_settings
"$oriel" audio stage --share "$scratch/share" >"$out" 2>"$err" && cmp -s "$plist" "$scratch/darwin/OrielAudio.driver/Contents/Resources/OrielAudio.plist"
result $? staging_again_replaces_it
expect 2 'choose 44100, 48000, 88200 or 96000' wrong_setting_of_the_driver_is_told stage --share "$scratch/share" Rate=44101
expect 2 'the driver has no setting "control"' agents_own_setting_is_refused stage --share "$scratch/share" control=none
expect 1 'cannot open /no/such/share' missing_share_is_told stage --share /no/such/share

echo "1..$count"
