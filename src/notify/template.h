/*
 * The texts of notices: templates in which ${name} is replaced by what the notice says, from files of the operator or
 * the defaults. Names of users and antennas come from outside: in a text their control characters become question
 * marks, in JSON they are escaped.
 */
#ifndef ANTENNA_NOTIFY_TEMPLATE_H
#define ANTENNA_NOTIFY_TEMPLATE_H

#include "base/buffer.h"
#include "postgres/notices.h"

/** What there is a template of: a threshold is passed, or it is not after all; an antenna is silent, or it is back;
 * many are at once. */
enum template_id {
    TEMPLATE_PASSED_SUBJECT,
    TEMPLATE_PASSED_TEXT,
    TEMPLATE_CORRECTED_SUBJECT,
    TEMPLATE_CORRECTED_TEXT,
    TEMPLATE_SILENT_SUBJECT,
    TEMPLATE_SILENT_TEXT,
    TEMPLATE_BACK_SUBJECT,
    TEMPLATE_BACK_TEXT,
    TEMPLATE_MANY_SILENT_SUBJECT,
    TEMPLATE_MANY_SILENT_TEXT,
    TEMPLATE_MANY_BACK_SUBJECT,
    TEMPLATE_MANY_BACK_TEXT,
    TEMPLATE_JSON,         /* of users */
    TEMPLATE_SILENCE_JSON, /* of antennas */
    TEMPLATES
};

/** Zero-initialise, then templates_load(). */
struct templates {
    char *texts[TEMPLATES];
};

/**
 * Reads the templates that the folder has, and takes the defaults of the others; of all when the folder is NULL.
 * Errors: ERROR_CONFIGURATION for a folder without a template, an unknown ${name}, a subject of several lines, and what
 * is not JSON.
 */
int templates_load(const char *folder, struct templates *ret_templates, struct error *error) must_check;

/** Frees them. Fits cleanup(). */
void templates_release(struct templates *templates);

/** A rendered notice; of JSON without a subject. */
struct message {
    struct buffer subject, text;
};

/** Frees it. Fits cleanup(). */
void message_release(struct message *message);

/** Renders a notice as mail, or as JSON. */
void templates_render(const struct templates *templates, const struct notice *notice, bool json,
                      struct message *ret_message);

#endif
