#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Sound for the demo guest: build.sh OUTDIR BUILDDIR makes OUTDIR/agent.img, a second initramfs that goes behind
# OUTDIR/initrd.img (`cat initrd.img agent.img`): PipeWire, WirePlumber, oriel-agent of BUILDDIR, drivers of virtio-serial
# and vsock. guest/demo/build.sh comes first. Packages are downloaded to OUTDIR/.cache-sound and unpacked, never installed.
# Nothing is done, and the network is not touched, when nothing changed since the last build.
set -e -E -u -o pipefail

readonly here=$(cd "$(dirname "$0")" && pwd)
readonly triplet=x86_64-linux-gnu

fail() {
  printf 'guest/demo-sound/build.sh: %s\n' "$*" >&2
  exit 1
}

[ $# -eq 2 ] || { printf 'usage: %s OUTDIR BUILDDIR\n' "$0" >&2; exit 2; }
readonly out=$(cd "$1" && pwd) agent=$2/guest/agent/oriel-agent peer=$2/tests/guest/audio_peer
[ -s "$out/initrd.img" ] || fail "no $out/initrd.img: guest/demo/build.sh $1 makes it"
for program in "$agent" "$peer"; do
  [ -x "$program" ] || fail "no $program: ninja -C $2 ${program#"$2"/} builds it"
done

readonly stamp=$( (cd "$here" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum &&
  sha256sum "$agent" "$peer" | cut -d' ' -f1 && head -n 1 "$out/.stamp") | sha256sum | cut -d' ' -f1)
if [ -s "$out/agent.img" ] && [ "$(cat "$out/.stamp-sound" 2>/dev/null)" = "$stamp" ]; then
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/oriel guest-sound.XXXXXX") ||
  fail "cannot make a folder in ${TMPDIR:-/tmp}: is the disk full?"
trap 'rm -rf "$work"' EXIT
trap 'printf "guest/demo-sound/build.sh: line %s failed: %s\n" "$LINENO" "$BASH_COMMAND" >&2' ERR
trap 'exit 130' INT
trap 'exit 143' TERM
readonly tree=$work/tree root=$work/root cache=$out/.cache-sound
mkdir -p "$tree" "$root/usr/bin" "$root/usr/lib/$triplet" "$root/usr/lib/modules" "$root/etc/oriel" "$cache"

packages() {
  sed -e 's/#.*//' "$here/packages.txt"
}

download() {
  local package missing=()
  for package in $(packages); do
    compgen -G "$cache/${package}_*.deb" >/dev/null || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  (cd "$cache" && apt-get download -qq -o APT::Sandbox::User= "${missing[@]}" >"$work/apt.log" 2>&1) ||
    fail "cannot download packages ($(tail -n 1 "$work/apt.log")): check the network, run \`apt-get update\`, try again"
}

unpack() {
  local package deb kernel
  for package in $(packages); do
    for deb in "$cache/${package}"_*.deb; do
      dpkg-deb -x "$deb" "$tree" || fail "cannot unpack $deb: delete it and try again"
    done
  done
  kernel=$(sed -n '/^linux-image-/p' "$out/.stamp")
  [ -s "$out/.cache/$kernel" ] || fail "no $out/.cache/$kernel: delete $out/.stamp, then guest/demo/build.sh fetches it"
  dpkg-deb --fsys-tarfile "$out/.cache/$kernel" |
    tar -x -C "$tree" --wildcards './lib/modules/*/kernel/drivers/char/virtio_console.ko' './lib/modules/*/kernel/net/vmw_vsock/*'
}

# Copies files or folders from the unpacked packages, at the same path below /usr.
take() {
  local path
  for path; do
    [ -e "$tree/usr/$path" ] || fail "no package has $path: Debian moved it; update build.sh"
    mkdir -p "$root/usr/${path%/*}"
    cp -a "$tree/usr/$path" "$root/usr/$path"
  done
}

needed() {
  find "$root" -type f | while read -r file; do
    objdump -p "$file" 2>/dev/null || true
  done | sed -n 's/^ *NEEDED *//p' | sort -u
}

# Libraries that the demo guest has stay there; the others come along, with those that they need.
take_libraries() {
  local name from added=1
  while [ "$added" -gt 0 ]; do
    added=0
    for name in $(needed); do
      # PipeWire's modules find each other in their own folder.
      [ -z "$(find "$root" -name "$name")" ] && ! grep -qxF "usr/lib/$triplet/$name" "$work/base" || continue
      for from in "$tree/usr/lib/$triplet/$name" "$tree/lib/$triplet/$name" ''; do
        [ -e "$from" ] && break
      done
      [ -n "$from" ] || fail "no package has $name: add its package to guest/demo-sound/packages.txt"
      cp -L "$from" "$root/usr/lib/$triplet/$name"
      added=$((added + 1))
    done
  done
}

take_modules() {
  local name file
  zcat -f "$out/initrd.img" | (cd "$work" && cpio --quiet -i --to-stdout etc/oriel/modules.late) >"$root/etc/oriel/modules.late"
  for name in virtio_console vsock vmw_vsock_virtio_transport_common vsock_loopback; do
    file=$(find "$tree/lib/modules" -name "$name.ko")
    [ -n "$file" ] || fail "the kernel package has no module $name: update build.sh"
    objcopy --strip-debug "$file" "$root/usr/lib/modules/$name.ko"
    echo "/usr/lib/modules/$name.ko"
  done >>"$root/etc/oriel/modules.late"
}

assemble() {
  local module
  zcat -f "$out/initrd.img" | cpio --quiet -t >"$work/base"
  take bin/dbus-daemon bin/pipewire bin/wireplumber bin/pw-cat bin/pw-link bin/pw-dump bin/wpctl share/pipewire share/wireplumber
  take lib/$triplet/spa-0.2/{support,audioconvert,audiomixer} lib/$triplet/alsa-lib/libasound_module_pcm_pipewire.so
  for module in rt protocol-native profiler metadata spa-device-factory spa-node-factory client-node client-device access adapter \
    link-factory session-manager; do
    take "lib/$triplet/pipewire-0.3/libpipewire-module-$module.so"
  done
  take lib/$triplet/wireplumber-0.4
  sed -i '/bluetooth.lua/d' "$root/usr/share/wireplumber/wireplumber.conf" # there is none, and it asks for logind
  cp "$agent" "$peer" "$root/usr/bin/"
  strip "$root/usr/bin/oriel-agent" "$root/usr/bin/audio_peer"
  cp -a "$here/root/." "$root/"
  take_modules
  take_libraries
}

# File times are fixed so that the same inputs make the same image.
pack() {
  find "$root" -exec touch -h -d @1700000000 {} +
  (cd "$root" && find . -print0 | LC_ALL=C sort -z |
    cpio --null -o -H newc --quiet -R 0:0 --reproducible) >"$work/agent.img"
  rm -f "$out/.stamp-sound"
  cp "$work/agent.img" "$out/.agent.img.new" || fail "cannot write to $out: is the disk full?"
  mv "$out/.agent.img.new" "$out/agent.img"
  echo "$stamp" >"$out/.stamp-sound"
}

download
unpack
assemble
pack
