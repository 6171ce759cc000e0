#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several desktops in one process: named on the command line or in a file, which is read again while viewers watch, and ended
together. Output is TAP.

usage: desktops_test.py ORIEL
"""
import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ORIEL = os.path.abspath(sys.argv[1])
SCRATCH = tempfile.mkdtemp(prefix='oriel-desktops-test.', dir='/tmp')
CONFIG = os.path.join(SCRATCH, 'oriel.conf')
LIMIT_S = 20  # of waits that end at once unless something is broken
TOKEN = 'a-token-for-all-desktops'
STATIC = 'pattern:?size=64x64&scene=static'
results = []


def check(name, ok, oriel=None):
    results.append(bool(ok))
    print(f'{"ok" if ok else "not ok"} {len(results)} - {name}', flush=True)
    if not ok and oriel:
        print('\n'.join('# ' + line for line in oriel.errors().splitlines()), flush=True)


def until(condition):
    """Looks until it holds; there is no event for a state behind HTTP."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def configure(text):
    """Writes the file as an editor does: by another one in its place."""
    with open(CONFIG + '.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.rename(CONFIG + '.new', CONFIG)


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(('ORIEL_', 'LISTEN_', 'WATCHDOG_', 'NOTIFY_')) and name != 'RUNTIME_DIRECTORY'}
    return {**kept, 'XDG_RUNTIME_DIR': SCRATCH, 'TMPDIR': SCRATCH, 'XDG_CACHE_HOME': SCRATCH, 'ORIEL_TOKEN': TOKEN, **more}


class Oriel:
    """A running `oriel serve`."""

    def __init__(self, *words, token=TOKEN):
        self.token = token
        self.files = [os.path.join(SCRATCH, f'{name}{len(results)}') for name in ('out', 'err')]
        with open(self.files[0], 'w') as out, open(self.files[1], 'w') as err:
            self.process = subprocess.Popen([ORIEL, 'serve', *words, '--listen', '127.0.0.1:0'], stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, env=environment())
        until(lambda: self.process.poll() is not None or re.search('^ready: ', self.output(), re.M))
        found = re.search(r'^ready: http://127.0.0.1:(\d+)/', self.output(), re.M)
        self.port = int(found[1]) if found else 0

    def output(self):
        with open(self.files[0], encoding='utf-8') as file:
            return file.read()

    def errors(self):
        with open(self.files[1], encoding='utf-8') as file:
            return file.read()

    def said(self):
        """Its own lines, without the log's."""
        return [line for line in self.errors().splitlines() if line.startswith('oriel: ')]

    def get(self, path, token=None):
        """Status and JSON."""
        asked = urllib.request.Request(f'http://127.0.0.1:{self.port}{path}',
                                       headers={'Authorization': f'Bearer {token or self.token}'})
        try:
            with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None

    def state(self, name):
        status, answer = self.get(f'/api/v1/desktops/{name}')
        return answer['state'] if status == 200 else status

    def hang_up(self):
        """SIGHUP, until it is done."""
        log = self.errors()
        self.process.send_signal(signal.SIGHUP)
        return until(lambda: re.search(r'is read again|nothing is changed', self.errors()[len(log):]))

    def end(self, number=signal.SIGTERM):
        """Exit status and seconds."""
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(LIMIT_S), time.monotonic() - begun


class Viewer:
    """A page's connection, as far as its head."""

    def __init__(self, oriel, name):
        self.socket = socket.create_connection(('127.0.0.1', oriel.port), LIMIT_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f'GET /d/{name}/ws HTTP/1.1\r\nHost: 127.0.0.1:{oriel.port}\r\nUpgrade: websocket\r\n'
                             f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n'
                             f'Sec-WebSocket-Protocol: oriel.v1\r\n'
                             f'Authorization: Bearer {oriel.token}\r\n\r\n').encode())
        self.opened = b' 101 ' in self.socket.recv(4096).split(b'\r\n', 1)[0]

    def lives(self):
        """Nothing that was sent is an end. A ping shows that the other side still reads."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65536):
                pass
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(LIMIT_S)

    def ended(self):
        """Waits for its end."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False


