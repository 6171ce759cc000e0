#!/bin/sh
# SPDX-License-Identifier: MIT
#
# install.sh DESTDIR PREFIX: puts into DESTDIR PREFIX (an absolute path) what is built: what meson installs, the demo guest, and the
# macOS driver for `oriel audio stage` if `make darwin` made it.
set -eu
cd "$(dirname "$0")/.."
destdir=$1 prefix=$2
case $prefix in
/*) ;;
*)
  echo "install: PREFIX is \"$prefix\": it must be an absolute path" >&2
  exit 1
  ;;
esac

# The prefix stands in the service and in oriel-audio.pc.
meson configure build "-Dprefix=$prefix" >/dev/null
scripts/build.sh build installed
DESTDIR=$destdir meson install -C build --no-rebuild --quiet
share=$destdir$prefix/share/oriel
install -d "$share/guest"
install -m 644 build/guest/vmlinuz build/guest/initrd.img build/guest/cmdline "$share/guest"
if [ -f build/darwin/OrielAudio.driver/Contents/MacOS/OrielAudio ]; then
  rm -rf "$share/darwin"
  install -d "$share/darwin"
  cp -R build/darwin/OrielAudio.driver build/darwin/install.sh build/darwin/uninstall.sh "$share/darwin"
fi
# A live system's cache of libraries; a package does this by itself.
if [ -z "$destdir" ] && [ "$(id -u)" -eq 0 ] && command -v ldconfig >/dev/null; then
  ldconfig
fi
echo "installed in $destdir$prefix"
