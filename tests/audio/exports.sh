#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The shared library exports what its header declares, no more and no less. usage: exports.sh LIBRARY HEADER
set -eu
exported=$(nm -D --defined-only "$1" | awk '$2 ~ /[A-Z]/ && $3 !~ /^_/ { print $3 }' | sort)
declared=$(sed -n 's/^ORIEL_AUDIO_API.*[ *]\(oriel_audio_[a-z_]*\)(.*/\1/p' "$2" | sort)
[ -n "$declared" ]
if [ "$exported" != "$declared" ]; then
  printf 'exported:\n%s\ndeclared:\n%s\n' "$exported" "$declared"
  exit 1
fi
