"""Pauses and locks are shared by all processes whoever they run as: lmtp that does not
start as root, with one user of the system for all mail; and one of each user's own."""

import concurrent.futures
import contextlib
import os
import pwd

import harness
import test_waiting

# a user of every Debian, whose group has the same number
NAME = 'backup'
# 2.4's lmtp ends with its connection by itself
ONCE = '' if harness.VERSION >= (2, 4) else '  service_count = 1\n'


class Shared:
    """Each connection is a process of its own."""

    spare_users = 30
    conf = 'mail_temp_dir = @DIR@/tmp\n'

    @classmethod
    def prepare(cls, server):
        super().prepare(server)
        os.mkdir(f'{server.dir}/tmp')
        os.chmod(f'{server.dir}/tmp', 0o1777)

    def hang(self, user):
        self.expect_log('bounce: ')
        self.proxy.fail('hang')
        self.deliver(user, 'gone@example.net')

    def check_pause(self, path, uid):
        """Who comes after the one that waited asks nothing, in other processes."""
        self.hang(self.new_user())
        found = os.stat(path)
        self.assertEqual((found.st_uid, found.st_mode & 0o22), (uid, 0))
        before = self.proxy.commands
        for _ in range(4):
            user = self.new_user()
            self.deliver(user, 'gone@example.net')
            self.assertTrue(self.pending(user))
        client = self.imap(user)
        client.create('Sent')
        client.append('Sent', None, None, harness.mail(
            sender=f'{user}@example.org', to='bob@example.net'))
        client.logout()
        self.wait_log('Sent mail is not counted')
        self.assertEqual(self.proxy.commands, before)

    def test_lock(self):
        """Eight at once for one user: no count is lost."""
        user = self.new_user()
        self.deliver(user, 'x@example.net')
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: self.deliver(user, f'a{n}@example.net'),
                          range(8)))
        self.assertEqual(self.listed(user), sorted(
            ['x@example.net'] + [f'a{n}@example.net' for n in range(8)]))


class OneUid(Shared, test_waiting.Proxied):

    conf = Shared.conf + f'service lmtp {{\n  user = {NAME}\n{ONCE}}}\n'
    mail_uid = pwd.getpwnam(NAME).pw_uid

    def calm(self):
        super().calm()
        with contextlib.suppress(FileNotFoundError), \
                open(f'{self.dir}/tmp/dovecot-bounce.pause', 'r+b') as pause:
            pause.truncate(0)

    def test_pause(self):
        self.assertFalse(os.path.exists(f'{self.dir}/run/dovecot-bounce.pause'))
        self.check_pause(f'{self.dir}/tmp/dovecot-bounce.pause', self.mail_uid)

    def test_pause_of_a_stranger(self):
        """Another user of the machine stops nobody."""
        path = f'{self.dir}/tmp/dovecot-bounce.pause'
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        with open(path, 'wb') as pause:
            pause.write(b'\xff' * 512 * 8)
        os.chown(path, 65534, 65534)
        user = self.new_user()
        self.deliver(user, 'a@example.net')
        self.assertEqual(self.listed(user), ['a@example.net'])
        os.unlink(path)


class UidEach(Shared, test_waiting.Proxied):

    conf = Shared.conf + f'service lmtp {{\n{ONCE}}}\n'

    @classmethod
    def prepare(cls, server):
        super().prepare(server)
        lines = []
        with open(f'{server.dir}/passwd', encoding='utf-8') as passwd:
            for number, line in enumerate(passwd):
                fields = line.split(':')
                fields[2] = fields[3] = str(6000 + number)
                lines.append(':'.join(fields))
                os.chown(fields[5], 6000 + number, 6000 + number)
        with open(f'{server.dir}/passwd', 'w', encoding='utf-8') as passwd:
            passwd.writelines(lines)

    def test_pause(self):
        self.check_pause(f'{self.dir}/run/dovecot-bounce.pause', 0)
