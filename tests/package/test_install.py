#!/usr/bin/env python3
"""Installs, switches on, upgrades, removes and purges the packages on a clean
Debian whose Dovecot keeps running and delivering.

In tests/package/in-clean-root only: it changes the system."""

import os
import pathlib
import re
import tempfile
import threading
import unittest

import system
from system import CONF, SIEVE_CONF, apt, count, deliver, harness, run


def files():
    """Every file of the system but those that any package leaves."""
    passing = re.compile(r'/var/(log|cache|lib/(apt|dpkg|systemd))/|/var/mail/|'
                         r'/home/|/run/|/tmp/|/etc/ld.so.cache|/root/|-old$|'
                         r'/var/lib/ucf/(cache|hashfile|registry)')
    found = run('find', '/etc', '/usr', '/var', '-xdev', '-not', '-type', 'd')
    return {path for path in found.splitlines() if not passing.search(path)}


def configuration():
    return run('doveconf', '-n')


def ucf_knows():
    return run('sh', '-c', 'cat /var/lib/ucf/hashfile /var/lib/ucf/registry')


def newer(deb, version, folder, edit=None):
    """The same package under another version. edit: {path: (old, new)}"""
    tree = pathlib.Path(folder) / 'tree'
    run('dpkg-deb', '-R', deb, str(tree))
    control = tree / 'DEBIAN' / 'control'
    old = re.search(r'^Version: (.*)$', control.read_text(), re.M).group(1)
    control.write_text(control.read_text().replace(old, version))
    for path, (before, after) in (edit or {}).items():
        text = (tree / path).read_text()
        assert before in text
        (tree / path).write_text(text.replace(before, after))
    out = pathlib.Path(folder) / re.sub('_.*_', f'_{version}_',
                                        os.path.basename(deb))
    run('dpkg-deb', '-b', str(tree), str(out))
    run('rm', '-r', str(tree))
    return str(out)


