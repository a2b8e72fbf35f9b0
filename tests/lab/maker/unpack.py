"""One .deb -> an unpacked tree and a description of it.

The tree holds contents only; owners and special modes are kept in the description, so that no
root is needed and the rpm gets them from %attr.
"""
import io
import json
import os
import shutil
import subprocess
import tarfile

from . import debian

MERGED = ('bin', 'sbin', 'lib', 'lib64', 'lib32', 'libx32')
ELFDEPS = '/usr/lib/rpm/elfdeps'


def merged_usr(path):
    """path in a deb -> path on a system with a merged /usr; '' = not a file of its own"""
    path = clean(path)
    head, _, tail = path.partition('/')
    if head in MERGED:
        return 'usr/' + path if tail else ''
    return path


def clean(path):
    return path[1:].strip('/') if path.startswith('.') else path.strip('/')


def _read_control(deb):
    raw = subprocess.run(['dpkg-deb', '--ctrl-tarfile', deb], stdout=subprocess.PIPE,
                         check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        return {os.path.basename(m.name): tar.extractfile(m).read().decode('utf-8', 'replace')
                for m in tar if m.isfile()}


def _put(tar, member, root, path, place, entries):
    """create one archive member below root -> its entry"""
    target = f'{root}/{path}'
    os.makedirs(os.path.dirname(target), exist_ok=True)
    entry = dict(mode=member.mode & 0o7777, user=member.uname or 'root',
                 group=member.gname or 'root', mtime=int(member.mtime))
    if member.isdir():
        os.makedirs(target, exist_ok=True)
        entry['type'] = 'dir'
    elif member.issym():
        os.symlink(member.linkname, target)
        entry.update(type='link', to=member.linkname)
    elif member.islnk():
        first = place(member.linkname)
        os.link(f'{root}/{first}', target)
        return dict(entries[first])
    elif member.isfile():
        with open(target, 'wb') as out:
            shutil.copyfileobj(tar.extractfile(member), out, 1 << 20)
        os.chmod(target, member.mode & 0o777 | 0o600)
        entry.update(type='file', size=member.size)
    else:
        raise SystemExit(f'make-lab: {member.name}: member of an unexpected type')
    return entry


def _unpack_files(deb, root, place):
    entries = {}
    with subprocess.Popen(['dpkg-deb', '--fsys-tarfile', deb], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode='r|') as tar:
            for member in tar:
                path = place(member.name)
                if path:
                    entries[path] = _put(tar, member, root, path, place, entries)
    return entries


def _elf_dependencies(root, entries):
    """rpm's own soname dependencies of every ELF file but kernel modules -> provides, requires"""
    elf = []
    for path, entry in entries.items():
        if entry['type'] == 'file' and entry['size'] > 64 and not path.endswith('.ko'):
            with open(f'{root}/{path}', 'rb') as file:
                if file.read(4) == b'\x7fELF':
                    elf.append(f'{root}/{path}')
    found = []
    for file in elf:                   # elfdeps passes over files without the x bit
        os.chmod(file, 0o755)
    for option in ('--provides', '--requires'):
        out = subprocess.run([ELFDEPS, option], input='\n'.join(elf) + '\n', text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        found.append(sorted(set(out.split('\n')) - {''}))
    for file in elf:
        os.chmod(file, entries[file[len(root) + 1:]]['mode'] & 0o777 | 0o600)
    return found


def unpack(deb, root, place):
    """unpack deb into root; place(path) says where a path goes ('' = nowhere) -> description"""
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    control = _read_control(deb)
    entries = _unpack_files(deb, root, place)
    fields = debian.parse_control(control['control'])
    provides, requires = [], []
    if fields['package'] != 'klibc-utils':     # its library has no usable soname
        provides, requires = _elf_dependencies(root, entries)
    conffiles = [place(line.split()[-1]) for line in control.get('conffiles', '').splitlines()
                 if line.strip() and not line.startswith('remove-on')]
    return dict(control=fields, entries=entries, conffiles=conffiles, elf_provides=provides,
                elf_requires=requires, scripts={name: text for name, text in control.items()
                                                if name in ('preinst', 'postinst', 'config')})


def save(description, path):
    with open(path, 'w') as file:
        json.dump(description, file)


def load(path):
    with open(path) as file:
        return json.load(file)
