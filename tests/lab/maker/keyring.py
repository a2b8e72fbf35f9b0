"""The lab's own signing key: made once, kept in the cache, good for nothing else."""
import os
import subprocess


class Keyring:
    def __init__(self, home, epoch, user='Slipway lab <lab@example.org>'):
        self.home, self.user = home, user
        self.time = f'--faked-system-time={epoch}!'
        os.makedirs(home, mode=0o700, exist_ok=True)
        self.id = self._find() or self._create()

    def _gpg(self, *args):
        return subprocess.run(['gpg', '--homedir', self.home, '--batch', '--yes', '--quiet',
                               '--no-permission-warning', self.time, *args], check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def _find(self):
        keys = self._gpg('--list-secret-keys', '--with-colons')
        return next((line.split(':')[9] for line in keys.splitlines()
                     if line.startswith('fpr')), None)

    def _create(self):
        self._gpg('--passphrase', '', '--quick-generate-key', self.user, 'rsa2048', 'sign',
                  'never')
        return self._find()

    def export(self, path):
        text = self._gpg('--armor', '--export', self.id)
        with open(path, 'w') as file:
            file.write(text)

    def sign_packages(self, directory, jobs):
        """sign every rpm in directory; the signature's time is the lab's too"""
        names = sorted(os.listdir(directory))
        command = ['xargs', '-r', '-P', str(jobs), '-n', '25', 'rpmsign', '--define',
                   f'_gpg_name {self.id}', '--define', f'_gpg_path {self.home}', '--define',
                   '__gpg /usr/bin/gpg', '--define', f'_gpg_sign_cmd_extra_args {self.time}',
                   '--addsign']
        run = subprocess.run(command, input='\n'.join(f'{directory}/{n}' for n in names),
                             text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if run.returncode:
            raise SystemExit(f'make-lab: rpmsign failed:\n{run.stderr[-2000:]}')

    def sign_detached(self, path):
        self._gpg('--local-user', self.id, '--armor', '--detach-sign', path)

    def stop_agent(self):
        subprocess.run(['gpgconf', '--homedir', self.home, '--kill', 'all'], check=False)
