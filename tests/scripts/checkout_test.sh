#!/bin/bash
# SPDX-License-Identifier: MIT
#
# checkout_test.sh ROOT: scripts/build.sh in a small project whose path has a space and which is copied and moved, and
# scripts/bootstrap.sh for users whom sudo asks for a password. Output is TAP.
set -u
root=$1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/oriel checkout-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out count=0

result() { # result STATUS NAME
  count=$((count + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $count - $2"
  else
    echo "not ok $count - $2"
    sed 's/^/# /' "$out"
  fi
}

# ---- where a checkout lies ----
project() { # project DIRECTORY: the smallest one that configures itself again
  mkdir -p "$1/scripts"
  cp "$root/scripts/build.sh" "$1/scripts/"
  echo "project('small', 'c')
executable('small', 'main.c')" >"$1/meson.build"
  printf '#include <stdio.h>\nint main(void) { puts(__FILE__); return 0; }\n' >"$1/main.c"
}
build() { (cd / && timeout 60 "$1/scripts/build.sh" build all "${@:2}") >"$out" 2>&1; }
configures() { grep -q '==> configuring' "$out"; }

first="$scratch/a first" second="$scratch/a second" third="$scratch/a thïrd"
project "$first"
build "$first" && configures && "$first/build/small" >>"$out"
result $? path_with_a_space_builds
build "$first" && [ ! -s "$out" ]
result $? second_build_does_nothing

mkdir "$first/build/guest" && echo made >"$first/build/guest/initrd.img"
cp -a "$first" "$second"
echo '#error the wrong checkout is built' >"$first/main.c"
build "$second" && configures && grep -q "was configured in .*a first: beginning anew" "$out" && "$second/build/small" >>"$out" &&
  [ "$(cat "$second/build/guest/initrd.img")" = made ]
result $? copied_checkout_builds_itself
rm -rf "$first"
mv "$second" "$third"
build "$third" && configures && "$third/build/small" >>"$out"
result $? moved_checkout_builds
build "$third" && [ ! -s "$out" ]
result $? moved_checkout_is_configured_once
# Directories of before that mark are known by meson's own note.
rm "$third/build/.configured-in"
mv "$third" "$first"
build "$first" && configures
result $? older_directory_is_recognised

# ---- sudo that asks ----
mkdir "$scratch/bin" "$scratch/tree" "$scratch/tree/scripts" "$scratch/tree/guest" "$scratch/tree/guest/demo"
cp "$root/scripts/bootstrap.sh" "$scratch/tree/scripts/"
echo a-package-of-ours >"$scratch/tree/packages.txt"
: >"$scratch/tree/guest/demo/packages.txt"
tool() { # tool NAME: a program of the shell text on standard input
  { echo '#!/bin/sh' && cat; } >"$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}
tool id <<<'echo 1000'
tool dpkg-query <<<'exit 1'
tool apt-get <<<'echo "apt-get $*" >&2'
bootstrap() { # without a terminal
  PATH=$scratch/bin:$PATH setsid -w "$scratch/tree/scripts/bootstrap.sh" >"$out" 2>&1 </dev/null
}
says() { [ "$(grep -c '^bootstrap: ' "$out")" -eq 1 ] && grep -qF -- "$1" "$out" && grep -q 'as root: apt-get install .*a-package-of-ours' "$out"; }
tool sudo <<<'echo "sudo: a terminal is required to read the password" >&2; exit 1'
! bootstrap && says 'sudo asks for a password, for which there is no terminal'
result $? sudo_without_a_terminal_is_told
tool sudo <<<'[ "$1" != -n ] || shift; exec "$@"'
bootstrap && grep -q '^==> packages are there$' "$out"
result $? sudo_without_a_password_is_used
rm "$scratch/bin/sudo"
hide=$(mktemp -d "$scratch/hide.XXXXXX")
for tool in sh dirname sed sort grep mktemp tr setsid; do ln -s "$(command -v "$tool")" "$hide/"; done
! PATH=$scratch/bin:$hide setsid -w "$scratch/tree/scripts/bootstrap.sh" >"$out" 2>&1 </dev/null && says 'neither root nor sudo'
result $? no_sudo_is_told

echo "1..$count"
