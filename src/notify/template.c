#include "notify/template.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time.h"

/* A text that people read; what is longer is another file. */
#define TEMPLATE_SIZE_MAX 65536

static const struct {
    const char *file;
    const char *fallback;
} sources[TEMPLATES] = {
    [TEMPLATE_PASSED_SUBJECT] = {"passed-subject.txt", "More than ${threshold} % of your hourly quota is used"},
    [TEMPLATE_PASSED_TEXT] =
        {"passed-text.txt", "Dear ${name},\n\n"
                            "in the hour that began at ${hour} (UTC) you have used ${usage} bytes, which is more than\n"
                            "${threshold} % of your quota of ${quota} bytes an hour.\n"},
    [TEMPLATE_CORRECTED_SUBJECT] = {"corrected-subject.txt",
                                    "Correction: not more than ${threshold} % of your hourly quota was used"},
    [TEMPLATE_CORRECTED_TEXT] =
        {"corrected-text.txt",
         "Dear ${name},\n\n"
         "we wrote that in the hour that began at ${hour} (UTC) you had used more than\n"
         "${threshold} % of your hourly quota. By the final count you had not: you used ${usage}\n"
         "bytes, and your quota is ${quota} bytes an hour.\n"},
    [TEMPLATE_SILENT_SUBJECT] = {"silent-subject.txt", "Antenna ${id} is silent"},
    [TEMPLATE_SILENT_TEXT] = {"silent-text.txt", "Antenna ${id} has sent no event since ${hour} (UTC).\n"
                                                 "You will be notified when it is back.\n"},
    [TEMPLATE_BACK_SUBJECT] = {"back-subject.txt", "Antenna ${id} is back"},
    [TEMPLATE_BACK_TEXT] = {"back-text.txt",
                            "Antenna ${id} sends events again. It was silent from ${hour} (UTC) on.\n"},
    [TEMPLATE_MANY_SILENT_SUBJECT] = {"many-silent-subject.txt", "${antennas} antennas are silent"},
    [TEMPLATE_MANY_SILENT_TEXT] = {"many-silent-text.txt",
                                   "${antennas} antennas are silent, as was found at ${hour} (UTC):\n"
                                   "${id}.\n\n"
                                   "The view antenna.silent_antennas lists them all, and since when each is silent.\n"
                                   "You will be notified when they are back.\n"},
    [TEMPLATE_MANY_BACK_SUBJECT] = {"many-back-subject.txt", "${antennas} antennas are back"},
    [TEMPLATE_MANY_BACK_TEXT] = {"many-back-text.txt",
                                 "${antennas} antennas send events again, as was found at ${hour} (UTC):\n"
                                 "${id}.\n"},
    [TEMPLATE_JSON] =
        {"notice.json",
         "{\"notice\": ${key}, \"user\": ${id}, \"name\": ${name}, \"email\": ${email}, \"hour\": ${hour},\n"
         " \"threshold\": ${threshold}, \"passed\": ${passed}, \"final\": ${final}, \"revision\": ${revision},\n"
         " \"usage\": ${usage}, \"quota\": ${quota}}\n"},
    [TEMPLATE_SILENCE_JSON] =
        {"silence.json", "{\"notice\": ${key}, \"antenna\": ${id}, \"operator\": ${email}, \"silent\": ${passed},\n"
                         " \"silent_since\": ${hour}, \"bytes\": ${usage}, \"antennas\": ${antennas}}\n"},
};

enum variable {
    VARIABLE_ID,
    VARIABLE_NAME,
    VARIABLE_EMAIL,
    VARIABLE_HOUR,
    VARIABLE_THRESHOLD,
    VARIABLE_USAGE,
    VARIABLE_QUOTA,
    VARIABLE_PASSED,
    VARIABLE_FINAL,
    VARIABLE_REVISION,
    VARIABLE_KEY,
    VARIABLE_ANTENNAS,
    VARIABLES
};

static const char *const names[VARIABLES] = {"id",    "name",   "email", "hour",     "threshold", "usage",
                                             "quota", "passed", "final", "revision", "key",       "antennas"};

static void append_text(struct buffer *buffer, const char *text, bool json)
{
    cleanup(memory_free) char *shown = text ? memory_text(text, strlen(text)) : NULL;

    if (json && text)
        buffer_json_string(buffer, slice_of(text));
    else if (text) {
        text_make_printable(shown);
        buffer_text(buffer, shown);
    } else
        buffer_text(buffer, json ? "null" : "-");
}

