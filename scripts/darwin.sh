#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Cross-builds what macOS 11 and later need, for arm64 and x86_64, into build/darwin: OrielAudio.driver with its install scripts,
# and liboriel-audio. Needs clang, lld and llvm of Debian; libopus is Debian's source package, fetched once. Nothing of
# Apple's is needed: driver/darwin declares what is used. Does nothing when nothing changed.
set -eu
cd "$(dirname "$0")/.."
out=build/darwin
opus_version=1.3.1
minimum=11.0
jobs=$(nproc)

say() { printf '==> %s\n' "$*"; }
fail() {
  printf 'darwin: %s\n' "$*" >&2
  exit 1
}

# The tool by its plain name or with a version behind.
tool() {
  for name in "$1" "$1-14" "$1-15" "$1-16"; do
    if command -v "$name" >/dev/null; then
      echo "$name"
      return
    fi
  done
  fail "no $1 here: apt-get install clang lld llvm"
}
clang=$(tool clang)
linker=$(tool ld64.lld)
lipo=$(tool llvm-lipo)
archiver=$(tool llvm-ar)

core='core/clock.c core/log.c core/number.c core/packet.c core/setting_lines.c core/utf8.c'
media="media/downmix.c media/fade.c media/opus.c media/opus_decoder.c media/opus_packet.c media/sound_coder.c $(echo media/receiver*.c)"
writer='audio/error.c audio/object.c audio/ring.c audio/shm_header.c audio/wait.c audio/writer.c'
face="driver/darwin/interface.c driver/darwin/object.c driver/darwin/plugin.c driver/darwin/store.c $(echo driver/darwin/propert*.c)"
driver="$core wire/audio.c wire/audio_sender.c $(echo transport/*.c) $media $writer $(echo driver/*.c) $face"

inputs=$( (
  "$clang" --version
  find core wire transport media audio driver tests/darwin/sdk tests/darwin/layout.h tests/darwin/constants.h cli/audio_driver* \
    scripts/darwin.sh -type f -print | LC_ALL=C sort | xargs cat
) | sha256sum)
if [ "$(cat "$out/stamp" 2>/dev/null)" = "$inputs" ] && [ -f "$out/OrielAudio.driver/Contents/MacOS/OrielAudio" ]; then
  exit 0
fi
mkdir -p "$out"
rm -f "$out/stamp"

# A header of each standard name, which includes ours.
headers=$out/include
for name in assert errno stdlib string stdio math time fcntl unistd poll pthread signal sched netdb termios sys/types \
  sys/stat sys/mman sys/file sys/uio sys/socket sys/un sys/time sys/event netinet/in netinet/tcp arpa/inet net/if; do
  mkdir -p "$headers/$(dirname "$name")"
  echo '#include "driver/darwin/libc.h"' >"$headers/$name.h"
done

flags="-std=c17 -O2 -g0 -fvisibility=hidden -fno-strict-aliasing -fno-stack-protector -nostdlibinc -I. -isystem $headers
  -isystem tests/darwin/sdk"

# compile ARCH FOLDER "FLAGS" FILES: into objects of build/darwin/FOLDER-ARCH.
compile() {
  arch=$1 folder=$out/$2-$1 more=$3
  shift 3
  rm -rf "$folder"
  mkdir -p "$folder"
  compiler="$clang -target $arch-apple-macos$minimum $flags $more" objects=$folder
  export compiler objects
  # shellcheck disable=SC2016
  printf '%s\n' "$@" | xargs -P "$jobs" -I{} sh -c '
    object=$(echo "$1" | tr / _)
    exec $compiler -c "$1" -o "$objects/${object%.c}.o"' compile {} || fail "a file does not compile for $arch (see above)"
}

