"""Two servers, and dsync between them: what travels, and what scan makes whole."""

import email.utils
import re
import time

import harness
from test_doveadm import DAY, Doveadm


class Dsync(Doveadm):
    """doveadm backup from one Dovecot to another, as over ssh."""

    @classmethod
    def prepare(cls, server):
        cls.first = server
        cls.other = harness.Server(cls.of_other())
        cls.addClassCleanup(cls.other.close)
        cls.other.start()

    @classmethod
    def of_other(cls):
        """What the second server is configured as."""
        return cls

    def on(self, server):
        """What follows is asked of this one."""
        self.server, self.dir, self.ports = server, server.dir, server.ports

    def setUp(self):
        self.on(self.first)
        super().setUp()

    def tearDown(self):
        self.on(self.first)
        super().tearDown()
        bad = [line for line in self.other.log_lines()
               if re.search(r'\b(Error|Panic|Fatal|Warning): ', line)]
        self.assertEqual(bad, [])

    def send(self, user, days, *addresses):
        """A copy in Sent, of so many days ago: its Message-ID."""
        when = time.time() - days * DAY
        text = re.sub(rb'Date: .*\r\n', b'Date: %s\r\n' % email.utils.formatdate(
            when).encode(), harness.mail(f'Of {days}', f'{user}@example.org',
                                         ', '.join(addresses)))
        self.imap(user).append('Sent', None, time.localtime(when), text)
        return re.search(rb'Message-ID: (\S+)', text).group(1).decode()

    def come_back(self, user, days, address, original, **more):
        """Delivered now; the mail was sent so long ago."""
        date = email.utils.formatdate(time.time() - days * DAY).encode()
        self.lmtp(user, re.sub(rb'(?s)(.*)\nDate: [^\r]*', rb'\1\nDate: ' + date,
                               harness.dsn(address, user=f'{user}@example.org',
                                           original_id=original, **more)))

    def fill(self, user):
        """Mails of today and of weeks ago, and what came back of them."""
        today = self.send(user, 0, 'a@example.net', 'b@example.net')
        day = self.send(user, 1, 'c@example.net')
        weeks = self.send(user, 20, *(f'{i}@example.com' for i in range(25)))
        self.send(user, 60, 'long-ago@example.net')
        self.come_back(user, 0, 'b@example.net', today)
        self.come_back(user, 1, 'c@example.net', day, status='5.2.2',
                    diagnostic='552 5.2.2 Mailbox full')
        self.come_back(user, 20, ['3@example.com', '4@example.com'], weeks)

    def sync(self, user, command='backup'):
        # what doveadm tells its children about its own configuration is not for
        # the other server
        more = [f'{name}={value}' for name, value in
                self.other.environment().items() if name != 'MAIL_CONFIG']
        for again in (False, True):
            done = self.doveadm(command, '-u', user, 'env', '-i',
                                'PATH=/usr/sbin:/usr/bin:/sbin:/bin', *more, 'doveadm',
                                '-c', self.other.conf_path, 'dsync-server', '-u',
                                user, check=again)
            # 2: "You may want to run dsync again"
            if done.returncode != 2:
                self.assertEqual(done.returncode, 0, done.stderr)
                return

    def shown(self, user):
        """What list and rate say, and who is marked."""
        return (self.rows('list', '-u', user), self.rows('rate', '-u', user),
                self.marks(user))

    def marks(self, user):
        return sorted(
            (re.search(rb'Subject: (.*)\r\n', text).group(1), '$Bounced' in flags)
            for flags, text in self.fetch(user, 'Sent'))


class Moved(Dsync):
    """Both have the plugin."""

    def test_scan(self):
        user = self.new_user()
        self.fill(user)
        # what was saved with an old date the dictionary did not count; scan does
        self.run_bounce('scan', '-u', user)
        before = self.shown(user)
        self.assertEqual([row['address'] for row in before[0]],
                         ['3@example.com', '4@example.com', 'b@example.net',
                          'c@example.net'])
        self.assertEqual([(row['sent'], row['failed']) for row in before[1][:3]],
                         [(3, 2), (3, 2), (28, 4)])
        self.assertEqual(len(before[1]), 5)         # the broadcast's, too
        self.assertEqual(before[2], [(b'Of 0', True), (b'Of 1', True),
                                     (b'Of 20', True), (b'Of 60', False)])
        self.sync(user)
        self.on(self.other)
        self.assertEqual(self.rows('list', '-u', user), [])
        self.assertEqual(self.marks(user), before[2])
        for _ in range(2):
            self.run_bounce('scan', '-u', user)
            self.assertEqual(self.shown(user), before)

    def test_both_ways(self):
        """Each has what the other took in, and counts nothing twice."""
        user = self.new_user()
        self.sync(user, 'sync')
        self.fill(user)
        self.run_bounce('scan', '-u', user)
        before = self.shown(user)
        self.sync(user, 'sync')
        self.on(self.other)
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.shown(user), before)
        late = self.send(user, 0, 'late@example.net')
        self.come_back(user, 0, 'late@example.net', late)
        after = self.shown(user)
        self.on(self.first)
        self.sync(user, 'sync')
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.shown(user), after)

    def test_what_a_person_said(self):
        """It goes by export and import."""
        user = self.new_user()
        self.fill(user)
        self.run_bounce('release', '-u', user, 'b@example.net')
        saved = self.run_bounce('export', '-u', user, 'json').stdout
        before = self.rows('list', '-u', user)
        self.sync(user)
        self.on(self.other)
        self.doveadm('bounce', 'import', '-u', user, stdin=saved.encode())
        self.run_bounce('scan', '-u', user)
        self.assertEqual(self.rows('list', '-u', user), before)


class MovedFromBare(Dsync):
    """The first knows nothing of us: all is made by the scan on the second."""

    bounce = False

    @classmethod
    def of_other(cls):
        return Moved

    def test_scan(self):
        user = self.new_user()
        self.fill(user)
        self.assertEqual(self.messages(user), 3)
        self.sync(user)
        self.on(self.other)
        self.assertEqual({marked for _, marked in self.marks(user)}, {False})
        self.run_bounce('scan', '-u', user)
        rows, rate, marks = self.shown(user)
        self.assertEqual([row['address'] for row in rows],
                         ['3@example.com', '4@example.com', 'b@example.net',
                          'c@example.net'])
        self.assertEqual([(row['sent'], row['failed']) for row in rate[:3]],
                         [(3, 2), (3, 2), (28, 4)])
        self.assertEqual(marks, [(b'Of 0', True), (b'Of 1', True),
                                 (b'Of 20', True), (b'Of 60', False)])
