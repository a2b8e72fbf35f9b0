"""Debian packages -> the systemd-shaped distribution's RPM packages.

The rules are told in README.md ("How a deb becomes an rpm").
"""
import os
import re

import rpm

from . import debian, tree
from .package import Package

# files that dpkg-divert moves out of another package's way, and tools that would pull in
# what a small image has no use for
LEAVE_OUT = {
    'vim-tiny': r'usr/share/vim/vim90/doc/(help\.txt|tags)',
    'rpm': r'usr/bin/(rpm2archive|rpmbuild|rpmsign|rpmspec|gendiff)|usr/lib/rpm/(rpmdeps|rpmuncompress)',
}
LEAVE_OUT_DEPENDENCIES = {
    'rpm': {'perl', 'debugedit', 'librpmbuild9', 'librpmsign9', 'rpm2cpio'}}

# no requirements, so that they come first in every transaction and into no loop
FIRST = ('base-files', 'base-passwd')
# the C library's packages wait for base-files alone, and shells for the users
AFTER_BASE_FILES = ('libc6', 'libgcc-s1', 'gcc-12-base', 'libcrypt1')
AFTER_BASE_PASSWD = ('dash', 'libc-bin', 'coreutils', 'bash', 'libc6')

# what the RPM world calls them
ALSO_PROVIDES = {
    'base-files': 'filesystem system-release rootfiles', 'base-passwd': 'setup',
    'bash': '/bin/bash', 'bind9-dnsutils': 'bind-utils', 'cloud-guest-utils':
    'cloud-utils-growpart', 'cron': 'cronie', 'dash': '/bin/sh', 'grub-common': 'grub2-tools',
    'grub-pc-bin': 'grub2 grub2-pc grub2-pc-modules', 'grub2-common': 'grub2-tools-extra',
    'iproute2': 'iproute', 'iputils-ping': 'iputils', 'isc-dhcp-client': 'dhcp-client dhclient',
    'libc-bin': '/sbin/ldconfig glibc-common', 'libc6': 'glibc', 'login': 'util-linux-user',
    'openssh-client': 'openssh openssh-clients', 'passwd': 'shadow-utils', 'polkitd': 'polkit',
    'procps': 'procps-ng', 'udev': 'systemd-udev', 'vim-tiny': 'vim-minimal',
    'xz-utils': 'xz', 'libpam-runtime': 'pam'}
KERNEL_PROVIDES = ('kernel', 'kernel-core', 'kernel-modules')

USERS = {'openssh-server': 'sshd', 'chrony': '_chrony', 'dbus-daemon': 'messagebus',
         'polkitd': 'polkitd', 'tcpdump': 'tcpdump', 'systemd': 'systemd-network'}

OPERATORS = {'<<': '<', '<=': '<=', '=': '=', '>=': '>=', '>>': '>'}

SHARED_DIRECTORIES = ['usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64', 'usr/lib/x86_64-linux-gnu',
                      'etc', 'usr/share/doc', 'usr/share/man']
SHARED_DIRECTORIES += [f'usr/share/man/man{n}' for n in range(1, 9)]


def rpm_evr(version):
    """a relation's version -> [epoch:]version[-release]"""
    epoch, upstream, revision = debian.split_version(version)
    return ((epoch + ':' if epoch else '') + upstream.replace('-', '_')
            + ('-' + revision if revision else ''))


def rpm_agrees(have, operator, want):
    """Does rpm's order of versions satisfy the relation too?"""
    have, want = debian.split_version(have), debian.split_version(want)
    release = (have[2] or '0') if want[2] else ''
    return debian.holds(rpm.labelCompare((have[0] or '0', have[1].replace('-', '_'), release),
                                         (want[0] or '0', want[1].replace('-', '_'), want[2])),
                        operator)


