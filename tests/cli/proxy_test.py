#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Oriel behind a real nginx and a real HAProxy, each with the configuration that docs/proxy.md shows, and behind an nginx that
drops upgrades. Output is TAP.

usage: proxy_test.py ORIEL ROOT
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

ORIEL, ROOT = map(os.path.abspath, sys.argv[1:3])
SCRATCH = tempfile.mkdtemp(prefix='oriel-proxy-test.', dir='/tmp')
PEM, KEY = (os.path.join(SCRATCH, name) for name in ('vm.example.pem', 'vm.example.key'))
TOKEN = 'a-token-of-the-proxy-test'
LIMIT_S = 20  # of waits that end at once unless something is broken
PATH = '/vms/one/'
children, results = [], []


def check(name, ok, hint=''):
    results.append(bool(ok))
    print(f'{"ok" if ok else "not ok"} {len(results)} - {name}', flush=True)
    for line in [] if ok else str(hint).splitlines():
        print('# ' + line, flush=True)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def start(*words):
    env = {name: value for name, value in os.environ.items() if not name.startswith('ORIEL_')}
    log = open(os.path.join(SCRATCH, f'log{len(children)}'), 'w+', encoding='utf-8')
    child = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**env, 'ORIEL_TOKEN': TOKEN})
    child.log = log.name
    children.append(child)
    return child


def said(child):
    with open(child.log, encoding='utf-8') as file:
        return file.read()


def until(ask):
    """What `ask` returns once it is true; its last answer when it never is."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        try:
            answer = ask()
        except OSError as error:
            answer, reason = None, error
        if answer or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)  # between two looks at what tells of no change


def serve(public_port):
    """Oriel for https://vm.example:PORT/vms/one/, and its port."""
    port = free_port()
    child = start(ORIEL, 'serve', 'pattern:', '--listen', f'127.0.0.1:{port}', '--public-url', f'https://vm.example:{public_port}{PATH}')
    until(lambda: 'ready: ' in said(child))
    return child, port


def documented(language, public_port, port):
    """The configuration of docs/proxy.md on our ports."""
    with open(os.path.join(ROOT, 'docs', 'proxy.md'), encoding='utf-8') as file:
        text = re.search(rf'```{language}\n(.*?)```', file.read(), re.S)[1]
    for shown, ours in [('listen 443', f'listen 127.0.0.1:{public_port}'), ('bind :443', f'bind 127.0.0.1:{public_port}'),
                        ('127.0.0.1:8080', f'127.0.0.1:{port}'), ('/etc/ssl/', SCRATCH + '/')]:
        text = text.replace(shown, ours)
    return text