class Deliveries(threading.Thread):
    """Delivers ordinary mail to bob, one after the other, until stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self.delivered = 0
        self.errors = []
        self.before = count('bob', 'INBOX')

    def run(self):
        while not self.stopped.is_set():
            try:
                deliver('bob', harness.mail(to='bob@example.org'),
                        sender='carol@example.net')
                self.delivered += 1
            except Exception as error:      # pylint: disable=broad-except
                self.errors.append(repr(error))
            self.stopped.wait(0.05)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stopped.set()
        self.join()


class Package(unittest.TestCase):
    """One life of the package, in order: each test goes on from the one before.
    """

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        system.install_dovecot()
        system.log_to_file()
        run('service', 'dovecot', 'restart')
        system.wait_for_dovecot()
        system.add_user('alice')
        system.add_user('bob')
        # libc6 recommends libidn2-0: autoremove leaves it
        apt('install', 'ucf', 'man-db', 'libidn2-0')
        deliver('alice', harness.mail(), sender='carol@example.net')
        cls.before = files()
        cls.conf_before = configuration()
        cls.folder = tempfile.mkdtemp()

    def setUp(self):
        self.sender = Deliveries()
        self.addCleanup(self.check_deliveries)
        self.sender.__enter__()

    def check_deliveries(self):
        self.sender.__exit__()
        self.assertEqual(self.sender.errors, [])
        self.assertGreater(self.sender.delivered, 0)
        self.assertIn('is running', run('service', 'dovecot', 'status'))
        # never a configuration that names a plugin which is not there
        self.assertEqual([line for line in system.log('lugin ')
                          if re.search('Error|Fatal', line)], [])
        # Whatever was answered 250 is there. More may be: the connection broke
        # before the answer, and the mail was sent again.
        self.assertGreaterEqual(count('bob', 'INBOX') - self.sender.before,
                                self.sender.delivered)

    def bounce(self, mailbox, address):
        """A bounce to alice ends up in mailbox."""
        before = count('alice', mailbox)
        deliver('alice', harness.dsn(address))
        self.assertEqual(count('alice', mailbox), before + 1)

    def known(self):
        out = run('doveadm', '-f', 'tab', 'bounce', 'list', '-u', 'alice')
        return {line.split('\t')[0] for line in out.splitlines()[1:]}

    def test_1_install(self):
        apt('install', *system.packages())
        system.wait_for_dovecot()
        # apt-get upgrade brings the build for this Dovecot, on testing, too
        version = run('dpkg-query', '-W', '-f', '${Version}', 'dovecot-bounce')
        dovecot = re.match(r'[\d.]+', run('dovecot', '--version')).group()
        self.assertIn(f'~dovecot{dovecot}~', version)
        # nothing is switched on
        self.assertEqual(configuration(), self.conf_before)
        self.bounce('INBOX', 'one@example.net')
        self.assertEqual(count('alice', 'Bounces'), 0)

    def test_2_switch_on(self):
        system.switch_on()
        self.assertIn('bounce', run('doveconf', '-f', 'protocol=lmtp',
                                    'mail_plugins'))
        self.bounce('Bounces', 'two@example.net')
        self.assertEqual(self.known(), {'two@example.net'})

    def test_3_manual_pages(self):
        for page in ('dovecot-bounce.7', 'doveadm-bounce.1', 'doveadm-bounce-check.1', 'bounce-classify.1',
                     'bounce-rules.5', 'bounce-settings.5', 'bounce-reasons.7',
                     'bounce-sent.7', 'bounce-trust.7', 'bounce-policy.8'):
            self.assertIn(page.split('.')[0],
                          run('man', page.split('.')[1], page.split('.')[0])
                          .replace('‐', '-'))

    def test_4_upgrade_keeps_the_admins_change(self):
        with open(CONF, 'a', encoding='utf-8') as conf:
            conf.write('# the admin was here\n')
        mine = CONF.read_text()
        debs = [newer(deb, '9.0', self.folder,
                      {'usr/share/dovecot-bounce/conf.d/12-bounce.conf':
                       ('##\n## dovecot-bounce', '##\n## changed upstream')}
                      if '/dovecot-bounce_' in deb else None)
                for deb in system.packages()]
        apt('install', *debs)
        system.wait_for_dovecot()
        self.assertEqual(CONF.read_text(), mine)
        self.bounce('Bounces', 'four@example.net')
        self.assertEqual(self.known(), {'two@example.net', 'four@example.net'})
        # a file that nobody touched follows the package
        debs = [newer(deb, '9.1', self.folder,
                      {'usr/share/dovecot-bounce-sieve/conf.d/'
                       '91-sieve-bounce.conf':
                       ('##\n## dovecot-bounce', '##\n## changed upstream')}
                      if '/dovecot-bounce-sieve_' in deb else None)
                for deb in system.packages()]
        apt('install', *debs)
        self.assertIn('changed upstream', SIEVE_CONF.read_text())

    def test_5_remove(self):
        out = apt('remove', 'dovecot-bounce')
        self.assertNotIn('NOT REMOVED', out)
        system.wait_for_dovecot()
        self.assertEqual(configuration(), self.conf_before)
        self.bounce('INBOX', 'five@example.net')

    def test_6_install_again(self):
        apt('install', *system.packages())
        system.wait_for_dovecot()
        self.assertIn('the admin was here', CONF.read_text())
        self.bounce('Bounces', 'six@example.net')
        self.assertIn('two@example.net', self.known())

    def refuse(self, package, text):
        """package is not removed where a file of the site's own has this text,
        and Dovecot works on."""
        other = pathlib.Path('/etc/dovecot/local.conf')
        other.write_text(text)
        system.reload()
        before = CONF.read_text()
        out = run('apt-get', '-q', '-y', 'remove', package, check=False)
        self.assertRegex(out, r'NOT REMOVED(.|\n)*/etc/dovecot/local\.conf:\d:')
        self.assertIn('install ok installed', run('dpkg', '-s', package))
        self.assertEqual(CONF.read_text(), before)
        self.bounce('Bounces', f'{package}@example.net')
        other.unlink()
        system.reload()

    def test_7_named_elsewhere(self):
        """Without the plugin Dovecot would stop: it stays."""
        old = system.SERIES == '2.3'
        self.refuse('dovecot-bounce-sieve',
                    'plugin {\n  sieve_plugins = sieve_bounce\n}\n' if old else
                    'sieve_plugins {\n  sieve_bounce = yes\n}\n')
        self.refuse('dovecot-bounce',
                    'mail_plugins = $mail_plugins bounce\n' if old else
                    'protocol lmtp {\n  mail_plugins {\n    bounce = yes\n  }\n}\n')
        if not old:
            self.refuse('dovecot-bounce', 'bounce_forget = 30d\n')
        # the Sieve package went first
        apt('install', *system.packages())
        system.wait_for_dovecot()

    def test_8_purge_leaves_nothing(self):
        apt('purge', 'dovecot-bounce', 'dovecot-bounce-sieve')
        apt('autoremove')
        system.wait_for_dovecot()
        self.assertEqual(configuration(), self.conf_before)
        left = files()
        self.assertEqual(sorted(left - self.before), [])
        self.assertEqual(sorted(self.before - left), [])
        self.assertNotIn('bounce', ucf_knows())
        self.bounce('INBOX', 'eight@example.net')


if __name__ == '__main__':
    unittest.main(verbosity=2)
