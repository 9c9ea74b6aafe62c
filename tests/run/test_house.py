"""The harness itself: a private Dovecot serves every way in and out."""

import harness


class Bare(harness.TestCase):
    """Without us: what fails here is the harness's or Dovecot's."""

    bounce = False
    sieve_bounce = False
    relay = True
    under_valgrind = True

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
