"""A private unbound on loopback with zones of the test's own. It asks nobody.

    resolver = resolver.Resolver(['good.example MX "10 mx.good.example"', ...])
    resolver.address        127.0.0.1@PORT, for bounce_check_resolver
    resolver.key            a file with the key of signed.example, which is signed,
                            and of broken.example, which is not
    resolver.set([...])     other records from now on
    resolver.asked(name)    how often it was asked for a name
    resolver.close()

A name that no record has does not exist. lie: an address that it gives for every
name.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import harness

CONF = '''
server:
  interface: 127.0.0.1@@PORT@
  port: @PORT@
  do-daemonize: no
  use-syslog: no
  logfile: "@DIR@/unbound.log"
  log-queries: yes
  log-time-ascii: no
  chroot: ""
  username: ""
  directory: "@DIR@"
  pidfile: ""
  do-ip6: no
  do-not-query-localhost: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  local-zone: "." @ZONE@
  unblock-lan-zones: yes
@RECORDS@
remote-control:
  control-enable: no
@SIGNED@
'''

SIGNED = '''
auth-zone:
  name: "signed.example"
  zonefile: "@DIR@/signed.example.signed"
  for-downstream: yes
  for-upstream: yes
  fallback-enabled: no
'''

ZONE = '''$ORIGIN signed.example.
$TTL 3600
@ SOA ns hostmaster 1 3600 600 86400 3600
@ NS ns
@ MX 10 mx
ns A 192.0.2.53
mx A 192.0.2.25
'''


class Resolver:

    def __init__(self, records=(), lie=None):
        self.dir = tempfile.mkdtemp(prefix='bounce-resolver.')
        self.port, = harness.free_ports(1)
        self.address = f'127.0.0.1@{self.port}'
        self.key = f'{self.dir}/keys'
        self.lie = lie
        self.process = None
        self.sign()
        self.set(records)

    def run(self, *args):
        return subprocess.run(args, cwd=self.dir, check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def sign(self):
        pathlib.Path(self.dir, 'signed.example').write_text(ZONE)
        name = self.run('ldns-keygen', '-a', 'ECDSAP256SHA256', '-k',
                        'signed.example').strip()
        self.run('ldns-signzone', 'signed.example', name)
        key = pathlib.Path(self.dir, name + '.key').read_text()
        pathlib.Path(self.key).write_text(
            key + key.replace('signed.example.', 'broken.example.'))

    def set(self, records):
        self.stop()
        records = [] if self.lie else records
        text = ''.join("  local-data: '%s'\n" % record.replace("'", "\\'")
                       for record in records)
        if self.lie:
            text += f"  local-data: '. A {self.lie}'\n"
        else:
            text += '  local-zone: "signed.example." always_transparent\n'
        conf = CONF
        for name, value in (('ZONE', 'redirect' if self.lie else 'static'),
                            ('RECORDS', text),
                            ('SIGNED', '' if self.lie else SIGNED),
                            ('PORT', str(self.port)), ('DIR', self.dir)):
            conf = conf.replace(f'@{name}@', value)
        path = pathlib.Path(self.dir, 'unbound.conf')
        path.write_text(conf)
        self.process = subprocess.Popen(
            ['/usr/sbin/unbound', '-d', '-c', str(path)],
            stdin=subprocess.DEVNULL, start_new_session=True)
        harness.wait_for_port(self, 'unbound does not run')

    def log(self):
        path = pathlib.Path(self.dir, 'unbound.log')
        return path.read_text() if path.exists() else ''

    def asked(self, name):
        return sum(f' {name}. ' in line for line in self.log().splitlines())

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(20 * harness.SLOW)
        self.process = None

    def close(self):
        self.stop()
        if os.environ.get('BOUNCE_KEEP'):
            print('kept:', self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
