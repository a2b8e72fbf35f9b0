"""Debian packages and files of ours -> the EL5-shaped distribution's RPM packages.

el5/packages is the table; README.md tells what is simplified.
"""
import os
import re
import shutil
import subprocess

from . import debian, tree, unpack
from .package import Package
from .text import blocks_of, words_of

KERNEL_DEB = 'linux-image-cloud'            # in the table, for whatever ABI is current
KERNEL_META = 'linux-image-cloud-amd64'
KERNEL = '2.6.18-194.8.1.el5xen'

DROPPED = re.compile(
    r'(usr/)?lib/(systemd|tmpfiles\.d|sysusers\.d|udev)(/|$)|usr/share/(doc|lintian|bug|locale'
    r'|doc-base|initramfs-tools|menu|info|pixmaps|applications|polkit-1)(/|$)'
    r'|usr/share/bash-completion|usr/share/man/[a-z][a-z_A-Z@.]*/|usr/lib/(rpm/debian|init)'
    r'|etc/(init\.d|default|apparmor\.d|insserv|init|network|kernel|rc[0-9S]\.d|runit|ufw'
    r'|dbus-1|syslog\.d|tmpfiles\.d)(/|$)'
    r'|lib64/ld-linux-x86-64\.so\.2$')


def place(path):
    """path in a deb -> path here: no merged /usr, libraries in /lib64, the kernel renamed"""
    path = unpack.clean(path)
    if DROPPED.match(path):
        return ''
    path = re.sub(r'^(usr/)?lib/x86_64-linux-gnu(?=/|$)', r'\1lib64', path)
    return re.sub(r'^(boot/[\w.]+-|lib/modules/)6\.[\w.-]*-cloud-amd64', r'\g<1>' + KERNEL, path)


class Row:
    """One package of the table."""

    def __init__(self, head, lines):
        self.name, version, self.summary = re.match(r'(\S+)(?: (\S+))? "([^"]*)"$', head).groups()
        self.version = tuple(version.rsplit('-', 1)) if version else None
        self.debs, self.only, self.without, self.lacks, self.tags = [], None, None, [], []
        for kind, words in lines:
            if kind in ('debs', 'lacks'):
                setattr(self, kind, words)
            elif kind in ('only', 'without'):
                setattr(self, kind, re.compile(words[0] + '$'))
            else:
                self.tags += [(kind.capitalize(), w) for w in words]

    def takes(self, path):
        return not (self.only and not self.only.match(path)
                    or self.without and self.without.match(path))


def table(directory):
    return [Row(*block) for block in blocks_of(f'{directory}/packages')]


def wanted(directory):
    """the debs that the table names"""
    names = {d for row in table(directory) for d in row.debs}
    return sorted(names - {KERNEL_DEB} | {KERNEL_META})


def is_kernel(name):
    return re.match(r'linux-image-\d.*-cloud-amd64$', name) is not None


def select(resolved, named):
    """of a dependency-closed set: what was named, libraries and the kernel"""
    return [n for n in resolved if n != KERNEL_META
            and (n in named or n.startswith('lib') or is_kernel(n))]


def _owner(entry):
    """EL5 has fewer groups: what Debian lets a group of its own do, it lets root do"""
    if entry['group'] not in ('root', 'tty', 'utmp', 'mail', 'man'):
        entry['group'] = 'root'
        if entry['mode'] & 0o2000 and entry['type'] == 'file':
            entry['mode'] = 0o4755
    entry['user'] = 'root'


