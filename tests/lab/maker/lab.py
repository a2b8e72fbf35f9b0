"""The order of work: fetch, unpack, install a reference, convert, build, index."""
import concurrent.futures
import json
import os
import shutil
import threading

from . import archive, comps, convert, el5, handmade, leftovers, reference, rpms, tree, unpack
from .keyring import Keyring
from .text import words_of

EPOCH = 1700000000          # the time of everything that has no time of its own
SETS = ('core', 'base', 'el5')


def _unpack_cached(job):
    """unpack one deb unless that was done before (runs in a worker process)"""
    deb, directory, name, place, version = job
    key, description_path = f'{os.path.basename(deb)} {version}', f'{directory}/{name}.json'
    if os.path.exists(description_path):
        description = unpack.load(description_path)
        if description['key'] == key:
            return name, description
    description = unpack.unpack(deb, f'{directory}/{name}', place)
    description['key'] = key
    tree.set_times(f'{directory}/{name}', description['entries'], EPOCH)
    unpack.save(description, description_path)
    return name, description


class Reference(threading.Thread):
    """Makes the reference installation while other work goes on, unless the last one will do."""

    def __init__(self, path, packages, *args):
        super().__init__(daemon=True)
        self.path, self.args, self.failure = path, (sorted(packages), *args), None
        self.key_path = f'{path}.key'
        self.key = json.dumps([packages, tree.digest([reference.__file__])], sort_keys=True)

    def is_current(self):
        if not os.path.exists(self.path) or not os.path.exists(self.key_path):
            return False
        with open(self.key_path) as file:
            return file.read() == self.key

    def run(self):
        if self.is_current():
            return
        try:
            reference.make(self.path, *self.args)
            with open(self.key_path, 'w') as file:
                file.write(self.key)
        except SystemExit as failure:
            self.failure = failure

    def wait(self):
        self.join()
        if self.failure:
            raise self.failure


