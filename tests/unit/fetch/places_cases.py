"""Repositories of this machine, caches where little can be written, and the commands."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import servers
from case import (
    Case, KEY, NETWORK, NONE, NONE_FILE, PROGRAMS, REPOMD, SYSTEM, VERIFY, WAIT_SECONDS, of, wait_for)
from servers import Repository, sha256, stalled, status

__all__ = ['Local', 'Places', 'Command', 'Program']


class Local(Case):
    def test_good(self):
        paths = self.good_run(f'file://{self.good.directory}')
        self.assertTrue(all(path.startswith(str(self.good.directory)) for path in paths))
        self.assertEqual(self.packages(), [])

    def test_corrupt_package(self):
        repository = self.copy()
        package = repository.path(NONE_FILE)
        content = bytearray(package.read_bytes())
        content[self.half] ^= 1
        good = package.read_bytes()
        for bad, expected, why in (
                (bytes(content), VERIFY, 'has the sha256 checksum [0-9a-f]{64} and should have '
                 + sha256(self.good.path(NONE_FILE))),
                (good[:self.half], VERIFY, f'has {self.half} bytes and should have {self.size}')):
            package.write_bytes(bad)
            self.bad_run(expected, f"{NONE} from '{package}' {why}", f'file://{repository.directory}')
        package.unlink()
        self.bad_run(NETWORK, f"cannot read {NONE} from '{package}': No such file or directory",
                     f'file://{repository.directory}')
        package.mkdir()
        self.bad_run(NETWORK, f"cannot read {NONE} from '{package}': it is no file",
                     f'file://{repository.directory}')
        package.rmdir()
        package.write_bytes(good)
        self.good_run(f'file://{repository.directory}')

    def test_no_repository(self):
        self.bad_run(NETWORK, rf"\S+\.ks:1: '{self.work}', the address of 'lab', is no repository: "
                     f'there is no {REPOMD}', f'file://{self.work}')

    def test_corrupt_primary(self):
        repository = self.copy()
        primary = next(repository.path('repodata').glob('*primary.xml*'))
        primary.write_bytes(b'x')
        self.bad_run(VERIFY, rf"'repodata/{primary.name}' \(primary\) from "
                     rf"'{repository.directory}' has 1 bytes and should have \d+",
                     f'file://{repository.directory}')

    def test_bad_signature(self):
        repository = self.copy()
        repository.repomd.write_text(repository.repomd.read_text() + '\n')
        self.bad_run(VERIFY, f"the signature of repomd.xml of 'lab' from '{repository.directory}' "
                     'does not hold: .*', f'file://{repository.directory}')

    def test_packages_elsewhere(self):
        """A repository of this machine whose packages are on a server (createrepo_c --baseurl)."""
        server = self.serve()
        repository = self.copy()
        servers.create(repository.directory, f'--baseurl={server.url}')
        repository.sign()
        shutil.rmtree(repository.path('Packages'))
        self.good_run(f'file://{repository.directory}')
        self.assertEqual(len(self.packages()), 2)
        self.setUp()
        self.good_run(self.serve(repository).url)


class Places(Case):
    """Caches where little can be written."""

    def in_namespace(self, script):
        """Run the tool as "$@" in namespaces of its own, where tmpfs may be mounted on $CACHE."""
        probe = subprocess.run(['unshare', '-rm', 'mount', '-t', 'tmpfs', 'x', self.cache],
                               capture_output=True)
        if probe.returncode:
            self.skipTest('no user or mount namespace: ' + probe.stderr.decode())
        process = subprocess.Popen(
            ['unshare', '-rm', 'sh', '-ec', script, 'sh', PROGRAMS.tool, f'--cache={self.cache}',
             *self.options, self.recipe(self.url)], text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=dict(os.environ, CACHE=str(self.cache), no_proxy='*'))
        return self.finish(process, SYSTEM)

    def test_disk_full(self):
        server = self.serve()
        self.url = server.url
        keep = self.work / 'kept'
        self.in_namespace(f'mount -t tmpfs -o size=128k x "$CACHE"; "$@" && exit 0 || r=$?\n'
                          f'rm -rf {keep}; cp -a "$CACHE" {keep}; exit $r')
        self.assertRegex(self.message, f'^{NONE}: cannot write to the cache: No space left on '
                         'device$')
        self.assertIn('hint: make room (slipway cache prune), or say --cache DIRECTORY', self.err)
        self.cache.rmdir()
        keep.rename(self.cache)
        self.check_cache()
        self.good_run(server.url)

    def test_read_only(self):
        self.url = self.serve().url
        self.in_namespace('mount -t tmpfs -o ro x "$CACHE"; "$@"')
        self.assertEqual(self.message,
                         f"cannot make '{self.cache}/packages': Read-only file system")
        self.assertIn('hint: say --cache DIRECTORY', self.err)

    def test_no_directory(self):
        self.cache.rmdir()
        self.cache.write_text('')
        self.run_tool(self.serve().url, expected=SYSTEM)
        self.assertEqual(self.message, f"cannot open the cache '{self.cache}': Not a directory")
        self.cache.unlink()


class Command(Case):
    """slipway cache."""

    def command(self, *arguments, expected=0):
        result = subprocess.run([PROGRAMS.slipway, 'cache', *arguments, f'--cache={self.cache}'],
                                text=True, capture_output=True, env=dict(os.environ, TZ='UTC'))
        self.assertEqual(result.returncode, expected, result.stderr)
        self.err = result.stderr
        return result.stdout

    def test_list(self):
        self.assertEqual(self.command('list'), '0 entries, 0.0 MiB\n')
        self.assertEqual(json.loads(self.command('list', '--json')), [])
        self.good_run(self.serve().url)
        (self.cache / 'partial' / 'sha256-0').write_bytes(b'piece')
        os.utime(self.kept('payload-none'), (86400, 86400))
        entries = json.loads(self.command('list', '--json'))
        self.assertEqual([(e['kind'], e['name']) for e in entries], [
            ('metadata', 'lab'), ('package', 'payload-gzip-1.0~rc1^git+2__41.rpm'),
            ('package', 'payload-none-1-1.noarch.rpm'), ('partial', 'sha256-0')])
        self.assertEqual(entries[2], {'kind': 'package', 'name': 'payload-none-1-1.noarch.rpm',
                                      'bytes': self.size, 'last_used': 86400})
        self.assertEqual(entries[0]['bytes'], sum((self.cache / 'metadata' / f).stat().st_size
                                                  for f in self.files('metadata')))
        lines = self.command('list').splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines[2], f'package  {self.size:12}  1970-01-02  '
                         'payload-none-1-1.noarch.rpm')
        self.assertRegex(lines[4], r'^4 entries, 0\.2 MiB$')

    def test_unknown(self):
        self.cache.rmdir()
        self.command('lst', expected=2)
        self.assertEqual(self.err, "slipway: cache: 'lst' is not list, prune, verify or path\n")
        self.assertFalse(self.cache.exists())

    def test_path(self):
        self.assertEqual(self.command('path'), f'{self.cache}\n')

    def test_verify(self):
        server = self.serve()
        self.good_run(server.url)
        self.assertEqual(self.command('verify'), '0 bad packages removed\n')
        self.kept('payload-none').write_bytes(b'broken')
        self.assertEqual(self.command('verify', expected=VERIFY), '1 bad packages removed\n')
        self.check_cache()
        self.assertEqual(self.command('verify', '--json'), '{\n  "bad_packages": 0\n}\n')
        self.good_run(server.url)

    def test_prune(self):
        server = self.serve()
        self.good_run(server.url)
        (self.cache / 'partial' / 'sha256-0').write_bytes(b'piece')
        (self.cache / 'users' / 'somebody-who-died').write_text('packages\nmetadata\n')
        os.utime(self.kept('payload-none'), (86400, 86400))
        self.assertEqual(self.command('prune', '--days=30'), '0.1 MiB freed\n')
        self.assertEqual(self.packages(), ['payload-gzip-1.0~rc1^git+2__41.rpm'])
        self.assertEqual(self.files('users'), [])
        freed = json.loads(self.command('prune', '--json'))
        self.assertGreater(freed['freed_bytes'], 50000)
        self.assertEqual(self.command('list'), '0 entries, 0.0 MiB\n')
        self.good_run(server.url)

    def test_use_keeps(self):
        """What is used every day is not old, however long ago it was fetched."""
        server = self.serve()
        self.good_run(server.url)
        for directory in ('packages', 'metadata'):
            for f in self.files(directory):
                if f.name != 'name':
                    os.utime(self.cache / directory / f, (86400, 86400))
        self.good_run(server.url, '--offline')
        self.command('prune', '--days=30')
        self.good_run(server.url, '--offline')

    def test_prune_while_in_use(self):
        server = self.serve()
        user = self.start(server.url, '--hold', stdin=subprocess.PIPE)
        while user.stdout.readline() != 'held\n':
            pass
        other = Repository(pathlib.Path(tempfile.mkdtemp(dir=self.work)) / 'repo',
                           ['handmade/Packages/payload-xz-1-1.noarch.rpm'], self.good.gnupg)
        self.is_shared = True
        self.run_tool(self.serve(other).url, packages=['payload-xz'])
        self.assertEqual(len(self.packages()), 3)
        self.command('prune')
        self.assertEqual(len(self.packages()), 2)
        self.assertNotIn('payload-xz-1-1.noarch.rpm', self.packages())
        self.is_shared = False
        self.finish(user, 0)
        self.good_run(server.url, '--offline')
        self.command('prune')
        self.assertEqual(self.packages(), [])

    def test_prune_while_fetching(self):
        server = self.serve(faults={'payload-none': [stalled(self.half), None]})
        process = self.start(server.url, '--stall=60')
        self.assertTrue(server.has_stalled.wait(WAIT_SECONDS))
        piece = self.cache / 'partial' / f'sha256-{sha256(self.good.path(NONE_FILE))}'
        wait_for(lambda: piece.exists() and piece.stat().st_size == self.half)
        self.command('prune')
        self.assertEqual(piece.stat().st_size, self.half)
        server.is_over.set()  # which breaks the transfer off: it goes on by itself
        self.finish(process, 0)
        self.assertEqual(server.asked('payload-none'), [0, self.half])
        self.good_run(server.url)


class Program(Case):
    """The same by slipway itself."""

    def test_build(self):
        server = self.serve(servers.lab() / 'repo', {'/adduser-': [status(404), None]})
        command = [PROGRAMS.slipway, 'build', self.recipe('http://nowhere.test/', ['kernel']),
                   '--until=fetch', f'--cache={self.cache}', f'--repo=lab={server.url}',
                   f'--gpgkey={KEY}']
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.returncode, NETWORK, result.stderr)
        self.assertRegex(result.stderr, '(?m)^slipway: cannot fetch package (adduser-[^ ]*): '
                         + re.escape(server.url) + r'/Packages/\1\.rpm: .*404$')
        self.check_cache()
        # With fewer files open than there are packages.
        result = subprocess.run(['prlimit', '--nofile=48', *command], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        paths = result.stdout.splitlines()
        self.assertGreater(len(paths), 50)
        self.assertEqual({sha256(path) for path in paths} - {re.match('.*/([0-9a-f]*)-', path)[1]
                                                             for path in paths}, set())
        self.check_cache()
