#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds the demo guest: build.sh OUTDIR makes OUTDIR/vmlinuz, OUTDIR/initrd.img and OUTDIR/cmdline.
#
# The kernel is Debian's; the initramfs holds files of Debian packages (only those that its programs need, found by
# following ELF NEEDED entries) and the programs in this folder. Packages are downloaded to OUTDIR/.cache and unpacked,
# never installed. Nothing is done, and the network is not touched, when nothing changed since the last build.
set -e -E -u -o pipefail

readonly here=$(cd "$(dirname "$0")" && pwd)
readonly triplet=x86_64-linux-gnu

fail() {
  printf 'guest/demo/build.sh: %s\n' "$*" >&2
  exit 1
}

[ $# -eq 1 ] || { printf 'usage: %s OUTDIR\n' "$0" >&2; exit 2; }
[ "$(uname -m)" = x86_64 ] || fail "cannot build on $(uname -m): the demo guest is x86_64; build it on such a machine"
mkdir -p "$1" 2>/dev/null || fail "cannot create $1: choose a folder that you may write to"
readonly out=$(cd "$1" && pwd)
[ -w "$out" ] || fail "cannot write to $out: choose a folder that you may write to"

inputs() {
  (cd "$here" &&
    find . -type f ! -name 'test*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum -- ../../wire/testcard.h &&
    find . -type f -perm -u+x | LC_ALL=C sort)
}
readonly stamp=$(inputs | sha256sum | cut -d' ' -f1)

if [ -s "$out/vmlinuz" ] && [ -s "$out/initrd.img" ] && [ -s "$out/cmdline" ] &&
  [ "$(head -n 1 "$out/.stamp" 2>/dev/null)" = "$stamp" ]; then
  exit 0
fi

# With a space, so that a path that is used unquoted shows at once.
work=$(mktemp -d "${TMPDIR:-/tmp}/oriel guest.XXXXXX") ||
  fail "cannot make a folder in ${TMPDIR:-/tmp}: is the disk full?"
trap 'rm -rf "$work"' EXIT
trap 'printf "guest/demo/build.sh: line %s failed: %s\n" "$LINENO" "$BASH_COMMAND" >&2' ERR
trap 'exit 130' INT
trap 'exit 143' TERM
readonly tree=$work/tree root=$work/root cache=$out/.cache
mkdir -p "$tree" "$root" "$cache"

# Without a terminal sudo cannot ask for a password: then the caller says what is needed.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { sudo -n true || (: </dev/tty); } 2>/dev/null; then
    sudo "$@"
  else
    return 1
  fi
}

# Host tools, normally there already: the top-level build installs packages.txt.
need_host_packages() {
  local missing
  missing=$(while read -r package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
  done <"$here/packages.txt")
  [ -z "$missing" ] && return
  # shellcheck disable=SC2086
  as_root apt-get install -y -qq --no-install-recommends $missing >"$work/apt.log" 2>&1 ||
    fail "needs the packages $(echo $missing): install them with \`sudo apt-get install $(echo $missing)\`"
}

kernel_package() {
  LC_ALL=C apt-cache depends linux-image-amd64 2>/dev/null |
    sed -n '/^ *Depends: linux-image-[0-9]/{s/^ *Depends: //p;q}'
}

# Prints "URI FILE" of the version of each package that apt would install.
package_uris() {
  # shellcheck disable=SC2046
  apt-get download --print-uris $(sed -e 's/#.*//' "$here/guest-packages.txt") "$(kernel_package)" 2>"$work/apt.log" |
    sed -n "s/^'\([^']*\)' \([^ ]*\) .*/\1 \2/p"
}

missing_packages() {
  while read -r _ file; do
    [ -s "$cache/$file" ] || echo "${file%%_*}"
  done <"$work/uris"
}

download_missing() {
  local missing
  package_uris >"$work/uris" || return 1
  missing=$(missing_packages)
  [ -z "$missing" ] && return
  mkdir -p "$work/download"
  # shellcheck disable=SC2086
  (cd "$work/download" && apt-get download -qq -o APT::Sandbox::User= $missing >"$work/apt.log" 2>&1) || return 1
  mv "$work/download"/*.deb "$cache/"
}

download() {
  [ -n "$(kernel_package)" ] || as_root apt-get update -qq >/dev/null 2>&1 || true
  [ -n "$(kernel_package)" ] ||
    fail "apt knows no linux-image-amd64: run \`sudo apt-get update\` on a Debian 12 machine"
  if ! download_missing; then
    as_root apt-get update -qq >/dev/null 2>&1 || true
    download_missing ||
      fail "cannot download packages ($(tail -n 1 "$work/apt.log")): check the network, then try again"
  fi
  # Old versions would only fill the disk.
  for deb in "$cache"/*.deb; do
    grep -q " ${deb##*/}\$" "$work/uris" || rm -f "$deb"
  done
}

