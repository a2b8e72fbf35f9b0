"""Several servers for the same files."""
import pathlib
import re
import tempfile

import servers
from case import Case, NETWORK, NONE, REPOMD, VERIFY, of
from servers import cut, replaced, sha256, status

__all__ = ['Mirrors']


class Mirrors(Case):
    def listed(self, kind, text):
        """A server of a list of mirrors, and the options of repo that name it."""
        directory = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        (directory / 'list').write_text(text)
        return f'--{kind}={self.serve(directory).url}/list'

    def test_dead_first(self):
        dead, server = servers.dead_url(), self.serve()
        for kind, text in (('mirrorlist', f'# see http://no.test/\n  {dead}/\r\n\n{server.url} \n'),
                           ('metalink', self.good.metalink([dead, server.url]))):
            with self.subTest(kind):
                self.setUp()
                self.good_run(self.listed(kind, text))
                self.assertIn("'lab' is signed", self.err)
                self.assertLessEqual(self.err.count(dead), 1)  # asked once, and last from then on

    def test_dead_first_without_signature(self):
        repository = self.copy()
        repository.path(REPOMD + '.asc').unlink()
        server = self.serve(repository)
        self.good_run(self.listed('mirrorlist', f'{servers.dead_url()}\n{server.url}\n'))
        self.assertIn("'lab' is not signed", self.err)

    def test_all_dead(self):
        a, b = servers.dead_url(), servers.dead_url()
        self.bad_run(NETWORK, of("repomd.xml of 'lab'", f'{a}/{REPOMD}', 'Failed to connect .*; ')
                     + re.escape(f'{b}/{REPOMD}') + ': Failed to connect .*',
                     self.listed('mirrorlist', f'{a}\n{b}\n'))

    def test_all_failing(self):
        """Each is asked as often as a single one would be, not for ever."""
        bad = {'payload-none': status(503)}
        a, b = self.serve(faults=bad), self.serve(faults=bad)
        self.bad_run(NETWORK, f'cannot fetch {NONE}: .*503; .*503',
                     self.listed('mirrorlist', f'{a.url}\n{b.url}\n'), '--retries=2')
        self.assertEqual((len(a.asked('payload-none')), len(b.asked('payload-none'))), (2, 2))
        self.assertIn(a.url, self.message)
        self.assertIn(b.url, self.message)

    def test_many_dead_are_not_all_told(self):
        dead = [servers.dead_url() for _ in range(20)]
        self.bad_run(NETWORK, "cannot fetch repomd.xml of 'lab': .*; and 14 more",
                     self.listed('mirrorlist', '\n'.join(dead)))

    def test_absent_on_the_first(self):
        a, b = self.serve(faults={'payload-none': status(404)}), self.serve()
        self.good_run(self.listed('mirrorlist', f'{a.url}\n{b.url}\n'))
        self.assertEqual(b.asked('Packages'), [0])

    def test_corrupt_on_the_first(self):
        a, b = self.serve(faults={'payload-none': replaced(bytes(self.size))}), self.serve()
        self.good_run(self.listed('mirrorlist', f'{a.url}\n{b.url}\n'))

    def test_cut_on_the_first_and_resumed_on_the_second(self):
        a, b = self.serve(faults={'payload-none': cut(self.half)}), self.serve()
        self.good_run(self.listed('mirrorlist', f'{a.url}\n{b.url}\n'))
        self.assertEqual(b.asked('payload-none'), [self.half])

    def test_mirrorlist_that_is_a_metalink(self):
        server = self.serve()
        self.good_run(self.listed('mirrorlist', self.good.metalink([server.url])))

    def test_wrong_checksum_in_metalink(self):
        server = self.serve()
        source = self.listed('metalink', self.good.metalink([server.url], digest=64 * 'a'))
        self.bad_run(VERIFY, of("repomd.xml of 'lab'", f'{server.url}/{REPOMD}',
                                'its sha256 checksum is [0-9a-f]{64} and should be a{64}'), source)
        self.assertEqual(self.files('packages'), [])

    def test_lagging_mirror(self):
        old, new = self.copy(), self.good
        old.repomd.write_text(old.repomd.read_text().replace('</revision>', '0</revision>'))
        old.sign()
        a, b = self.serve(old), self.serve(new)
        self.good_run(self.listed('metalink', new.metalink([a.url, b.url])))
        self.assertIn(f'{a.url}/{REPOMD}: its sha256 checksum is', self.err)
        self.assertEqual(b.asked('repomd.xml.asc'), [0])
        with self.subTest('that may'):
            self.setUp()
            self.good_run(self.listed('metalink', new.metalink([a.url, b.url],
                                                               alternate=sha256(old.repomd))))
            self.assertEqual(b.log, [e for e in b.log if 'repomd' in e[0] or 'P' in e[0]
                                     or 'p' in e[0]])

    def test_signature_is_that_of_the_same_mirror(self):
        old = self.copy()
        old.repomd.write_text(old.repomd.read_text().replace('</revision>', '0</revision>'))
        old.sign()
        # Its answer to repomd.xml comes, and then it says nothing more.
        a, b = self.serve(old), self.serve()
        self.good_run(self.listed('mirrorlist', f'{a.url}\n{b.url}\n'), '--repo-gpgcheck')
        self.assertIn("'lab' is signed", self.err)
        self.assertEqual(b.asked('repomd.xml.asc'), [])

    def test_mirror_with_nonsense(self):
        page = replaced(b'<html><body>Please log in</body></html>')
        a, b = self.serve(faults={'': page}), self.serve()
        self.good_run(self.listed('mirrorlist', f'{a.url}\n{b.url}\n'))

    def test_mirror_without_signature(self):
        a, b = self.serve(faults={'.asc': status(404)}), self.serve()
        self.good_run(self.listed('mirrorlist', f'{a.url}\n{b.url}\n'), '--repo-gpgcheck')

    def test_lists_that_are_none(self):
        for kind, text, why in (
                ('mirrorlist', '', 'the repository \'lab\' has no address that can be asked.*'),
                ('mirrorlist', 'rsync://x.test/y\n', 'the repository \'lab\' has no address .*'),
                ('mirrorlist', '<html>Error</html>', 'the repository \'lab\' has no address .*'),
                ('metalink', 'Error 42', 'the repository \'lab\' has no address .*'),
                ('metalink', '<metalink><files></files></metalink>',
                 "the list of mirrors '.*/list' names no file repomd.xml"),
                ('metalink', '<metalink><files>',
                 "the list of mirrors '.*/list' can't be read: line 1: no element found"),
                ('metalink', '<metalink><files><file name="repomd.xml"/></files></metalink>',
                 'the repository \'lab\' has no address .*')):
            with self.subTest(text):
                self.bad_run(NETWORK, why, self.listed(kind, text))

    def test_list_is_absent(self):
        server = self.serve()
        for kind in ('mirrorlist', 'metalink'):
            self.bad_run(NETWORK, of(f"the list of mirrors '{server.url}/no' of 'lab'",
                                     f'{server.url}/no', '.*404'), f'--{kind}={server.url}/no')

    def test_offline_by_mirrorlist(self):
        server = self.serve()
        source = self.listed('mirrorlist', server.url)
        self.good_run(source)
        self.good_run(source, '--offline')
