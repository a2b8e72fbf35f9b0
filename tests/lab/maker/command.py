"""The command line of make-lab: which parts are out of date, and making them."""
import argparse
import fcntl
import hashlib
import os
import shutil
import sys
import time

PARTS = ('repo', 'gz', 'xz', 'el5', 'handmade')
ALIASES = {'core': 'repo', 'base': 'repo'}
TOOLS = {'apt-get': 'apt', 'dpkg-deb': 'dpkg', 'rpmbuild': 'rpm', 'rpmsign': 'rpm',
         'createrepo_c': 'createrepo-c', 'mmdebstrap': 'mmdebstrap', 'gpg': 'gnupg',
         'zstd': 'zstd', 'depmod': 'kmod'}


def say(text):
    print(f'make-lab: {text}', file=sys.stderr, flush=True)


def default_directory():
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.environ.get('SLIPWAY_LAB') or f'{cache}/slipway-lab'


def parse(documentation):
    parser = argparse.ArgumentParser(prog='make-lab', description=documentation,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', metavar='PART,...', help='of ' + ', '.join(PARTS))
    parser.add_argument('--update', action='store_true', help='take newer Debian packages')
    parser.add_argument('--full', action='store_true', help='group base in repo-gz and repo-xz')
    parser.add_argument('--print-directory', action='store_true',
                        help='print where the lab is (or would be), and do nothing')
    parser.add_argument('-j', dest='jobs', type=int, default=os.cpu_count(), metavar='N')
    parser.add_argument('directory', nargs='?', default=default_directory(), metavar='DIR')
    options = parser.parse_args()
    names = options.only.split(',') if options.only else PARTS
    options.parts = [ALIASES.get(n, n) for n in names]
    for name in options.parts:
        if name not in PARTS:
            parser.error(f'no part {name}; there are {", ".join(PARTS)}')
    return options


def check_tools():
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    os.environ['PATH'] = path
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool)}
    try:
        __import__('rpm')
    except ImportError:
        missing.add('python3-rpm')
    if os.getuid() and not shutil.which('newuidmap'):
        missing.add('uidmap')
    if missing:
        raise SystemExit(f'make-lab: missing Debian packages: {" ".join(sorted(missing))}')


def inputs_digest(here):
    """hash of every file the lab is made from"""
    total = hashlib.sha256()
    for top, dirs, files in os.walk(here):
        dirs[:] = sorted(d for d in dirs if d != '__pycache__')
        for name in sorted(files):
            path = f'{top}/{name}'
            if not name.endswith('.md'):
                total.update(f'{os.path.relpath(path, here)} {os.lstat(path).st_mode:o}\0'.encode())
                total.update(os.readlink(path).encode() if os.path.islink(path)
                             else open(path, 'rb').read())
    return total.hexdigest()


class Stamps:
    """Which parts were made from which inputs."""

    def __init__(self, directory, inputs):
        self.directory, self.inputs = os.path.join(directory, 'work', 'stamps'), inputs
        os.makedirs(self.directory, exist_ok=True)

    def current(self, part, variant):
        try:
            with open(f'{self.directory}/{part}') as file:
                return file.read() in (f'{self.inputs} {variant}', f'{self.inputs} full')
        except FileNotFoundError:
            return False

    def drop(self, part):
        if os.path.exists(f'{self.directory}/{part}'):
            os.unlink(f'{self.directory}/{part}')

    def set(self, part, variant):
        with open(f'{self.directory}/{part}', 'w') as file:
            file.write(f'{self.inputs} {variant}')


def lock(directory):
    os.makedirs(directory, exist_ok=True)
    handle = open(f'{directory}/lock', 'w')
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say('waiting for another make-lab to finish')
        fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def main(here, documentation):
    options = parse(documentation)
    directory = os.path.abspath(options.directory)
    if options.print_directory:
        print(directory)
        return 0
    held = lock(directory)
    stamps = Stamps(directory, inputs_digest(here))
    variant = 'full' if options.full else 'core'
    stale = [p for p in PARTS if p in options.parts
             and (options.update or not stamps.current(p, variant))]
    if not stale:
        say(f'{directory} is up to date')
        return 0
    check_tools()
    from . import lab                  # needs the tools just checked
    started = time.monotonic()
    for part in stale:
        stamps.drop(part)
    lab.Lab(here, directory, options, say).make(stale, lambda part: stamps.set(part, variant))
    say(f'{directory} made in {time.monotonic() - started:.0f} s')
    held.close()
    return 0
