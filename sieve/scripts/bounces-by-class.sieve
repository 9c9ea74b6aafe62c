# Files reports by what they say of the address:
#   Bounces/Hard          the address will not work again by itself
#   Bounces/Soft          it may work later
#   Bounces/Undetermined  the report does not say
# Reports that something is only late or was delivered stay where they were, and
# those that nobody need believe (anybody can write them).

require ["vnd.dovecot-bounce", "fileinto", "mailbox", "variables"];

set "folder" "Bounces";
set "separator" "/";

if allof (bounce "kind" "failure", not bounce "evidence" "unverified") {
	if bounce "class" "hard" {
		fileinto :create "${folder}${separator}Hard";
	} elsif bounce "class" "soft" {
		fileinto :create "${folder}${separator}Soft";
	} else {
		fileinto :create "${folder}${separator}Undetermined";
	}
}