class Distribution:
    """The whole set: what one package's dependencies can refer to."""

    def __init__(self, descriptions, leftovers):
        self.descriptions, self.leftovers = descriptions, leftovers
        self.versions = {n: d['control']['version'] for n, d in descriptions.items()}
        self.virtual = {alternatives[0][0] for d in descriptions.values()
                        for alternatives in debian.relations(d['control'].get('provides'))}
        self.sonames = {s for d in descriptions.values() for s in d['elf_provides']}
        self.base_directories = (set(descriptions['base-files']['entries'])
                                 | set(SHARED_DIRECTORIES))

    def pick(self, alternatives):
        """the first alternative that the set can satisfy, as an rpm dependency"""
        for name, operator, version in alternatives:
            have = self.versions.get(name)
            if have and (not operator or debian.holds(
                    debian.compare_versions(have, version), operator)):
                if operator and rpm_agrees(have, operator, version):
                    return f'{name} {OPERATORS[operator]} {rpm_evr(version)}'
                return name
            if name in self.virtual:
                return name
        return None

    def hits(self, name, operator, version):
        """Would a conflict with this exclude a package of the set?"""
        have = self.versions.get(name)
        if not have:
            return name in self.virtual
        return (not operator or rpm_agrees(have, operator, version)
                or debian.holds(debian.compare_versions(have, version), operator))

    def dependencies(self, name):
        control = self.descriptions[name]['control']
        tags = []
        for field, tag in (('pre-depends', 'Requires(pre)'), ('depends', 'Requires'),
                           ('recommends', 'Recommends'), ('suggests', 'Suggests')):
            for alternatives in debian.relations(control.get(field)):
                if alternatives[0][0] in LEAVE_OUT_DEPENDENCIES.get(name, ()):
                    continue
                dependency = self.pick(alternatives)
                if dependency and tag == 'Requires(pre)':
                    tags.append(('Requires', dependency))
                if dependency:
                    tags.append((tag, dependency))
        for field in ('conflicts', 'breaks'):
            for (other, operator, version), *_ in debian.relations(control.get(field)):
                if other != name and not self.hits(other, operator, version):
                    bound = f' {OPERATORS[operator]} {rpm_evr(version)}' if operator else ''
                    tags.append(('Conflicts', other + bound))
        return tags

    def provides(self, name, evr):
        description = self.descriptions[name]
        found = []
        for (virtual, operator, version), *_ in debian.relations(
                description['control'].get('provides')):
            found.append(virtual + (f' = {rpm_evr(version)}' if operator == '=' else ''))
        for other in ALSO_PROVIDES.get(name, '').split():
            found.append(other if other.startswith('/') else f'{other} = {evr}')
        if is_kernel(name):
            found += [f'{k} = {evr}' for k in KERNEL_PROVIDES]
        return [('Provides', p) for p in sorted(set(found + description['elf_provides']))]

    def requirements(self, name, entries):
        """the order of installation: base files and users first, owners before their files"""
        description = self.descriptions[name]
        if name in FIRST:
            return [('Requires(pre)', 'base-passwd')] if name == 'base-files' else []
        tags = self.dependencies(name)
        left_out = LEAVE_OUT_DEPENDENCIES.get(name)
        if not left_out:
            tags += [('Requires', s) for s in description['elf_requires']
                     if s in self.sonames and s not in description['elf_provides']]
        if name in AFTER_BASE_FILES:
            tags = [t for t in tags if t[0] != 'Requires(pre)'] + [('Requires', 'base-files')]
        if name in AFTER_BASE_PASSWD:
            tags.append(('Requires', 'base-passwd'))
        if any((e['user'], e['group']) != ('root', 'root') for e in entries.values()):
            tags.append(('Requires(pre)', 'base-passwd'))
        if name in USERS:
            tags += [('Requires(pre)', 'passwd'), ('Requires(pre)', 'libc-bin')]
        if is_kernel(name):
            tags.append(('Requires(posttrans)', 'kmod'))
        return tags


def is_kernel(name):
    return re.match(r'linux-image-\d', name) is not None


def kernel_version(name):
    return name[len('linux-image-'):]


def enabled_units(made):
    return sorted({os.path.basename(p) for p in made
                   if re.match(r'etc/systemd/system/[^/]+\.wants/', p) and '@' not in p})


def scriptlets(name, made):
    """in the manner of Fedora's packages; the tree boots without them too"""
    text = ''
    if name in USERS:
        user = USERS[name]
        text += (f'%pre\ngetent passwd {user} >/dev/null || /usr/sbin/useradd -r -M '
                 f'-d /run/{user} -s /usr/sbin/nologin {user}\nexit 0\n\n')
    units = enabled_units(made)
    if units and name not in ('systemd', 'udev'):
        text += ('%post\nif [ $1 -eq 1 ] && [ -x /usr/bin/systemctl ]; then\n'
                 f'    systemctl --no-reload preset {" ".join(units)} >/dev/null 2>&1 || :\nfi\n\n')
    if name == 'libc-bin':
        text += ('%transfiletriggerin -P 2000000 -- /usr/lib /lib /lib64\n/sbin/ldconfig\n\n'
                 '%post -p /sbin/ldconfig\n\n')
    if name == 'udev':
        text += '%posttrans\n/usr/bin/systemd-hwdb --usr update || :\n\n'
    if name == 'systemd':
        text += ('%transfiletriggerin -P 1000700 -- /usr/lib/sysusers.d\n'
                 '/usr/bin/systemd-sysusers || :\n\n'
                 '%transfiletriggerin -P 1000500 -- /usr/lib/tmpfiles.d\n'
                 '/usr/bin/systemd-tmpfiles --create --prefix=/var >/dev/null 2>&1 || :\n\n'
                 '%posttrans\n[ -s /etc/machine-id ] || : > /etc/machine-id\n'
                 '/usr/bin/journalctl --update-catalog >/dev/null 2>&1 || :\n\n')
    if is_kernel(name):
        text += f'%posttrans\n/sbin/depmod -a {kernel_version(name)} || :\n\n'
    return text