class Maker:
    def __init__(self, descriptions, directory, unpacked, merged, epoch):
        self.directory, self.unpacked, self.merged = directory, unpacked, merged
        self.epoch = epoch
        self.descriptions = {KERNEL_DEB if is_kernel(n) else n: d for n, d in descriptions.items()}
        self.trees = {KERNEL_DEB if is_kernel(n) else n: f'{unpacked}/{n}' for n in descriptions}
        self.rows = self._rows()
        self.directories = self._directories()

    def _rows(self):
        """the table and a row for each library that a package in it needs"""
        rows = table(self.directory)
        taken = {d for row in rows for d in row.debs}
        provider = {s: n for n, d in self.descriptions.items() for s in d['elf_provides']}
        queue = sorted(taken)
        while queue:
            for soname in self.descriptions[queue.pop()]['elf_requires']:
                name = provider.get(soname)
                if name and name not in taken:
                    taken.add(name)
                    queue.append(name)
                    rows.append(Row(f'{name} "The library {name}"', [('debs', [name])]))
        return rows

    def _directories(self):
        found = {}
        with open(f'{self.directory}/directories') as file:
            for line in file:
                path, *rest = re.sub('#.*', '', line).split() or ['']
                entry = dict(type='dir', mode=0o755, user='root', group='root')
                if rest[:1] == ['->']:
                    entry.update(type='link', mode=0o777, to=rest[1])
                elif rest:
                    entry['mode'] = int(rest[0], 8)
                if path:
                    found[path] = entry
        return found

    def _merge(self, row):
        """everything of a package in one tree -> root, entries, sonames it needs and has"""
        root = f'{self.merged}/{row.name}'
        shutil.rmtree(root, ignore_errors=True)
        os.makedirs(root)
        entries = {}
        for deb in row.debs:
            subprocess.run(['cp', '-al', f'{self.trees[deb]}/.', root], check=True)
            conffiles = self.descriptions[deb]['conffiles']
            for path, entry in self.descriptions[deb]['entries'].items():
                if row.takes(path) and path not in self.directories:
                    entries[path] = dict(entry, configuration=path in conffiles)
                    _owner(entries[path])
        if row.name == 'filesystem':
            self._make_directories(root, entries)
        ours = f'{self.directory}/files/{row.name}'
        if os.path.isdir(ours):
            tree.overlay(ours, root, entries)
            for path in [p for p in entries if p in self.directories]:
                del entries[path]
        if row.name == 'kernel-xen':
            self._kernel(root, entries)
        if row.name == 'grub':
            self._grub(root, entries)
        self._shadow(entries)
        tree.set_times(root, entries, self.epoch)
        return root, entries

    def _make_directories(self, root, entries):
        for path, entry in self.directories.items():
            if entry['type'] == 'link':
                tree.put_link(entry['to'], root, path)
            else:
                os.makedirs(f'{root}/{path}', exist_ok=True)
            entries[path] = dict(entry, group='mail' if path == 'var/spool/mail' else 'root')

    @staticmethod
    def _shadow(entries):
        for path in ('etc/shadow', 'etc/gshadow'):
            if path in entries:
                entries[path]['mode'] = 0o400

    def _kernel(self, root, entries):
        """modprobe looks for the name that the kernel knows itself by"""
        release = next(n for n in os.listdir(f'{self.unpacked}') if is_kernel(n)
                       and not n.endswith('.json'))[len('linux-image-'):]
        path = f'lib/modules/{release}'
        tree.put_link(KERNEL, root, path)
        entries[path] = dict(type='link', mode=0o777, user='root', group='root', to=KERNEL)

    @staticmethod
    def _grub(root, entries):
        """GRUB's stages where EL5 has them, its shell in /sbin"""
        for path in sorted(entries):
            target = re.sub('^usr/lib/grub/x86_64-pc', 'usr/share/grub/x86_64-redhat',
                            re.sub('^usr/sbin/', 'sbin/', path))
            if target == path or entries[path]['type'] != 'file':
                continue
            os.makedirs(os.path.dirname(f'{root}/{target}'), exist_ok=True)
            os.rename(f'{root}/{path}', f'{root}/{target}')
            entries[target] = entries.pop(path)
        for path in [p for p in entries if p.startswith('usr/lib/grub')]:
            del entries[path]
        for path in ('usr/share/grub', 'usr/share/grub/x86_64-redhat'):
            entries[path] = dict(type='dir', mode=0o755, user='root', group='root')

    def _tags(self, row):
        tags = [(k, re.sub(r'([<>=]+)', r' \1 ', v)) for k, v in row.tags]
        provides = {s for d in row.debs for s in self.descriptions[d]['elf_provides']}
        requires = {s for d in row.debs for s in self.descriptions[d]['elf_requires']}
        known = {s for r in self.rows for d in r.debs for s in self.descriptions[d]['elf_provides']}
        known.update(v for r in self.rows for _, v in r.tags)
        missing = requires - known - set(row.lacks)
        if missing:
            raise SystemExit(f'make-lab: el5 {row.name}: nothing provides {sorted(missing)}')
        tags += [('Provides', s) for s in sorted(provides)]
        tags += [('Requires', s) for s in sorted(requires & known - provides)]
        return tags

    def _scriptlets(self, row, entries):
        path = f'{self.directory}/scriptlets/{row.name}'
        if os.path.exists(path):
            with open(path) as file:
                return file.read() + '\n', []
        if any(re.match(r'(usr/)?lib64/[^/]+\.so\.', p) for p in entries):
            return ('%post -p /sbin/ldconfig\n\n%postun -p /sbin/ldconfig\n',
                    [('Requires(post)', 'glibc')])
        return '', []

    def package(self, row):
        root, entries = self._merge(row)
        for path, entry in entries.items():
            configuration = entry.pop('configuration', path.startswith('etc/')
                                      and not path.startswith('etc/rc.d/'))
            entry['flags'] = []
            if entry['type'] == 'file' and configuration:
                entry['flags'] = ['%config(noreplace)']
            elif entry['type'] == 'file' and path.startswith('usr/share/man/'):
                entry['flags'] = ['%doc']
        epoch, version, release = ('', *row.version) if row.version else debian.split_version(
            self.descriptions[row.debs[0]]['control']['version'])
        scriptlets, extra = self._scriptlets(row, entries)
        ours = [f'{self.directory}/files/{row.name}', f'{self.directory}/directories']
        return Package(
            name=row.name, epoch=epoch, version=version.replace('-', '_'), release=release or '0',
            root=root, summary=row.summary, section='System Environment/Base',
            tags=self._tags(row) + extra, scriptlets=scriptlets, entries=entries,
            noarch=not row.debs and not row.name == 'filesystem',
            identity=' '.join([*row.debs, tree.digest(filter(os.path.exists, ours))]))


def packages(descriptions, directory, unpacked, merged, epoch):
    maker = Maker(descriptions, directory, unpacked, merged, epoch)
    for name in set(os.listdir(merged) if os.path.isdir(merged) else ()) - {
            row.name for row in maker.rows}:
        shutil.rmtree(f'{merged}/{name}')
    return [maker.package(row) for row in maker.rows]
