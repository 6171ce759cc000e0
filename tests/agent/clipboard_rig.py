# SPDX-License-Identifier: MIT
"""Sessions without a screen, oriel-agent in them, and the host's end of the clipboard's stream.

Everything lives in one temporary directory and is ended by its process id.
"""
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time


class Failure(Exception):
    pass


def until(check, seconds, what):
    """Waits for check() to be true; returns what it said."""
    end = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() > end:
            raise Failure(f'not within {seconds} s: {what() if callable(what) else what}')
        time.sleep(0.01)
    return value


def expect(condition, words):
    if not condition:
        raise Failure(words() if callable(words) else words)


class Host:
    """Listens at a UNIX socket; keeps the texts of what connects."""

    def __init__(self, path):
        self.texts, self.connections, self.connection, self.is_reading = [], 0, None, True
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(4)
        self.server = threading.Thread(target=self.serve, daemon=True)
        self.server.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connection = connection
            self.connections += 1
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        data = b''
        while True:
            while not self.is_reading:
                time.sleep(0.01)
            try:
                got = connection.recv(1 << 20)
            except OSError:
                got = b''
            if not got:
                if self.connection is connection:
                    self.connection = None
                return
            data += got
            while len(data) >= 4 and len(data) >= 4 + (size := struct.unpack('>I', data[:4])[0]):
                self.texts.append(data[4:4 + size])
                data = data[4 + size:]

    def send(self, text):
        self.raw(struct.pack('>I', len(text)) + text)

    def raw(self, data):
        self.connection.sendall(data)

    def drop(self):
        """Ends the connection and listens no more. The thread goes first: its accept would go on with whatever gets the number of a
        closed descriptor next, and take another host's guests in."""
        if self.server.is_alive():
            self.listener.shutdown(socket.SHUT_RDWR)
            self.server.join(10)
        self.listener.close()
        if self.connection:
            self.connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.is_reading = True
        self.drop()


class Rig:
    def __init__(self, agent, helpers):
        self.agent_path, self.helpers = agent, helpers
        self.dir = tempfile.mkdtemp(prefix='oriel-clipboard-', dir='/tmp')  # whoever the compositor runs as gets there
        os.chmod(self.dir, 0o711)
        self.runtime = os.path.join(self.dir, 'run')
        os.mkdir(self.runtime, 0o700)
        self.processes = []
        kept = {k: v for k, v in os.environ.items() if k in ('PATH', 'LANG', 'ASAN_OPTIONS', 'UBSAN_OPTIONS', 'TSAN_OPTIONS', 'LSAN_OPTIONS')}
        self.env = {**kept, 'HOME': self.dir, 'XDG_CONFIG_HOME': self.dir, 'XDG_RUNTIME_DIR': self.runtime, 'DISPLAY': '',
                    'WAYLAND_DISPLAY': ''}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes[:]):
            self.end(process)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def spawn(self, *words, env=None, stdout=None, stdin=subprocess.DEVNULL, **options):
        with open(self.path('log'), 'ab') as log:
            process = subprocess.Popen(words, env=env or self.env, stdin=stdin, stdout=stdout or log, stderr=log, **options)
        self.processes.append(process)
        return process

    def end(self, process, how=signal.SIGTERM):
        if process in self.processes:
            self.processes.remove(process)
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(how)
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(10)

    def log(self):
        with open(self.path('log'), encoding='utf-8', errors='replace') as file:
            return file.read()[-3000:]


class Session:
    """A desktop's session: what of it copies and pastes, and what is wrong in it."""
    owner = None

    def __init__(self, rig):
        self.rig, self.env, self.server, self.owners = rig, dict(rig.env), None, []

    def own(self, *words):
        """A program that owns the clipboard, or pastes from it, in its own way."""
        process = self.rig.spawn(os.path.join(self.rig.helpers, self.owner), *words, env=self.env, stdout=subprocess.PIPE, text=True)
        self.owners.append(process)
        ready, _, _ = select.select([process.stdout], [], [], 10)
        process.said = process.stdout.readline() if ready else 'nothing'
        expect('ready' in process.said, lambda: f'{words}: {process.said} {self.rig.log()}')
        return process

    def end_owners(self):
        while self.owners:
            self.rig.end(self.owners.pop())

    def pipe(self, words, data=None):
        """b'' where the clipboard's owner gives nothing."""
        try:
            done = subprocess.run(words, env=self.env, input=data, stdout=subprocess.PIPE if data is None else subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=2, check=False)
            return done.stdout
        except subprocess.TimeoutExpired:
            return b''

    def stop(self):
        self.rig.end(self.server)


