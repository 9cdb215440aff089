#include "archive/encoder.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"

struct encoder {
    struct parquet *parquet; /* the thread's own */
    int worker;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct encoding *encoding; /* under way, the thread's own meanwhile; NULL: none */
    bool ends;
    int status; /* of the last encoding */
    struct error error;
};

/* Each file is synced by parquet_write(), their names by one sync of the folder. Only then may they be listed: a listed
 * file must survive a power failure. The columns of an hour are freed as soon as they are written, to make room. */
static int write_files(struct parquet *parquet, struct encoding *encoding, struct error *error)
{
    for (size_t i = 0; i < encoding->rows.hour_count; i++) {
        struct encoded_file *file = &encoding->files[i];
        cleanup(memory_free) char *path = staging_path(encoding->staging, file->name);

        if (parquet_write(parquet, encoding->rows.hours[i], encoding->dictionary, path, &file->size, error))
            return -1;
        rows_drop_columns(encoding->rows.hours[i]);
    }
    return staging_sync(encoding->staging, error);
}

static int encode(struct parquet *parquet, struct encoding *encoding, struct error *error)
{
    int64_t begin_ns = time_read_ns(CLOCK_THREAD_CPUTIME_ID);
    int status = write_files(parquet, encoding, error);

    encoding->cpu_ns = time_read_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns;
    return status;
}

/* The next encoding, or NULL at the end. The condition is checked in a loop, because a wake-up may be spurious and both
 * threads wait on the same condition variable. */
static struct encoding *wait_for_work(struct encoder *encoder)
{
    struct encoding *encoding;

    pthread_mutex_lock(&encoder->lock);
    while (!encoder->encoding && !encoder->ends)
        pthread_cond_wait(&encoder->changed, &encoder->lock);
    encoding = encoder->encoding;
    pthread_mutex_unlock(&encoder->lock);
    return encoding;
}

/* From here on the encoding belongs to the worker again. */
static void end_work(struct encoder *encoder, int status, const struct error *error)
{
    pthread_mutex_lock(&encoder->lock);
    encoder->encoding = NULL;
    encoder->status = status;
    if (status)
        encoder->error = *error;
    pthread_cond_signal(&encoder->changed);
    pthread_mutex_unlock(&encoder->lock);
}

static void *run_thread(void *context)
{
    struct encoder *encoder = context;
    struct encoding *encoding;

    log_set_worker(encoder->worker);
    while ((encoding = wait_for_work(encoder))) {
        struct error error;
        int status = encode(encoder->parquet, encoding, &error);

        end_work(encoder, status, &error);
    }
    return NULL;
}

static void free_encoder(struct encoder *encoder)
{
    parquet_close(encoder->parquet);
    pthread_cond_destroy(&encoder->changed);
    pthread_mutex_destroy(&encoder->lock);
    free(encoder);
}

static int start_thread(struct encoder *encoder, struct error *error)
{
    int failure = pthread_create(&encoder->thread, NULL, run_thread, encoder);

    return failure ? error_set(error, ANT_START_FAILED, "could not start a thread: %s", strerror(failure)) : 0;
}

int encoder_open(enum parquet_codec codec, int worker, struct encoder **ret_encoder, struct error *error)
{
    struct encoder *encoder = memory_new(1, sizeof(*encoder));

    encoder->worker = worker;
    pthread_mutex_init(&encoder->lock, NULL);
    pthread_cond_init(&encoder->changed, NULL);
    if (parquet_open(codec, &encoder->parquet, error) || start_thread(encoder, error)) {
        free_encoder(encoder);
        return -1;
    }
    *ret_encoder = encoder;
    return 0;
}

/* The worker waits for an encoding before it closes (roll_drop()), or its rows would be freed under the thread. */
void encoder_close(struct encoder *encoder)
{
    if (!encoder)
        return;
    pthread_mutex_lock(&encoder->lock);
    invariant(!encoder->encoding);
    encoder->ends = true;
    pthread_cond_signal(&encoder->changed);
    pthread_mutex_unlock(&encoder->lock);
    pthread_join(encoder->thread, NULL);
    free_encoder(encoder);
}

void encoder_begin(struct encoder *encoder, struct encoding *encoding)
{
    pthread_mutex_lock(&encoder->lock);
    invariant(!encoder->encoding && !encoder->ends);
    encoder->encoding = encoding;
    pthread_cond_signal(&encoder->changed);
    pthread_mutex_unlock(&encoder->lock);
}

bool encoder_is_done(struct encoder *encoder)
{
    bool done;

    pthread_mutex_lock(&encoder->lock);
    done = !encoder->encoding;
    pthread_mutex_unlock(&encoder->lock);
    return done;
}

int encoder_wait(struct encoder *encoder, struct error *error)
{
    int status;

    pthread_mutex_lock(&encoder->lock);
    while (encoder->encoding)
        pthread_cond_wait(&encoder->changed, &encoder->lock);
    status = encoder->status;
    if (status)
        *error = encoder->error;
    pthread_mutex_unlock(&encoder->lock);
    return status;
}
