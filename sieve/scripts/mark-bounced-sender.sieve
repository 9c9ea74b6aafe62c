# Flags mail from an address that bounces: writing back may not work, or it does
# again and the record can go (doveadm bounce release, remove).

require ["vnd.dovecot-bounce", "imap4flags", "variables"];

if address :matches "from" "*" {
	set "from" "${1}";
}
if allof (bounce_record "state" "${from}" ["watched", "suppressed"],
	  not bounce_record "count" "${from}" "0") {
	addflag "$BouncedBefore";
}
