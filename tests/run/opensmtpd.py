"""A private OpenSMTPD on loopback, unpacked beside Postfix (tests/run/unpack-beside).
What is for example.org goes to Dovecot by LMTP, all else to an SMTP server of the
test's.

    mta = opensmtpd.OpenSmtpd(remote_port, lmtp_port)
    mta.start(); mta.port; mta.log(); mta.close()
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import exim
import harness

BINARY = f'{exim.BESIDE}/usr/sbin/smtpd'

# It would wait between two connections to one host.
QUICK = '''
mta limit conn-delay-route 0
mta limit conn-delay-relay 0
mta limit reconn-delay-route 0
'''
CONF = QUICK + '''
listen on 127.0.0.1 port @PORT@ hostname mx.example.org
action "dovecot" relay host "lmtp://127.0.0.1:@LMTP@"
action "world" relay host "smtp://127.0.0.1:@REMOTE@"
match from any for domain "example.org" action "dovecot"
match from any for any action "world"
'''
# What comes from outside goes through the filter, what is made here does not.
FILTERED = QUICK + '''
listen on 127.0.0.1 port @PORT@ hostname mx.example.org
listen on 127.0.0.1 port @PORT2@ hostname mx.example.org tag FILTERED
action "dovecot" mda "@LDA@" user bouncevmail virtual { "@" = bouncevmail }
action "world" relay host "smtp://127.0.0.1:@REMOTE@"
action "filter" relay host "smtp://127.0.0.1:@FILTER@"
match from socket for domain "example.org" action "dovecot"
match tag FILTERED from any for domain "example.org" action "dovecot"
match tag FILTERED from any for any action "world"
match from any for any action "filter"
'''
# In a mount namespace of its own: its files in their places, its users, its spool.
START = '''set -e
mount -t overlay overlay -o "lowerdir=$2/usr:/usr" /usr
mount --bind "$1/passwd" /etc/passwd
mount --bind "$1/group" /etc/group
mount -t tmpfs -o mode=0755 tmpfs /var/spool
mount -t tmpfs -o mode=0755 tmpfs /var/lib
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -p /var/lib/opensmtpd/empty
mkdir -m 0711 /var/spool/smtpd
hostname mx.example.org
exec smtpd -d -f "$1/smtpd.conf"
'''


class OpenSmtpd:

    def __init__(self, remote_port, lmtp_port, filter_port=None, lda=None):
        """filter_port, lda: what comes from outside goes there and is to come back to
        self.port2; and the command that delivers, instead of LMTP."""
        if not os.path.exists(BINARY):
            raise AssertionError(f'{BINARY} is missing: run ./bootstrap check')
        self.dir = tempfile.mkdtemp(prefix='bounce-opensmtpd.')
        os.chmod(self.dir, 0o755)
        self.port, self.port2 = harness.free_ports(2)
        self.process = None
        text = FILTERED if filter_port else CONF
        for key, value in {'PORT': self.port, 'PORT2': self.port2, 'LMTP': lmtp_port,
                           'REMOTE': remote_port, 'FILTER': filter_port,
                           'LDA': lda}.items():
            text = text.replace(f'@{key}@', str(value))
        pathlib.Path(self.dir, 'smtpd.conf').write_text(text)
        # nobody's numbers
        for name, line in (('passwd', '{0}:x:{1}:{1}::/var/lib/opensmtpd/empty:'
                            '/bin/false\n'), ('group', '{0}:x:{1}:\n')):
            pathlib.Path(self.dir, name).write_text(
                pathlib.Path('/etc', name).read_text() +
                line.format('opensmtpd', 4996) + line.format('opensmtpq', 4997) +
                line.format('bouncevmail', harness.MAIL_UID))

    def start(self):
        with open(f'{self.dir}/log', 'ab') as out:
            self.process = subprocess.Popen(
                ['unshare', '--mount', '--uts', 'sh', '-c', START, 'opensmtpd', self.dir,
                 exim.BESIDE], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        harness.wait_for_port(self, 'OpenSMTPD did not start')

    def log(self):
        return pathlib.Path(self.dir, 'log').read_text(errors='replace')

    def close(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
