"""The mail plugin: filed where, with which keywords, recorded how."""

import datetime
import os
import pathlib
import socket
import threading
import time

import dictserver
import harness


class Delivery(harness.TestCase):
    """Over lmtp and dovecot-lda, with and without a script."""

    conf = 'lda_mailbox_autocreate = no\nlda_mailbox_autosubscribe = no\n'
    under_valgrind = ('test_filed_created_subscribed', 'test_lda',
                      'test_ordinary_mail_stays',
                      'test_several_recipients_each_his_own',
                      'test_script_stores_twice')

    def report(self, user, address='gone@example.net', **args):
        return harness.dsn(address, user=f'{user}@example.org', **args)

    def flags(self, user, folder='Bounces'):
        return [flags & {'$Bounce', '$BounceHard', '$BounceSoft', '$Mine',
                         '$BounceUnverified'}
                for flags, _ in self.fetch(user, folder)]

    def test_filed_created_subscribed(self):
        user = self.new_user()
        self.lmtp(user, self.report(user))
        self.assertEqual(self.messages(user), 0)
        self.assertEqual(self.flags(user), [{'$Bounce', '$BounceHard'}])
        _, lines = self.imap(user).lsub('""', '"*"')
        self.assertIn(b'Bounces', b' '.join(lines))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_lda(self):
        user = self.new_user()
        self.lda(user, self.report(user))
        self.assertEqual(self.flags(user), [{'$Bounce', '$BounceHard'}])
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_ordinary_mail_stays(self):
        user = self.new_user()
        self.lmtp(user, harness.mail())
        self.assertEqual(self.messages(user), 1)
        self.assertNotIn('Bounces', self.mailboxes(user))
        self.assertEqual(self.metadata(user), {})

    def test_soft(self):
        user = self.new_user()
        self.lmtp(user, self.report(user, status='4.2.2',
                                    diagnostic='452 4.2.2 Mailbox full'))
        self.assertEqual(self.flags(user), [{'$Bounce', '$BounceSoft'}])
        record = self.metadata(user)['gone@example.net']
        self.assertEqual((record['state'], record['reason']),
                         ('watched', 'mailbox-full'))

    def test_delay_is_not_recorded(self):
        """Nobody is told of it: it is filed where the site says so only."""
        for setting, box, flags in (({}, 'INBOX', set()), (
                {'bounce_file': 'delay'}, 'Bounces', {'$Bounce'})):
            user = self.new_user(**setting)
            self.lmtp(user, self.report(user, status='4.4.1', action='delayed'))
            self.assertEqual(self.flags(user, box), [flags])
            self.assertEqual(self.metadata(user), {})

    def test_success_is_not_filed(self):
        user = self.new_user()
        self.lmtp(user, self.report(user, status='2.0.0', action='delivered'))
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(self.flags(user, 'INBOX'), [set()])

    def test_twice_counts_once(self):
        user = self.new_user()
        report = self.report(user)
        self.lmtp(user, report)
        self.lmtp(user, report)
        self.assertEqual(self.messages(user, 'Bounces'), 2)
        self.assertEqual(self.metadata(user)['gone@example.net']['count'], 1)

    def test_several_recipients_each_his_own(self):
        one, two = self.new_user(), self.new_user()
        self.lmtp([one, two], self.report(one))
        for user in (one, two):
            self.assertEqual(self.flags(user), [{'$Bounce', '$BounceHard'}])
        self.assertEqual(list(self.metadata(one)), ['gone@example.net'])
        # it returns a mail of the first one
        self.assertEqual(self.metadata(two)['gone@example.net']['count'], 0)

    def test_userdb_overrides(self):
        user = self.new_user(bounce_mailbox='Returned')
        self.lmtp(user, self.report(user))
        self.assertEqual(self.messages(user, 'Returned'), 1)

    def test_no_record(self):
        """Marked only: what nobody is told of is not filed."""
        user = self.new_user(bounce_record='no', bounce_file='failure delay')
        self.lmtp(user, self.report(user))
        self.assertEqual(self.flags(user, 'INBOX'), [{'$Bounce', '$BounceHard'}])
        self.lmtp(user, self.report(user, status='4.4.1', action='delayed'))
        self.assertEqual(self.messages(user, 'INBOX'), 2)
        self.assertEqual(self.metadata(user), {})

    def test_kinds_of_bounce_file(self):
        user = self.new_user(bounce_file='success')
        self.lmtp(user, self.report(user))
        self.lmtp(user, self.report(user, 'here@example.net', status='2.0.0',
                                    action='delivered'))
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(self.flags(user), [{'$Bounce'}])
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_unproven(self):
        """Our own MTA says so, of a mail that may be the user's."""
        user = self.new_user()
        self.lmtp(user, self.report(user, trace=False,
                                    original_id='<1@elsewhere.example>'))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        record = self.metadata(user)['gone@example.net']
        self.assertEqual((record['unproven'], record['count'], record['score'],
                          record['state']), (1, 0, 0, 'watched'))

    def test_unverified_stays(self):
        """A stranger says so: it stays where it would be without us."""
        user = self.new_user()
        self.lmtp(user, self.report(user), stranger=True)
        self.assertEqual(self.mailboxes(user).count('Bounces'), 0)
        self.assertEqual(self.flags(user, 'INBOX'), [{'$BounceUnverified'}])
        self.assertEqual(self.metadata(user), {})
        self.assertTrue(self.wait_log('bounce: failure report .*evidence is '
                                      'too weak'))

    def test_evidence_any(self):
        user = self.new_user(bounce_evidence='any')
        self.lmtp(user, self.report(user, trace=False,
                                    original_id='<1@elsewhere.example>'))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_log_names_no_address(self):
        user = self.new_user()
        self.lmtp(user, self.report(user, 'secret@example.net'))
        line, = self.wait_log('bounce: ')
        self.assertIn('Info: ', line)
        self.assertIn('bounce: failure report (dsn, verified), recipients: 1: '
                      'hard mailbox-unknown; 1 records changed', line)
        self.assertEqual(self.log('secret'), [])

    def test_first_is_late(self):
        """Those after it failed all the same."""
        user = self.new_user()
        report = self.report(user, [f'{name}@example.net' for name in 'abc'])
        self.lmtp(user, report.replace(b'Action: failed', b'Action: delayed', 1))
        self.assertEqual(self.flags(user), [{'$Bounce', '$BounceHard'}])
        self.assertEqual(sorted(self.metadata(user)),
                         ['b@example.net', 'c@example.net'])
        self.wait_log(r'recipients: 3: hard mailbox-unknown \(2\); 2 records ')

    def test_saved_slowly(self):
        """Recorded with the date of the saved mail, or a scan would change it."""
        user = self.new_user()
        self.lmtp(user, self.report(user, 'first@example.net'))
        held = pathlib.Path(self.home(user), 'Maildir', '.Bounces',
                            'dovecot-uidlist.lock')
        held.write_text(f'{os.getpid()}:{socket.gethostname()}')
        os.chown(held, harness.MAIL_UID, harness.MAIL_UID)
        thread = threading.Thread(target=self.lmtp, args=(user, self.report(user)))
        thread.start()
        dictserver.wait_for(lambda: os.listdir(held.with_name('tmp')))
        # a new second has begun
        time.sleep(1.1)
        held.unlink()
        thread.join()
        done = self.doveadm('fetch', '-u', user, 'date.received.unixtime', 'mailbox',
                            'Bounces')
        self.assertIn(str(self.metadata(user)['gone@example.net']['last']), done.stdout)

    def test_detail_to_same_folder(self):
        user = self.new_user()
        self.lmtp(f'{user}+lists', self.report(user))
        self.assertEqual(self.messages(user, 'Bounces'), 1)

    def test_named_folder_wins(self):
        user = self.new_user()
        self.doveadm('mailbox', 'create', '-u', user, 'Mine')
        self.lda(user, self.report(user), args=('-m', 'Mine'))
        self.assertEqual(self.flags(user, 'Mine'), [{'$Bounce', '$BounceHard'}])
        self.assertNotIn('Bounces', self.mailboxes(user))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    # -- with a script

    def test_script_keep(self):
        user = self.new_user()
        self.put_script(user, 'keep;\n')
        self.lmtp(user, self.report(user))
        self.assertEqual(self.flags(user), [{'$Bounce', '$BounceHard'}])

    def test_script_fileinto_wins(self):
        user = self.new_user()
        self.put_script(user, 'require ["fileinto", "mailbox"];\n'
                        'fileinto :create "Mine";\n')
        self.lmtp(user, self.report(user))
        self.assertEqual(self.flags(user, 'Mine'), [{'$Bounce', '$BounceHard'}])
        self.assertNotIn('Bounces', self.mailboxes(user))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_script_flags_are_kept(self):
        user = self.new_user()
        self.put_script(user, 'require "imap4flags";\n'
                        'addflag ["\\\\Seen", "$Mine"];\nkeep;\n')
        self.lmtp(user, self.report(user))
        self.assertEqual(self.flags(user),
                         [{'$Bounce', '$BounceHard', '$Mine'}])
        self.assertIn('\\Seen', self.fetch(user, 'Bounces')[0][0])

    def test_script_stores_twice(self):
        user = self.new_user()
        self.put_script(user, 'require ["fileinto", "mailbox", "copy"];\n'
                        'fileinto :create :copy "Mine";\n')
        self.lmtp(user, self.report(user))
        for folder in ('Mine', 'Bounces'):
            self.assertEqual(self.flags(user, folder),
                             [{'$Bounce', '$BounceHard'}], folder)

    def test_script_discards(self):
        user = self.new_user()
        self.put_script(user, 'discard;\n')
        self.lmtp(user, self.report(user))
        self.assertNotIn('Bounces', self.mailboxes(user))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_script_broken(self):
        user = self.new_user()
        self.put_script(user, 'nonsense;\n')
        self.expect_log('nonsense|sieve: ')
        self.lmtp(user, self.report(user))
        self.assertEqual(self.flags(user), [{'$Bounce', '$BounceHard'}])

    def test_answer_kept_in_sent_is_no_bounce(self):
        user = self.new_user()
        self.put_script(user, 'require ["vacation", "fcc", "mailbox"];\n'
                        'vacation :fcc "Answers" :create "Away";\n')
        self.lmtp(user, harness.mail(to=f'{user}@example.org'),
                  sender='carol@example.net')
        self.assertEqual(self.messages(user), 1)
        self.assertNotIn('Bounces', self.mailboxes(user))


