#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Takes the microphone as something in a guest would: packets of a stream, decoded, as base64 of 16 bit mono at 48 kHz.

    microphone-peer.py PORT PACKETS
"""
import base64
import ctypes
import ctypes.util
import socket
import struct
import sys

FRAMES_MAX = 960


def exactly(peer, size):
    data = b''
    while len(data) < size:
        part = peer.recv(size - len(data))
        if not part:
            sys.exit('the stream ended')
        data += part
    return data


def main():
    opus = ctypes.CDLL(ctypes.util.find_library('opus') or 'libopus.so.0')
    opus.opus_decoder_create.restype = ctypes.c_void_p
    error = ctypes.c_int()
    decoder = ctypes.c_void_p(opus.opus_decoder_create(48000, 1, ctypes.byref(error)))
    pcm = (ctypes.c_int16 * FRAMES_MAX)()
    peer = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
    peer.settimeout(20)
    print('connected', flush=True)
    sound = b''
    for _ in range(int(sys.argv[2])):
        (size,) = struct.unpack('>H', exactly(peer, 2))
        count = opus.opus_decode(decoder, exactly(peer, size), size, pcm, FRAMES_MAX, 0)
        if not 1 <= size <= 1500 or count <= 0:
            sys.exit(f'no Opus packet: {size} bytes, {count}')
        sound += bytes(memoryview(pcm).cast('B')[:2 * count])
    print('sound', base64.b64encode(sound).decode(), flush=True)


main()
