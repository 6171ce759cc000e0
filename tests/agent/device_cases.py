# SPDX-License-Identifier: MIT
"""The two devices as applications see them."""
from case import Bench, case, expect, floats, near
from rig import RATE, Microphone, loud, read_floats, until, write_wav

@case
def devices_appear(rig):
    with Bench(rig, '--output-name', 'Speakers of the host', '--input-name', 'Microphone of the host'):
        sink, source = rig.node('oriel-output')['info']['props'], rig.node('oriel-input')['info']['props']
        expect(sink['media.class'] == 'Audio/Sink' and source['media.class'] == 'Audio/Source', 'media.class')
        expect(sink['node.description'] == 'Speakers of the host', sink['node.description'])
        expect(source['node.description'] == 'Microphone of the host', source['node.description'])
        status = rig.status()
        expect(status['pipewire']['connected'] and status['pipewire']['version'].startswith('0.3'), status['pipewire'])
        expect([d['state'] for d in status['devices']] == ['idle', 'idle'], 'idle devices do not run: ' + str(status['devices']))


@case
def quantum_is_low_although_in_a_vm(rig):
    expect(rig.is_vm, 'the rig raises the minimum')
    write_wav(rig.path('tone.wav'), 440, 3)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        until(lambda: rig.status()['devices'][0]['state'] == 'running', 5, 'the device runs')
        until(lambda: len(bench.out.packets) > 10, 3, 'packets')
        device = rig.status()['devices'][0]
        expect(device['quantum'] == 128, f'quantum {device["quantum"]}')
        expect(device['clients'] == ['pw-cat'], str(device['clients']))
        expect(rig.status()['devices'][1]['state'] == 'idle', 'playing does not start the microphone')


@case
def volume_and_mute_are_honoured(rig):
    write_wav(rig.path('tone.wav'), 440, 8, 0.5)
    with Bench(rig) as bench:
        bench.play(rig.path('tone.wav'))
        until(lambda: rig.status()['devices'][0]['peak_db'] > -7, 5, 'full level')
        node = str(rig.status()['devices'][0]['node'])
        rig.call('wpctl', 'set-volume', node, '0.5')
        until(lambda: abs(rig.status()['devices'][0]['peak_db'] + 24.1) < 0.3, 3, lambda: f'18 dB less: {rig.status()["devices"][0]}')
        near(rig.status()['devices'][0]['volume'], 0.125, 0.001, 'volume')
        rig.call('wpctl', 'set-mute', node, '1')
        until(lambda: rig.status()['devices'][0]['peak_db'] < -190, 3, 'silence')
        expect(rig.status()['devices'][0]['muted'], 'muted is told')
        bench.out.take()
        until(lambda: len(bench.out.packets) > 20, 3, 'packets of silence')
        expect(max(map(abs, floats(bench.out.take()[-10:]))) == 0, 'what is sent is silent')
        rig.call('wpctl', 'set-mute', node, '0')
        rig.call('wpctl', 'set-volume', node, '1.0')
        until(lambda: rig.status()['devices'][0]['peak_db'] > -7, 3, 'full level again')


@case
def volume_is_there_before_any_sound(rig):
    """A device that nobody played into yet has a volume, takes one, and keeps it: when it first plays, and under another name."""
    write_wav(rig.path('tone.wav'), 440, 8, 0.5)

    def volume():
        return [float(word) for word in rig.call('wpctl', 'get-volume', node)[1].split() if word[0].isdigit()]
    for number, name in enumerate(('Speakers', 'Loudspeakers')):
        with Bench(rig, '--output-name', name) as bench:
            node = str(rig.status()['devices'][0]['node'])
            props = rig.node('oriel-output')['info']['params']['Props'][0]
            expect(len(props['channelVolumes']) == 2, f'volumes before the first sound: {props}')
            if number == 0:
                expect(volume() == [1.0], f'at first: {volume()}')
                rig.call('wpctl', 'set-volume', node, '5%-')
                until(lambda: volume() == [0.95], 3, lambda: f'a step down: {volume()}')
                rig.call('wpctl', 'set-volume', node, '0.4')
            until(lambda: abs(rig.status()['devices'][0]['volume'] - 0.064) < 0.001, 5, lambda: f'kept: {rig.status()["devices"][0]}')
            bench.play(rig.path('tone.wav'))
            until(lambda: abs(rig.status()['devices'][0]['peak_db'] + 29.9) < 0.5, 5, lambda: f'as loud as was set: {rig.status()["devices"][0]}')
            if number == 1:
                rig.call('wpctl', 'set-volume', node, '1.0')  # which WirePlumber would remember
                until(lambda: rig.status()['devices'][0]['volume'] == 1, 3, 'the volume for the next case')


LEVEL = 0.5
RAMP = int(0.03 * RATE)


def on_the_way(samples):
    """How many frames are on a ramp: neither silent nor at one of the two volumes, and a small step from the one before."""
    low, high = 0.064 * LEVEL, LEVEL  # wpctl's 0.4 is that cubed
    between = [low * 1.05 < v < high * 0.99 or 0 < v < low * 0.95 for v in samples]
    return sum(x and y and 0 < abs(b - a) < 2 * LEVEL / RAMP for x, y, a, b in zip(between, between[1:], samples, samples[1:]))


def ramps(rig, node, heard):
    """Changes volume and mute; heard() is what came since its last call. A level is played, not a tone: frames that the player or the
    recorder misses on a busy machine make no ramp of it, though they may hide one; so most changes must show one, not all."""
    changes = [('set-volume', '0.4'), ('set-mute', '1'), ('set-mute', '0'), ('set-volume', '1.0'), ('set-mute', '1'), ('set-mute', '0')] * 2
    counts = []
    for word, value in changes:
        heard()
        expect(rig.call('wpctl', word, node, value)[0] == 0, f'wpctl {word}')
        samples = []
        until(lambda: samples.extend(heard()) or len(samples) > 0.2 * RATE, 10, '0.2 s of sound')
        counts.append(on_the_way(samples))
    expect(sum(count > RAMP / 3 for count in counts) >= len(changes) / 2, f'frames on the way, of {RAMP}: {counts}')


@case
def volume_of_the_output_ramps(rig):  # lesson 28
    write_wav(rig.path('level.wav'), 0, 30, LEVEL)
    with Bench(rig) as bench:
        bench.play(rig.path('level.wav'))
        until(lambda: rig.status()['devices'][0]['peak_db'] > -7, 5, 'full level')
        ramps(rig, str(rig.status()['devices'][0]['node']), lambda: floats(bench.out.take()))
        until(lambda: rig.status()['devices'][0]['peak_db'] > -7, 3, 'full level again')


@case
def volume_of_the_input_ramps(rig):  # lesson 28
    with Bench(rig) as bench:
        source, at = Microphone(bench.mic, 0, 2.5, True, level=LEVEL), 0

        def heard():
            nonlocal at
            samples = read_floats(path)
            new, at = samples[at:], len(samples)
            return new
        try:
            recorder, path = bench.record()
            until(lambda: len(loud(read_floats(path), 0.4)) > RATE // 2, 8, 'half a second of sound')
            node = str(rig.status()['devices'][1]['node'])
            ramps(rig, node, heard)
            near(rig.status()['devices'][1]['volume'], 1, 0.001, 'volume')
            rig.call('wpctl', 'set-mute', node, '1')
            until(lambda: max(map(abs, heard() or [1])) == 0, 5, 'silence')
            bench.stop(recorder)
        finally:
            source.stop()
            rig.call('wpctl', 'set-mute', node, '0')  # which WirePlumber would remember
