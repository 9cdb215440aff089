#include "base/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/stop.h"
#include "base/text.h"

/* The alternate screen and back; the cursor hidden and back; to the upper left; empty to the end of line and screen. A
 * terminal shows what comes between the marks of an update at once, so that nobody sees half of one (DECSET 2026,
 * https://contour-terminal.org/vt-extensions/synchronized-output); one that does not know them ignores them. The end of
 * the screen ends an update, too, as a signal may have interrupted one. */
#define BEGIN_UPDATE "\033[?2026h"
#define END_UPDATE "\033[?2026l"
#define BEGIN "\033[?1049h\033[?25l"
#define END END_UPDATE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"
#define BOLD "\033[1m"
#define BOLD_RED "\033[1;31m"
#define PLAIN "\033[0m"

#define FIRST_TEXT_LINE 2

static struct {
    volatile sig_atomic_t open;
    bool keys; /* standard input is a terminal, too */
    bool colours;
    struct termios before; /* its settings */
} screen;

/* For any moment, signal handlers included: tcsetattr() and write() may be called there (POSIX, 2.4.3). */
static void restore(void)
{
    if (!screen.open)
        return;
    if (screen.keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
    if (write(STDOUT_FILENO, END, strlen(END)) < 0)
        return;
    /* Last: a signal that comes before does it once more. */
    screen.open = 0;
}

/* Only interrupts poll() in screen_wait(); screen_draw() then asks for the new size. */
static void on_resize(int signal_number)
{
    (void)signal_number;
}

static void write_all(const char *text, size_t size)
{
    while (size) {
        ssize_t written = write(STDOUT_FILENO, text, size);

        if (written < 0 && errno != EINTR)
            return; /* the terminal is gone: the next wait says so */
        text += written < 0 ? 0 : written;
        size -= written < 0 ? 0 : (size_t)written;
    }
}

static void begin_keys(void)
{
    struct termios settings;

    screen.keys = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &screen.before) == 0;
    if (!screen.keys)
        return;
    settings = screen.before;
    settings.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    /* A stopped or aborted process would leave the screen as it is. */
    settings.c_cc[VSUSP] = _POSIX_VDISABLE;
    settings.c_cc[VQUIT] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

int screen_open(struct error *error)
{
    const char *no_colour = getenv("NO_COLOR"), *name = getenv("TERM");
    struct sigaction action = {.sa_handler = on_resize};

    if (!isatty(STDOUT_FILENO)) {
        error_set(error, ANT_TERMINAL_UNFIT, "could not show a screen: standard output is not a terminal");
        return error_hint(error, "leave out --watch; --json is for scripts");
    }
    if (terminal_is_dumb()) {
        error_set(error, ANT_TERMINAL_UNFIT, "could not show a screen: the terminal (TERM=%s) cannot place text",
                  name ? name : "");
        return error_hint(error, "leave out --watch, or set TERM to what the terminal is, such as xterm");
    }
    screen.colours = !no_colour || !*no_colour;
    sigaction(SIGWINCH, &action, NULL);
    begin_keys();
    screen.open = 1;
    stop_set_last_act(restore);
    atexit(restore);
    write_all(BEGIN, strlen(BEGIN));
    return 0;
}

void screen_close(void)
{
    restore();
}

struct terminal_size screen_size(void)
{
    return terminal_size(STDOUT_FILENO);
}

/* Appends one line, of `size` bytes, or what of it fits with a mark that it was longer. */
static void append_line(struct buffer *frame, const char *line, size_t size, size_t columns)
{
    cleanup(buffer_release) struct buffer text = {0};
    size_t taken, fitting;

    buffer_append(&text, line, size);
    fitting = text_fit(text.data, columns, &taken);
    if (fitting == size) {
        buffer_append(frame, text.data, size);
        return;
    }
    fitting = text_fit(text.data, columns ? columns - 1 : 0, &taken);
    buffer_append(frame, text.data, fitting);
    buffer_text(frame, columns ? ">" : "");
}

/* Each line is emptied before it is written, as one that fills its line must not be emptied behind its end. */
static void append_text(struct buffer *frame, const char *text, const struct terminal_size *size)
{
    size_t line = FIRST_TEXT_LINE;

    for (; line < size->lines && *text; line++) {
        size_t length = strcspn(text, "\n");

        buffer_text(frame, "\r\n" CLEAR_LINE);
        append_line(frame, text, length, size->columns);
        text += length + (text[length] == '\n');
    }
    if (line < size->lines)
        buffer_text(frame, "\r\n" CLEAR_BELOW);
}

void screen_draw(enum screen_tone tone, const char *first, const char *text)
{
    cleanup(buffer_release) struct buffer frame = {0};
    struct terminal_size size = screen_size();

    buffer_text(&frame, BEGIN_UPDATE HOME CLEAR_LINE);
    if (screen.colours)
        buffer_text(&frame, tone == SCREEN_ALARM ? BOLD_RED : BOLD);
    append_line(&frame, first, strlen(first), size.columns);
    if (screen.colours)
        buffer_text(&frame, PLAIN);
    if (size.lines > 1)
        buffer_text(&frame, "\r\n" CLEAR_LINE);
    append_text(&frame, text, &size);
    buffer_text(&frame, END_UPDATE);
    write_all(frame.data, frame.size);
}

static bool is_end_wanted(void)
{
    char key;
    ssize_t size = read(STDIN_FILENO, &key, 1);

    return size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN) || (size == 1 && (key == 'q' || key == 'Q'));
}

bool screen_wait(int file, int milliseconds)
{
    struct pollfd files[] = {{.fd = screen.keys ? STDIN_FILENO : -1, .events = POLLIN}, {.fd = file, .events = POLLIN}};

    if (poll(files, 2, milliseconds) <= 0)
        return false;
    return files[0].revents && is_end_wanted();
}