class NoSieve(harness.TestCase):
    """The hook is the only one."""

    sieve = False
    conf = 'lda_mailbox_autocreate = no\n'

    def test_lmtp_and_lda(self):
        user = self.new_user()
        message = harness.dsn('gone@example.net', user=f'{user}@example.org')
        self.lmtp(user, message)
        self.lda(user, harness.dsn('other@example.net',
                                   user=f'{user}@example.org'))
        self.lmtp(user, harness.mail())
        self.assertEqual(self.messages(user, 'Bounces'), 2)
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(sorted(self.metadata(user)),
                         ['gone@example.net', 'other@example.net'])
        for flags, _ in self.fetch(user, 'Bounces'):
            self.assertLessEqual({'$Bounce', '$BounceHard'}, flags)


class Detail(harness.TestCase):
    """+detail that is saved to its folder is a folder named on purpose."""

    conf = 'lmtp_save_to_detail_mailbox = yes\n'

    def test_detail_wins(self):
        user = self.new_user()
        self.lmtp(f'{user}+lists',
                  harness.dsn('gone@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.messages(user, 'lists'), 1)
        self.assertNotIn('Bounces', self.mailboxes(user))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])


class StayInInbox(harness.TestCase):
    """bounce_mailbox empty, for the site."""

    settings = {'bounce_mailbox': ''}

    def test_stays(self):
        user = self.new_user()
        self.lmtp(user,
                  harness.dsn('gone@example.net', user=f'{user}@example.org'))
        (flags, _), = self.fetch(user)
        self.assertLessEqual({'$Bounce', '$BounceHard'}, flags)
        self.assertNotIn('Bounces', self.mailboxes(user))
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])


