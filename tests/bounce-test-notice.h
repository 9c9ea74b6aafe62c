#ifndef BOUNCE_TEST_NOTICE_H
#define BOUNCE_TEST_NOTICE_H

/* Notices for the tests of bounce-scan. */

#include "bounce-test-mail.h"
#include "bounce-notice.h"

/* Alice wrote, mx.example.org reports. */
#define SCAN_HEADER "From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\n" \
	"To: alice@example.com\nSubject: failure notice\n\n"

/* of the test that runs */
extern pool_t pool;

void scan_setup(void);
void scan_teardown(void);

/* The notice of a mail, and an empty report to be filled. */
struct bounce_notice *scan_mail(const char *mail, struct bounce_report *report_r);
/* text: what follows SCAN_HEADER */
struct bounce_notice *scan_text(const char *text, struct bounce_report *report_r);

#endif
