#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"

/* A signal handler may use only lock-free atomics (C17 7.14.1.1), and these are. Two flags: after a stop that was
 * requested from inside, the first signal only repeats the request, and must not end the process. */
static atomic_bool requested;
static atomic_bool signalled;

static atomic_int_least64_t signalled_ms;

static atomic_bool threads_are_busy;

/* NULL: nothing is done. Set before or after the handlers are installed, so it is atomic, too. */
static void (*_Atomic last_act)(void);

/* atomic_exchange() makes exactly one signal the first, also if two threads handle one each at the same moment. */
static void on_signal(int signal_number)
{
    void (*act)(void) = atomic_load(&last_act);
    int_least64_t none = 0;

    atomic_compare_exchange_strong(&signalled_ms, &none, time_monotonic_ms());
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
    /* nohup(1) has set SIGHUP to be ignored, and that must stay. */
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

/* Relaxed order is enough: the flag publishes no other data, and is asked for again in the next turn. */
bool stop_requested(void)
{
    return atomic_load_explicit(&requested, memory_order_relaxed);
}

int64_t stop_signalled_ms(void)
{
    return atomic_load(&signalled_ms);
}

void stop_request(void)
{
    atomic_store(&requested, true);
}

void stop_set_last_act(void (*act)(void))
{
    atomic_store(&last_act, act);
}

void stop_note_busy_threads(void)
{
    atomic_store(&threads_are_busy, true);
}

void stop_exit(int code)
{
    if (atomic_load(&threads_are_busy))
        _exit(code);
    exit(code);
}
