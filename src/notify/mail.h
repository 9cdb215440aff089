/*
 * A mail as bytes (RFC 5322, MIME). Names and texts are encoded, so that nothing in them can begin a header or end the
 * mail, and lines have the length that servers take.
 */
#ifndef ANTENNA_NOTIFY_MAIL_H
#define ANTENNA_NOTIFY_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/** What a mail is made of. */
struct mail {
    const char *sender;    /* an address */
    const char *recipient; /* an address */
    const char *name;      /* of the recipient; "": none */
    const char *subject;
    const char *text;
    const char *key; /* the same for each attempt: of the Message-ID */
    int64_t time;    /* seconds since the Unix epoch */
};

/**
 * Whether a text is one address of ASCII as servers take it without quotes, such as user@example.org: at most 254
 * bytes, 64 of them before the @ (RFC 5321, 4.5.3.1; RFC 5322, 3.2.3).
 */
bool mail_is_address(const char *text);

/** Appends the mail. */
void mail_write(const struct mail *mail, struct buffer *ret_text);

#endif
