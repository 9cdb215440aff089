/*
 * The subcommands: one file each, which parses what is its own, calls the layer below, prints data to stdout and
 * diagnostics to stderr, and returns the process exit code.
 */
#ifndef ANTENNA_COMMAND_COMMAND_H
#define ANTENNA_COMMAND_COMMAND_H

#include "base/attributes.h"
#include "base/error.h"
#include "config/config.h"

/** Creates tables and loads users (provision.c). */
int command_provision(const struct config *config, struct error *error) must_check;

/** Sends invented events to Kafka (simulate.c). */
int command_simulate(const struct config *config, struct error *error) must_check;

/** Runs the speed layer (speed.c). */
int command_speed(const struct config *config, struct error *error) must_check;

/** Runs the batch layer; returns EXIT_INCOMPLETE when a stop left hours of a range out (batch.c). */
int command_batch(const struct config *config, struct error *error) must_check;

/** Compares both layers, the archive and its list; returns EXIT_DIFFERENCE when they differ, EXIT_INCOMPLETE when a
 * stop left hours out (verify.c). */
int command_verify(const struct config *config, struct error *error) must_check;

/**
 * Notifies users of their quota (notify.c). Returns EXIT_UNAVAILABLE when notices wait for another attempt,
 * EXIT_INCOMPLETE when a stop left some out.
 */
int command_notify(const struct config *config, struct error *error) must_check;
/** Computes window totals again from the archive; returns EXIT_INCOMPLETE when hours were not sealed or a stop left
 * some out (rebuild.c). */
int command_rebuild(const struct config *config, struct error *error) must_check;

/** Removes what is older than the limits; returns EXIT_INCOMPLETE when a stop left hours out (prune.c). */
int command_prune(const struct config *config, struct error *error) must_check;

/** Erases a user; returns EXIT_INCOMPLETE when something is left, such as hours of which events are on their way
 * (forget.c). */
int command_forget(const struct config *config, struct error *error) must_check;

/** Shows the progress of the jobs (status.c). */
int command_status(const struct config *config, struct error *error) must_check;

/**
 * Diagnoses what would stop a job (doctor.c). Returns EXIT_ENVIRONMENT when the operator must fix something,
 * EXIT_UNAVAILABLE when dependencies are unavailable now and nothing else was found,
 * EXIT_INCOMPLETE when a stop left checks out.
 */
int command_doctor(const struct config *config, struct error *error) must_check;

/** Shows a configuration, which is that of the command to be looked into (config.c). */
int command_config(const struct config *config, struct error *error) must_check;

#endif
