"""A conversation with a booted image: 'slipway boot' on a pseudo-terminal, as a person would."""
import os
import pty
import re
import select
import signal
import socket
import subprocess
import time

ESCAPES = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r')


class Failed(Exception):
    """What was expected did not come; the message has the console's last lines."""


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Session:
    """limit: seconds that any one wait may last; a limit, not a measure."""

    def __init__(self, slipway, disk, log, options=(), limit=600):
        self.limit, self.text, self.held, self.seen, self.count = limit, b'', b'', 0, 0
        self.ssh_port = free_port()
        master, slave = pty.openpty()
        command = [slipway, 'boot', disk, '--console-file', log, '--ssh-port', str(self.ssh_port),
                   *options]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True)
        os.close(slave)
        self.master = master

    def read(self):
        """Take what has come; False when there will be no more."""
        ready, _, _ = select.select([self.master], [], [], 1)
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b''
        whole = self.held + data
        # A sequence that is cut waits for its other half.
        cut = re.search(rb'\x1b[\[()]?[0-9;?]*\Z', whole)
        self.held = whole[cut.start():] if cut and data else b''
        self.text += ESCAPES.sub(b'', whole[:len(whole) - len(self.held)])
        return bool(data)

    def expect(self, pattern):
        """Wait for a regular expression behind what was matched before; returns the match."""
        end = time.monotonic() + self.limit
        while True:
            found = re.compile(pattern, re.S | re.M).search(self.text, self.seen)
            if found:
                self.seen = found.end()
                return found
            if not self.read() or time.monotonic() > end:
                tail = self.text[-3000:].decode('utf-8', 'replace')
                raise Failed(f'{pattern!r} did not appear on the console, which ends:\n{tail}')

    def type(self, text):
        os.write(self.master, text.encode())

    def login(self, user, password):
        self.expect(rb'login: ?\Z')
        self.type(user + '\r')
        self.expect(rb'assword: ?')
        self.type(password + '\r')
        self.expect(rb'[#$] ?\Z')
        # A plain prompt, and no echo of long lines broken by the terminal's width.
        self.type('stty -echo cols 500; PS1=; unset PROMPT_COMMAND; export LC_ALL=C PAGER=cat; '
                  'PATH=$PATH:/sbin:/usr/sbin; echo READY-$((40 + 2))\r')
        self.expect(rb'READY-42')

    def run(self, command):
        """Run a shell command inside; returns (status, output)."""
        self.count += 1
        mark = f'{self.count:04d}'
        self.type(f'{{ {command}; }} 2>&1; echo "==END-"{mark} $?\r')
        found = self.expect(rb'(.*?)==END-%s (\d+)' % mark.encode())
        return int(found[2]), found[1].decode('utf-8', 'replace').strip()

    def ssh_banner(self):
        """What the guest's sshd says first, through the forwarded port."""
        end = time.monotonic() + self.limit
        while time.monotonic() < end:
            try:
                with socket.create_connection(('127.0.0.1', self.ssh_port), 30) as s:
                    s.settimeout(30)
                    banner = s.recv(100)
                    if banner:
                        return banner.decode('ascii', 'replace').strip()
            except OSError:
                pass
            time.sleep(1)
        raise Failed('sshd does not answer')

    def power_off(self):
        """Exit status of 'slipway boot' once the guest has ended by itself."""
        self.type('poweroff\r')
        end = time.monotonic() + self.limit
        while self.read() and time.monotonic() < end:
            pass
        status = self.process.poll() if time.monotonic() > end else self.process.wait(self.limit)
        self.close()
        return status

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        os.close(self.master)
