#include "simulate/population.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/record.h"

#define DEFAULT_USERS 20

/* Up to here an antenna's name is its digit everywhere: 22222222-2222-2222-2222-222222222222. */
#define ONE_DIGIT_ANTENNAS 9

#define UUID_SIZE 36

static const char user_pattern[] = "00000000-0000-0000-0000-000000000000";
static const char antenna_pattern[] = "11111111-1111-1111-1111-000000000000";

static bool is_counted(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

static int init_users(struct population *population, const char *text, struct error *error)
{
    long long count = DEFAULT_USERS;

    if (text && !is_counted(text)) {
        if (users_file_load(text, &population->users, error))
            return -1;
        count = (long long)population->users.count;
    } else if (text)
        count = strtoll(text, NULL, 10);
    if (count < 1 || count > POPULATION_MAX) {
        error_set(error, ANT_VALUE_INVALID, "invalid value for users: \"%s\" has no users or too many", text);
        return error_hint(error, "give a number from 1 to %d or a CSV file", POPULATION_MAX);
    }
    population->counts[TEXT_ID] = (uint32_t)count;
    return 0;
}

static int check_apps(const struct config *config, struct error *error)
{
    size_t count = config_list_size(config, OPTION_APPS);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(config_list_entry(config, OPTION_APPS, i), config_list_entry(config, OPTION_APPS, j)) == 0)
                return error_set(error, ANT_VALUE_INVALID, "invalid value for apps: \"%s\" is given twice",
                                 config_list_entry(config, OPTION_APPS, i));
    return 0;
}

/* Whether names are those of apps or of users from the file; others follow from their number. */
static bool has_stored_names(const struct population *population, enum text text)
{
    return text == TEXT_APP || (text == TEXT_ID && population->users.count);
}

static const char *stored_name(const struct population *population, enum text text, uint32_t code)
{
    return text == TEXT_APP ? config_list_entry(population->config, OPTION_APPS, code)
                            : population->users.list[code].id;
}

/* What the decoder would refuse, such as a name that is too long or not UTF-8, would make the ledger wrong. */
static int check_name(const struct population *population, enum text text, uint32_t code, struct error *error)
{
    cleanup(buffer_release) struct buffer json = {0};
    struct decoder decoder;
    struct record record;
    struct reject reject;
    int rejected;

    buffer_text(&json, "{\"timestamp\": 1645351200, \"bytes\": 0, \"antenna_id\": \"a\", ");
    buffer_text(&json, text == TEXT_ID ? "\"app\": \"a\", \"id\": " : "\"id\": \"a\", \"app\": ");
    population_json(population, text, code, &json);
    buffer_text(&json, "}");
    decoder_init(&decoder, (struct record_limits){.max_bytes = INT64_MAX});
    rejected = parse_json_data(&decoder, json.data, json.size, -1, &record, &reject);
    decoder_release(&decoder);
    if (!rejected)
        return 0;
    if (text == TEXT_ID)
        return error_set(error, ANT_CSV_INVALID, "user %u of the users file cannot be in an event: %s", code + 1,
                         reject.detail);
    return error_set(error, ANT_VALUE_INVALID, "invalid value for apps: entry %u cannot be in an event: %s", code + 1,
                     reject.detail);
}

/* Puts the names that do not follow from their number into JSON once and for all. */
static int store_names(struct population *population, enum text text, struct error *error)
{
    struct json_names *json = &population->json[text];
    uint32_t count = population->counts[text];

    json->ends = memory_new(count, sizeof(*json->ends));
    for (uint32_t code = 0; code < count; code++) {
        buffer_json_string(&json->text, slice_of(stored_name(population, text, code)));
        json->ends[code] = json->text.size;
        if (check_name(population, text, code, error))
            return -1;
    }
    return 0;
}

int population_init(struct population *population, const struct config *config, struct error *error)
{
    population->config = config;
    population->counts[TEXT_ANTENNA_ID] = (uint32_t)config_number(config, OPTION_ANTENNAS);
    population->counts[TEXT_APP] = (uint32_t)config_list_size(config, OPTION_APPS);
    if (init_users(population, config_text(config, OPTION_USERS), error) || check_apps(config, error) ||
        store_names(population, TEXT_APP, error))
        return -1;
    return population->users.count ? store_names(population, TEXT_ID, error) : 0;
}

void population_release(struct population *population)
{
    for (size_t i = 0; i < TEXTS; i++) {
        buffer_release(&population->json[i].text);
        free(population->json[i].ends);
    }
    users_release(&population->users);
}

/* Appends the pattern with `number` in its last digits. */
static void append_numbered(const char pattern[UUID_SIZE + 1], uint32_t number, struct buffer *ret_name)
{
    char *name = buffer_reserve(ret_name, UUID_SIZE);

    memcpy(name, pattern, UUID_SIZE + 1);
    for (size_t i = UUID_SIZE; number; number /= 10)
        name[--i] = (char)('0' + number % 10);
    ret_name->size += UUID_SIZE;
}

static void append_antenna(uint32_t number, struct buffer *ret_name)
{
    char *name;

    if (number > ONE_DIGIT_ANTENNAS) {
        append_numbered(antenna_pattern, number, ret_name);
        return;
    }
    name = buffer_reserve(ret_name, UUID_SIZE);
    memcpy(name, user_pattern, UUID_SIZE + 1);
    for (size_t i = 0; i < UUID_SIZE; i++)
        if (name[i] == '0')
            name[i] = (char)('0' + number);
    ret_name->size += UUID_SIZE;
}

void population_name(const struct population *population, enum text text, uint32_t code, struct buffer *ret_name)
{
    if (has_stored_names(population, text))
        buffer_text(ret_name, stored_name(population, text, code));
    else if (text == TEXT_ANTENNA_ID)
        append_antenna(code + 1, ret_name);
    else
        append_numbered(user_pattern, code + 1, ret_name);
}

void population_json(const struct population *population, enum text text, uint32_t code, struct buffer *ret_json)
{
    const struct json_names *json = &population->json[text];

    if (json->ends) {
        size_t begin = code ? json->ends[code - 1] : 0;

        buffer_append(ret_json, json->text.data + begin, json->ends[code] - begin);
        return;
    }
    buffer_append(ret_json, "\"", 1);
    population_name(population, text, code, ret_json);
    buffer_append(ret_json, "\"", 1);
}

int population_compare(const struct population *population, enum text text, uint32_t left, uint32_t right)
{
    if (has_stored_names(population, text))
        return strcmp(stored_name(population, text, left), stored_name(population, text, right));
    /* 11111111-1111-1111-1111-000000000010 and its kind come before 11111111-1111-1111-1111-111111111111. */
    if (text == TEXT_ANTENNA_ID && (left < ONE_DIGIT_ANTENNAS) != (right < ONE_DIGIT_ANTENNAS))
        return left < ONE_DIGIT_ANTENNAS ? 1 : -1;
    return (left > right) - (left < right);
}

const struct user *population_user(const struct population *population, uint32_t code)
{
    return population->users.count ? &population->users.list[code] : NULL;
}
