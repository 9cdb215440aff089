#include "doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/stop.h"
#include "doctor/subjects.h"

static void printf_like(4, 0)
    add_finding(struct doctor *doctor, struct finding *finding, const char *fix, const char *format, va_list arguments)
{
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    snprintf(finding->fix, sizeof(finding->fix), "%s", fix);
    doctor->counts[finding->result]++;
    doctor->take(doctor->context, finding);
}

const char *finding_word(enum finding_result result)
{
    static const char *const words[FINDING_RESULTS] = {"ok", "warning", "failed", "skipped"};

    return words[result];
}

void found_ok(struct doctor *doctor, const char *check, const char *format, ...)
{
    struct finding finding = {.check = check, .result = FINDING_OK};
    va_list arguments;

    va_start(arguments, format);
    add_finding(doctor, &finding, "", format, arguments);
    va_end(arguments);
}

void found_skipped(struct doctor *doctor, const char *check, const char *format, ...)
{
    struct finding finding = {.check = check, .result = FINDING_SKIPPED};
    va_list arguments;

    va_start(arguments, format);
    add_finding(doctor, &finding, "", format, arguments);
    va_end(arguments);
}

void found_warning(struct doctor *doctor, const char *check, const char *fix, const char *format, ...)
{
    struct finding finding = {.check = check, .result = FINDING_WARNING};
    va_list arguments;

    va_start(arguments, format);
    add_finding(doctor, &finding, fix, format, arguments);
    va_end(arguments);
}

void found_failed(struct doctor *doctor, const char *check, const char *fix, const char *format, ...)
{
    struct finding finding = {.check = check, .result = FINDING_FAILED};
    va_list arguments;

    va_start(arguments, format);
    add_finding(doctor, &finding, fix, format, arguments);
    va_end(arguments);
}

void found_unavailable(struct doctor *doctor, const char *check, const char *fix, const char *format, ...)
{
    struct finding finding = {.check = check, .result = FINDING_FAILED};
    va_list arguments;

    doctor->unavailable++;
    va_start(arguments, format);
    add_finding(doctor, &finding, fix, format, arguments);
    va_end(arguments);
}

void found_error(struct doctor *doctor, const char *check, const struct error *error)
{
    doctor->unavailable += error_kind(error) == ERROR_UNAVAILABLE;
    found_failed(doctor, check, *error->hint ? error->hint : "correct what the message names", "%s", error->message);
}

void found_skipped_all(struct doctor *doctor, const char *const *checks, const char *reason)
{
    for (; *checks; checks++)
        found_skipped(doctor, *checks, "%s", reason);
}

void doctor_examine(struct doctor *doctor)
{
    static const struct {
        const char *name;
        void (*examine)(struct doctor *doctor);
    } subjects[DOCTOR_SUBJECTS] = {{"kafka", examine_kafka},     {"postgres", examine_postgres},
                                   {"storage", examine_storage}, {"listen", examine_listen},
                                   {"notify", examine_notify},   {"host", examine_host}};

    doctor->brokers = 1;
    for (size_t i = 0; i < DOCTOR_SUBJECTS; i++)
        if (stop_requested())
            doctor->left[doctor->left_count++] = subjects[i].name;
        else
            subjects[i].examine(doctor);
}
