# SPDX-License-Identifier: MIT
#
# make run      build what is needed, boot the demo guest, print the address to open   (ARGS="disk.qcow2 --memory 4G")
# make check    every test; PART=unit, tsan, sound, web, guest or e2e for one part
# make bench    measure against noVNC; table on the screen and in build/bench.json
# make build    only build/oriel        make guest    only the demo guest, in build/guest
# make darwin   cross-build the macOS sound driver and liboriel-audio into build/darwin
# make install  into $(DESTDIR)$(PREFIX): oriel, the demo guest, oriel-agent with its service, liboriel-audio; the macOS driver if built
# make fuzz     every fuzz target for FUZZ_SECONDS each       make clean    remove all that was built

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60

.PHONY: build run guest check bench fuzz darwin install clean bootstrap
.DEFAULT_GOAL := build

bootstrap:
	@scripts/bootstrap.sh

build: bootstrap
	@scripts/build.sh build oriel

guest: bootstrap
	@scripts/guest.sh

# exec: the terminal's Ctrl-C and make's own signals reach oriel itself, which ends its VM.
run: build guest
	@exec build/oriel run --print-token $(ARGS)

check:
	@scripts/check.sh $(PART)

bench:
	@scripts/bench.sh

fuzz:
	@scripts/fuzz.sh $(FUZZ_SECONDS)

darwin:
	@scripts/bootstrap.sh darwin
	@scripts/darwin.sh

install: build guest
	@scripts/install.sh "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf build build-asan build-tsan build-fuzz
