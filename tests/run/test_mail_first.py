"""Whatever fails in us, the mail is delivered, LMTP says 250, one line of the log
says what failed."""

import contextlib
import os
import pathlib
import socket
import subprocess
import threading
import time
import unittest

import harness


class Case(harness.TestCase):

    spare_users = 20

    def report(self, user, address='gone@example.net'):
        return harness.dsn(address, user=f'{user}@example.org')

    def deliver(self, user, script=''):
        """One report; lmtp() fails the test on any answer but 250."""
        if script:
            self.put_script(user, script)
        self.lmtp(user, self.report(user))

    def errors(self):
        return self.log(r'Error: .*bounce: ')

    def assert_one_error(self, pattern):
        self.expect_log('bounce: ')
        self.wait_log('Error: .*bounce: ')
        lines = self.errors()
        self.assertEqual(len(lines), 1, '\n'.join(lines))
        self.assertRegex(lines[0], pattern)


class WrongSettings(Case):
    """Every setting wrong, at once: each is named with its value, its default
    is used, and the report is filed and recorded."""

    WRONG = {
        'bounce_file': 'failure nonsense',
        'bounce_record': 'perhaps',
        'bounce_evidence': 'rumour',
        'bounce_threshold': 'many',
        'bounce_token_key': 'here',
        'bounce_half_life': '14',
        'bounce_forget': '3 moons',
        'bounce_keep_hard': '-1d',
        'bounce_max_addresses': '1e9',
        'bounce_rules': 'here there',
        'bounce_language': 'Klingon!',
        'bounce_texts': 'here',
        'bounce_suppress': 'perhaps',
        'bounce_suppress_reply': 'data',
        'bounce_suppress_again': 'a while',
    }
    settings = WRONG

    def test_defaults_are_used(self):
        user = self.new_user()
        self.deliver(user)
        # as it starts, 2.4's config process says so, too
        self.expect_log('bounce: |config: Warning: Setting bounce_')
        self.wait_log('bounce: Setting bounce_rules')
        for name, value in self.WRONG.items():
            lines = self.log(f'bounce: Setting {name} = {value} is wrong ')
            self.assertEqual(len(lines), 1, name)
            self.assertIn('using its default', lines[0])
        self.assertEqual(len(self.errors()), len(self.WRONG))
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def test_ordinary_mail_does_not_care(self):
        user = self.new_user()
        self.lmtp(user, harness.mail())
        self.assertEqual(self.errors(), [])
        self.assertEqual(self.messages(user), 1)


class WrongForOne(Case):
    """A userdb field that is wrong."""

    def test_userdb(self):
        user = self.new_user(bounce_threshold='x', bounce_keep_hard='0')
        self.deliver(user)
        self.assert_one_error('Setting bounce_threshold = x is wrong')
        self.assertEqual(self.metadata(user)['gone@example.net']['until'], 0)


class RulesMissing(Case):

    settings = {'bounce_rules': '@DIR@/nowhere'}

    def test_filed_and_recorded(self):
        user = self.new_user()
        self.deliver(user)
        self.assert_one_error('Setting bounce_rules = .*/nowhere is wrong')
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])


class RulesBroken(Case):

    settings = {'bounce_rules': '@DIR@/rules'}

    @classmethod
    def prepare(cls, server):
        os.mkdir(f'{server.dir}/rules')
        pathlib.Path(f'{server.dir}/rules/10-x.rules').write_bytes(
            b'no-such-reason: what\n\0\xff\xfe nonsense\n' + b'x' * 100000)

    def test_filed_and_recorded(self):
        user = self.new_user()
        self.deliver(user)
        self.assert_one_error(r'10-x\.rules:1')
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])


class Folder(Case):
    """The folder cannot be had: INBOX."""

    SCRIPTS = '', 'keep;\n'

    def prepared(self, script):
        """A user with a mailbox."""
        user = self.new_user()
        self.lmtp(user, harness.mail())
        return user

    def check(self, user, script):
        self.deliver(user, script)
        self.assertEqual(self.messages(user), 2)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])

    def expect_one_line_each(self):
        """Of ours, with Dovecot's reason; Dovecot has its own."""
        self.count_log('bounce: Folder Bounces does not take the report, leaving it in '
                       'INBOX: (?!Folder for bounces cannot)', len(self.SCRIPTS))
        self.expect_log('.')

    def test_a_file_is_in_its_place(self):
        for script in self.SCRIPTS:
            user = self.prepared(script)
            path = pathlib.Path(self.home(user), 'Maildir', '.Bounces')
            path.write_text('')
            self.check(user, script)
        self.expect_one_line_each()

    def test_not_ours_to_write(self):
        for script in self.SCRIPTS:
            user = self.prepared(script)
            path = pathlib.Path(self.home(user), 'Maildir', '.Bounces')
            for name in ('cur', 'new', 'tmp'):
                (path / name).mkdir(0o500, parents=True)
            path.chmod(0o500)
            self.check(user, script)
        self.expect_one_line_each()

    def test_opens_but_takes_nothing(self):
        for script in self.SCRIPTS:
            user = self.prepared(script)
            self.deliver(user)
            tmp = pathlib.Path(self.home(user), 'Maildir', '.Bounces', 'tmp')
            os.chown(tmp, 0, 0)
            tmp.chmod(0o500)
            self.deliver(user, script)
            self.assertEqual(self.messages(user, 'Bounces'), 1)
            self.assertEqual(self.messages(user), 2)
        self.expect_one_line_each()

    def test_impossible_name(self):
        for name in ('../../../etc/bounces', '~root/x', 'a//b', '/'):
            user = self.new_user(bounce_mailbox=name)
            self.deliver(user)
            self.assertEqual(self.messages(user), 1, name)
            self.assertEqual(list(self.metadata(user)), ['gone@example.net'])
        self.expect_log('bounce: Setting bounce_mailbox = .* is wrong')


