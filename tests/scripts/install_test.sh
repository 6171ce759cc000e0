#!/bin/bash
# SPDX-License-Identifier: MIT
#
# install_test.sh ROOT BUILD: `make install` and `make uninstall` in a minimal Debian made by debootstrap, as root and as an
# ordinary user; the examples are built there as a stranger's programs are, with pkg-config alone. That Debian holds a
# compiler, make, and what our programs are linked with; it is kept in ~/.cache/oriel, outside the build. Output is TAP.
set -u
root=$1 build=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/oriel-install-test.XXXXXX")
out=$work/out count=0 debian=$work/debian
cache=${XDG_CACHE_HOME:-$HOME/.cache}/oriel

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}
trap 'as_root rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM

result() { # result STATUS NAME
  count=$((count + 1))
  if [ "$1" -eq 0 ]; then
    echo "ok $count - $2"
  else
    echo "not ok $count - $2"
    sed 's/^/# /' "$out"
  fi
}
give_up() {
  echo "Bail out! $*"
  exit 1
}

# ---- the minimal Debian ----
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
libraries() { # packages of what our programs need, as this machine knows them
  ldd "$build/oriel" "$build/guest/agent/oriel-agent" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | sort -u |
    while read -r file; do dpkg -S "$(realpath "$file")" "$file" 2>/dev/null; done | sed 's/:.*//' | sort -u
}
packages=$(echo gcc libc6-dev make pkg-config $(libraries) | tr ' ' ',')
tar=$cache/debian-$suite-$(echo "$packages" | md5sum | cut -c1-12).tar
as_root true || give_up "root is needed: run this as root, or where sudo asks for no password"
mkdir -p "$cache" || give_up "cannot write to $cache"
if [ ! -s "$tar" ]; then
  as_root env DEBIAN_FRONTEND=noninteractive "PATH=$PATH:/usr/sbin:/sbin" debootstrap --variant=minbase --include="$packages" \
    --cache-dir=/var/cache/apt/archives "$suite" "$debian" >"$out" 2>&1 || give_up "debootstrap: $(tail -n 1 "$out")"
  as_root rm -rf "$debian"/var/cache/apt/* "$debian"/var/lib/apt/lists/* "$debian"/usr/share/{doc,locale,man,info}/* "$debian"/proc/* "$debian"/dev/*
  rm -f "$cache"/debian-*.tar
  as_root tar -C "$debian" -cf - . >"$tar.new" && mv "$tar.new" "$tar" || give_up "cannot write $tar"
else
  mkdir "$debian"
  as_root tar -C "$debian" -xf "$tar" || give_up "cannot unpack $tar: delete it"
fi
as_root sh -c 'mknod -m 666 "$1/dev/null" c 1 3 2>/dev/null || touch "$1/dev/null"; chmod 666 "$1/dev/null"; chmod 1777 "$1/tmp"' - "$debian"

inside() { # inside USER COMMAND: a shell's command line in the checkout there; output to $out
  as_root env -i HOME="/home/dev" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    chroot "$debian" setpriv --reuid "$1" --regid "$1" --clear-groups sh -c "cd '/home/dev/my oriel' && $2" >"$out" 2>&1 </dev/null
}

# ---- a checkout that is built, with a stand-in for what builds it ----
there="$debian/home/dev/my oriel"
as_root install -d -o 1000 -g 1000 "$debian/home/dev" "$there"
copy() { (cd "$root" && tar -cf - "$@") | as_root tar -C "$there" --no-same-owner -xf -; }
copy Makefile README.md LICENSE docs examples scripts audio/oriel-audio.h guest/agent/agent.conf guest/agent/oriel-agent.service.in \
  guest/agent/oriel-agent-screen.desktop.in guest/agent/70-oriel-agent.rules cli/oriel@.service.in cli/oriel@.socket
as_root mkdir -p "$there/build/guest"
(cd "$build" && tar -cf - --exclude='*.p' --exclude='*.symbols' oriel audio/liboriel-audio.* man meson-private/oriel-audio.pc \
  guest/agent/oriel-agent guest/agent/oriel-agent-screen) |
  as_root tar -C "$there/build" --no-same-owner -xf -
for file in vmlinuz initrd.img cmdline; do echo "$file" | as_root tee "$there/build/guest/$file" >/dev/null; done
for script in bootstrap build guest; do
  printf '#!/bin/sh\necho "$0 $*" >>build/%s-log || exit 1\n' "$script" | as_root tee "$there/scripts/$script.sh" >/dev/null
done
as_root chown -R 1000:1000 "$there"
as_root sh -c 'echo "dev:x:1000:1000::/home/dev:/bin/sh" >>"$1/etc/passwd"' - "$debian"

listing() { # all of that system but the checkout, and caches that the system keeps
  (cd "$debian" && as_root find . -path ./home/dev -prune -o -path ./tmp -prune -o -name ld.so.cache -prune -o \
    -path ./var/cache/ldconfig -prune -o -printf '%p %y %m %U\n' | LC_ALL=C sort)
}
one_line() { [ "$(grep -cv '^make: ' "$out")" -eq 1 ] && grep -q "^$1: .*$2" "$out"; }

# ---- what a fresh checkout builds for it ----
python3 -c 'import json, sys
for file in json.load(open(sys.argv[1]))["targets"]: print(file[len(sys.argv[2]) + 1:])' "$build/meson-info/intro-install_plan.json" "$build" |
  sort >"$work/targets"
ninja -C "$build" -t query installed | sed 's/^[ |]*//' | sort | comm -13 - "$work/targets" >"$out"
[ -s "$work/targets" ] && [ ! -s "$out" ]
result $? the_build_for_install_makes_all_that_is_installed

