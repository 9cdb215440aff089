/* Times with offsets: what is accepted means what the calendar says, and reads the same when it is written again. */
#include "base/time.h"
#include "fuzz.h"

/* Days since 1970-01-01 of a Gregorian date, from the lengths of 400, 100, 4 and 1 years that begin with March. */
static int64_t count_days(int year, int month, int day)
{
    int64_t years = month > 2 ? year : year - 1;
    int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return years * 365 + years / 4 - years / 100 + years / 400 + in_year - 719468;
}

static int64_t expect_time(const char *text)
{
    int year, month, day, hour, minute, second = 0, offset_hours = 0, offset_minutes = 0, offset_seconds = 0;
    const char *sign = strpbrk(text + strlen("2022-02-20"), "+-");

    promise(sscanf(text, "%4d-%2d-%2d%*[Tt]%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) >= 5);
    if (sign)
        promise(sscanf(sign + 1, "%2d:%2d:%2d", &offset_hours, &offset_minutes, &offset_seconds) >= 1);
    return count_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second -
           (sign && *sign == '-' ? -1 : 1) * (offset_hours * 3600 + offset_minutes * 60 + offset_seconds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), again[TIME_TEXT_SIZE];
    int64_t time, same;

    if (time_parse(text, &time)) {
        int year = time_split(time).year;

        promise(time == expect_time(text));
        /* An offset may lead out of the years that can be written with four digits. */
        if (year >= 1 && year <= 9999)
            promise(time_parse(time_format(time, again), &same) && same == time);
    }
    free(text);
    return 0;
}
