# What is our side's fault, or the message's, stays in INBOX and is flagged:
# somebody here can mend it. The other reports are filed as usual.

require ["vnd.dovecot-bounce", "fileinto", "imap4flags"];

if allof (bounce "kind" "failure", bounce "side" ["sender", "message"],
	  not bounce "evidence" "unverified") {
	addflag ["\\Flagged", "$BounceOurSide"];
	fileinto "INBOX";
}
