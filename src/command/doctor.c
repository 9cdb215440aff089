#include "doctor/doctor.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "command/command.h"

#define FIX_COLUMN 9

/* Findings are printed as they come, or gathered for one JSON object. */
static void print_finding(void *context, const struct finding *finding)
{
    struct finding shown = *finding;

    (void)context;
    text_make_printable(shown.text);
    text_make_printable(shown.fix);
    printf("%-8s %-23s %s\n", finding_word(shown.result), shown.check, shown.text);
    if (*shown.fix)
        printf("%*s-> %s\n", FIX_COLUMN, "", shown.fix);
    fflush(stdout);
}

static void gather_finding(void *context, const struct finding *finding)
{
    struct finding shown = *finding;
    json_t *object;

    text_make_printable(shown.text);
    text_make_printable(shown.fix);
    object = json_require(
        json_pack("{s:s, s:s, s:s}", "check", shown.check, "result", finding_word(shown.result), "found", shown.text));
    if (*shown.fix)
        json_set(object, "fix", json_string(shown.fix));
    json_append(context, object);
}

static void print_summary(const struct doctor *doctor)
{
    const size_t *counts = doctor->counts;

    for (size_t i = 0; i < doctor->left_count; i++)
        printf("left     %s\n", doctor->left[i]);
    printf("ok %zu, warning %zu, failed %zu, skipped %zu: %s\n", counts[FINDING_OK], counts[FINDING_WARNING],
           counts[FINDING_FAILED], counts[FINDING_SKIPPED],
           counts[FINDING_FAILED] ? "something would stop a job"
           : doctor->left_count   ? "incomplete: stopped before all was checked"
                                  : "nothing found that would stop a job");
}

static int print_json(const struct doctor *doctor, json_t *checks, struct error *error)
{
    bool complete = doctor->left_count == 0;
    json_t *left = json_array();
    json_t *object = json_require(json_pack("{s:b, s:b, s:o, s:O}", "healthy",
                                            (int)(complete && doctor->counts[FINDING_FAILED] == 0), "complete",
                                            (int)complete, "left", left, "checks", checks));

    for (size_t i = 0; i < doctor->left_count; i++)
        json_append(left, json_string(doctor->left[i]));
    for (int i = 0; i < FINDING_RESULTS; i++)
        json_set(object, finding_word((enum finding_result)i), json_integer((json_int_t)doctor->counts[i]));
    return json_print(object, JSON_INDENT(2), error);
}

int command_doctor(const struct config *config, struct error *error)
{
    json_t *checks = config_flag(config, OPTION_JSON) ? json_array() : NULL;
    struct doctor doctor = {.config = config, .take = checks ? gather_finding : print_finding, .context = checks};
    int status = 0;

    doctor_examine(&doctor);
    if (!checks)
        print_summary(&doctor);
    else if (print_json(&doctor, checks, error))
        status = -1;
    json_decref(checks);
    if (status)
        return -1;
    if (doctor.counts[FINDING_FAILED] > doctor.unavailable)
        return EXIT_ENVIRONMENT;
    if (doctor.unavailable)
        return EXIT_UNAVAILABLE;
    return doctor.left_count ? EXIT_INCOMPLETE : EXIT_DONE;
}
