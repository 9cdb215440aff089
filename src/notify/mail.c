#include "notify/mail.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

#define LOCAL_SIZE_MAX 64
#define ADDRESS_SIZE_MAX 254
#define LABEL_SIZE_MAX 63

/* Bytes of an encoded word whose line, with the name of its header, has at most 76 characters (RFC 2047, 2). */
#define WORD_BYTES 39

/* Bytes of a line of base64, which has 76 characters (RFC 2045, 6.8). */
#define LINE_BYTES 57

/* A header of at most so many bytes is written as it is where its characters allow it. */
#define PLAIN_SIZE_MAX 60

#define DATE_SIZE 64

/* Runs of letters, digits and what RFC 5322 calls atext, with single dots between them. */
static bool is_local_part(const char *text, size_t size)
{
    if (size == 0 || size > LOCAL_SIZE_MAX || text[0] == '.' || text[size - 1] == '.')
        return false;
    for (size_t i = 0; i < size; i++)
        if ((!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-/=?^_`{|}~.", text[i])) ||
            (text[i] == '.' && text[i + 1] == '.'))
            return false;
    return true;
}

static bool is_domain(const char *text)
{
    for (;;) {
        size_t size = strcspn(text, ".");

        if (size == 0 || size > LABEL_SIZE_MAX || text[0] == '-' || text[size - 1] == '-')
            return false;
        for (size_t i = 0; i < size; i++)
            if (!isalnum((unsigned char)text[i]) && text[i] != '-')
                return false;
        if (!text[size])
            return true;
        text += size + 1;
    }
}

bool mail_is_address(const char *text)
{
    const char *at = strrchr(text, '@');

    return at && strlen(text) <= ADDRESS_SIZE_MAX && is_local_part(text, (size_t)(at - text)) && is_domain(at + 1);
}

static void append_base64(struct buffer *buffer, const char *text, size_t size)
{
    /* EVP_EncodeBlock() writes four characters for each three bytes, and a NUL. */
    char *place = buffer_reserve(buffer, (size + 2) / 3 * 4 + 1);

    buffer->size += (size_t)EVP_EncodeBlock((unsigned char *)place, (const unsigned char *)text, (int)size);
}

/* Characters that mean themselves in a subject and in the name before an address. */
static bool is_plain(const char *text)
{
    size_t size = strlen(text);

    if (size == 0 || size > PLAIN_SIZE_MAX || text[0] == ' ' || text[size - 1] == ' ')
        return false;
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(" %-+", text[i]))
            return false;
    return true;
}

/* The most bytes, up to WORD_BYTES, that do not cut a character. */
static size_t word_size(const char *text)
{
    size_t size = strnlen(text, WORD_BYTES);

    while (size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

/* Text of a header, as encoded words (RFC 2047) where it must be. */
static void append_words(struct buffer *buffer, const char *text)
{
    if (is_plain(text)) {
        buffer_text(buffer, text);
        return;
    }
    for (size_t size; (size = word_size(text)); text += size) {
        buffer_text(buffer, "=?UTF-8?B?");
        append_base64(buffer, text, size);
        buffer_text(buffer, text[size] ? "?=\r\n " : "?=");
    }
}

static void append_recipient(struct buffer *buffer, const struct mail *mail)
{
    cleanup(memory_free) char *name = memory_text(mail->name, strlen(mail->name));

    buffer_text(buffer, "To: ");
    if (*name) {
        text_make_printable(name); /* readers decode the words, and may obey what is in them */
        append_words(buffer, name);
        buffer_text(buffer, "\r\n ");
    }
    buffer_printf(buffer, "<%s>\r\n", mail->recipient);
}

static void append_date(struct buffer *buffer, int64_t time)
{
    time_t seconds = (time_t)time;
    char text[DATE_SIZE];
    struct tm parts;

    gmtime_r(&seconds, &parts);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    buffer_printf(buffer, "Date: %s\r\n", text);
}

void mail_write(const struct mail *mail, struct buffer *ret_text)
{
    size_t left = strlen(mail->text);

    buffer_printf(ret_text, "From: <%s>\r\n", mail->sender);
    append_recipient(ret_text, mail);
    buffer_text(ret_text, "Subject: ");
    append_words(ret_text, mail->subject);
    buffer_text(ret_text, "\r\n");
    append_date(ret_text, mail->time);
    buffer_printf(ret_text, "Message-ID: <%s%s>\r\n", mail->key, strrchr(mail->sender, '@'));
    buffer_text(ret_text, "Auto-Submitted: auto-generated\r\n" /* nobody answers that he is on holiday (RFC 3834) */
                          "MIME-Version: 1.0\r\n"
                          "Content-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: base64\r\n\r\n");
    for (const char *text = mail->text; left;) {
        size_t size = left < LINE_BYTES ? left : LINE_BYTES;

        append_base64(ret_text, text, size);
        buffer_text(ret_text, "\r\n");
        text += size;
        left -= size;
    }
}
