"""Packages written by hand, as spec files: handmade/REPOSITORY/NAME.spec.

They do what real distributions' packages do and a mechanical conversion does not.
"""
import concurrent.futures
import glob
import os
import shutil

from . import rpms, tree
from .keyring import Keyring

# spec files that are built more than once, and with which macros
PAYLOADS = {'gzip': 'w9.gzdio', 'bzip2': 'w9.bzdio', 'xz': 'w6.xzdio', 'lzma': 'w6.lzdio',
            'zstd': 'w19.zstdio', 'none': 'w.ufdio'}
VARIANTS = {
    'versions': [{'versions_version': v} for v in ('1.0~rc1', '1.0', '1.0^git1')],
    'files-colour': [{'_target_cpu': cpu} for cpu in ('x86_64', 'i686')],
    'payload-compressions': [{'payload_name': name, '_binary_payload': payload}
                             for name, payload in PAYLOADS.items()]}
REPOSITORIES = ('handmade', 'extras', 'unsigned', 'wrongsig')


def _jobs(directory, work):
    """(spec, build root, macros) of everything to build"""
    for spec in sorted(glob.glob(f'{directory}/*.spec')):
        name = os.path.basename(spec)[:-len('.spec')]
        for number, macros in enumerate(VARIANTS.get(name, [{}])):
            yield spec, f'{work}/handmade/{name}-{number}', macros


def _build(job, work, out, epoch):
    spec, root, macros = job
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    wrong = rpms.rpmbuild(spec, root, f'{work}/rpmbuild', out, epoch,
                          {'_binary_payload': rpms.PAYLOADS['zstd'],
                           'clamp_mtime_to_source_date_epoch': '1', **macros})
    shutil.rmtree(root)
    if wrong:
        raise SystemExit(f'make-lab: rpmbuild of {spec} failed:\n{wrong}')


def make(source, directory, work, keyring, epoch, jobs):
    """-> (repository, how many packages) one after the other; nothing if they are there already"""
    key = tree.digest([source, __file__, rpms.__file__]) + keyring.id
    key_path = f'{work}/handmade.key'
    if os.path.exists(key_path):
        with open(key_path) as file:
            if file.read() == key:
                return
        os.unlink(key_path)
    rpms.make_directories(work)
    stranger = Keyring(f'{work}/stranger', epoch, 'Someone else <stranger@example.org>')
    signers = {'unsigned': None, 'wrongsig': stranger}
    for repository in REPOSITORIES:
        out = f'{directory}/{repository}'
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(f'{out}/Packages')
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda job: _build(job, work, f'{out}/Packages', epoch),
                          _jobs(f'{source}/{repository}', work)))
        signer = signers.get(repository, keyring)
        if signer:
            signer.sign_packages(f'{out}/Packages', jobs)
        rpms.index(out, keyring, epoch)
        yield repository, len(os.listdir(f'{out}/Packages'))
    stranger.stop_agent()
    with open(key_path, 'w') as file:
        file.write(key)
