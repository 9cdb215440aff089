#include "speed/topic.h"

#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"

/* Said once in a job's life, by the worker that claims first. */
static void warn_of_other(const struct job *job, const struct buffer *other)
{
    if (other->size)
        log_line(LOG_WARNING,
                 "job \"%s\" reads topic \"%s\", too: if it writes to table \"%s\" as this job does, each message is "
                 "counted twice",
                 text_show(other->data).text, job->key.topic, job->bytes_table);
}

static int tell_of_another(const struct progress_key *key, struct error *error)
{
    error_set(error, ERROR_MISTAKE,
              "topic \"%s\" was made anew: what job \"%s\" had not read of the one before is gone", key->topic,
              key->job);
    return error_hint(error, "give a new --job, which reads the new topic from its beginning");
}

int topic_check(struct worker *worker, struct error *error)
{
    const struct progress_key *key = &worker->job->key;
    cleanup(buffer_release) struct buffer other = {0};
    bool same;

    if (topic_id_query(worker->job->inquirer, key->topic, KAFKA_ANSWER_TIMEOUT_MS, worker->topic_id, error) ||
        progress_note_topic(worker->postgres, key, worker->topic_id, &same, &other, error))
        return -1;
    warn_of_other(worker->job, &other);
    return same ? 0 : tell_of_another(key, error);
}

int topic_check_again(const struct worker *worker, struct error *error)
{
    const struct progress_key *key = &worker->job->key;
    char id[TOPIC_ID_SIZE];
    struct error ignored;

    if (!*worker->topic_id || consumer_is_cut_off(worker->consumer) ||
        topic_id_query(worker->job->inquirer, key->topic, KAFKA_QUICK_ANSWER_MS, id, &ignored) ||
        strcmp(id, worker->topic_id) == 0)
        return 0;
    return tell_of_another(key, error);
}
