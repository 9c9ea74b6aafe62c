"""What is beyond ASCII: its module is loaded when it is needed first, before a
chroot, and a delivery does without it."""

import pathlib
import smtplib

import dictserver
import harness

MODULE = harness.MODULES / 'bounce' / 'bounce_unicode.so'
ADDRESSES = ['gone@example.net', 'jürgen@bücher.example']
# as METADATA names it
FOLDED = 'j=c3=bcrgen@xn--bcher-kva.example'


class Mails(harness.TestCase):

    def report(self, user):
        return harness.dsn(ADDRESSES, user=f'{user}@example.org')

    def lda_under(self, command, user, *args):
        """By root, in a mount namespace of its own where command was run."""
        return self.run_program(
            ['unshare', '-m', 'sh', '-c', command + ' && exec "$@"', 'sh',
             str(harness.LIBEXEC / 'dovecot-lda'), '-c', self.server.conf_path,
             '-d', user, '-f', '', *args],
            stdin=harness.as_bytes(harness.made_here(self.report(user))))


class Late(Mails):

    def loaded(self):
        """Of each lmtp process."""
        return [MODULE.name in pathlib.Path(f'/proc/{pid}/maps').read_text()
                for pid in dictserver.children(self.server, 'lmtp')]

    def test_lmtp_loads_it_once_needed(self):
        user = self.new_user()
        with smtplib.LMTP('127.0.0.1', self.ports['lmtp']) as client:
            client.sendmail('carol@example.net', [user], harness.mail())
            self.assertNotIn(True, self.loaded())
            client.sendmail('', [user], harness.made_here(self.report(user)))
            self.assertIn(True, self.loaded())
        self.assertEqual(set(self.metadata(user)), {ADDRESSES[0], FOLDED})

    def test_without_it_the_rest_is_done(self):
        user = self.new_user()
        self.lda_under(f'mount --bind /dev/null {MODULE}', user)
        self.assertEqual(len(self.fetch(user, 'Bounces')), 1)
        self.assertEqual(set(self.metadata(user)), {ADDRESSES[0]})
        self.assertEqual(len(self.log('Error: bounce: .*bounce_unicode.so: .*'
                                      'beyond ASCII are not recorded')), 1)
        self.expect_log('bounce_unicode.so')


class Chroot(Mails):
    """Each user in their home; what Pigeonhole loads for each mail is not there."""

    conf = 'valid_chroot_dirs = @DIR@/home\n'
    sieve = sieve_bounce = False

    def test_lda_and_imap(self):
        self.server.add_user('dora', home=f'{self.dir}/home/dora/./')
        self.lda_under('true', 'dora')
        self.assertEqual(set(self.metadata('dora')), {ADDRESSES[0], FOLDED})
