"""Putting files that no deb has into a package's build root."""
import hashlib
import os
import shutil
import subprocess


def digest(paths):
    """hash of the contents, names and modes of files, links and directories below each path"""
    total = hashlib.sha256()
    for path in paths:
        names = [path]
        if os.path.isdir(path) and not os.path.islink(path):
            names = sorted(f'{top}/{name}' for top, dirs, files in os.walk(path)
                           if not top.endswith('__pycache__') for name in files + dirs)
        for name in names:
            total.update(f'{os.path.relpath(name, path)} {os.lstat(name).st_mode:o}\0'.encode())
            if os.path.islink(name):
                total.update(os.readlink(name).encode())
            elif os.path.isfile(name):
                with open(name, 'rb') as file:
                    total.update(file.read())
    return total.hexdigest()


def link_copy(source, target):
    """a copy of hard links, whose files may be replaced but not written to"""
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(['cp', '-al', source, target], check=True)


def put(source, root, path):
    """replace root/path by a copy of source (a file, a link or a directory's existence)"""
    target = f'{root}/{path}'
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.isdir(source) and not os.path.islink(source):
        os.makedirs(target, exist_ok=True)
        return
    if os.path.lexists(target):
        os.unlink(target)
    shutil.copy2(source, target, follow_symlinks=False)


def put_link(to, root, path):
    target = f'{root}/{path}'
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        os.unlink(target)
    os.symlink(to, target)


def entry_of(path):
    """the entry of a file of ours: root's, 0755 or 0644 as its x bit says"""
    if os.path.islink(path):
        return dict(type='link', mode=0o777, user='root', group='root', to=os.readlink(path))
    if os.path.isdir(path):
        return dict(type='dir', mode=0o755, user='root', group='root')
    mode = 0o755 if os.access(path, os.X_OK) else 0o644
    return dict(type='file', mode=mode, user='root', group='root', size=os.path.getsize(path))


def overlay(source, root, entries):
    """copy everything below source into root -> the paths; entries gains what it lacks"""
    paths = []
    for top, dirs, files in os.walk(source):
        for name in sorted(dirs + files):
            path = os.path.relpath(f'{top}/{name}', source)
            put(f'{top}/{name}', root, path)
            if entries.get(path, {}).get('type') != 'dir' or name not in dirs:
                entries[path] = entry_of(f'{top}/{name}')
                paths.append(path)
    return paths


def set_times(root, entries, default):
    """give every path its mtime, directories last because their contents change them"""
    for top, dirs, files in os.walk(root, topdown=False):
        for name in files + [d for d in dirs if os.path.islink(f'{top}/{d}')]:
            path = os.path.relpath(f'{top}/{name}', root)
            mtime = entries.get(path, {}).get('mtime', default)
            os.utime(f'{top}/{name}', (mtime, mtime), follow_symlinks=False)
        mtime = entries.get(os.path.relpath(top, root), {}).get('mtime', default)
        os.utime(top, (mtime, mtime))
