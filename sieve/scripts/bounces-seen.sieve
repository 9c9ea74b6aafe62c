# The first report about a recipient and a reason is filed; the same again
# within two days is dropped. It is counted in the dictionary all the same. A
# report about several recipients, or that names none, is always filed. (More
# than two days needs a higher setting sieve_duplicate_max_period.)

require ["vnd.dovecot-bounce", "duplicate", "variables", "relational"];

if allof (bounce "kind" ["failure", "delay"],
	  bounce :count "eq" "recipient" "1",
	  duplicate :handle "bounces-seen" :seconds 172800
		:uniqueid "${bounce.kind} ${bounce.recipient} ${bounce.reason}") {
	discard;
	stop;
}