static void append_quota(struct buffer *buffer, const struct notice *notice, bool json)
{
    if (notice->has_quota)
        buffer_printf(buffer, "%" PRId64, notice->quota);
    else
        append_text(buffer, NULL, json);
}

static bool is_empty(const char *text)
{
    return !text || !*text;
}

static void append_variable(struct buffer *buffer, enum variable variable, const struct notice *notice, bool json)
{
    char hour[TIME_TEXT_SIZE];

    switch (variable) {
    case VARIABLE_ID:
        append_text(buffer, notice->id, json);
        break;
    case VARIABLE_NAME:
        /* A person is not addressed as "-". */
        append_text(buffer, is_empty(notice->name) && !json ? notice->id : notice->name, json);
        break;
    case VARIABLE_EMAIL:
        append_text(buffer, notice->email, json);
        break;
    case VARIABLE_HOUR:
        append_text(buffer, time_format(notice->hour, hour), json);
        break;
    case VARIABLE_THRESHOLD:
        buffer_printf(buffer, "%" PRId64, notice->threshold);
        break;
    case VARIABLE_USAGE:
        buffer_printf(buffer, "%" PRId64, notice->usage);
        break;
    case VARIABLE_QUOTA:
        append_quota(buffer, notice, json);
        break;
    case VARIABLE_PASSED:
        buffer_text(buffer, notice->revision % 2 == 0 ? "true" : "false");
        break;
    case VARIABLE_FINAL:
        buffer_text(buffer, notice->final ? "true" : "false");
        break;
    case VARIABLE_REVISION:
        buffer_printf(buffer, "%" PRId64, notice->revision);
        break;
    case VARIABLE_KEY:
        append_text(buffer, notice->key, json);
        break;
    case VARIABLE_ANTENNAS:
        buffer_printf(buffer, "%" PRId64, notice->antennas);
        break;
    case VARIABLES:
        break;
    }
}

/* The variable whose name, of `size` bytes, is this; VARIABLES when there is none. */
static enum variable find_variable(const char *name, size_t size)
{
    enum variable variable = 0;

    while (variable < VARIABLES && !slice_equal(slice_of(names[variable]), (struct slice){name, size}))
        variable++;
    return variable;
}

static void render(const char *text, const struct notice *notice, bool json, struct buffer *ret_text)
{
    const char *mark;

    while ((mark = strstr(text, "${"))) {
        const char *name = mark + 2, *end = strchr(mark, '}');

        buffer_append(ret_text, text, (size_t)(mark - text));
        append_variable(ret_text, find_variable(name, (size_t)(end - name)), notice, json);
        text = end + 1;
    }
    buffer_text(ret_text, text);
}

static int check_variables(const char *text, struct error *error)
{
    cleanup(buffer_release) struct buffer known = {0};

    for (const char *mark = text; (mark = strstr(mark, "${")); mark += 2) {
        const char *end = strchr(mark, '}');

        if (!end)
            return error_set(error, ANT_TEMPLATE_INVALID, "a \"${\" has no \"}\"");
        if (find_variable(mark + 2, (size_t)(end - mark - 2)) < VARIABLES)
            continue;
        for (size_t i = 0; i < VARIABLES; i++)
            buffer_printf(&known, "%s${%s}", i ? ", " : "", names[i]);
        error_set(error, ANT_TEMPLATE_INVALID, "\"%.*s\" is not known", (int)(end + 1 - mark), mark);
        return error_hint(error, "use %s", known.data);
    }
    return 0;
}

/* By a notice whose user has a name that JSON escapes. */
static int check_json(const char *text, struct error *error)
{
    static const struct notice sample = {.id = "\"", .key = "key", .threshold = 100};
    cleanup(buffer_release) struct buffer rendered = {0};
    json_error_t fault;
    json_t *value;

    render(text, &sample, true, &rendered);
    value = json_loads(rendered.data, JSON_REJECT_DUPLICATES, &fault);
    json_decref(value);
    if (value)
        return 0;
    error_set(error, ANT_TEMPLATE_INVALID, "it makes no JSON: line %d: %s", fault.line, fault.text);
    return error_hint(error, "write ${name} without quotes: it is replaced by a JSON value");
}

static bool is_subject(enum template_id id)
{
    return id == TEMPLATE_PASSED_SUBJECT || id == TEMPLATE_CORRECTED_SUBJECT || id == TEMPLATE_SILENT_SUBJECT ||
           id == TEMPLATE_BACK_SUBJECT || id == TEMPLATE_MANY_SILENT_SUBJECT || id == TEMPLATE_MANY_BACK_SUBJECT;
}