unpack() {
  local file
  while read -r _ file; do
    case $file in
    linux-image-*) # 400 MB unpacked, of which a dozen modules are of use
      dpkg-deb --fsys-tarfile "$cache/$file" |
        tar -x -C "$tree" --wildcards './boot/*' './lib/modules/*/kernel/drivers/*' './lib/modules/*/kernel/sound/*' ;;
    *) dpkg-deb -x "$cache/$file" "$tree" ;;
    esac || fail "cannot unpack $cache/$file: delete it and try again"
  done <"$work/uris"
}

compile() {
  local flags=(-std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -Wconversion -Wshadow -Werror)
  local include=(-isystem "$tree/usr/include" -isystem "$tree/usr/include/$triplet" "-I$work/protocol" "-I$here/../../wire")
  local lib=("-L$tree/usr/lib/$triplet" "-L$tree/lib/$triplet")
  local xml=$tree/usr/share/wayland-protocols/stable/xdg-shell/xdg-shell.xml
  mkdir -p "$work/protocol" "$root/usr/bin" "$root/usr/libexec/oriel"
  wayland-scanner client-header "$xml" "$work/protocol/xdg-shell.h"
  wayland-scanner private-code "$xml" "$work/protocol/xdg-shell.c"
  {
    gcc "${flags[@]}" -o "$root/init" "$here"/init/*.c
    gcc "${flags[@]}" "${include[@]}" -o "$root/usr/bin/chime" "$here/chime.c" "${lib[@]}" -l:libasound.so.2 -lm
    gcc "${flags[@]}" "${include[@]}" -o "$root/usr/bin/flash" "$here"/flash/*.c "$work/protocol/xdg-shell.c" "${lib[@]}" \
      -l:libwayland-client.so.0 -l:libffi.so.8 -lm
    # wlroots' headers are laid out for C99 and up, its symbols come from the compositor that loads this.
    gcc "${flags[@]}" "${include[@]}" -isystem "$tree/usr/include/pixman-1" -isystem "$tree/usr/include/libdrm" -DWLR_USE_UNSTABLE \
      -fPIC -shared -o "$root/usr/libexec/oriel/scanout.so" "$here"/scanout/*.c "${lib[@]}" -l:libdrm.so.2
    gcc "${flags[@]}" "${include[@]}" -o "$root/usr/libexec/oriel/wallpaper" "$here"/wallpaper/*.c "${lib[@]}" \
      -l:libwayland-cursor.so.0 -l:libwayland-client.so.0 -l:libffi.so.8 -lm
  } || fail "cannot compile the guest's programs: see the compiler's messages above"
}

# Copies files or folders from the unpacked packages, at the same path below /usr.
take() {
  local path from
  for path; do
    for from in "$tree/usr/$path" "$tree/$path"; do
      [ -e "$from" ] && break
    done
    [ -e "$from" ] || fail "no package has $path: Debian moved it; update build.sh"
    mkdir -p "$root/usr/${path%/*}"
    cp -a "$from" "$root/usr/$path"
  done
}

libraries_of() {
  { objdump -p "$@" 2>/dev/null || true; } | sed -n 's/^ *NEEDED *//p' | sort -u
}

# Copies the libraries that the programs in the tree need, and those that these need, until none is missing.
take_libraries() {
  local name from wave
  local where=$root/usr/lib/$triplet
  mkdir -p "$where"
  wave=$(libraries_of "$root/init" "$root"/usr/bin/* "$root"/usr/sbin/* "$root"/usr/libexec/oriel/*)
  while [ -n "$wave" ]; do
    local added=()
    for name in $wave; do
      [ -e "$where/$name" ] && continue
      for from in "$tree/lib/$triplet/$name" "$tree/usr/lib/$triplet/$name" ''; do
        [ -e "$from" ] && break
      done
      [ -n "$from" ] || fail "no package has $name, which the guest needs: add its package to guest-packages.txt"
      cp -L "$from" "$where/$name"
      added+=("$where/$name")
    done
    [ ${#added[@]} -gt 0 ] || break
    wave=$(libraries_of "${added[@]}")
  done
  mkdir -p "$root/usr/lib64"
  cp -L "$tree/lib64/ld-linux-x86-64.so.2" "$root/usr/lib64/"
  ln -sf "../../lib64/ld-linux-x86-64.so.2" "$where/ld-linux-x86-64.so.2"
}

# Prints a module's file and before it those of the modules it depends on.
module_files() {
  local file dependency
  file=$(find "$tree/lib/modules" -name "$1.ko" -o -name "${1//_/-}.ko" -o -name "${1//-/_}.ko" | head -n 1)
  [ -n "$file" ] || fail "the kernel package has no module $1: update guest/demo/modules.*"
  for dependency in $(module_field depends "$file" | tr , ' '); do
    module_files "$dependency"
  done
  echo "$file"
}

module_field() {
  objcopy -O binary --only-section=.modinfo "$2" /dev/stdout | tr '\0' '\n' | sed -n "s/^$1=//p"
}

# Writes the load order of a list to /etc/oriel, and puts the modules into /usr/lib/modules.
take_modules() {
  local name parameters file
  mkdir -p "$root/usr/lib/modules" "$root/etc/oriel"
  while read -r name parameters; do
    case $name in '' | '#'*) continue ;; esac
    module_files "$name" >"$work/modules" # not piped: a missing one ends all
    while read -r file; do
      [ -e "$root/usr/lib/modules/${file##*/}" ] && continue
      objcopy --strip-debug "$file" "$root/usr/lib/modules/${file##*/}"
      if [ "${file##*/}" = "$name.ko" ]; then
        echo "/usr/lib/modules/${file##*/} $parameters"
      else
        echo "/usr/lib/modules/${file##*/}"
      fi
    done <"$work/modules"
  done <"$here/$1" >"$root/etc/oriel/$1"
}

link_busybox() {
  local applet
  for applet in $("$tree/bin/busybox" --list); do
    [ -e "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
  done
}

assemble() {
  local name
  for name in bin sbin lib lib64; do
    mkdir -p "$root/usr/$name"
    ln -s "usr/$name" "$root/$name"
  done
  mkdir -p "$root"/{dev,proc,sys,run,tmp,root,var/log,etc,home/oriel}
  take bin/bash bin/busybox bin/foot bin/sway bin/swaymsg sbin/seatd bin/aplay bin/arecord bin/amixer bin/speaker-test
  take share/alsa lib/locale/C.utf8 share/terminfo/f/foot share/X11/xkb/{rules/evdev,keycodes,types,compat}
  take share/X11/xkb/symbols/{us,pc,inet,keypad,srvr_ctrl,altwin,level3,level5,compose,capslock,eurosign,terminate}
  take share/icons/DMZ-White
  # Animated, large, and never shown: the wallpaper loads the whole theme.
  rm -f "$root"/usr/share/icons/DMZ-White/cursors/*watch*
  mkdir -p "$root/usr/share/fonts" "$root/var/cache/fontconfig"
  cp "$tree"/usr/share/fonts/truetype/dejavu/DejaVuSans{,Mono,Mono-Bold}.ttf "$root/usr/share/fonts/"
  compile
  cp -a "$here/root/." "$root/"
  take_modules modules.early
  take_modules modules.late
  take_libraries
  link_busybox
  mkdir -p "$root/usr/share/libinput" # empty: without the folder libinput complains
}

# Decompresses the kernel at build time: QEMU boots the ELF image directly (by its PVH entry point), and a guest whose
# CPU is emulated saves the six seconds that its own decompression takes. The offsets are those of the boot protocol:
# size of the set-up code at 0x1F1, offset and length of the payload at 0x248 and 0x24C.
take_kernel() {
  local image sectors offset length
  image=$(echo "$tree"/boot/vmlinuz-*)
  sectors=$(od -An -t u1 -j $((0x1F1)) -N 1 "$image")
  read -r offset length < <(od -An -t u4 -j $((0x248)) -N 8 "$image")
  dd if="$image" bs=64K iflag=skip_bytes,count_bytes skip=$(((sectors + 1) * 512 + offset)) count=$((length - 4)) \
    status=none | xz -dc --single-stream >"$work/elf" ||
    fail "cannot decompress $image: Debian changed its compression; update build.sh"
  objcopy --strip-all -R .comment "$work/elf" "$work/vmlinuz"
}

# Saves the guest the reading of all fonts at each start of a program. Fontconfig takes a cache for valid whose folder
# has the time that the cache remembers; the kernel keeps file times. fc-cache 2.14 finds no font with --sysroot, so it
# runs in a chroot, as root of a user namespace if need be; where neither is allowed the guest starts later.
make_font_cache() {
  local enter=(chroot)
  [ "$(id -u)" -eq 0 ] || enter=(unshare -r chroot)
  cp "$tree/usr/bin/fc-cache" "$root/fc-cache"
  "${enter[@]}" "$root" /fc-cache >"$work/fc-cache.log" 2>&1 ||
    printf 'guest/demo/build.sh: no font cache (%s): the guest starts a second later\n' \
      "$(tail -n 1 "$work/fc-cache.log")" >&2
  rm "$root/fc-cache"
}

# File times are fixed so that the same inputs make the same image.
pack() {
  find "$root" -exec touch -h -d @1700000000 {} +
  make_font_cache
  find "$root" -exec touch -h -d @1700000000 {} +
  (cd "$root" && find . -print0 | LC_ALL=C sort -z |
    cpio --null -o -H newc --quiet -R 0:0 --reproducible) >"$work/initrd.img"
  take_kernel
  grep -v '^#' "$here/cmdline" | tr '\n' ' ' >"$work/cmdline"
  { echo "$stamp"; cut -d' ' -f2 "$work/uris"; } >"$work/stamp"
}

# The stamp goes last: whoever sees it sees the rest.
install_results() {
  local file
  rm -f "$out/.stamp"
  for file in vmlinuz initrd.img cmdline stamp; do
    cp "$work/$file" "$out/.$file.new" || fail "cannot write to $out: is the disk full?"
  done
  for file in vmlinuz initrd.img cmdline; do
    mv "$out/.$file.new" "$out/$file"
  done
  mv "$out/.stamp.new" "$out/.stamp"
}

need_host_packages
download
unpack
assemble
pack
install_results
