"""comps.xml, from a short text of blocks.

    group ID "NAME" [default] DESCRIPTION...
        [mandatory|default|optional] PACKAGE...
        conditional PACKAGE if PACKAGE
    environment ID "NAME" DESCRIPTION...
        groups ID...
        options ID...

`mandatory @FILE` takes the packages that sets/FILE names.
"""
import re
from xml.sax.saxutils import escape

from .text import blocks_of, words_of

HEADER = ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE comps PUBLIC '
          '"-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">\n')


def _requests(lines, sets):
    out = ''
    for kind, words in lines:
        if kind == 'conditional':
            out += (f'      <packagereq type="conditional" requires="{words[2]}">{words[0]}'
                    '</packagereq>\n')
            continue
        for word in words:
            for name in words_of(f'{sets}/{word[1:]}') if word[0] == '@' else [word]:
                out += f'      <packagereq type="{kind}">{name}</packagereq>\n'
    return out


def _group(ident, name, rest, lines, sets):
    default = rest.startswith('default ')
    description = rest[len('default '):] if default else rest
    return (f'  <group>\n    <id>{ident}</id>\n    <name>{name}</name>\n'
            f'    <description>{description}</description>\n'
            f'    <default>{"true" if default else "false"}</default>\n'
            '    <uservisible>true</uservisible>\n    <packagelist>\n'
            f'{_requests(lines, sets)}    </packagelist>\n  </group>\n')


def _environment(ident, name, rest, lines):
    def ids(kind):
        return ''.join(f'      <groupid>{word}</groupid>\n'
                       for k, words in lines if k == kind for word in words)
    return (f'  <environment>\n    <id>{ident}</id>\n    <name>{name}</name>\n'
            f'    <description>{rest}</description>\n    <display_order>1</display_order>\n'
            f'    <grouplist>\n{ids("groups")}    </grouplist>\n'
            f'    <optionlist>\n{ids("options")}    </optionlist>\n  </environment>\n')


def render(path, sets):
    out = HEADER + '<comps>\n'
    for head, lines in blocks_of(path):
        kind, ident, name, rest = re.match(r'(\w+) (\S+) "([^"]*)"\s*(.*)', head).groups()
        name, rest = escape(name), escape(rest)
        out += (_group(ident, name, rest, lines, sets) if kind == 'group'
                else _environment(ident, name, rest, lines))
    return out + '</comps>\n'
