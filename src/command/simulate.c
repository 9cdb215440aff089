#include "command/command.h"
#include "simulate/simulate.h"

int command_simulate(const struct config *config, struct error *error)
{
    return simulate_run(config, error);
}