def named():
    oriel = Oriel(f'a={STATIC}', f'b={STATIC},fps=5,token=a-token-for-b-alone', '--stats', '1')
    check('two_are_served', (oriel.state('a'), oriel.state('b'), oriel.state('c')) == ('running', 'running', 404), oriel)
    own = [oriel.get(f'/api/v1/desktops/{name}', 'a-token-for-b-alone')[0] for name in 'ba']
    check('token_of_one_opens_that_one', own[0] == 200 and own[1] in (401, 403, 404), oriel)
    check('stats_have_names', until(lambda: all(f'stats: {name}: running ' in oriel.output() for name in 'ab')), oriel)
    status, seconds = oriel.end(signal.SIGHUP)  # without a file to read again it is an end
    check('hang_up_without_a_file_ends', status == 0 and seconds < 2, oriel)

    oriel = Oriel(f'a={STATIC}', 'b=pattern:?size=9', 'c=nonsense:', f'd={STATIC},encoder=mp5')
    told = oriel.said()
    check('one_of_several_that_cannot_be_served_is_left_out', oriel.state('a') == 'running' and oriel.state('b') == 404 and
          len(told) == 3 and 'size=9' in told[0] and 'nonsense:' in told[1] and 'mp5' in told[2], oriel)
    oriel.end()
    oriel = Oriel('a=nonsense:', 'b=nonsense:')
    check('none_that_can_be_served_is_wrong_usage', oriel.end()[0] == 2 and len(oriel.said()) == 2, oriel)


def file():
    configure(f'[server]\nfps = 20\n[desktop stays]\naddress = {STATIC}\n[desktop goes]\naddress = {STATIC}\n'
              f'[desktop changes]\naddress = {STATIC}\n')
    oriel = Oriel('--config', CONFIG, f'given={STATIC}')
    names = ['stays', 'goes', 'changes', 'given']
    check('file_and_command_line_are_served', [oriel.state(name) for name in names] == ['running'] * 4, oriel)
    viewers = {name: Viewer(oriel, name) for name in names}
    check('each_has_a_viewer', all(viewer.opened for viewer in viewers.values()), oriel)

    configure(f'[desktop stays]\naddress = {STATIC}\nfps = 0\n')
    oriel.hang_up()
    check('broken_file_changes_nothing', oriel.said() == [
        f'oriel: {CONFIG}:3: fps is "0": it must be a whole number from 1 to 240; nothing is changed'] and
          all(viewer.lives() for viewer in viewers.values()) and oriel.state('goes') == 'running', oriel)
    configure(f'[desktop stays]\naddress = {STATIC}\n[desktop more]\naddress = nonsense:\n')
    oriel.hang_up()
    check('bad_address_changes_nothing', len(oriel.said()) == 2 and 'nonsense:' in oriel.said()[1] and
          all(viewer.lives() for viewer in viewers.values()) and oriel.state('more') == 404, oriel)
    os.unlink(CONFIG)
    oriel.hang_up()
    check('missing_file_changes_nothing', len(oriel.said()) == 3 and all(viewer.lives() for viewer in viewers.values()), oriel)

    # The default is written where it was meant: nothing has changed for that one.
    configure(f'[server]\nstats = 5\n[desktop more]\naddress = {STATIC}\n[desktop changes]\naddress = {STATIC}\nfps = 7\n'
              f'[desktop stays]\nfps = 20\naddress = {STATIC}\n[desktop given2]\naddress = {STATIC}\n')
    oriel.hang_up()
    check('given_by_default_or_by_itself_is_the_same', viewers['stays'].lives(), oriel)
    check('viewer_of_one_that_goes_is_ended', viewers['goes'].ended() and until(lambda: oriel.state('goes') == 404), oriel)
    check('viewer_of_one_that_changes_is_ended', viewers['changes'].ended() and
          until(lambda: oriel.state('changes') == 'running'), oriel)
    check('new_ones_are_served', oriel.state('more') == 'running' and oriel.state('given2') == 'running', oriel)
    check('options_of_the_process_wait_for_the_next_start', 'stats is another one now' in oriel.errors(), oriel)
    check('command_lines_own_is_touched_by_its_default_alone', viewers['given'].ended() and  # fps was 20 by [server]
          until(lambda: oriel.state('given') == 'running'), oriel)
    viewer = Viewer(oriel, 'changes')
    check('changed_one_takes_viewers', viewer.opened, oriel)
    oriel.hang_up()
    oriel.hang_up()
    check('same_file_again_touches_nobody', viewer.lives() and viewers['stays'].lives() and len(oriel.said()) == 3, oriel)
    for _ in range(30):  # what goes comes back before it is gone
        configure(f'[desktop stays]\naddress = {STATIC}\nfps = 20\n')
        oriel.process.send_signal(signal.SIGHUP)
        configure(f'[desktop stays]\naddress = {STATIC}\nfps = 20\n[desktop flaps]\naddress = {STATIC}\n')
        oriel.process.send_signal(signal.SIGHUP)
    oriel.hang_up()
    check('coming_and_going_ends_as_the_file_says', until(lambda: oriel.state('flaps') == 'running') and
          until(lambda: oriel.state('changes') == 404) and viewers['stays'].lives() and len(oriel.said()) == 3, oriel)
    status, seconds = oriel.end()
    check('end_is_in_time_with_viewers', status == 0 and seconds < 2 and viewers['stays'].ended(), oriel)


