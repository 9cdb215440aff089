#include "speed/topic.h"

#include <string.h>

static int tell_of_another(const struct progress_key *key, struct error *error)
{
    error_set(error, ERROR_MISTAKE,
              "topic \"%s\" was made anew: what job \"%s\" had not read of the one before is gone", key->topic,
              key->job);
    return error_hint(error, "give a new --job, which reads the new topic from its beginning");
}

int topic_join(struct postgres *postgres, const struct job *job, const char *id, const int64_t *starts, size_t count,
               struct error *error)
{
    const struct data_set_job member = {job->key, job->bytes_table, job->archive, starts, count};
    bool same;

    if (data_set_join(postgres, &member, id, &same, error))
        return -1;
    return same ? 0 : tell_of_another(&job->key, error);
}

int topic_check(struct worker *worker, struct error *error)
{
    return topic_id_query(worker->job->inquirer, worker->job->key.topic, KAFKA_ANSWER_TIMEOUT_MS, worker->topic_id,
                          error)
               ? -1
               : topic_join(worker->postgres, worker->job, worker->topic_id, NULL, 0, error);
}

int topic_check_again(struct worker *worker, struct error *error)
{
    const struct progress_key *key = &worker->job->key;
    char id[TOPIC_ID_SIZE];
    struct error ignored;

    if (consumer_is_cut_off(worker->consumer) ||
        topic_id_query(worker->job->inquirer, key->topic, KAFKA_QUICK_ANSWER_MS, id, &ignored) || !*id ||
        strcmp(id, worker->topic_id) == 0)
        return 0;
    if (*worker->topic_id)
        return tell_of_another(key, error);
    /* The broker was upgraded to a version with topic ids. */
    memcpy(worker->topic_id, id, sizeof(id));
    return topic_join(worker->postgres, worker->job, id, NULL, 0, error);
}
