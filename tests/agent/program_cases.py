# SPDX-License-Identifier: MIT
"""Settings, signals, status, shared memory: the program itself."""
import os
import signal
import socket

from case import Bench, Place, case, expect, shm_newest
from rig import RATE, noise_wav, until

@case
def settings_and_their_errors(rig):
    agent = rig.agent_path
    code, text = rig.call(agent, '--check', '--output', 'none', '--input', 'none')
    expect(code == 0 and 'rate = 48000' in text and 'output = none' in text, text)
    expect(rig.call(agent, '--check', '--rate', '48001')[0] == 2, 'a rate')
    for words, wanted in ((['--rate', '1'], 'must be 44100, 48000'), (['--channels=17'], '1 to 16'), (['--bogus', '1'], 'unknown option'),
                          (['--output', 'ftp://x'], 'output is "ftp://x"'), (['--frame', '2.5', '--output', 'unix:///x'], 'need PCM'),
                          (['--rate'], 'needs a value'), (['--output-name', 'a\u009b2J'], 'output-name is "a?2J"'), (['stray'], 'unexpected "stray"'), (['--config', '/nowhere'], 'cannot read /nowhere')):
        code, text = rig.call(agent, '--check', *words)
        expect(code == 2 and wanted in text and text.count('\n') == 1, f'{words}: {code} {text}')
    path = rig.path('agent.conf')
    for body, wanted in (('rate = 96000\n# note\nshm = /studio', 'shm = studio'), ('ratte = 1', ':1: no setting "ratte"'),
                         ('\n\nrate 5', ':3: "rate 5" is no line'),
                         ('rate = 44100\nOutputChannels = 6\nTransport = tcp://127.0.0.1:5', 'output = tcp://127.0.0.1:5')):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(body)
        code, text = rig.call(agent, '--check', '--config', path)
        expect(wanted in text and code == (0 if body.startswith('rate') else 2), f'{body!r}: {code} {text}')
    code, text = rig.call(agent, '--help')
    expect(code == 0 and '--output ADDRESS' in text, text)
    code, text = rig.call(agent, '--status')
    expect(code == 1 and 'no agent answers' in text, text)


@case
def users_file_is_read(rig):
    folder = os.path.join(rig.home, '.config', 'oriel')
    os.makedirs(folder, exist_ok=True)
    try:
        with open(os.path.join(folder, 'agent.conf'), 'w', encoding='utf-8') as file:
            file.write('output-name = From the file\nchannels = 6\n')
        text = rig.call(rig.agent_path, '--check', '--channels', '4')[1]
        expect('output-name = From the file' in text and 'output-channels = 4' in text, text)
    finally:
        os.unlink(os.path.join(folder, 'agent.conf'))


@case
def changed_file_is_taken_at_sighup(rig):
    folder = os.path.join(rig.home, '.config', 'oriel')
    path = os.path.join(folder, 'agent.conf')
    os.makedirs(folder, exist_ok=True)
    try:
        with Bench(rig) as bench:
            pid = bench.agent.pid
            for text, wanted in (('output-name = Changed\n', 'Changed'), ('output-name = Lost\nrate = 1\n', 'Changed')):
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(text)
                bench.agent.send_signal(signal.SIGHUP)
                if wanted in text:
                    until(lambda: rig.call(rig.agent_path, '--status')[0] == 0 and rig.status()['devices'][0]['name'] == wanted, 10, 'the new name')
                else:
                    until(lambda: 'the settings stay as they were' in rig.log(), 5, 'a warning')
                    os.truncate(path, 0)  # which --status reads, too
                expect(rig.status()['devices'][0]['name'] == wanted and rig.status()['pid'] == pid, str(rig.status()['devices'][0]))
            expect(bench.out.connections == 2, 'the new settings made one new stream')
    finally:
        os.unlink(path)


@case
def what_is_missing_is_named(rig):
    """A PipeWire without a session manager links nothing: the package that is missing is said, once."""
    rig.end(rig.wireplumber)
    try:
        agent = rig.start_agent('--output', 'none', '--input', 'none', wait=False)
        until(lambda: 'apt-get install wireplumber' in rig.log(), 20, lambda: f'wireplumber is named: {rig.log()}')
        rig.end(agent)
        expect(rig.log().count('no session manager') == 1, rig.log())
    finally:
        rig.start_wireplumber()
    open(rig.path('agent.log'), 'wb').close()
    runtime = rig.env['PIPEWIRE_RUNTIME_DIR']
    rig.env['PIPEWIRE_RUNTIME_DIR'] = rig.path('home')  # no daemon there
    try:
        agent = rig.start_agent('--output', 'none', '--input', 'none', wait=False)
        until(lambda: 'enable --now pipewire' in rig.log() or 'apt-get install pipewire' in rig.log(), 10, lambda: f'PipeWire is named: {rig.log()}')
        rig.end(agent)
    finally:
        rig.env['PIPEWIRE_RUNTIME_DIR'] = runtime


@case
def second_agent_is_refused(rig):
    with Bench(rig):
        code, text = rig.call(rig.agent_path, '--output', 'none', '--input', 'none', '--clipboard', 'none')
        expect(code == 1 and 'another oriel-agent answers' in text, f'{code} {text}')


@case
def status_asked_by_many_leaves_nothing(rig):
    with Bench(rig) as bench:
        def fds():
            return len(os.listdir(f'/proc/{bench.agent.pid}/fd'))
        rig.status()
        before, asking = fds(), []
        for _ in range(200):
            asking.append(socket.socket(socket.AF_UNIX))
            asking[-1].setblocking(False)
            try:
                asking[-1].connect(os.path.join(rig.runtime, 'oriel', 'agent.sock'))
            except BlockingIOError:
                pass  # the queue of those that wait is full
        expect(rig.status()['pid'] == bench.agent.pid, 'who asks after them is answered')
        for connection in asking:
            connection.close()
        until(lambda: fds() <= before, 5, lambda: f'{fds()} descriptors, {before} before')


@case
def memory_is_shared(rig):
    values = noise_wav(rig.path('noise.wav'), 3)
    place = Place(values)
    name = f'oriel-test-{os.getpid()}'
    with Bench(rig, '--shm', name) as bench:
        bench.play(rig.path('noise.wav'))
        until(lambda: (rig.status()['shm'] or {}).get('frames', 0) > RATE // 2, 5, 'frames in shared memory')
        until(lambda: place.of(shm_newest(name) or []) is not None, 3, 'samples of what is played')
    expect(not os.path.exists(f'/dev/shm/{name}'), 'the name goes with the agent')