def many():
    oriel = Oriel(*(f'd{i}={STATIC}' for i in range(100)))
    check('hundred_are_served', [oriel.state(f'd{i}') for i in (0, 50, 99)] == ['running'] * 3, oriel)
    status, seconds = oriel.end()
    check('hundred_end_in_time', status == 0 and seconds < 2, oriel)


def commands():
    def run(*words):
        done = subprocess.run([ORIEL, 'config', *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              env=environment(), check=False)
        return done.returncode, done.stdout, done.stderr
    configure(f'[server]\ntoken = secret-secret-secret\n[desktop a]\naddress = {STATIC}\n[desktop b]\naddress = {STATIC}\n'
              'view-token = other-secret-secret\n')
    os.chmod(CONFIG, 0o644)
    status, out, err = run('check', CONFIG)
    check('good_file_is_ok', status == 0 and out == '2 desktops, ok\n')
    check('file_with_tokens_for_all_to_read_is_told', f'`chmod 600 {CONFIG}`' in err)
    os.chmod(CONFIG, 0o600)
    status, out, err = run('print', CONFIG, '--fps', '9')
    check('print_hides_secrets', status == 0 and err == '' and 'secret-secret' not in out and TOKEN not in out and
          out.count('token = (hidden)') == 2 and out.count('\nfps = 9\n') == 2 and '[desktop b]' in out)
    configure('[server]\nfps = 0\n[desktop a]\naddress = nonsense:\n[desktop]\n')
    status, out, err = run('check', CONFIG)
    check('all_that_is_wrong_is_told', status == 2 and out == '' and [line.split(':')[1] for line in err.splitlines()] == ['2', '5'])
    configure('[server]\n[desktop a]\naddress = nonsense:\n[desktop b]\naddress = pattern:\ntoken-file = /no/such\n')
    status, out, err = run('check', CONFIG)
    check('what_this_host_knows_is_told', status != 0 and out == '' and f'{CONFIG}:2: ' in err and f'{CONFIG}:4: ' in err)


try:
    named()
    file()
    many()
    commands()
finally:
    shutil.rmtree(SCRATCH, ignore_errors=True)
print(f'1..{len(results)}')
sys.exit(0 if all(results) else 1)
