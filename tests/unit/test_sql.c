/* The SQL of each named operation, without a server. What the statements do is tested on a real server. */
#include "libpq_script.h"
#include "postgres/archive_files.h"
#include "postgres/hours.h"
#include "postgres/ledger.h"
#include "postgres/quota.h"
#include "postgres/rejected.h"
#include "postgres/roles.h"
#include "postgres/schema.h"
#include "postgres/totals.h"
#include "postgres/users.h"

static const struct progress_key key = {"job", "topic"};

static void test_connecting_sets_the_session_up(void **state)
{
    struct postgres *second;
    static const struct jdbc_address address;

    (void)state;
    assert_int_equal(postgres_open(&address, &second, &error), 0);
    assert_true(was_sent(sql_begin_session));
    postgres_close(second);
}

static void test_progress(void **state)
{
    struct progress claimed[] = {{.partition = 0, .totals_offset = 7}};
    struct progress_step steps[] = {{.partition = 0, .epoch = 1, .next_offset = 9, .records = 2}};
    cleanup(buffer_release) struct buffer other = {0};
    bool reached, same;

    (void)state;
    assert_int_equal(progress_note_topic(postgres, &key, "id", &same, &other, &error), 0);
    assert_false(same);
    assert_true(was_sent(sql_note_topic));
    assert_int_equal(progress_limit_idle_time(postgres, &error), 0);
    assert_true(was_sent(sql_limit_idle_time));
    assert_int_equal(progress_claim(postgres, &key, "owner", claimed, 1, &error), 0);
    assert_true(was_sent(sql_claim_progress));
    assert_int_equal(progress_advance_totals(postgres, &key, steps, 1, &error), 0);
    assert_true(was_sent(sql_advance_totals));
    assert_int_equal(progress_advance_archive(postgres, &key, steps, 1, &error), 0);
    assert_true(was_sent(sql_advance_archive));
    assert_int_equal(progress_note_idle(postgres, &key, steps, 1, &error), 0);
    assert_true(was_sent(sql_note_idle));
    assert_int_equal(progress_skip_lost(postgres, &key, claimed, &error), 0);
    assert_true(was_sent(sql_skip_lost));
    assert_int_equal(progress_has_reached(postgres, &key, claimed, 1, &reached, &error), 0);
    assert_true(reached);
    assert_true(was_sent(sql_count_unfinished));
}

static void test_fenced_when_a_row_is_missing(void **state)
{
    struct progress_step steps[] = {{.partition = 0}, {.partition = 1}};

    (void)state;
    answer_with(0, "0", "0", "1");
    assert_int_equal(progress_advance_totals(postgres, &key, steps, 2, &error), -1);
    assert_int_equal(error.kind, ERROR_FENCED);
    assert_int_equal(progress_advance_archive(postgres, &key, steps, 2, &error), -1);
    assert_int_equal(error.kind, ERROR_FENCED);
}

static void test_totals(void **state)
{
    static const char *const names[] = {"a", "b"};
    const struct totals_labels labels = {names, 2};
    struct totals_writer writer;

    (void)state;
    totals_begin_adding(&writer, postgres, "bytes", labels);
    assert_int_equal(totals_write(&writer, 300, 1, slice_of("x"), 5, &error), 0);
    assert_int_equal(script.count, 0);
    assert_int_equal(totals_flush(&writer, &error), 0);
    assert_true(was_sent(sql_add_totals));
    assert_int_equal(totals_flush(&writer, &error), 0);
    assert_int_equal(script.count, 1);
    totals_writer_release(&writer);
    assert_int_equal(totals_begin_replacing(&writer, postgres, "bytes_hourly", 3600, labels, &error), 0);
    assert_true(was_sent(sql_delete_hour));
    assert_int_equal(totals_write(&writer, 3600, 0, slice_of("x"), 5, &error), 0);
    assert_int_equal(totals_flush(&writer, &error), 0);
    assert_true(was_sent(sql_insert_totals));
    totals_writer_release(&writer);
}

static void test_totals_are_sent_in_statements(void **state)
{
    static const char *const names[] = {"a"};
    struct totals_writer writer;

    (void)state;
    totals_begin_adding(&writer, postgres, "bytes", (struct totals_labels){names, 1});
    for (int i = 0; i < 2 * TOTALS_STATEMENT_ROWS; i++)
        assert_int_equal(totals_write(&writer, 300, 0, slice_of("x"), 1, &error), 0);
    assert_int_equal(totals_flush(&writer, &error), 0);
    assert_int_equal(script.count, 2);
    totals_writer_release(&writer);
}

