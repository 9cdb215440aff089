/*
 * The clean stop. The first SIGTERM or SIGINT asks for it, jobs look at stop_requested() between two steps; the
 * second ends the process at once with the exit code that shells give that signal, 128 + its number. SIGHUP, of which a
 * terminal that closes may send several, asks for it, too, and never more. A request from inside does not count either.
 */
#ifndef ANTENNA_BASE_STOP_H
#define ANTENNA_BASE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/** Installs the handlers; call once, before threads start. Also makes writing to a closed pipe, or beyond a limit of
 * files' sizes (ulimit -f), an error, not a death.
 */
void stop_install(void);

/** Whether a stop was asked for, by a signal or by stop_request(). Safe from every thread. */
bool stop_requested(void);

/** When the first signal asked for a stop, by time_monotonic_ms(); 0: none did. Its sender waits for the end, and
 * may end the process soon; a stop from inside can take its time. Safe from every thread. */
int64_t stop_signalled_ms(void);

/** Asks for the stop from inside: a worker that failed ends its siblings so. Safe from every thread. */
void stop_request(void);

/** Sets what is done before a second signal ends the process; it may call only what signal handlers may. */
void stop_set_last_act(void (*act)(void));

/** Notes that threads of a library go on until the process ends. Safe from every thread. */
void stop_note_busy_threads(void);

/** Ends the process with an exit code after its output was written. Exit handlers free what threads of libraries use,
 * as OpenSSL's does: they run only if no such thread goes on. */
_Noreturn void stop_exit(int code);

#endif
