"""The mail plugin is two files: a dovecot-lda, run by an MTA as the mails' user, loads
the second when a mail needs it; and what happens where that cannot be loaded."""

import pathlib
import smtplib

import harness
from test_sent import letter

MODULE = harness.MODULES / 'bounce' / 'bounce_mail.so'
OTHER = harness.MODULES / 'bounce' / 'bounce_unicode.so'
NONE = f'mount --bind /dev/null {MODULE}'
GONE = 'gone@example.net'
AUTHENTIC = (b'Authentication-Results: mx.example.org; dmarc=pass '
             b'header.from=example.net\r\n')
SAYS = 'Error: bounce: .*bounce_mail.so.*mail is delivered, and bounces are not recognised'


class Lda(harness.TestCase):
    settings = {'bounce_evidence': 'any', 'bounce_authserv': 'mx.example.org'}

    def report(self, user):
        return harness.dsn(GONE, user=f'{user}@example.org')

    def mail(self, user, extra=b'', sender=GONE):
        return extra + harness.mail(to=f'{user}@example.org', sender=sender)

    def without(self, user, message, sender=''):
        self.lda(user, message, sender, first=NONE)

    def test_ordinary_mail_needs_nothing_of_it(self):
        user = self.new_user()
        for extra in (b'', AUTHENTIC, b'In-Reply-To: <a@example.org>\r\n',
                      'Subject: Grüße\r\n'.encode()):
            self.without(user, self.mail(user, extra), GONE)
        self.assertEqual(len(self.fetch(user, 'INBOX')), 4)

    def test_report_is_delivered_without_it(self):
        user = self.new_user()
        self.without(user, self.report(user))
        self.assertEqual(len(self.fetch(user, 'INBOX')), 1)
        self.assertEqual(len(self.log(SAYS)), 1)
        self.expect_log('bounce_mail.so')
        # and as ever once it is there
        self.lda(user, self.report(user))
        self.assertEqual(len(self.fetch(user, 'Bounces')), 1)
        self.assertEqual(set(self.metadata(user)), {GONE})

    def test_another_file(self):
        user = self.new_user()
        self.lda(user, self.report(user), first=f'mount --bind {OTHER} {MODULE}')
        self.assertEqual(len(self.fetch(user, 'INBOX')), 1)
        self.assertEqual(len(self.log(SAYS)), 1)
        self.expect_log('bounce_mail.so')

    def test_proof_of_life_loads_it(self):
        user = self.new_user()
        self.lda(user, self.report(user))
        self.assertEqual(set(self.metadata(user)), {GONE})
        for sender in ('carol@example.net', 'Carol@Example.Net'):
            self.without(user, self.mail(user, AUTHENTIC, sender), sender)
        self.lda(user, self.mail(user, AUTHENTIC, GONE.upper()), GONE)
        self.assertEqual(set(self.metadata(user)), set())
        self.assertTrue(self.log(r'Proof of life \(mail\): 1 records cleared'))

    def test_saved_to_sent_is_counted(self):
        user = self.new_user()
        self.lda(user, letter(to=['bob@example.net', 'eve@example.net'],
                              sender=f'{user}@example.org'),
                 f'{user}@example.org', args=['-m', 'Sent'])
        row = self.doveadm_json('bounce', 'rate', '-u', user)[0]
        self.assertEqual(row['sent'], 2)

    def test_saved_to_sent_without_it(self):
        user = self.new_user()
        self.lda(user, letter(to=['bob@example.net'], sender=f'{user}@example.org'),
                 f'{user}@example.org', args=['-m', 'Sent'], first=NONE)
        self.assertEqual(len(self.fetch(user, 'Sent')), 1)
        self.assertEqual(len(self.log(SAYS)), 1)
        self.expect_log('bounce_mail.so')


class OtherDictionary(harness.TestCase):
    """One that cannot be looked into without opening it."""

    settings = Lda.settings
    dict23 = 'fs:posix:prefix=%h/bounces/'
    dict24 = 'dict file {\n path = %{home}/other.dict\n}'

    def test_proof_of_life(self):
        user = self.new_user()
        self.lda(user, harness.dsn(GONE, user=f'{user}@example.org'))
        self.assertEqual(self.recorded(user), [GONE])
        for sender in ('carol@example.net', GONE):
            self.lda(user, AUTHENTIC + harness.mail(to=f'{user}@example.org',
                                                    sender=sender), sender)
        self.assertEqual(self.recorded(user), [])

    def recorded(self, user):
        done = self.doveadm('bounce', 'get', '-u', user, GONE, check=False)
        return [GONE] if done.returncode == 0 else []


class Script(harness.TestCase):
    """A script that asks METADATA (RFC 5490), which only imap did until then."""

    sieve_bounce = False
    settings = Lda.settings
    conf23 = ('mail_attribute_dict = file:%h/attributes\n'
              'plugin {\n  sieve_extensions = +servermetadata\n}\n')
    conf24 = ('mail_attribute {\n  dict file {\n    path = %{home}/attributes\n'
              '  }\n}\nsieve_extensions {\n  servermetadata = yes\n}\n')

    def test_metadata(self):
        user = self.new_user()
        self.lda(user, harness.dsn(GONE, user=f'{user}@example.org'))
        self.put_script(user, (
            'require ["servermetadata", "fileinto", "mailbox"];\n'
            'if servermetadata :contains "/private/vendor/vendor.dovecot-bounce/'
            'address/%s" "suppressed" { fileinto :create "Known"; }\n' % GONE))
        self.lda(user, harness.mail(to=f'{user}@example.org'), 'carol@example.net')
        self.assertEqual(self.messages(user, 'Known'), 1)


class Missing(harness.TestCase):
    """An lmtp, which loads it at once, does not find it: in a mount namespace of its
    own, as other tests run beside this one."""

    @classmethod
    def prepare(cls, server):
        script = pathlib.Path(f'{server.dir}/without')
        script.write_text(f"#!/bin/sh\nexec unshare -m sh -c '{NONE} && exec "
                          f'{harness.LIBEXEC}/lmtp "$@"\' sh "$@"\n')
        script.chmod(0o755)
        with open(server.conf_path, 'a', encoding='utf-8') as conf:
            conf.write(f'service lmtp {{\n  executable = {script}\n}}\n')

    def test_mail_first(self):
        user = self.new_user()
        report = harness.made_here(harness.dsn(GONE, user=f'{user}@example.org'))
        with smtplib.LMTP('127.0.0.1', self.ports['lmtp']) as client:
            client.sendmail('carol@example.net', [user], harness.mail())
            client.sendmail('', [user], report)
        self.assertEqual(len(self.fetch(user, 'INBOX')), 2)
        self.assertTrue(self.log('lmtp.*' + SAYS))
        self.expect_log('bounce_mail.so')
