#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oriel under a service manager: notifications, watchdog, passed sockets, system calls that are filtered, and the units that
ship. The manager is played here: a UNIX datagram socket and environment variables. Output is TAP.

usage: systemd_test.py ORIEL SERVICE SOCKET
"""
import ctypes
import os
import platform
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

ORIEL, SERVICE, SOCKET = map(os.path.abspath, sys.argv[1:4])
SCRATCH = tempfile.mkdtemp(prefix='oriel-systemd-test.', dir='/tmp')
LIMIT_S = 20  # of waits that end at once unless something is broken
# systemd's group @resources, x86_64's numbers: systemd-analyze syscall-filter @resources
RESOURCES = [141, 142, 144, 160, 203, 237, 238, 251, 256, 279, 314, 450]
KILL_PROCESS, ERRNO_EPERM, ALLOW = 0x80000000, 0x00050001, 0x7FFF0000
results = []


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(('ORIEL_', 'LISTEN_', 'WATCHDOG_', 'NOTIFY_')) and name != 'RUNTIME_DIRECTORY'}
    return {**kept, 'XDG_RUNTIME_DIR': SCRATCH, 'TMPDIR': SCRATCH, 'XDG_CACHE_HOME': SCRATCH, **more}


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, abstract=False):
        self.name = f'@oriel-test-{os.getpid()}' if abstract else os.path.join(SCRATCH, 'notify')
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.name.replace('@', '\0', 1) if abstract else self.name)
        self.said = []

    def hears(self, word, times=1):
        """Waits until it was told a line that begins with `word` that often."""
        deadline = time.monotonic() + LIMIT_S
        while sum(line.startswith(word) for line in self.said) < times and time.monotonic() < deadline:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.said += self.socket.recv(4096).decode().split('\n')
            except TimeoutError:
                break
        return sum(line.startswith(word) for line in self.said) >= times

    def close(self):
        self.socket.close()
        if not self.name.startswith('@'):
            os.unlink(self.name)


def passed(listeners):
    """What a child does before exec: descriptors 3 and up are `listeners`."""
    def prepare():
        moved = [os.dup2(one.fileno(), 64 + i) for i, one in enumerate(listeners)]
        for i, fd in enumerate(moved):
            os.dup2(fd, 3 + i, inheritable=True)
            os.close(fd)
    return prepare


def filtered(action):
    """What a child does before exec: its calls of @resources are answered by `action`."""
    libc = ctypes.CDLL(None, use_errno=True)
    code = [(0x20, 0, 0, 0)]  # load the call's number
    code += [(0x15, len(RESOURCES) - i, 0, number) for i, number in enumerate(RESOURCES)]  # equal: to the last line
    code += [(0x06, 0, 0, ALLOW), (0x06, 0, 0, action)]
    program = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *line) for line in code))
    header = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(code), ctypes.addressof(program)))

    def prepare():
        if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(header)), 0, 0):
            os._exit(126)
    prepare.program = program  # the header points to it
    return prepare


class Oriel:
    """A running one. The number of its own process, which LISTEN_PID and WATCHDOG_PID name, is known to itself only."""

    def __init__(self, *words, env=None, prepare=None, fds=()):
        script = 'for name in $PID_NAMES; do export "$name=$$"; done; exec "$@"'
        self.errors = open(os.path.join(SCRATCH, 'errors'), 'w+b')
        self.process = subprocess.Popen(['sh', '-c', script, 'sh', ORIEL, *words], env=environment(**(env or {})),
                                        stdout=subprocess.PIPE, stderr=self.errors, stdin=subprocess.DEVNULL,
                                        preexec_fn=prepare, pass_fds=fds)

    def ready(self):
        """The line's address, or '' at the end of its output."""
        for line in self.process.stdout:
            found = re.match(rb'ready: (\S+)', line)
            if found:
                return found[1].decode()
        return ''

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(LIMIT_S)
        self.process.stdout.close()
        return status


def answers(port):
    with socket.create_connection(('127.0.0.1', port), LIMIT_S) as client:
        client.sendall(f'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n'.encode())
        return client.makefile('rb').readline().startswith(b'HTTP/1.1 200')


def listener():
    one = socket.socket()
    one.bind(('127.0.0.1', 0))
    one.listen()
    return one


