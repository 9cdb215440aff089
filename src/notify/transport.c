#include "notify/transport.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"
#include "config/password.h"
#include "notify/mail.h"

/* A server that is there accepts a connection within seconds, also from another continent. */
#define CONNECT_TIMEOUT_MS 10000L

/* Of what a server says only the beginning is kept. */
#define REPLY_SIZE 256

#define SIGNATURE_SIZE (2 * 32 + 1)

/* How far an SMTP session has come, by the command that was sent last. */
enum smtp_stage { STAGE_LOGIN, STAGE_SENDER, STAGE_RECIPIENT, STAGE_DATA };

struct transport {
    CURL *curl;
    bool mail, encrypted;
    char *url, *server;
    const char *sender;
    char *secret; /* the password, or the key of signatures; NULL: none */
    struct curl_slist *headers, *recipients;
    struct buffer body; /* that is sent */
    size_t sent;        /* bytes of it */
    enum smtp_stage stage;
    char reply[REPLY_SIZE];
    char fault[CURL_ERROR_SIZE];
};

bool transport_is_set(const struct config *config)
{
    return config_has(config, OPTION_SMTP_URL) || config_has(config, OPTION_WEBHOOK_URL);
}

bool transport_is_mail(const struct config *config)
{
    return !config_has(config, OPTION_WEBHOOK_URL);
}

/* Options that one of the two transports needs, or must not have. */
static int check_options(const struct config *config, struct error *error)
{
    static const struct {
        enum option_id option, with;
        bool needed;
    } rules[] = {
        {OPTION_SENDER, OPTION_SMTP_URL, true},
        {OPTION_SMTP_USER, OPTION_SMTP_URL, false},
        {OPTION_SMTP_PASSWORD_FILE, OPTION_SMTP_USER, true},
        {OPTION_WEBHOOK_KEY_FILE, OPTION_WEBHOOK_URL, true},
    };

    if (config_has(config, OPTION_SMTP_URL) && config_has(config, OPTION_WEBHOOK_URL)) {
        error_set(error, ANT_OPTIONS_CONFLICT, "could not use --smtp-url and --webhook-url: a notice is sent one way");
        return error_hint(error, "give one of them");
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        bool has = config_has(config, rules[i].option), with = config_has(config, rules[i].with);

        if (has && !with)
            return error_set(error, ANT_OPTIONS_CONFLICT, "--%s does nothing without --%s",
                             option_table[rules[i].option].name, option_table[rules[i].with].name);
        if (with && !has && rules[i].needed)
            return error_set(error, ANT_ARGUMENT_MISSING, "--%s needs --%s, too", option_table[rules[i].with].name,
                             option_table[rules[i].option].name);
    }
    if (config_has(config, OPTION_SENDER) && !mail_is_address(config_text(config, OPTION_SENDER))) {
        error_set(error, ANT_VALUE_INVALID, "invalid value for sender: \"%s\" is not an e-mail address",
                  config_text(config, OPTION_SENDER));
        return error_hint(error, "give an address alone, such as quota@example.org");
    }
    return 0;
}

