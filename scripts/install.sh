#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh DESTDIR PREFIX LIBDIR: puts what `make install` promises into DESTDIR PREFIX (an absolute path), libraries into
# its LIBDIR. Builds before, as the owner of this checkout even where root installs, so that nothing in it
# ever belongs to root. Notes what it put there, and which folders it made, in share/oriel/installed for uninstall.sh.
set -eu
cd "$(dirname "$0")/.."
destdir=$1 prefix=$2 libdir=$3
umask 022

fail() {
  printf 'install: %s\n' "$*" >&2
  exit 1
}

case $prefix in
/*) ;;
*) fail "PREFIX is \"$prefix\": it must be an absolute path" ;;
esac
case /$libdir/ in
*/../* | //*) fail "LIBDIR is \"$libdir\": it must be a folder below PREFIX, as lib or lib/x86_64-linux-gnu" ;;
esac
[ "$prefix" = / ] || prefix=${prefix%/}
root=$destdir$prefix

# ---- may we? asked before anything is built ----
ancestor=$root
until [ -e "$ancestor" ]; do ancestor=$(dirname "$ancestor"); done
[ -d "$ancestor" ] && [ -w "$ancestor" ] ||
  fail "cannot write to $ancestor: \`sudo make install\`, or \`make install PREFIX=\$HOME/.local\`"
case $prefix in
/usr | /usr/local) # what desktops start lies there
  etc=$destdir/etc/xdg/autostart
  until [ -e "$etc" ]; do etc=$(dirname "$etc"); done
  [ -w "$etc" ] || fail "cannot write to $etc: \`sudo make install\`, or \`make install PREFIX=\$HOME/.local\`"
  ;;
esac

scripts/bootstrap.sh
scripts/as-owner.sh scripts/build.sh build installed
scripts/as-owner.sh scripts/guest.sh
for file in build/oriel build/audio/liboriel-audio.a build/man/oriel.1 build/guest/initrd.img; do
  [ -s "$file" ] || fail "there is no $file: \`make build guest\` makes it"
done

# ---- what goes where ----
list=$(mktemp "${TMPDIR:-/tmp}/oriel-install.XXXXXX")
# What an install that failed halfway has put there can be taken away again.
finish() {
  if [ "$1" -ne 0 ] && [ -s "$list" ]; then
    (
      folder "$(dirname "$manifest")"
      { cat "$list" && echo "$manifest" && cat "$root/$manifest" 2>/dev/null || true; } | LC_ALL=C sort -u >"$list.sorted"
      install -m 644 "$list.sorted" "$root/$manifest"
      echo "install: not all is installed; \`make uninstall\` takes away what is" >&2
    ) || true
  fi
  rm -f "$list" "$list.sorted" "$list.text"
}
trap 'finish $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
manifest=share/oriel/installed

# Each folder that was not there is one to remove again.
folder() { # folder PATH, from $root; "." is $root itself
  [ ! -d "$root/$1" ] || return 0
  if [ "$1" = . ]; then
    mkdir -p "$root"
  else
    folder "$(dirname "$1")"
    mkdir "$root/$1"
  fi
  echo "$1/" >>"$list"
}
put() { # put MODE FILE TARGET
  folder "$(dirname "$3")"
  # By a new file and a rename: a program that runs keeps its old one.
  install -m "$1" "$2" "$root/$3.new"
  mv -f "$root/$3.new" "$root/$3"
  echo "$3" >>"$list"
}
filled() { # filled TEMPLATE TARGET EXPRESSION...: a text in which this prefix stands
  from=$1 target=$2
  shift 2
  sed "$@" "$from" >"$list.text"
  put 644 "$list.text" "$target"
}
each() { # each MODE FROM TO: the files below a folder
  (cd "$2" && find . -type f | LC_ALL=C sort) | while read -r file; do put "$1" "$2/${file#./}" "$3/${file#./}"; done
}

# Made by an earlier install: still to be removed with the rest.
[ ! -f "$root/$manifest" ] || grep '/$' "$root/$manifest" >>"$list" || true

put 755 build/oriel bin/oriel
if [ -f build/guest/agent/oriel-agent ]; then
  put 755 build/guest/agent/oriel-agent bin/oriel-agent
  put 644 guest/agent/agent.conf share/oriel/agent.conf
  put 644 build/man/oriel-agent.1 share/man/man1/oriel-agent.1
  filled guest/agent/oriel-agent.service.in lib/systemd/user/oriel-agent.service -e "s|@bindir@|$prefix/bin|"
  put 644 guest/agent/70-oriel-agent.rules lib/udev/rules.d/70-oriel-agent.rules
fi
if [ -f build/guest/agent/oriel-agent-screen ]; then
  put 755 build/guest/agent/oriel-agent-screen bin/oriel-agent-screen
  filled guest/agent/oriel-agent-screen.desktop.in share/oriel/oriel-agent-screen.desktop -e "s|@bindir@|$prefix/bin|"
  # Desktops look in /etc/xdg, which is not below the usual prefixes; uninstall.sh knows it.
  case $prefix in
  /usr | /usr/local)
    mkdir -p "$destdir/etc/xdg/autostart"
    install -m 644 "$list.text" "$destdir/etc/xdg/autostart/oriel-agent-screen.desktop"
    ;;
  esac
fi
put 644 build/man/oriel.1 share/man/man1/oriel.1
filled cli/oriel@.service.in lib/systemd/system/oriel@.service -e "s|@bindir@|$prefix/bin|"
put 644 cli/oriel@.socket lib/systemd/system/oriel@.socket

put 644 audio/oriel-audio.h include/oriel/audio.h
for file in build/audio/liboriel-audio.so build/audio/liboriel-audio.so.*; do
  name=${file##*/}
  case $name in *.p | *.symbols) continue ;; esac
  if [ -L "$file" ]; then
    folder "$libdir"
    ln -sfn "$(readlink "$file")" "$root/$libdir/$name"
    echo "$libdir/$name" >>"$list"
  else
    put 644 "$file" "$libdir/$name"
  fi
