"""The lab's small text files: words, and blocks of indented lines; # begins a comment."""
import re


def words_of(path):
    with open(path) as file:
        return re.sub(r'#.*', '', file.read()).split()


def blocks_of(path):
    """[(head line, [(first word, the other words)])]"""
    blocks = []
    with open(path) as file:
        for line in re.sub(r'(?m)#.*$', '', file.read()).splitlines():
            if not line.strip():
                continue
            if line[0] not in ' \t':
                blocks.append((line, []))
            else:
                kind, *words = line.split()
                blocks[-1][1].append((kind, words))
    return blocks
