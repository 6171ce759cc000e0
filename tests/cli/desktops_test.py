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
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it, which children inherit
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

    def __init__(self, *words, token=TOKEN, waits=True):
        self.token = token
        self.files = [os.path.join(SCRATCH, f'{name}{len(results)}') for name in ('out', 'err')]
        with open(self.files[0], 'w') as out, open(self.files[1], 'w') as err:
            self.process = subprocess.Popen([ORIEL, 'serve', *words, '--listen', '127.0.0.1:0'], stdout=out, stderr=err,
                                            stdin=subprocess.DEVNULL, env=environment())
        if waits:
            self.wait()

    def wait(self):
        """Until it has said where it is, or has ended."""
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

    def text(self, path):
        asked = urllib.request.Request(f'http://127.0.0.1:{self.port}{path}',
                                       headers={'Authorization': f'Bearer {self.token}'})
        with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
            return answer.read().decode()

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


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def frame(opcode, payload):
    """A WebSocket frame of a client's: masked, with zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + bytes(4) + payload


class Viewer:
    """A page's connection, as far as a viewer of its own."""

    def __init__(self, oriel, name):
        self.pings = 0
        self.socket = socket.create_connection(('127.0.0.1', oriel.port), LIMIT_S)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f'GET /d/{name}/ws HTTP/1.1\r\nHost: 127.0.0.1:{oriel.port}\r\nUpgrade: websocket\r\n'
                             f'Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n'
                             f'Sec-WebSocket-Protocol: oriel.v1\r\n'
                             f'Authorization: Bearer {oriel.token}\r\n\r\n').encode())
        hello = struct.pack('<B3xHBBIHH', 0x41, 1, 0, 0, 7, 0, 0)
        self.socket.sendall(frame(2, hello))
        self.opened = self.hears(b' 101 ') and self.lives()

    def hears(self, words):
        """Waits for bytes that contain `words`; False at the end of the connection or of the time."""
        data = b''
        try:
            while words not in data:
                more = self.socket.recv(65536)
                if not more:
                    return False
                data = data[-len(words):] + more
            return True
        except OSError:
            return False

    def lives(self):
        """The server still reads and answers: a ping's words come back."""
        self.pings += 1
        words = f'still here {self.pings}'.encode()
        try:
            self.socket.sendall(frame(9, words))
        except OSError:
            return False
        return self.hears(words)

    def ended(self):
        """Waits for its end."""
        self.hears(b'words that nobody says')
        try:
            return self.socket.recv(1) == b''
        except TimeoutError:
            return False
        except OSError:
            return True


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
    clashes = [f'token = {TOKEN}\n', f'token = a-token-of-two-kinds\n[desktop more]\naddress = {STATIC}\n'
               'view-token = a-token-of-two-kinds\n']
    for clash in clashes:
        configure(f'[desktop stays]\naddress = {STATIC}\n{clash}')
        os.chmod(CONFIG, 0o600)
        oriel.hang_up()
    check('token_that_cannot_be_used_changes_nothing', len(oriel.said()) == 4 and "one of the server's" in oriel.said()[2] and
          'is the view-token of desktop more' in oriel.said()[3] and oriel.state('goes') == 'running' and
          all(viewer.lives() for viewer in viewers.values()) and oriel.state('more') == 404, oriel)
    os.unlink(CONFIG)
    oriel.hang_up()
    check('missing_file_changes_nothing', len(oriel.said()) == 5 and all(viewer.lives() for viewer in viewers.values()), oriel)

    # The default is written where it was meant: nothing has changed for that one.
    configure(f'[server]\nstats = 5\n[desktop more]\naddress = {STATIC}\n[desktop changes]\naddress = {STATIC}\nfps = 7\n'
              f'[desktop stays]\nfps = 20\naddress = {STATIC}\n[desktop given2]\naddress = {STATIC}\n')
    oriel.hang_up()
    check('given_by_default_or_by_itself_is_the_same', viewers['stays'].lives(), oriel)
    check('viewer_of_one_that_goes_is_ended', viewers['goes'].ended() and until(lambda: oriel.state('goes') == 404), oriel)
    check('viewer_of_one_that_changes_is_ended', viewers['changes'].ended() and
          until(lambda: oriel.state('changes') == 'running'), oriel)
    changed = re.findall(r'desktop (\S+) has other options', oriel.errors())
    check('log_names_the_changed', sorted(changed) == ['changes', 'given'], oriel)
    check('new_ones_are_served', until(lambda: {oriel.state('more'), oriel.state('given2')} == {'running'}), oriel)
    check('options_of_the_process_wait_for_the_next_start', 'stats is another one now' in oriel.errors(), oriel)
    check('command_lines_own_is_touched_by_its_default_alone', viewers['given'].ended() and  # fps was 20 by [server]
          until(lambda: oriel.state('given') == 'running'), oriel)
    viewer = Viewer(oriel, 'changes')
    check('changed_one_takes_viewers', viewer.opened, oriel)
    oriel.hang_up()
    oriel.hang_up()
    check('same_file_again_touches_nobody', viewer.lives() and viewers['stays'].lives() and len(oriel.said()) == 5, oriel)
    for _ in range(30):  # what goes comes back before it is gone
        configure(f'[desktop stays]\naddress = {STATIC}\nfps = 20\n')
        oriel.process.send_signal(signal.SIGHUP)
        configure(f'[desktop stays]\naddress = {STATIC}\nfps = 20\n[desktop flaps]\naddress = {STATIC}\n')
        oriel.process.send_signal(signal.SIGHUP)
    oriel.hang_up()
    check('coming_and_going_ends_as_the_file_says', until(lambda: oriel.state('flaps') == 'running') and
          until(lambda: oriel.state('changes') == 404) and viewers['stays'].lives() and len(oriel.said()) == 5, oriel)
    status, seconds = oriel.end()
    check('end_is_in_time_with_viewers', status == 0 and seconds < 2 and viewers['stays'].ended(), oriel)


