# Files each failure in a folder named after the reason of its first failed
# recipient: Bounces/mailbox-full, Bounces/mailbox-unknown ...

require ["vnd.dovecot-bounce", "fileinto", "mailbox", "variables"];

set "folder" "Bounces";
set "separator" "/";

if bounce "kind" "failure" {
	fileinto :create "${folder}${separator}${bounce.reason}";
}
