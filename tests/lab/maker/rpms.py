"""Packages -> signed .rpm files, rebuilding only what changed."""
import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess

from . import package as packages_text

PAYLOADS = {'zstd': 'w3.zstdio', 'gz': 'w2.gzdio', 'xz': 'w1.xzdio'}

MACROS = {
    '_build_name_fmt': '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    '__spec_install_pre': '%{___build_pre}', '__spec_install_post': '%{nil}',
    '__os_install_post': '%{nil}', '__check_files': '%{nil}', 'debug_package': '%{nil}',
    '_build_id_links': 'none', '_buildhost': 'lab', 'use_source_date_epoch_as_buildtime': '1',
    'clamp_mtime_to_source_date_epoch': '0', 'source_date_epoch_from_changelog': '0',
    '_source_filedigest_algorithm': '8', '_binary_filedigest_algorithm': '8',
    '_target_cpu': 'x86_64', '_isa': '(x86-64)', '__gpg': '/usr/bin/gpg'}


def make_directories(work):
    for name in ('BUILD', 'SPECS', 'SOURCES', 'RPMS', 'SRPMS', 'BUILDROOT'):
        os.makedirs(f'{work}/rpmbuild/{name}', exist_ok=True)


def rpmbuild(spec, buildroot, work, out, epoch, macros):
    """-> '' or what went wrong"""
    command = ['rpmbuild', '-bb', '--quiet', '--noclean', '--nodeps', '--buildroot', buildroot]
    for key, value in {**MACROS, '_topdir': work, '_rpmdir': out, **macros}.items():
        command += ['--define', f'{key} {value}']
    env = dict(os.environ, SOURCE_DATE_EPOCH=str(epoch), LC_ALL='C.UTF-8')
    run = subprocess.run(command + [spec], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, env=env)
    return '' if run.returncode == 0 else run.stdout


def file_name(package):
    arch = 'noarch' if package.noarch else 'x86_64'
    return f'{package.name}-{package.version}-{package.release}.{arch}.rpm'


class Builder:
    def __init__(self, work, out, payload, keyring, epoch):
        self.work, self.out, self.keyring, self.epoch = work, out, keyring, epoch
        self.payload = payload
        self.specs = f'{work}/specs/{os.path.basename(out)}'
        self.new = f'{out}.new'
        make_directories(work)
        for needed in (self.specs, f'{out}/Packages'):
            os.makedirs(needed, exist_ok=True)

    def _write_spec(self, package):
        spec = f'{self.specs}/{package.name}.spec'
        files = packages_text.files_text(package)
        text = packages_text.spec_text(package, f'{package.name}.spec.files')
        with open(spec, 'w') as file:
            file.write(text)
        with open(spec + '.files', 'w') as file:
            file.write(files)
        identity = f'{text}\0{files}\0{package.identity}\0{self.payload}\0{self.keyring.id}'
        return spec, hashlib.sha256(identity.encode()).hexdigest()

    def _build(self, package, spec):
        os.umask(0o022)
        wrong = rpmbuild(spec, package.root, f'{self.work}/rpmbuild', self.new, self.epoch,
                         {'_binary_payload': PAYLOADS[self.payload], '_builddir': self.specs})
        if wrong:
            raise SystemExit(f'make-lab: rpmbuild of {package.name} failed:\n{wrong}')

    def build(self, packages, jobs):
        """make out/Packages hold exactly these packages -> how many had to be built"""
        shutil.rmtree(self.new, ignore_errors=True)
        os.makedirs(self.new)
        keys_path = f'{self.specs}/keys.json'
        known = json.load(open(keys_path)) if os.path.exists(keys_path) else {}
        keys, todo = {}, []
        for package in sorted(packages, key=lambda p: -p.size()):
            name = file_name(package)
            spec, keys[name] = self._write_spec(package)
            present = os.path.exists(f'{self.out}/Packages/{name}')
            if not present or known.get(name) != keys[name]:
                todo.append((package, spec))
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda job: self._build(*job), todo))
        self.keyring.sign_packages(self.new, jobs)
        for name in os.listdir(self.new):
            os.rename(f'{self.new}/{name}', f'{self.out}/Packages/{name}')
        os.rmdir(self.new)
        for name in set(os.listdir(f'{self.out}/Packages')) - set(keys):
            os.unlink(f'{self.out}/Packages/{name}')
        with open(keys_path, 'w') as file:
            json.dump(keys, file, indent=0, sort_keys=True)
        return len(todo)


def index(repository, keyring, epoch, comps=None):
    """repodata with its signature; every file's time is the lab's, for the same bytes each time"""
    for top, _, files in os.walk(repository):
        for name in files:
            os.utime(f'{top}/{name}', (epoch, epoch))
    command = ['createrepo_c', '--quiet', '--general-compress-type=gz', f'--revision={epoch}',
               '--set-timestamp-to-revision', '--no-database']
    if comps:
        comps_path = f'{repository}/comps.xml'
        with open(comps_path, 'w') as file:
            file.write(comps)
        command += ['--groupfile', 'comps.xml']
    subprocess.run(command + [repository], check=True)
    keyring.sign_detached(f'{repository}/repodata/repomd.xml')
