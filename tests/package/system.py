"""The machine that a package is tried on: a clean Debian whose own Dovecot runs
with its own configuration (tests/package/in-clean-root)."""

import glob
import os
import pathlib
import re
import smtplib
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / 'tests' / 'run'))
sys.dont_write_bytecode = True
import harness                                          # noqa: E402

SUITE = re.search(r'VERSION_CODENAME=(\w+)',
                  pathlib.Path('/etc/os-release').read_text()).group(1)
SERIES = {'bookworm': '2.3', 'trixie': '2.4'}[SUITE]
CONF = pathlib.Path('/etc/dovecot/conf.d/12-bounce.conf')
LOG = pathlib.Path('/var/log/dovecot-test.log')
SIEVE_CONF = pathlib.Path('/etc/dovecot/conf.d/91-sieve-bounce.conf')


def run(*command, check=True, **kwargs):
    """A command's output (both streams); AssertionError if it fails."""
    done = subprocess.run(command, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **kwargs)
    if check and done.returncode != 0:
        raise AssertionError(f'{" ".join(command)} ended with '
                             f'{done.returncode}:\n{done.stdout}')
    return done.stdout


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


def add_user(name):
    run('adduser', '--disabled-password', '--gecos', '', name)


def deliver(user, message, sender='', patience=10.0):
    """Over the LMTP socket, as an MTA does: while Dovecot is being restarted the
    mail waits, but not for longer than patience. An answer other than 250 is
    final."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with smtplib.LMTP('/run/dovecot/lmtp') as client:
                client.sendmail(sender or '<>', [user], message)
            return
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            if isinstance(error, smtplib.SMTPResponseException) or \
                    isinstance(error, smtplib.SMTPRecipientsRefused) or \
                    time.monotonic() > deadline:
                raise
            time.sleep(0.05)


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
    run('doveadm', 'reload')
    time.sleep(0.5)


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
    run('doveadm', 'reload')
    time.sleep(0.5)


def prepare(name, sieve=False):
    """For an autopkgtest: the packages are installed, Dovecot runs or can be
    started, other tests may have been here. name: the test's."""
    for conf in (CONF, SIEVE_CONF):
        shipped = pathlib.Path('/usr/share') / \
            ('dovecot-bounce-sieve' if conf == SIEVE_CONF else 'dovecot-bounce') / \
            'conf.d' / conf.name
        if shipped.exists():
            conf.write_text(shipped.read_text())
    log = pathlib.Path('/etc/dovecot/conf.d/99-test-log.conf')
    log.write_text('log_path = %s\n' % LOG)
    # evidence: the mail that came back left through this host
    log.write_text(log.read_text() + 'hostname = mx.example.org\n')
    LOG.write_text('')
    run('service', 'dovecot', 'restart')
    wait_for_dovecot()
    switch_on()
    if sieve:
        switch_on_sieve()


def new_user(name):
    """A system user for this test."""
    name = f'bt-{name}'
    run('deluser', '--remove-home', name, check=False)
    add_user(name)
    return name


def log(pattern):
    """Lines of Dovecot's log that contain pattern."""
    return [line for line in LOG.read_text().splitlines() if pattern in line]