class EmptyFields(harness.TestCase):
    """Userdb fields that are there and empty, as of a passwd-file or a column of
    SQL: the empty text; of what is no text, the default."""

    settings = {'bounce_threshold': '7'}
    users = {
        'stays': {'bounce_mailbox': '', 'bounce_rules':
                  '/usr/share/dovecot-bounce/rules.d'},
        'none': {'bounce_file': ''},
        'plain': {name: '' for name in (
            'bounce_record', 'bounce_evidence', 'bounce_addresses',
            'bounce_sites', 'bounce_token_key', 'bounce_threshold',
            'bounce_half_life', 'bounce_forget', 'bounce_keep_hard',
            'bounce_max_addresses', 'bounce_shared')}}
    if harness.VERSION < (2, 4):
        users['plain']['bounce_dict'] = ''

    def recorded(self, user):
        self.lmtp(user, harness.dsn('bob@example.net',
                                    user=f'{user}@example.org'))
        row, = self.doveadm_json('bounce', 'list', '-u', user)
        return row

    def test_text(self):
        for user in ('stays', 'none'):
            self.assertEqual(self.recorded(user)['state'], 'watched')
            self.assertEqual(self.mailboxes(user), ['INBOX', 'Sent'])
            self.assertEqual(self.messages(user), 1)

    def test_others(self):
        row = self.recorded('plain')
        # that of the manual, not the site's
        self.assertEqual(row['state'], 'suppressed')
        self.assertEqual(self.messages('plain', 'Bounces'), 1)
        days = datetime.datetime.fromisoformat(row['until']).timestamp()
        self.assertAlmostEqual((days - time.time()) / 86400, 365, delta=1.1)


