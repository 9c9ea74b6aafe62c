"""sieve-dovecot-bounce(7) against the code: its lists, and each of its recipes
with real deliveries."""

import re
import unittest

import harness
from test_sieve_delivery import HARD, SOFT, DeliveryCase, bounce

MANUAL = harness.SOURCE / 'doc' / 'sieve-dovecot-bounce.7'
SPEC = harness.SOURCE / 'doc' / 'rfc' / 'spec-bounce.txt'


def block(kind, name):
    """What stands between .\" kind: name and .\" end."""
    text = MANUAL.read_text(encoding='utf-8')
    found = re.search(r'\.\\" %s: %s\n(.*?)^\.\\" end$' % (kind, re.escape(name)),
                      text, re.S | re.M)
    if not found:
        raise AssertionError(f'no {kind} {name} in {MANUAL}')
    return found.group(1)


def listed(name):
    """The items of a list."""
    return [re.sub(r'\$\{bounce\.(\w+)\}', r'\1', item)
            for item in re.findall(r'^\.It Cm (\S+)$', block('table', name), re.M)]


def in_code(source, array):
    """The strings of an array of names."""
    text = (harness.SOURCE / 'sieve' / source).read_text(encoding='utf-8')
    found = re.search(r'%s\[\w+ \+ 1\] = \{(.*?)^\};' % array, text, re.S | re.M)
    return re.findall(r'"([^"]+)"', found.group(1))


class Lists(unittest.TestCase):
    TABLES = [('bounce fields', 'tst-bounce.c', 'bounce_fields'),
              ('record fields', 'tst-bounce-record.c', 'record_fields'),
              ('variables', 'ext-bounce-variables.c', 'bounce_variables')]

    def test_manual(self):
        for table, source, array in self.TABLES:
            self.assertEqual(sorted(listed(table)), sorted(in_code(source, array)))

    def test_specification(self):
        text = SPEC.read_text(encoding='utf-8')
        for name in in_code('tst-bounce.c', 'bounce_fields'):
            self.assertRegex(text, r'(?m)^   %s  ' % re.escape(name))
        for name in in_code('ext-bounce-variables.c', 'bounce_variables'):
            self.assertIn('${bounce.%s}' % name, text)

    def test_five_recipes(self):
        recipes = re.findall(r'(?m)^\.\\" recipe: (\w+)$',
                             MANUAL.read_text(encoding='utf-8'))
        self.assertEqual(recipes, ['dead', 'mend', 'newsletter', 'lists', 'hint'])


class Recipes(DeliveryCase):
    def recipe(self, name):
        """A new user who has this recipe."""
        text = block('recipe', name).replace('\\e', '\\')
        lines = [line for line in text.split('\n') if not line.startswith('.')]
        user = self.new_user()
        self.put_script(user, '\n'.join(lines))
        return user

    def test_dead(self):
        user = self.recipe('dead')
        self.lmtp(user, bounce(HARD, user=user))
        self.lmtp(user, bounce(SOFT, user=user))
        self.assertEqual(self.messages(user, 'Dead addresses'), 1)
        self.assertEqual(self.messages(user, 'Bounces'), 1)

    def test_mend(self):
        user = self.recipe('mend')
        self.lmtp(user, bounce(('failed', 'x@gone.example', '5.1.2',
                                '550 5.1.2 Host or domain name not found',
                                'mx.gone.example'), user=user))
        self.lmtp(user, bounce(HARD, user=user))
        (flags, _), = self.fetch(user)
        self.assertIn('\\Flagged', flags)
        self.assertEqual(self.messages(user, 'Bounces'), 1)

    def test_newsletter(self):
        user = self.recipe('newsletter')
        many = [('failed', f'r{n}@example.net', '5.1.1',
                 '550 5.1.1 No such user here', 'mx.example.net')
                for n in range(5)]
        self.lmtp(user, bounce(*many, user=user, subject='Our news 7'))
        self.lmtp(user, bounce(HARD, user=user, subject='Our news 8'))
        self.lmtp(user, bounce(HARD, user=user, subject='Lunch'))
        flags = [('$Many' in flags) for flags, _ in
                 self.fetch(user, 'Newsletter/Bounces')]
        self.assertEqual(flags, [True, False])
        self.assertEqual(self.messages(user, 'Bounces'), 1)

    def test_lists(self):
        user = self.recipe('lists')
        self.lmtp(user, bounce(('failed', 'all@lists.example.com', '5.1.1',
                                '550 5.1.1 No such user here',
                                'mx.example.com'), user=user))
        self.assertEqual(self.records(user), {})
        self.assertEqual(self.messages(user, 'Bounces'), 1)
        self.lmtp(user, bounce(HARD, user=user))
        self.assertEqual(list(self.records(user)), ['bob@example.net'])

    def test_hint(self):
        user = self.recipe('hint')
        self.lmtp(user, bounce(HARD, user=user))
        self.lmtp(user, harness.mail(sender='bob@example.net'),
                  sender='bob@example.net')
        self.lmtp(user, harness.mail(), sender='carol@example.net')
        self.assertEqual(['$BouncedBefore' in flags
                          for flags, _ in self.fetch(user)], [True, False])
