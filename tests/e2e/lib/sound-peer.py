#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends sound as something in a guest would: a tone in Opus at its own pace, or what no peer should send.

    sound-peer.py unix:PATH|tcp:PORT|udp:PORT HZ [garbage|zero|long|flood|half]
"""
import ctypes
import ctypes.util
import math
import os
import socket
import struct
import sys
import time

RATE, FRAMES, APPLICATION = 48000, 960, 2051  # 2051: restricted low delay


class Encoder:
    def __init__(self):
        self.opus = ctypes.CDLL(ctypes.util.find_library('opus') or 'libopus.so.0')
        self.opus.opus_encoder_create.restype = ctypes.c_void_p
        error = ctypes.c_int()
        self.state = ctypes.c_void_p(self.opus.opus_encoder_create(RATE, 2, APPLICATION, ctypes.byref(error)))
        self.out = ctypes.create_string_buffer(1500)

    def encode(self, samples):
        pcm = (ctypes.c_float * len(samples))(*samples)
        size = self.opus.opus_encode_float(self.state, pcm, FRAMES, self.out, 1500)
        return self.out.raw[:size]


def dial(address):
    kind, _, where = address.partition(':')
    if kind == 'unix':
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(where)
    else:
        peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
        peer.connect(('127.0.0.1', int(where)))
    return peer, kind == 'udp'


def packets(hz, fault):
    encoder, at = Encoder(), 0
    while True:
        block = [0.25 * math.sin(2 * math.pi * hz * (at + i) / RATE) for i in range(FRAMES) for _ in range(2)]
        at += FRAMES
        yield os.urandom(200)[:-1] + b'\xff' if fault == 'garbage' else encoder.encode(block)


def main():
    hz, fault = float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ''
    peer, is_udp = dial(sys.argv[1])
    print('connected', flush=True)
    if fault in ('zero', 'long', 'half'):
        peer.sendall({'zero': b'\0\0', 'long': struct.pack('>H', 1501), 'half': struct.pack('>H', 300) + b'\xfc'}[fault])
        peer.settimeout(5)
        print('closed' if peer.recv(1) == b'' else 'answered', flush=True)
        return
    due = time.monotonic()
    for packet in packets(hz, fault):
        try:
            peer.sendall(packet if is_udp else struct.pack('>H', len(packet)) + packet)
        except OSError as error:
            if is_udp:
                continue
            print('closed', error, flush=True)
            return
        due += 0 if fault == 'flood' else FRAMES / RATE
        time.sleep(max(0, due - time.monotonic()))


main()