class Dictionary(Case):
    """The dictionary cannot be written."""

    spare_users = 10

    def check(self, user, pattern, script='', mailbox='Bounces'):
        self.deliver(user, script)
        self.assert_one_error(pattern)
        self.assertEqual(self.messages(user, mailbox), 1)

    def test_a_folder_is_in_its_place(self):
        user = self.new_user()
        os.mkdir(f'{self.home(user)}/dovecot-bounce.dict')
        # nobody can be told of it: it is not filed away
        self.check(user, 'Delivered but not recorded', mailbox='INBOX')
        self.count_log('not recorded, as the dictionary does not answer', 1)

    def test_home_not_writable(self):
        user = self.new_user()
        self.lmtp(user, harness.mail())
        os.chown(self.home(user), 0, 0)
        os.chmod(self.home(user), 0o755)
        self.check(user, 'Delivered but not recorded')

    def test_damaged(self):
        user = self.new_user()
        path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
        path.write_text('priv/bounce/address/gone@example.net\n{"v":\n')
        os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
        # it is begun anew: the others of the report are not to wait
        self.expect_log('A record is begun anew')
        self.deliver(user)
        self.assertEqual(self.metadata(user)['gone@example.net']['count'], 1)
        self.wait_log('A record is begun anew: Dictionary is damaged: ')

    def test_damaged_word_of_a_person(self):
        """What they said holds."""
        self.expect_log('A record is begun anew')
        for by, said in (('user', True), ('complaint', True), ('bounce', False)):
            user = self.new_user()
            path = pathlib.Path(self.home(user), 'dovecot-bounce.dict')
            path.write_text('priv/bounce/address/gone@example.net\n'
                            '{"v":1,"address":"gone@example.net","state":'
                            f'"suppressed","by":"{by}","score":\n')
            os.chown(path, harness.MAIL_UID, harness.MAIL_UID)
            self.lmtp(user, harness.dsn('gone@example.net', status='5.2.2',
                                        diagnostic='552 5.2.2 Mailbox full',
                                        user=f'{user}@example.org'))
            record = self.metadata(user)['gone@example.net']
            self.assertEqual((record['state'] == 'suppressed',
                              record['by'] == by), (said, True), by)
            self.wait_log('A record is begun anew: Dictionary is damaged: ')

    def test_home_is_full(self):
        user = self.new_user()
        home = self.home(user)
        self.lmtp(user, harness.mail())
        # the mail elsewhere, the dictionary on a disk without room
        elsewhere = f'{self.dir}/elsewhere'
        os.rename(f'{home}/Maildir', elsewhere)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=64k,mode=777',
                        'tmpfs', home], check=True)
        try:
            os.symlink(elsewhere, f'{home}/Maildir')
            with contextlib.suppress(OSError), \
                    open(f'{home}/filler', 'wb', buffering=0) as filler:
                while True:
                    filler.write(b'x' * 4096)
            self.check(user, 'Delivered but not recorded')
        finally:
            subprocess.run(['umount', home], check=True)


class NoHome(Case):
    """A user without a home folder, whose mail lies elsewhere."""

    @classmethod
    def prepare(cls, server):
        mail = f'{server.dir}/homeless'
        os.mkdir(mail)
        os.chown(mail, harness.MAIL_UID, harness.MAIL_UID)
        fields = (f'userdb_mail_path={mail}' if cls.version >= (2, 4) else
                  f'userdb_mail=maildir:{mail}')
        with open(f'{server.dir}/passwd', 'a', encoding='utf-8') as out:
            out.write(f'homeless:{{PLAIN}}pass:{harness.MAIL_UID}:'
                      f'{harness.MAIL_UID}::::{fields}\n')

    sieve = False

    def test_delivered(self):
        """The error is said once a day, not for each of them."""
        for _ in range(3):
            self.deliver('homeless')
        self.expect_log('duplicate db|bounce: ')
        self.assert_one_error('not recorded: .*home')
        self.assertEqual(self.messages('homeless'), 3)