# ---- an ordinary user ----
listing >"$work/before"
! inside 1000 'make install' && one_line install 'sudo make install' && [ ! -e "$there/build/build-log" ]
result $? user_without_the_right_is_told_in_one_line_before_anything_is_built
! inside 1000 'make uninstall' && one_line uninstall 'nothing was installed there'
result $? uninstall_of_nothing_is_told
inside 1000 'make install PREFIX=/home/dev/place && /home/dev/place/bin/oriel version && grep -q "^ExecStart=/home/dev/place/bin/oriel " \
  /home/dev/place/lib/systemd/system/oriel@.service && grep -q "^prefix=/home/dev/place$" /home/dev/place/lib/pkgconfig/oriel-audio.pc'
result $? user_installs_into_a_place_of_their_own
inside 1000 'make uninstall PREFIX=/home/dev/place && ! [ -e /home/dev/place ]'
result $? user_takes_it_away_again
inside 1000 'mkdir -p /home/dev/half/share && echo mine >/home/dev/half/share/doc'
! inside 1000 'make install PREFIX=/home/dev/half/' && grep -q 'not all is installed' "$out" && [ -e "$debian/home/dev/half/bin/oriel" ] &&
  inside 1000 'make uninstall PREFIX=/home/dev/half && [ "$(find /home/dev/half -type f)" = /home/dev/half/share/doc ] && rm -r /home/dev/half'
result $? half_an_install_can_be_taken_away
inside 1000 'make install DESTDIR=/home/dev/stage PREFIX=/usr LIBDIR=lib/x86_64-linux-gnu' &&
  [ -f "$debian/home/dev/stage/usr/lib/x86_64-linux-gnu/pkgconfig/oriel-audio.pc" ] &&
  grep -q '^prefix=/usr$' "$debian/home/dev/stage/usr/lib/x86_64-linux-gnu/pkgconfig/oriel-audio.pc"
result $? packager_stages_it
listing | cmp -s - "$work/before"
result $? user_changed_nothing_of_the_system

