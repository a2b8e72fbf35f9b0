"""What the cases of check-fetch are made of: runs of the tool, and what must hold after each."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import types
import unittest

import servers
from servers import Server, Repository, sha256

PROGRAMS = types.SimpleNamespace()  # tool and slipway: paths, filled in by check-fetch
NETWORK, VERIFY, SYSTEM, INTERRUPTED = 5, 6, 8, 130
NONE_FILE, NONE = 'Packages/payload-none-1-1.noarch.rpm', 'package payload-none-1-1.noarch'
REPOMD = 'repodata/repomd.xml'
KEY = servers.lab() / 'RPM-GPG-KEY-lab'
WAIT_SECONDS = 60  # for what comes at once unless all is lost
RECIPE = '''repo --name=lab {}
bootloader --location=none
part / --size=3000
%packages --nocore --nobase
{}
%end
'''


def wait_for(what):
    end = time.monotonic() + WAIT_SECONDS
    while not what():
        if time.monotonic() > end:
            raise AssertionError('waited in vain')
        time.sleep(0.01)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix='check-fetch-'))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        agent = ['gpgconf', '--homedir', cls.work / 'gnupg', '--kill', 'all']
        cls.addClassCleanup(subprocess.run, agent, check=True)
        cls.good = Repository(cls.work / 'good')
        size = cls.good.path(NONE_FILE).stat().st_size
        cls.size, cls.half = size, size // 2

    def setUp(self):
        self.cache = pathlib.Path(tempfile.mkdtemp(prefix='cache-', dir=self.work))
        self.options = [f'--gpgkey={KEY}']

    # ---- what tests are made of ----

    def serve(self, directory=None, faults=None):
        server = Server(directory or self.good, faults)
        self.addCleanup(server.stop)
        return server

    def copy(self):
        """A repository of its own for a test that changes it."""
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.work)) / 'repo'
        shutil.copytree(self.good.directory, directory)
        repository = Repository.__new__(Repository)
        repository.directory, repository.gnupg = directory, self.good.gnupg
        return repository

    def recipe(self, source, packages=('payload-none', 'payload-gzip')):
        """A file; 'source' is an address or options of the repo command."""
        fd, path = tempfile.mkstemp(suffix='.ks', dir=self.work)
        where = source if str(source).startswith('--') else f'--baseurl={source}'
        with os.fdopen(fd, 'w') as f:
            f.write(RECIPE.format(where, '\n'.join(packages)))
        return path

    def start(self, source, *options, packages=('payload-none', 'payload-gzip'), **popen):
        command = [PROGRAMS.tool, f'--cache={self.cache}', *self.options, *options,
                   self.recipe(source, packages)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=dict(os.environ, LC_ALL='C', no_proxy='*'), **popen)

    def finish(self, process, expected):
        out, self.err = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, expected, self.err)
        self.message = ''.join(line[len('fetch-tool: '):] for line in self.err.splitlines(True)
                               if line.startswith('fetch-tool: ')).rstrip('\n')
        self.check_cache()
        return out.splitlines()

    def run_tool(self, source, *options, expected=0, **more):
        return self.finish(self.start(source, *options, **more), expected)

    def good_run(self, source, *options, **more):
        paths = self.run_tool(source, *options, **more)
        wanted = {sha256(f) for f in self.good.path('Packages').iterdir()}
        self.assertEqual({sha256(path) for path in paths}, wanted)
        self.assertEqual(self.partials(), [])
        return paths

    def bad_run(self, expected, message, source, *options, **more):
        """'message' is a regular expression, without the line of the recipe that may be named."""
        self.run_tool(source, *options, expected=expected, **more)
        self.assertRegex(self.message, fr'^(\S+\.ks:\d+: )?{message}$')

    def files(self, below):
        top = self.cache / below
        return sorted(f.relative_to(top) for f in top.rglob('*') if f.is_file())

    def partials(self):
        return [f.name for f in self.files('partial')]

    def packages(self):
        return [re.sub('^[0-9a-f]*-', '', f.name) for f in self.files('packages')]

    def kept(self, name):
        """The file of a package in the cache."""
        return next(self.cache.glob(f'packages/*/*/*-{name}*'))

    def check_cache(self):
        """Every file there is what its name says, and nobody is said to use it."""
        for directory in ('packages', 'metadata'):
            for f in self.files(directory):
                found = re.match('([0-9a-f]{64})-(?!repomd.xml.asc)', f.name)
                if found:
                    self.assertEqual(sha256(self.cache / directory / f), found[1], f)
                else:
                    self.assertRegex(f.name, r'^(name|current|key-\d|metalink|mirrorlist|'
                                     '[0-9a-f]{64}-repomd.xml.asc)$')
        if not getattr(self, 'is_shared', False):
            self.assertEqual(self.files('users'), [])


def of(name, url, why):
    return f'cannot fetch {re.escape(name)}: {re.escape(url)}: {why}'
