/* The configuration of `antenna simulate host:9092 topic …` for the tests of the simulator. */
#ifndef ANTENNA_TESTS_SIMULATE_OPTIONS_H
#define ANTENNA_TESTS_SIMULATE_OPTIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"

#define ARGUMENTS_MAX 32

/* Loads the options in `text`, which blanks separate. */
static inline struct config *simulate_options(const char *text)
{
    char copy[1024];
    char *arguments[ARGUMENTS_MAX] = {(char[]){"host:9092"}, (char[]){"topic"}};
    struct config *config = NULL;
    struct error error;
    int count = 2;

    snprintf(copy, sizeof(copy), "%s", text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        arguments[count++] = word;
    if (config_load(COMMAND_SIMULATE, count, arguments, &config, &error))
        fail_msg("%s", error.message);
    return config;
}

#endif
