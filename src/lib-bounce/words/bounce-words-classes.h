/* Every class of words: CLASS(group, name). src/words/LANGUAGE.words holds the
   words, under "[name]". A group is looked up alone and has at most 64 classes;
   the names of a group are together. No include guard: who includes this says
   what CLASS is. */

/* JUDGE: of what a server says of one recipient; rules combine them. */
CLASS(JUDGE, NOT)		/* not, no, never, cannot */
/* of whom or what it speaks */
CLASS(JUDGE, WHO)		/* user, mailbox, recipient */
CLASS(JUDGE, SENDER)		/* sender, your address, from */
CLASS(JUDGE, OWN)		/* your account */
CLASS(JUDGE, YOU)		/* you, your server, client, HELO */
CLASS(JUDGE, YOUR)		/* your */
CLASS(JUDGE, IP)		/* IP address, network */
CLASS(JUDGE, DOMAIN)		/* domain, host */
CLASS(JUDGE, NODOMAIN)		/* no such domain, host not found */
CLASS(JUDGE, HERE)		/* here, our, hosted: a server's own */
CLASS(JUDGE, MESSAGE)		/* message, mail */
CLASS(JUDGE, HEADER)		/* header, From field */
CLASS(JUDGE, LIST)		/* mailing list, group */
CLASS(JUDGE, SYSTEM)		/* system, internal, service */
CLASS(JUDGE, LINK)		/* link, URL in the mail */
/* of the mailbox and its owner */
CLASS(JUDGE, THING)		/* certificate, permission, session: no address */
CLASS(JUDGE, EXIST)		/* exist, found, known, valid */
CLASS(JUDGE, UNKNOWN)		/* unknown, nonexistent, invalid */
CLASS(JUDGE, NOBODY)		/* no such user */
CLASS(JUDGE, NOONE)		/* nobody: who, or of what, is still to be said */
CLASS(JUDGE, GONE)		/* deleted, removed */
CLASS(JUDGE, OFF)		/* disabled, suspended, closed */
CLASS(JUDGE, LEFT)		/* left the company, moved */
CLASS(JUDGE, FULL)		/* full, over quota */
CLASS(JUDGE, ROOM)		/* quota, storage, space */
CLASS(JUDGE, OVER)		/* exceeded, exhausted, reached */
CLASS(JUDGE, LITTLE)		/* not enough, no more */
CLASS(JUDGE, WANT)		/* does not want, has blocked you */
CLASS(JUDGE, MEMBER)		/* only members, subscribers, inside */
CLASS(JUDGE, MALFORMED)		/* syntax, malformed, characters */
/* of the message */
CLASS(JUDGE, SIZE)		/* size, large, MB */
CLASS(JUDGE, SPAM)		/* spam, junk, advertising */
CLASS(JUDGE, VIRUS)		/* virus, malware, phishing */
CLASS(JUDGE, ATTACH)		/* attachment, file type */
CLASS(JUDGE, CONTENT)		/* content, text, body */
CLASS(JUDGE, MISSING)		/* missing, lacks, without */
CLASS(JUDGE, FORM)		/* MIME, RFC 5322, bare LF */
/* of our side */
CLASS(JUDGE, AUTHN)		/* SPF, DKIM, DMARC */
CLASS(JUDGE, LOGIN)		/* log in, authentication required */
CLASS(JUDGE, SENDING)		/* sending, outgoing */
CLASS(JUDGE, REVERSE)		/* PTR, reverse DNS */
CLASS(JUDGE, LISTED)		/* block list, DNSBL */
CLASS(JUDGE, REPUTATION)	/* reputation, abuse, complaints */
CLASS(JUDGE, RATE)		/* rate, per hour, too fast */
CLASS(JUDGE, MANY)		/* too many, more than */
CLASS(JUDGE, CONNECTIONS)	/* connections, sessions, attempts */
CLASS(JUDGE, RECIPIENTS)	/* recipients of one mail */
CLASS(JUDGE, GREY)		/* greylisting, first contact */
CLASS(JUDGE, SUPPRESS)		/* a relay's memory */
/* of rules */
CLASS(JUDGE, DENY)		/* denied, refused, blocked, not allowed */
CLASS(JUDGE, ALLOW)		/* allowed, permitted, accepted (with NOT) */
CLASS(JUDGE, POLICY)		/* policy, rules, security */
CLASS(JUDGE, RELAY)		/* relay, not our domain */
/* of the way */
CLASS(JUDGE, DNS)		/* DNS, MX, resolve */
CLASS(JUDGE, CONNECT)		/* connect, respond, timed out */
CLASS(JUDGE, TLS)		/* TLS, encryption */
CLASS(JUDGE, LOOP)		/* loop, hops */
CLASS(JUDGE, EXPIRED)		/* expired, gave up */
CLASS(JUDGE, LATER)		/* temporary, try again */
CLASS(JUDGE, BUSY)		/* busy, maintenance, down */
CLASS(JUDGE, DISK)		/* disk, file system */
CLASS(JUDGE, ERROR)		/* error, fault, went wrong */
CLASS(JUDGE, PROGRAM)		/* command died, pipe, procmail */
CLASS(JUDGE, COMMAND)		/* bad sequence, not implemented */

