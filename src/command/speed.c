#include "command/command.h"
#include "speed/speed.h"

int command_speed(const struct config *config, struct error *error)
{
    return speed_run(config, error);
}
