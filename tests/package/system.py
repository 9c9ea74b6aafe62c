"""The machine that a package is tried on: a clean Debian whose own Dovecot runs
with its own configuration (tests/package/in-clean-root)."""

import glob
import os
import pathlib
import re
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / 'tests' / 'run'))
sys.dont_write_bytecode = True
import harness                                          # noqa: E402

SUITE = re.search(r'VERSION_CODENAME=(\w+)',
                  pathlib.Path('/etc/os-release').read_text()).group(1)
SERIES = {'bookworm': '2.3', 'trixie': '2.4'}[SUITE]
CONF = pathlib.Path('/etc/dovecot/conf.d/12-bounce.conf')
LOG_CONF = pathlib.Path('/etc/dovecot/conf.d/99-test-log.conf')
LOG = pathlib.Path('/var/log/dovecot-test.log')
SIEVE_CONF = pathlib.Path('/etc/dovecot/conf.d/91-sieve-bounce.conf')


def run(*command, check=True):
    """A command's output (both streams); AssertionError if it fails. To a file:
    a Dovecot that it starts keeps its stream, so that a pipe would never end."""
    with tempfile.TemporaryFile('w+') as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        text = output.read()
    if check and done.returncode != 0:
        raise AssertionError(f'{" ".join(command)} ended with '
                             f'{done.returncode}:\n{text}')
    return text


def apt(*args):
    return run('apt-get', '-q', '-y', '--no-install-recommends', *args)


def packages(pattern='dovecot-bounce*'):
    """The package files, without debug symbols."""
    found = [p for p in sorted(glob.glob(f'/packages/{pattern}_*.deb'))
             if 'dbgsym' not in p]
    assert found, f'no {pattern} in /packages'
    return found


def install_dovecot():
    apt('install', 'dovecot-lmtpd', 'dovecot-imapd', 'dovecot-sieve',
        'dovecot-managesieved')
    wait_for_dovecot()


def wait_for_dovecot():
    for _ in range(100):
        if os.path.exists('/run/dovecot/lmtp') and 'is running' in run(
                'service', 'dovecot', 'status', check=False):
            return
        time.sleep(0.1)
    raise AssertionError('Dovecot does not run:\n' +
                         run('doveconf', '-n', check=False))


def workers():
    """Processes that deliver, and that find users."""
    return set(run('pgrep', '-x', 'lmtp|auth', check=False).split())


def reload(command=('doveadm', 'reload')):
    """Runs a command that lets Dovecot read its configuration again; when this
    returns, nobody delivers with the old one any more, and nobody asks an auth
    process that drops him as it ends. Returns its output."""
    old = workers()
    output = run(*command)
    for _ in range(300):
        time.sleep(0.1)
        if not old & workers():
            break
    time.sleep(0.5)
    return output


def add_user(name):
    run('adduser', '--disabled-password', '--gecos', '', name)


def deliver(user, message, sender='', patience=30.0):
    """Over the LMTP socket, as an MTA does: while Dovecot is being restarted the
    mail waits (there is nobody, or the answer is 4xx), but not for longer than
    patience. What has a null sender this machine's own MTA made."""
    if not sender:
        message = made_here(message)
    deadline = time.monotonic() + patience
    while True:
        try:
            with smtplib.LMTP('/run/dovecot/lmtp') as client:
                client.sendmail(sender or '<>', [user], message)
            return
        except (OSError, smtplib.SMTPException) as error:
            if is_final(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def made_here(message):
    return harness.made_here(message, socket.getfqdn())


def is_final(error):
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code >= 500 for code, _ in error.recipients.values())
    return getattr(error, 'smtp_code', 400) >= 500


def count(user, mailbox):
    """Messages in a mailbox; 0 if there is none of that name."""
    out = run('doveadm', '-f', 'tab', 'mailbox', 'status', '-u', user,
              'messages', mailbox, check=False)
    found = re.search(r'^.*\t(\d+)$', out, re.M)
    return int(found.group(1)) if found else 0


def uncomment(path, *patterns):
    """Take lines out of their comment, as an admin does. Each pattern is a
    regular expression for what follows the '#'; each is sought below the one
    before."""
    lines = path.read_text().splitlines()
    at = 0
    for pattern in patterns:
        matching = [i for i, line in enumerate(lines) if i >= at and
                    re.match(r'\s*#\s*(%s)\s*$' % pattern, line)]
        assert matching, f'{path}: no commented line {pattern}'
        at = matching[0]
        lines[at] = lines[at].replace('#', '', 1)
    path.write_text('\n'.join(lines) + '\n')


def switch_on():
    """As the manual says."""
    if SERIES == '2.3':
        uncomment(CONF, r'mail_plugins = \$mail_plugins bounce')
    else:
        uncomment(CONF, r'mail_plugins \{', 'bounce = yes', r'\}')
    reload()


SIEVE_23 = """protocol lmtp {
  mail_plugins = $mail_plugins sieve
}
"""
SIEVE_24 = """protocol lmtp {
  mail_plugins {
    sieve = yes
  }
}
"""


def switch_on_sieve():
    """Sieve itself (no part of ours), and our extension as the manual says."""
    pathlib.Path('/etc/dovecot/conf.d/99-test-sieve.conf').write_text(
        SIEVE_23 if SERIES == '2.3' else SIEVE_24)
    if SERIES == '2.3':
        uncomment(SIEVE_CONF, 'sieve_plugins = sieve_bounce',
                  r'sieve_extensions = \+vnd.dovecot-bounce')
    else:
        uncomment(SIEVE_CONF, r'sieve_plugins \{', 'sieve_bounce = yes', r'\}',
                  r'sieve_extensions \{', 'vnd.dovecot-bounce = yes', r'\}')
    reload()


def prepare(name, sieve=False):
    """For an autopkgtest: the packages are installed, Dovecot runs or can be
    started, other tests may have been here. name: the test's."""
    for conf in (CONF, SIEVE_CONF):
        shipped = pathlib.Path('/usr/share') / \
            ('dovecot-bounce-sieve' if conf == SIEVE_CONF else 'dovecot-bounce') / \
            'conf.d' / conf.name
        if shipped.exists():
            conf.write_text(shipped.read_text())
    # evidence: the mail that came back left through this host
    log_to_file('hostname = mx.example.org\n')
    run('service', 'dovecot', 'restart')
    wait_for_dovecot()
    switch_on()
    if sieve:
        switch_on_sieve()


def log_to_file(more=''):
    LOG.write_text('')
    LOG_CONF.write_text(f'log_path = {LOG}\n{more}')


def new_user(name):
    """A system user for this test."""
    name = f'bt-{name}'
    run('deluser', '--remove-home', name, check=False)
    add_user(name)
    return name


def log(pattern):
    """Lines of Dovecot's log that contain pattern."""
    return [line for line in LOG.read_text().splitlines() if pattern in line]
