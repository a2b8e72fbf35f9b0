"""What maintainer scripts made, given to the package it belongs to.

The difference between a real installation and the unpacked debs: alternatives, service links,
users, PAM's common files, certificates, compiled Python...
"""
import os
import posixpath
import re
import shutil

from . import reference

SKIP = re.compile(
    r'^(root/\.ssh|var/cache|var/log|var/backups|var/run|run|tmp|var/tmp|proc|sys|dev'
    r'|var/lib/(dpkg|apt|ucf|initramfs-tools|pam|python|polkit-1/.*|update-rc.d|mlocate|logrotate'
    r'|systemd/(deb-systemd|catalog|random).*|vim|cloud|chrony/.*|aspell|ispell'
    r'|emacsen-common|sgml-base/.*)'
    r'|boot/initrd\.img-.*|vmlinuz.*|initrd.*|etc/machine-id|etc/ld\.so\.cache|etc/apt'
    r'|etc/ssh/ssh_host_.*|etc/.*-|etc/resolv.conf|etc/hostname|etc/hosts|etc/\.pwd\.lock'
    r'|etc/mdadm/mdadm.conf|etc/udev/hwdb\.bin|usr/lib/udev/hwdb\.bin'
    r'|usr/lib/modules/[^/]*/modules\.(dep|alias|symbols|softdep|devname|builtin).*'
    r'|usr/share/mime/.*cache|usr/lib/locale/locale-archive)(/|$)')

OWNERS = [
    (r'^etc/(passwd|group)$', 'base-passwd'),
    (r'^etc/(shadow|gshadow|subuid|subgid)$', 'base-files'),
    (r'^etc/pam\.d/common-', 'libpam-runtime'),
    (r'^etc/pam\.d/runuser', 'util-linux'),
    (r'^etc/ssl/certs|^etc/ca-certificates|^usr/local/share/ca-', 'ca-certificates'),
    (r'^etc/ssh/', 'openssh-server'),
    (r'^etc/shells|^var/lib/shells', 'debianutils'),
    (r'^etc/(profile|motd|nsswitch\.conf|host\.conf|issue|environment|debian_version)',
     'base-files'),
    (r'^usr/local|^root|^home|^srv|^opt|^mnt|^media|^var/(mail|local|lock|opt|spool)$|^etc/opt',
     'base-files'),
    (r'^etc/(timezone|localtime)', 'tzdata'),
    (r'^etc/default/locale|^etc/locale', 'locales'),
    (r'^etc/network', 'ifupdown'),
    (r'^etc/xml|^etc/sgml/catalog', 'xml-core'),
    (r'^usr/share/info/dir', 'base-files'),
    (r'^var/lib/nginx', 'nginx-common'),
    (r'^etc/rsyslog', 'rsyslog'),
    (r'^etc/mailcap', 'media-types')]

MERGED_LINKS = ('bin', 'sbin', 'lib', 'lib64', 'lib32', 'libx32', 'usr/lib64')


