#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `meson install` leaves is whole: the files, and the examples built from them alone, as a stranger's program is, against
# the shared and the static library, and run. usage: install_test.sh MESON BUILD EXAMPLES EXAMPLES_TEST
set -eu
meson=$1 build=$2 examples=$3 examples_test=$4
work=$(mktemp -d "${TMPDIR:-/tmp}/oriel-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
root=$work/root

fail() {
  printf 'install_test: %s\n' "$*" >&2
  exit 1
}

DESTDIR=$root "$meson" install -C "$build" --no-rebuild --quiet
config=$(find "$root" -name oriel-audio.pc)
[ -n "$config" ] || fail "no oriel-audio.pc"
export PKG_CONFIG_SYSROOT_DIR="$root" PKG_CONFIG_LIBDIR="${config%/*}"
prefix=$root$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=prefix oriel-audio)
libraries=$root$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=libdir oriel-audio)

# Nothing is missing, nothing is there that nobody asked for.
(cd "$prefix" && find . -type f -o -type l | LC_ALL=C sort) >"$work/files"
for file in bin/oriel include/oriel/audio.h; do
  grep -qx "./$file" "$work/files" || fail "no $file"
done
if grep -qx ./bin/oriel-agent "$work/files"; then
  grep -qx ./share/oriel/agent.conf "$work/files" || fail "no share/oriel/agent.conf"
  started=$(sed -n 's/^ExecStart=//p' "$prefix/lib/systemd/user/oriel-agent.service")
  [ -x "$root$started" ] || fail "the service starts $started, which is not there"
  "$root$started" --config "$prefix/share/oriel/agent.conf" --check >/dev/null || fail "agent.conf is refused by its agent"
fi
if grep -vE '^\./(bin/oriel(-agent(-screen)?)?|include/oriel/audio\.h|share/man/man1/oriel(-agent)?\.1|lib/systemd/(user/oriel-agent\.service|system/oriel@\.(service|socket))|lib/udev/rules\.d/70-oriel-agent\.rules|share/oriel/agent\.conf|lib(/[^/]+)?/(liboriel-audio\.(a|so[0-9.]*)|pkgconfig/oriel-audio\.pc))$' \
  "$work/files"; then
  fail "these files belong to nobody"
fi

# A program that was installed looks for libraries where the system does, not where it was built.
for file in "$prefix"/bin/* "$libraries"/liboriel-audio.so; do
  if readelf -d "$file" | grep -E 'R(UN)?PATH'; then
    fail "$file has the path above"
  fi
done
readelf -d "$libraries/liboriel-audio.so" | grep -q 'SONAME.*\[liboriel-audio\.so\.0\]' || fail "the library's own name is wrong"
"$prefix/bin/oriel" --version >/dev/null

compiler=${CC:-cc} warnings='-std=c17 -Wall -Wextra -Werror -pedantic'
for example in meter recorder; do
  # shellcheck disable=SC2046,SC2086
  {
    $compiler $warnings -o "$work/$example" "$examples/$example.c" $(pkg-config --cflags --libs oriel-audio) -lm
    $compiler $warnings -static -o "$work/$example-static" "$examples/$example.c" \
      $(pkg-config --static --cflags --libs oriel-audio) -lm
  }
done
# shellcheck disable=SC2046
printf '#include <oriel/audio.h>\n' | clang -x c++ -Wall -Werror -fsyntax-only $(pkg-config --cflags oriel-audio) -
LD_LIBRARY_PATH=$libraries "$examples_test" "$work/meter" "$work/recorder"
"$examples_test" "$work/meter-static" "$work/recorder-static"
