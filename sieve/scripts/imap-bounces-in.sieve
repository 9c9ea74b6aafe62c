# IMAPSieve, for mail that a person drags into Bounces: it is recorded as if it
# had been filed there. See doc/extensions/vnd.dovecot-bounce.txt for the
# settings.

require ["vnd.dovecot-bounce", "imapsieve"];

bounce_learn;
