#include "config/users_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/csv.h"
#include "base/memory.h"
#include "base/text.h"

#define ID_SIZE_MAX 256
#define COLUMNS 4

/* Problems that one error names; the rest is counted. */
#define PROBLEMS_MAX 8

struct problems {
    struct buffer text;
    size_t count;
};

static void note_problem(struct problems *problems, size_t line, const char *what)
{
    if (problems->count++ < PROBLEMS_MAX)
        buffer_printf(&problems->text, "%sline %zu: %s", problems->text.size ? "; " : "", line, what);
}

static bool parse_quota(const char *text, int64_t *ret_quota)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *ret_quota = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* What is wrong with a row, or NULL. */
static const char *check_row(const struct csv_row *row, int64_t *ret_quota)
{
    if (row->count != COLUMNS)
        return "not the 4 fields id,name,email,quota";
    for (size_t i = 0; i < COLUMNS; i++)
        if (!text_is_utf8(row->fields[i]))
            return "not encoded in UTF-8";
    if (row->fields[0][0] == '\0')
        return "the id is empty";
    if (strlen(row->fields[0]) > ID_SIZE_MAX)
        return "the id has more than 256 bytes";
    if (row->fields[2][0] == '\0')
        return "the email is empty";
    if (!parse_quota(row->fields[3], ret_quota))
        return "the quota is not a whole number of bytes";
    return NULL;
}

static void add_user(struct users *users, const struct csv_row *row, int64_t quota)
{
    if ((users->count & (users->count + 1)) == 0)
        users->list = memory_resize(users->list, users->count * 2 + 2, sizeof(*users->list));
    users->list[users->count++] = (struct user){
        .id = memory_text(row->fields[0], strlen(row->fields[0])),
        .name = memory_text(row->fields[1], strlen(row->fields[1])),
        .email = memory_text(row->fields[2], strlen(row->fields[2])),
        .quota = quota,
    };
}

static int check_header(const char *path, const struct csv_row *row, struct error *error)
{
    static const char *const names[COLUMNS] = {"id", "name", "email", "quota"};
    bool right = row->count == COLUMNS;

    for (size_t i = 0; i < COLUMNS && right; i++)
        right = strcmp(row->fields[i], names[i]) == 0;
    if (!right)
        return error_set(error, ANT_CSV_INVALID, "\"%s\", line %zu: the header is not id,name,email,quota", path,
                         row->line);
    return 0;
}

static int compare_ids(const void *left, const void *right)
{
    return strcmp((*(const struct user *const *)left)->id, (*(const struct user *const *)right)->id);
}

static int check_doubled_ids(const char *path, const struct users *users, struct error *error)
{
    const struct user **sorted = memory_new(users->count + 1, sizeof(*sorted));
    int status = 0;

    for (size_t i = 0; i < users->count; i++)
        sorted[i] = &users->list[i];
    qsort(sorted, users->count, sizeof(struct user *), compare_ids);
    for (size_t i = 1; i < users->count && !status; i++)
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0)
            status = error_set(error, ANT_CSV_INVALID, "\"%s\": the id \"%s\" stands there twice", path, sorted[i]->id);
    free(sorted);
    return status;
}

static int read_users(const char *path, struct csv *csv, struct users *users, struct error *error)
{
    cleanup(buffer_release) struct buffer text = {0};
    struct problems problems = {0};
    struct csv_row row;
    int status = csv_next(csv, &row, error);

    if (status > 0)
        return error_set(error, ANT_CSV_INVALID, "\"%s\" is empty: the header id,name,email,quota is missing", path);
    if (status < 0 || check_header(path, &row, error))
        return -1;
    while ((status = csv_next(csv, &row, error)) == 0) {
        int64_t quota;
        const char *problem = check_row(&row, &quota);

        if (problem)
            note_problem(&problems, row.line, problem);
        else
            add_user(users, &row, quota);
    }
    text = problems.text;
    if (status < 0)
        return -1;
    if (problems.count > PROBLEMS_MAX)
        buffer_printf(&text, "; and %zu more", problems.count - PROBLEMS_MAX);
    if (problems.count)
        return error_set(error, ANT_CSV_INVALID, "\"%s\" has %zu invalid line%s: %s", path, problems.count,
                         problems.count == 1 ? "" : "s", text.data);
    return check_doubled_ids(path, users, error);
}

int users_file_load(const char *path, struct users *ret_users, struct error *error)
{
    struct users users = {0};
    struct csv *csv;
    int status;

    if (csv_open(path, &csv, error))
        return -1;
    status = read_users(path, csv, &users, error);
    csv_close(csv);
    if (status) {
        users_release(&users);
        return error_hint(error, "correct the file and run the command again; nothing was loaded");
    }
    *ret_users = users;
    return 0;
}

void users_release(struct users *users)
{
    for (size_t i = 0; i < users->count; i++) {
        free(users->list[i].id);
        free(users->list[i].name);
        free(users->list[i].email);
    }
    free(users->list);
    *users = (struct users){0};
}