static void test_rejected_messages(void **state)
{
    struct rejected_message message = {.reason = "empty", .detail = "the message is empty"};
    struct rejected rejected = {0};

    (void)state;
    rejected_drop(&rejected);
    assert_int_equal(rejected_insert(postgres, &key, &rejected, &error), 0);
    assert_int_equal(script.count, 0);
    assert_int_equal(rejected_add(&rejected, &message, 60), 0);
    assert_int_equal(rejected_insert(postgres, &key, &rejected, &error), 0);
    assert_true(was_sent(sql_count_rejected));
    assert_true(was_sent(sql_insert_rejected));
    rejected_release(&rejected);
}

static void test_of_a_flood_the_first_of_each_reason_and_minute_are_kept(void **state)
{
    static const struct rejected_message empty = {.reason = "empty", .detail = ""},
                                         other = {.reason = "not_json", .detail = ""};
    struct rejected rejected = {0};

    (void)state;
    rejected_drop(&rejected);
    for (int i = 0; i < 3 * REJECTED_KEPT_PER_MINUTE; i++)
        assert_int_equal(rejected_add(&rejected, &empty, 119), 0);
    assert_int_equal(rejected.offsets.count, REJECTED_KEPT_PER_MINUTE);
    assert_int_equal(rejected_add(&rejected, &other, 119), 0);
    assert_int_equal(rejected_add(&rejected, &empty, 120), 0);
    assert_int_equal(rejected.offsets.count, REJECTED_KEPT_PER_MINUTE + 2);
    assert_int_equal(rejected.count, 3);
    /* A commit does not begin the minute anew; a lost one does. */
    rejected_begin(&rejected);
    for (int i = 0; i < REJECTED_KEPT_PER_MINUTE; i++)
        assert_int_equal(rejected_add(&rejected, &empty, 121), 0);
    assert_int_equal(rejected.offsets.count, REJECTED_KEPT_PER_MINUTE - 1);
    assert_int_equal(rejected.counts[0].messages, REJECTED_KEPT_PER_MINUTE);
    rejected_drop(&rejected);
    assert_int_equal(rejected_add(&rejected, &empty, 121), 0);
    assert_int_equal(rejected.offsets.count, 1);
    rejected_release(&rejected);
}

static void test_what_waits_of_rejected_messages_is_bounded(void **state)
{
    static char payload[REJECTED_PAYLOAD_MAX * 2];
    struct rejected_message message = {.reason = "not_json", .detail = "x", .payload = {payload, sizeof(payload)}};
    struct rejected rejected = {0};
    int64_t minute = 0;

    (void)state;
    rejected_drop(&rejected);
    assert_int_equal(rejected_add(&rejected, &message, 0), 0);
    assert_true(rejected.payloads.buffer.size < REJECTED_PAYLOAD_MAX + 100);
    for (int i = 1; i < REJECTED_COUNTS_MAX; i++)
        assert_int_equal(rejected_add(&rejected, &message, ++minute * 60), 0);
    assert_int_equal(rejected_add(&rejected, &message, ++minute * 60), 1);
    rejected_begin(&rejected);
    assert_int_equal(rejected_add(&rejected, &message, minute * 60), 0);
    rejected_release(&rejected);
}

static void test_archive_files(void **state)
{
    struct archive_file file = {.path = "a", .hour = 3600, .rows = 1, .offsets = "{}"};
    const char *const paths[] = {"a", "b"};
    struct archive_files files = {0};
    bool listed[2];

    (void)state;
    assert_int_equal(archive_files_hold(postgres, "token", &error), 0);
    assert_true(was_sent(sql_hold_files));
    assert_int_equal(archive_files_seize(postgres, "token", &error), 0);
    assert_true(was_sent(sql_seize_files));
    archive_files_begin(&files);
    archive_files_add(&files, &file);
    assert_int_equal(archive_files_insert(postgres, &key, &files, &error), 0);
    assert_true(was_sent(sql_insert_archive_files));
    archive_files_release(&files);
    answer_with(1, "b", "0", "0");
    assert_int_equal(archive_files_find(postgres, paths, 2, listed, &error), 0);
    assert_true(was_sent(sql_select_listed_files));
    assert_false(listed[0]);
    assert_true(listed[1]);
}