# ---- root, with the umask that some have ----
as_root rm -f "$there"/build/*-log
inside 0 'umask 077; make install LIBDIR=lib64 && make install'
result $? root_installs
# Bootstrap is for root, and writes nowhere else.
as_root rm -f "$there/build/bootstrap-log"
[ -z "$(as_root find "$there" ! -user 1000)" ] && grep -q 'build.sh build installed' "$there/build/build-log"
result $? what_root_built_belongs_to_the_user
inside 0 'make build && make guest' && as_root rm -f "$there/build/bootstrap-log" && [ -z "$(as_root find "$there" ! -user 1000)" ]
result $? root_builds_as_the_user
as_root chown 0 "$there/build" && inside 0 'make build' && as_root chown 1000 "$there/build"
result $? root_goes_on_where_root_has_built
as_root chown -R 1000:1000 "$there"
[ -z "$(as_root find "$debian/usr/local/lib64" 2>/dev/null)" ]
result $? what_an_earlier_install_put_elsewhere_is_gone
inside 1000 'oriel version && oriel-agent --version && oriel-agent --config /usr/local/share/oriel/agent.conf --check >/dev/null &&
  head -c 200 /usr/local/share/man/man1/oriel.1 | grep -q "TH ORIEL 1" && [ -r /usr/local/share/man/man1/oriel-agent.1 ] &&
  grep -q "MIT" /usr/local/share/doc/oriel/LICENSE && [ -r /usr/local/share/doc/oriel/docs/security.md ] &&
  [ -r /usr/local/share/oriel/guest/initrd.img ] && [ -r /usr/local/lib/systemd/user/oriel-agent.service ]'
result $? user_finds_programs_manuals_licence_and_docs
inside 1000 'cd /home/dev && for name in meter recorder; do
  cc -std=c17 -Wall -Wextra -Werror -pedantic -o $name "my oriel/examples/$name.c" $(pkg-config --cflags --libs oriel-audio) -lm &&
  cc -static -o $name-static "my oriel/examples/$name.c" $(pkg-config --static --cflags --libs oriel-audio) -lm &&
  ldd ./$name | grep -q "liboriel-audio.so.0 => /usr/local/lib/liboriel-audio.so.0" || exit 1; done
  ./meter no-such-device; [ $? -eq 1 ] && ./meter-static no-such-device; [ $? -eq 1 ]'
result $? examples_build_and_run_by_pkg_config_alone
planned=$(python3 - "$build/meson-info/intro-install_plan.json" <<'EOF'
import json, sys
places = {'{bindir}': 'bin', '{libdir}': 'lib', '{libdir_shared}': 'lib', '{libdir_static}': 'lib', '{includedir}': 'include',
          '{datadir}': 'share', '{mandir}': 'share/man'}
for kind in json.load(open(sys.argv[1])).values():
    for entry in kind.values():
        head, _, rest = entry['destination'].partition('/')
        print(f'{places.get(head, head)}/{rest}')
EOF
)
outside=$(grep '^/' <<<"$planned") # of the prefix: absolute
{
  grep -v '^/' <<<"$planned" | grep -vxFf "$debian/usr/local/share/oriel/installed"
  for file in $outside; do [ -e "$debian$file" ] || echo "$file"; done
} >"$out"
[ -n "$planned" ] && [ -n "$outside" ] && [ ! -s "$out" ]
result $? what_meson_installs_is_all_there

# ---- away again ----
! inside 1000 'make uninstall' && one_line uninstall 'sudo make uninstall'
result $? user_without_the_right_to_uninstall_is_told
as_root sh -c 'mkdir "$1/etc/oriel" && echo mine >"$1/usr/local/share/oriel/mine"' - "$debian"
inside 0 'make uninstall' && grep -q 'left, as it is yours: /etc/oriel' "$out" && [ "$(cat "$debian/usr/local/share/oriel/mine")" = mine ]
result $? uninstall_says_what_it_leaves
as_root rm -r "$debian/etc/oriel" "$debian/usr/local/share/oriel"
listing >"$work/after"
diff "$work/before" "$work/after" >"$out"
result $? uninstall_leaves_nothing

echo "1..$count"
