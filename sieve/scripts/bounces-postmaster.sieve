# Sends the postmaster a copy of what is our side's fault: a block list, failed
# authentication, too much at once. (Not by "notify": Pigeonhole sends no notice
# about a message that was made by a machine, RFC 5436 section 2.7.1.)
#
# Set the address. At most one copy in an hour for each reason, and none of a
# report about a mail that this user did not send.

require ["vnd.dovecot-bounce", "copy", "duplicate", "variables"];

set "postmaster" "postmaster@example.org";

if allof (bounce "kind" "failure", bounce "side" "sender",
	  bounce "evidence" "verified",
	  not duplicate :handle "postmaster" :seconds 3600
		:uniqueid "${bounce.reason}") {
	redirect :copy "${postmaster}";
}
