#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oriel-agent-screen with a real X server: what it does to its outputs, and that it ends with the server.

usage: x11_test.py ORIEL-AGENT-SCREEN        TAP on standard output
"""
import os
import re
import subprocess
import sys
import tempfile
import time

program = os.path.abspath(sys.argv[1])
work = tempfile.TemporaryDirectory(prefix='oriel-x11-')
env = {'PATH': os.environ['PATH'], 'HOME': work.name, 'XDG_CONFIG_HOME': work.name}
for word in ('ASAN_OPTIONS', 'UBSAN_OPTIONS', 'LSAN_OPTIONS'):
    if word in os.environ:
        env[word] = os.environ[word]


class Failure(Exception):
    pass


def until(check, seconds, what):
    end = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() > end:
            raise Failure(f'not within {seconds} s: {what() if callable(what) else what}')
        time.sleep(0.02)
    return value


def xrandr(*words):
    done = subprocess.run(['xrandr', *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
    if done.returncode != 0:
        raise Failure(f'xrandr {words}: {done.stdout}')
    return done.stdout


def size():
    """Of the whole screen, and of its output."""
    text = xrandr('--current')
    screen = re.search(r'current (\d+) x (\d+)', text)
    output = re.search(r'connected (?:primary )?(\d+)x(\d+)\+0\+0', text)
    return (screen and tuple(map(int, screen.groups())), output and tuple(map(int, output.groups())))


class Server:
    def __enter__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen(['Xvfb', '-displayfd', str(write), '-screen', '0', '1280x800x24', '-nolisten', 'tcp', '-noreset'],
                                        pass_fds=[write], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as file:
            number = file.readline().strip()
        if not number:
            raise Failure('Xvfb did not start: is the package xvfb there?')
        env['DISPLAY'] = ':' + number
        self.children = []
        return self

    def __exit__(self, *_):
        for child in self.children + [self.process]:
            if child.poll() is None:
                child.terminate()
            child.wait(10)

    def follow(self):
        log = open(os.path.join(work.name, 'log'), 'wb')
        child = subprocess.Popen([program], env=env, stdout=log, stderr=log)
        log.close()
        self.children.append(child)
        return child


def log():
    with open(os.path.join(work.name, 'log'), encoding='utf-8', errors='replace') as file:
        return file.read()


def choose(name, width, height):
    """As a user does: a mode of one's own."""
    output = re.search(r'^(\S+) connected', xrandr('--current'), re.M).group(1)
    xrandr('--newmode', name, '60', str(width), str(width), str(width), str(width + 100), str(height), str(height), str(height), str(height + 20))
    xrandr('--addmode', output, name)
    xrandr('--output', output, '--mode', name)
    if size()[1] != (width, height):
        raise Failure(f'a screen of {width}x{height}: {size()}')


def takes_the_preferred_size_and_leaves_the_users():
    with Server() as server:
        choose('small', 640, 480)
        child = server.follow()
        until(lambda: size() == ((1280, 800), (1280, 800)), 10, lambda: f'the size that the output prefers: {size()} {log()}')
        until(lambda: 'the screen is 1280x800' in log(), 5, log)
        choose('middle', 800, 600)  # sends the same events as a change by the host
        choose('little', 512, 384)
        xrandr('--dpi', '100')  # and one more, behind which all of the above are taken
        if size()[1] != (512, 384) or log().count('the screen is') != 1:
            raise Failure(f'what the user chose stays: {size()} {log()}')
        if child.poll() is not None:
            raise Failure(f'it ended: {log()}')
        server.process.terminate()
        if child.wait(10) != 0:
            raise Failure(f'it ends with the server: {child.returncode} {log()}')


def does_nothing_where_the_settings_say_so():
    with open(os.path.join(work.name, 'none.conf'), 'w', encoding='utf-8') as file:
        file.write('screen = none\n')
    os.makedirs(os.path.join(work.name, 'oriel'), exist_ok=True)
    os.replace(os.path.join(work.name, 'none.conf'), os.path.join(work.name, 'oriel', 'agent.conf'))
    with Server() as server:
        choose('small', 640, 480)
        server.follow()
        until(lambda: 'screen = none' in log(), 10, lambda: f'the request is seen: {log()}')
        if size()[1] != (640, 480) or 'the screen is' in log():
            raise Failure(f'it stays: {size()} {log()}')
    os.unlink(os.path.join(work.name, 'oriel', 'agent.conf'))


def says_what_it_needs():
    env['DISPLAY'] = ':4711'
    done = subprocess.run([program], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20, check=False)
    if done.returncode != 1 or 'no X server at DISPLAY ":4711"' not in done.stdout:
        raise Failure(f'{done.returncode} {done.stdout}')


CASES = [takes_the_preferred_size_and_leaves_the_users, does_nothing_where_the_settings_say_so, says_what_it_needs]
print(f'1..{len(CASES)}', flush=True)
failed = 0
for number, case in enumerate(CASES, 1):
    try:
        case()
        print(f'ok {number} - {case.__name__}', flush=True)
    except (Failure, OSError, subprocess.TimeoutExpired, AttributeError) as error:
        failed += 1
        print(f'not ok {number} - {case.__name__}\n# {error}', flush=True)
sys.exit(1 if failed else 0)
