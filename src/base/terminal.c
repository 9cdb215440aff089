#include "base/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"

#define DEFAULT_LINES 24
#define DEFAULT_COLUMNS 80

bool terminal_is_dumb(void)
{
    const char *name = getenv("TERM");

    return !name || !*name || strcmp(name, "dumb") == 0;
}

bool terminal_shows_progress(int file)
{
    return isatty(file) && !terminal_is_dumb();
}

struct terminal_size terminal_size(int file)
{
    struct winsize size;

    if (ioctl(file, TIOCGWINSZ, &size) || size.ws_row == 0 || size.ws_col == 0)
        return (struct terminal_size){DEFAULT_LINES, DEFAULT_COLUMNS};
    return (struct terminal_size){size.ws_row, size.ws_col};
}

/* The last column stays empty: a line that fills it may go on in the next, which nothing would remove. */
void terminal_show(const char *text)
{
    cleanup(buffer_release) struct buffer line = {0};
    size_t taken;

    buffer_text(&line, TERMINAL_CLEAR_LINE);
    buffer_append(&line, text, text_fit(text, terminal_size(STDERR_FILENO).columns - 1, &taken));
    fwrite(line.data, 1, line.size, stderr);
}
