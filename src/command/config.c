#include "config/show.h"

#include <stdio.h>

#include "command/command.h"

int command_config(const struct config *config, struct error *error)
{
    if (config_command(config) == COMMAND_CONFIG) {
        error_set(error, ANT_COMMAND_UNKNOWN, "\"%s\" is no command, or does not stand behind config",
                  config_text(config, OPTION_COMMAND));
        return error_hint(error, "write antenna config COMMAND; see antenna --help for the commands");
    }
    config_show(stdout, config);
    return 0;
}