static int check(enum template_id id, char *text, struct error *error)
{
    bool subject = is_subject(id);
    size_t line = strcspn(text, "\r\n");

    if (!text_is_utf8(text))
        return error_set(error, ANT_TEMPLATE_INVALID, "it is not encoded in UTF-8");
    if (subject && text[line + strspn(text + line, "\r\n")])
        return error_set(error, ANT_TEMPLATE_INVALID, "a subject has one line");
    if (subject)
        text[line] = '\0';
    if (check_variables(text, error))
        return -1;
    return id == TEMPLATE_JSON || id == TEMPLATE_SILENCE_JSON ? check_json(text, error) : 0;
}

/* Leaves the text NULL when there is no such file. */
static int read_text(const char *path, char **ret_text, struct error *error)
{
    FILE *file = fopen(path, "re");
    cleanup(memory_free) char *text = NULL;
    size_t size;
    bool failed;

    if (!file)
        return errno == ENOENT ? 0 : error_set(error, ANT_TEMPLATE_INVALID, "%s", strerror(errno));
    text = memory_new(TEMPLATE_SIZE_MAX + 2, 1);
    size = fread(text, 1, TEMPLATE_SIZE_MAX + 1, file);
    failed = ferror(file);
    fclose(file);
    if (failed)
        return error_set(error, ANT_TEMPLATE_INVALID, "%s", strerror(errno));
    if (size > TEMPLATE_SIZE_MAX)
        return error_set(error, ANT_TEMPLATE_INVALID, "it has more than %d bytes", TEMPLATE_SIZE_MAX);
    if (strlen(text) < size)
        return error_set(error, ANT_TEMPLATE_INVALID, "it has a NUL byte");
    *ret_text = memory_text(text + text_mark_size(text), size - text_mark_size(text));
    return 0;
}

static int load(const char *folder, enum template_id id, char **ret_text, struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/%s", folder, sources[id].file);

    if (read_text(path, ret_text, error) || (*ret_text && check(id, *ret_text, error)))
        return error_context(error, "could not use the template \"%s\"", path);
    return 0;
}

int templates_load(const char *folder, struct templates *ret_templates, struct error *error)
{
    size_t found = 0;

    for (size_t i = 0; i < TEMPLATES; i++) {
        if (folder && load(folder, (enum template_id)i, &ret_templates->texts[i], error))
            return -1;
        found += ret_templates->texts[i] != NULL;
        if (!ret_templates->texts[i])
            ret_templates->texts[i] = memory_text(sources[i].fallback, strlen(sources[i].fallback));
    }
    if (!folder || found)
        return 0;
    error_set(error, ANT_TEMPLATE_INVALID, "the folder \"%s\" has no template", folder);
    return error_hint(error, "give the folder that has %s or another of them", sources[TEMPLATE_PASSED_SUBJECT].file);
}

void templates_release(struct templates *templates)
{
    for (size_t i = 0; i < TEMPLATES; i++)
        free(templates->texts[i]);
    *templates = (struct templates){0};
}

void message_release(struct message *message)
{
    buffer_release(&message->subject);
    buffer_release(&message->text);
}

void templates_render(const struct templates *templates, const struct notice *notice, bool json,
                      struct message *ret_message)
{
    static const struct {
        enum template_id subject, text;
    } mails[3][2] = {
        {{TEMPLATE_PASSED_SUBJECT, TEMPLATE_PASSED_TEXT}, {TEMPLATE_CORRECTED_SUBJECT, TEMPLATE_CORRECTED_TEXT}},
        {{TEMPLATE_SILENT_SUBJECT, TEMPLATE_SILENT_TEXT}, {TEMPLATE_BACK_SUBJECT, TEMPLATE_BACK_TEXT}},
        {{TEMPLATE_MANY_SILENT_SUBJECT, TEMPLATE_MANY_SILENT_TEXT},
         {TEMPLATE_MANY_BACK_SUBJECT, TEMPLATE_MANY_BACK_TEXT}}};
    bool silence = notice->threshold == NOTICE_OF_SILENCE, over = notice->revision % 2 != 0;
    int kind = silence + (silence && notice->antennas > 1);

    if (json) {
        render(templates->texts[silence ? TEMPLATE_SILENCE_JSON : TEMPLATE_JSON], notice, true, &ret_message->text);
        return;
    }
    render(templates->texts[mails[kind][over].subject], notice, false, &ret_message->subject);
    render(templates->texts[mails[kind][over].text], notice, false, &ret_message->text);
}
