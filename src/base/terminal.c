#include "base/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "base/time.h"

/* The size of a VT100, for a terminal that does not report its own. */
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

/* The last column stays empty: some terminals wrap a line that fills it, and CR would then clear only the second part.
 */
void terminal_show(const char *text)
{
    cleanup(buffer_release) struct buffer line = {0};
    size_t taken;

    buffer_text(&line, TERMINAL_CLEAR_LINE);
    buffer_append(&line, text, text_fit(text, terminal_size(STDERR_FILENO).columns - 1, &taken));
    fwrite(line.data, 1, line.size, stderr);
}

#define BAR_CELLS 20

/* Ten updates a second look continuous, and cost nothing beside the work. */
#define BAR_INTERVAL_MS 100

void bar_begin(struct bar *bar)
{
    *bar = (struct bar){.terminal = terminal_shows_progress(STDERR_FILENO), .begin_ms = time_monotonic_ms()};
}

double bar_seconds(const struct bar *bar)
{
    return (double)(time_monotonic_ms() - bar->begin_ms) / MS_PER_SECOND;
}

static bool is_due(struct bar *bar)
{
    int64_t now = time_monotonic_ms();

    if (!bar->terminal || now - bar->shown_ms < BAR_INTERVAL_MS)
        return false;
    bar->shown_ms = now;
    return true;
}

void bar_show(struct bar *bar, double share, const char *format, ...)
{
    static const char full[] = "====================", empty[] = "                    ";
    cleanup(buffer_release) struct buffer line = {0};
    double passed = bar_seconds(bar);
    int cells = (int)(share * BAR_CELLS);
    va_list arguments;

    if (!is_due(bar))
        return;
    buffer_printf(&line, "[%.*s%.*s] ", cells, full, BAR_CELLS - cells, empty);
    va_start(arguments, format);
    buffer_vprintf(&line, format, arguments);
    va_end(arguments);
    if (share > 0)
        buffer_printf(&line, ", %.0f s left", passed / share - passed);
    terminal_show(line.data);
}

void bar_show_text(struct bar *bar, const char *format, ...)
{
    cleanup(buffer_release) struct buffer line = {0};
    va_list arguments;

    if (!is_due(bar))
        return;
    va_start(arguments, format);
    buffer_vprintf(&line, format, arguments);
    va_end(arguments);
    terminal_show(line.data);
}

void bar_end(struct bar *bar)
{
    if (bar->terminal && bar->shown_ms)
        terminal_show("");
}
