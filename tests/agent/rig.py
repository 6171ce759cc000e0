# SPDX-License-Identifier: MIT
"""A PipeWire of our own, headless, with WirePlumber and oriel-agent, and the host's end of the streams.

Everything lives in one temporary directory (runtime directory, home) and is ended by its process id.
"""
import ctypes
import ctypes.util
import json
import math
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import wave

RATE = 48000


class Failure(Exception):
    pass


def until(check, seconds, what, step=0.02):
    """Waits for check() to be true; returns what it said."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f'not within {seconds} s: {what() if callable(what) else what}')
        time.sleep(step)


class Rig:
    """Starts D-Bus, PipeWire and WirePlumber on enter; ends all that was started on leave."""

    def __init__(self, agent, is_vm=True):
        self.agent_path, self.is_vm = agent, is_vm
        self.dir = tempfile.mkdtemp(prefix='oriel-agent-')
        self.home, self.runtime = os.path.join(self.dir, 'home'), os.path.join(self.dir, 'run')
        os.makedirs(os.path.join(self.home, '.config', 'pipewire', 'pipewire.conf.d'))
        os.mkdir(self.runtime, 0o700)
        kept = {k: v for k, v in os.environ.items() if k in ('PATH', 'LANG', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS')}
        self.env = {**kept, 'HOME': self.home, 'XDG_RUNTIME_DIR': self.runtime, 'XDG_CONFIG_HOME': os.path.join(self.home, '.config'),
                    'XDG_STATE_HOME': os.path.join(self.home, 'state'), 'PIPEWIRE_RUNTIME_DIR': self.runtime}
        # What PipeWire itself does inside a VM, whether or not this machine is one.
        if is_vm:
            with open(os.path.join(self.home, '.config', 'pipewire', 'pipewire.conf.d', 'vm.conf'), 'w', encoding='utf-8') as file:
                file.write('context.properties = { default.clock.min-quantum = 1024 }\n')
        self.processes = []
        self.pipewire = self.wireplumber = self.dbus = None

    def __enter__(self):
        try:
            self.start_dbus()
            self.start_pipewire()
            self.start_wireplumber()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.end(process)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def spawn(self, *words, log=None, **options):
        """A child whose output goes to the file `log` in the rig's directory."""
        out = open(self.path(log or os.path.basename(words[0]) + '.log'), 'ab')
        process = subprocess.Popen(words, env=self.env, stdin=subprocess.DEVNULL, stdout=options.pop('stdout', out), stderr=out,
                                   cwd=self.dir, **options)
        out.close()
        self.processes.append(process)
        return process

    def end(self, process, how=signal.SIGTERM, seconds=5):
        if process in self.processes:
            self.processes.remove(process)
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(5)

    def call(self, *words, seconds=10):
        done = subprocess.run(words, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds, check=False, text=True)
        return done.returncode, done.stdout

    def start_dbus(self):
        self.dbus = self.spawn('dbus-daemon', '--session', '--nofork', '--nopidfile', f'--address=unix:path={self.runtime}/bus')
        self.env['DBUS_SESSION_BUS_ADDRESS'] = f'unix:path={self.runtime}/bus'
        until(lambda: os.path.exists(f'{self.runtime}/bus'), 5, 'D-Bus')

    def start_pipewire(self):
        self.pipewire = self.spawn('pipewire')
        until(lambda: self.call('pw-cli', 'info', '0')[0] == 0, 10, 'PipeWire')

    def start_wireplumber(self):
        self.wireplumber = self.spawn('wireplumber')

    def dump(self):
        code, text = self.call('pw-dump')
        return json.loads(text) if code == 0 else []

    def node(self, name):
        for thing in self.dump():
            if thing.get('type') == 'PipeWire:Interface:Node' and thing['info'].get('props', {}).get('node.name') == name:
                return thing
        return None

    def has_ports(self, name, count):
        """The session manager has set the node up."""
        thing = self.node(name)
        return thing is not None and max(thing['info']['n-input-ports'], thing['info']['n-output-ports']) >= count

    # ---- the agent ----

    def start_agent(self, *arguments, wait=True, channels=2, prefix=()):
        # The clipboard has tests of its own, and no session here; by default it would dial vsock.
        agent = self.spawn(*prefix, self.agent_path, '--clipboard', 'none', *arguments, log='agent.log')
        if wait:
            until(lambda: self.has_ports('oriel-output', channels) and self.has_ports('oriel-input', channels), 15,
                  lambda: f'the devices appear: {self.log()}')
        return agent

    def log(self, name='agent.log'):
        with open(self.path(name), encoding='utf-8', errors='replace') as file:
            return file.read()

    def status(self):
        code, text = self.call(self.agent_path, '--status')
        if code != 0:
            raise Failure(f'--status: {text}')
        return json.loads(text)

    def play(self, path, target='oriel-output', *more):
        return self.spawn('pw-cat', '-p', '--target', target, *more, path)

    def record(self, path, target='oriel-input', *more):
        return self.spawn('pw-cat', '-r', '--target', target, '--rate', str(RATE), '--channels', '2', '--format', 'f32', *more, path)