def check(name, ok, oriel=None):
    results.append(ok)
    print(f'{"ok" if ok else "not ok"} {len(results)} - {name}', flush=True)
    if not ok and oriel:
        print('\n'.join('# ' + line for line in oriel.said().splitlines()), flush=True)


def notifications():
    manager = Manager()
    oriel = Oriel('serve', 'pattern:', '--listen', '127.0.0.1:0', env={
        'NOTIFY_SOCKET': manager.name, 'WATCHDOG_USEC': '100000', 'PID_NAMES': 'WATCHDOG_PID'})
    port = oriel.ready().split('/')[2].rpartition(':')[2]
    check('manager_is_told_of_readiness', manager.hears('READY=1') and f'STATUS=serving on port {port}' in manager.said, oriel)
    check('watchdog_is_fed', manager.hears('WATCHDOG=1', 4), oriel)
    # A loop that is stuck feeds nothing: stopped, it is silent, which a live one never is for four times its interval.
    oriel.process.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    manager.socket.settimeout(0)
    try:
        while manager.socket.recv(4096):
            pass
    except BlockingIOError:
        pass
    manager.said = []
    time.sleep(0.2)
    try:
        silent = not manager.socket.recv(4096)
    except BlockingIOError:
        silent = True
    oriel.process.send_signal(signal.SIGCONT)
    check('watchdog_of_a_stopped_process_starves', silent and manager.hears('WATCHDOG=1'), oriel)
    status = oriel.end()
    check('manager_is_told_of_the_end', status == 0 and manager.hears('STOPPING=1'), oriel)
    manager.close()

    manager = Manager(abstract=True)
    oriel = Oriel('serve', 'pattern:', '--listen', '127.0.0.1:0', env={
        'NOTIFY_SOCKET': manager.name, 'WATCHDOG_USEC': '100000', 'WATCHDOG_PID': '1'})
    told = manager.hears('READY=1')
    check('abstract_socket_and_anothers_watchdog', told and oriel.end() == 0 and 'WATCHDOG=1' not in manager.said, oriel)
    manager.close()


def reloads():
    config = os.path.join(SCRATCH, 'oriel.conf')
    with open(config, 'w', encoding='utf-8') as file:
        file.write('[desktop a]\naddress = pattern:?scene=static\n[desktop b]\naddress = pattern:?scene=static\n')
    manager = Manager()
    oriel = Oriel('serve', '--listen', '127.0.0.1:0', env={'NOTIFY_SOCKET': manager.name, 'ORIEL_CONFIG': config})
    port = oriel.ready().split('/')[2].rpartition(':')[2]
    manager.hears('READY=1')
    with open(config, 'w', encoding='utf-8') as file:
        file.write('[desktop a]\naddress = pattern:?scene=static\n')
    oriel.process.send_signal(signal.SIGHUP)
    manager.said = []
    told = manager.hears('READY=1')
    words = [line.partition('=')[0] for line in manager.said]
    check('reload_is_told_from_its_beginning_to_its_end', told and words[:3] == ['RELOADING', 'MONOTONIC_USEC', 'READY'] and
          f'STATUS=serving on port {port}' in manager.said, oriel)
    oriel.process.send_signal(signal.SIGHUP)  # with nothing to do
    check('reload_of_the_same_file_is_told', manager.hears('READY=1', 2) and manager.hears('RELOADING=1', 2), oriel)
    with open(config, 'w', encoding='utf-8') as file:
        file.write('[nonsense]\n')
    oriel.process.send_signal(signal.SIGHUP)
    check('reload_of_a_broken_file_is_over_too', manager.hears('READY=1', 3) and 'nothing is changed' in oriel.said(), oriel)
    check('reloaded_one_ends_in_order', oriel.end() == 0, oriel)
    manager.close()