/* A part of a URL, or NULL when it has none. Free the text with curl_free(). */
static char *part_of(CURLU *parts, CURLUPart part)
{
    char *text = NULL;

    return curl_url_get(parts, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static int refuse_url(const struct config *config, enum option_id option, const char *why, struct error *error)
{
    error_set(error, ANT_VALUE_INVALID, "invalid value for %s: %s", option_table[option].name, why);
    if (option == OPTION_WEBHOOK_URL)
        return error_hint(error, "give https://HOST/PATH%s",
                          config_flag(config, OPTION_PLAIN_TEXT) ? " or http://HOST/PATH" : "");
    return error_hint(error, "give smtp://HOST[:PORT], which uses STARTTLS, or smtps://HOST[:PORT]");
}

/* What is wrong with a URL, or NULL. It is not repeated, as it may hold a secret. */
static const char *judge_url(const struct transport *transport, bool plain, const char *scheme, const char *host,
                             const char *user, const char *path)
{
    if (!scheme || !host)
        return "it has no scheme or no host";
    if (user)
        return "it has a user or a password, which others see";
    if (transport->mail && strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0)
        return "it is no address of a mail server";
    if (transport->mail && path && strcmp(path, "/") != 0)
        return "it has a path, which no mail server knows";
    if (!transport->mail && strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
        return "it is no address of a webhook";
    if (!transport->mail && !plain && strcmp(scheme, "http") == 0)
        return "http:// is not encrypted (--plain-text)";
    return NULL;
}

static int read_url(struct transport *transport, const struct config *config, struct error *error)
{
    enum option_id option = transport->mail ? OPTION_SMTP_URL : OPTION_WEBHOOK_URL;
    bool plain = config_flag(config, OPTION_PLAIN_TEXT);
    const char *text = config_text(config, option);
    CURLU *parts = curl_url();
    char *scheme, *host, *user, *path, *port;
    const char *flaw = "it cannot be read";

    if (!parts)
        return error_set(error, ANT_START_FAILED, "could not make a URL with libcurl");
    if (curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK) {
        scheme = part_of(parts, CURLUPART_SCHEME);
        host = part_of(parts, CURLUPART_HOST);
        user = part_of(parts, CURLUPART_USER);
        path = part_of(parts, CURLUPART_PATH);
        port = part_of(parts, CURLUPART_PORT);
        flaw = judge_url(transport, plain, scheme, host, user, path);
        if (!flaw) {
            transport->encrypted =
                transport->mail ? strcmp(scheme, "smtps") == 0 || !plain : strcmp(scheme, "https") == 0;
            transport->url = memory_text(text, strlen(text));
            transport->server = memory_printf("%s%s%s", host, port ? ":" : "", port ? port : "");
        }
        curl_free(scheme);
        curl_free(host);
        curl_free(user);
        curl_free(path);
        curl_free(port);
    }
    curl_url_cleanup(parts);
    return flaw ? refuse_url(config, option, flaw, error) : 0;
}

static int read_secret(struct transport *transport, const struct config *config, struct error *error)
{
    enum option_id option = transport->mail ? OPTION_SMTP_PASSWORD_FILE : OPTION_WEBHOOK_KEY_FILE;

    if (!config_has(config, option))
        return 0;
    if (transport->mail && !transport->encrypted)
        return error_set(error, ANT_OPTIONS_CONFLICT,
                         "--plain-text would show the password of --smtp-user to the network");
    return password_read(config_text(config, option), &transport->secret, error);
}

/* Takes why a server refuses: of a mail server the last line that says so, before its answer to QUIT; of a webhook the
 * first line of its body. */
static size_t take_line(char *data, size_t size, size_t count, void *context)
{
    struct transport *transport = context;
    size_t length = 0;

    while (length < count && data[length] != '\r' && data[length] != '\n')
        length++;
    if (transport->mail ? *data == '4' || *data == '5' : !*transport->reply)
        snprintf(transport->reply, sizeof(transport->reply), "%.*s", (int)length, data);
    return size * count;
}

static size_t give_body(char *place, size_t size, size_t count, void *context)
{
    struct transport *transport = context;
    size_t left = transport->body.size - transport->sent, given = left < size * count ? left : size * count;

    memcpy(place, transport->body.data + transport->sent, given);
    transport->sent += given;
    return given;
}

/* Sees what is said to a mail server, of which only the commands matter; a login is not looked at. */
static int watch(CURL *curl, curl_infotype type, char *data, size_t size, void *context)
{
    static const struct {
        struct slice command;
        enum smtp_stage stage;
    } stages[] = {{{"MAIL ", 5}, STAGE_SENDER}, {{"RCPT ", 5}, STAGE_RECIPIENT}, {{"DATA", 4}, STAGE_DATA}};
    struct transport *transport = context;

    (void)curl;
    for (size_t i = 0; i < sizeof(stages) / sizeof(*stages); i++)
        if (type == CURLINFO_HEADER_OUT && size > stages[i].command.size &&
            memcmp(data, stages[i].command.data, stages[i].command.size) == 0)
            transport->stage = stages[i].stage;
    return 0;
}

static void set_up(struct transport *transport, const struct config *config)
{
    CURL *curl = transport->curl;
    long limit_ms = (long)config_number(config, OPTION_SEND_TIMEOUT);

    curl_easy_setopt(curl, CURLOPT_URL, transport->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, transport->mail ? "smtp,smtps" : "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transport->fault);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, limit_ms);
    /* That does not bound QUIT, whose answer libcurl awaits when it closes a session: two minutes by default. */
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (limit_ms + 999) / 1000);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_line);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transport);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "antenna/" ANTENNA_VERSION);
    if (config_has(config, OPTION_TLS_CA)) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, config_text(config, OPTION_TLS_CA));
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (!transport->mail)
        return;
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, transport);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, transport);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, transport);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(transport->encrypted ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (transport->secret) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, config_text(config, OPTION_SMTP_USER));
        curl_easy_setopt(curl, CURLOPT_PASSWORD, transport->secret);
    }
}

