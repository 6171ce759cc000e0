# SPDX-License-Identifier: MIT
"""A demo guest in QEMU for tests: QMP, serial port, screendumps, injected input. Every wait has a bound."""
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import zlib


class GuestError(Exception):
    """The guest did not do what a test needs; the message says what."""


class Screen:
    """Pixels of a screendump."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        fields = data.split(maxsplit=4)[:4]
        self.width, self.height = int(fields[1]), int(fields[2])
        self.data = data[len(data) - self.width * self.height * 3:]

    def pixel(self, x, y):
        at = (y * self.width + x) * 3
        return int.from_bytes(self.data[at:at + 3], "big")

    def save_png(self, path):
        row = self.width * 3
        raw = b"".join(b"\0" + self.data[y * row:(y + 1) * row] for y in range(self.height))
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, body in ((b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)),
                               (b"IDAT", zlib.compress(raw, 6)), (b"IEND", b"")):
                file.write(struct.pack(">I", len(body)) + kind + body +
                           struct.pack(">I", zlib.crc32(kind + body)))


class Guest:
    """A running QEMU; use it in a `with` statement, so that nothing of it stays."""

    def __init__(self, directory, append="", size=(1280, 720), cpus=1, memory="512M", audio="none", display="none",
                 extra=()):
        directory = os.path.abspath(directory)
        self.work = tempfile.mkdtemp(prefix="oriel-demo-test.")
        self.log = b""
        self.seen = 0
        self.qmp = self.serial = None
        with open(os.path.join(directory, "cmdline"), encoding="ascii") as file:
            command_line = file.read().strip() + " " + append
        qmp_path, serial_path = self.path("qmp"), self.path("serial")
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["nice", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine", "q35", "-accel", "tcg",
             "-cpu", "max", "-smp", str(cpus), "-m", memory, "-vga", "none",
             "-device", f"virtio-vga,xres={size[0]},yres={size[1]}",
             "-device", "virtio-keyboard-pci", "-device", "virtio-tablet-pci", "-device", "virtio-mouse-pci",
             "-audiodev", audio + ",id=sound", "-device", "intel-hda", "-device", "hda-duplex,audiodev=sound",
             "-kernel", os.path.join(directory, "vmlinuz"), "-initrd", os.path.join(directory, "initrd.img"),
             "-append", command_line, "-display", display,
             "-qmp", f"unix:{qmp_path},server=on,wait=off",
             "-chardev", f"socket,id=serial,path={serial_path},server=on,wait=off", "-serial", "chardev:serial",
             *extra], stdin=subprocess.DEVNULL, cwd=self.work)
        try:
            self.serial = self._connect(serial_path)
            self.qmp = self._connect(qmp_path)
            self.qmp_file = self.qmp.makefile("rwb")
            self.qmp_file.readline()
            self.command("qmp_capabilities")
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return os.path.join(self.work, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends QEMU and removes its files."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for connection in (self.qmp, self.serial):
            if connection:
                connection.close()
        shutil.rmtree(self.work, ignore_errors=True)

    def _connect(self, path):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(20)
            try:
                connection.connect(path)
                return connection
            except OSError:
                connection.close()
                time.sleep(0.02)  # QEMU offers no event before its sockets exist
        raise GuestError(f"QEMU did not offer {path}: see its message above")

    def command(self, name, fds=(), **arguments):
        """Runs a QMP command and returns its result; events are dropped."""
        message = json.dumps({"execute": name, "arguments": arguments}).encode()
        if fds:
            socket.send_fds(self.qmp, [message], list(fds))
        else:
            self.qmp.sendall(message)
        while True:
            line = self.qmp_file.readline()
            if not line:
                raise GuestError(f"QEMU ended during {name}")
            reply = json.loads(line)
            if "error" in reply:
                raise GuestError(f"{name}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def wait_line(self, wanted, limit_s):
        """Waits for a serial line that starts with `wanted`, after the last one found. Returns it."""
        end = time.monotonic() + limit_s
        while True:
            while b"\n" in self.log[self.seen:]:
                stop = self.log.index(b"\n", self.seen)
                line = self.log[self.seen:stop].decode(errors="replace").strip()
                self.seen = stop + 1
                if line.startswith(wanted):
                    return line
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.serial], [], [], left)[0]:
                raise GuestError(f"no line '{wanted}' on the serial port within {limit_s} s; "
                                 f"last: {self.log[-300:]!r}")
            data = self.serial.recv(65536)
            if not data:
                raise GuestError(f"QEMU closed the serial port while waiting for '{wanted}'")
            self.log += data

    def send_serial(self, text):
        self.serial.sendall(text.encode())

    def screen(self, png=None):
        path = self.path("screen.ppm")
        self.command("screendump", filename=path)
        screen = Screen(path)
        if png:
            screen.save_png(png)
        return screen

    def wait_screen(self, condition, limit_s, what):
        """Takes screendumps until one meets the condition. Returns it."""
        end = time.monotonic() + limit_s
        while True:
            screen = self.screen()
            if condition(screen):
                return screen
            if time.monotonic() > end:
                raise GuestError(f"the screen did not show {what} within {limit_s} s")
            time.sleep(0.05)  # a screendump is a poll: QEMU has no event for "the picture changed"

    def key(self, code, down=None):
        for state in ((True, False) if down is None else (down,)):
            self.command("input-send-event", events=[
                {"type": "key", "data": {"down": state, "key": {"type": "qcode", "data": code}}}])

    def move(self, x, y, size):
        """Moves the absolute pointer to a pixel of a screen of that size."""
        self.command("input-send-event", events=[
            {"type": "abs", "data": {"axis": "x", "value": (2 * x + 1) * 0x7FFF // (2 * size[0])}},
            {"type": "abs", "data": {"axis": "y", "value": (2 * y + 1) * 0x7FFF // (2 * size[1])}}])

    def button(self, name, down):
        self.command("input-send-event", events=[{"type": "btn", "data": {"down": down, "button": name}}])