done
put 644 build/audio/liboriel-audio.a "$libdir/liboriel-audio.a"
# shellcheck disable=SC2016
filled build/meson-private/oriel-audio.pc "$libdir/pkgconfig/oriel-audio.pc" -e "s|^prefix=.*|prefix=$prefix|" \
  -e 's|^includedir=.*|includedir=${prefix}/include|' -e "s|^libdir=.*|libdir=\${prefix}/$libdir|"

for file in vmlinuz initrd.img cmdline; do put 644 "build/guest/$file" "share/oriel/guest/$file"; done
if [ -f build/darwin/OrielAudio.driver/Contents/MacOS/OrielAudio ]; then
  each 644 build/darwin/OrielAudio.driver share/oriel/darwin/OrielAudio.driver
  chmod 755 "$root/share/oriel/darwin/OrielAudio.driver/Contents/MacOS/OrielAudio"
  put 755 build/darwin/install.sh share/oriel/darwin/install.sh
  put 755 build/darwin/uninstall.sh share/oriel/darwin/uninstall.sh
fi
put 644 README.md share/doc/oriel/README.md
put 644 LICENSE share/doc/oriel/LICENSE
each 644 docs share/doc/oriel/docs
each 644 examples share/doc/oriel/examples

# ---- what an earlier install put there and this one did not ----
folder "$(dirname "$manifest")"
echo "$manifest" >>"$list"
LC_ALL=C sort -u "$list" >"$list.sorted"
if [ -f "$root/$manifest" ]; then
  LC_ALL=C comm -23 "$root/$manifest" "$list.sorted" | while read -r file; do
    case $file in */) ;; *) rm -f "$root/$file" ;; esac
  done
  grep '/$' "$list.sorted" | LC_ALL=C sort -r | while read -r file; do rmdir "$root/${file%/}" 2>/dev/null || true; done
fi
install -m 644 "$list.sorted" "$root/$manifest"

# A live system's caches; a package does this by itself.
if [ -z "$destdir" ] && [ "$(id -u)" -eq 0 ]; then
  ! command -v ldconfig >/dev/null || ldconfig
  [ ! -d /run/systemd/system ] || systemctl daemon-reload || true
fi
echo "installed in $root; \`make uninstall\` takes it away again"
