"""A private Exim on loopback, unpacked beside Postfix (tests/run/unpack-beside). Users
log in with any password "pass"; what it takes goes to an SMTP server of the test's.

    mta = exim.Exim(remote_port, acl)     # acl: lines for the ACL of RCPT
    mta = exim.Exim(remote_port, '', lmtp_port)     # example.org lies in Dovecot,
                                            # but for team@, who is gone@example.net
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

import harness

BESIDE = '/var/cache/dovecot-bounce/beside'
BINARY = f'{BESIDE}/usr/sbin/exim4'

CONF = '''
exim_path = @BINARY@
never_users =
spool_directory = @DIR@/spool
log_file_path = @DIR@/%slog
pid_file_path = @DIR@/exim.pid
primary_hostname = mx.example.org
local_interfaces = 127.0.0.1
daemon_smtp_ports = @PORT@ : @PORT2@
hosts_treat_as_local = 127.0.0.1
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
disable_ipv6 = true
keep_environment =
strict_acl_vars = true
acl_smtp_connect = acl_check_connect
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = acl_check_data

begin acl
acl_check_connect:
  warn  set acl_c_bounce_down =
  accept
acl_check_rcpt:
@ACL@
  accept authenticated = *
  deny
acl_check_data:
@DATA@
  accept

begin routers
alias:
  driver = redirect
  domains = example.org
  local_parts = team
  data = gone@example.net
@ROUTERS@
ours:
  driver = manualroute
  domains = @OURS@
  route_list = * 127.0.0.1
  self = send
  transport = dovecot
all:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = world

begin transports
world:
  driver = smtp
  port = @REMOTE@
  hosts_try_fastopen =
@TRANSPORTS@
dovecot:
  driver = smtp
  protocol = lmtp
  port = @LMTP@
  hosts_try_fastopen =

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{pass}}
  server_set_id = $auth2
  server_advertise_condition = yes
'''


class Exim:

    def __init__(self, remote_port, acl, lmtp_port=None, owner='postfix', data='',
                 routers='', transports=''):
        """data: lines for the ACL of DATA. owner: of its files, as whom it runs; it is
        called Debian-exim where that is nobody's number. routers, transports: more of
        them, asked first. @PORT2@ in either is another port (self.port2)."""
        if not os.path.exists(BINARY):
            raise AssertionError(f'{BINARY} is missing: run ./bootstrap check')
        self.dir = tempfile.mkdtemp(prefix='bounce-exim.')
        os.chmod(self.dir, 0o755)
        self.port, self.port2 = harness.free_ports(2)
        self.process = None
        text = CONF
        for key, value in {'ROUTERS': routers, 'TRANSPORTS': transports,
                           'ACL': acl, 'DATA': data, 'BINARY': BINARY, 'DIR': self.dir,
                           'PORT': self.port, 'PORT2': self.port2,
                           'REMOTE': remote_port,
                           'OURS': 'example.org' if lmtp_port else '',
                           'LMTP': lmtp_port or 24}.items():
            text = text.replace(f'@{key}@', str(value))
        path = pathlib.Path(self.dir, 'exim.conf')
        path.write_text(text)
        path.chmod(0o644)
        os.mkdir(f'{self.dir}/spool')
        for name in ('', '/spool'):
            shutil.chown(self.dir + name, owner, owner)

    def start(self):
        # Debian's Exim wants a user of its own, whom only its installation makes
        for name, line in (('passwd', 'Debian-exim:x:{0}:{1}::/:/bin/false\n'),
                           ('group', 'Debian-exim:x:{1}:\n')):
            owner = os.stat(f'{self.dir}/spool')
            pathlib.Path(self.dir, name).write_text(
                pathlib.Path('/etc', name).read_text() +
                line.format(owner.st_uid, owner.st_gid))
        # and libraries that are not installed; Exim gives its children no
        # environment
        folders = glob.glob(f'{BESIDE}/usr/lib/*-linux-gnu*')
        conf = pathlib.Path(self.dir, 'ld.so.conf')
        conf.write_text('include /etc/ld.so.conf\n' + '\n'.join(folders) + '\n')
        subprocess.run(['ldconfig', '-X', '-f', conf, '-C',
                        f'{self.dir}/ld.so.cache'], check=True,
                       stderr=subprocess.DEVNULL)
        with open(f'{self.dir}/start.out', 'ab') as out:
            self.process = subprocess.Popen(
                ['unshare', '--mount', 'sh', '-c',
                 'mount --bind "$1/passwd" /etc/passwd && '
                 'mount --bind "$1/group" /etc/group && '
                 'mount --bind "$1/ld.so.cache" /etc/ld.so.cache && '
                 'exec "$2" -C "$1/exim.conf" -bdf -q1m',
                 'exim', self.dir, BINARY],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
        harness.wait_for_port(self, 'Exim did not start')

    def log(self):
        return ''.join(path.read_text(errors='replace')
                       for name in ('start.out', 'mainlog', 'paniclog')
                       if (path := pathlib.Path(self.dir, name)).exists())

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
