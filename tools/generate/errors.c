/* The page of error codes: a table for each area. */
#include "generate.h"

#include "base/error.h"

static void write_area(FILE *file, char short_form, const char *name)
{
    fprintf(file, "\n## %s: ANT-%c\n\n| code | error | exit code | cause | fix |\n| --- | --- | --- | --- | --- |\n",
            name, short_form);
}

void generate_errors(FILE *file)
{
    fputs("# Error codes\n\n"
          "Generated from the table of errors by `make reference`; do not edit. An error is logged with its code: as "
          "text\n"
          "before the message, with `--log-format json` as the member `code`. A warning about an error has the code, "
          "too.\n"
          "A code keeps its meaning in later versions, a sentence may change: let scripts compare codes. The message "
          "has\n"
          "the names and numbers, and mostly a hint.\n\n"
          "When several hours fail, the last line has the code of the most severe error. The\n"
          "[reference](reference.md#exit-codes) has the exit codes. [Troubleshooting](troubleshooting.md) lists "
          "messages\n"
          "that are no errors.\n",
          file);
#define ERROR_AREA(short_form, name) write_area(file, short_form, name);
#define ERROR_CODE(NAME, code, KIND, title, cause, fix)                                                                \
    fprintf(file, "| `%s` | %s | %d | %s | %s |\n", code, title, error_exit_code(ERROR_##KIND), cause, fix);
#include "base/error_codes.def"
}
