#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Lock-free, so that a signal handler may use them (C17 7.14.1.1). A request of our own is no signal: the first signal
 * after it asks for what is under way already. */
static atomic_bool requested;
static atomic_bool signalled;

static void (*_Atomic last_act)(void);

static void on_signal(int signal_number)
{
    void (*act)(void) = atomic_load(&last_act);

    atomic_store(&requested, true);
    if (signal_number == SIGHUP || !atomic_exchange(&signalled, true))
        return;
    if (act)
        act();
    _exit(128 + signal_number);
}

void stop_install(void)
{
    struct sigaction action, before;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    /* nohup has it ignored. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
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
