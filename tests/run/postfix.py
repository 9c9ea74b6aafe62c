"""A private Postfix on loopback: the relay behind dovecot-submissiond, whose own
reports come back through LMTP. Everything is in a folder of its own.

    relay = postfix.Postfix(lmtp_port, remote_port)    # not started yet
    relay.start(); relay.port; relay.log(); relay.close()

Mail to example.org goes to Dovecot's LMTP, all other to remote_port: an SMTP
server of the test's own (harness.Relay) that takes or refuses recipients. To
final.example Postfix delivers by itself, and can say so: to all others it only
relays.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import harness

DAEMONS = '/usr/lib/postfix/sbin'

MAIN = '''
compatibility_level = 3.6
queue_directory = @DIR@/queue
data_directory = @DIR@/data
command_directory = /usr/sbin
daemon_directory = @DAEMONS@
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.org
mydomain = example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
transport_maps = inline:{ example.org=lmtp:inet:[127.0.0.1]:@LMTP@,
  final.example=discard: }
default_transport = smtp:[127.0.0.1]:@REMOTE@
relay_domains = example.org
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = none
local_recipient_maps =
alias_maps =
alias_database =
virtual_alias_maps = inline:{ team@example.org=gone@example.net }
smtp_connection_cache_on_demand = no
maillog_file = @DIR@/postfix.log
maillog_file_prefixes = @DIR@
bounce_queue_lifetime = 1d
minimal_backoff_time = 1h
notify_classes =
'''

MASTER = '''
127.0.0.1:@PORT@ inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
'''


def replace(defaults, more):
    """The settings of both, each once: each program of Postfix warns of one that is
    there twice, and the one that writes the log may wait for itself."""
    setting = r'(?m)^(\w+) *=.*\n(?:[ \t]+.*\n)*'
    names = set(re.findall(setting, more))
    return re.sub(setting, lambda found: '' if found.group(1) in names else
                  found.group(), defaults) + more


class Postfix:

    def __init__(self, lmtp_port, remote_port, main='', master='', users=(),
                 hosts=''):
        """main, master: more lines of main.cf and master.cf; @DIR@ is the folder,
        @PORT2@ another port (self.port2). users: (name, number) that it knows
        besides the machine's. hosts: lines of /etc/hosts, by which it knows its
        clients' names."""
        self.dir = tempfile.mkdtemp(prefix='bounce-postfix.')
        os.chmod(self.dir, 0o755)
        self.port, self.port2 = harness.free_ports(2)
        self.process = None
        values = {'DIR': self.dir, 'DAEMONS': DAEMONS, 'PORT': self.port,
                  'PORT2': self.port2, 'LMTP': lmtp_port, 'REMOTE': remote_port}
        for name, text in (('main.cf', replace(MAIN, main)),
                           ('master.cf', MASTER + master)):
            for key, value in values.items():
                text = text.replace(f'@{key}@', str(value))
            path = pathlib.Path(self.dir, name)
            path.write_text(text)
            # Postfix waits until a file is two seconds old: somebody may write it
            os.utime(path, (0, 0))
        pathlib.Path(self.dir, 'passwd').write_text(
            pathlib.Path('/etc/passwd').read_text() + ''.join(
                f'{name}:x:{uid}:{uid}::/:/bin/false\n' for name, uid in users))
        pathlib.Path(self.dir, 'hosts').write_text(
            pathlib.Path('/etc/hosts').read_text() + hosts)
        for name in ('queue', 'data'):
            os.mkdir(f'{self.dir}/{name}')
        shutil.chown(f'{self.dir}/data', 'postfix', 'postfix')
        # Postfix 3.11 of Debian unstable has it in /usr/share
        shutil.copy(next(folder + '/postfix-files'
                         for folder in ('/etc/postfix', '/usr/share/postfix')
                         if os.path.exists(folder + '/postfix-files')), self.dir)

    def start(self):
        """The queue's folders are made by Postfix's own check."""
        out = open(f'{self.dir}/start.out', 'ab')
        subprocess.run(['postfix', '-c', self.dir, 'check'], stdout=out,
                       stderr=out, stdin=subprocess.DEVNULL, check=False)
        self.process = subprocess.Popen(
            ['unshare', '--mount', 'sh', '-c',
             'mount --bind "$1/passwd" /etc/passwd && '
             'mount --bind "$1/hosts" /etc/hosts && exec "$2" -c "$1" -d',
             'postfix', self.dir, f'{DAEMONS}/master'],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True, env={**os.environ, 'MAIL_CONFIG': self.dir})
        out.close()
        harness.wait_for_port(self, 'Postfix did not start')

    def log(self):
        text = ''
        for name in ('start.out', 'postfix.log'):
            path = pathlib.Path(self.dir, name)
            text += path.read_text(errors='replace') if path.exists() else ''
        return text

    def wait_log(self, pattern, seconds=20):
        """Until the log has it: its lines come after the client has its answer."""
        deadline = time.monotonic() + seconds * harness.SLOW
        while not re.search(pattern, self.log()):
            if time.monotonic() > deadline:
                raise AssertionError(f'no {pattern} in:\n{self.log()}')
            time.sleep(0.05)

    def close(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
