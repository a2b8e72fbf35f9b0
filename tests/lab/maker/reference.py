"""A real Debian installation of the whole set, to learn what the maintainer scripts make.

Kept as one compressed tar archive: made by mmdebstrap as root or in a user namespace, and read
without either.
"""
import os
import struct
import subprocess
import tarfile

CAPABILITIES = (
    'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable '
    'net_bind_service net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio '
    'sys_chroot sys_ptrace sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time '
    'sys_tty_config mknod lease audit_write audit_control setfcap mac_override mac_admin syslog '
    'wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore').split()


def make(path, packages, debs_dir, sources, epoch):
    """install packages into an archive at path; the debs at hand are not fetched again"""
    command = ['mmdebstrap', '--quiet', '--variant=essential', '--format=tar',
               f'--include={",".join(packages)}', '--aptopt=APT::Install-Recommends "false"',
               '--skip=download/empty,essential/unlink',
               '--setup-hook=mkdir -p "$1/var/cache/apt/archives"',
               f'--setup-hook=sync-in "{debs_dir}" /var/cache/apt/archives/',
               '--customize-hook=rm -f "$1"/var/cache/apt/archives/*.deb', '', '-', *sources]
    env = dict(os.environ, SOURCE_DATE_EPOCH=str(epoch), LC_ALL='C.UTF-8')
    with open(path + '.new', 'wb') as out, open(path + '.log', 'w') as log:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=env,
                              stdin=subprocess.DEVNULL) as install:
            packed = subprocess.run(['zstd', '-q', '-1', '-c'], stdin=install.stdout, stdout=out)
    if install.returncode or packed.returncode:
        with open(path + '.log') as log:
            tail = ''.join(log.readlines()[-15:])
        raise SystemExit(f'make-lab: mmdebstrap failed ({path}.log):\n{tail}')
    os.rename(path + '.new', path)


def _capabilities(raw):
    """security.capability -> the text form of %caps"""
    magic, low, _, high, _ = struct.unpack('<5I', raw[:20])
    names = [f'cap_{n}' for i, n in enumerate(CAPABILITIES) if (low | high << 32) >> i & 1]
    return ','.join(names) + ('=ep' if magic & 1 else '=p')


def _entry(member):
    entry = dict(mode=member.mode & 0o7777, uid=member.uid, gid=member.gid)
    if member.isdir():
        entry['type'] = 'dir'
    elif member.issym():
        entry.update(type='link', to=member.linkname)
    elif member.islnk():
        entry.update(type='file', size=None)          # another name of a file that came before
    elif member.isfile():
        entry.update(type='file', size=member.size)
    else:
        return None
    raw = member.pax_headers.get('SCHILY.xattr.security.capability')
    if raw:
        entry['caps'] = _capabilities(raw.encode('utf-8', 'surrogateescape'))
    return entry


def _names(tree, path):
    with open(f'{tree}/{path}') as file:
        return {int(line.split(':')[2]): line.split(':')[0] for line in file}


def read(archive, keep, tree):
    """every path of the installation -> entry; contents that keep(path, entry) wants go to tree"""
    entries = {}
    with subprocess.Popen(['zstd', '-q', '-d', '-c', archive], stdout=subprocess.PIPE) as unpack:
        with tarfile.open(fileobj=unpack.stdout, mode='r|', bufsize=1 << 20) as tar:
            for member in tar:
                path = member.name[2:] if member.name.startswith('./') else member.name
                entry = _entry(member)
                if not entry or path in ('', '.'):
                    continue
                entries[path] = entry
                if entry['type'] == 'file' and entry['size'] is not None and keep(path, entry):
                    os.makedirs(os.path.dirname(f'{tree}/{path}') or tree, exist_ok=True)
                    with open(f'{tree}/{path}', 'wb') as out:
                        out.write(tar.extractfile(member).read())
    users, groups = _names(tree, 'etc/passwd'), _names(tree, 'etc/group')
    for entry in entries.values():
        entry['user'] = users.get(entry.pop('uid'), 'root')
        entry['group'] = groups.get(entry.pop('gid'), 'root')
    return entries
