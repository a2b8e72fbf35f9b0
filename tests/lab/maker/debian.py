"""What a Debian package says about itself: control fields, relations and versions."""
import functools
import itertools
import re

RELATION = re.compile(r'^\s*([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9]+)?'
                      r'\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^)\s]+)\s*\))?')


def parse_control(text):
    """RFC 822 paragraph -> dict with lower-case keys; continuation lines keep their newline."""
    fields, key = {}, None
    for line in text.splitlines():
        if line[:1] in ' \t':
            fields[key] += '\n' + line[1:]
        elif ':' in line:
            key, value = line.split(':', 1)
            key = key.lower()
            fields[key] = value.strip()
    return fields


def relations(field):
    """'a (>= 1) | b, c' -> [[(a, >=, 1), (b, None, None)], [(c, None, None)]]"""
    out = []
    for part in (field or '').replace('\n', ' ').split(','):
        matches = [RELATION.match(alternative) for alternative in part.split('|')]
        alternatives = [m.groups() for m in matches if m]
        if alternatives:
            out.append(alternatives)
    return out


def split_version(version):
    """[epoch:]upstream[-revision] -> (epoch, upstream, revision), '' for what is absent"""
    epoch, rest = version.split(':', 1) if ':' in version else ('', version)
    upstream, revision = rest.rsplit('-', 1) if '-' in rest else (rest, '')
    return epoch, upstream, revision


def _order(char):
    if char == '~':
        return -1
    return ord(char) if char.isalpha() else ord(char) + 256


def _compare_part(a, b):
    pieces = zip(*(itertools.chain(re.findall(r'(\D*)(\d*)', x), itertools.repeat(('', '')))
                   for x in (a, b)))
    for (text_a, num_a), (text_b, num_b) in pieces:
        for x, y in itertools.zip_longest(text_a, text_b):
            difference = (_order(x) if x else 0) - (_order(y) if y else 0)
            if difference:
                return difference
        difference = int(num_a or 0) - int(num_b or 0)
        if difference:
            return difference
        if not (text_a or text_b or num_a or num_b):
            return 0
    return 0


@functools.lru_cache(maxsize=None)
def compare_versions(a, b):
    """dpkg's order: negative, zero or positive"""
    x, y = split_version(a), split_version(b)
    return (int(x[0] or 0) - int(y[0] or 0) or _compare_part(x[1], y[1])
            or _compare_part(x[2], y[2]))


def holds(comparison, operator):
    """Does a comparison's result (<0, 0, >0) satisfy one of Debian's operators?"""
    return {'<<': comparison < 0, '<=': comparison <= 0, '=': comparison == 0,
            '>=': comparison >= 0, '>>': comparison > 0}[operator]
