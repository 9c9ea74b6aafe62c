"""The harness itself: a private Dovecot serves every way in and out."""

import pathlib
import smtplib
import subprocess

import harness


class Bare(harness.TestCase):
    """Without us: what fails here is the harness's or Dovecot's."""

    bounce = False
    sieve_bounce = False
    relay = True
    under_valgrind = ('test_lmtp_port_and_socket', 'test_imap',
                      'test_managesieve')

    def test_lmtp_port_and_socket(self):
        user = self.new_user()
        self.lmtp(user, harness.mail('one'))
        self.lmtp(user, harness.mail('two'), unix=True)
        self.assertEqual(self.messages(user), 2)

    def test_lmtp_unknown_user(self):
        code, text = self.lmtp('nobody-here', harness.mail(), check=False)
        self.assertEqual(code, 550, text)

    def test_two_recipients(self):
        one, two = self.new_user(), self.new_user()
        self.lmtp([one, two], harness.mail())
        self.assertEqual([self.messages(one), self.messages(two)], [1, 1])

    def test_lda(self):
        user = self.new_user()
        self.lda(user, harness.mail())
        self.assertEqual(self.messages(user), 1)

    def test_imap(self):
        user = self.new_user()
        client = self.imap(user)
        client.append('INBOX', '(\\Flagged)', None, harness.mail())
        (flags, text), = self.fetch(user)
        self.assertIn('\\Flagged', flags)
        self.assertIn(b'Just a mail.', text)
        self.assertIn('Sent', self.mailboxes(user))

    def test_sieve(self):
        user = self.new_user()
        self.put_script(user, 'require ["fileinto", "mailbox"];\n'
                        'fileinto :create "Elsewhere";\n')
        self.lmtp(user, harness.mail())
        self.assertEqual(self.messages(user, 'Elsewhere'), 1)
        self.assertEqual(self.messages(user), 0)

    def test_managesieve(self):
        user = self.new_user()
        client = self.managesieve(user)
        self.assertIn('"SIEVE"', client.greeting)
        status, _ = client.script('PUTSCRIPT', 'keep;\n', 'mine')
        self.assertEqual(status, 'OK')
        status, text = client.script('CHECKSCRIPT', 'nonsense;\n')
        self.assertEqual(status, 'NO')
        self.assertIn('nonsense', text)

    def test_submission_relays(self):
        self.server.relay.refuse['gone@example.net'] = '550 5.1.1 No such user'
        client = self.submission(self.new_user())
        refused = client.sendmail('a@example.org',
                                  ['b@example.net', 'gone@example.net'],
                                  harness.mail())
        self.assertEqual(list(refused), ['gone@example.net'])
        self.assertEqual(self.server.relay.delivered[-1][1], ['b@example.net'])

    def test_userdb_field(self):
        user = self.new_user(mail_log_prefix='wanted')
        out = self.doveadm('user', user).stdout
        self.assertRegex(out, 'mail_log_prefix.*wanted')

    def test_doveadm_json(self):
        user = self.new_user()
        self.lmtp(user, harness.mail('unique'))
        rows = self.doveadm_json('fetch', '-u', user, 'hdr.subject', 'all')
        self.assertEqual(rows, [{'hdr.subject': 'unique'}])

    def test_expected_error(self):
        self.expect_log('Invalid user')
        self.doveadm('user', 'nobody-here', check=False)
        with open(self.server.log_path, 'a', encoding='utf-8') as log:
            log.write('x: Error: Invalid user settings\n')

    def test_unexpected_error_fails(self):
        inner = Quiet('test_nothing')
        inner.server = self.server
        inner.setUp()
        with open(self.server.log_path, 'a', encoding='utf-8') as log:
            log.write('x: Error: Disk on fire\n')
        with self.assertRaisesRegex(AssertionError, 'Disk on fire'):
            inner.tearDown()
        self.expect_log('Disk on fire')


class Quiet(harness.TestCase):
    """Only an object for the test above."""

    bounce = False
    sieve_bounce = False

    def test_nothing(self):
        self.assertEqual(self.log(), [])


PLANTED = r"""
#include <stdlib.h>
#include "config.h"

const char *planted_plugin_version = DOVECOT_ABI_VERSION;
void planted_plugin_init(void *module);
void planted_plugin_deinit(void);
volatile char planted_sink;

void planted_plugin_init(void *module)
{
	volatile char *bytes = malloc(10 + (module == NULL));

	planted_sink = bytes[10];
	free((void *)bytes);
}

void planted_plugin_deinit(void)
{
}
"""


class Planted(harness.TestCase):
    """A module that reads one byte too far is found in lmtp and in the LDA."""

    bounce = False
    sieve_bounce = False
    under_valgrind = True
    conf = 'mail_plugin_dir = @DIR@/modules\n'
    plugins = ('planted',)

    @classmethod
    def prepare(cls, server):
        modules = pathlib.Path(server.dir, 'modules')
        modules.mkdir()
        for path in harness.MODULES.iterdir():
            (modules / path.name).symlink_to(path)
        source = modules / 'planted.c'
        source.write_text(PLANTED)
        subprocess.run(
            ['gcc', '-shared', '-fPIC', '-g', '-DHAVE_CONFIG_H',
             '-I/usr/include/dovecot', '-o', modules / 'lib99_planted_plugin.so',
             source] + (['-fsanitize=address'] if harness.ASAN else []),
            check=True)

    @staticmethod
    def forget(server):
        """What was planted is nobody's fault."""
        for path, _ in server.reports():
            pathlib.Path(path).unlink()

    def assert_found(self):
        text = '\n'.join(text for _, text in self.server.reports())
        self.assertIn('planted_plugin_init', text)

    def test_lda(self):
        self.forget(self.server)
        self.lda('alice', harness.mail(), check=False)
        self.assert_found()

    def test_lmtp(self):
        self.server.stop()
        self.forget(self.server)
        self.server.start()
        try:
            self.lmtp('alice', harness.mail())
        except (AssertionError, OSError, smtplib.SMTPException):
            pass                # ASan ends the process
        self.assert_found()

    def tearDown(self):
        """Not the harness's: ASan's death of a process is in the log."""
        self.forget(self.server)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.forget(cls.server)
        super().tearDownClass()


if not (harness.VALGRIND or harness.ASAN):
    del Planted                 # nothing would see the fault