opus_source() {
  [ -f "$out/opus/opus-$opus_version/celt_sources.mk" ] && return
  say "fetching the source of libopus $opus_version"
  mkdir -p "$out/opus/lists/partial" "$out/opus/cache/archives/partial"
  echo 'deb-src http://deb.debian.org/debian bookworm main' >"$out/opus/sources.list"
  (
    cd "$out/opus"
    apt() {
      apt-get -qq -o Dir::Etc::sourcelist="$PWD/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$PWD/lists" \
        -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root "$@"
    }
    apt update && apt source --download-only opus && tar xzf opus_$opus_version.orig.tar.gz
  ) >"$out/opus.log" 2>&1 || fail "the source of libopus could not be fetched: see $out/opus.log"
  mkdir -p "$out/opus/include/opus"
  cp "$out/opus/opus-$opus_version"/include/*.h "$out/opus/include/opus"
}

# The C files of a list in libopus' own makefiles.
opus_list() {
  sed -n "/^$2 *=/,/[^\\\\]\$/p" "$opus/$1" | tr ' \\' '\n\n' | grep '\.c$' | sed "s|^|$opus/|"
}

build_opus() {
  opus=$out/opus/opus-$opus_version
  [ -f "$out/opus-x86_64/done" ] && [ -f "$out/opus-arm64/done" ] && return
  say "building libopus for macOS"
  files="$(opus_list celt_sources.mk CELT_SOURCES) $(opus_list silk_sources.mk SILK_SOURCES)
    $(opus_list silk_sources.mk SILK_SOURCES_FLOAT) $(opus_list opus_sources.mk OPUS_SOURCES)
    $(opus_list opus_sources.mk OPUS_SOURCES_FLOAT)"
  for one in arm64 x86_64; do
    # shellcheck disable=SC2086
    compile $one opus "-w -DOPUS_BUILD -DOPUS_EXPORT= -DVAR_ARRAYS -DHAVE_LRINTF -DHAVE_LRINT -DPACKAGE_VERSION=\"$opus_version\"
      -I$opus/include -I$opus/celt -I$opus/silk -I$opus/silk/float" $files
    touch "$out/opus-$one/done"
  done
}

# link ARCH KIND OUTPUT EXTRA... OBJECTS
link() {
  arch=$1 kind=$2 output=$3
  shift 3
  "$linker" -arch "$arch" -platform_version macos $minimum $minimum "$kind" -dead_strip -adhoc_codesign -o "$output" "$@" \
    driver/darwin/tbd/libSystem.tbd driver/darwin/tbd/CoreFoundation.tbd || fail "$output does not link for $arch (see above)"
}

opus_source
build_opus
say "building OrielAudio.driver and liboriel-audio for macOS"
warnings='-Wall -Wextra -Werror -Wno-multichar'
for one in arm64 x86_64; do
  # shellcheck disable=SC2086
  compile $one driver "$warnings -DORIEL_AUDIO_API= -isystem $out/opus/include" $driver
  # Not linked: what `oriel` on a Mac asks the driver with, what waits otherwise there, and that our declarations are the
  # system's on this processor.
  # shellcheck disable=SC2086
  compile $one cli "$warnings" cli/audio_driver_darwin.c core/waiter.c
  for header in layout constants; do
    $compiler -fsyntax-only -x c "tests/darwin/$header.h" || fail "tests/darwin/$header.h: see above"
  done
  more=
  [ $one = arm64 ] || more=driver/darwin/cpu_model.c
  # shellcheck disable=SC2086
  compile $one audio "$warnings" $writer audio/reader.c $more
  link $one -bundle "$out/driver-$one/OrielAudio" -exported_symbol _OrielAudio_Create "$out/driver-$one"/*.o "$out/opus-$one"/*.o
  link $one -dylib "$out/audio-$one/liboriel-audio.dylib" -install_name @rpath/liboriel-audio.0.dylib \
    "$out/audio-$one"/*.o
  rm -f "$out/audio-$one/liboriel-audio.a"
  "$archiver" --format=darwin rcs "$out/audio-$one/liboriel-audio.a" "$out/audio-$one"/*.o
done

bundle=$out/OrielAudio.driver/Contents
rm -rf "$out/OrielAudio.driver" "$out/lib"
mkdir -p "$bundle/MacOS" "$bundle/Resources" "$out/lib" "$out/sdk/oriel"
"$lipo" -create "$out/driver-arm64/OrielAudio" "$out/driver-x86_64/OrielAudio" -output "$bundle/MacOS/OrielAudio"
cp driver/darwin/Info.plist "$bundle/"
printf 'BNDL????' >"$bundle/PkgInfo"
cp driver/darwin/OrielAudio.plist "$bundle/Resources/"
cp "$out/opus/opus-$opus_version/COPYING" "$bundle/Resources/opus-license.txt"
cp LICENSE "$bundle/Resources/license.txt"
cp driver/darwin/install.sh driver/darwin/uninstall.sh "$out/"
"$lipo" -create "$out"/audio-*/liboriel-audio.dylib -output "$out/lib/liboriel-audio.0.dylib"
ln -sf liboriel-audio.0.dylib "$out/lib/liboriel-audio.dylib"
"$lipo" -create "$out"/audio-*/liboriel-audio.a -output "$out/lib/liboriel-audio.a"
cp audio/oriel-audio.h "$out/sdk/oriel/audio.h"
echo "$inputs" >"$out/stamp"
say "build/darwin/OrielAudio.driver is ready: copy build/darwin to a Mac and run sudo ./install.sh there"
