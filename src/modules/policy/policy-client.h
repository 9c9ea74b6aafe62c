#ifndef POLICY_CLIENT_H
#define POLICY_CLIENT_H

/* An SMTP server that asks. Every request gets one answer, at once; whatever fails in
   us, it is DUNNO. */

struct master_service_connection;

void policy_clients_init(void);
void policy_clients_deinit(void);
void policy_client_connected(struct master_service_connection *conn);

#endif
