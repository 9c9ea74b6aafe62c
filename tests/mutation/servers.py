"""Which classes of tests/run look at which file."""

# no unit test links them
MODULES = ['src/modules', 'sieve']
# What finds most in the files whose path begins so, the fast ones first; the longest
# of these that fits.
SERVERS = {
    'src/lib-bounce-user/evidence/': [
        'test_verified.Copy', 'test_trust.Everyday', 'test_verified.Token',
        'test_proof.Proof'],
    'src/lib-bounce-user/hold/': ['test_hold.Enforce'],
    'src/lib-bounce-user/pending/': [
        'test_waiting.Homeless', 'test_pending', 'test_verified.Copy'],
    'src/lib-bounce-user/sent/': [
        'test_sent.Counting', 'test_sent.Rates', 'test_verified.Copy'],
    'src/lib-bounce-user/sent/bounce-sent-copy-keyword': [
        'test_doveadm.Scan', 'test_verified.Mark'],
    'src/lib-bounce-user/tell/': [
        'test_tell.Failure', 'test_tell.Flood', 'test_tell.Recovered',
        'test_tell.NotTold'],
    'src/lib-bounce-user/tell/bounce-answer-take': [
        'test_answer.CarriedOut', 'test_answer.Proof'],
    'src/lib-bounce-user/tell/bounce-digest-write': ['test_digest.Digest'],
    'src/lib-bounce-user/tell/bounce-tell-notice': [
        'test_tell.Failure', 'test_tell.Flood', 'test_tell.NotTold',
        'test_digest.Notice'],
    'src/modules/check/': ['test_check.Setup'],
    'src/modules/check/bounce-check-command': [
        'test_check_dns.Dns', 'test_check.Remedies', 'test_check.Setup',
        'test_check_relay.Relay'],
    'src/modules/check/bounce-check-dns': ['test_check_dns.Dns'],
    'src/modules/check/bounce-check-helo': ['test_check_dns.Dns'],
    'src/modules/check/bounce-check-lists': ['test_check_dns.Lists'],
    'src/modules/check/bounce-check-mails': ['test_check_dns.Dns', 'test_check.Setup'],
    'src/modules/check/bounce-check-named': [
        'test_check.Remedies', 'test_check_dns.Dns'],
    'src/modules/check/bounce-check-network': [
        'test_check_dns.Dns', 'test_check_dns.Lists'],
    'src/modules/check/bounce-check-probe': ['test_check_relay.Relay'],
    'src/modules/check/bounce-check-relay': ['test_check_relay.Relay'],
    'src/modules/check/bounce-check-reports': ['test_check.Remedies'],
    'src/modules/check/bounce-check-resolver': [
        'test_check_dns.Dns', 'test_check_dns.Lists',
        'test_check_dns.SilentResolver'],
    'src/modules/check/bounce-check-sts': ['test_check_dns.Dns'],
    'src/modules/check/bounce-check-trace': ['test_check_relay.Relay'],
    'src/modules/check/bounce-check-tried': ['test_check.Remedies'],
    'src/modules/doveadm/': [
        'test_doveadm.Reading', 'test_doveadm.Editing', 'test_doveadm.AllUsers',
        'test_doveadm.ThroughServer'],
    'src/modules/doveadm/doveadm-bounce-ask': ['test_doveadm.Ask'],
    'src/modules/doveadm/doveadm-bounce-conf': ['test_check.Setup'],
    'src/modules/doveadm/doveadm-bounce-digest': ['test_digest.Digest'],
    'src/modules/doveadm/doveadm-bounce-explain': ['test_doveadm.Reading'],
    'src/modules/doveadm/doveadm-bounce-export': [
        'test_handing_on.Export', 'test_doveadm.Transfer'],
    'src/modules/doveadm/doveadm-bounce-import': [
        'test_handing_on.Import', 'test_doveadm.Transfer'],
    'src/modules/doveadm/doveadm-bounce-mails': ['test_doveadm.Scan'],
    'src/modules/doveadm/doveadm-bounce-notice': ['test_digest.Notice'],
    'src/modules/doveadm/doveadm-bounce-people': ['test_people', 'test_digest.Notice'],
    'src/modules/doveadm/doveadm-bounce-rate': [
        'test_site.Rate', 'test_people.Rate', 'test_sent.Rates'],
    'src/modules/doveadm/doveadm-bounce-remedies': ['test_check.Remedies'],
    'src/modules/doveadm/doveadm-bounce-rules': [
        'test_doveadm.Rules', 'test_doveadm.SiteRules'],
    'src/modules/doveadm/doveadm-bounce-scan': ['test_doveadm.Scan'],
    'src/modules/doveadm/doveadm-bounce-show': [
        'test_people.Show', 'test_doveadm.Reading'],
    'src/modules/doveadm/doveadm-bounce-site': [
        'test_site.Stats', 'test_site.Rate', 'test_site.Nobody'],
    'src/modules/doveadm/doveadm-bounce-stats': [
        'test_site.Stats', 'test_doveadm.AllUsers', 'test_doveadm.Reading'],
    'src/modules/doveadm/doveadm-bounce-texts': ['test_doveadm.Texts'],
    'src/modules/mail/': [
        'test_mail_first.Folder', 'test_delivery.Delivery',
        'test_waiting.Homeless', 'test_verified.Copy'],
    'src/modules/mail/bounce-answer': ['test_answer.CarriedOut', 'test_answer.Proof'],
    'src/modules/mail/bounce-deliver-liveness': ['test_proof.Proof'],
    'src/modules/mail/bounce-events': ['test_events', 'test_sent.Rates'],
    'src/modules/mail/bounce-metadata': ['test_metadata'],
    'src/modules/mail/bounce-recheck': ['test_verified.Copy', 'test_trust.Everyday'],
    'src/modules/mail/bounce-sent-box': ['test_sent.Counting', 'test_verified.Copy'],
    'src/modules/mail/bounce-tell': ['test_tell.Flood', 'test_tell.Recovered',
                                     'test_tell.Failure', 'test_tell.NotTold'],
    'src/modules/policy/': [
        'test_policy.Protocol', 'test_policy_postfix.Report',
        'test_policy_postfix.Held', 'test_policy_postfix.Suppressed'],
    'src/modules/policy/policy-count': [
        'test_policy_postfix.Report', 'test_policy_postfix.Held',
        'test_policy_postfix.Suppressed', 'test_policy_postfix.Counted'],
    'src/modules/settings/': ['test_settings'],
    'src/modules/submission/': ['test_sent.Counting', 'test_hold.Enforce'],
    'sieve/': ['test_sieve_language.Bounce', 'test_sieve_language.Compile',
               'test_sieve_delivery.Records', 'test_sieve_delivery.Restricted'],
    'sieve/cmd-bounce-actions': [
        'test_sieve_delivery.Records', 'test_sieve_language.Compile',
        'test_sieve_delivery.Delivery', 'test_sieve_delivery.Imap'],
    'sieve/ext-bounce-record': [
        'test_sieve_delivery.Records', 'test_sieve_delivery.DictionaryDown',
        'test_sieve_delivery.Imap'],
    'sieve/ext-bounce-variables': [
        'test_sieve_language.Bounce', 'test_sieve_delivery.WithoutVariables',
        'test_sieve_language.Compile'],
    'sieve/tst-bounce-record': [
        'test_sieve_delivery.Records', 'test_sieve_language.Compile',
        'test_sieve_delivery.DictionaryDown'],
}