class Prefix(harness.TestCase):
    """All folders below INBOX., as on servers that came from Courier."""

    conf = 'namespace inbox {\n  prefix = INBOX.\n  separator = .\n}\n'

    def test_below_inbox(self):
        user = self.new_user()
        self.lmtp(user,
                  harness.dsn('gone@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.messages(user, 'INBOX.Bounces'), 1)


class OtherDict(harness.TestCase):
    """A dictionary of the site's own choice."""

    dict23 = 'file:%h/other.dict'
    dict24 = '  dict file {\n    path = %{home}/other.dict\n  }'

    def test_written_there(self):
        user = self.new_user()
        self.lmtp(user,
                  harness.dsn('gone@example.net', user=f'{user}@example.org'))
        with open(f'{self.home(user)}/other.dict', encoding='utf-8') as file:
            self.assertIn('gone@example.net', file.read())


class IndexLayout(harness.TestCase):
    """Folders have no path before they are created: the layout of Dovecot's
    container image."""

    conf = 'lda_mailbox_autocreate = no\nlda_mailbox_autosubscribe = no\n'
    conf23 = 'mail_location = maildir:~/Maildir:LAYOUT=index\n'
    conf24 = 'mailbox_list_layout = index\n'

    def filed(self, user):
        self.lmtp(user, harness.dsn('gone@example.net',
                                    user=f'{user}@example.org'))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(self.messages(user), 0)
        _, lines = self.imap(user).lsub('""', '"*"')
        self.assertIn(b'Bounces', b' '.join(lines))

    def test_filed_created_subscribed(self):
        self.filed(self.new_user())

    def test_script_keep(self):
        user = self.new_user()
        self.put_script(user, 'keep;\n')
        self.filed(user)

    def test_created_when_needed(self):
        user = self.new_user()
        self.put_script(user, 'require ["fileinto", "mailbox"]; '
                        'fileinto :create "Mine";\n')
        self.lmtp(user, harness.dsn('gone@example.net',
                                    user=f'{user}@example.org'))
        self.assertEqual(self.messages(user, 'Mine'), 1)
        self.assertNotIn('Bounces', self.mailboxes(user))


class PushNotification(harness.TestCase):
    """It looks at a new folder while it is being created, and logs an Error where
    that is still open."""

    plugins = ['notify', 'push_notification']
    conf = 'lda_mailbox_autocreate = no\n'
    conf23 = 'plugin {\n  push_notification_driver = dlog\n}\n'
    conf24 = 'push_notification dlog {\n}\n'

    def test_first_bounce(self):
        for _ in range(2):
            user = self.new_user()
            self.lmtp(user, harness.dsn('gone@example.net',
                                        user=f'{user}@example.org'))
            self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(self.log('UIDVALIDITY changed'), [])


class Forbidden(harness.TestCase):
    """An ACL lets nobody write to the folder."""

    plugins = ['acl']
    conf = 'lda_mailbox_autocreate = no\n'
    conf23 = 'plugin {\n  acl = vfile:@DIR@/acl\n}\n'
    conf24 = '''acl_driver = vfile
namespace inbox {
  mailbox Bounces {
    acl owner {
      rights = lr
    }
  }
}
'''

    @classmethod
    def prepare(cls, server):
        pathlib.Path(server.dir, 'acl').write_text('Bounces owner lr\n')

    def test_inbox_and_logged(self):
        self.expect_log('Folder Bounces does not take the report, leaving it in '
                        'INBOX: Permission denied')
        user = self.new_user()
        self.lmtp(user, harness.dsn('gone@example.net',
                                    user=f'{user}@example.org'))
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])


class OverQuota(harness.TestCase):
    """Room in INBOX only."""

    plugins = ['quota']
    conf = 'lda_mailbox_autocreate = no\n'
    conf23 = '''plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:bytes=100
  quota_rule2 = INBOX:ignore
}
'''
    conf24 = '''quota "User quota" {
}
quota_storage_size = 100B
quota_storage_grace = 0
namespace inbox {
  mailbox INBOX {
    quota_ignore = yes
  }
}
'''

    def test_inbox_and_logged(self):
        self.expect_log('Folder Bounces does not take the report, leaving it in '
                        'INBOX: Quota exceeded')
        user = self.new_user()
        self.lmtp(user, harness.dsn('gone@example.net',
                                    user=f'{user}@example.org'))
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])
