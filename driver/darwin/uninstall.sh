#!/bin/sh
# SPDX-License-Identifier: MIT
#
# uninstall.sh [--settings]: removes OrielAudio.driver (sudo ./uninstall.sh). With --settings its property lists, too.
set -eu
exec "$(dirname "$0")/install.sh" --remove "$@"
