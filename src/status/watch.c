#include "status/watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/screen.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "status/figures.h"
#include "status/show.h"

/* The screen shows the time and the age of its figures. */
#define DRAW_INTERVAL_MS 1000

/* An answer that takes longer may not come. */
#define LATE_MS 3000

/* How long the end waits for a reading that is under way. */
#define END_WAIT_MS 500

/* The lines of the screen that are not the figures'. */
#define OTHER_LINES 2

struct watch {
    int64_t interval_ms;
    int ready; /* eventfd: the figures are others, or reading has failed */
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    struct figures *figures; /* the last that were read */
    bool failing;            /* since then, for this reason: */
    struct error failure;
    bool ending; /* asked of the thread */
    bool ended;  /* it has */

    /* The thread's own. */
    struct postgres *postgres; /* NULL: not connected */
    const struct config *config;
    struct partition_filter filter;
};

/* Waits, with the lock held, until the end is asked for, the thread has ended, or the time is over. */
static void wait_for(struct watch *watch, const bool *condition, int64_t milliseconds)
{
    struct timespec until = time_deadline(milliseconds);

    while (!*condition && pthread_cond_clockwait(&watch->changed, &watch->lock, CLOCK_MONOTONIC, &until) == 0)
        ;
}

static int read_figures(struct watch *watch, struct figures **ret_figures, struct error *error)
{
    if (!watch->postgres && login(watch->config, &watch->postgres, error))
        return -1;
    if (figures_read(watch->postgres, &watch->filter, ret_figures, error) == 0)
        return 0;
    postgres_close(watch->postgres);
    watch->postgres = NULL;
    return -1;
}

/* Shows a reading, or why there is none, to the other thread. */
static void publish_figures(struct watch *watch, struct figures *figures, const struct error *failure)
{
    pthread_mutex_lock(&watch->lock);
    watch->failing = !figures;
    if (figures) {
        figures_compare(figures, watch->figures);
        figures_free(watch->figures);
        watch->figures = figures;
    } else
        watch->failure = *failure;
    pthread_mutex_unlock(&watch->lock);
    eventfd_write(watch->ready, 1);
}

static void *read_again_and_again(void *context)
{
    struct watch *watch = context;

    for (;;) {
        struct figures *figures = NULL;
        struct error failure;
        bool ending;

        pthread_mutex_lock(&watch->lock);
        wait_for(watch, &watch->ending, watch->interval_ms);
        ending = watch->ending;
        pthread_mutex_unlock(&watch->lock);
        if (ending)
            break;
        if (read_figures(watch, &figures, &failure))
            figures = NULL;
        publish_figures(watch, figures, &failure);
    }
    pthread_mutex_lock(&watch->lock);
    watch->ended = true;
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static void draw(struct watch *watch)
{
    cleanup(buffer_release) struct buffer first = {0}, text = {0};
    struct terminal_size size = screen_size();
    char now[TIME_TEXT_SIZE];
    int64_t age_ms;
    bool late;

    pthread_mutex_lock(&watch->lock);
    age_ms = time_monotonic_ms() - watch->figures->read_ms;
    late = watch->failing || age_ms >= watch->interval_ms + LATE_MS;
    if (late)
        buffer_printf(&first, "these figures are %" PRId64 " s old: %s", age_ms / 1000,
                      watch->failing ? text_show(watch->failure.message).text : "PostgreSQL does not answer");
    else
        buffer_printf(&first, "antenna status  %s  q ends it", time_format(time_now(), now));
    show_figures(watch->figures,
                 (struct show_room){size.lines > OTHER_LINES ? size.lines - OTHER_LINES : 0, size.columns}, &text);
    pthread_mutex_unlock(&watch->lock);
    screen_draw(late ? SCREEN_ALARM : SCREEN_CALM, first.data, text.data);
}

static void watch_free(struct watch *watch)
{
    figures_free(watch->figures);
    postgres_close(watch->postgres);
    close(watch->ready);
    pthread_mutex_destroy(&watch->lock);
    pthread_cond_destroy(&watch->changed);
    free(watch);
}

/* A reading that PostgreSQL does not answer may last for long: then the process ends without it, and what it uses is
 * left to it. */
static void end_thread(struct watch *watch)
{
    bool ended;

    pthread_mutex_lock(&watch->lock);
    watch->ending = true;
    pthread_cond_broadcast(&watch->changed);
    wait_for(watch, &watch->ended, END_WAIT_MS);
    ended = watch->ended;
    pthread_mutex_unlock(&watch->lock);
    if (!ended) {
        pthread_detach(watch->thread);
        return;
    }
    pthread_join(watch->thread, NULL);
    watch_free(watch);
}

static int show(struct watch *watch, struct error *error)
{
    bool ending = false;

    if (screen_open(error))
        return -1;
    while (!ending && !stop_requested()) {
        eventfd_t ignored;

        draw(watch);
        ending = screen_wait(watch->ready, DRAW_INTERVAL_MS);
        eventfd_read(watch->ready, &ignored); /* or it has woken for another reason */
    }
    screen_close();
    return 0;
}

int watch_run(struct postgres *postgres, const struct config *config, const struct partition_filter *filter,
              int64_t interval_ms, struct error *error)
{
    struct watch *watch = memory_new(1, sizeof(*watch));
    int status;

    watch->interval_ms = interval_ms;
    watch->filter = *filter;
    watch->postgres = postgres;
    watch->config = config;
    watch->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->changed, NULL);
    status = figures_read(postgres, filter, &watch->figures, error);
    if (!status && pthread_create(&watch->thread, NULL, read_again_and_again, watch))
        status = error_set(error, ANT_START_FAILED, "could not start a thread");
    if (status) {
        watch_free(watch);
        return -1;
    }
    status = show(watch, error);
    end_thread(watch);
    return status;
}
