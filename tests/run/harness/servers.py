"""What a class starts: its Dovecot, and where that sends mail."""

import contextlib
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from .configuration import Config
from .machine import ASAN, COVERAGE, HERE, SLOW, VALGRIND, free_ports, stop_socket


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
        if COVERAGE:
            # who is in a chroot finds no counters
            env['GCOV_ERROR_FILE'] = f'{self.dir}/log/gcov'
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
        # the tree may be for root alone
        supp = shutil.copy(HERE / 'valgrind.supp', self.dir)
        os.chmod(supp, 0o644)
        path.write_text('#!/bin/sh\nexec /usr/bin/valgrind -q --vgdb=no --leak-check=full '
                        '--errors-for-leak-kinds=definite '
                        '--show-leak-kinds=definite --error-exitcode=213 '
                        f'--suppressions={self.dir}/valgrind.supp '
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
        uid = self.case.mail_uid
        if not os.path.exists(home):
            os.makedirs(home, 0o700)
            os.chown(home, uid, uid)
        extra = ' '.join(f'userdb_{k}={v}' for k, v in fields.items())
        with open(f'{self.dir}/passwd', 'a', encoding='utf-8',
                  errors='surrogateescape') as out:
            out.write(f'{name}:{{PLAIN}}{password}:{uid}:{uid}::{home}'
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