int transport_open(const struct config *config, struct transport **ret_transport, struct error *error)
{
    cleanup(transport_cleanup) struct transport *transport = memory_new(1, sizeof(*transport));

    transport->mail = transport_is_mail(config);
    transport->sender = config_text(config, OPTION_SENDER);
    if (check_options(config, error) || read_url(transport, config, error) || read_secret(transport, config, error))
        return -1;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) || !(transport->curl = curl_easy_init()))
        return error_set(error, ANT_START_FAILED, "could not start libcurl");
    set_up(transport, config);
    *ret_transport = transport;
    transport = NULL;
    return 0;
}

void transport_close(struct transport *transport)
{
    if (!transport)
        return;
    curl_easy_cleanup(transport->curl);
    curl_slist_free_all(transport->headers);
    curl_slist_free_all(transport->recipients);
    buffer_release(&transport->body);
    password_free(&transport->secret);
    free(transport->url);
    free(transport->server);
    free(transport);
}

void transport_cleanup(struct transport **transport)
{
    transport_close(*transport);
    *transport = NULL;
}

const char *transport_server(const struct transport *transport)
{
    return transport->server;
}

bool transport_is_encrypted(const struct transport *transport)
{
    return transport->encrypted;
}

/* Appends a text to a list. */
static void add(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    invariant(longer);
    *list = longer;
}

static CURLcode perform(struct transport *transport)
{
    transport->sent = 0;
    transport->stage = STAGE_LOGIN;
    transport->reply[0] = transport->fault[0] = '\0';
    return curl_easy_perform(transport->curl);
}

