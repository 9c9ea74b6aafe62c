"""What Dovecot's own doveconf says of our settings."""

import shutil
import unittest

import harness


class Conf(harness.TestCase):
    """What all of them share: not a test of its own."""

    sieve = sieve_bounce = False

    def doveconf(self, *args, check=True):
        return self.run_program([shutil.which('doveconf'), '-c',
                                 self.server.conf_path, *args], check)

    def filed(self):
        user = self.new_user()
        self.lmtp(user, harness.dsn('gone@example.net', user=f'{user}@example.org'))
        self.assertEqual(self.messages(user, 'Bounces'), 1)


class Shown(Conf):

    settings = {'bounce_threshold': '5'}

    def test_shown(self):
        if self.version < (2, 4):
            self.assertEqual(self.doveconf('-h', 'plugin/bounce_threshold').stdout,
                             '5\n')
            return
        done = self.doveconf('-n')
        self.assertRegex(done.stdout, r'(?m)^bounce \{(\n  .*)*\n  threshold = 5$')
        self.assertEqual(done.stderr, '')
        # 2.4.1 shows the default, of Dovecot's own quota_over_status_lazy_check, too
        self.assertIn(self.doveconf('-h', 'bounce_threshold').stdout, ('5\n', '3\n'))
        self.assertEqual(self.doveconf('-h', 'bounce_half_life').stdout, '14d\n')


@unittest.skipIf(harness.VERSION < (2, 4), '2.3 looks at no plugin\'s settings')
class Wrong(Conf):
    """It is named, and nothing of Dovecot's stops."""

    settings = {'bounce_threshold': 'abc', 'bounce_forget': 'soon',
                'bounce_notice': 'failure, held', 'bounce_suppress': 'maybe'}

    def test_named(self):
        done = self.doveconf('-n')
        for text in ('bounce_threshold = abc is wrong (not a number from 0 to 1000), '
                     'using its default 3', 'bounce_forget = soon is wrong (',
                     'bounce_suppress = maybe is wrong (none of no, report, enforce)'):
            self.assertEqual(done.stderr.count('Warning: Setting ' + text), 1,
                             done.stderr)
        self.assertEqual(done.stderr.count('Warning'), 3, done.stderr)

    def test_delivered(self):
        self.expect_log('Setting bounce_threshold = abc is wrong')
        self.expect_log('Setting bounce_')
        self.filed()

    def test_no_such_setting(self):
        """Dovecot's own answer; it begins nothing with such a file."""
        path = f'{self.dir}/other.conf'
        with open(self.server.conf_path, encoding='utf-8') as conf, \
                open(path, 'w', encoding='utf-8') as other:
            other.write(conf.read() + 'bounce_thresold = 3\n')
        done = self.run_program([shutil.which('doveconf'), '-c', path, '-n'], False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('bounce_thresold', done.stderr)


@unittest.skipIf(harness.VERSION < (2, 4), '2.3 looks at no plugin\'s settings')
class Variables(Conf):
    """Nobody knows yet what they will be: nothing is said of them."""

    settings = {'bounce_token_key': '%{home}/our.key',
                'bounce_rules': '%{home}/rules', 'bounce_record': '%{userdb:keeps}'}

    def test_nothing_said(self):
        self.assertEqual(self.doveconf('-n').stderr, '')
