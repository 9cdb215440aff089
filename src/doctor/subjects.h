/* The subjects of an examination, a file each. Every function hands its findings over and never fails. */
#ifndef ANTENNA_DOCTOR_SUBJECTS_H
#define ANTENNA_DOCTOR_SUBJECTS_H

#include "doctor/doctor.h"
#include "kafka/client.h"
#include "postgres/client.h"

/** Brokers, their advertised listeners and encryption, and then the topic (kafka.c). Sets the doctor's `brokers`. */
void examine_kafka(struct doctor *doctor);

/** The topic: partitions, retention, the job's group, last messages, their clock. `metadata` describes it (topic.c). */
void examine_topic(struct doctor *doctor, rd_kafka_t *metadata_client, const struct rd_kafka_metadata *metadata);

/** The checks of examine_topic() except its messages, for when it cannot be asked; ends with NULL. */
extern const char *const topic_checks[];

/** The topic's last messages and their timestamps, set by the broker or by the senders (messages.c). */
void examine_messages(struct doctor *doctor, int32_t partitions, bool stamped_by_broker);

/** The checks of examine_messages(); ends with NULL. */
extern const char *const message_checks[];

/** Connection, server, clock and time zone, and then the tables (postgres.c). */
void examine_postgres(struct doctor *doctor);

/** The schema antenna, the four tables, the user's rights, and the archive's identity (tables.c). */
void examine_tables(struct doctor *doctor, struct postgres *postgres);

/** The checks of examine_tables(), for when there is no connection; ends with NULL. */
extern const char *const table_checks[];

/** The storage path of batch, when it is given, and the storage root: whether files can be written and moved to their
 * place, space and inodes (storage.c). */
void examine_storage(struct doctor *doctor);

/** The folders of the archive and of its writers: file systems and rights at every level (levels.c). */
void examine_folders(struct doctor *doctor, const char *root);

/** The address of --listen, when it is given: whether it is free, or a job of ours serves there (listen.c). */
void examine_listen(struct doctor *doctor);

/** The mail server or webhook of notify, when it is given: that it answers, encrypted, and takes the login and the
 * sender (notify.c). */
void examine_notify(struct doctor *doctor);

/** Open files, memory and libraries of the process (host.c). */
void examine_host(struct doctor *doctor);

#endif