static void test_replaced_files(void **state)
{
    cleanup(replaced_files_release) struct replaced_files files = {0};
    const char *const replaced[] = {"a", "b"};

    (void)state;
    answer_with(1, "2", "0", "0");
    assert_int_equal(archive_files_replace(postgres, "new", 100, replaced, 2, &error), 0);
    assert_true(was_sent(sql_replace_files));
    answer_with(1, "1", "0", "0");
    assert_int_equal(archive_files_replace(postgres, "new", 100, replaced, 2, &error), -1);
    assert_int_equal(error.kind, ERROR_FAILED);
    assert_error_says(error, "of the 2 files that it replaces, 1 are listed");
    answer_with(1, "old", "new", "0");
    assert_int_equal(archive_files_replaced(postgres, "token", 3600, &files, &error), 0);
    assert_true(was_sent(sql_select_replaced_files));
    assert_int_equal(files.count, 1);
    assert_string_equal(files.paths[0], "old");
    assert_string_equal(files.replaced_by[0], "new");
    assert_int_equal(archive_files_forget(postgres, "token", 3600, &error), 0);
    assert_true(was_sent(sql_delete_replaced_files));
}

static void test_hours(void **state)
{
    cleanup(listed_files_release) struct listed_files files = {0};
    const struct batch_input input = {.listed_rows = 12, .listed_bytes = 100};
    bool rerun;

    (void)state;
    assert_int_equal(hours_lock(postgres, 3600, &error), 0);
    assert_true(was_sent(sql_lock_hour));
    answer_with(1, "year=1970/x.parquet", "12", "0");
    assert_int_equal(hours_files(postgres, 3600, &files, &error), 0);
    assert_true(was_sent(sql_select_hour_files));
    assert_int_equal(files.count, 1);
    assert_string_equal(files.list[0].path, "year=1970/x.parquet");
    assert_int_equal(files.list[0].rows, 12);
    assert_true(listed_files_have(&files, "year=1970/x.parquet"));
    assert_false(listed_files_have(&files, "year=1970/y.parquet"));
    assert_int_equal(hours_limit_idle_time(postgres, &error), 0);
    assert_true(was_sent(sql_limit_idle_transaction));
    assert_int_equal(hours_note_batch(postgres, 3600, &input, &rerun, &error), 0);
    assert_true(was_sent(sql_note_batch));
    assert_int_equal(hours_hold(postgres, 3600, &error), 0);
    assert_true(was_sent(sql_hold_hour));
    assert_int_equal(hours_let_go(postgres, 3600, &error), 0);
    assert_true(was_sent(sql_let_go_hour));
}

static void test_which_hours(void **state)
{
    cleanup(hour_list_release) struct hour_list hours = {0}, pending = {0};

    (void)state;
    answer_with(1, "7200", "12", "0");
    assert_int_equal(hours_in_range(postgres, 3600, 7200, &hours, &error), 0);
    assert_true(was_sent(sql_select_hours));
    assert_int_equal(hours.count, 1);
    assert_int_equal(hours.list[0].hour, 7200);
    assert_int_equal(hours.list[0].rows, 12);
    assert_false(hours.list[0].sealed);
    assert_int_equal(hours_pending(postgres, 3600, 7200, &pending, &error), 0);
    assert_true(was_sent(sql_select_pending_hours));
}

static void count_reason(void *context, const char *reason, int64_t messages)
{
    assert_string_equal(reason, "empty");
    *(int64_t *)context += messages;
}

