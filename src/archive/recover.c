#include "archive/recover.h"

#include <stdlib.h>

#include "base/memory.h"
#include "postgres/archive_files.h"

/* Sets ret_listed[i] for names[i]; what has no name of ours is not listed. */
static int find_listed(struct postgres *postgres, const struct file_names *names, bool *ret_listed, struct error *error)
{
    char(*places)[LAYOUT_PATH_SIZE] = memory_new(names->count, sizeof(*places));
    const char **paths = memory_new(names->count, sizeof(*paths));
    int status;

    for (size_t i = 0; i < names->count; i++)
        paths[i] = layout_path(places[i], names->names[i]) ? "" : places[i];
    status = archive_files_find(postgres, paths, names->count, ret_listed, error);
    free(paths);
    free(places);
    return status;
}

static int settle_files(const struct staging *staging, const struct file_names *names, const bool *listed,
                        struct error *error)
{
    for (size_t i = 0; i < names->count; i++) {
        int status = listed[i] ? staging_publish(staging, names->names[i], error)
                               : staging_delete(staging, names->names[i], error);

        if (status)
            return -1;
    }
    return 0;
}

int recover_files(struct postgres *postgres, const struct staging *staging, struct error *error)
{
    cleanup(file_names_release) struct file_names names = {0};
    bool *listed;
    int status;

    if (staging_list(staging, &names, error))
        return -1;
    if (names.count == 0)
        return 0;
    listed = memory_new(names.count, sizeof(*listed));
    status = postgres_begin(postgres, error);
    if (!status)
        status = archive_files_seize(postgres, staging_token(staging), error);
    if (!status)
        status = find_listed(postgres, &names, listed, error);
    if (!status)
        status = postgres_commit(postgres, error);
    if (!status)
        status = settle_files(staging, &names, listed, error);
    free(listed);
    return status;
}

int recover_abandoned(struct postgres *postgres, const char *root, struct error *error)
{
    struct staging *abandoned;
    int status;

    while ((status = staging_adopt(root, &abandoned, error)) == 0) {
        status = recover_files(postgres, abandoned, error);
        staging_close(abandoned);
        if (status)
            return -1;
    }
    return status < 0 ? -1 : 0;
}
