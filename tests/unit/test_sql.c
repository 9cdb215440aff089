/* What the named operations make of answers that a real server gives too seldom to be waited for. */
#include "libpq_script.h"
#include "postgres/archive_files.h"
#include "postgres/data_set.h"
#include "postgres/hours.h"
#include "postgres/ledger.h"
#include "postgres/rejected.h"
#include "postgres/roles.h"
#include "postgres/schema.h"
#include "postgres/totals.h"
#include "postgres/users.h"

#define QUOTE(text) #text
#define TEXT_OF(number) QUOTE(number)

static const struct progress_key key = {"job", "topic"};

static void test_a_job_of_the_data_set(void **state)
{
    const struct data_set_job job = {.key = key, .table = "bytes", .archive = true};
    bool same;

    (void)state;
    answer_with(0, "", "", "0");
    assert_int_equal(data_set_join(postgres, &job, "id", &same, &error), -1);
    assert_error_says(error, "table \"antenna.topic\" has 0 of the 1 rows");
    answer_with(1, "reader", "other", "1");
    assert_int_equal(data_set_join(postgres, &job, "id", &same, &error), -1);
    assert_int_equal(error.code, ANT_JOB_CONFLICT);
    assert_error_says(error, "job \"other\" reads this topic");
    answer_with(1, "new code", "other", "1");
    assert_int_equal(data_set_join(postgres, &job, "id", &same, &error), -1);
    assert_int_equal(error.code, ANT_DEFECT);
}

/* A partition is left out of a claim when its progress was deleted; left out again, its row was dropped. */
static void test_a_claim_of_deleted_progress(void **state)
{
    struct progress claimed[] = {{.partition = 0}, {.partition = 1}};
    const struct progress_claimant claimant = {"owner", 300, total_kinds_standard(), "--max-bytes 1"};

    (void)state;
    assert_int_equal(progress_claim(postgres, &key, &claimant, false, claimed, 2, &error), 1);
    assert_int_equal(progress_claim(postgres, &key, &claimant, true, claimed, 2, &error), -1);
    assert_int_equal(error.code, ANT_ROWS_CHANGED);
    assert_non_null(strstr(error.message, "table \"antenna.progress\" has 1 of the 2 rows"));
}

static void test_fenced_when_a_row_is_missing(void **state)
{
    struct progress claimed[] = {{.partition = 0}, {.partition = 1}};
    struct progress_step steps[] = {{.partition = 0}, {.partition = 1}};

    (void)state;
    answer_with(0, "0", "0", "1");
    assert_int_equal(progress_explain_totals(postgres, &key, steps, 2, &error), -1);
    assert_int_equal(error.code, ANT_FENCED);
    assert_int_equal(progress_advance_archive(postgres, &key, steps, 2, &error), -1);
    assert_int_equal(error.code, ANT_FENCED);
    assert_int_equal(progress_note_idle(postgres, &key, claimed, 2, 300, &error), -1);
    assert_int_equal(error.code, ANT_FENCED);
    answer_with(1, "1", "0", "1");
    assert_int_equal(progress_check_owned(postgres, &key, claimed, 2, &error), -1);
    assert_int_equal(error.code, ANT_FENCED);
}

/* PostgreSQL answers so when a statement of the transaction has failed. */
static void test_a_commit_that_rolls_back_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(postgres_commit(postgres, &error), 0);
    script.tag = "ROLLBACK";
    assert_int_equal(postgres_commit(postgres, &error), -1);
    assert_int_equal(error.code, ANT_POSTGRES_ANSWER);
    assert_error_says(error, "PostgreSQL has answered COMMIT with ROLLBACK");
}

static void test_totals_are_sent_in_statements(void **state)
{
    struct totals_writer writer;

    (void)state;
    script.changed = TEXT_OF(TOTALS_STATEMENT_ROWS);
    assert_int_equal(totals_begin_replacing(&writer, postgres, "bytes", 0, &error), 0);
    script.count = 0;
    for (int i = 0; i < 2 * TOTALS_STATEMENT_ROWS; i++)
        assert_int_equal(totals_write(&writer, 300, TOTAL_APP_BYTES, slice_of("x"), 1, &error), 0);
    assert_int_equal(totals_flush(&writer, &error), 0);
    assert_int_equal(script.count, 2);
    totals_writer_release(&writer);
}

