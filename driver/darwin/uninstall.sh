#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Removes OrielAudio.driver: sudo ./uninstall.sh. With --settings its property lists, too.
set -eu

[ "$(uname -s)" = Darwin ] || {
  echo "uninstall: this is for macOS" >&2
  exit 1
}
[ "$(id -u)" -eq 0 ] || {
  echo "uninstall: needs root: sudo $0" >&2
  exit 1
}
rm -rf /Library/Audio/Plug-Ins/HAL/OrielAudio.driver /Library/Audio/Plug-Ins/HAL/OrielAudio.driver.new
if [ "${1:-}" = --settings ]; then
  rm -f "/Library/Application Support/Oriel/OrielAudio.plist" /Library/Audio/Plug-Ins/HAL/OrielAudio.plist
  rmdir "/Library/Application Support/Oriel" 2>/dev/null || true
fi
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
echo "OrielAudio.driver is removed."
