#include "postgres/rejected.h"

#include "postgres/sql.h"

void rejected_begin(struct rejected *rejected)
{
    array_begin(&rejected->partitions, ARRAY_INTEGER);
    array_begin(&rejected->offsets, ARRAY_BIGINT);
    array_begin(&rejected->reasons, ARRAY_TEXT);
    array_begin(&rejected->details, ARRAY_TEXT);
    array_begin(&rejected->positions, ARRAY_INTEGER);
    array_begin(&rejected->payloads, ARRAY_BYTEA);
    array_begin(&rejected->sizes, ARRAY_BIGINT);
}

void rejected_release(struct rejected *rejected)
{
    array_release(&rejected->partitions);
    array_release(&rejected->offsets);
    array_release(&rejected->reasons);
    array_release(&rejected->details);
    array_release(&rejected->positions);
    array_release(&rejected->payloads);
    array_release(&rejected->sizes);
}

int rejected_add(struct rejected *rejected, const struct rejected_message *message)
{
    struct slice kept = message->payload;

    if (rejected->offsets.count == REJECTED_WAITING_MAX)
        return 1;
    if (kept.size > REJECTED_PAYLOAD_MAX)
        kept.size = REJECTED_PAYLOAD_MAX;
    array_add_integer(&rejected->partitions, message->partition);
    array_add_bigint(&rejected->offsets, message->offset);
    array_add_bytes(&rejected->reasons, slice_of(message->reason));
    array_add_bytes(&rejected->details, slice_of(message->detail));
    array_add_integer(&rejected->positions, (int32_t)message->position);
    array_add_bytes(&rejected->payloads, kept);
    array_add_bigint(&rejected->sizes, (int64_t)message->payload.size);
    return 0;
}

int rejected_insert(struct postgres *postgres, const struct progress_key *key, struct rejected *rejected,
                    struct error *error)
{
    struct parameters parameters = {0};

    if (rejected->offsets.count == 0)
        return 0;
    parameters_text(&parameters, key->job);
    parameters_text(&parameters, key->topic);
    parameters_array(&parameters, &rejected->partitions);
    parameters_array(&parameters, &rejected->offsets);
    parameters_array(&parameters, &rejected->reasons);
    parameters_array(&parameters, &rejected->details);
    parameters_array(&parameters, &rejected->positions);
    parameters_array(&parameters, &rejected->payloads);
    parameters_array(&parameters, &rejected->sizes);
    if (postgres_do(postgres, sql_insert_rejected, &parameters, error))
        return error_context(error, "could not keep rejected messages");
    return 0;
}
