"""A private Dovecot (2.3 or 2.4) for tests.

How to write a test: tests/run/test_NAME.py, stdlib unittest only.

    import harness

    class Filing(harness.TestCase):
        settings = {'bounce_mailbox': 'Bounces'}   # ours, the same on 2.3 and 2.4
        users = {'alice': {}, 'bob': {'bounce_record': 'no'}}   # userdb fields

        def test_filed(self):
            self.lmtp('alice', harness.dsn('bob@example.net'), sender='')
            self.assertEqual(self.messages('alice', 'Bounces'), 1)
            self.assertEqual(self.doveadm_json('bounce', 'list', '-u', 'alice')[0]
                             ['address'], 'bob@example.net')

One server per class, started before its first test and stopped after its last.
A test that wants an untouched user takes one:  user = self.new_user()  or
self.new_user(bounce_threshold='5')  (userdb fields).

Run one:      tests/run/in-namespace tests/run/run-tests [test_NAME[.Class[.test]]]...
On Debian 13: tests/run/in-root trixie tests/run/run-tests [...]

What a class may set (all optional):

    users         {name: {userdb field: value}}; password "pass"; default alice, bob
    bounce        False: our mail plugin is not loaded
    plugins       more mail plugins, for every process (not in conf: on 2.3 the first
                  mail_plugins line must hold them)
    sieve         False: Pigeonhole is not loaded
    sieve_bounce  our Sieve extension: True, False, None = if it is installed
    settings      our settings; booleans and numbers as strings; Setting names of
                  2.3 and 2.4 that differ go to conf23 / conf24
    dict23/dict24 the dictionary: a URI for bounce_dict on 2.3; the lines within
                  "bounce { ... }" on 2.4. @DIR@ etc. are filled in, see below
    conf          more lines for dovecot.conf, both versions; conf23, conf24: one
                  version only. @DIR@, @USER@, @LMTP@, @IMAP@ ... stand for the
                  temporary folder (0755), the mail user id, the ports
    relay         True: submission relays to self.relay, an SMTP sink (class Relay)
    environment   {name: value} for every process of Dovecot; @DIR@ is filled in
    services      extra protocols beyond imap lmtp submission sieve
    under_valgrind  True: run-tests runs this class under BOUNCE_VALGRIND, too; names:
                  of its tests only these (ten times slower: one for each way
                  into our code)
    spare_users   how many users new_user() has ready (40); doveadm -A sees them
                  too, so a test of -A sets 0

What a test finds in self (and self.server):

    version       (2, 3) or (2, 4)          dir   the temporary folder
    ports         {'imap','lmtp','submission','sieve'}: on 127.0.0.1
    lmtp(to, message, sender='', rcpt_options=()) -> (code, text) or AssertionError
    lda(user, message, sender='', args=()) -> subprocess.CompletedProcess
    doveadm(*args, check=True, stdin=None, stderr=PIPE) -> CompletedProcess (text)
    doveadm_json(*args) -> the parsed output of doveadm -f json
    imap(user) -> imaplib.IMAP4, logged in; closed by itself
    managesieve(user) -> ManageSieve, logged in; .command('PUTSCRIPT ...')
    submission(user) -> smtplib.SMTP, logged in
    messages(user, mailbox) -> number;  mailboxes(user) -> list
    fetch(user, mailbox) -> [(flags, bytes)] of all messages; our notices are not
                  among them, in either; fetch(..., notices=True): these alone
    metadata(user, entry='') -> {name: record}, read through IMAP METADATA
    put_script(user, text): the user's active Sieve script, as a file
    log(pattern=None): the log's lines since the test began, matching
    count_log(pattern, wanted): so many match, once they have come
    expect_log(pattern): this warning or error is wanted; the test fails if it
                  does not come. Every other Error, Panic, Fatal or Warning line
                  fails the test.
    reload() / restart(): after self.server.write_conf(...) or a killed process

Without a server: harness.program('bounce-classify') is the path of a program of
the build tree, harness.SAMPLES the folder of sample mails, harness.dsn() makes
a report.

Under valgrind or with sanitizers (environment variables):

    BOUNCE_VALGRIND=1    lmtp, imap, lda, doveadm, submission, managesieve run under
                         valgrind; a report in one of them fails the test
    BOUNCE_ASAN=1        the modules were built with --enable-sanitizers: libasan is
                         preloaded into every process; a report fails the test
    BOUNCE_KEEP=1        keep the temporary folder and say where it is
"""

import contextlib
import email.utils
import glob
import imaplib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get('BOUNCE_BUILD', SOURCE))
SAMPLES = SOURCE / 'tests' / 'samples'
MODULES = pathlib.Path('/usr/lib/dovecot/modules')
LIBEXEC = pathlib.Path('/usr/lib/dovecot')
VALGRIND = bool(os.environ.get('BOUNCE_VALGRIND'))
ASAN = bool(os.environ.get('BOUNCE_ASAN'))
SLOW = 10 if VALGRIND else 3 if ASAN else 1     # factor for timeouts
MAIL_UID = 5000                                 # needs no passwd entry

