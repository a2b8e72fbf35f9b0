"""Repositories made of a few of the lab's packages, and HTTP servers that serve them badly."""
import functools
import hashlib
import http.server
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

ODD_NAME = 'payload-gzip-1.0~rc1^git+2 %41.rpm'


def lab():
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(os.environ.get('SLIPWAY_LAB') or f'{cache}/slipway-lab')


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def create(directory, *options):
    subprocess.run(['createrepo_c', '-q', '--no-database', *options, directory], check=True)


class Repository:
    """payload-none (115 kB) and payload-gzip (50 kB, under an odd name), with signed metadata."""

    def __init__(self, directory, packages=('handmade/Packages/payload-none-1-1.noarch.rpm',
                                            'handmade/Packages/payload-gzip-1-1.noarch.rpm'),
                 gnupg=None):
        self.directory = pathlib.Path(directory)
        self.gnupg = gnupg or self.directory.parent / 'gnupg'
        (self.directory / 'Packages').mkdir(parents=True)
        for package in packages:
            name = ODD_NAME if 'payload-gzip' in package else pathlib.Path(package).name
            shutil.copy(lab() / package, self.directory / 'Packages' / name)
        create(self.directory, '--simple-md-filenames')
        self.sign()

    def path(self, name):
        return self.directory / name

    @property
    def repomd(self):
        return self.path('repodata/repomd.xml')

    def sign(self):
        if not self.gnupg.exists():
            shutil.copytree(lab() / 'gnupg', self.gnupg,
                            ignore=lambda d, names: [n for n in names if n.startswith('S.')])
            self.gnupg.chmod(0o700)
        signature = self.path('repodata/repomd.xml.asc')
        signature.unlink(missing_ok=True)
        subprocess.run(['gpg', '--homedir', self.gnupg, '--batch', '--quiet', '--detach-sign',
                        '--armor', '--output', signature, self.repomd], check=True)

    def metalink(self, urls, digest=None, alternate=None):
        """A metalink for these base addresses, as Fedora's servers make them."""
        def hashes(value):
            return ('<verification><hash type="md5">' + 32 * '0' + '</hash>'
                    f'<hash type="sha256">{value}</hash></verification>')
        other = f'<mm0:alternates><mm0:alternate>{hashes(alternate)}</mm0:alternate>' \
                '</mm0:alternates>' if alternate else ''
        listed = ''.join(f'<url protocol="http" type="http" location="XX" '
                         f'preference="{100 - i}">{url}/repodata/repomd.xml</url>'
                         for i, url in enumerate(urls))
        return ('<?xml version="1.0" encoding="utf-8"?>\n'
                '<metalink version="3.0" xmlns="http://www.metalinker.org/" '
                'xmlns:mm0="http://fedorahosted.org/mirrormanager"><files>'
                f'<file name="repomd.xml">{other}{hashes(digest or sha256(self.repomd))}'
                f'<resources maxconnections="1">{listed}</resources></file></files></metalink>\n')


# ---- ways to answer: functions of a request; None goes on as if there had been no such thing ----

def status(code):
    return lambda request: request.send_error(code)


def replaced(content):
    return lambda request: request.send_whole(content)


def cut(size):
    """The right announcement, and then only the first bytes."""
    def answer(request):
        content, start = request.content(), request.start_of_range()
        request.announce(content, start)
        request.wfile.write(content[start:size])
        request.wfile.flush()
        request.connection.shutdown(socket.SHUT_RDWR)
    return answer


def stalled(size, announced=None):
    """The first bytes, and then nothing more until the server ends."""
    def answer(request):
        content, start = request.content(), request.start_of_range()
        request.announce(bytes(announced) if announced else content, start)
        request.wfile.write(content[start:size])
        request.wfile.flush()
        request.server.has_stalled.set()
        request.server.is_over.wait()
        request.close_connection = True
    return answer


def unannounced(size):
    """Neither a length nor ranges; the end of the connection ends it."""
    def answer(request):
        request.send_response(200)
        request.send_header('Connection', 'close')
        request.end_headers()
        request.wfile.write(request.content()[:size])
        request.close_connection = True
    return answer


