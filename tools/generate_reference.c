/* Prints docs/reference.md from the option table; `make reference` writes it, a test compares it. */
#include "config/help.h"

int main(void)
{
    help_markdown(stdout);
    return fflush(stdout) || ferror(stdout);
}
