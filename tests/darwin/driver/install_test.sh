#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install_test.sh ROOT: the driver's install and uninstall scripts among stand-ins for a Mac's commands, in a folder that
# stands for the system's. Output is TAP.
set -u
scratch=$(mktemp -d /tmp/oriel-install-test.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/bin" "$scratch/share/OrielAudio.driver/Contents/MacOS" "$scratch/share/OrielAudio.driver/Contents/Resources" \
  "$scratch/system"
hal=$scratch/system/HAL
for script in install uninstall; do
  sed "s|/Library/Audio/Plug-Ins/HAL|$hal|; s|/Library/Application Support|$scratch/system/Support|g" \
    "$1/driver/darwin/$script.sh" >"$scratch/share/$script.sh"
  chmod 755 "$scratch/share/$script.sh"
done
echo program >"$scratch/share/OrielAudio.driver/Contents/MacOS/OrielAudio"
echo list >"$scratch/share/OrielAudio.driver/Contents/Resources/OrielAudio.plist"
chmod -R go-rwx "$scratch/share/OrielAudio.driver" # as copies through a share come

stub() { # stub NAME: its commands from stdin, after a line in the log
  { printf '#!/bin/sh\necho "%s $*" >>"%s/log"\n' "$1" "$scratch" && cat; } >"$scratch/bin/$1"
  chmod 755 "$scratch/bin/$1"
}
echo 'echo Darwin' | stub uname
echo "cat $scratch/uid" | stub id
echo 'exit 0' | stub chown
echo 'exit 0' | stub xattr
echo "exit \$(cat $scratch/codesign)" | stub codesign
echo 'exit 0' | stub sleep
echo "cat $scratch/daemon" | stub pgrep
# The daemon comes back under another number; a stubborn one only when it is killed.
echo "[ \"\$1\" != -9 ] && [ -e $scratch/stubborn ] || echo 2 >$scratch/daemon" | stub killall
# In a language of the user's own; with -json in none. Silent until the daemon has found the bundle that is installed.
stub system_profiler <<END
[ -e "$hal/OrielAudio.driver/Contents/MacOS/OrielAudio" ] && [ -z "\$(cat $scratch/deaf 2>/dev/null)" ] || exit 0
case "\$*" in
*-json*) printf '{"SPAudioDataType" : [{"_items" : [{"_name" : "Ausgabe",\n "coreaudio_device_manufacturer" : "Oriel"}]}]}\n' ;;
*) printf 'Hersteller: Oriel\n' ;;
esac
END
PATH=$scratch/bin:$PATH

count=0
check() { # check NAME CONDITION...
  count=$((count + 1))
  name=$1
  shift
  if "$@"; then echo "ok $count - $name"; else
    echo "not ok $count - $name"
    sed 's/^/# /' "$scratch/out" "$scratch/log" 2>/dev/null
  fi
}
run() { # run SCRIPT ARGUMENTS...: its status in $status
  : >"$scratch/log"
  echo 1 >"$scratch/daemon"
  script=$1
  shift
  (cd / && "$scratch/share/$script.sh" "$@") >"$scratch/out" 2>&1
  status=$?
}
logged() { grep -q -e "$1" "$scratch/log"; }
told() { grep -q -e "$1" "$scratch/out"; }
mode() { stat -c %a "$1"; }

echo 0 >"$scratch/uid"
echo 0 >"$scratch/codesign"
run install
check driver_is_installed [ "$status" -eq 0 ]
check folders_and_program_are_open [ "$(mode "$hal/OrielAudio.driver") $(mode "$hal/OrielAudio.driver/Contents/MacOS/OrielAudio")" = "755 755" ]
check lists_are_readable [ "$(mode "$hal/OrielAudio.driver/Contents/Resources/OrielAudio.plist")" = 644 ]
check owner_is_root logged '^chown -R root:wheel '
check quarantine_is_cleared logged '^xattr -cr '
check copy_is_signed_ad_hoc logged '^codesign --force --sign - '
check daemon_is_restarted_once [ "$(grep -c '^killall' "$scratch/log")" = 1 ]

# Folders of another time, and a root with a strict umask: the daemon's user must get through all the same.
rm -rf "$hal"
mkdir -p "$hal"
chmod 700 "$hal"
(umask 077 && run install && exit "$status")
status=$?
check strict_umask_installs [ "$status" -eq 0 ]
check old_closed_folder_is_opened [ "$(mode "$hal")" = 755 ]
check nothing_in_it_is_closed [ -z "$(find "$hal" -type d ! -perm -005 -o -type f ! -perm -004)" ]
rm -rf "$scratch/system"
mkdir "$scratch/system"
(umask 077 && run install && exit "$status")
check folders_that_it_makes_are_open [ "$(mode "$hal") $(mode "$hal/OrielAudio.driver")" = "755 755" ]
echo yes >"$scratch/deaf"
run install
check devices_that_do_not_come_are_told [ "$status $(grep -c 'does not show the devices' "$scratch/out")" = "1 1" ]
rm "$scratch/deaf"

touch "$scratch/stubborn"
run install
check stubborn_daemon_is_killed logged '^killall -9 coreaudiod'
rm "$scratch/stubborn"

echo new >"$scratch/share/OrielAudio.driver/Contents/MacOS/OrielAudio"
echo 1 >"$scratch/codesign"
run install
check failed_copy_leaves_the_old_one grep -q program "$hal/OrielAudio.driver/Contents/MacOS/OrielAudio"
check failed_signature_is_told told 'codesign failed'
check failed_signature_leaves_nothing [ "$(ls "$hal")" = OrielAudio.driver ]
echo 0 >"$scratch/codesign"
run install
check newer_one_takes_its_place grep -q new "$hal/OrielAudio.driver/Contents/MacOS/OrielAudio"
check nothing_is_left_beside_it [ "$(ls "$hal")" = OrielAudio.driver ]

echo 501 >"$scratch/uid"
run uninstall
check root_is_asked_for told 'needs root'
check without_root_nothing_goes [ -d "$hal/OrielAudio.driver" ]
echo 0 >"$scratch/uid"
mkdir -p "$scratch/system/Support/Oriel"
touch "$scratch/system/Support/Oriel/OrielAudio.plist" "$hal/OrielAudio.plist"
run install --nonsense
check wrong_option_is_told told 'no option'
run uninstall
check driver_is_removed [ ! -e "$hal/OrielAudio.driver" ]
check settings_stay [ -e "$hal/OrielAudio.plist" ]
check what_stays_is_told told "Left, as you made it: $hal/OrielAudio.plist"
check what_the_daemon_keeps_is_told told 'Left with the audio daemon'
check only_settings_stay [ "$(ls "$hal")" = OrielAudio.plist ]
check daemon_is_restarted_again logged '^killall coreaudiod'
run uninstall --settings
check settings_go [ ! -e "$hal/OrielAudio.plist" ]
check their_folder_goes [ ! -e "$scratch/system/Support/Oriel" ]
check nothing_stays [ -z "$(find "$scratch/system" ! -type d)" ]
check driver_that_is_not_there_is_told told 'was not installed'
check no_restart_for_nothing [ -z "$(grep '^killall' "$scratch/log")" ]
run uninstall --nonsense
check wrong_option_of_removal_is_told told 'no option'
echo "1..$count"