def endless(request):
    """In pieces, the file over and over."""
    content = request.content()
    request.send_response(200)
    request.send_header('Transfer-Encoding', 'chunked')
    request.end_headers()
    while not request.server.is_over.is_set():
        request.wfile.write(b'%x\r\n%s\r\n' % (len(content), content))


def together(barrier):
    """All who wait at the barrier are answered when the last has come."""
    def answer(request):
        barrier.wait()
        request.send_whole(request.content())
    return answer


def alone(lock):
    """Time for another to ask before the answer; whoever does gets an error."""
    def answer(request):
        if not lock.acquire(blocking=False):
            request.send_error(403)
            return
        time.sleep(0.2)
        lock.release()
        request.send_whole(request.content())
    return answer


def no_ranges(request):
    request.send_whole(request.content())


def redirect(url):
    def answer(request):
        request.send_response(302)
        request.send_header('Location', url + request.path)
        request.send_header('Content-Length', '0')
        request.end_headers()
    return answer


class Request(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def file(self):
        return self.server.directory / urllib.parse.unquote(self.path.partition('?')[0]).lstrip('/')

    def content(self):
        return self.file().read_bytes()

    def start_of_range(self):
        found = re.match(r'bytes=(\d+)-$', self.headers.get('Range', ''))
        return int(found[1]) if found else 0

    def announce(self, content, start):
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(content) - start))
        if start:
            self.send_header('Content-Range', f'bytes {start}-{len(content) - 1}/{len(content)}')
        self.end_headers()

    def send_whole(self, content):
        self.announce(content, 0)
        self.wfile.write(content)

    def do_GET(self):
        server, start = self.server, self.start_of_range()
        name = urllib.parse.unquote(self.path.partition('?')[0])
        server.log.append((name, start))
        server.raw.append((self.path, self.headers))
        answer = server.next_answer(name)
        if answer:
            answer(self)
        elif not self.file().is_file():
            self.send_error(404)
        elif start >= len(self.content()) > 0 and start:
            self.send_error(416)
        else:
            self.announce(self.content(), start)
            self.wfile.write(self.content()[start:])


class Server(http.server.ThreadingHTTPServer):
    """Serves a directory. faults: of a part of a path the answers, in turn; the last one stays
    unless it is None (then the file is served well from there on)."""
    daemon_threads = True

    def __init__(self, directory, faults=None, certificate=None):
        super().__init__(('127.0.0.1', 0), Request)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.directory = pathlib.Path(getattr(directory, 'directory', directory))
        self.faults = {part: answers if isinstance(answers, list) else [answers]
                       for part, answers in (faults or {}).items()}
        self.log, self.raw = [], []
        self.lock = threading.Lock()
        self.has_stalled, self.is_over = threading.Event(), threading.Event()
        self.url = f'http{"s" if certificate else ""}://127.0.0.1:{self.server_port}'
        threading.Thread(target=functools.partial(self.serve_forever, 0.01), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the game

    def next_answer(self, name):
        with self.lock:
            for part, answers in self.faults.items():
                if part in name:
                    return answers.pop(0) if len(answers) > 1 else answers[0]
        return None

    def asked(self, part):
        """The starts of the ranges that were asked for."""
        return [start for name, start in self.log if part in name]

    def stop(self):
        self.is_over.set()
        self.shutdown()
        self.server_close()


def stranger_certificate(path):
    """One for this host that nobody vouches for, and its key."""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
                    '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1',
                    '-keyout', path, '-out', f'{path}.crt'], check=True, stderr=subprocess.DEVNULL)
    with open(path, 'a') as f:
        f.write(pathlib.Path(f'{path}.crt').read_text())
    return path


dead_sockets = []


def dead_url():
    """An address where nobody listens, nor will: the port is taken, and no more."""
    dead = socket.socket()
    dead.bind(('127.0.0.1', 0))
    dead_sockets.append(dead)
    return f'http://127.0.0.1:{dead.getsockname()[1]}'