static void test_first_rejected_messages_of_each_minute_are_kept(void **state)
{
    static const struct rejected_message empty = {.reason = "empty", .detail = ""},
                                         other = {.reason = "not_json", .detail = ""};
    struct rejected rejected = {0};

    (void)state;
    rejected_drop(&rejected);
    for (int i = 0; i < 3 * REJECTED_KEPT_PER_MINUTE; i++)
        assert_int_equal(rejected_add(&rejected, &empty, 119), 0);
    assert_int_equal(columns_rows(&rejected.kept), REJECTED_KEPT_PER_MINUTE);
    assert_int_equal(rejected_add(&rejected, &other, 119), 0);
    assert_int_equal(rejected_add(&rejected, &empty, 120), 0);
    assert_int_equal(columns_rows(&rejected.kept), REJECTED_KEPT_PER_MINUTE + 2);
    assert_int_equal(rejected.count, 3);
    /* A commit does not begin the minute anew; a lost one does. */
    rejected_begin(&rejected);
    for (int i = 0; i < REJECTED_KEPT_PER_MINUTE; i++)
        assert_int_equal(rejected_add(&rejected, &empty, 121), 0);
    assert_int_equal(columns_rows(&rejected.kept), REJECTED_KEPT_PER_MINUTE - 1);
    assert_int_equal(rejected.counts[0].messages, REJECTED_KEPT_PER_MINUTE);
    rejected_drop(&rejected);
    assert_int_equal(rejected_add(&rejected, &empty, 121), 0);
    assert_int_equal(columns_rows(&rejected.kept), 1);
    rejected_release(&rejected);
}

static void test_pending_rejected_messages_are_bounded(void **state)
{
    static char payload[REJECTED_PAYLOAD_MAX * 2];
    struct rejected_message message = {.reason = "not_json", .detail = "x", .payload = {payload, sizeof(payload)}};
    struct rejected rejected = {0};
    int64_t minute = 0;

    (void)state;
    rejected_drop(&rejected);
    assert_int_equal(rejected_add(&rejected, &message, 0), 0);
    assert_true(rejected.kept.arrays[5].buffer.size < REJECTED_PAYLOAD_MAX + 100);
    for (int i = 1; i < REJECTED_COUNTS_MAX; i++)
        assert_int_equal(rejected_add(&rejected, &message, ++minute * 60), 0);
    assert_int_equal(rejected_add(&rejected, &message, ++minute * 60), 1);
    rejected_begin(&rejected);
    assert_int_equal(rejected_add(&rejected, &message, minute * 60), 0);
    rejected_release(&rejected);
}

static void test_replaced_files_that_are_not_listed(void **state)
{
    const char *const replaced[] = {"a", "b"};

    (void)state;
    answer_with(1, "1", "0", "0");
    assert_int_equal(archive_files_replace(postgres, "new", 100, replaced, 2, &error), -1);
    assert_int_equal(error.code, ANT_DEFECT);
    assert_error_says(error, "of the 2 files that it replaces, 1 are listed");
}

