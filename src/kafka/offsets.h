/*
 * Offsets of many partitions at once: a request to each broker for all partitions that it leads. One request a
 * partition would take as many round trips as there are partitions.
 */
#ifndef ANTENNA_KAFKA_OFFSETS_H
#define ANTENNA_KAFKA_OFFSETS_H

#include "kafka/consumer.h"

/** The range of offsets that Kafka holds of a partition: from `first` to before `end`. */
struct offset_range {
    int64_t first;
    int64_t end;
};

/**
 * Asks for the ranges of `count` partitions, as far as read_committed readers may see them, and waits `timeout_ms` for
 * the answer; while a partition has no leader, asks again for so long. Errors: as kafka_error().
 */
int offsets_query_ranges(rd_kafka_t *client, const char *topic, const int32_t *partitions, size_t count, int timeout_ms,
                         struct offset_range *ret_ranges, struct error *error) must_check;

/**
 * Asks for the offset of the first message of each partition, from 0 to before `count`, that arrived at `time`, seconds
 * since the Unix epoch, or later; -1 when there is none. Waits as offsets_query_ranges().
 */
int offsets_query_at(rd_kafka_t *client, const char *topic, int64_t time, size_t count, int timeout_ms,
                     int64_t *ret_offsets, struct error *error) must_check;

/**
 * Asks for the end of each partition in `positions`, behind everything that was written, be its transaction still open
 * or not, and waits `timeout_ms` for the answer. Sets the offsets; -1 where Kafka does not know. Errors: as
 * kafka_error().
 */
int offsets_query_ends(rd_kafka_t *client, const char *topic, int timeout_ms, struct position *positions, size_t count,
                       struct error *error) must_check;

#endif