class Finder:
    """Which package does a path of the reference belong to?"""

    def __init__(self, packages, paths):
        self.packages = packages          # name -> description
        self.paths = paths                # path -> entry, of the reference
        self.owner = {}
        self.holders = {}                 # directory -> how many packages have it
        for name, description in packages.items():
            for path, entry in description['entries'].items():
                if entry['type'] == 'dir':
                    self.holders[path] = self.holders.get(path, 0) + 1
                self.owner.setdefault(path, name)
        self.postinst = {n: d['scripts'].get('postinst', '') for n, d in packages.items()}
        self.scripts = {n: ''.join(d['scripts'].values()) for n, d in packages.items()}

    def resolve(self, path, depth=0):
        """follow symbolic links inside the reference, one component at a time"""
        if depth > 20:
            return None
        current, parts = '', path.split('/')
        for i, part in enumerate(parts):
            step = f'{current}/{part}'.strip('/')
            entry = self.paths.get(step, {})
            if entry.get('type') == 'link':
                to = posixpath.normpath(posixpath.join('/' + current, entry['to']))
                return self.resolve('/'.join([to.strip('/')] + parts[i + 1:]), depth + 1)
            current = step
        return current

    def _python(self, path):
        if path.endswith('.pyc'):
            return self.owner.get(
                re.sub(r'__pycache__/([^/]+)\.cpython-\d+(\.opt-\d)?\.pyc$', r'\1.py', path))
        if path.endswith('__pycache__'):
            return self.owner.get(posixpath.dirname(path))
        return None

    def _named_in_script(self, path):
        for text, scripts in (('/' + path, self.scripts),
                              (('/' + path).replace('/usr/lib', '/lib', 1), self.postinst)):
            for name, script in scripts.items():
                if text in script:
                    return name
        return None

    def _directory(self, path):
        parent = posixpath.dirname(path)
        while parent:
            if self.holders.get(parent) == 1:
                return self.owner[parent]
            parent = posixpath.dirname(parent)
        return None

    def find(self, path):
        for pattern, name in OWNERS:
            if name in self.packages and re.search(pattern, path):
                return name
        found = self._python(path)
        if found or path.endswith(('.pyc', '__pycache__')):
            return found
        if self.paths[path]['type'] == 'link':
            target = self.owner.get(self.resolve(path) or '')
            if target:
                return target
        stem = posixpath.basename(path).split('.')[0]
        return (self._named_in_script(path) or (stem if stem in self.packages else None)
                or self._directory(path))


def _changed(old, new):
    """what the scripts did to a path that the package has itself"""
    change = {}
    if new['type'] != 'link' and any(old[k] != new[k] for k in ('mode', 'user', 'group')):
        change.update(mode=new['mode'], user=new['user'], group=new['group'])
    if new.get('caps'):
        change['caps'] = new['caps']
    if new['type'] == 'file' and new['size'] not in (None, old['size']):
        change.update(size=new['size'], content=True)
    if new['type'] == 'link' and new['to'] != old['to']:
        change.update(to=new['to'], content=True)
    return change


def _set_password_days(path):
    """the day of the last password change is the day of the installation: make it a fixed one"""
    with open(path) as file:
        lines = [line.split(':') for line in file]
    for fields in lines:
        fields[2] = '19675'
    with open(path, 'w') as file:
        file.writelines(':'.join(fields) for fields in lines)


class Leftovers:
    def __init__(self, packages):
        self.packages = packages
        self.made = {name: {} for name in packages}        # package -> path -> entry
        self.changed = {name: {} for name in packages}     # package -> path -> new fields
        self.lost = []

    def collect(self, archive, tree):
        """read the reference; contents of what was made or changed are left in tree"""
        shutil.rmtree(tree, ignore_errors=True)
        sizes = {p: e.get('size') for d in self.packages.values()
                 for p, e in d['entries'].items() if e['type'] != 'dir'}
        paths = reference.read(
            archive, lambda p, e: not SKIP.match(p) and sizes.get(p) != e['size'], tree)
        _set_password_days(f'{tree}/etc/shadow')
        paths['etc/shadow']['size'] = os.path.getsize(f'{tree}/etc/shadow')
        finder = Finder(self.packages, paths)
        for path in sorted(paths):
            if not SKIP.match(path) and path not in MERGED_LINKS:
                self._place(path, paths[path], finder)

    def _place(self, path, entry, finder):
        holder = finder.owner.get(path)
        if not holder:
            name = finder.find(path)
            if name:
                self.made[name][path] = entry
                if entry['type'] == 'dir':
                    finder.owner[path] = name
            elif entry['type'] != 'dir':
                self.lost.append(path)
            return
        everyone = [n for n, d in self.packages.items() if path in d['entries']]
        for name in everyone if entry['type'] == 'dir' else [holder]:
            old = self.packages[name]['entries'].get(path)
            if old and old['type'] == entry['type']:
                change = _changed(old, entry)
                if change:
                    self.changed[name][path] = change
