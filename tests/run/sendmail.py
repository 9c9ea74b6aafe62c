"""A private sendmail on loopback, unpacked beside Postfix (tests/run/unpack-beside).
What is for example.org goes to Dovecot by LMTP, all else to an SMTP server of the
test's.

    mta = sendmail.Sendmail(remote_port, lmtp_port)     # not started yet
    mta.start(); mta.port; mta.log(); mta.close()
"""

import contextlib
import glob
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import exim
import harness

BINARY = f'{exim.BESIDE}/usr/libexec/sendmail/sendmail'
# Debian 12's is there; later ones' where it always was
if not os.path.exists(BINARY):
    BINARY = f'{exim.BESIDE}/usr/lib/sm.bin/sendmail'
CF = f'{exim.BESIDE}/usr/share/sendmail/cf'

CONF = '''divert(-1)
define(`_CF_DIR_', `@CF@/')
include(`@CF@/m4/cf.m4')
divert(0)
VERSIONID(`test')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `mx.example.org')
define(`confSERVICE_SWITCH_FILE', `@DIR@/switch')
define(`confPID_FILE', `@DIR@/sendmail.pid')
define(`confTO_IDENT', `0')
define(`QUEUE_DIR', `@DIR@/queue')
define(`STATUS_FILE', `@DIR@/statistics')
define(`ALIAS_FILE', `')
define(`confTRUSTED_USER', `root')
FEATURE(`no_default_msa')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`relay_entire_domain')
FEATURE(`always_add_domain')
DAEMON_OPTIONS(`Name=MTA, Port=@PORT@, Addr=127.0.0.1')
MAILER(`local')
MAILER(`smtp')
MAILER_DEFINITIONS
@MAILER@
Mworld, P=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP,
 E=\\r\\n, L=990, T=DNS/RFC822/SMTP, A=TCP [127.0.0.1] @REMOTE@
LOCAL_RULE_0
R$+ < @ example.org $* > $*	$#dovecot $@ [127.0.0.1] $: $1 < @ example.org > $3
R$+ < @ $+ > $*		$#world $@ [127.0.0.1] $: $1 < @ $2 > $3
'''
LMTP = '''\
Mdovecot, P=[IPC], F=mDFMuXzn, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP,
 E=\\r\\n, L=990, T=DNS/RFC822/SMTP, A=TCP [127.0.0.1] @LMTP@'''
LDA = '''\
Mdovecot, P=/usr/bin/env, F=lsDFMPhnu9, S=EnvFromL/HdrFromL,
 R=EnvToL/HdrToL, U=@UID@:@UID@, T=DNS/RFC822/X-Unix, A=env @LDA@'''
# In a mount namespace of its own, with a name of its own.
START = '''set -e
mount --bind "$1/hosts" /etc/hosts
hostname mx.example.org
exec env LD_LIBRARY_PATH="$3" "$2" -bD -C "$1/sendmail.cf" -q1m \\
	-X "$1/dialogue"
'''


class Sendmail:

    def __init__(self, remote_port, lmtp_port, lda=None):
        """lda: arguments of env(1) that deliver, instead of LMTP."""
        if not os.path.exists(BINARY):
            raise AssertionError(f'{BINARY} is missing: run ./bootstrap check')
        self.dir = tempfile.mkdtemp(prefix='bounce-sendmail.')
        os.chmod(self.dir, 0o755)
        self.port, = harness.free_ports(1)
        self.process = None
        text = CONF
        for key, value in {'MAILER': LDA if lda else LMTP, 'LDA': lda,
                           'UID': harness.MAIL_UID, 'CF': CF, 'DIR': self.dir,
                           'PORT': self.port, 'LMTP': lmtp_port,
                           'REMOTE': remote_port}.items():
            text = text.replace(f'@{key}@', str(value))
        pathlib.Path(self.dir, 'sendmail.mc').write_text(text)
        pathlib.Path(self.dir, 'switch').write_text('hosts files\naliases files\n')
        pathlib.Path(self.dir, 'hosts').write_text(
            '127.0.0.1 localhost\n127.0.0.2 mx.example.org mx\n')
        os.mkdir(f'{self.dir}/queue', 0o700)
        with open(f'{self.dir}/sendmail.cf', 'w', encoding='ascii') as out:
            subprocess.run(['m4', f'{self.dir}/sendmail.mc'], stdout=out, check=True)

    def start(self):
        # without the group that it is given when it runs, it looks where it is told
        binary = f'{self.dir}/sendmail'
        shutil.copyfile(BINARY, binary)
        os.chmod(binary, 0o755)
        folders = ':'.join(glob.glob(f'{exim.BESIDE}/usr/lib/*-linux-gnu*') +
                           glob.glob(f'{exim.BESIDE}/lib/*-linux-gnu*'))
        with open(f'{self.dir}/log', 'ab') as out:
            self.process = subprocess.Popen(
                ['unshare', '--mount', '--uts', 'sh', '-c', START, 'sendmail',
                 self.dir, binary, folders], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, start_new_session=True)
        harness.wait_for_port(self, 'sendmail did not start')

    def log(self):
        return ''.join(path.read_text(errors='replace') for name in ('log', 'dialogue')
                       if (path := pathlib.Path(self.dir, name)).exists())

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
