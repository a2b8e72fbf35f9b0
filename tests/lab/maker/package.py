"""An RPM to be: header fields, scriptlets, files; and its text as a spec file.

An entry of `entries` says type (file, dir, link), mode, user, group, and may have size, mtime, to
(a link's target), caps, and flags: the %files directives to put before the path.
"""
import dataclasses
import re


@dataclasses.dataclass
class Package:
    name: str
    version: str
    release: str
    root: str                                   # the build root: contents of the files
    summary: str
    epoch: str = ''
    noarch: bool = False
    description: str = ''
    section: str = 'Unspecified'
    url: str = ''
    tags: list = dataclasses.field(default_factory=list)         # (tag, value) in order
    scriptlets: str = ''
    entries: dict = dataclasses.field(default_factory=dict)
    identity: str = ''                          # stands for the contents of the files

    def size(self):
        return sum(e.get('size') or 0 for e in self.entries.values())

    def evr(self):
        return (self.epoch + ':' if self.epoch else '') + f'{self.version}-{self.release}'


def escape(text):
    return text.replace('%', '%%')


def _quoted_path(path):
    """rpm globs in %files and cannot quote these characters: let one ? stand for each"""
    path = re.sub(r'[\\*?{}]', '?', path)
    if '[' in path and ']' in path:
        path = path.replace('[', '?').replace(']', '?')
    return '"/' + escape(path) + '"'


def files_text(package):
    lines = []
    for path in sorted(package.entries):
        entry = package.entries[path]
        mode = '-' if entry['type'] == 'link' else f'{entry["mode"]:04o}'
        words = [f'%attr({mode},{entry["user"]},{entry["group"]})']
        if entry['type'] == 'dir':
            words.append('%dir')
        words += entry.get('flags', [])
        if entry.get('caps'):
            words.append(f'%caps({entry["caps"]})')
        lines.append(' '.join(words + [_quoted_path(path)]))
    return '\n'.join(lines) + '\n'


def spec_text(package, files_path):
    head = [('Name', package.name), ('Version', package.version), ('Release', package.release),
            ('Epoch', package.epoch), ('Summary', escape(package.summary)),
            ('License', 'Distributable'), ('Group', package.section), ('URL', package.url),
            ('AutoReqProv', 'no'), ('BuildArch', 'noarch' if package.noarch else ''),
            ('Vendor', 'slipway lab')]
    head += list(dict.fromkeys(package.tags))
    lines = [f'{tag}: {value}' for tag, value in head if value]
    body = [escape(line) if line.strip() != '.' else ''
            for line in (package.description or package.summary).split('\n')]
    lines += ['', '%description'] + body + ['', package.scriptlets, '%install', ':', '',
                                            f'%files -f {files_path}']
    return '\n'.join(lines) + '\n'
