#include "doctor/doctor.h"

#include <jansson.h>
#include <stdio.h>

#include "base/text.h"
#include "command/command.h"

#define MEND_COLUMN 9

/* Findings are printed as they come, or gathered for one JSON object. */
static void print_finding(void *context, const struct finding *finding)
{
    struct finding shown = *finding;

    (void)context;
    text_make_printable(shown.text);
    text_make_printable(shown.mend);
    printf("%-8s %-23s %s\n", finding_word(shown.result), shown.check, shown.text);
    if (*shown.mend)
        printf("%*s-> %s\n", MEND_COLUMN, "", shown.mend);
    fflush(stdout);
}

static void gather_finding(void *context, const struct finding *finding)
{
    struct finding shown = *finding;
    json_t *object;

    text_make_printable(shown.text);
    text_make_printable(shown.mend);
    object =
        json_pack("{s:s, s:s, s:s}", "check", shown.check, "result", finding_word(shown.result), "found", shown.text);
    if (*shown.mend)
        json_object_set_new(object, "mend", json_string(shown.mend));
    json_array_append_new(context, object);
}

static void print_summary(const struct doctor *doctor)
{
    const size_t *counts = doctor->counts;

    printf("ok %zu, warning %zu, failed %zu, skipped %zu: %s\n", counts[FINDING_OK], counts[FINDING_WARNING],
           counts[FINDING_FAILED], counts[FINDING_SKIPPED],
           counts[FINDING_FAILED] ? "something would stop a job" : "nothing found that would stop a job");
}

static void print_json(const struct doctor *doctor, json_t *checks)
{
    json_t *object = json_pack("{s:b, s:O}", "healthy", (int)(doctor->counts[FINDING_FAILED] == 0), "checks", checks);

    for (int i = 0; i < FINDING_RESULTS; i++)
        json_object_set_new(object, finding_word((enum finding_result)i), json_integer((json_int_t)doctor->counts[i]));
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

int command_doctor(const struct config *config, struct error *error)
{
    json_t *checks = config_flag(config, OPTION_JSON) ? json_array() : NULL;
    struct doctor doctor = {.config = config, .take = checks ? gather_finding : print_finding, .context = checks};

    (void)error;
    doctor_examine(&doctor);
    if (checks)
        print_json(&doctor, checks);
    else
        print_summary(&doctor);
    json_decref(checks);
    return doctor.counts[FINDING_FAILED] ? error_exit_code(ERROR_MISTAKE) : 0;
}
