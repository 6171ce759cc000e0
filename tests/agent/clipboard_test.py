#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""oriel-agent's clipboard with a real X server and a real Wayland compositor, with programs of others in them and with some that no
program should be like.

usage: clipboard_test.py ORIEL-AGENT FOLDER-OF-HELPERS        TAP on standard output
"""
import os
import random
import struct
import subprocess
import sys
import time

from clipboard_rig import X11, Agent, Failure, Host, Rig, Wayland, expect, until

MIB = 1 << 20
GREETING = 'grüß dich 🌍\n\t'.encode()


def large(seed):
    """1 MiB of text, of which no part is like another."""
    text = ''.join(random.Random(seed).choices('abcdefghijklmnopqrstuvwxyzäöü€🌍 \n', k=MIB)).encode()[:MIB]
    return text.decode(errors='ignore').encode().ljust(MIB, b'.')


def pastes(session, text, agent):
    until(lambda: session.paste() == text, 10, lambda: f'it is pasted: {session.paste()[:60]} {agent.status()} {agent.rig.log()}')


def texts_go_both_ways(session):
    with Agent(session) as agent:
        session.copy(GREETING)
        agent.until_text(GREETING)
        agent.host.send('vom Wirt 🎉'.encode())
        pastes(session, 'vom Wirt 🎉'.encode(), agent)
        session.copy(b'second')
        agent.until_text(b'second')
        expect(agent.host.texts[-2:] == [GREETING, b'second'], f'and nothing else: {agent.host.texts}')


def a_mebibyte_goes_both_ways(session):
    with Agent(session) as agent:
        session.copy(large(1))
        agent.until_text(large(1))
        agent.host.send(large(2))
        pastes(session, large(2), agent)
        session.copy(large(1) + b'x')
        until(lambda: agent.status()['large'] == 1, 10, lambda: f'too long: {agent.status()}')
        session.copy(b'short')
        agent.until_text(b'short')
        expect(sorted(map(len, agent.host.texts[-2:])) == [5, MIB], f'{[len(t) for t in agent.host.texts]}')


def an_echo_is_not_sent(session):
    """A clipboard manager makes what the host gave its own."""
    with Agent(session) as agent:
        agent.host.send(b'given')
        pastes(session, b'given', agent)
        agent.host.texts.clear()
        session.copy(b'given')
        session.copy(b'own')
        agent.until_text(b'own')
        session.copy(b'own')
        session.copy(b'last')
        agent.until_text(b'last')
        expect(agent.host.texts == [b'own', b'last'], f'{agent.host.texts}')


def secrets_and_other_things_stay(session):
    with Agent(session) as agent:
        session.copy(b'before')
        agent.until_text(b'before')
        agent.host.texts.clear()
        session.own('secret', 'hunter2')
        until(lambda: agent.status()['secret'] == 1, 10, lambda: f'a secret: {agent.status()} {agent.rig.log()}')
        session.own('image')
        session.own('broken')
        marked = session.own('marked', 'kept')
        agent.until_text(b'kept')
        session.rig.end(marked)
        session.copy(b'before')
        agent.until_text(b'before', 'it is news again: there was something else meanwhile')
        expect(agent.host.texts == [b'kept', b'before'], f'{agent.host.texts}')


def who_hangs_or_talks_on_holds_nobody_up(session):
    with Agent(session) as agent:
        for number, mode in enumerate(['hang', 'drip', 'lie' if session.name == 'x11' else 'large']):
            owner = session.own(mode)
            agent.host.send(b'given %d' % number)
            pastes(session, b'given %d' % number, agent)
            session.rig.end(owner)
            owner = session.own(mode)
            session.copy(b'next %d' % number)
            agent.until_text(b'next %d' % number)
            session.rig.end(owner)
        session.own('lie' if session.name == 'x11' else 'large')
        until(lambda: agent.status()['large'] >= 1, 10, lambda: f'more than was said: {agent.status()}')


def who_pastes_and_takes_nothing_holds_nobody_up(session):
    with Agent(session) as agent:
        agent.host.send(large(3))
        pastes(session, large(3), agent)
        if session.name == 'x11':
            session.own('greedy')
            expect(session.own('multiple').said.count('refused') == 20, 'MULTIPLE is refused')
        else:
            for _ in range(20):
                session.owners.append(session.rig.spawn('wl-paste', env=session.env, stdout=subprocess.PIPE))
        pastes(session, large(3), agent)
        agent.host.send(b'small')
        pastes(session, b'small', agent)


def a_host_may_come_late_and_go(session):
    with Agent(session, has_host=False) as agent:
        session.copy(b'early')
        time.sleep(0.1)
        agent.host = Host(agent.socket)
        until(lambda: agent.host.connection, 15, 'it connects')
        agent.host.send(b'given')
        pastes(session, b'given', agent)
        expect(not agent.host.texts, f'what was copied before is not told: {agent.host.texts}')
        agent.host.drop()
        until(lambda: not agent.status()['connected'], 5, 'it notices')
        agent.host = Host(agent.socket)
        until(lambda: agent.host.connection, 15, 'it connects again')
        session.copy(b'later')
        agent.until_text(b'later')
        expect(agent.host.texts == [b'later'], f'nothing of before is told: {agent.host.texts}')


def a_session_may_come_late_and_start_again(session):
    fresh = type(session)(session.rig)
    if session.name == 'x11':
        fresh.start()
        display = fresh.env['DISPLAY']  # a number that is free
        fresh.stop()
        again = lambda: fresh.start(display)
    else:
        session.stop()
        fresh.env['WAYLAND_DISPLAY'] = session.env['WAYLAND_DISPLAY']
        again = fresh.start
    with Agent(fresh, waits=False) as agent:
        expect(agent.status()['session'] is None, f'{agent.status()}')
        agent.host.send(b'waits')
        again()
        agent.in_session(session.name)
        pastes(fresh, b'waits', agent)
        fresh.stop()
        until(lambda: agent.status()['session'] is None, 10, lambda: f'it has ended: {agent.status()}')
        again()
        agent.in_session(session.name)
        pastes(fresh, b'waits', agent)
        fresh.copy(b'new')
        agent.until_text(b'new')
    fresh.stop()
    if session.name == 'wayland':
        session.start()


def a_host_that_lies_is_closed(session):
    with Agent(session) as agent:
        agent.host.send(b'\xff\xfe')
        agent.host.send(b'a\0b')
        agent.host.send(b'fine')
        pastes(session, b'fine', agent)
        before = agent.resident()
        for number, head in enumerate([struct.pack('>I', 0xffffffff), struct.pack('>I', MIB + 1), bytes(4)], 1):
            agent.host.raw(head + b'x' * 1000)
            until(lambda n=number: agent.status()['protocol_errors'] == n, 10, lambda: f'{agent.status()}')
            until(lambda n=number: agent.host.connections == n + 1, 15, lambda: f'it connects again ({agent.host.connections}): {agent.status()} {agent.rig.log()}')
        expect(agent.resident() < before + 8 * MIB, 'it keeps nothing of that')
        agent.host.is_reading = False
        for number in range(40):  # nobody reads: the newest waits
            session.copy(b'%d ' % number * 20000)
        agent.host.is_reading = True
        agent.until_text(b'39 ' * 20000)


def idle_it_sleeps(session):
    with Agent(session) as agent:
        session.copy(b'x')
        agent.until_text(b'x')
        time.sleep(0.2)
        before = agent.ticks()
        time.sleep(1)
        expect(agent.ticks() - before <= 2, f'woken {agent.ticks() - before} times in a second')


def x11_serves_where_wayland_cannot(x11, wayland):
    """And hung owners are given up in both, in time."""
    with Agent(x11, WAYLAND_DISPLAY=x11.rig.path('nobody')) as one, Agent(wayland, **x11.agent_env()) as other:
        x11.own('hang')
        wayland.own('drip')
        until(lambda: one.status()['hung'] == 1, 15, lambda: f'X11: {one.status()}')
        until(lambda: other.status()['hung'] == 1, 15, lambda: f'Wayland: {other.status()}')
        expect(one.rig.log().count('gives no text for 10 s') >= 2, 'it is told')


EACH = [texts_go_both_ways, a_mebibyte_goes_both_ways, an_echo_is_not_sent, secrets_and_other_things_stay,
        who_hangs_or_talks_on_holds_nobody_up, who_pastes_and_takes_nothing_holds_nobody_up, a_host_may_come_late_and_go,
        a_session_may_come_late_and_start_again, a_host_that_lies_is_closed, idle_it_sleeps]


def run(number, name, function):
    began = time.monotonic()
    try:
        function()
        print(f'ok {number} - {name} # {time.monotonic() - began:.1f} s', flush=True)
        return True
    except (Failure, OSError, subprocess.TimeoutExpired, AttributeError, KeyError) as error:
        print(f'not ok {number} - {name}\n# ' + str(repr(error)).replace('\\n', '\n# '), flush=True)
        return False


def main(agent, helpers, *words):
    cases = []
    with Rig(os.path.abspath(agent), os.path.abspath(helpers)) as rig:
        x11, wayland = X11(rig), Wayland(rig)
        for session in (x11, wayland):
            session.start()
            cases += [(f'{session.name}: {case.__name__}', lambda case=case, session=session: case(session)) for case in EACH]
        cases.append(('x11_serves_where_wayland_cannot', lambda: x11_serves_where_wayland_cannot(x11, wayland)))
        cases = [case for case in cases if all(word in case[0] for word in words)]
        print(f'1..{len(cases)}', flush=True)
        return all([run(number, *case) for number, case in enumerate(cases, 1)])


if __name__ == '__main__':
    sys.exit(0 if main(*sys.argv[1:]) else 1)
