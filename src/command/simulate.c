#include "simulate/simulate.h"
#include "command/command.h"

int command_simulate(const struct config *config, struct error *error)
{
    return simulate_run(config, error);
}
