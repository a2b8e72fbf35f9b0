"""Who signed what, and what repomd.xml may say."""
import gzip
import re
import shutil
import subprocess
import tempfile
import unittest

import servers
from case import Case, KEY, NETWORK, NONE, NONE_FILE, PROGRAMS, REPOMD, SYSTEM, VERIFY, of
from servers import Server, replaced, sha256, status, stranger_certificate

__all__ = ['Signatures', 'Certificates', 'Metadata']


class Signatures(Case):
    def test_package(self):
        other = self.work / 'other-key'
        other.write_bytes(stranger_key())
        for directory, options, why in (
                ('unsigned', self.options, 'is not signed'),
                ('wrongsig', self.options, 'is signed by the key [0-9a-f]{8,16}, which is not known'),
                ('handmade', [f'--gpgkey={other}'],
                 'is signed by the key [0-9a-f]{8,16}, which is not known')):
            name = 'payload-none' if directory == 'handmade' else f'{directory}-package'
            server = self.serve(servers.lab() / directory)
            self.setUp()
            self.options = options
            with self.subTest(directory):
                url = f'{server.url}/Packages/{name}-1-1.noarch.rpm'
                self.bad_run(VERIFY, f"package {name}-1-1.noarch from '{re.escape(url)}' {why}",
                             server.url, packages=[name])
                # From the cache it is no better; only the address is not known any more.
                self.bad_run(VERIFY, f"package {name}-1-1.noarch from 'lab' {why}", server.url,
                             packages=[name])
                self.options = []
                self.run_tool(server.url, '--no-gpgcheck', packages=[name])

    def test_tampered(self):
        """The metadata agrees with what was changed, which only the signature tells."""
        good = self.good.path(NONE_FILE).read_bytes()
        summary = subprocess.run(['rpm', '-qp', '--nosignature', '--qf', '%{summary}',
                                  self.good.path(NONE_FILE)], check=True, stdout=subprocess.PIPE)
        self.assertIn(summary.stdout, good)
        for bad in (good[:-1] + bytes([good[-1] ^ 1]),
                    good.replace(summary.stdout, summary.stdout.swapcase(), 1),
                    good[:-200]):
            repository = self.copy()
            repository.path(NONE_FILE).write_bytes(bad)
            servers.create(repository.directory)
            repository.path(REPOMD + '.asc').unlink()
            server = self.serve(repository)
            url = f'{server.url}/{NONE_FILE}'
            with self.subTest():
                self.setUp()
                self.bad_run(VERIFY, f"the signature of {NONE} from '{re.escape(url)}' does not hold: "
                             '.*BAD.*', server.url)
                self.bad_run(VERIFY, f"the signature of {NONE} from 'lab' does not hold: .*BAD.*",
                             server.url, '--offline')

    def test_no_key(self):
        self.options = []
        self.bad_run(VERIFY, "no key is known that may sign for the repository 'lab'",
                     self.serve().url)
        self.assertIn('hint: give --gpgkey FILE (or --no-gpgcheck ', self.err)

    def test_keys_that_are_none(self):
        absent, junk = self.work / 'absent', self.work / 'junk'
        junk.write_text('<html>404</html>')
        server = self.serve()
        for key, expected, why in (
                (absent, SYSTEM, f"cannot open the key '{absent}': No such file or directory"),
                (junk, VERIFY, f"the key '{junk}' is no OpenPGP public key"),
                ('/', SYSTEM, "cannot read the key '/': Is a directory"),
                (f'{server.url}/no', NETWORK, of(f"the key '{server.url}/no' of 'lab'",
                                                 f'{server.url}/no', '.*404'))):
            with self.subTest(key):
                self.options = [f'--gpgkey={key}']
                self.bad_run(expected, why, server.url)
                self.assertEqual(self.packages(), [])

    def test_key_from_the_network(self):
        server = self.serve(self.work)
        shutil.copy(KEY, self.work / 'key.asc')
        self.options = [f'--gpgkey={server.url}/key.asc']
        self.good_run(f'{server.url}/good')
        self.good_run(f'{server.url}/good', '--offline')

    def test_metadata(self):
        signature = self.good.path(REPOMD + '.asc').read_text()
        other = self.copy()
        other.repomd.write_text(other.repomd.read_text() + '\n')
        url = "repomd.xml of 'lab' from '{}/repodata/repomd.xml'"
        for answer, insisted, silent in (
                (status(404), 'is not signed', None),
                (status(403), 'is not signed', None),
                (replaced(b'<html>no such file</html>'), "can't be read: its signature file is none",
                 None),
                (replaced(signature[:200].encode()), "can't be read: its signature file is none",
                 None)):
            server = self.serve(faults={'.asc': answer})
            with self.subTest(insisted):
                self.setUp()
                self.bad_run(VERIFY, f'{re.escape(url.format(server.url))} {insisted}', server.url,
                             '--repo-gpgcheck')
                self.assertEqual(self.files('packages'), [])
                self.assertEqual([f.name for f in self.files('metadata')], ['name'])
                self.good_run(server.url)
                self.assertIn("'lab' is not signed", self.err)
                server.faults.clear()
                self.good_run(server.url, '--repo-gpgcheck', '--refresh')
                self.assertIn("'lab' is signed", self.err)

    def test_metadata_with_a_wrong_signature(self):
        repository = self.copy()
        repository.repomd.write_text(repository.repomd.read_text() + '\n')
        server = self.serve(repository)
        for options in ([], ['--repo-gpgcheck']):
            self.bad_run(VERIFY, f"the signature of repomd.xml of 'lab' from '{server.url}/{REPOMD}'"
                         ' does not hold: [0-9a-f]{8,16}', server.url, *options)
        repository.sign()
        self.good_run(server.url)

    def test_metadata_signed_by_a_stranger(self):
        other = self.work / 'other-key'
        other.write_bytes(stranger_key())
        server = self.serve()
        self.options = [f'--gpgkey={other}']
        self.bad_run(VERIFY, f"repomd.xml of 'lab' from '{server.url}/{REPOMD}' is signed by the "
                     'key [0-9a-f]{8,16}, which is not known', server.url, '--repo-gpgcheck',
                     '--no-gpgcheck')
        self.run_tool(server.url, '--no-gpgcheck')
        self.assertIn("'lab' is not signed", self.err)

    def test_signed_and_no_key_wanted(self):
        self.options = []
        self.good_run(self.serve().url, '--no-gpgcheck')