def nginx(name, servers):
    config = os.path.join(SCRATCH, name)
    temporary = ''.join(f'{kind}_temp_path {SCRATCH}/{kind};\n' for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    user = 'user root;\n' if os.getuid() == 0 else ''
    with open(config, 'w', encoding='utf-8') as file:
        file.write(f'{user}daemon off;\nmaster_process off;\npid {config}.pid;\nerror_log stderr;\n'
                   f'events {{}}\nhttp {{\naccess_log off;\n{temporary}{servers}}}\n')
    return start(shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin'), '-e', 'stderr', '-c', config)


def haproxy(text):
    config = os.path.join(SCRATCH, 'haproxy.cfg')
    with open(config, 'w', encoding='utf-8') as file:
        file.write(text)
    return start(shutil.which('haproxy', path=os.environ['PATH'] + ':/usr/sbin'), '-db', '-f', config)


class Browser:
    """Asks a proxy as vm.example, with the cookie that it was given."""

    def __init__(self, port):
        self.port, self.cookie, self.secret = port, '', ''
        self.context = ssl.create_default_context(cafile=PEM)

    def connect(self):
        plain = socket.create_connection(('127.0.0.1', self.port), LIMIT_S)
        return self.context.wrap_socket(plain, server_hostname='vm.example')

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection('vm.example', self.port)
        connection.sock = self.connect()
        own = {'Origin': f'https://vm.example:{self.port}'} if method != 'GET' else {}
        connection.request(method, path, body, {**own, **headers, **({'Cookie': self.cookie, 'Oriel-Session-Secret': self.secret} if self.cookie else {})})
        answer = connection.getresponse()
        answer.text = answer.read().decode('utf-8', 'replace')
        connection.close()
        return answer

    def login(self):
        answer = self.ask('POST', PATH + 'session', json.dumps({'token': TOKEN}))
        cookie = answer.headers.get('Set-Cookie', '')
        if answer.status != 200:
            return f'{answer.status}: {answer.text}'
        self.cookie, self.secret = cookie.partition(';')[0], json.loads(answer.text)['secret']
        return cookie

    def upgrade(self):
        """The status of a WebSocket's handshake."""
        with self.connect() as one:
            one.sendall((f'GET {PATH}ws HTTP/1.1\r\nHost: vm.example:{self.port}\r\nOrigin: https://vm.example:{self.port}\r\n'
                         'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
                         'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: oriel.v1\r\n'
                         f'Cookie: {self.cookie}\r\n\r\n').encode())
            return int(one.makefile('rb').readline().split()[1])


def page_is_whole(browser):
    """Every file that the page names, found as a browser finds it: relative to the page."""
    page = browser.ask('GET', PATH)
    names = {name for name in re.findall(r'(?:href|src)="([^"#]+)"', page.text) if not name.startswith('data:')}
    names.add('interface.html') # main.js asks for it
    missing = [name for name in names if name.startswith('/') or browser.ask('GET', PATH + name).status != 200]
    return page.status == 200 and len(names) > 5 and not missing, missing


def works(name, browser, oriel, proxy):
    opened = until(lambda: browser.ask('GET', PATH).status == 200)
    check(f'{name}_serves_the_page', opened, said(proxy))
    whole, missing = page_is_whole(browser)
    check(f'{name}_serves_all_that_the_page_names', whole, missing)
    cookie = browser.login()
    check(f'{name}_logs_in', cookie.startswith(f'oriel_session_{browser.port}=') and f'; Path={PATH};' in cookie and '; Secure' in cookie, cookie)
    api = browser.ask('GET', PATH + 'api/v1/desktop')
    check(f'{name}_passes_the_cookie', api.status == 200 and 'notice' not in json.loads(api.text), api.text)
    check(f'{name}_passes_upgrades', browser.upgrade() == 101, said(proxy))
    slash = browser.ask('GET', PATH.rstrip('/'))
    check(f'{name}_mends_a_missing_slash', slash.status in (301, 308) and slash.headers['Location'].endswith(PATH), slash.headers)
    check(f'{name}_address_is_in_the_ready_line', f'ready: https://vm.example:{browser.port}{PATH}' in said(oriel), said(oriel))


def run():
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
                    '/CN=vm.example', '-addext', 'subjectAltName=DNS:vm.example', '-keyout', KEY, '-out', PEM],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port = free_port()
    oriel, inner = serve(port)
    config = documented('nginx', port, inner)
    proxy = nginx('nginx.conf', config)
    works('nginx', Browser(port), oriel, proxy)

    bare = free_port()
    lossy, inner = serve(bare)
    proxy = nginx('lossy.conf', re.sub(r'(?m)^ *proxy_(http_version|set_header (Upgrade|Connection)) .*\n', '', documented('nginx', bare, inner)))
    browser = Browser(bare)
    until(lambda: browser.ask('GET', PATH).status == 200)
    browser.login()
    status = browser.upgrade()
    api = browser.ask('GET', PATH + 'api/v1/desktop')
    check('proxy_without_upgrades_is_told_to_the_page', status == 426 and 'does not pass WebSocket upgrades' in json.loads(api.text).get('notice', ''),
          f'{status} {api.text} {said(lossy)}')

    port = free_port()
    oriel, inner = serve(port)
    with open(PEM, 'a', encoding='utf-8') as pem, open(KEY, encoding='utf-8') as key:
        pem.write(key.read())  # HAProxy takes both from one file
    proxy = haproxy(documented('haproxy', port, inner))
    works('haproxy', Browser(port), oriel, proxy)
    check('haproxy_finds_it_healthy', 'DOWN' not in said(proxy), said(proxy))
    oriel.send_signal(signal.SIGTERM)
    oriel.wait(LIMIT_S)
    check('haproxy_finds_out_that_it_ended', until(lambda: 'vm-one/oriel is DOWN' in said(proxy)), said(proxy))


try:
    run()
finally:
    for one in children:
        one.terminate()
    for one in children:
        try:
            one.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            one.kill()
    shutil.rmtree(SCRATCH, ignore_errors=True)
print(f'1..{len(results)}')
sys.exit(0 if all(results) else 1)
