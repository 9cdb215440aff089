#include "archive/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/hour_folder.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "postgres/archive_files.h"

#define ADOPT_HINT                                                                                                     \
    "mount or restore the archive; if this is the archive, moved or restored without its file " IDENTITY_NAME ", run " \
    "antenna speed or antenna batch once with --adopt-archive"

/* Reads the folder's identity, as long as one. Returns 1 when it has none. */
static int read_identity(const char *data, char id[DATA_SET_ID_SIZE], struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/" IDENTITY_NAME, data);
    struct stat status;
    FILE *file;
    size_t size;

    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) { /* a pipe would be waited for */
        error_set(error, ANT_ARCHIVE_UNKNOWN, "\"%s\" is no regular file", path);
        return error_hint(error, "remove it, and run antenna speed or antenna batch once with --adopt-archive");
    }
    file = fopen(path, "re");
    if (!file)
        return errno == ENOENT || errno == ENOTDIR ? 1 : disk_fail(error, "read", path);
    size = fread(id, 1, DATA_SET_ID_SIZE - 1, file);
    id[size] = '\0';
    if (ferror(file)) {
        fclose(file);
        return error_set(error, ANT_DISK_FAILED, "could not read \"%s\": %s", path, strerror(errno));
    }
    fclose(file);
    return 0;
}

/* By a rename, so that no process ever reads an incomplete file. The process id keeps two processes apart. */
static int write_identity(const char *data, const char *id, struct error *error)
{
    cleanup(memory_free) char *path = memory_printf("%s/" IDENTITY_NAME, data);
    cleanup(memory_free) char *made = memory_printf("%s.%ld", path, (long)getpid());
    int64_t size;
    FILE *file;

    if (disk_make_folder(data, error))
        return -1;
    file = fopen(made, "we");
    if (!file)
        return disk_fail(error, "make", made);
    fprintf(file, "%s\n", id);
    if (fclose(file) || disk_sync_file(made, &size, error) || rename(made, path)) {
        disk_fail(error, "write", path);
        unlink(made);
        return -1;
    }
    return disk_sync_folder(data, error);
}

static int mark(struct postgres *postgres, const char *data, const char *id, struct error *error)
{
    if (write_identity(data, id, error) || data_set_mark_archive(postgres, id, error))
        return -1;
    log_line(LEVEL_INFO, "the archive \"%s\" has got the identity %s", data, id);
    return 0;
}

/* The identity that the database has stored, and the one in the folder's file. */
struct knowledge {
    struct data_set_archive archive;
    bool exists;                  /* the folder has a file */
    char found[DATA_SET_ID_SIZE]; /* in it */
    bool same;                    /* as the database's */
};

static int learn(struct postgres *postgres, const char *data, struct knowledge *ret_knowledge, struct error *error)
{
    int status;

    if (data_set_read_archive(postgres, &ret_knowledge->archive, error))
        return -1;
    status = read_identity(data, ret_knowledge->found, error);
    if (status < 0)
        return -1;
    ret_knowledge->exists = status == 0;
    ret_knowledge->same = status == 0 && strcmp(ret_knowledge->found, ret_knowledge->archive.id) == 0;
    return 0;
}

/* For an archive from before identities: if its oldest and newest listed files are there, the folder is the archive. */
static int check_sample(struct postgres *postgres, const char *data, struct error *error)
{
    cleanup(postgres_clear) PGresult *sample = NULL;

    if (archive_files_sample(postgres, &sample, error))
        return -1;
    for (int row = 0; row < PQntuples(sample); row++) {
        char *path;

        if (hour_folder_find(data, PQgetvalue(sample, row, 0), 0, &path, error))
            return error_hint(error, ADOPT_HINT);
        free(path);
    }
    return 0;
}

static int refuse_missing(const char *data, struct error *error)
{
    error_set(error, ANT_ARCHIVE_UNKNOWN,
              "\"%s\" has no file " IDENTITY_NAME ": it is not the archive whose files are listed, or is not mounted",
              data);
    return error_hint(error, ADOPT_HINT);
}

static int check_without(struct postgres *postgres, const char *data, enum identity_use use,
                         const struct data_set_archive *archive, struct error *error)
{
    if (use == IDENTITY_FOREIGN || (use == IDENTITY_READ && !archive->listed))
        return 0;
    if (archive->marked)
        return refuse_missing(data, error);
    return archive->listed ? check_sample(postgres, data, error) : 0;
}