class Lab:
    def __init__(self, here, directory, options, say):
        self.here, self.directory, self.say = here, directory, say
        self.jobs, self.full, self.update = options.jobs, options.full, options.update
        self.work = f'{directory}/work'
        self.sets = f'{here}/sets'
        os.makedirs(self.work, exist_ok=True)
        self.archive = archive.Archive(f'{self.work}/apt', f'{self.work}/debs')
        self.keyring = Keyring(f'{directory}/gnupg', EPOCH)
        self.keyring.export(f'{directory}/RPM-GPG-KEY-lab')

    def make(self, parts, done):
        try:
            if set(parts) - {'handmade'}:
                self.fetch()
            waiting = None
            if {'repo', 'gz', 'xz'} & set(parts):
                waiting = self.start_reference()
                descriptions = self.unpack_all('unpacked', self.versions['base'],
                                               unpack.merged_usr)
            for part in ('el5', 'handmade'):
                if part in parts:
                    getattr(self, f'make_{part}')()
                    done(part)
            if waiting:
                packages = self.convert(descriptions, waiting)
            for part in ('repo', 'gz', 'xz'):
                if part in parts:
                    getattr(self, f'make_{part}')(packages)
                    done(part)
        finally:
            self.keyring.stop_agent()

    # ---- packages of Debian's -----------------------------------------------------------------

    def fetch(self):
        """decide on the versions, once, and have the debs"""
        lock_path = f'{self.work}/versions.json'
        wanted = {'core': words_of(f'{self.sets}/core.packages'),
                  'base': words_of(f'{self.sets}/base.packages'),
                  'el5': el5.wanted(f'{self.here}/el5')}
        self.versions = json.load(open(lock_path)) if os.path.exists(lock_path) else {}
        if self.update or self.versions.get('wanted') != wanted:
            self.say('looking up packages')
            self.archive.update()
            names = {'core': self.archive.resolve(wanted['core']),
                     'base': self.archive.resolve(wanted['core'] + wanted['base']),
                     'el5': el5.select(self.archive.resolve(wanted['el5']), wanted['el5'])}
            self.versions = {s: self.archive.locate(n) for s, n in names.items()}
            self.versions.update(wanted=wanted, sources=self.archive.sources())
        everything = {n: f for s in SETS for n, f in self.versions[s].items()}
        count = self.archive.download(everything)
        self.say(f'{len(everything)} debs, {count} downloaded')
        with open(lock_path, 'w') as file:
            json.dump(self.versions, file, indent=1, sort_keys=True)
        for name in set(os.listdir(self.archive.debs)) - {'partial', *everything.values()}:
            os.unlink(f'{self.archive.debs}/{name}')

    def unpack_all(self, directory, debs, place):
        """unpack a set of debs -> name -> description"""
        target = f'{self.work}/{directory}'
        os.makedirs(target, exist_ok=True)
        version = tree.digest([unpack.__file__, place.__code__.co_filename])
        for entry in os.listdir(target):
            if entry.removesuffix('.json') not in debs:
                remove(f'{target}/{entry}')
        jobs = [(f'{self.archive.debs}/{f}', target, n, place, version)
                for n, f in sorted(debs.items())]
        jobs.sort(key=lambda job: -os.path.getsize(job[0]))
        with concurrent.futures.ProcessPoolExecutor(self.jobs) as pool:
            descriptions = dict(pool.map(_unpack_cached, jobs))
        self.say(f'{len(jobs)} debs unpacked for {directory}')
        return dict(sorted(descriptions.items()))

    # ---- the systemd-shaped distribution -------------------------------------------------------

    def start_reference(self):
        thread = Reference(f'{self.work}/reference.tar.zst', self.versions['base'],
                           self.archive.debs, self.versions['sources'], EPOCH)
        if not thread.is_current():
            self.say('installing the reference system in the background')
        thread.start()
        return thread

    def convert(self, descriptions, waiting):
        waiting.wait()
        self.say('reference system ready')
        found = leftovers.Leftovers(descriptions)
        found.collect(f'{self.work}/reference.tar.zst', f'{self.work}/reference')
        with open(f'{self.work}/leftovers.log', 'w') as log:
            log.writelines(f'no owner: {p}\n' for p in found.lost)
            log.writelines(f'changed in {n}: {p} {c}\n' for n, changes in found.changed.items()
                           for p, c in changes.items())
            log.writelines(f'made in {n}: {p}\n' for n, made in found.made.items() for p in made
                           if '__pycache__' not in p)
        distribution = convert.Distribution(descriptions, found)
        converter = convert.Converter(distribution, f'{self.work}/unpacked', f'{self.work}/merged',
                                      f'{self.work}/reference', f'{self.here}/overlay', EPOCH)
        return [converter.package(name) for name in descriptions]

    def _make_repository(self, name, packages, payload, groups):
        out = f'{self.directory}/{name}'
        built = rpms.Builder(self.work, out, payload, self.keyring, EPOCH).build(
            packages, self.jobs)
        rpms.index(out, self.keyring, EPOCH, comps.render(f'{self.sets}/{groups}', self.sets))
        self.say(f'{name}: {len(packages)} packages, {built} built')

    def make_repo(self, packages):
        self._make_repository('repo', packages, 'zstd', 'systemd.comps')

    def _make_other_payload(self, packages, payload):
        names = self.versions['base' if self.full else 'core']
        chosen = [p for p in packages if p.name in names]
        self._make_repository(f'repo-{payload}', chosen, payload,
                              'systemd.comps' if self.full else 'core.comps')

    def make_gz(self, packages):
        self._make_other_payload(packages, 'gz')

    def make_xz(self, packages):
        self._make_other_payload(packages, 'xz')

    # ---- the others ------------------------------------------------------------------------------

    def make_el5(self):
        descriptions = self.unpack_all('el5-unpacked', self.versions['el5'], el5.place)
        packages = el5.packages(descriptions, f'{self.here}/el5', f'{self.work}/el5-unpacked',
                                f'{self.work}/el5-merged', EPOCH)
        self._make_repository('el5', packages, 'gz', 'el5.comps')

    def make_handmade(self):
        for repository, count in handmade.make(f'{self.here}/handmade', self.directory, self.work,
                                               self.keyring, EPOCH, self.jobs):
            self.say(f'{repository}: {count} packages')


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