static int64_t answer_of(const struct transport *transport)
{
    long code = 0;

    curl_easy_getinfo(transport->curl, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

/* Why libcurl could not bring a session to its end. */
static int fail(const struct transport *transport, CURLcode code, struct error *error)
{
    const char *why = *transport->fault ? transport->fault : curl_easy_strerror(code);

    error_set(error, ANT_TRANSPORT_UNAVAILABLE, "could not reach the %s %s: %s",
              transport->mail ? "mail server" : "webhook at", transport->server, text_show(why).text);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) {
        error->code = ANT_TRANSPORT_CERTIFICATE;
        return error_hint(error,
                          "give the name that is in its certificate, and the authority that signed it by --tls-ca");
    }
    if (code == CURLE_USE_SSL_FAILED) {
        error->code = ANT_TRANSPORT_CERTIFICATE;
        return error_hint(error,
                          "give a server with STARTTLS, smtps:// for one with TLS from the start, or --plain-text "
                          "for a relay on this machine");
    }
    return -1;
}

/* What a mail server refuses before it knows whom a mail is for. */
static int refuse_session(const struct transport *transport, int64_t answer, struct error *error)
{
    bool sender = transport->stage == STAGE_SENDER;

    error_set(error, answer / 100 == 5 ? ANT_TRANSPORT_REFUSED : ANT_TRANSPORT_UNAVAILABLE,
              "the mail server %s refuses the %s%s%s%s: %s", transport->server, sender ? "sender" : "login",
              sender ? " \"" : "", sender ? transport->sender : "", sender ? "\"" : "",
              text_show(transport->reply).text);
    return error_hint(error, sender ? "give a --sender that the server lets this login use"
                                    : "check --smtp-user and the password in --smtp-password-file");
}

/* What the server has said of the mail whose sending has failed, or the error that concerns all mails. */
static int judge_mail(const struct transport *transport, CURLcode code, struct delivery_report *ret_report,
                      struct error *error)
{
    int64_t answer = answer_of(transport);
    bool refused = answer / 100 == 4 || answer / 100 == 5;

    if (code == CURLE_LOGIN_DENIED || (refused && transport->stage == STAGE_SENDER))
        return refuse_session(transport, answer, error);
    if (!refused) {
        ret_report->uncertain = transport->stage == STAGE_DATA;
        return fail(transport, code, error);
    }
    /* 421: it closes the connection (RFC 5321, 3.8). */
    if (transport->stage == STAGE_LOGIN || answer == 421)
        return error_set(error, ANT_TRANSPORT_UNAVAILABLE, "the mail server %s refuses the session: %s",
                         transport->server, text_show(transport->reply).text);
    ret_report->delivery = answer / 100 == 4 ? DELIVERY_REFUSED_NOW : DELIVERY_REFUSED;
    snprintf(ret_report->reason, sizeof(ret_report->reason), "%s", transport->reply);
    return 0;
}

static int send_mail(struct transport *transport, const struct notice *notice, const struct message *message,
                     struct delivery_report *ret_report, struct error *error)
{
    const char *name = notice->name ? notice->name : "";
    const struct mail mail = {transport->sender,  notice->email, name,      message->subject.data,
                              message->text.data, notice->key,   time_now()};
    CURLcode code;

    if (!mail_is_address(notice->email)) {
        ret_report->delivery = DELIVERY_REFUSED;
        snprintf(ret_report->reason, sizeof(ret_report->reason), "\"%s\" is not an e-mail address", notice->email);
        return 0;
    }
    mail_write(&mail, &transport->body);
    add(&transport->recipients, notice->email);
    curl_easy_setopt(transport->curl, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(transport->curl, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(transport->curl, CURLOPT_MAIL_FROM, transport->sender);
    curl_easy_setopt(transport->curl, CURLOPT_MAIL_RCPT, transport->recipients);
    curl_easy_setopt(transport->curl, CURLOPT_UPLOAD, 1L);
    code = perform(transport);
    return code ? judge_mail(transport, code, ret_report, error) : 0;
}

/* MAIL without a recipient: the session ends after it. */
static int check_mail(struct transport *transport, struct error *error)
{
    cleanup(memory_free) char *command = memory_printf("MAIL FROM:<%s>", transport->sender);
    char *escaped = curl_easy_escape(transport->curl, command, 0); /* libcurl decodes it */
    struct delivery_report ignored = {0};
    CURLcode code;

    invariant(escaped);
    curl_easy_setopt(transport->curl, CURLOPT_UPLOAD, 0L);
    curl_easy_setopt(transport->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_easy_setopt(transport->curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(transport->curl, CURLOPT_CUSTOMREQUEST, escaped);
    curl_free(escaped);
    curl_easy_setopt(transport->curl, CURLOPT_FORBID_REUSE, 1L);
    code = perform(transport);
    curl_easy_setopt(transport->curl, CURLOPT_FORBID_REUSE, 0L);
    /* libcurl takes 553 for an answer to what it calls VRFY. */
    if (!code && answer_of(transport) / 100 == 5)
        return refuse_session(transport, answer_of(transport), error);
    return code ? judge_mail(transport, code, &ignored, error) : 0;
}

/* HMAC-SHA256 (RFC 2104) over the time, a dot and the body. */
static void sign(const struct transport *transport, int64_t time, char ret_signature[SIGNATURE_SIZE])
{
    cleanup(buffer_release) struct buffer signed_text = {0};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    buffer_printf(&signed_text, "%" PRId64 ".", time);
    buffer_append(&signed_text, transport->body.data, transport->body.size);
    invariant(HMAC(EVP_sha256(), transport->secret, (int)strlen(transport->secret),
                   (const unsigned char *)signed_text.data, signed_text.size, digest, &size));
    for (unsigned i = 0; i < size; i++)
        snprintf(ret_signature + (size_t)2 * i, 3, "%02x", digest[i]);
}

static void add_headers(struct transport *transport, const struct notice *notice)
{
    cleanup(memory_free) char *key = memory_printf("Idempotency-Key: %s", notice->key);
    int64_t time = time_now();
    char signature[SIGNATURE_SIZE], text[SIGNATURE_SIZE + 64];

    sign(transport, time, signature);
    add(&transport->headers, "Content-Type: application/json");
    add(&transport->headers, key);
    snprintf(text, sizeof(text), "Antenna-Timestamp: %" PRId64, time);
    add(&transport->headers, text);
    snprintf(text, sizeof(text), "Antenna-Signature: v1=%s", signature);
    add(&transport->headers, text);
}

/* Answers that any notice would get: there is no webhook, or not for us. */
static bool concerns_all(int64_t answer)
{
    return answer / 100 == 3 || answer == 401 || answer == 403 || answer == 404 || answer == 405;
}

/* Request Timeout, Too Early, Too Many Requests, and errors of the server (RFC 9110, RFC 8470, RFC 6585). */
static bool may_change(int64_t answer)
{
    return answer == 408 || answer == 425 || answer == 429 || answer / 100 == 5;
}

static int judge_answer(const struct transport *transport, struct delivery_report *ret_report, struct error *error)
{
    int64_t answer = answer_of(transport);

    if (answer / 100 == 2)
        return 0;
    if (concerns_all(answer)) {
        error_set(error, ANT_TRANSPORT_REFUSED, "the webhook at %s answers %" PRId64, transport->server, answer);
        return error_hint(error, "check --webhook-url, and whether the webhook accepts the key in --webhook-key-file");
    }
    ret_report->delivery = may_change(answer) ? DELIVERY_REFUSED_NOW : DELIVERY_REFUSED;
    snprintf(ret_report->reason, sizeof(ret_report->reason), "%" PRId64 " %s", answer, transport->reply);
    return 0;
}

static int post(struct transport *transport, const struct notice *notice, const struct message *message,
                struct delivery_report *ret_report, struct error *error)
{
    long asked = 0;
    CURLcode code;

    buffer_append(&transport->body, message->text.data, message->text.size);
    add_headers(transport, notice);
    curl_easy_setopt(transport->curl, CURLOPT_CONNECT_ONLY, 0L);
    curl_easy_setopt(transport->curl, CURLOPT_HTTPHEADER, transport->headers);
    curl_easy_setopt(transport->curl, CURLOPT_POSTFIELDS, transport->body.data);
    curl_easy_setopt(transport->curl, CURLOPT_POSTFIELDSIZE, (long)transport->body.size);
    code = perform(transport);
    if (!code)
        return judge_answer(transport, ret_report, error);
    curl_easy_getinfo(transport->curl, CURLINFO_REQUEST_SIZE, &asked);
    ret_report->uncertain = asked > 0;
    return fail(transport, code, error);
}

static int check_webhook(struct transport *transport, struct error *error)
{
    CURLcode code;

    curl_easy_setopt(transport->curl, CURLOPT_CONNECT_ONLY, 1L);
    code = perform(transport);
    return code ? fail(transport, code, error) : 0;
}

int transport_check(struct transport *transport, struct error *error)
{
    return transport->mail ? check_mail(transport, error) : check_webhook(transport, error);
}

int transport_send(struct transport *transport, const struct notice *notice, const struct message *message,
                   struct delivery_report *ret_report, struct error *error)
{
    int status;

    *ret_report = (struct delivery_report){.delivery = DELIVERY_SENT};
    buffer_clear(&transport->body);
    curl_slist_free_all(transport->headers);
    curl_slist_free_all(transport->recipients);
    transport->headers = transport->recipients = NULL;
    status = (transport->mail ? send_mail : post)(transport, notice, message, ret_report, error);
    text_make_printable(ret_report->reason);
    return status;
}