class HomeOfRoot(Case):
    """A home into which nobody may write (a chroot for SFTP): the dictionary, which is no
    file, is locked beside the mail."""
    dict23 = 'fs:posix:prefix=@DIR@/dicts/'
    dict24 = 'dict fs {\n fs posix {\n prefix = @DIR@/dicts/\n }\n}'
    conf23 = Case.conf23 + 'mail_location = maildir:@DIR@/mails/%u\n'
    conf24 = Case.conf24 + 'mail_path = @DIR@/mails/%{user}\n'
    sieve = False

    @classmethod
    def prepare(cls, server):
        for name in 'dicts', 'mails':
            path = f'{server.dir}/{name}'
            os.mkdir(path)
            os.chown(path, harness.MAIL_UID, harness.MAIL_UID)

    def test_recorded(self):
        user = self.new_user()
        os.chown(self.home(user), 0, 0)
        os.chmod(self.home(user), 0o755)
        # no key for the answers to notices
        self.expect_log('.')
        self.deliver(user)
        self.assertEqual(self.log('not recorded|is not locked'), [])
        self.assertTrue(self.doveadm_json('bounce', 'list', '-u', user))


class WrongDict(Case):
    """A driver that does not exist, and a path that is none."""

    dict23 = 'nosuch:x'
    dict24 = 'dict nosuch {\n}'

    def check(self, user, pattern):
        self.deliver(user)
        self.assert_one_error(pattern)
        self.assertEqual(self.messages(user), 1)

    def test_driver(self):
        self.check(self.new_user(), r'bounce(_dict = nosuch:x| \{ dict \}) is '
                   r'wrong \(Unknown dict module: nosuch')

    @unittest.skipIf(harness.VERSION >= (2, 4), 'bounce_dict is of 2.3')
    def test_path(self):
        self.check(self.new_user(bounce_dict='file:x'),
                   r'bounce_dict = file:x is wrong \(Not an absolute path\)')


class OwnDict(Case):
    """A user's own dictionary, by userdb fields as the manual has them."""

    def test_userdb(self):
        path = pathlib.Path(self.dir, 'own', 'gina.dict')
        path.parent.mkdir()
        os.chown(path.parent, harness.MAIL_UID, harness.MAIL_UID)
        user = self.new_user(**(
            {'bounce/dict': 'file', 'bounce/dict/file/path': path}
            if self.version >= (2, 4) else {'bounce_dict': f'file:{path}'}))
        self.deliver(user)
        self.assertIn('address/gone@example.net', path.read_text())
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(list(self.metadata(user)), ['gone@example.net'])


class Down(Case):
    """No server answers at all."""

    dict23 = 'redis:host=127.0.0.1:port=1'
    dict24 = '  dict redis {\n    redis_host = 127.0.0.1\n    redis_port = 1\n  }'

    def test_delivered(self):
        user = self.new_user()
        start = time.monotonic()
        self.deliver(user)
        self.assertLess(time.monotonic() - start, 10 * harness.SLOW)
        self.expect_log('Delivered but not recorded')
        self.expect_log('.')
        self.assertEqual(self.messages(user), 1)


class NoProxy(Case):
    """The dict server does not know our dictionary."""

    dict23 = 'proxy::nonesuch'
    dict24 = '  dict proxy {\n    name = nonesuch\n  }'

    def test_delivered(self):
        user = self.new_user()
        self.deliver(user)
        self.expect_log('Delivered but not recorded')
        self.expect_log('.')
        self.assertEqual(self.messages(user), 1)
        # and the next mail
        self.lmtp(user, harness.mail())


class Silent(Case):
    """A dict server that takes everything and never answers. Dovecot waits for
    it 30 seconds, connects again, and waits once more."""

    dict23 = 'proxy:@DIR@/silent:bounce'
    dict24 = '  dict proxy {\n    name = bounce\n    socket_path = @DIR@/silent\n  }'
    LIMIT = 4
    # the first thing that is asked for is the address: nothing is to be filed,
    # so nobody is to be told
    settings = {'bounce_evidence': 'plausible', 'bounce_file': ''}

    @classmethod
    def prepare(cls, server):
        cls.silent = socket.socket(socket.AF_UNIX)
        cls.silent.bind(f'{server.dir}/silent')
        os.chmod(f'{server.dir}/silent', 0o666)
        cls.silent.listen()
        cls.addClassCleanup(harness.stop_socket, cls.silent)
        cls.open = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    cls.open.append(cls.silent.accept())
        threading.Thread(target=accept, daemon=True).start()

    def test_delivered(self):
        user = self.new_user()
        start = time.monotonic()
        self.lda(user, self.report(user))
        self.assertLess(time.monotonic() - start, self.LIMIT)
        self.expect_log('Delivered but not recorded')
        self.expect_log('.')
        self.assertEqual(self.messages(user), 1)
        self.assertEqual(self.log('gone@example'), [])