/* NOTICE: of the notice itself. Of all of it: */
CLASS(NOTICE, FAILURE)		/* it could not be delivered */
CLASS(NOTICE, DELAY)		/* it will be tried again */
CLASS(NOTICE, FINAL)		/* it will not */
CLASS(NOTICE, SUCCESS)		/* it was delivered, unless a DENIAL is before */
CLASS(NOTICE, DENIAL)		/* not, never */
CLASS(NOTICE, CHALLENGE)	/* prove that you are a person */
CLASS(NOTICE, MODERATOR)	/* with APPROVAL and no TURNEDDOWN: it waits */
CLASS(NOTICE, APPROVAL)
CLASS(NOTICE, TURNEDDOWN)
CLASS(NOTICE, TOLD)		/* a person tells: I got this */
CLASS(NOTICE, GREETING)		/* a person greets, unless it is a ROBOT */
CLASS(NOTICE, ROBOT)		/* a program introduces itself */
CLASS(NOTICE, THANKS)		/* an answering machine thanks, or is away */
CLASS(NOTICE, MAIL)		/* it speaks of a mail */
/* of the subject */
CLASS(NOTICE, SFAILURE)		/* undeliverable */
CLASS(NOTICE, SDELAY)		/* delayed */
CLASS(NOTICE, SSUCCESS)		/* delivered */
CLASS(NOTICE, SREPLY)		/* automatic reply */
CLASS(NOTICE, SMAYBE)		/* vacation: people write so, too */
CLASS(NOTICE, SRECEIPT)		/* read */
CLASS(NOTICE, SPASSED)		/* (fwd) */
CLASS(NOTICE, SCOMPLAINT)	/* spam complaint */
CLASS(NOTICE, SSUMMARY)		/* daily report, Cron */
CLASS(NOTICE, SPERSON)		/* "re", less its colon */
/* of a line */
CLASS(NOTICE, FAILING)		/* what it names failed */
CLASS(NOTICE, ANNOUNCING)	/* it announces recipients */
CLASS(NOTICE, CONTACTING)	/* it names whom to write to */
CLASS(NOTICE, DELIVERED)	/* whom it reached, unless a DENIAL is there */
CLASS(NOTICE, TOWARDS)		/* to whom a mail went: "to", before the address */
CLASS(NOTICE, DESCRIBING)	/* a field that describes a mail: "Subject" */
CLASS(NOTICE, JOINT)		/* "and", between two addresses */
CLASS(NOTICE, RECIPIENT)	/* recipients are those below */
CLASS(NOTICE, LFAILED)		/* words before the address that failed */
CLASS(NOTICE, LOTHER)		/* before somebody else's */
CLASS(NOTICE, LALIAS)		/* before another name of it */
CLASS(NOTICE, LREACHED)		/* at the start of a heading, a label or a cell: whom it reached */
CLASS(NOTICE, FSENDER)		/* a field that names who sent the mail */
CLASS(NOTICE, MANNERS)		/* a mailer's courtesies: sorry, do not reply */
CLASS(NOTICE, STAMP)		/* a gateway's, a company's, unless a FINDING */
CLASS(NOTICE, FINDING)
CLASS(NOTICE, RETURNED)		/* the mail comes back from here on, unless SPOKEN */
CLASS(NOTICE, SPOKEN)

/* GRAMMAR: whose attribute a WHO is, which then is not spoken of. */
CLASS(GRAMMAR, MACHINE)		/* server, database: a WHO before it is one */
CLASS(GRAMMAR, HOLDER)		/* baza, servidor: a WHO behind it is one */
CLASS(GRAMMAR, OF)		/* between MACHINE or HOLDER, and WHO */
CLASS(GRAMMAR, WITHIN)		/* in: the place where somebody is not found */
CLASS(GRAMMAR, IF)		/* if: what is said is not said to be so */
