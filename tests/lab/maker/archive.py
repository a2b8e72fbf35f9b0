"""The machine's Debian archive, used through apt with a state directory of our own.

Nothing of the machine's package state matters: packages are resolved against an empty dpkg status,
with the machine's own sources, by whichever user runs this.
"""
import os
import re
import subprocess


class Archive:
    def __init__(self, state_dir, debs_dir):
        self.state = state_dir
        self.debs = debs_dir
        for d in ('lists/partial', 'cache'):
            os.makedirs(f'{state_dir}/{d}', exist_ok=True)
        os.makedirs(f'{debs_dir}/partial', exist_ok=True)
        open(f'{state_dir}/status', 'w').close()

    def _apt(self, *args):
        options = {
            'Dir::State': self.state, 'Dir::State::status': f'{self.state}/status',
            'Dir::State::lists': f'{self.state}/lists', 'Dir::Cache': f'{self.state}/cache',
            'Dir::Cache::archives': self.debs, 'Debug::NoLocking': '1',
            'APT::Sandbox::User': 'root', 'APT::Architecture': 'amd64',
            'APT::Architectures': 'amd64', 'Acquire::Languages': 'none',
            'APT::Install-Recommends': 'false', 'Acquire::Retries': '3'}
        command = ['apt-get', '-qq']
        for key, value in options.items():
            command += ['-o', f'{key}={value}']
        run = subprocess.run(command + list(args), stdout=subprocess.PIPE, text=True,
                             env=dict(os.environ, LC_ALL='C.UTF-8'), stderr=subprocess.PIPE)
        if run.returncode:
            raise SystemExit(f'make-lab: apt-get {" ".join(args[:3])}... failed:\n{run.stderr}')
        return run.stdout

    def update(self):
        self._apt('update')

    def resolve(self, wanted):
        """names of the dependency-closed set, without recommended packages"""
        out = self._apt('-s', 'install', *wanted)
        return sorted(set(re.findall(r'(?m)^Inst (\S+)', out)))

    def locate(self, names):
        """exact packages -> {name: file name in the debs directory} and what is to download"""
        out = self._apt('--print-uris', 'download', *names)
        found = {}
        for uri, name in re.findall(r"(?m)^'([^']+)' (\S+)", out):
            found[name.split('_')[0]] = name
        missing = set(names) - set(found)
        if missing:
            raise SystemExit(f'make-lab: the archive has no {", ".join(sorted(missing))}')
        return found

    def download(self, located):
        """fetch what is not here yet; apt checks every file against the signed index"""
        absent = [n for n, f in sorted(located.items()) if not os.path.exists(f'{self.debs}/{f}')]
        if absent:
            cwd = os.getcwd()
            os.chdir(f'{self.debs}/partial')
            try:
                self._apt('download', *absent)
            finally:
                os.chdir(cwd)
            for name in absent:
                os.rename(f'{self.debs}/partial/{located[name]}', f'{self.debs}/{located[name]}')
        return len(absent)

    def sources(self):
        """the Debian lines among the machine's sources, in sources.list's one-line form"""
        out = self._apt('indextargets', '--format', '$(ORIGIN)|$(REPO_URI) $(RELEASE) $(COMPONENT)',
                        'Created-By: Packages')
        return [f'deb {line.split("|")[1]}' for line in out.splitlines()
                if line.startswith('Debian|')]
