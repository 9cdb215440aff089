/* Configuration files: what is accepted keeps the bounds of the option table. The first byte chooses the command. */
#include "config/config.h"
#include "fuzz.h"

static void check_option(const struct config *config, enum option_id id)
{
    const struct option *option = &option_table[id];
    int64_t number = config_number(config, id);

    promise(config_text(config, id) && *config_text(config, id));
    if (option->type == TYPE_COUNT || option->type == TYPE_SIZE || option->type == TYPE_INTERVAL)
        promise(number >= option->minimum && number <= option->maximum);
    if (option->type == TYPE_SHARE)
        promise(config_share(config, id) >= 0 && config_share(config, id) <= 1);
    for (size_t i = 0; i < config_list_size(config, id); i++)
        promise(*config_list_entry(config, id, i));
}

static void check(const struct config *config)
{
    for (size_t i = 0; i < OPTION_IDS; i++)
        if (config_has(config, (enum option_id)i))
            check_option(config, (enum option_id)i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file;
    static char path[FUZZ_PATH_SIZE];
    char option[] = "--config", *arguments[] = {option, path};
    struct config *config;
    struct error error = {0};

    if (!file)
        file = fuzz_file(path);
    if (size == 0)
        return 0;
    fuzz_write(file, data + 1, size - 1);
    if (config_load((enum command_id)(data[0] % COMMAND_IDS), 2, arguments, &config, &error) == 0) {
        check(config);
        config_free(config);
    } else {
        promise(*error.message);
    }
    return 0;
}