PLUGIN = MODULES / 'lib95_bounce_plugin.so'
SIEVE_PLUGIN = MODULES / 'sieve' / 'lib90_sieve_bounce_plugin.so'


def dovecot_version():
    """(2, 3) or (2, 4)."""
    text = subprocess.run(['dovecot', '--version'], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    major, minor = re.match(r'(\d+)\.(\d+)', text).groups()
    return int(major), int(minor)


VERSION = dovecot_version() if shutil.which('dovecot') else (0, 0)


def program(name):
    """The path of a program of the build tree (tests run before installing)."""
    path = BUILD / 'src' / name
    if path.exists():
        return str(path)
    raise AssertionError(f'{path} is not built')


def wait_for_port(daemon, error, seconds=20):
    """Until something listens on daemon.port; AssertionError with daemon.log() if
    daemon.process ends before."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        try:
            socket.create_connection(('127.0.0.1', daemon.port)).close()
            return
        except OSError:
            time.sleep(0.02)
        if daemon.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f'{error}:\n{daemon.log()}')


def free_ports(count):
    """Ports nobody listens on now, on 127.0.0.1; none that the kernel gives to a
    client meanwhile."""
    ports = []
    while len(ports) < count:
        port = random.randrange(10240, 32768)
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(('127.0.0.1', port))
            if port not in ports:
                ports.append(port)
    return ports


# -- sample messages ---------------------------------------------------------

def dsn(recipient, status='5.1.1', diagnostic=None, action='failed',
        user='alice@example.org', message_id=None, original_id=None,
        reporting_mta='mx.example.org', trace=True):
    """A plain RFC 3464 report (bytes) to user about mail to recipient. Several
    recipients: a list. trace: the returned mail bears our site's Received."""
    recipients = [recipient] if isinstance(recipient, str) else recipient
    code = '550' if status.startswith('5') else '450'
    boundary = 'b1_%d' % time.monotonic_ns()
    message_id = message_id or email.utils.make_msgid(domain=reporting_mta)
    original_id = original_id or email.utils.make_msgid(domain='example.org')
    text = diagnostic or f'{code} {status} No such user here'
    groups = '\n'.join(f'''Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; {text}
''' for address in recipients)
    received = ('Received: from client.example.org by mx.example.org with ESMTPSA;'
                ' Mon, 1 Sep 2025 10:00:00 +0000\n') if trace else ''
    said = '\n'.join(f'<{address}>: host mx.example.net said: {text}'
                     for address in recipients)
    return f'''From: MAILER-DAEMON@{reporting_mta} (Mail Delivery System)
To: {user}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 1 Sep 2025 10:00:10 +0000
Message-ID: {message_id}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

{said}

--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; {reporting_mta}
Arrival-Date: Mon, 1 Sep 2025 10:00:00 +0000

{groups}
--{boundary}
Content-Type: message/rfc822

{received}From: {user}
To: {', '.join(recipients)}
Subject: Lunch
Date: Mon, 1 Sep 2025 10:00:00 +0000
Message-ID: {original_id}

Shall we?
--{boundary}--
'''.replace('\n', '\r\n').encode()


def made_here(message, host='mx.example.org'):
    """As our own MTA hands over what it made itself; what bears a trace already
    is left as it is."""
    # as it lay in a mailbox: Dovecot will write its line anew
    message = re.sub(rb'(?i)^(Return-Path: <>\r?\n)?Received: from \S+ by \S+ with '
                     rb'LMTP\r?\n.*\r?\n', b'', as_bytes(message))
    head = re.split(rb'\r?\n\r?\n', message, maxsplit=1)[0]
    if re.search(rb'(?mi)^Received:', head):
        return message
    return (f'Received: by {host} (Postfix)\r\n\tid 4bTEST; Mon, 1 Sep 2025 '
            '10:00:10 +0000\r\n').encode() + message


def stored(message):
    """The same as it lies in a mailbox, delivered by LMTP."""
    return (b'Return-Path: <>\r\nReceived: from mx.example.org\r\n\tby mx.example.org '
            b'with LMTP\r\n\tid 1; Mon, 1 Sep 2025 10:00:11 +0000\r\n' +
            made_here(message))


def mail(subject='Hello', sender='carol@example.net', to='alice@example.org',
         body='Just a mail.\n'):
    """An ordinary mail (bytes)."""
    return f'''From: {sender}
To: {to}
Subject: {subject}
Date: {email.utils.formatdate()}
Message-ID: {email.utils.make_msgid(domain='example.net')}

{body}'''.replace('\n', '\r\n').encode()


def as_bytes(message):
    """str, bytes, a path or an email.message -> bytes."""
    if isinstance(message, os.PathLike):
        return pathlib.Path(message).read_bytes()
    if isinstance(message, str):
        return message.encode('utf-8', 'surrogateescape')
    return message if isinstance(message, bytes) else message.as_bytes()


# -- configuration -----------------------------------------------------------

BASE_23 = '''
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log/dovecot.log
protocols = @PROTOCOLS@
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
default_vsz_limit = @MEMORY@
default_client_limit = 1000
default_process_limit = 20
first_valid_uid = 1
mail_location = maildir:~/Maildir
lda_mailbox_autocreate = yes
lda_mailbox_autosubscribe = yes
recipient_delimiter = +
hostname = mx.example.org
postmaster_address = postmaster@example.org
import_environment = TZ CORE_OUTOFMEM CORE_ERROR @ENVIRONMENT@
passdb {
  driver = passwd-file
  args = @DIR@/passwd
}
userdb {
  driver = passwd-file
  args = @DIR@/passwd
}
'''

BASE_24 = '''dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log/dovecot.log
protocols {
@PROTOCOLS@
}
listen = 127.0.0.1
ssl = no
auth_allow_cleartext = yes
auth_mechanisms = plain
default_vsz_limit = @MEMORY@
default_client_limit = 1000
default_process_limit = 20
first_valid_uid = 1
mail_driver = maildir
mail_path = ~/Maildir
lda_mailbox_autocreate = yes
lda_mailbox_autosubscribe = yes
recipient_delimiter = +
hostname = mx.example.org
postmaster_address = postmaster@example.org
import_environment {
@ENVIRONMENT@
}
passdb passwd-file {
  passwd_file_path = @DIR@/passwd
}
userdb passwd-file {
  passwd_file_path = @DIR@/passwd
}
'''

# Word for word the same on both.
SERVICES = '''
auth_username_format = @LOWER@
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \\Sent
    auto = subscribe
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = @IMAP@
  }
  inet_listener imaps {
    port = 0
  }
}
service lmtp {
  unix_listener lmtp {
    mode = 0666
  }
  inet_listener lmtp {
    @ADDRESS@ = 127.0.0.1
    port = @LMTP@
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
}
service dict {
  unix_listener dict {
    mode = 0666
  }
}
'''

SUBMISSION = '''
service submission-login {
  chroot =
  inet_listener submission {
    port = @SUBMISSION@
  }
  inet_listener submissions {
    port = 0
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = @RELAY@
'''

MANAGESIEVE = '''
service managesieve-login {
  chroot =
  inet_listener sieve {
    port = @SIEVE@
  }
}
'''

SIEVE_23 = '''
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
'''

SIEVE_24 = '''
sieve_script personal {
  path = ~/sieve
  active_path = ~/.dovecot.sieve
}
'''


class Config:
    """dovecot.conf from one description; the only place that knows how 2.3
    and 2.4 differ."""

    def __init__(self, case):
        self.case = case
        self.new = VERSION >= (2, 4)

    def plugins(self, scope, names):
        if not names:
            return ''
        if self.new:
            lines = ''.join(f'  {name} = yes\n' for name in names)
            text = 'mail_plugins {\n%s}\n' % lines
        elif scope:
            text = 'mail_plugins = $mail_plugins %s\n' % ' '.join(names)
        else:
            text = 'mail_plugins = %s\n' % ' '.join(names)
        if not scope:
            return text
        return 'protocol %s {\n%s}\n' % (scope, text)

    def ours(self):
        """Our own settings: plugin {} on 2.3, at the top on 2.4."""
        case = self.case
        # harness.dsn() returns what a user submitted, in his own name
        settings = {'bounce_sender_checked': 'yes',
                    'bounce_authserv': 'mx.example.org', **case.settings}
        text = ''
        if self.new:
            text = ''.join(f'{k} = {v}\n' for k, v in settings.items())
            if case.dict24:
                text += 'bounce {\n%s\n}\n' % case.dict24
            return text
        if case.dict23:
            settings['bounce_dict'] = case.dict23
        for key, value in settings.items():
            text += f'  {key} = {value}\n'
        return 'plugin {\n%s}\n' % text if text else ''

    def sieve(self):
        if not self.case.sieve:
            return ''
        text = MANAGESIEVE + (SIEVE_24 if self.new else SIEVE_23)
        text += self.plugins('lmtp', ['sieve']) + self.plugins('lda', ['sieve'])
        if self.case.loads_sieve_bounce():
            text += ('sieve_plugins {\n  sieve_bounce = yes\n}\n'
                     'sieve_extensions {\n  vnd.dovecot-bounce = yes\n}\n'
                     if self.new else
                     'plugin {\n  sieve_plugins = sieve_bounce\n'
                     '  sieve_extensions = +vnd.dovecot-bounce\n}\n')
        return text

    def valgrind(self, wrapper):
        """Each service that loads us, under valgrind."""
        text = ''
        for name in ('lmtp', 'imap', 'submission', 'managesieve', 'doveadm'):
            binary = 'doveadm-server' if name == 'doveadm' else name
            if (LIBEXEC / binary).exists():
                text += (f'service {name} {{\n  executable = {wrapper} '
                         f'{LIBEXEC / binary}\n}}\n')
        if 'service bounce-policy' in self.case.conf:
            text += (f'service bounce-policy {{\n  executable = {wrapper} '
                     f'{LIBEXEC / "bounce-policy"} -p postfix\n}}\n')
        return text

    @staticmethod
    def without_asan():
        """The dict server loads nothing of ours. 2.3's crashes while PostgreSQL
        is down; within ASan's handler it may hang then, and the master with it."""
        return ('service dict {\n  executable = /usr/bin/env -u LD_PRELOAD '
                f'{LIBEXEC / "dict"}\n}}\n')

    def text(self, server):
        case = self.case
        environment = sorted(server.environment())
        protocols = ['imap', 'lmtp', 'submission']
        protocols += ['sieve'] if case.sieve else []
        protocols += list(case.services)
        conf = BASE_24 if self.new else BASE_23
        conf += SERVICES + SUBMISSION
        conf += self.plugins('', [*case.plugins] + ['bounce'] * case.bounce)
        conf += self.sieve() + (self.ours() if case.bounce else '')
        if ASAN:
            conf += self.without_asan()
        conf += case.conf + '\n' + (case.conf24 if self.new else case.conf23)
        if VALGRIND:
            conf += self.valgrind(server.wrapper())
        if self.new:
            protocols = ''.join(f'  {name} = yes\n' for name in protocols)
            environment = ''.join(f'  {k} = {v}\n' for k, v in
                                  server.environment().items())
        else:
            protocols = ' '.join(protocols)
            environment = ' '.join(environment)
        for key, value in {
                'DIR': server.dir, 'PROTOCOLS': protocols,
                'ENVIRONMENT': environment, 'USER': MAIL_UID,
                # ASan reserves 16 TB of addresses
                'MEMORY': '64T' if ASAN else '4G',
                'LOWER': '%{user | lower}' if self.new else '%Lu',
                'ADDRESS': 'listen' if self.new else 'address',
                'IMAP': server.ports['imap'], 'LMTP': server.ports['lmtp'],
                'SUBMISSION': server.ports['submission'],
                'SIEVE': server.ports['sieve'],
                'RELAY': server.relay.port if server.relay else 1}.items():
            conf = conf.replace(f'@{key}@', str(value))
        return conf


# -- servers -----------------------------------------------------------------

def stop_socket(sock):
    """close() alone leaves a thread in accept() or recv(): when a signal starts its call
    anew, it takes what comes to whoever got the descriptor's number."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


class Relay(threading.Thread):
    """An SMTP sink. refuse: {address: "550 5.1.1 text"} answers RCPT;
    refuse_data: an answer to the end of DATA, wait_data: seconds before it;
    delivered: [(sender, [rcpt], bytes)]."""

    def __init__(self):
        super().__init__(daemon=True)
        self.refuse = {}
        self.refuse_data = None
        self.wait_data = 0
        self.delivered = []
        self.sock = socket.create_server(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(conn,), daemon=True).start()

    def close(self):
        stop_socket(self.sock)

    def talk(self, conn):
        # a client that had what it wanted is gone
        with contextlib.suppress(OSError), conn, conn.makefile('rwb') as stream:
            def say(text):
                stream.write(text.encode() + b'\r\n')
                stream.flush()
            sender, rcpts = '', []
            say('220 relay.example.org ESMTP')
            for line in stream:
                line = line.decode('utf-8', 'replace').strip()
                verb = line.split(' ')[0].upper()
                if verb in ('EHLO', 'HELO'):
                    say('250-relay.example.org\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n'
                        '250-PIPELINING\r\n250 ENHANCEDSTATUSCODES')
                elif verb in ('MAIL', 'RCPT'):
                    address = line[line.find('<') + 1:line.rfind('>')]
                    answer = self.refuse.get(address) if verb == 'RCPT' else None
                    if answer is None and verb == 'RCPT':
                        rcpts.append(address)
                    elif verb == 'MAIL':
                        sender, rcpts = address, []
                    say(answer or '250 2.1.0 Ok')
                elif verb == 'DATA':
                    say('354 Go ahead')
                    data = b''
                    for part in stream:
                        if part == b'.\r\n':
                            break
                        data += part[1:] if part.startswith(b'.') else part
                    time.sleep(self.wait_data)
                    if not self.refuse_data:
                        self.delivered.append((sender, rcpts, data))
                    say(self.refuse_data or '250 2.0.0 Queued')
                elif verb == 'QUIT':
                    say('221 2.0.0 Bye')
                    return
                else:
                    say('250 2.0.0 Ok')


class ManageSieve:
    """A small client (RFC 5804)."""

    def __init__(self, port, user, password='pass'):
        self.sock = socket.create_connection(('127.0.0.1', port), 10 * SLOW)
        self.stream = self.sock.makefile('rwb')
        self.greeting = self.response()[1]
        token = ('\0%s\0%s' % (user, password)).encode()
        import base64
        status, text = self.command('AUTHENTICATE "PLAIN" "%s"'
                                    % base64.b64encode(token).decode())
        if status != 'OK':
            raise AssertionError(text)

    def response(self):
        """(OK|NO|BYE, everything that was said)."""
        text = ''
        while True:
            line = self.stream.readline().decode()
            if not line:
                raise AssertionError('ManageSieve hung up after: ' + text)
            literal = re.search(r'\{(\d+)\+?\}\r\n$', line)
            if literal:
                line = line[:literal.start()]
                line += self.stream.read(int(literal.group(1))).decode()
                line += self.stream.readline().decode()
            text += line
            status = re.match(r'(OK|NO|BYE)\b', line)
            if status:
                return status.group(1), text

    def command(self, line):
        self.stream.write(line.encode() + b'\r\n')
        self.stream.flush()
        return self.response()

    def script(self, verb, script, name=None):
        """PUTSCRIPT name script, or CHECKSCRIPT script."""
        data = script.replace('\r\n', '\n').replace('\n', '\r\n').encode()
        self.stream.write(('%s %s{%d+}\r\n' % (
            verb, '"%s" ' % name if name else '', len(data))).encode()
            + data + b'\r\n')
        self.stream.flush()
        return self.response()

    def close(self):
        self.stream.close()
        self.sock.close()


class Server:
    """One private Dovecot in a temporary folder."""

    def __init__(self, case):
        self.case = case
        self.process = None
        self.relay = Relay() if case.relay else None
        self.dir = tempfile.mkdtemp(prefix='bounce-test.')
        os.chmod(self.dir, 0o755)
        for name in ('run', 'state', 'log', 'home'):
            os.mkdir(f'{self.dir}/{name}')
        os.chmod(f'{self.dir}/log', 0o1777)
        self.log_path = f'{self.dir}/log/dovecot.log'
        self.conf_path = f'{self.dir}/dovecot.conf'
        names = ('imap', 'lmtp', 'submission', 'sieve')
        self.ports = dict(zip(names, free_ports(len(names))))
        for name, fields in case.users.items():
            self.add_user(name, **fields)
        for number in range(1, case.spare_users + 1):
            self.add_user(f'user{number}')
        self.write_conf()

    # configuration

    def environment(self):
        """What every Dovecot process gets besides Dovecot's own."""
        # whatever Postfix this machine has: not ours
        env = {'MAIL_CONFIG': self.dir,
               **{name: value.replace('@DIR@', self.dir)
                  for name, value in self.case.environment.items()}}
        if ASAN:
            env['LD_PRELOAD'] = ':'.join(
                subprocess.check_output(['gcc', '-print-file-name=' + lib],
                                        text=True).strip()
                for lib in ('libasan.so', 'libubsan.so'))
            env['ASAN_OPTIONS'] = ('verify_asan_link_order=0:detect_leaks=0:'
                                   f'log_path={self.dir}/log/asan')
            env['UBSAN_OPTIONS'] = ('print_stacktrace=1:'
                                    f'log_path={self.dir}/log/ubsan')
            env['PATH'] = f'{self.doveconf(env)}:{os.environ["PATH"]}'
        if VALGRIND:
            env['GDB'] = '1'        # Dovecot keeps modules mapped: symbols
        return env

    def doveconf(self, env):
        """A folder with a doveconf that has env: our modules start it without any, and
        2.4's loads one of them."""
        folder = pathlib.Path(f'{self.dir}/bin')
        if not folder.exists():
            folder.mkdir()
            words = ' '.join(f"'{name}={value}'" for name, value in env.items())
            script = folder / 'doveconf'
            script.write_text(f'#!/bin/sh\nexec env {words} {shutil.which("doveconf")} "$@"\n')
            script.chmod(0o755)
        return folder

    def wrapper(self):
        """A script that runs its arguments under valgrind."""
        path = pathlib.Path(f'{self.dir}/under-valgrind')
        if path.exists():       # and may be running
            return path
        path.write_text('#!/bin/sh\nexec /usr/bin/valgrind -q --vgdb=no --leak-check=full '
                        '--errors-for-leak-kinds=definite '
                        '--show-leak-kinds=definite --error-exitcode=213 '
                        f'--suppressions={HERE}/valgrind.supp '
                        f'--log-file={self.dir}/log/valgrind.%p "$@"\n')
        path.chmod(0o755)
        return path

    def write_conf(self):
        """(Re)write dovecot.conf from the class attributes."""
        text = Config(self.case).text(self)
        pathlib.Path(self.conf_path).write_text(text)

    def add_user(self, name, password='pass', home=None, **fields):
        """A user, at once usable. fields: userdb fields. Returns the home."""
        if self.process:
            # Dovecot looks at the file at most once in a second of the clock.
            time.sleep(1.02 - time.time() % 1)
        home = home or f'{self.dir}/home/{name}'
        if not os.path.exists(home):
            os.makedirs(home, 0o700)
            os.chown(home, MAIL_UID, MAIL_UID)
        extra = ' '.join(f'userdb_{k}={v}' for k, v in fields.items())
        with open(f'{self.dir}/passwd', 'a', encoding='utf-8',
                  errors='surrogateescape') as out:
            out.write(f'{name}:{{PLAIN}}{password}:{MAIL_UID}:{MAIL_UID}::{home}'
                      f'::{extra}\n')
        return home

    # life

    def start(self):
        env = {**os.environ, **self.environment()}
        with open(f'{self.dir}/log/start.out', 'ab') as out:
            self.process = subprocess.Popen(
                ['dovecot', '-F', '-c', self.conf_path], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env=env, start_new_session=True)
        self.started = time.monotonic()
        deadline = self.started + 20 * SLOW
        while True:
            try:
                for name in ('lmtp', 'imap'):
                    socket.create_connection(
                        ('127.0.0.1', self.ports[name])).close()
                # a tool that looks up a user does not wait for it
                os.stat(f'{self.dir}/run/auth-userdb')
                return
            except OSError:
                time.sleep(0.02)
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = pathlib.Path(f'{self.dir}/log/start.out').read_text()
                self.stop()
                raise AssertionError(f'dovecot did not start:\n{text}'
                                     + ''.join(self.log_lines()))

    def stop(self):
        if self.process and self.process.poll() is None:
            # Stopped within its first moments, Dovecot waits 5 s for children
            # that did not hear the signal.
            time.sleep(max(0, self.started + 0.2 - time.monotonic()))
            self.process.terminate()
            try:
                self.process.wait(20 * SLOW)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
            self.wait_silent()
        self.process = None

    def wait_silent(self):
        """What it had just started may outlive it for a moment, and still listens."""
        deadline = time.monotonic() + 5 * SLOW
        for name in ('lmtp', 'imap'):
            with contextlib.suppress(OSError):
                while time.monotonic() < deadline:
                    socket.create_connection(
                        ('127.0.0.1', self.ports[name])).close()
                    time.sleep(0.02)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.3 * SLOW)

    def close(self):
        self.stop()
        if self.relay:
            self.relay.close()
        if os.environ.get('BOUNCE_KEEP'):
            print('kept:', self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    # the log

    def log_lines(self):
        try:
            with open(self.log_path, encoding='utf-8', errors='replace') as log:
                return log.readlines()
        except FileNotFoundError:
            return []

    def reports(self):
        """What valgrind and the sanitizers wrote: [(file, text)]."""
        found = []
        for pattern in ('valgrind.*', 'asan.*', 'ubsan.*'):
            for path in glob.glob(f'{self.dir}/log/{pattern}'):
                text = pathlib.Path(path).read_text(errors='replace')
                # Not a crash of Dovecot's own with nothing of ours in its
                # stack.
                if text.strip() and (pattern == 'valgrind.*' or
                                     'bounce' in text):
                    found.append((path, text))
        return found


class TestCase(unittest.TestCase):
    """See the top of this file."""

    users = {'alice': {}, 'bob': {}}
    bounce = True
    plugins = ()
    sieve = True
    sieve_bounce = None
    settings = {}
    dict23 = ''
    dict24 = ''
    conf = conf23 = conf24 = ''
    relay = False
    under_valgrind = False
    environment = {}
    services = ()
    spare_users = 40
    version = VERSION
    server = None
    longMessage = True
    maxDiff = None

    @classmethod
    def loads_sieve_bounce(cls):
        if cls.sieve_bounce is None:
            return SIEVE_PLUGIN.exists()
        if cls.sieve_bounce and not SIEVE_PLUGIN.exists():
            raise AssertionError(f'{SIEVE_PLUGIN} is not installed')
        return cls.sieve_bounce

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.bounce and not PLUGIN.exists():
            raise AssertionError(f'{PLUGIN} is not installed: run under '
                                 'tests/run/in-namespace or tests/run/in-root')
        cls._user_count = 0
        cls.server = Server(cls)
        cls.addClassCleanup(cls.server.close)
        cls.prepare(cls.server)
        cls.server.start()

    @classmethod
    def prepare(cls, server):
        """For a class that needs more before the server starts."""

    def setUp(self):
        super().setUp()
        self._expected = []
        self._log_start = len(self.server.log_lines())
        self._reports = len(self.server.reports())
        self.dir = self.server.dir
        self.ports = self.server.ports

    # -- the log

    def log(self, pattern=None):
        lines = self.server.log_lines()[self._log_start:]
        return [line.rstrip('\n') for line in lines
                if pattern is None or re.search(pattern, line)]

    def expect_log(self, pattern):
        self._expected.append(pattern)

    def wait_log(self, pattern, seconds=10):
        """The lines that match, as soon as there is one."""
        deadline = time.monotonic() + seconds * SLOW
        while time.monotonic() < deadline:
            if self.log(pattern):
                return self.log(pattern)
            time.sleep(0.02)
        raise AssertionError(f'{pattern!r} was not logged:\n'
                             + '\n'.join(self.log()))

    def count_log(self, pattern, wanted, seconds=10):
        """So many lines match, once they have come."""
        deadline = time.monotonic() + seconds * SLOW
        while len(self.log(pattern)) < wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(len(self.log(pattern)), wanted, self.log())

    def tearDown(self):
        for pattern in self._expected:
            if not self.log(pattern):
                self.fail(f'{pattern!r} was not logged:\n' + '\n'.join(self.log()))
        bad = [line for line in self.log(r'\b(Error|Panic|Fatal|Warning): ')
               if not any(re.search(p, line) for p in self._expected)]
        if bad:
            self.fail('unexpected in the log:\n' + '\n'.join(bad))
        if VALGRIND or ASAN:
            self.check_reports()
        super().tearDown()

    def check_reports(self):
        """Processes that serve us must end for their leaks to be seen."""
        reports = self.server.reports()
        if len(reports) > self._reports:
            self.fail('\n'.join(text for _, text in reports[self._reports:]))

    @classmethod
    def tearDownClass(cls):
        if cls.server and (VALGRIND or ASAN):
            known = len(cls.server.reports())
            cls.server.stop()
            reports = cls.server.reports()
            if len(reports) > known:
                raise AssertionError('\n'.join(text for _, text in reports))
        super().tearDownClass()

    # -- doing things

    def new_user(self, **fields):
        """A user nobody has used, with these userdb fields."""
        type(self)._user_count += 1
        name = f'user{self._user_count}'
        if fields:
            name += 'x'
        if fields or self._user_count > self.spare_users:
            self.server.add_user(name, **fields)
        return name

    def home(self, user):
        return f'{self.dir}/home/{user}'

    def restart(self):
        self.server.stop()
        self.server.start()

    def reload(self):
        self.server.reload()

    def lmtp(self, to, message, sender='', rcpt_options=(), check=True,
             unix=False, stranger=False):
        """Deliver to one or several users. Returns the answer to the data of
        the last recipient (code, text); unless check=False, 250 for all. What has
        a null sender was made by our own MTA, unless by a stranger."""
        if not sender and not stranger:
            message = made_here(message)
        to = [to] if isinstance(to, str) else to
        # the unix socket's port must stay 25, smtplib wants host[0] == '/'
        client = smtplib.LMTP()
        client.timeout = 60 * SLOW
        if unix:
            client.sock = socket.socket(socket.AF_UNIX)
            client.sock.connect(f'{self.dir}/run/lmtp')
            client.file = None
            client.getreply()
        else:
            client.connect('127.0.0.1', self.ports['lmtp'])
        try:
            client.ehlo_or_helo_if_needed()
            reply = client.docmd('MAIL', f'FROM:<{sender}>')
            accepted = 0
            for address in to:
                reply = client.rcpt(address, rcpt_options)
                if reply[0] == 250:
                    accepted += 1
                elif check:
                    raise AssertionError(f'{address}: {reply}')
            if accepted:
                reply = client.docmd('DATA')
                data = re.sub(rb'\r?\n', b'\r\n', as_bytes(message))
                data = re.sub(rb'(?m)^\.', b'..', data)
                if not data.endswith(b'\r\n'):
                    data += b'\r\n'
                client.send(data + b'.\r\n')
                for _ in range(accepted):
                    reply = client.getreply()
                    if check and reply[0] != 250:
                        raise AssertionError(f'LMTP answered {reply}')
            client.quit()
            return reply[0], reply[1].decode()
        finally:
            client.close()

    def run_program(self, args, check=True, stdin=None, stderr=subprocess.PIPE):
        """A program of Dovecot's, with our environment. stdin: bytes; stderr: a
        file for it."""
        if VALGRIND:
            # Given a file, the program would run itself again through doveconf,
            # out of valgrind's sight; the config socket it reads by itself.
            socket_path = f'{self.dir}/run/config'
            args = [str(self.server.wrapper())] + [
                socket_path if arg == self.server.conf_path else arg
                for arg in args]
        env = {**os.environ, **self.server.environment()}
        done = subprocess.run(args, input=stdin or b'', stdout=subprocess.PIPE,
                              stderr=stderr, env=env, check=False,
                              timeout=120 * SLOW)
        done.stdout = done.stdout.decode('utf-8', 'replace')
        done.stderr = (done.stderr or b'').decode('utf-8', 'replace')
        if check and done.returncode != 0:
            raise AssertionError(f'{args} ended with {done.returncode}\n'
                                 f'{done.stdout}{done.stderr}')
        return done

    def lda(self, user, message, sender='', args=(), check=True):
        message = message if sender else made_here(message)
        return self.run_program(
            [str(LIBEXEC / 'dovecot-lda'), '-c', self.server.conf_path,
             '-d', user, '-f', sender, *args], check, as_bytes(message))

    def doveadm(self, *args, check=True, **more):
        path = shutil.which('doveadm')
        return self.run_program([path, '-c', self.server.conf_path, *args],
                                check, **more)

    def doveadm_on_terminal(self, *args):
        """What the command prints on one."""
        master, slave = os.openpty()
        subprocess.run([shutil.which('doveadm'), '-c', self.server.conf_path, *args],
                       stdout=slave, stderr=subprocess.DEVNULL, check=False,
                       env={**os.environ, **self.server.environment()})
        os.close(slave)
        text = b''
        with contextlib.suppress(OSError), open(master, 'rb', 0) as terminal:
            while piece := terminal.read(65536):
                text += piece
        return text.decode().replace('\r\n', '\n')

    def doveadm_json(self, *args):
        out = self.doveadm('-f', 'json', *args).stdout
        return json.loads(out) if out.strip() else []

    def imap(self, user, password='pass'):
        imaplib._MAXLINE = 10 * 1024 * 1024
        client = imaplib.IMAP4('127.0.0.1', self.ports['imap'])
        self.addCleanup(self.quietly, client.logout)
        client.login(user, password)
        return client

    def managesieve(self, user):
        client = ManageSieve(self.ports['sieve'], user)
        self.addCleanup(self.quietly, client.close)
        return client

    def submission(self, user, password='pass'):
        client = smtplib.SMTP('127.0.0.1', self.ports['submission'],
                              timeout=60 * SLOW)
        self.addCleanup(self.quietly, client.close)
        client.login(user, password)
        return client

    @staticmethod
    def quietly(function):
        with contextlib.suppress(Exception):
            function()

    def mailboxes(self, user):
        out = self.doveadm('mailbox', 'list', '-u', user).stdout
        return sorted(out.split('\n')[:-1])

    def messages(self, user, mailbox='INBOX'):
        """How many messages; 0 if there is no such mailbox. Of INBOX without our
        notices."""
        done = self.doveadm('-f', 'tab', 'mailbox', 'status', '-u', user,
                            'messages', mailbox, check=False)
        if done.returncode not in (0, 68):      # 68: there is none
            raise AssertionError(done.stderr)
        lines = done.stdout.strip().split('\n')
        count = int(lines[-1].split('\t')[-1]) if len(lines) > 1 else 0
        if count > 0 and mailbox == 'INBOX' and self.bounce:
            done = self.doveadm('search', '-u', user, 'mailbox', mailbox,
                                'keyword', '$BounceNotice')
            count -= len(done.stdout.splitlines())
        return count

    def fetch(self, user, mailbox='INBOX', notices=False):
        """[(set of flags, the message)] of every message: but for our notices, or
        of these alone."""
        client = self.imap(user)
        status, _ = client.select('"%s"' % mailbox, readonly=True)
        if status == 'OK' and client.search(None, 'ALL')[1][0]:
            _, data = client.fetch('1:*', '(FLAGS BODY.PEEK[])')
        else:
            data = []
        client.logout()
        found = []
        for item in data:
            if isinstance(item, tuple):
                flags = re.search(rb'FLAGS \(([^)]*)\)', item[0]).group(1)
                flags = set(flags.decode().split())
                if ('$BounceNotice' in flags) == notices:
                    found.append((flags, item[1]))
        return found

    def metadata(self, user, entry='', client=None):
        """{name: record} of GETMETADATA below our address/ entry, or of one."""
        session = client or self.imap(user)
        prefix = '/private/vendor/vendor.dovecot-bounce/address'
        status, data = session.xatom(
            'GETMETADATA', *([] if entry else ['(DEPTH infinity)']), '""',
            f'"{prefix}/{entry}"' if entry else prefix)
        self.assertEqual(status, 'OK', data)
        _, data = session.response('METADATA')
        if not client:
            session.logout()
        text = b''.join(b'%s"%s"' % (part[0].rsplit(b'{', 1)[0],
                                     part[1].replace(b'\\', b'\\\\')
                                     .replace(b'"', b'\\"'))
                        if isinstance(part, tuple) else part
                        for part in data if part is not None).decode()
        return {name.replace('\\"', '"').replace('\\\\', '\\'):
                json.loads(re.sub(r'\\(.)', r'\1', value))
                for name, value in re.findall(
                    re.escape(prefix) + r'/([^ ]*?)"? "((?:\\.|[^"\\])*)"', text)}

    def put_script(self, user, text):
        """The user's active Sieve script."""
        path = pathlib.Path(self.home(user), '.dovecot.sieve')
        path.unlink(missing_ok=True)
        path.write_text(text, encoding='utf-8')
        os.chown(path, MAIL_UID, MAIL_UID)
