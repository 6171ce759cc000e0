# SPDX-License-Identifier: MIT
"""Just enough of D-Bus to talk to QEMU's display over a socket pair: resize a console, count what a listener hears."""
import os
import select
import socket
import struct
import time

CONSOLE = "/org/qemu/Display1/Console_0"


class Connection:
    """One peer-to-peer D-Bus connection, little-endian."""

    def __init__(self, peer):
        self.socket = peer
        self.socket.settimeout(10)
        self.buffer = b""
        self.serial = 0
        self._authenticate()

    def _line(self):
        while b"\r\n" not in self.buffer:
            data = self.socket.recv(4096)
            if not data:
                raise OSError("the D-Bus peer closed the connection")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.lstrip(b"\0").decode()

    def _authenticate(self):
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        if not self._line().startswith("OK"):
            raise OSError("QEMU refused the D-Bus authentication")
        self.socket.sendall(b"NEGOTIATE_UNIX_FD\r\n")
        self._line()
        self.socket.sendall(b"BEGIN\r\n")

    @staticmethod
    def _field(code, signature, value):
        data = struct.pack("<B", code) + bytes([len(signature)]) + signature.encode() + b"\0"
        if signature == "g":
            return data + bytes([len(value)]) + value.encode() + b"\0"
        if signature == "u":
            return data + struct.pack("<I", value)
        return data + struct.pack("<I", len(value)) + value.encode() + b"\0"

    def _send(self, kind, fields, body=b"", fds=(), flags=0):
        self.serial += 1
        array = b""
        for field in fields:
            array += b"\0" * (-len(array) % 8) + field
        header = struct.pack("<cBBBIII", b"l", kind, flags, 1, len(body), self.serial, len(array)) + array
        message = header + b"\0" * (-len(header) % 8) + body
        if fds:
            socket.send_fds(self.socket, [message], list(fds))
        else:
            self.socket.sendall(message)
        return self.serial

    def call(self, path, interface, member, signature="", body=b"", fds=()):
        """Calls a method and waits for its reply. Returns the reply's body."""
        fields = [self._field(1, "o", path), self._field(2, "s", interface), self._field(3, "s", member)]
        if signature:
            fields.append(self._field(8, "g", signature))
        if fds:
            fields.append(self._field(9, "u", len(fds)))
        serial = self._send(1, fields, body, fds)
        while True:
            message = self.receive(10)
            if message and message["reply_to"] == serial:
                if message["kind"] == 3:
                    raise OSError(f"{member}: D-Bus error {message['body']!r}")
                return message["body"]

    def reply(self, message):
        if message["flags"] & 1:
            return
        fields = [self._field(5, "u", message["serial"])]
        body = b""
        if message["member"] == "GetAll":
            fields.append(self._field(8, "g", "a{sv}"))
            body = struct.pack("<II", 0, 0)
        self._send(2, fields, body)

    def receive(self, limit_s):
        """Returns the next message, or None after limit_s."""
        end = time.monotonic() + limit_s
        while True:
            message = self._parse()
            if message:
                return message
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            data, fds, _, _ = socket.recv_fds(self.socket, 1 << 20, 8)
            for fd in fds:
                os.close(fd)
            if not data:
                raise OSError("the D-Bus peer closed the connection")
            self.buffer += data

    def _parse(self):
        if len(self.buffer) < 16:
            return None
        _, kind, flags, _, body_size, serial, array_size = struct.unpack_from("<cBBBIII", self.buffer)
        header_size = 16 + array_size + (-array_size % 8)
        if len(self.buffer) < header_size + body_size:
            return None
        message = {"kind": kind, "flags": flags, "serial": serial, "reply_to": None, "member": "",
                   "body": self.buffer[header_size:header_size + body_size]}
        at = 16
        while at < 16 + array_size:
            at += -at % 8
            code, length = self.buffer[at], self.buffer[at + 1]
            signature = self.buffer[at + 2:at + 2 + length].decode()
            at += 3 + length
            if signature == "g":
                at += 2 + self.buffer[at]
                continue
            at += -at % 4
            number, = struct.unpack_from("<I", self.buffer, at)
            at += 4
            if signature in ("s", "o"):
                if code == 3:
                    message["member"] = self.buffer[at:at + number].decode()
                at += number + 1
            elif code == 5:
                message["reply_to"] = number
        self.buffer = self.buffer[header_size + body_size:]
        return message


class Display:
    """QEMU's console 0 (started with -display dbus,p2p=yes)."""

    def __init__(self, guest):
        ours, theirs = socket.socketpair()
        with theirs:
            guest.command("getfd", fds=[theirs.fileno()], fdname="display")
            guest.command("add_client", protocol="@dbus-display", fdname="display")
        self.connection = Connection(ours)
        self.listener = None

    def close(self):
        self.connection.socket.close()
        self.stop_listening()

    def stop_listening(self):
        """Nobody may keep a listener and not read it: QEMU waits for its replies."""
        if self.listener:
            self.listener.socket.close()
            self.listener = None

    def set_size(self, width, height):
        self.connection.call(CONSOLE, "org.qemu.Display1.Console", "SetUIInfo", "qqiiuu",
                             struct.pack("<HHiiII", 0, 0, 0, 0, width, height))

    def listen(self):
        """Registers a listener; listened() then returns what it heard."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.connection.call(CONSOLE, "org.qemu.Display1.Console", "RegisterListener", "h",
                                 struct.pack("<I", 0), [theirs.fileno()])
        self.listener = Connection(ours)  # QEMU authenticates us here too

    def heard(self, limit_s):
        """The next message to the listener as (member, leading integers), or None after limit_s."""
        message = self.listener.receive(limit_s)
        if not message:
            return None
        if message["kind"] == 1:
            self.listener.reply(message)
        body = message["body"]
        return message["member"], struct.unpack_from("<%di" % min(6, len(body) // 4), body)
