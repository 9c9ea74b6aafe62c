"""What a test does to its server: deliver, read, ask doveadm."""

import base64
import contextlib
import imaplib
import json
import os
import pathlib
import re
import shutil
import smtplib
import socket
import subprocess

from .machine import LIBEXEC, SLOW, VALGRIND
from .mails import as_bytes, made_here


class ManageSieve:
    """A small client (RFC 5804)."""

    def __init__(self, port, user, password='pass'):
        self.sock = socket.create_connection(('127.0.0.1', port), 10 * SLOW)
        self.stream = self.sock.makefile('rwb')
        self.greeting = self.response()[1]
        token = ('\0%s\0%s' % (user, password)).encode()
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


class Clients:
    """Of a TestCase, whose server they talk to."""

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

    def run_program(self, args, check=True, stdin=None, stderr=subprocess.PIPE,
                    before=()):
        """A program of Dovecot's, with our environment. stdin: bytes; stderr: a
        file for it; before: the program that starts it, with its arguments."""
        if VALGRIND:
            # Given a file, the program would run itself again through doveconf,
            # out of valgrind's sight; the config socket it reads by itself.
            socket_path = f'{self.dir}/run/config'
            args = [str(self.server.wrapper())] + [
                socket_path if arg == self.server.conf_path else arg
                for arg in args]
        args = [*before, *args]
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

    def lda(self, user, message, sender='', args=(), check=True, first=None):
        """As the mails' user, as an MTA runs it; first: a command before that, in a mount
        namespace of its own."""
        message = message if sender else made_here(message)
        os.chmod(self.server.log_path, 0o666)
        uid = str(self.mail_uid)
        before = [] if first is None else ['unshare', '-m', 'sh', '-c',
                                           first + ' && exec "$@"', 'sh']
        before += ['setpriv', '--reuid', uid, '--regid', uid, '--clear-groups']
        return self.run_program(
            [str(LIBEXEC / 'dovecot-lda'), '-c', self.server.conf_path,
             '-d', user, '-f', sender, *args], check, as_bytes(message),
            before=before)

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
        os.chown(path, self.mail_uid, self.mail_uid)
