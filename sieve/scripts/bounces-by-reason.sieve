# Files each failure in a folder named after the reason of its first failed
# recipient: Bounces/mailbox-full, Bounces/mailbox-unknown ... One that names no
# recipient, or that nobody need believe, stays where it was.

require ["vnd.dovecot-bounce", "fileinto", "mailbox", "variables"];

set "folder" "Bounces";
set "separator" "/";

if allof (bounce "kind" "failure", bounce :matches "reason" "*",
	  not bounce "evidence" "unverified") {
	fileinto :create "${folder}${separator}${bounce.reason}";
}
