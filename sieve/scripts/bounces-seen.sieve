# The first report about a recipient and a reason is filed; the same again
# within a week is dropped. It is counted in the dictionary all the same.

require ["vnd.dovecot-bounce", "duplicate", "variables"];

if allof (bounce "kind" ["failure", "delay"],
	  duplicate :handle "bounces-seen" :seconds 604800
		:uniqueid "${bounce.kind} ${bounce.recipient} ${bounce.reason}") {
	discard;
	stop;
}