# ---- the host's end ----

class Peer:
    """Listens on a UNIX socket; keeps the packets of what connects, with their times."""

    def __init__(self, path):
        self.path, self.packets, self.errors = path, [], []
        self.connections, self.connection = 0, None
        self.is_reading, self.echo = True, None
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        self.listener.bind(path)
        self.listener.listen(8)
        self.is_open = True
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while self.is_open:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.connection = connection
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        data = b''
        while True:
            while not self.is_reading and self.is_open:
                time.sleep(0.005)
            try:
                got = connection.recv(65536)
            except OSError:
                got = b''
            now = time.monotonic()
            if not got:
                if self.connection is connection:
                    self.connection = None
                return
            data += got
            while len(data) >= 2:
                size = struct.unpack('>H', data[:2])[0]
                if not 1 <= size <= 1500:
                    self.errors.append(size)
                    return
                if len(data) < 2 + size:
                    break
                with self.lock:
                    self.packets.append((now, data[2:2 + size]))
                if self.echo:
                    self.echo(data[:2 + size])
                data = data[2 + size:]

    def take(self):
        """The packets since the last call."""
        with self.lock:
            taken, self.packets = self.packets, []
        return taken

    def send(self, data):
        """False when nobody is connected."""
        connection = self.connection
        if connection is None:
            return False
        try:
            connection.sendall(data)
            return True
        except OSError:
            return False

    def hang_up(self):
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def close(self):
        self.is_open = False
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.hang_up()
        if os.path.exists(self.path):
            os.unlink(self.path)


class Microphone:
    """Sends a tone (0 Hz: the level itself; None: noise) at the pace of the clock to whoever is connected at the peer."""

    def __init__(self, peer, hz, frame_ms=5, pcm=False, level=0.5, ppm=0):
        self.peer, self.is_open, self.sent = peer, True, 0
        self.is_paused, self.behind = False, 0.0  # asleep; by how many seconds what it sends is late
        self.frames = int(RATE * frame_ms / 1000)
        self.hz, self.level, self.pcm, self.ppm = hz, level, pcm, ppm
        self.encoder = None if pcm else Opus()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        start, at = time.monotonic(), 0
        while self.is_open:
            pause = start + at / (RATE * (1 + self.ppm * 1e-6)) - time.monotonic()
            self.behind = -pause
            if self.is_paused or pause > 0:
                time.sleep(max(pause, 0.001))
            if self.is_paused:
                continue
            samples = tone(self.hz, self.frames, at, self.level)
            at += self.frames
            packet = samples if self.pcm else self.encoder.encode(samples, self.frames)
            self.sent += self.peer.send(struct.pack('>H', len(packet)) + packet)

    def stop(self):
        self.is_open = False
        self.thread.join(5)


