/*
 * Writes what is made from the tables into a folder: reference.md, errors.md, the pages of man/, tables.py,
 * completions/antenna.bash and completions/_antenna. The build calls it; `make reference` copies the two pages to docs,
 * where tests compare them.
 *
 * usage: generate FOLDER DATE
 */
#include "generate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "could not %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static void make_folder(const char *folder, const char *name)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (mkdir(path, 0755) && errno != EEXIST)
        fail("make the folder", path);
}

static FILE *open_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "we");
    if (!file)
        fail("write", path);
    return file;
}

static void close_file(FILE *file, const char *name)
{
    if (ferror(file) | fclose(file))
        fail("write", name);
}

static void write_with(const char *folder, const char *name, void (*generate)(FILE *file))
{
    FILE *file = open_file(folder, name);

    generate(file);
    close_file(file, name);
}

static void write_manuals(const char *folder, const char *date)
{
    FILE *file = open_file(folder, "man/antenna.1");

    generate_program_manual(file, date);
    close_file(file, "man/antenna.1");
    for (int id = 0; id < COMMAND_IDS; id++) {
        char name[NAME_MAX];

        snprintf(name, sizeof(name), "man/antenna-%s.1", command_table[id].name);
        file = open_file(folder, name);
        generate_command_manual(file, (enum command_id)id, date);
        close_file(file, name);
    }
}

enum value_kind generate_value_kind(const struct option *option)
{
    if (option->type == TYPE_CHOICE || option->type == TYPE_WORDS)
        return VALUE_WORD;
    if (!option->value)
        return VALUE_FREE;
    if (strncmp(option->value, "FILE", 4) == 0)
        return VALUE_FILE;
    if (strcmp(option->value, "FOLDER") == 0)
        return VALUE_FOLDER;
    return strcmp(option->value, "COMMAND") == 0 ? VALUE_COMMAND : VALUE_FREE;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: generate FOLDER DATE\n", stderr);
        return 2;
    }
    make_folder(argv[1], "man");
    make_folder(argv[1], "completions");
    write_with(argv[1], "reference.md", generate_reference);
    write_with(argv[1], "errors.md", generate_errors);
    write_manuals(argv[1], argv[2]);
    write_with(argv[1], "completions/antenna.bash", generate_bash);
    write_with(argv[1], "completions/_antenna", generate_zsh);
    write_with(argv[1], "tables.py", generate_tables);
    return 0;
}