/* Whether the folder has an identity that the database does not know, but holds the database's listed files: the
 * database was restored from a backup of before it marked the archive. */
static bool is_earlier_archive(struct postgres *postgres, const char *data, const struct data_set_archive *archive,
                               const char *found)
{
    struct error ignored;

    return !archive->marked && archive->listed && strlen(found) == DATA_SET_ID_SIZE - 1 &&
           check_sample(postgres, data, &ignored) == 0;
}

int identity_check(struct postgres *postgres, const char *data, enum identity_use use, char ret_id[DATA_SET_ID_SIZE],
                   struct error *error)
{
    struct knowledge known;
    const struct data_set_archive *archive = &known.archive;

    if (learn(postgres, data, &known, error))
        return -1;
    snprintf(ret_id, DATA_SET_ID_SIZE, "%s", archive->id);
    if (known.same)
        return archive->marked || use < IDENTITY_OWN ? 0 : data_set_mark_archive(postgres, known.found, error);
    if (known.exists && use != IDENTITY_ADOPT && is_earlier_archive(postgres, data, archive, known.found)) {
        snprintf(ret_id, DATA_SET_ID_SIZE, "%s", known.found);
        return use < IDENTITY_OWN ? 0 : data_set_mark_archive(postgres, known.found, error);
    }
    if (!known.exists && use != IDENTITY_ADOPT && check_without(postgres, data, use, archive, error))
        return -1;
    if (use == IDENTITY_ADOPT || (!known.exists && use == IDENTITY_OWN))
        return mark(postgres, data, archive->id, error);
    ret_id[0] = '\0';
    if (!known.exists)
        return 0;
    error_set(error, ANT_ARCHIVE_OF_ANOTHER,
              "\"%s\" is another archive: its identity is %s, and that of the database's %s", data,
              text_show(known.found).text, archive->id);
    return error_hint(error, "give the archive of this database; if it is this one, and no other database has it, run "
                             "antenna speed or antenna batch once with --adopt-archive");
}

int identity_is_new(struct postgres *postgres, const char *data, bool *ret_new, struct error *error)
{
    struct knowledge known;

    if (learn(postgres, data, &known, error))
        return -1;
    *ret_new = !known.archive.listed && (known.same || (!known.exists && !known.archive.counted));
    return 0;
}

int identity_refuse_own(struct postgres *postgres, const char *data, struct error *error)
{
    struct knowledge known;

    if (learn(postgres, data, &known, error))
        return -1;
    if (!known.same)
        return 0;
    error_set(error, ANT_ARCHIVE_COPY,
              "\"%s\" is the archive of this database, or a copy of it: its rows would count twice", data);
    return error_hint(error, "give the folder of another program's archive, or leave out --old-storage-path");
}

int identity_refuse_unmarked(const char *data, const char *path, struct error *error)
{
    char found[DATA_SET_ID_SIZE];
    int status = layout_is_own(path) ? read_identity(data, found, error) : 0;

    if (status <= 0)
        return status;
    error_set(error, ANT_ARCHIVE_COPY,
              "\"%s\" was written by the speed layer, and \"%s\" has no file " IDENTITY_NAME
              ": if it is a copy of this database's archive, its events would count twice",
              path, data);
    return error_hint(error, "leave out --old-storage-path; if it is the archive of another database, put back its "
                             "file " IDENTITY_NAME ", the archive_id of antenna.data_set there");
}

/* Any difference is an unavailable disk here, not a configuration error: the folder was the archive at the start, so a
 * service waits until it is mounted again. */
int identity_probe(const char *data, const char *id, struct error *error)
{
    char found[DATA_SET_ID_SIZE];
    int status = *id ? read_identity(data, found, error) : 0;

    if (!*id || (status == 0 && strcmp(found, id) == 0))
        return 0;
    if (status < 0) {
        if (error_kind(error) != ERROR_UNAVAILABLE)
            error->code = ANT_ARCHIVE_UNMOUNTED;
        return -1;
    }
    error_set(error, ANT_ARCHIVE_UNMOUNTED, "\"%s\" %s", data,
              status ? "has no file " IDENTITY_NAME ": the archive is not mounted" : "is another archive now");
    return error_hint(error, "mount the archive again");
}

void identity_explain(const char *data, const char *id, struct error *error)
{
    struct error missing;

    if (error_kind(error) == ERROR_CONFIGURATION && identity_probe(data, id, &missing))
        *error = missing;
}
