"""What doveadm bounce prints for people: in their language, 80 columns wide, the
same from this process and from doveadm-server."""

import unicodedata

import test_doveadm
import test_tell


def columns(line):
    return sum(2 if unicodedata.east_asian_width(char) in 'WF' else 1
               for char in line)


class People(test_doveadm.Doveadm):

    users = {'alice': {}, 'bob': {}}
    spare_users = 0

    def people(self, *args, **kwargs):
        """The lines for people; they fit."""
        out = self.run_bounce(*args, **kwargs).stdout
        lines = (out if isinstance(out, str) else out.decode()).split('\n')
        self.assertEqual([line for line in lines if columns(line) > 80], [])
        return lines


class Show(People):

    def test_show(self):
        long = 'a' * 60 + '@' + 'very-long-domain.' * 3 + 'example.com'
        self.put('alice', {'address': 'bob@gmial.com', 'first': 1795651200},
                 {'address': 'carol@example.net', 'reason': 'spam-content',
                  'state': 'watched', 'class': 'soft', 'side': 'message'},
                 {'address': long})
        lines = self.people('show', '-u', 'alice')
        text = '\n'.join(lines)
        self.assertRegex(text, r'bob@gmial\.com +blocked 2026-11-2\d\n'
                         r'    Nobody has this address at that domain\.\n'
                         r'    Check the spelling .*\n    -> bob@gmail\.com\n')
        self.assertIn('…', text)
        self.assertIn('failed, is still tried', text)
        # one, and those of a mask
        lines = self.people('show', '-u', 'alice', 'Bob@Gmial.com')
        self.assertEqual(len(lines), 5)
        lines = self.people('show', '-u', 'alice', '*@example.net')
        self.assertIn('carol@example.net', lines[0])
        self.run_bounce('show', '-u', 'alice', 'x@example.net', status=68)
        self.assertEqual(self.people('show', '-u', 'bob'),
                         ['No address has failed.', ''])
        # formats have all of it
        rows = self.rows('show', '-u', 'alice')
        self.assertEqual({row['address'] for row in rows},
                         {'bob@gmial.com', 'carol@example.net', long})
        # many users
        text = '\n'.join(self.people('show', '-A'))
        self.assertIn('alice:\n', text)

    def test_language(self):
        self.put('alice', {'address': 'bob@gmial.com'})
        for language, word in (('de', 'gesperrt'), ('fr', 'bloquée'),
                               ('es', 'bloqueada'), ('ja', '')):
            text = '\n'.join(self.people('show', '--lang', language, '-u',
                                         'alice'))
            self.assertIn(word, text)
        row, = self.rows('get', '--lang', 'de', '-u', 'alice', 'bob@gmial.com')
        self.assertIn('Diese Adresse gibt es', row['meaning'])
        done = self.run_bounce('show', '--lang', '../x', '-u', 'alice', status=64)
        self.assertIn('--lang ../x is no language', done.stderr)

    def test_a_person_said_so(self):
        """Of what only a person blocked no report says anything."""
        self.put('alice', {'address': 'bob@example.net', 'reason': 'undetermined'})
        for number, (add, after, words) in enumerate((
                ([], None, 'You blocked this address yourself.'),
                (['mailbox-moved'], None, 'has left this address'), ([], 'release', ''))):
            address = f'hand{number}@example.net'
            self.run_bounce('add', '-u', 'alice', address, *add)
            if after:
                self.run_bounce(after, '-u', 'alice', address)
            for row in (*self.rows('show', '-u', 'alice', address),
                        *self.rows('get', '-u', 'alice', address)):
                self.assertIn(words, row['meaning'])
                self.assertEqual(bool(row['advice']), bool(add), row)
                self.assertNotIn('report', row['meaning'] + row['advice'])
        self.assertIn('report does not say why',
                      '\n'.join(self.people('show', '-u', 'alice', 'bob@*')))

    def test_server(self):
        """doveadm-server's rows read alike, and so does a terminal."""
        self.put('alice', {'address': 'bob@gmial.com'},
                 {'address': 'a' * 60 + '@' + 'very-long-domain.' * 3 + 'example'})
        for args in (['show'], ['rate']):
            here = self.people(*args, '-u', 'alice')
            self.assertEqual(
                self.doveadm_on_terminal('bounce', *args, '-u', 'alice').split('\n'),
                here)
            there = self.people(*args, '-u', 'alice', '-S', f'{self.dir}/run/doveadm-server')
            self.assertEqual(here, there)
        self.assertEqual(
            self.rows('show', '-u', 'alice', '-S', f'{self.dir}/run/doveadm-server'),
            self.rows('show', '-u', 'alice'))


class Rate(test_tell.Case):

    def test_table(self):
        user = self.new_user()
        lines = self.doveadm('bounce', 'rate', '-u', user).stdout.split('\n')
        self.assertRegex(lines[0], 'Sent to +Failed +%')
        self.assertIn('Nothing is known to have been sent', lines[-2])
        self.sent(user, '<1@example.org>', count=40)
        self.report(user, [f'm{i}@example.net' for i in range(8)])
        lines = self.doveadm('bounce', 'rate', '--lang', 'de', '-u',
                             user).stdout.split('\n')
        self.assertEqual([line for line in lines if columns(line) > 80], [])
        self.assertRegex(lines[1], '^1 day +40 +8 +20.00 %  ████░{16}$')
        # one sentence for the windows that mean the same, one for the broadcast
        text = '\n'.join(lines)
        self.assertEqual(text.count('Bei dieser Quote'), 1)
        self.assertRegex(text, 'Lunch +40 +8 +20.00 %')
        self.assertIn('Es liegt an uns', text)