def early():
    """A VM that is not there is waited for, two seconds."""
    configure('[desktop absent]\naddress = qemu:/nowhere/qmp.sock\n')
    oriel = Oriel('--config', CONFIG, waits=False)
    until(lambda: 'no VM at' in oriel.errors())
    configure(f'[desktop there]\naddress = {STATIC}\n')
    oriel.process.send_signal(signal.SIGHUP)
    oriel.wait()
    check('hang_up_before_the_start_is_over_is_served_after_it', until(lambda: oriel.state('there') == 'running') and
          until(lambda: oriel.state('absent') == 404) and oriel.end()[0] == 0, oriel)


def admin():
    secret = 'a-token-for-administrators'

    def order(method, path, body=None, token=secret):
        asked = urllib.request.Request(f'http://127.0.0.1:{oriel.port}{path}', method=method,
                                       data=json.dumps(body).encode() if body else None,
                                       headers={'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def add(name, address=STATIC, **options):
        return order('POST', '/api/v1/desktops', {'name': name, 'address': address, 'options': options})

    configure(f'[server]\nadmin-token = {secret}\n[desktop kept]\naddress = {STATIC}\n')
    os.chmod(CONFIG, 0o600)
    oriel = Oriel('--config', CONFIG, '--fps', '9')
    check('desktop_is_added', add('more', viewers=1, bitrate=900) == 201 and
          until(lambda: oriel.state('more') == 'running'), oriel)
    first, second = Viewer(oriel, 'more'), Viewer(oriel, 'more')
    check('its_options_hold', first.opened and (not second.opened or second.ended()) and first.lives(), oriel)
    refused = [add('more'), add('kept'), add('A'), add('x', 'nonsense:'), add('x', fps=0), add('x', listen='0'), add('x', **{'cpu-limit': 101}),
               add('x', **{'token-file': '/etc/hostname'}), add('x', pfs=1)]
    check('bad_orders_are_refused', refused == [409, 409] + [400] * 7 and oriel.state('x') == 404, oriel)
    status = add('x', encoder='h264_videotoolbox'), add('y', encoder='mp5')  # to find out what works takes its time
    check('encoder_that_does_not_work_is_told_when_it_is_tried', status == (201, 400) and
          until(lambda: oriel.state('x') == 404) and 'cannot use --encoder h264_videotoolbox' in oriel.said()[-1] and
          oriel.state('y') == 404 and first.lives(), oriel)
    files = [add('x', **{option: f'{scheme}://{SCRATCH}/made'}) for option in ('audio-listen', 'audio-microphone')
             for scheme in ('unix', 'serial', 'mux', 'shm')]
    check('no_option_names_a_file_of_the_host', files == [400] * 8 and not os.path.exists(f'{SCRATCH}/made') and
          oriel.state('x') == 404, oriel)
    lists = [add('x', **{'audio-listen': f'{words},tcp://127.0.0.1:1'}) for words in (
        f'unix://{SCRATCH}/made', f'tcp://127.0.0.1:1,unix://{SCRATCH}/made', f'tcp://127.0.0.1:1, unix://{SCRATCH}/made')]
    check('no_word_of_a_list_does', lists == [400] * 3 and not os.path.exists(f'{SCRATCH}/made'), oriel)
    heard = add('heard', **{'audio-listen': f'tcp://127.0.0.1:{free_port()},tcp://127.0.0.1:{free_port()}'})
    check('sound_comes_by_the_network', heard == 201 and until(lambda: oriel.state('heard') == 'running'), oriel)
    long = [add('x', 'nonsense:' + 'x' * more + '\u20ac' * 99) for more in range(3)]  # whose quote ends within a character
    check('refusal_that_quotes_half_a_character_is_an_answer', long == [400] * 3, oriel)
    check('nobody_else_may', order('POST', '/api/v1/desktops', {'name': 'y', 'address': STATIC}, TOKEN) in (401, 403) and
          oriel.state('y') == 404, oriel)
    check('one_of_the_file_is_not_removed', order('DELETE', '/api/v1/desktops/kept') == 403 and
          oriel.state('kept') == 'running', oriel)
    configure(f'[server]\nadmin-token = {secret}\n[desktop other]\naddress = {STATIC}\n')
    oriel.hang_up()
    check('added_one_outlives_another_file', until(lambda: oriel.state('other') == 'running') and first.lives() and
          until(lambda: oriel.state('kept') == 404), oriel)
    configure(f'[server]\nadmin-token = {secret}\n[desktop more]\naddress = {STATIC}\n')
    oriel.hang_up()
    check('file_with_an_added_name_changes_nothing', 'remove it first' in oriel.said()[-1] and first.lives() and
          oriel.state('other') == 'running', oriel)
    check('added_one_is_removed', order('DELETE', '/api/v1/desktops/more') == 204 and first.ended() and
          until(lambda: oriel.state('more') == 404) and order('DELETE', '/api/v1/desktops/more') == 404, oriel)
    again = [add('flaps') in (201, 409) and order('DELETE', '/api/v1/desktops/flaps') in (204, 404) for _ in range(30)]
    check('names_come_and_go', all(again) and until(lambda: oriel.state('flaps') == 404) and add('flaps') == 201, oriel)
    check('it_ends_in_time', oriel.end()[0] == 0, oriel)

    oriel = Oriel('--admin-token', secret)
    check('none_is_served_until_one_is_added', oriel.port > 0 and oriel.get('/api/v1/desktops')[0] == 200 and
          add('one') == 201 and until(lambda: oriel.state('one') == 'running') and oriel.end()[0] == 0, oriel)


def many():
    oriel = Oriel(*(f'd{i}={STATIC}' for i in range(100)))
    check('hundred_are_served', [oriel.state(f'd{i}') for i in (0, 50, 99)] == ['running'] * 3, oriel)
    deferred = oriel.get('/api/v1/desktops/d0/stats')[1]['server']['requests_deferred']
    text = oriel.text('/metrics')
    named = set(re.findall(r'^oriel_viewers{desktop="(\w+)"} 0$', text, re.M))
    check('metrics_of_hundred_are_written_in_turns', named == {f'd{i}' for i in range(100)} and
          oriel.get('/api/v1/desktops/d0/stats')[1]['server']['requests_deferred'] > deferred, oriel)
    status, seconds = oriel.end()
    check('hundred_end_in_time', status == 0 and seconds < 2, oriel)

    silent = socket.socket(socket.AF_UNIX)  # a QEMU that is stopped takes connections and says nothing
    silent.bind(os.path.join(SCRATCH, 'silent'))
    silent.listen(64)
    oriel = Oriel(*(f'd{i}=qemu:{SCRATCH}/silent' for i in range(20)), f'well={STATIC}')
    check('silent_machines_leave_another_alone', oriel.state('well') == 'running' and Viewer(oriel, 'well').opened, oriel)
    status, seconds = oriel.end()
    check('silent_machines_end_in_time', status == 0 and seconds < 2, oriel)
    silent.close()


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
    secret = os.path.join(SCRATCH, 'secret')
    with open(secret, 'w', encoding='utf-8') as file:
        file.write('third-secret-secret\n')
    os.chmod(secret, 0o644)
    configure(f'[desktop a]\naddress = {STATIC}\ntoken-file = {secret}\n')
    status, out, err = run('check', CONFIG)
    check('token_file_for_all_to_read_is_told_once', status == 0 and err.count(f'`chmod 600 {secret}`') == 1)
    configure(f'[server]\ntoken = secret-secret-secret\n[desktop a]\naddress = {STATIC}\n[desktop b]\naddress = {STATIC}\n'
              'view-token = other-secret-secret\n')
    os.chmod(CONFIG, 0o600)
    status, out, err = run('print', CONFIG, '--fps', '9', '--cpu-limit', '40')
    check('print_hides_secrets', status == 0 and err == '' and 'secret-secret' not in out and TOKEN not in out and
          out.count('token = (hidden)') == 2 and out.count('\nfps = 9\n') == 2 and out.count('\ncpu-limit = 40\n') == 2 and
          '[desktop b]' in out)
    clashes = ['[server]\nadmin-token = {0}\nview-token = {0}\n[desktop a]\n{1}', '[server]\nadmin-token = {0}\n[desktop a]\n{1}token = {0}\n',
               '[desktop a]\n{1}token = {0}\nview-token = {0}\n', '[desktop a]\n{1}token = {0}\n[desktop b]\n{1}view-token = {0}\n']
    told = []
    for clash in clashes:
        configure(clash.format('one-token-for-two', f'address = {STATIC}\n'))
        os.chmod(CONFIG, 0o600)
        status, out, err = run('check', CONFIG)
        told.append(status != 0 and out == '' and f'{CONFIG}:' in err)
    check('token_for_two_is_told', told == [True] * 4)
    configure('[server]\nfps = 0\n[desktop a]\naddress = nonsense:\n[desktop]\n')
    status, out, err = run('check', CONFIG)
    lines = [line.split(':')[1] for line in err.splitlines()]
    check('all_that_is_wrong_is_told', status == 2 and out == '' and lines == ['2', '5'])
    configure('[server]\n[desktop a]\naddress = nonsense:\n[desktop b]\naddress = pattern:\ntoken-file = /no/such\n')
    status, out, err = run('check', CONFIG)
    check('what_this_host_knows_is_told', status != 0 and out == '' and f'{CONFIG}:2: ' in err and f'{CONFIG}:4: ' in err)


try:
    named()
    file()
    early()
    admin()
    many()
    commands()
finally:
    shutil.rmtree(SCRATCH, ignore_errors=True)
print(f'1..{len(results)}')
sys.exit(0 if all(results) else 1)
