#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh [--remove [--settings]]: installs OrielAudio.driver from the folder of this script (sudo ./install.sh), or removes it, with
# --settings its property lists, too. Works from a shared folder: what comes through one loses its signature's resources, so the
# copy is signed again, ad hoc.
set -eu
umask 022 # root's may be stricter: what the daemon's own user cannot reach is not there for it
cd "$(dirname "$0")"
folder=/Library/Audio/Plug-Ins/HAL
target=$folder/OrielAudio.driver
support="/Library/Application Support/Oriel"

fail() {
  echo "install: $*" >&2
  exit 1
}

# launchctl kickstart -k is refused since macOS 14.4; launchd starts the daemon again by itself, on every version.
restart_daemon() {
  echo "Restarting the audio daemon: sound stops for a moment."
  before=$(pgrep -x coreaudiod || true)
  killall coreaudiod 2>/dev/null || true
  count=0
  while [ -n "$before" ] && [ "$(pgrep -x coreaudiod || true)" = "$before" ]; do
    count=$((count + 1))
    [ "$count" -lt 5 ] || {
      killall -9 coreaudiod 2>/dev/null || true
      break
    }
    sleep 1
  done
}

[ "$(uname -s)" = Darwin ] || fail "this is for macOS; on Linux install oriel-agent instead"
[ "$(id -u)" -eq 0 ] || fail "needs root: sudo $0${1:+ $*}"

case ${1:-} in
"") ;;
--remove)
  case ${2:-} in
  "" | --settings) ;;
  *) fail "\"$2\" is no option: --remove, or --remove --settings" ;;
  esac
  was=
  [ ! -e "$target" ] || was=yes
  rm -rf "$target" "$target.new"
  if [ "${2:-}" = --settings ]; then
    rm -f "$support/OrielAudio.plist" "$folder/OrielAudio.plist"
    rmdir "$support" 2>/dev/null || true
  fi
  if [ -n "$was" ]; then
    restart_daemon
    echo "OrielAudio.driver is removed."
  else
    echo "OrielAudio.driver was not installed."
  fi
  for list in "$support/OrielAudio.plist" "$folder/OrielAudio.plist"; do
    [ ! -e "$list" ] || echo "Left, as you made it: $list ($0 --remove --settings removes it, too)"
  done
  echo "Left with the audio daemon: what \`oriel audio set\` kept, and where you put speakers. It counts again if you install again;"
  echo "\`oriel audio set\` with every value at its default forgets it, before the driver is removed."
  exit 0
  ;;
*) fail "\"$1\" is no option: --remove, or --remove --settings" ;;
esac

[ -f OrielAudio.driver/Contents/MacOS/OrielAudio ] || fail "OrielAudio.driver is not beside this script"

# Beside the old one first, then exchanged: a copy that fails leaves what was installed.
rm -rf "$target.new"
trap 'rm -rf "$target.new"' EXIT
mkdir -p "$folder"
# Whoever made them, and however long ago: each must let the daemon's user through.
chmod a+rx "$folder" "$(dirname "$folder")" "$(dirname "$(dirname "$folder")")" || fail "cannot open $folder to the audio daemon"
cp -R OrielAudio.driver "$target.new" || fail "cannot copy to $folder"
chown -R root:wheel "$target.new"
find "$target.new" -type d -exec chmod 755 {} +
find "$target.new" -type f -exec chmod 644 {} +
chmod 755 "$target.new/Contents/MacOS/OrielAudio"
xattr -cr "$target.new" 2>/dev/null || true
codesign --force --sign - "$target.new" || fail "codesign failed: install the command line tools (xcode-select --install)"
rm -rf "$target"
mv "$target.new" "$target"

restart_daemon

count=0
while [ "$count" -lt 10 ]; do
  # As JSON: its keys are the same in every language.
  if system_profiler -json SPAudioDataType 2>/dev/null |
    grep -Eq '"coreaudio_device_manufacturer"[[:space:]]*:[[:space:]]*"Oriel"'; then
    echo "OrielAudio.driver is installed: choose \"Oriel Output\" in System Settings, Sound."
    exit 0
  fi
  count=$((count + 1))
  sleep 1
done
fail "installed, but the audio daemon does not show the devices; see: log show --last 5m --predicate 'subsystem == \"org.oriel.audio\" OR process == \"coreaudiod\"'"
