#include "simulate/outbox.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "kafka/topic.h"

/* What tally and ledger need of a message, until Kafka has acknowledged it: only then is it counted. */
struct parcel {
    struct parcel *next; /* in the list of unused ones */
    struct coded_event event;
    enum message_kind kind;
    bool repeated;
};

static void on_acknowledged(void *context, void *ticket)
{
    struct outbox *outbox = context;
    struct parcel *parcel = ticket;
    struct tally *tally = &outbox->tally;

    tally->counts[parcel->kind]++;
    tally->repeated += parcel->repeated;
    if (message_is_valid(parcel->kind)) {
        tally->bytes += parcel->event.bytes;
        if (outbox->ledger && !outbox->failed)
            outbox->failed = ledger_add(outbox->ledger, &parcel->event, &outbox->failure) != 0;
    }
    parcel->next = outbox->unused;
    outbox->unused = parcel;
    outbox->pending--;
}

int outbox_open(struct outbox *outbox, const struct config *config, struct ledger *ledger, struct error *error)
{
    outbox->ledger = ledger;
    outbox->parcels = memory_new(OUTBOX_PENDING_MAX, sizeof(*outbox->parcels));
    for (size_t i = 0; i < OUTBOX_PENDING_MAX; i++) {
        outbox->parcels[i].next = outbox->unused;
        outbox->unused = &outbox->parcels[i];
    }
    if (producer_open(config, on_acknowledged, outbox, &outbox->producer, error))
        return -1;
    return topic_ensure(config, &outbox->partition_count, error);
}

void outbox_close(struct outbox *outbox)
{
    producer_close(outbox->producer);
    free(outbox->parcels);
    *outbox = (struct outbox){0};
}

int outbox_send(struct outbox *outbox, const struct simulated_message *message, struct error *error)
{
    struct parcel *parcel = outbox->unused;
    int status;

    if (!parcel)
        return 1;
    status = producer_send(outbox->producer, outbox->next_partition, message->text, parcel, error);
    if (status)
        return status;
    outbox->unused = parcel->next;
    *parcel = (struct parcel){NULL, message->event, message->kind, message->repeated};
    outbox->next_partition = (outbox->next_partition + 1) % outbox->partition_count;
    outbox->pending++;
    return 0;
}

int outbox_poll(struct outbox *outbox, int timeout_ms, struct error *error)
{
    int64_t pending = outbox->pending;

    if (producer_poll(outbox->producer, timeout_ms, error))
        return -1;
    if (outbox->failed) {
        *error = outbox->failure;
        return -1;
    }
    if (outbox->pending < pending || !outbox->pending)
        outbox->acknowledged_ms = time_monotonic_ms();
    return 0;
}
