#include "base/memory.h"
#include "doctor/subjects.h"
#include "postgres/contract.h"
#include "postgres/flaws.h"

void examine_row_filters(struct doctor *doctor, struct postgres *postgres)
{
    cleanup(memory_free) char *active = NULL;
    cleanup(memory_free) char *possible = NULL;
    struct error error;

    if (row_filters_find(postgres, doctor->config, &active, &possible, &error))
        found_error(doctor, ROW_FILTERS_CHECK, &error);
    else if (*active)
        found_failed(
            doctor, ROW_FILTERS_CHECK, "drop the rules; ALTER ROLE … BYPASSRLS, or disable row-level security there",
            "rows can be dropped or hidden from this user by: %s%s%s", active, *possible ? ", " : "", possible);
    else if (*possible)
        found_warning(doctor, ROW_FILTERS_CHECK, "make sure that none of them drops or changes rows of a job",
                      "rows may be dropped or changed by: %s", possible);
    else
        found_ok(doctor, ROW_FILTERS_CHECK, "no trigger, rule or row-level security on the tables");
}