class Opus:
    """libopus by ctypes: 48 kHz stereo float."""

    def __init__(self):
        self.library = ctypes.CDLL(ctypes.util.find_library('opus') or 'libopus.so.0')
        self.library.opus_decoder_create.restype = ctypes.c_void_p
        self.library.opus_encoder_create.restype = ctypes.c_void_p
        error = ctypes.c_int()
        self.decoder = ctypes.c_void_p(self.library.opus_decoder_create(RATE, 2, ctypes.byref(error)))
        self.encoder = ctypes.c_void_p(self.library.opus_encoder_create(RATE, 2, 2051, ctypes.byref(error)))  # restricted low delay

    def decode(self, packet):
        """Frames, as an array of interleaved floats; None for garbage."""
        out = (ctypes.c_float * (5760 * 2))()
        frames = self.library.opus_decode_float(self.decoder, packet, len(packet), out, 5760, 0)
        return None if frames < 0 else list(out[:frames * 2])

    def encode(self, samples, frames):
        out = ctypes.create_string_buffer(1500)
        size = self.library.opus_encode_float(self.encoder, samples, frames, out, 1500)
        return out.raw[:size]


# ---- samples ----

def wave_at(hz, i, level, rate=RATE):
    """Frame `i` of a tone; at 0 Hz the level itself, of None noise."""
    return random.uniform(-level, level) if hz is None else level * math.sin(2 * math.pi * hz * i / rate) if hz else level


def tone(hz, frames, at=0, level=0.5, channels=2):
    """Interleaved float32 bytes."""
    out = []
    for i in range(at, at + frames):
        out.extend([wave_at(hz, i, level)] * channels)
    return struct.pack(f'<{len(out)}f', *out)


def write_wav(path, hz, seconds, level=0.5, channels=2, rate=RATE):
    """16-bit, a tone. Returns the integers of one channel."""
    values = [round(32767 * wave_at(hz, i, level, rate)) for i in range(int(seconds * rate))]
    with wave.open(path, 'wb') as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f'<{len(values) * channels}h', *(v for value in values for v in [value] * channels)))
    return values


def noise_wav(path, seconds, seed=1):
    """16-bit noise, both channels alike: no two places of it are the same."""
    generator = random.Random(seed)
    values = [generator.randint(-12000, 12000) for _ in range(int(seconds * RATE))]
    with wave.open(path, 'wb') as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f'<{len(values) * 2}h', *(v for value in values for v in (value, value))))
    return values


def read_floats(path, channel=0, channels=2):
    """One channel of a WAV file of float32 that may still be written."""
    with open(path, 'rb') as file:
        data = file.read()
    at = data.find(b'data')
    if at < 0:
        return []
    body = data[at + 8:]
    body = body[:len(body) // (4 * channels) * 4 * channels]
    return list(struct.unpack(f'<{len(body) // 4}f', body)[channel::channels])


def rms(values):
    """The median of pieces of 10 ms: one gap does not bend it."""
    pieces = [values[i:i + 480] for i in range(0, len(values) - 479, 480)]
    powers = sorted(sum(v * v for v in piece) / len(piece) for piece in pieces)
    return math.sqrt(powers[len(powers) // 2]) if powers else 0.0


def pitch(values, rate=RATE):
    """Hz of a tone, by the median distance of upward zero crossings: one gap does not bend it. 0 when there is none."""
    crossings = [i - values[i] / (values[i] - values[i - 1]) for i in range(1, len(values)) if values[i - 1] < 0 <= values[i]]
    if len(crossings) < 3:
        return 0.0
    distances = sorted(b - a for a, b in zip(crossings, crossings[1:]))
    return rate / distances[len(distances) // 2]


def loud(values, level=0.01):
    """The part between the first and the last sample above `level`."""
    at = [i for i, v in enumerate(values) if abs(v) > level]
    return values[at[0]:at[-1] + 1] if at else []
