# SPDX-License-Identifier: MIT
#
# make run      build what is needed, boot the demo guest, print the address to open   (ARGS="disk.qcow2 --memory 4G")
# make check    every test; PART=unit, tsan, faults, sound, web, guest or e2e for one part
# make bench    measure against noVNC; table on the screen and in build/bench.json
# make build    only build/oriel        make guest    only the demo guest, in build/guest
# make darwin   cross-build the macOS sound driver and liboriel-audio into build/darwin
# make install  into $(DESTDIR)$(PREFIX): oriel, the demo guest, oriel-agent, liboriel-audio (in LIBDIR), services, manuals, docs;
#               the macOS driver if built. As root it builds as this folder's owner       make uninstall   takes it all away
# make torture  let every allocation, descriptor and thread of a start, a visit and an end fail once; type long texts;
#               have a NAT forget a client (hours)
# make fuzz     every fuzz target for FUZZ_SECONDS each       make clean    remove all that was built

PREFIX ?= /usr/local
LIBDIR ?= lib
FUZZ_SECONDS ?= 60

.PHONY: build run guest check bench fuzz torture darwin install uninstall clean bootstrap
.DEFAULT_GOAL := build

bootstrap:
	@scripts/bootstrap.sh

build: bootstrap
	@scripts/as-owner.sh scripts/build.sh build oriel

guest: bootstrap
	@scripts/as-owner.sh scripts/guest.sh

# exec: the terminal's Ctrl-C and make's own signals reach oriel itself, which ends its VM.
run: build guest
	@exec build/oriel run --print-token $(ARGS)

check:
	@scripts/check.sh $(PART)

bench:
	@scripts/bench.sh

fuzz:
	@scripts/fuzz.sh $(FUZZ_SECONDS)

torture:
	@scripts/torture.sh

darwin:
	@scripts/bootstrap.sh darwin
	@scripts/as-owner.sh scripts/darwin.sh

install:
	@scripts/install.sh "$(DESTDIR)" "$(PREFIX)" "$(LIBDIR)"

uninstall:
	@scripts/uninstall.sh "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf build build-asan build-tsan build-fuzz