class Certificates(Case):
    @unittest.skipUnless(shutil.which('openssl'), 'there is no openssl')
    def test_self_signed(self):
        server = Server(self.good, certificate=stranger_certificate(self.work / 'certificate'))
        self.addCleanup(server.stop)
        self.bad_run(NETWORK, of("repomd.xml of 'lab'", f'{server.url}/{REPOMD}',
                                 '.*certificate.*'), server.url)
        self.assertEqual(server.log, [])
        self.good_run(f'--baseurl={server.url} --noverifyssl')


def stranger_key():
    """A public key that signed nothing."""
    with tempfile.TemporaryDirectory() as home:
        gpg = ['gpg', '--homedir', home, '--batch', '--quiet', '--passphrase', '']
        subprocess.run([*gpg, '--quick-generate-key', 'Stranger <s@example.org>', 'rsa2048'],
                       check=True, stderr=subprocess.DEVNULL)
        key = subprocess.run([*gpg, '--armor', '--export'], check=True, stdout=subprocess.PIPE)
        subprocess.run(['gpgconf', '--homedir', home, '--kill', 'all'], check=True)
        return key.stdout


class Metadata(Case):
    def refuse(self, change, why, expected=NETWORK):
        """repomd.xml changed so, and signed well."""
        repository = self.copy()
        text = repository.repomd.read_text()
        repository.repomd.write_text(change(text))
        self.assertNotEqual(repository.repomd.read_text(), text)
        repository.sign()
        server = self.serve(repository)
        self.setUp()
        self.bad_run(expected, f"repomd.xml of 'lab' from '{server.url}/{REPOMD}'{why}", server.url)
        self.assertEqual([f.name for f in self.files('metadata')], ['name'])
        self.assertEqual(self.partials(), [])
        repository.repomd.write_text(text)
        repository.sign()
        self.good_run(server.url)
        return server

    def test_repomd_that_is_none(self):
        for change, why in (
                (lambda text: '', " can't be read: .*"),
                (lambda text: 'Error', " can't be read: .*"),
                (lambda text: '<html/>', " can't be read: line 1: it is no repomd.xml"),
                (lambda text: '<!DOCTYPE a [<!ENTITY x "y">]><repomd>&x;</repomd>',
                 " can't be read: line 1: it has a document type, .*"),
                (lambda text: text[:300], " can't be read: .*"),
                (lambda text: re.sub('type="primary"', 'type="other"', text),
                 r' names no list of packages \(primary\)')):
            with self.subTest(why):
                self.refuse(change, why)

    def test_hostile_values(self):
        outside = ": 'primary' can't be used: its location is outside the repository"
        for pattern, value, why in (
                ('href="[^"]*primary', 'href="../../primary', outside),
                ('href="[^"]*primary', 'href="repodata/../../primary', outside),
                ('href="[^"]*primary', 'href="/etc/primary', outside),
                ('href="[^"]*primary[^"]*"', 'href=""', outside),
                ('href="[^"]*primary', 'href="a&#10;b/primary', outside),
                ('<location href="([^"]*primary)', r'<location xml:base="junk" href="\1',
                 ": 'primary' can't be used: its base address is none that can be asked"),
                ('<location href="([^"]*primary)', r'<location xml:base="file:///" href="\1',
                 ": 'primary' can't be used: its base address is none that can be asked"),
                ('(type="primary">\\s*<checksum type=)"sha256"', r'\1"crc32"',
                 ": 'primary' can't be used: it has no checksum that is known here"),
                ('(type="primary">\\s*<checksum[^>]*>)[0-9a-f]{6}', r'\1../../',
                 ": 'primary' can't be used: it has no checksum that is known here"),
                ('(primary.*?<size>)[0-9]*', r'\g<1>-5',
                 ": 'primary' can't be used: its size is out of this world"),
                ('(primary.*?<size>)[0-9]*', r'\g<1>99999999999999',
                 ": 'primary' can't be used: its size is out of this world")):
            with self.subTest(value):
                self.refuse(lambda text: re.sub(pattern, value, text, 1, re.DOTALL), why)

    def test_too_large(self):
        repository = self.copy()
        with open(repository.repomd, 'a') as f:
            f.write((17 << 20) * ' ')
        server = self.serve(repository)
        self.bad_run(NETWORK, of("repomd.xml of 'lab'", f'{server.url}/{REPOMD}',
                                 'it is larger than 16777216 bytes'), server.url)
        self.assertEqual(self.partials(), [])

    def test_repomd_absent(self):
        server = self.serve(self.work)
        self.bad_run(NETWORK, of("repomd.xml of 'lab'", f'{server.url}/{REPOMD}', '.*404'),
                     server.url)

    def test_primary_corrupt(self):
        server = self.serve(faults={'primary': replaced(b'corrupt')})
        self.bad_run(VERIFY, r"cannot fetch primary.xml \((repodata/\S*)\) of 'lab': "
                     + re.escape(server.url) + r'/repodata/\S*: it has only 7 of \d+ bytes',
                     server.url)
        self.assertEqual([f for f in self.files('metadata') if 'primary' in f.name], [])
        server.faults.clear()
        self.good_run(server.url)

    def with_primary(self, content):
        """A repository whose primary.xml is this, with the right checksum and a good signature."""
        repository = self.copy()
        primary = next(repository.path('repodata').glob('*primary.xml*'))
        primary.write_bytes(content)
        text = re.sub(r'(type="primary">\s*<checksum[^>]*>)[0-9a-f]*', r'\g<1>' + sha256(primary),
                      repository.repomd.read_text())
        repository.repomd.write_text(re.sub('(primary.*?<size>)[0-9]*', rf'\g<1>{len(content)}',
                                            text, 1, re.DOTALL))
        repository.sign()
        return repository

    def test_primary_is_no_xml(self):
        for content in (b'no gzip at all', gzip.compress(b'no XML at all')):
            with self.subTest(content):
                self.run_tool(self.serve(self.with_primary(content)).url, expected=NETWORK)
                self.assertIn('lab', self.message)

    def test_hostile_packages(self):
        """What primary.xml says of a package."""
        primary = next(self.good.path('repodata').glob('*primary.xml*'))
        text = gzip.decompress(primary.read_bytes()).decode()
        name = "repository 'lab': package 'payload-none-1-1.noarch': its "
        outside = name + 'location is outside the repository'
        unknown = "repository 'lab': '.*-primary.gz' is damaged: line \\d+: invalid sha256 checksum"
        href, digest = 'href="Packages/payload-none[^"]*"', sha256(self.good.path(NONE_FILE))
        for pattern, value, expected, why in (
                (href, 'href="../../../etc/passwd"', VERIFY, outside),
                (href, 'href="/etc/passwd"', VERIFY, outside),
                (href, 'href="Packages/.."', VERIFY, outside),
                (href, r'xml:base="junk" \g<0>', VERIFY, name + 'base address is none'),
                (href, r'xml:base="file:///etc" \g<0>', VERIFY, name + 'base address is a file .*'),
                (digest, 'abc', NETWORK, unknown),
                (digest, 64 * '/', NETWORK, unknown),
                (f'package="{self.size}"', f'package="{self.size - 1}"', VERIFY,
                 f'cannot fetch {NONE}: .*: it is larger than {self.size - 1} bytes')):
            with self.subTest(value):
                changed = re.sub(pattern, value, text)
                self.assertNotEqual(changed, text)
                repository = self.with_primary(gzip.compress(changed.encode()))
                self.setUp()
                self.bad_run(expected, why, self.serve(repository).url)
                self.assertEqual([name for name in self.packages() if 'none' in name], [])

    def test_old_checksums(self):
        repository = self.copy()
        for kind in ('sha', 'sha512', 'md5'):
            with self.subTest(kind):
                servers.create(repository.directory, f'--checksum={kind}')
                repository.sign()
                server = self.serve(repository)
                paths = self.run_tool(server.url, '--refresh')
                self.assertEqual(len(paths), 2)
                subprocess.run([PROGRAMS.slipway, 'cache', 'verify', f'--cache={self.cache}'], check=True)

    def check_cache(self):
        if self._testMethodName != 'test_old_checksums':
            super().check_cache()
