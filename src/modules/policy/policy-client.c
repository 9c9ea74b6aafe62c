/* Copyright (c) dovecot-bounce authors, see the included COPYING file */

#include "lib.h"
#include "connection.h"
#include "ioloop.h"
#include "master-service.h"
#include "ostream.h"
#include "bounce-access-mail.h"
#include "bounce-limits.h"
#include "policy-answer.h"
#include "policy-client.h"

struct policy_client {
	struct connection conn;
	struct bounce_access access;
	struct bounce_access_mail mail;
};

static struct connection_list *policy_clients;

void policy_client_connected(struct master_service_connection *conn)
{
	struct policy_client *client = i_new(struct policy_client, 1);

	bounce_access_init(&client->access,
			   pool_alloconly_create("bounce access", 1024));
	bounce_access_mail_init(&client->mail);
	connection_init_server(policy_clients, &client->conn, "(policy client)",
			       conn->fd, conn->fd);
	master_service_client_connection_accept(conn);
}

static void client_destroy(struct connection *conn)
{
	struct policy_client *client =
		container_of(conn, struct policy_client, conn);

	if (conn->disconnect_reason == CONNECTION_DISCONNECT_BUFFER_FULL)
		i_error("bounce: Client sent a line of more than %u bytes",
			BOUNCE_MAX_ACCESS_LINE);
	connection_deinit(conn);
	bounce_access_mail_deinit(&client->mail);
	pool_unref(&client->access.pool);
	i_free(client);
	master_service_client_connection_destroyed(master_service);
}

static int client_input_line(struct connection *conn, const char *line)
{
	struct policy_client *client =
		container_of(conn, struct policy_client, conn);
	const char *error, *action;
	int ret;

	ret = bounce_access_read(&client->access, line, &error);
	if (ret < 0) {
		i_error("bounce: Client is disconnected: %s", error);
		return -1;
	}
	if (ret == 0)
		return 1;
	action = policy_answer(&client->access, &client->mail);
	o_stream_nsend_str(conn->output,
			   t_strconcat("action=", action, "\n\n", NULL));
	bounce_access_reset(&client->access);
	return 1;
}

static const struct connection_settings client_set = {
	/* the line and its end */
	.input_max_size = BOUNCE_MAX_ACCESS_LINE + 2,
	.output_max_size = SIZE_MAX,
	.client = FALSE
};

static const struct connection_vfuncs client_vfuncs = {
	.destroy = client_destroy,
	.input_line = client_input_line
};

void policy_clients_init(void)
{
	policy_clients = connection_list_init(&client_set, &client_vfuncs);
}

void policy_clients_deinit(void)
{
	connection_list_deinit(&policy_clients);
}