def file_flags(path, entry, configuration):
    """%files directives: %config, %doc, %lang"""
    if entry['type'] == 'dir':
        return []
    flags = []
    if configuration:
        flags.append('%config(noreplace)')
    elif path.startswith(('usr/share/doc/', 'usr/share/man/', 'usr/share/info/')):
        flags.append('%doc')
    language = re.match(r'usr/share/(?:locale|man)/([a-z]{2,3}(?:_[A-Z]{2})?)(?:[@.][^/]*)?/', path)
    if language:
        flags.append(f'%lang({language.group(1)})')
    return flags


class Converter:
    def __init__(self, distribution, unpacked, merged, reference_tree, overlays, epoch):
        self.distribution = distribution
        self.unpacked, self.merged = unpacked, merged          # directories of trees by package
        self.reference_tree, self.overlays, self.epoch = reference_tree, overlays, epoch

    def _merge(self, name):
        """deb + what scripts made + overlay -> root, entries, made paths, identity"""
        description = self.distribution.descriptions[name]
        leftovers = self.distribution.leftovers
        made, changed = dict(leftovers.made[name]), leftovers.changed[name]
        overlay = f'{self.overlays}/{name}'
        entries = {p: dict(e) for p, e in description['entries'].items()}
        root = f'{self.unpacked}/{name}'
        extra = name == 'base-files'
        if made or extra or os.path.isdir(overlay) or any(c.get('content') for c in changed.values()):
            tree.link_copy(root, f'{self.merged}/{name}')
            root = f'{self.merged}/{name}'
        for path, entry in made.items():
            self._put(entry, root, path)
            entries[path] = dict(entry)
        for path, change in changed.items():
            if change.get('content'):
                self._put({**entries[path], **change}, root, path)
                entries[path].pop('mtime', None)
            entries[path].update({k: v for k, v in change.items() if k != 'content'})
        if extra:
            self._add_shared_directories(root, entries)
        if os.path.isdir(overlay):
            made.update({p: entries[p] for p in tree.overlay(overlay, root, entries)})
        contents = [f'{root}/{p}' for p in sorted({*made, *(p for p, c in changed.items()
                                                            if c.get('content'))})
                    if entries[p]['type'] == 'file']
        if root.startswith(self.merged):
            tree.set_times(root, entries, self.epoch)
        return root, entries, made, tree.digest(contents)

    def _put(self, entry, root, path):
        if entry['type'] == 'link':
            tree.put_link(entry['to'], root, path)
        elif entry['type'] == 'dir':
            os.makedirs(f'{root}/{path}', exist_ok=True)
        else:
            tree.put(f'{self.reference_tree}/{path}', root, path)

    @staticmethod
    def _add_shared_directories(root, entries):
        for path in SHARED_DIRECTORIES:
            os.makedirs(f'{root}/{path}', exist_ok=True)
            entries.setdefault(path, dict(type='dir', mode=0o755, user='root', group='root'))
        for path in ('bin', 'sbin', 'lib', 'lib64'):
            tree.put_link('usr/' + path, root, path)
            entries[path] = dict(type='link', mode=0o777, user='root', group='root',
                                 to='usr/' + path)

    def package(self, name):
        description = self.distribution.descriptions[name]
        control = description['control']
        root, entries, made, identity = self._merge(name)
        left_out = re.compile(LEAVE_OUT.get(name, '$^') + '$')
        entries = {p: e for p, e in entries.items() if not left_out.match(p) and not (
            e['type'] == 'dir' and name != 'base-files'
            and p in self.distribution.base_directories)}
        for path, entry in entries.items():
            entry['flags'] = file_flags(path, entry, path in description['conffiles'] or (
                path.startswith('etc/') and path in made and entry['type'] == 'file'))
        epoch, version, release = debian.split_version(control['version'])
        summary, _, text = (control.get('description') or name).partition('\n')
        package = Package(
            name=name, epoch=epoch, version=version.replace('-', '_'), release=release or '0',
            root=root, summary=summary, description=text, section=control.get('section', 'misc'),
            url=control.get('homepage', f'https://packages.debian.org/{name}'),
            noarch=control['architecture'] == 'all', entries=entries,
            scriptlets=scriptlets(name, made), identity=identity)
        package.tags = (self.distribution.requirements(name, entries)
                        + self.distribution.provides(name, package.evr()))
        if enabled_units(made) and name not in ('systemd', 'udev'):
            package.tags.append(('Requires(post)', 'systemd'))
        return package
