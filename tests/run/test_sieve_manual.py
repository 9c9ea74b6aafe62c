"""The texts about Sieve against the code: sieve-dovecot-bounce(7), its lists and
each of its recipes with real deliveries; the specification's and the
administrator's examples."""

import re
import unittest

import harness
from test_sieve_delivery import (HARD, SOFT, DeliveryCase, bounce,
                                 documented)
from test_sieve_language import GROUPS, SieveCase, report

MANUAL = harness.SOURCE / 'doc' / 'sieve-dovecot-bounce.7'
ADMIN = (harness.SOURCE / 'doc' / 'extensions' / 'vnd.dovecot-bounce.txt')
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


class Specification(SieveCase):
    """Each example of the specification."""

    bounce = False

    def test_examples(self):
        text = SPEC.read_text(encoding='utf-8')
        examples = re.findall(r'   Example:\n\n((?:      .*\n|\n)+)', text)
        self.assertEqual(len(examples), 2)
        for example, wanted in zip(examples, ('Bounces/Dead', 'success')):
            self.assertIn(wanted, self.sieve_test(example, report(GROUPS)))

    def test_errors(self):
        """What section 9 says, the compiler says."""
        text = SPEC.read_text(encoding='utf-8')
        for wanted, script in (
                ("bounce test: unknown field 'NAME' (known fields: ",
                 'if bounce "NAME" "x" { keep; }'),
                ("bounce_record test: unknown field 'NAME' (known fields: ",
                 'if bounce_record "NAME" "x" "x" { keep; }'),
                ("vnd.dovecot-bounce: cannot assign to '${bounce.NAME}'",
                 'set "bounce.NAME" "x";'),
                ("vnd.dovecot-bounce: unknown variable '${bounce.NAME}' is "
                 "always empty", 'set "x" "${bounce.NAME}";')):
            self.assertIn(wanted, re.sub(r'\s+', ' ', text))
            _, out = self.compile('require ["vnd.dovecot-bounce", "variables"];'
                                  '\n%s\n' % script, check=False)
            self.assertIn(wanted, out)


class Documented(SieveCase):
    """The administrator's text: its first configuration."""

    sieve_bounce = False
    bounce = False
    conf23 = documented('Configuration', '2.3')
    conf24 = documented('Configuration', '2.4')

    def test_enabled(self):
        out = self.sieve_test('require ["vnd.dovecot-bounce", "fileinto"];\n'
                              'if bounce "class" "hard" { fileinto "seen"; }\n',
                              report(GROUPS))
        self.assertIn('seen', out)

    def test_tools(self):
        """The commands to try a script with."""
        text = ADMIN.read_text(encoding='utf-8')
        commands = re.findall(r'(?m)^  (sieve(?:-test|c) .*script\.sieve .*)$',
                              text)
        self.assertEqual(len(commands), 3)
        script = self.file('script.sieve', 'require "vnd.dovecot-bounce";\n'
                           'bounce_ignore;\n')
        mail = self.file('bounce.eml', report(GROUPS))
        for command in commands:
            args = command.replace('script.sieve', script).replace(
                'bounce.eml', mail).split()
            out = self.tool(*args).stdout
            self.assertRegex(out, 'BOUNCE_IGNORE|do not record this bounce')


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
