# bash completion of "doveadm bounce" and bounce-classify. tests/check-manual
# compares the tables with the commands' own.

# A command, its options, and for some words what may be there.
_doveadm_bounce_commands='
add
ask --ok
check --domain --ip --only --relay --to --ok
correct
digest --lang --due --print
erase
expire
explain --lang
export --as --since --state
get --lang
import --from
list --class --reason --state --held --unproven
notice --lang --print
rate --lang --since --limit --sort --broadcast --sent
release
remedies check
remove
rules check
scan --dry-run
show --lang
stats --since --limit --sort
texts check
'
_doveadm_bounce_values='
--as listmonk mailgun mailman vcard
--class hard soft undetermined
--from listmonk mailgun postmark sendgrid ses
--state corrected released suppressed watched
'

# The words after $2 in the line of table $1 that begins with it.
_doveadm_bounce_row() {
	local row
	while read -r row; do
		[[ $row == "$2 "* ]] && printf '%s\n' "${row#* }"
	done <<<"$1"
}

_doveadm_bounce() {
	local current=${COMP_WORDS[COMP_CWORD]} words i at=0 command
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != bounce ]] || { at=$i; break; }
	done
	command=${COMP_WORDS[at + 1]}
	if ((at == 0)); then
		words=bounce
	elif ((COMP_CWORD == at + 1)); then
		words=$(cut -d' ' -f1 <<<"$_doveadm_bounce_commands")
	else
		words=$(_doveadm_bounce_row "$_doveadm_bounce_values" \
			"${COMP_WORDS[COMP_CWORD - 1]}")
	fi
	if [[ -z $words ]]; then
		words=$(_doveadm_bounce_row "$_doveadm_bounce_commands" "$command")
		case $command in
		remedies | rules | texts) ((COMP_CWORD == at + 2)) || words= ;;
		*) [[ $current == -* ]] || words= ;;
		esac
		# Dovecot's own, for whose mail it is
		[[ $current != -* ]] || words+=' -A -F -S -u'
	fi
	# shellcheck disable=SC2207  # words without blanks
	COMPREPLY=($(compgen -W "$words" -- "$current"))
}

_bounce_classify() {
	local current=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	[[ $current != -* ]] ||
		# shellcheck disable=SC2207
		COMPREPLY=($(compgen -W '--json --text --mail-from --lang --rules
			--help --version' -- "$current"))
}

# where there is nothing of ours to say, files
complete -o default -F _doveadm_bounce doveadm
complete -o default -F _bounce_classify bounce-classify
