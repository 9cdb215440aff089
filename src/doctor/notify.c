#include "doctor/subjects.h"
#include "notify/transport.h"

#define SERVER "notify_server"
#define ENCRYPTION "notify_encryption"

static void examine_server(struct doctor *doctor, struct transport *transport)
{
    const char *server = transport_server(transport);
    struct error error;

    if (transport_check(transport, &error))
        found_error(doctor, SERVER, &error);
    else if (transport_is_mail(doctor->config))
        found_ok(doctor, SERVER, "the mail server %s lets this login send as \"%s\"", server,
                 config_text(doctor->config, OPTION_SENDER));
    else
        found_ok(doctor, SERVER, "the webhook at %s can be reached", server);
}

static void examine_encryption(struct doctor *doctor, const struct transport *transport)
{
    if (transport_is_encrypted(transport))
        found_ok(doctor, ENCRYPTION, "notices are sent by TLS");
    else
        found_warning(doctor, ENCRYPTION, "leave out --plain-text unless the server is on this machine",
                      "notices to users travel to %s in plain text", transport_server(transport));
}

void examine_notify(struct doctor *doctor)
{
    cleanup(transport_cleanup) struct transport *transport = NULL;
    struct error error;

    if (!transport_is_set(doctor->config))
        return;
    if (transport_open(doctor->config, &transport, &error)) {
        found_error(doctor, SERVER, &error);
        return;
    }
    examine_server(doctor, transport);
    examine_encryption(doctor, transport);
}
