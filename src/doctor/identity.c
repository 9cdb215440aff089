#include "archive/identity.h"
#include "archive/layout.h"

#include "base/memory.h"
#include "doctor/subjects.h"
#include "postgres/schema_version.h"

void examine_identity(struct doctor *doctor, struct postgres *postgres)
{
    const char *root = config_text(doctor->config, OPTION_STORAGE_ROOT);
    cleanup(memory_free) char *data = NULL;
    char id[DATA_SET_ID_SIZE];
    struct error error;

    if (!root) {
        found_skipped(doctor, IDENTITY_CHECK, "no --storage-root is given");
        return;
    }
    if (schema_check_version(postgres, &error)) {
        found_skipped(doctor, IDENTITY_CHECK, "the schema antenna cannot be read: %s", error.message);
        return;
    }
    data = memory_printf("%s/" LAYOUT_DATA, root);
    if (identity_check(postgres, data, IDENTITY_READ, id, &error))
        found_error(doctor, IDENTITY_CHECK, &error);
    else if (*id)
        found_ok(doctor, IDENTITY_CHECK, "the storage root is the archive of this database");
    else
        found_ok(doctor, IDENTITY_CHECK, "the storage root has no identity yet: the next start of speed writes it");
}