static void test_ledger(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    const struct ledger_tables tables = {"bytes", "bytes_hourly", {names, 3}};
    cleanup(hour_list_release) struct hour_list hours = {0};
    cleanup(ledger_totals_release) struct ledger_totals totals = {0};
    struct ledger_counters counters;
    struct hour_sums sums;
    int64_t messages = 0;

    (void)state;
    assert_int_equal(ledger_hours(postgres, &tables, 3600, 7200, &hours, &error), 0);
    assert_true(was_sent(sql_select_verify_hours));
    answer_with(1, "1", "0", "0");
    assert_int_equal(ledger_hour(postgres, &tables, 3600, &sums, &error), 0);
    assert_true(was_sent(sql_select_hour_sums));
    assert_true(sums.known);
    assert_false(sums.batched);
    assert_int_equal(ledger_totals(postgres, &tables, 3600, &totals, &error), 0);
    assert_true(was_sent(sql_select_hour_totals));
    assert_int_equal(totals.count, 1);
    assert_true(slice_equal(ledger_total_at(&totals, 0).label, slice_of("1")));
    assert_int_equal(ledger_counters(postgres, &counters, &error), 0);
    assert_true(was_sent(sql_select_ledger));
    assert_int_equal(counters.totalled, 1);
    answer_with(1, "empty", "3", "0");
    assert_int_equal(ledger_rejected(postgres, count_reason, &messages, &error), 0);
    assert_true(was_sent(sql_select_rejected_reasons));
    assert_int_equal(messages, 3);
}

static void test_quota(void **state)
{
    const struct quota_tables tables = {"bytes_hourly", "user_metadata", "user_quota_limit"};
    struct quota_report report;

    (void)state;
    answer_with(1, "5", "0", "3");
    assert_int_equal(quota_replace_hour(postgres, &tables, 3600, &report, &error), 0);
    assert_true(was_sent(sql_delete_hour));
    assert_true(was_sent(sql_insert_exceeded));
    assert_true(was_sent(sql_count_unknown_users));
    assert_int_equal(report.exceeded, 3);
    assert_int_equal(report.unknown, 5);
}

static void test_users(void **state)
{
    char id[] = "u", name[] = "n", email[] = "e";
    struct user user = {id, name, email, 5};
    struct users users = {&user, 1};
    struct users_report report;

    (void)state;
    answer_with(1, "1", "2", "0");
    assert_int_equal(users_load(postgres, "user_metadata", &users, &report, &error), 0);
    assert_true(was_sent(sql_upsert_users));
    assert_int_equal(report.inserted, 1);
    assert_int_equal(report.updated, 2);
}

static struct config *load(enum command_id command, const char *option)
{
    char texts[4][32] = {"postgresql://h", "me", "-", ""}, *arguments[] = {texts[0], texts[1], texts[2], texts[3]};
    struct config *config = NULL;

    snprintf(texts[3], sizeof(texts[3]), "%s", option);
    if (config_load(command, 4, arguments, &config, &error))
        fail_msg("%s", error.message);
    return config;
}

static void test_tables_that_are_missing_are_created(void **state)
{
    cleanup(config_cleanup) struct config *config = load(COMMAND_PROVISION, "--adopt");
    struct schema_report report;

    (void)state;
    answer_with(0, "", "", "0");
    assert_int_equal(schema_create(postgres, config, &report, &error), 0);
    assert_int_equal(report.version_before, 0);
    assert_true(was_sent(sql_lock_provision));
    assert_true(was_sent(sql_select_columns));
    assert_true(was_sent(sql_create_bytes));
    assert_true(was_sent(sql_create_bytes_hourly));
    assert_true(was_sent(sql_create_user_metadata));
    assert_true(was_sent(sql_create_user_quota_limit));
    for (int i = 0; i < SCHEMA_VERSION; i++)
        assert_true(was_sent(sql_migrations[i]));
    assert_true(was_sent(sql_has_bookkeeping));
    assert_true(was_sent(sql_note_version));
    assert_true(was_sent(sql_create_views));
    for (int i = 0; i < CONTRACTS; i++)
        assert_int_equal(report.tables[i].fate, TABLE_CREATED);
}

static void test_roles(void **state)
{
    static const char *const grants[ROLES] = {sql_grant_speed, sql_grant_batch, sql_grant_reader};
    cleanup(config_cleanup) struct config *config = load(COMMAND_PROVISION, "--adopt");
    bool created;

    (void)state;
    for (int i = 0; i < ROLES; i++) {
        answer_with(1, "0", "0", "0");
        assert_int_equal(role_create(postgres, config, (enum role_id)i, "secret", &created, &error), 0);
        assert_true(created);
        assert_true(was_sent(grants[i]));
    }
    assert_true(was_sent(sql_count_roles));
    assert_true(was_sent(sql_set_role));
    assert_true(was_sent(sql_set_verifier));
    assert_true(was_sent(sql_limit_reader));
    assert_true(was_sent(sql_create_role));
    assert_true(was_sent(sql_grant_places));
    assert_null(strstr(script.sent.data, "secret"));
    answer_with(1, "1", "0", "0");
    assert_int_equal(role_create(postgres, config, ROLE_SPEED, "secret", &created, &error), 0);
    assert_false(created);
}