static void test_quota(void **state)
{
    struct quota_tables tables = {"bytes_hourly", "user_metadata", "user_quota_limit", false};
    struct quota_report report;

    (void)state;
    tables.as_of_now = true;
    answer_with(1, "5", "3", "0");
    script.answers[2] = "3";
    assert_int_equal(quota_replace_hour(postgres, &tables, 3600, &report, &error), 0);
    assert_int_equal(report.exceeded, 3);
    assert_int_equal(report.unknown, 5);
    script.answers[2] = "2";
    assert_int_equal(quota_replace_hour(postgres, &tables, 3600, &report, &error), -1);
    assert_error_says(error, "table \"user_quota_limit\" has 2 of the 3 rows");
    tables.as_of_now = false;
    assert_int_equal(quota_replace_hour(postgres, &tables, 3600, &report, &error), -1);
    assert_error_says(error, "5 users of table \"user_metadata\" are not in antenna.user_quota");
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
    assert_int_equal(report.inserted, 1);
    assert_int_equal(report.updated, 2);
    answer_with(1, "0", "0", "0");
    assert_int_equal(users_load(postgres, "user_metadata", &users, &report, &error), -1);
    assert_int_equal(error.code, ANT_ROWS_CHANGED);
    assert_error_says(error, "table \"user_metadata\" has 0 of the 1 rows as they were written");
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

static void test_roles_that_are_here_keep_their_rights(void **state)
{
    cleanup(config_cleanup) struct config *config = load(COMMAND_PROVISION, "--adopt");

    (void)state;
    answer_with(1, "0", "0", "0");
    assert_int_equal(role_renew(postgres, config, ROLE_BATCH, &error), 0);
    assert_false(was_sent(sql_grant_batch));
    answer_with(1, "1", "0", "0");
    assert_int_equal(role_renew(postgres, config, ROLE_BATCH, &error), 0);
    assert_true(was_sent(sql_grant_batch));
    assert_false(was_sent(sql_create_role));
}

static void test_newer_schema_is_refused(void **state)
{
    cleanup(config_cleanup) struct config *config = load(COMMAND_PROVISION, "--adopt");
    char newer[8];
    struct schema_report report;

    (void)state;
    answer_with(1, "1", "0", "0");
    snprintf(newer, sizeof(newer), "%d", SCHEMA_VERSION + 1);
    script.version = newer;
    assert_int_equal(schema_create(postgres, config, &report, &error), -1);
    assert_int_equal(error.code, ANT_SCHEMA_VERSION);
    assert_error_says(error, newer);
    assert_false(was_sent(sql_create_bytes));
    assert_int_equal(schema_check_version(postgres, &error), -1);
    assert_int_equal(error.code, ANT_SCHEMA_VERSION);
}

static void test_an_older_schema_is_migrated(void **state)
{
    int64_t before;

    (void)state;
    answer_with(1, "1", "0", "0");
    script.version = "1";
    assert_int_equal(schema_check_version(postgres, &error), -1);
    assert_int_equal(error.code, ANT_SCHEMA_VERSION);
    assert_error_says(error, "version 1 instead of");
    assert_int_equal(schema_migrate(postgres, &before, &error), 0);
    assert_int_equal(before, 1);
    assert_false(was_sent(sql_migrations[0]));
    for (int i = 1; i < SCHEMA_VERSION; i++)
        assert_true(was_sent(sql_migrations[i]));
}

static void test_columns_of_another_type_are_refused(void **state)
{
    enum contract_state found;

    (void)state;
    answer_with(1, "date", "text", "0");
    assert_int_equal(contract_compare(postgres, &contracts[CONTRACT_BYTES], "bytes", &found, &error), -1);
    assert_int_equal(error.code, ANT_TABLE_COLUMNS);
    assert_error_says(error, "column \"date\" of table \"bytes\" has the type text instead of timestamp");
    answer_with(1, "date", "timestamp without time zone", "0");
    assert_int_equal(contract_compare(postgres, &contracts[CONTRACT_BYTES], "bytes", &found, &error), -1);
    assert_error_says(error, "has no column \"id\"");
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        test(test_a_job_of_the_data_set),
        test(test_a_claim_of_deleted_progress),
        test(test_fenced_when_a_row_is_missing),
        test(test_a_commit_that_rolls_back_is_an_error),
        test(test_totals_are_sent_in_statements),
        test(test_first_rejected_messages_of_each_minute_are_kept),
        test(test_pending_rejected_messages_are_bounded),
        test(test_replaced_files_that_are_not_listed),
        test(test_quota),
        test(test_users),
        test(test_roles_that_are_here_keep_their_rights),
        test(test_an_older_schema_is_migrated),
        test(test_newer_schema_is_refused),
        test(test_columns_of_another_type_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
