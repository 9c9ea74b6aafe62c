"""A private Mailman 3 core of Debian's on loopback: its REST interface and nothing
else of it, with SQLite, in a temporary folder, as the user list.

    mailman = Mailman()         .config: its mailman.cfg, as Mailman and others read it
    mailman.subscribe('news', 'bob@example.net')
    mailman.members('news') -> {address: delivery status}
    mailman.ask(method, path, **form) -> what the interface answers, parsed
    mailman.close()
"""

import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.parse
import urllib.request

import harness

MASTER = pathlib.Path('/usr/lib/mailman3/bin/master')
# all but "rest": no mail goes through it
RUNNERS = ('archive', 'bounces', 'command', 'digest', 'in', 'lmtp', 'nntp', 'out',
           'pipeline', 'retry', 'shunt', 'task', 'virgin')


class Mailman:

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='bounce-mailman.')
        self.port, = harness.free_ports(1)
        self.config = f'{self.dir}/mailman.cfg'
        pathlib.Path(self.config).write_text(f'''[mailman]
layout: here
site_owner: postmaster@example.org

[paths.here]
var_dir: {self.dir}/var
bin_dir: {MASTER.parent}
etc_dir: {self.dir}
template_dir: $var_dir/templates
pid_file: {self.dir}/master.pid

[webservice]
hostname: 127.0.0.1
port: {self.port}
admin_user: restadmin
admin_pass: secret%s
workers: 1

[mta]
incoming: mailman.mta.null.NullMTA

''' + ''.join(f'[runner.{name}]\nstart: no\n\n' for name in RUNNERS))
        for path in pathlib.Path(self.dir), pathlib.Path(self.config):
            shutil.chown(path, 'list', 'list')
        with open(f'{self.dir}/log', 'wb') as log:
            self.process = subprocess.Popen(
                [str(MASTER), '-C', self.config], user='list', group='list',
                extra_groups=[], cwd='/', stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        try:
            harness.wait_for_port(self, 'Mailman did not come up', seconds=120)
        except AssertionError:
            self.close()
            raise

    def log(self):
        paths = pathlib.Path(self.dir).glob('**/*log')
        return '\n'.join(path.read_text(errors='replace') for path in paths
                         if path.is_file())

    def ask(self, method, path, **form):
        login = base64.b64encode(b'restadmin:secret%s').decode()
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.port}/3.1/{path}',
            urllib.parse.urlencode(form).encode() or None,
            {'Authorization': f'Basic {login}'}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or '{}')

    def make_list(self, name):
        if not self.ask('GET', 'domains').get('total_size'):
            self.ask('POST', 'domains', mail_host='example.org')
        self.ask('POST', 'lists', fqdn_listname=f'{name}@example.org')

    def subscribe(self, name, address):
        self.ask('POST', 'members', list_id=f'{name}.example.org', subscriber=address,
                 pre_verified='true', pre_confirmed='true', pre_approved='true',
                 send_welcome_message='false')

    def _members(self, name):
        return self.ask('GET', f'lists/{name}.example.org/roster/member').get(
            'entries', [])

    def set_status(self, name, address, status):
        member, = (member for member in self._members(name)
                   if member['email'] == address)
        self.ask('PATCH', f'members/{member["member_id"]}/preferences',
                 delivery_status=status)

    def members(self, name):
        return {member['email']: self.ask(
            'GET', f'members/{member["member_id"]}/preferences').get(
                'delivery_status', 'enabled') for member in self._members(name)}

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