static void test_roles_that_are_here_keep_their_rights(void **state)
{
    cleanup(config_cleanup) struct config *config = load(COMMAND_PROVISION, "--adopt");

    (void)state;
    answer_with(1, "0", "0", "0");
    assert_int_equal(role_renew(postgres, config, ROLE_BATCH, &error), 0);
    assert_true(was_sent(sql_has_rights));
    assert_false(was_sent(sql_grant_batch));
    answer_with(1, "1", "0", "0");
    assert_int_equal(role_renew(postgres, config, ROLE_BATCH, &error), 0);
    assert_true(was_sent(sql_grant_batch));
    assert_false(was_sent(sql_create_role));
}

static void test_newer_schema_is_refused(void **state)
{
    cleanup(config_cleanup) struct config *config = load(COMMAND_PROVISION, "--adopt");
    struct schema_report report;

    (void)state;
    answer_with(1, "1", "0", "0");
    script.version = "3";
    assert_int_equal(schema_create(postgres, config, &report, &error), -1);
    assert_int_equal(error.kind, ERROR_MISTAKE);
    assert_error_says(error, "version 3 instead of 2");
    assert_false(was_sent(sql_create_bytes));
    assert_int_equal(schema_check_version(postgres, &error), -1);
    assert_int_equal(error.kind, ERROR_MISTAKE);
}

static void test_an_older_schema_is_migrated(void **state)
{
    int64_t before;

    (void)state;
    answer_with(1, "1", "0", "0");
    script.version = "1";
    assert_int_equal(schema_check_version(postgres, &error), -1);
    assert_int_equal(error.kind, ERROR_MISTAKE);
    assert_error_says(error, "version 1 instead of 2");
    assert_int_equal(schema_migrate(postgres, &before, &error), 0);
    assert_int_equal(before, 1);
    assert_false(was_sent(sql_migrations[0]));
    assert_true(was_sent(sql_migrations[1]));
}

static void test_columns_of_another_type_are_refused(void **state)
{
    enum contract_state found;

    (void)state;
    answer_with(1, "date", "text", "0");
    assert_int_equal(contract_compare(postgres, &contracts[CONTRACT_BYTES], "bytes", &found, &error), -1);
    assert_int_equal(error.kind, ERROR_MISTAKE);
    assert_error_says(error, "column \"date\" of table \"bytes\" has the type text instead of timestamp");
    answer_with(1, "date", "timestamp without time zone", "0");
    assert_int_equal(contract_compare(postgres, &contracts[CONTRACT_BYTES], "bytes", &found, &error), -1);
    assert_error_says(error, "has no column \"id\"");
}

/* Texts that only an adoption runs; test_adopt.py runs them. */
static void test_texts_of_one_table(void **state)
{
    static const char *const texts[] = {
        sql_count_nulls_totals, sql_count_nulls_users, sql_count_nulls_quota, sql_merge_totals, sql_merge_users,
        sql_merge_quota,        sql_key_totals,        sql_key_users,         sql_key_quota,    sql_lock_table,
    };
    const char *const tables[][2] = {{"table", "t"}, {NULL, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        char *text = postgres_with_tables(texts[i], tables);

        check_parameters(text, 0);
        free(text);
    }
    check_parameters(sql_select_schema_version, 0);
    check_parameters(sql_has_index, 3);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_connecting_sets_the_session_up),
        test(test_progress),
        test(test_fenced_when_a_row_is_missing),
        test(test_totals),
        test(test_totals_are_sent_in_statements),
        test(test_rejected_messages),
        test(test_of_a_flood_the_first_of_each_reason_and_minute_are_kept),
        test(test_what_waits_of_rejected_messages_is_bounded),
        test(test_archive_files),
        test(test_replaced_files),
        test(test_hours),
        test(test_which_hours),
        test(test_ledger),
        test(test_quota),
        test(test_users),
        test(test_tables_that_are_missing_are_created),
        test(test_roles),
        test(test_roles_that_are_here_keep_their_rights),
        test(test_an_older_schema_is_migrated),
        test(test_newer_schema_is_refused),
        test(test_columns_of_another_type_are_refused),
        test(test_texts_of_one_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
