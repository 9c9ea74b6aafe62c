# IMAPSieve, for mail that a person drags out of Bounces: what it recorded is
# forgotten. Not so when it is deleted, or only moved between folders of
# bounces. See doc/extensions/vnd.dovecot-bounce.txt for the settings.

require ["vnd.dovecot-bounce", "imapsieve", "environment", "variables",
	 "ihave"];

set "to" "";
if environment :matches "imap.mailbox" "*" {
	set "to" "${1}";
}
if string :matches "${to}" ["Bounces", "Bounces/*", "Bounces.*",
			    "Trash", "Trash/*", "Trash.*"] {
	stop;
}
# where the trash has another name and "special-use" is enabled
if ihave "special-use" {
	if specialuse_exists "${to}" "\\Trash" {
		stop;
	}
}
bounce_forget;
