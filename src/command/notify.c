#include "notify/notify.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "command/command.h"
#include "notify/transport.h"

/* As a person would see it; JSON is a line or more of its own. */
static void print_notice(void *context, const struct notice *notice, const struct message *message)
{
    const bool *mail = context;

    if (*mail)
        printf("To: %s\nSubject: %s\n\n%s\n", text_show(notice->email).text, message->subject.data, message->text.data);
    else
        fputs(message->text.data, stdout);
}

static void print_summary(const struct notify_summary *summary, bool dry)
{
    printf("%s %" PRId64 " notices, skipped %" PRId64, dry ? "would send" : "sent", summary->sent, summary->skipped);
    if (!dry)
        printf(", gave up %" PRId64 ", %" PRId64 " wait", summary->dead, summary->waiting);
    putchar('\n');
}

int command_notify(const struct config *config, struct error *error)
{
    bool mail = transport_is_mail(config), dry = config_flag(config, OPTION_DRY_RUN);
    const struct notify_listener listener = {print_notice, &mail};
    struct notify_summary summary = {0};
    int status = notify_run(config, &listener, &summary, error);

    if (config_flag(config, OPTION_FOLLOW))
        return status;
    if (status == 0 || summary.waiting)
        print_summary(&summary, dry);
    if (status == 0 && summary.left) {
        log_line(LEVEL_WARNING, "stopped before all notices were sent");
        return EXIT_INCOMPLETE;
    }
    return status;
}
