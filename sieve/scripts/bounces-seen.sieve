# The first report about a recipient and a reason is filed as usual; the same
# again within two days goes to Bounces/Repeated, as read. It is counted in the
# dictionary all the same. A report about several recipients, or that names none,
# is always filed as usual. (More than two days needs a higher setting
# sieve_duplicate_max_period.)
#
# Nothing is thrown away, and anybody can write a report: one that proves nothing
# is no first one, and a plausible one is none for those that are verified.

require ["vnd.dovecot-bounce", "duplicate", "fileinto", "imap4flags", "mailbox",
	 "relational", "variables"];

set "folder" "Bounces";
set "separator" "/";

set "evidence" "";
if bounce "evidence" "verified" {
	set "evidence" "verified";
} elsif bounce "evidence" "plausible" {
	set "evidence" "plausible";
}
if allof (bounce "kind" ["failure", "delay"],
	  bounce :count "eq" "recipient" "1",
	  not string "${evidence}" "",
	  duplicate :handle "bounces-seen" :seconds 172800
		:uniqueid "${evidence} ${bounce.kind} ${bounce.recipient} ${bounce.reason}") {
	fileinto :create :flags "\\Seen" "${folder}${separator}Repeated";
	stop;
}
