#include "speed/speed.h"
#include "command/command.h"

int command_speed(const struct config *config, struct error *error)
{
    return speed_run(config, error);
}
