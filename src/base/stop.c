#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_bool requested; /* lock-free, so that a signal handler may use it (C17 7.14.1.1) */

static void (*_Atomic last_act)(void);

static void on_signal(int signal_number)
{
    void (*act)(void) = atomic_load(&last_act);

    if (!atomic_exchange(&requested, true))
        return;
    if (act)
        act();
    _exit(128 + signal_number);
}

void stop_install(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

bool stop_requested(void)
{
    return atomic_load_explicit(&requested, memory_order_relaxed);
}

void stop_request(void)
{
    atomic_store(&requested, true);
}

void stop_set_last_act(void (*act)(void))
{
    atomic_store(&last_act, act);
}