def sockets():
    with listener() as one:
        port = one.getsockname()[1]
        oriel = Oriel('serve', 'pattern:', '--listen', '192.0.2.1:1', prepare=passed([one]), fds=(3,), env={
            'LISTEN_FDS': '1', 'PID_NAMES': 'LISTEN_PID', 'LISTEN_FDNAMES': 'x'})
        address = oriel.ready()
        check('passed_socket_is_served', address.startswith(f'http://127.0.0.1:{port}/') and answers(port), oriel)
        check('passed_socket_is_left_to_the_manager', oriel.end() == 0 and socket.create_connection(('127.0.0.1', port)), oriel)
    with listener() as one:
        oriel = Oriel('serve', 'pattern:', '--listen', '127.0.0.1:0', prepare=passed([one]), fds=(3,),
                      env={'LISTEN_FDS': '1', 'LISTEN_PID': '1'})
        address = oriel.ready()
        check('anothers_socket_is_not_taken', address != '' and f':{one.getsockname()[1]}/' not in address, oriel)
        oriel.end()
    with listener() as one, listener() as two:
        oriel = Oriel('serve', 'pattern:', prepare=passed([one, two]), fds=(3, 4), env={'LISTEN_FDS': '2', 'PID_NAMES': 'LISTEN_PID'})
        check('two_sockets_are_refused', oriel.ready() == '' and oriel.end() == 1 and 'passed 2 sockets' in oriel.said(), oriel)
    wrong = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    oriel = Oriel('serve', 'pattern:', prepare=passed([wrong]), fds=(3,), env={'LISTEN_FDS': '1', 'PID_NAMES': 'LISTEN_PID'})
    check('datagram_socket_is_refused', oriel.ready() == '' and oriel.end() == 1 and 'ListenStream=' in oriel.said(), oriel)
    wrong.close()
    everywhere = socket.socket()
    everywhere.bind(('0.0.0.0', 0))
    everywhere.listen()
    oriel = Oriel('serve', 'pattern:', prepare=passed([everywhere]), fds=(3,), env={'LISTEN_FDS': '1', 'PID_NAMES': 'LISTEN_PID'})
    check('passed_socket_beyond_loopback_needs_tls', oriel.ready() == '' and oriel.end() == 2 and 'without TLS' in oriel.said(), oriel)
    everywhere.close()


def filters():
    if platform.machine() != 'x86_64':
        return
    oriel = Oriel('serve', 'pattern:', '--listen', '127.0.0.1:0', prepare=filtered(KILL_PROCESS))
    address = oriel.ready()
    check('no_call_of_resources_is_made', address != '' and oriel.end() == 0, oriel)
    disk = os.path.join(SCRATCH, 'sleeps.img')
    with open(disk, 'wb') as file:  # cli; hlt; jmp
        file.write(b'\xfa\xf4\xeb\xfd'.ljust(510, b'\0') + b'\x55\xaa')
        file.truncate(1 << 20)
    managed = os.path.join(SCRATCH, 'managed')
    os.mkdir(managed, 0o755)
    oriel = Oriel('run', disk, '--accel', 'tcg', '--memory', '64M', '--listen', '127.0.0.1:0', '--name', 'x',
                  prepare=filtered(ERRNO_EPERM), env={'RUNTIME_DIRECTORY': managed})
    address = oriel.ready()
    there = os.path.exists(os.path.join(managed, 'x', 'qmp.sock'))
    check('vm_runs_when_resources_are_refused', address != '' and there and oriel.end() == 0 and os.listdir(managed) == [], oriel)


def units():
    """systemd's own reader finds nothing wrong in them, once their program is there."""
    folder = os.path.join(SCRATCH, 'units')
    os.mkdir(folder)
    with open(SERVICE, encoding='utf-8') as file:
        text = re.sub(r'(?m)^ExecStart=\S+', f'ExecStart={ORIEL}', file.read())
    with open(os.path.join(folder, 'oriel@.service'), 'w', encoding='utf-8') as file:
        file.write(text)
    shutil.copy(SOCKET, os.path.join(folder, 'oriel@.socket'))
    for name in ['service', 'socket']:
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', os.path.join(folder, f'oriel@x.{name}')],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
        ours = [line for line in done.stdout.splitlines() if 'oriel@' in line]
        check(f'{name}_unit_is_understood', done.returncode == 0 and not ours)
        for line in [] if results[-1] else done.stdout.splitlines():
            print('# ' + line)
    exposure = subprocess.run(['systemd-analyze', 'security', '--offline=yes', '--threshold=20', os.path.join(folder, 'oriel@.service')],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    check('service_unit_is_closed', exposure.returncode == 0)
    for line in exposure.stdout.splitlines()[-1:] if not results[-1] else []:
        print('# ' + line)


try:
    notifications()
    reloads()
    sockets()
    filters()
    units()
finally:
    shutil.rmtree(SCRATCH, ignore_errors=True)
print(f'1..{len(results)}')
sys.exit(0 if all(results) else 1)
