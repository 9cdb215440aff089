/*
 * The way to the users: a mail server, by SMTP, or a webhook, by HTTP; both by libcurl. One thread uses a transport.
 *
 * An answer that is about one notice is a result; what concerns all of them is an error: a server that is away, a login
 * or a sender that is refused.
 */
#ifndef ANTENNA_NOTIFY_TRANSPORT_H
#define ANTENNA_NOTIFY_TRANSPORT_H

#include "config/config.h"
#include "notify/template.h"
#include "postgres/notices.h"

#define TRANSPORT_REASON_SIZE 512

struct transport;

/** What came of a notice. */
enum delivery { DELIVERY_SENT, DELIVERY_REFUSED_NOW, DELIVERY_REFUSED };

struct delivery_report {
    enum delivery delivery;
    bool uncertain;                     /* after an error: whether the server may have taken the notice all the same */
    char reason[TRANSPORT_REASON_SIZE]; /* of what was refused */
};

/** Whether the options name a transport. */
bool transport_is_set(const struct config *config);

/** Whether notices go out by mail, and so need an address; by default they do. */
bool transport_is_mail(const struct config *config);

/**
 * Reads the options and the secrets. Errors: ERROR_USAGE for options that do not go together; ERROR_CONFIGURATION for a
 * file of a secret. Before threads start. Close with transport_close().
 */
int transport_open(const struct config *config, struct transport **ret_transport, struct error *error) must_check;

/** Closes it; NULL is fine. Fits cleanup() on its address by transport_cleanup(). */
void transport_close(struct transport *transport);

/** For cleanup(). */
void transport_cleanup(struct transport **transport);

/** The server's name, for people. */
const char *transport_server(const struct transport *transport);

/** Whether what is sent is encrypted. */
bool transport_is_encrypted(const struct transport *transport);

/**
 * Connects and sends nothing to anybody: a mail server is asked whether the login is right and the sender allowed.
 * Errors: ERROR_UNAVAILABLE for a server that is unavailable; ERROR_CONFIGURATION for what it refuses.
 */
int transport_check(struct transport *transport, struct error *error) must_check;

/** Sends a notice. Errors: as transport_check(); `ret_report` is set, too. */
int transport_send(struct transport *transport, const struct notice *notice, const struct message *message,
                   struct delivery_report *ret_report, struct error *error) must_check;

#endif
