#include "base/exit_code.h"

const struct exit_code_row exit_code_table[EXIT_CODES] = {
    [EXIT_DONE] = {"done", "all of it is done, or the service was stopped by SIGTERM, SIGINT or SIGHUP", false},
    [EXIT_FAILED] = {"defect", "a defect of the program, or an answer that it does not know", true},
    [EXIT_USAGE] = {"usage", "the command line is wrong", false},
    [EXIT_ENVIRONMENT] = {"environment or configuration",
                          "the environment or the configuration is wrong, such as a password, a table or a topic; the "
                          "operator must fix it",
                          false},
    [EXIT_DIFFERENCE] = {"difference", "a check found a difference, or a limit is passed", false},
    [EXIT_UNAVAILABLE] = {"unavailable",
                          "a dependency is unavailable now: a server is down or restarts, a disk is full", true},
    [EXIT_INCOMPLETE] = {"incomplete", "the command was interrupted before all was done", true},
};