class X11(Session):
    name, owner = 'x11', 'x11_owner'

    def start(self, display=None):
        read, write = os.pipe()
        which = [display] if display else ['-displayfd', str(write)]
        self.server = self.rig.spawn('Xvfb', *which, '-screen', '0', '640x480x24', '-nolisten', 'tcp', '-noreset', pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as file:
            number = display or file.readline().strip()
        expect(number, 'Xvfb did not start: is the package xvfb there?')
        self.env['DISPLAY'] = display or ':' + number

    def agent_env(self):
        return {'DISPLAY': self.env['DISPLAY']}

    def copy(self, text):
        self.pipe(['xclip', '-selection', 'clipboard', '-in'], text)

    def paste(self):
        return self.pipe(['xclip', '-selection', 'clipboard', '-out'])


class Wayland(Session):
    name, owner = 'wayland', 'wayland_owner'

    def start(self):
        """Sway, which runs as no root; whoever it runs as has the folder of its socket."""
        folder = self.rig.path('wayland')
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(self.rig.path('sway.conf'), 'w', encoding='ascii') as file:
            file.write('xwayland disable\n')
        words = ['sway', '-c', self.rig.path('sway.conf')]
        if os.getuid() == 0:
            os.chown(folder, 65534, 65534)
            words = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', *words]
        env = {**self.rig.env, 'XDG_RUNTIME_DIR': folder, 'HOME': folder, 'WLR_BACKENDS': 'headless', 'WLR_RENDERER': 'pixman',
               'WLR_LIBINPUT_NO_DEVICES': '1'}
        del env['DISPLAY'], env['WAYLAND_DISPLAY']
        self.server = self.rig.spawn(*words, env=env, cwd='/')
        self.socket = os.path.join(folder, 'wayland-1')
        self.env['WAYLAND_DISPLAY'] = self.socket
        until(lambda: os.path.exists(self.socket) or self.server.poll() is not None, 10, lambda: f'sway starts: {self.rig.log()}')
        expect(self.server.poll() is None, lambda: f'sway ended: {self.rig.log()}')

    def agent_env(self):
        return {'WAYLAND_DISPLAY': self.env['WAYLAND_DISPLAY']}

    def copy(self, text):
        self.pipe(['wl-copy', '--type', 'text/plain;charset=utf-8'], text)

    def paste(self):
        return self.pipe(['wl-paste', '--no-newline', '--type', 'text/plain;charset=utf-8'])


class Agent:
    """oriel-agent between a session and a host."""
    count = 0

    def __init__(self, session, has_host=True, waits=True, **env):
        Agent.count += 1
        self.rig, self.session, self.waits = session.rig, session, waits
        self.env = {**self.rig.env, **session.agent_env(), **env}
        self.socket, self.control = self.rig.path(f'host-{Agent.count}'), self.rig.path(f'control-{Agent.count}')
        self.host = Host(self.socket) if has_host else None
        self.process = None

    def __enter__(self):
        self.process = self.rig.spawn(self.rig.agent_path, '--config', '/dev/null', '--output', 'none', '--input', 'none', '--control',
                                      self.control, '--clipboard', f'unix://{self.socket}', '--log-level', 'debug', env=self.env)
        try:
            until(lambda: self.ask().returncode == 0, 15, lambda: f'the agent starts: {self.rig.log()}')
            if self.host:
                until(lambda: self.host.connection, 5, lambda: f'it connects: {self.rig.log()}')
            if self.waits:
                self.in_session(self.session.name)
        except BaseException:
            self.__exit__(Failure)
            raise
        return self

    def __exit__(self, kind, *_):
        self.session.end_owners()
        code = self.rig.end(self.process)
        if self.host:
            self.host.close()
        if kind is None and code != 0:
            raise Failure(f'the agent ended with {code}: {self.rig.log()}')

    def ask(self):
        return subprocess.run([self.rig.agent_path, '--config', '/dev/null', '--control', self.control, '--status'], env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10, check=False, text=True)

    def status(self):
        done = self.ask()
        expect(done.returncode == 0, f'--status: {done.stdout}')
        return json.loads(done.stdout)['clipboard']

    def in_session(self, name):
        until(lambda: self.status()['session'] == name, 10, lambda: f'a session of {name}: {self.status()} {self.rig.log()}')

    def until_text(self, text, what='a text reaches the host'):
        until(lambda: text in self.host.texts, 10, lambda: f'{what}: {[t[:40] for t in self.host.texts]} {self.status()} {self.rig.log()}')

    def resident(self):
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as file:
            return int(re.search(r'VmRSS:\s+(\d+)', file.read()).group(1)) * 1024

    def ticks(self):
        """Times that its threads were woken."""
        total = 0
        for task in os.listdir(f'/proc/{self.process.pid}/task'):
            with open(f'/proc/{self.process.pid}/task/{task}/status', encoding='ascii') as file:
                text = file.read()
            if 'oriel-clipboard' in text:
                total += int(re.search(r'voluntary_ctxt_switches:\s+(\d+)', text).group(1))
        return total
