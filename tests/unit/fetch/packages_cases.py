"""Packages, from one server that may misbehave; and what the cache has of them."""
import fcntl
import pathlib
import re
import shutil
import signal
import threading

import servers
from case import (
    Case, INTERRUPTED, NETWORK, NONE, NONE_FILE, REPOMD, SYSTEM, VERIFY, WAIT_SECONDS, of, wait_for)
from servers import Server, alone, cut, replaced, sha256, stalled, status, together

__all__ = ['Packages', 'Cached']


class Packages(Case):
    def refuse(self, expected, why, answers, *options, partials=()):
        """One server, which serves payload-none badly; then well."""
        server = self.serve(faults={'payload-none': answers})
        self.bad_run(expected, of(NONE, f'{server.url}/{NONE_FILE}', why), server.url, *options)
        self.assertNotIn(pathlib.Path(NONE_FILE).name, self.packages())
        self.assertEqual([(self.cache / 'partial' / f).stat().st_size for f in self.partials()
                          if f == f'sha256-{sha256(self.good.path(NONE_FILE))}'], list(partials))
        server.faults.clear()
        self.good_run(server.url)
        return server

    def test_good(self):
        server = self.serve()
        first = self.good_run(server.url)
        self.assertEqual(self.err.count("'lab' is signed"), 1)
        before = list(server.log)
        self.assertEqual(self.good_run(server.url), first)
        self.assertEqual(server.log, before)  # all of it was there
        self.good_run(server.url, '--refresh')
        self.assertEqual([name for name, _ in server.log[len(before):]],
                         [f'/{REPOMD}', f'/{REPOMD}.asc'])

    def test_names_are_encoded(self):
        server = self.serve()
        self.good_run(server.url)
        self.assertIn('/Packages/payload-gzip-1.0~rc1%5Egit%2B2%20%2541.rpm',
                      [path for path, _ in server.raw])
        self.assertIn('payload-gzip-1.0~rc1^git+2__41.rpm', self.packages())

    def test_absent(self):
        server = self.refuse(NETWORK, 'The requested URL returned error: 404', status(404))
        self.assertEqual(server.asked('payload-none'), [0, 0])  # once in each run

    def test_forbidden(self):
        self.refuse(NETWORK, 'The requested URL returned error: 403', status(403))

    def test_always_failing(self):
        server = self.refuse(NETWORK, 'The requested URL returned error: 500', status(500))
        self.assertEqual(len(server.asked('payload-none')), 4)  # three tries, and the good run

    def test_failing_once(self):
        server = self.serve(faults={'payload-none': [status(500), None]})
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [0, 0])
        self.assertIn(f'note: {NONE}: {server.url}/{NONE_FILE}: The requested URL returned error: '
                      '500', self.err)

    def test_corrupt(self):
        content = bytearray(self.good.path(NONE_FILE).read_bytes())
        content[self.half] ^= 1
        self.refuse(VERIFY, 'its sha256 checksum is [0-9a-f]{64} and should be '
                    + sha256(self.good.path(NONE_FILE)), replaced(bytes(content)))

    def test_larger(self):
        content = self.good.path(NONE_FILE).read_bytes() + b'more'
        self.refuse(VERIFY, f'it is larger than {self.size} bytes', replaced(content))

    def test_announced_larger(self):
        """Nobody waits for what is too much."""
        self.refuse(VERIFY, f'it is larger than {self.size} bytes',
                    servers.stalled(0, announced=self.size + 1))

    def test_endless(self):
        """Neither announced nor ending by itself."""
        self.refuse(VERIFY, f'it is larger than {self.size} bytes', servers.endless)

    def test_piece_larger_than_the_file(self):
        """The server has something shorter than what came from it before (416)."""
        repository = self.copy()
        good = repository.path(NONE_FILE).read_bytes()
        server = self.serve(repository, {'payload-none': [cut(self.half + 1000), None]})
        self.run_tool(server.url, '--retries=1', expected=NETWORK)
        repository.path(NONE_FILE).write_bytes(good[:self.half])
        self.bad_run(VERIFY, of(NONE, f'{server.url}/{NONE_FILE}',
                                f'it has only {self.half} of {self.size} bytes'), server.url)
        self.assertEqual(server.asked('payload-none'), [0, self.half + 1000, 0])
        repository.path(NONE_FILE).write_bytes(good)
        self.good_run(server.url)

    def test_piece_as_large_as_the_file(self):
        """The same, of the piece's size, from a server that knows no ranges."""
        repository = self.copy()
        good = repository.path(NONE_FILE).read_bytes()
        server = self.serve(repository, {'payload-none': [cut(self.half), servers.no_ranges]})
        self.run_tool(server.url, '--retries=1', expected=NETWORK)
        repository.path(NONE_FILE).write_bytes(good[:self.half])
        self.bad_run(VERIFY, of(NONE, f'{server.url}/{NONE_FILE}',
                                f'it has only {self.half} of {self.size} bytes'), server.url)
        self.assertEqual(server.asked('payload-none'), [0, self.half, 0])
        repository.path(NONE_FILE).write_bytes(good)
        self.good_run(server.url)

    def test_something_else(self):
        self.refuse(VERIFY, f'it has only 20 of {self.size} bytes', replaced(20 * b'.'))

    def test_empty(self):
        self.refuse(VERIFY, f'it has only 0 of {self.size} bytes', replaced(b''))

    def test_cut_and_resumed(self):
        why = f'transfer closed with {self.size - self.half} bytes remaining.*'
        server = self.refuse(NETWORK, why, cut(self.half),
                             '--retries=1', partials=[self.half])
        self.assertEqual(server.asked('payload-none'), [0, self.half])

    def test_cut_in_every_try(self):
        half, most = self.half, self.half + 1000
        server = self.serve(faults={'payload-none': [cut(half), cut(most), None]})
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [0, half, most])

    def test_cut_without_announcement(self):
        server = self.refuse(NETWORK, f'it ended after {self.half} of {self.size} bytes',
                             servers.unannounced(self.half), '--retries=1', partials=[self.half])
        self.assertEqual(server.asked('payload-none'), [0, self.half])

    def test_resumed_from_another_mirror(self):
        first = self.serve(faults={'payload-none': cut(self.half)})
        second = self.serve()
        self.bad_run(NETWORK, of(NONE, f'{first.url}/{NONE_FILE}', '.*'), first.url, '--retries=1')
        self.good_run(second.url)
        self.assertEqual(second.asked('payload-none'), [self.half])

    def test_server_without_ranges(self):
        server = self.serve(faults={'payload-none': [cut(self.half), servers.no_ranges]})
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [0, self.half, 0])

    def test_piece_of_another_file(self):
        server = self.serve()
        (self.cache / 'partial').mkdir()
        piece = self.cache / 'partial' / f'sha256-{sha256(self.good.path(NONE_FILE))}'
        piece.write_bytes(1000 * b'?')
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [1000, 0])

    def test_piece_that_is_whole(self):
        server = self.serve()
        (self.cache / 'partial').mkdir()
        shutil.copy(self.good.path(NONE_FILE), self.cache / 'partial'
                    / f'sha256-{sha256(self.good.path(NONE_FILE))}')
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [])

    def test_piece_that_is_whole_and_wrong(self):
        server = self.serve()
        (self.cache / 'partial').mkdir()
        piece = self.cache / 'partial' / f'sha256-{sha256(self.good.path(NONE_FILE))}'
        piece.write_bytes(self.size * b'?')
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [0])

    def test_stall(self):
        server = self.refuse(NETWORK, 'nothing, or too little, came in 1 s', stalled(self.half),
                             '--stall=1', '--retries=1', partials=[self.half])
        self.assertEqual(server.asked('payload-none'), [0, self.half])

    def test_redirection(self):
        real = self.serve()
        server = self.serve(faults={'Packages': servers.redirect(real.url)})
        self.good_run(server.url)
        self.assertEqual(len(real.log), 2)

    def test_redirection_to_a_file(self):
        server = self.serve(faults={'payload-none': servers.redirect('file://')})
        self.bad_run(NETWORK, of(NONE, f'{server.url}/{NONE_FILE}', 'Protocol "file" .*'),
                     server.url, '--retries=1')

    def test_redirection_in_a_circle(self):
        server = self.serve()
        server.faults['payload-none'] = [servers.redirect(server.url)]
        self.bad_run(NETWORK, of(NONE, f'{server.url}/{NONE_FILE}', r'Maximum \(10\) redirects .*'),
                     server.url)

    def test_password_is_not_told(self):
        server = self.serve(faults={'payload-none': status(404)})
        url = server.url.replace('http://', 'http://me:geheim@')
        self.bad_run(NETWORK, of(NONE, server.url.replace('//', '//me:***@') + '/' + NONE_FILE,
                                 '.*404'), url)
        self.assertNotIn('geheim', self.err)
        self.assertTrue(all(h['Authorization'] for _, h in server.raw))
        for f in self.files('.'):
            self.assertNotIn(b'geheim', (self.cache / f).read_bytes())

    def test_interrupt(self):
        server = self.serve(faults={'payload-none': stalled(self.half)})
        process = self.start(server.url)
        piece = self.cache / 'partial' / f'sha256-{sha256(self.good.path(NONE_FILE))}'
        wait_for(lambda: piece.exists() and piece.stat().st_size == self.half)
        process.send_signal(signal.SIGINT)
        self.finish(process, INTERRUPTED)
        self.assertEqual(self.message, 'interrupted by signal 2')
        self.assertEqual(self.partials(), [piece.name])
        server.faults.clear()
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [0, self.half])

    def test_interrupt_while_others_tidy_up(self):
        server = self.serve()
        with open(self.cache / 'lock', 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = self.start(server.url)
            waiting = re.compile(rf'-> FLOCK +ADVISORY +\w+ +{process.pid} ')
            wait_for(lambda: waiting.search(pathlib.Path('/proc/locks').read_text()))
            process.send_signal(signal.SIGINT)
            self.finish(process, INTERRUPTED)
        self.good_run(server.url)

    def test_killed(self):
        server = self.serve(faults={'payload-none': stalled(self.half)})
        process = self.start(server.url)
        piece = self.cache / 'partial' / f'sha256-{sha256(self.good.path(NONE_FILE))}'
        wait_for(lambda: piece.exists() and piece.stat().st_size == self.half)
        process.kill()
        process.communicate()
        server.faults.clear()
        self.is_shared = True  # its list stays until somebody prunes
        self.good_run(server.url)
        self.assertEqual(server.asked('payload-none'), [0, self.half])

    def test_two_at_once(self):
        server = self.serve(faults={'payload-none': [stalled(self.half), None]})
        self.is_shared = True
        first = self.start(server.url, '--stall=60')
        self.assertTrue(server.has_stalled.wait(WAIT_SECONDS))
        self.run_tool(server.url)  # overtakes it
        self.assertEqual(self.packages().count('payload-none-1-1.noarch.rpm'), 1)
        first.send_signal(signal.SIGTERM)
        self.finish(first, INTERRUPTED)
        self.good_run_after_two(server)

    def good_run_after_two(self, server):
        before = len(server.log)
        self.run_tool(server.url)
        self.assertEqual(len(server.log), before)

    def test_second_is_interrupted(self):
        """It leaves no piece that nobody would go on with."""
        server = self.serve(faults={'payload-none': stalled(self.half)})
        self.is_shared = True
        runs = []
        for i in range(2):
            runs.append(self.start(server.url, '--stall=60'))
            wait_for(lambda: [(self.cache / 'partial' / name).stat().st_size
                              for name in self.partials()] == [self.half] * (i + 1))
        self.assertEqual(len(self.partials()), 2)
        runs[1].send_signal(signal.SIGINT)
        self.finish(runs[1], INTERRUPTED)
        self.assertEqual(self.partials(), [f'sha256-{sha256(self.good.path(NONE_FILE))}'])
        runs[0].send_signal(signal.SIGINT)
        self.finish(runs[0], INTERRUPTED)
        server.faults.clear()
        self.is_shared = False
        self.good_run(server.url)

    def test_many_at_once(self):
        server = self.serve()
        self.is_shared = True
        runs = [self.start(server.url) for _ in range(6)]
        paths = [self.finish(run, 0) for run in runs]
        self.assertEqual(len(set(map(tuple, paths))), 1)
        self.assertEqual(self.partials(), [])
        self.is_shared = False
        self.good_run(server.url)

    def test_several_files_at_once(self):
        both = threading.Barrier(2, timeout=WAIT_SECONDS)
        server = self.serve(faults={'/Packages/': together(both)})
        self.good_run(server.url, '--parallel=2')

    def test_one_file_after_the_other(self):
        busy = threading.Lock()
        server = self.serve(faults={'/Packages/': alone(busy)})
        self.good_run(server.url, '--parallel=1')
        self.assertEqual(len(server.asked('/Packages/')), 2)

    def test_a_link_is_not_written_through(self):
        server = self.serve()
        victim = self.cache.with_suffix('.victim')
        victim.write_text('precious')
        piece = self.cache / 'partial' / f'sha256-{sha256(self.good.path(NONE_FILE))}'
        piece.parent.mkdir()
        piece.symlink_to(victim)
        self.run_tool(server.url, expected=SYSTEM)
        self.assertIn(NONE, self.message)
        self.assertEqual(victim.read_text(), 'precious')


class Cached(Case):
    def test_corrupt_on_disk(self):
        server = self.serve()
        self.good_run(server.url)
        for damage in (lambda f: f.write_bytes(b'no package'), lambda f: f.write_bytes(b''),
                       lambda f: f.write_bytes(bytes(self.size)), pathlib.Path.unlink):
            damage(self.kept('payload-none'))
            before = len(server.asked('payload-none'))
            self.good_run(server.url)
            self.assertEqual(len(server.asked('payload-none')), before + 1)

    def test_corrupt_metadata_on_disk(self):
        server = self.serve()
        self.good_run(server.url)
        for pattern in ('*-repomd.xml', '*-primary.*', 'current', '*-repomd.xml.asc'):
            next(self.cache.glob(f'metadata/*/{pattern}')).write_bytes(b'broken')
            self.good_run(server.url, *(['--refresh'] if 'asc' in pattern else []))
        next(self.cache.glob('metadata/*/*-primary.*')).unlink()
        self.good_run(server.url)

    def test_offline(self):
        server = self.serve()
        self.bad_run(NETWORK, "the metadata of 'lab' is not in the cache, and --offline was given",
                     server.url, '--offline')
        self.assertIn('hint: run once without --offline', self.err)
        self.good_run(server.url)
        server.log.clear()
        self.good_run(server.url, '--offline')
        self.kept('payload-none').write_bytes(b'broken')
        self.bad_run(NETWORK, f"{NONE} of 'lab' is not in the cache, and --offline was given",
                     server.url, '--offline')
        self.assertEqual(server.log, [])
        self.good_run(server.url)

    def test_offline_needs_all_metadata(self):
        server = self.serve()
        self.good_run(server.url)
        next(self.cache.glob('metadata/*/*-primary.*')).unlink()
        self.bad_run(NETWORK, "primary of 'lab' is not in the cache, and --offline was given",
                     server.url, '--offline')

    def test_repository_moved_on(self):
        """The cache's repomd.xml is of a minute ago, and what it names is gone."""
        repository = self.copy()
        server = self.serve(repository)
        self.good_run(server.url)
        for f in self.cache.glob('metadata/*/*-primary.*'):
            f.unlink()
        servers.create(repository.directory, '--revision=2')
        repository.sign()
        self.good_run(server.url)

    def test_server_gone_is_no_reason_to_fail_offline(self):
        server = Server(self.good)
        self.good_run(server.url)
        server.stop()
        self.bad_run(NETWORK, of(f"repomd.xml of 'lab'", f'{server.url}/{REPOMD}',
                                 'Failed to connect .*'), server.url, '--refresh')
        self.assertIn('hint: --offline goes on with the metadata that the cache has', self.err)
        self.good_run(server.url, '--offline')
