#include "base/time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The largest offset of java.time.ZoneOffset. */
#define OFFSET_MAX (18 * SECONDS_PER_HOUR)

int64_t time_read_ns(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

int64_t time_monotonic_ms(void)
{
    return time_read_ns(CLOCK_MONOTONIC) / NS_PER_MS;
}

int64_t time_monotonic_us(void)
{
    return time_read_ns(CLOCK_MONOTONIC) / US_PER_MS;
}

int64_t time_now(void)
{
    return (int64_t)time(NULL);
}

int64_t time_now_ms(void)
{
    return time_read_ns(CLOCK_REALTIME) / NS_PER_MS;
}

int64_t time_hour(int64_t time)
{
    return time - time % SECONDS_PER_HOUR;
}

struct time_parts time_split(int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm parts;

    gmtime_r(&seconds, &parts);
    return (struct time_parts){parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                               parts.tm_hour,        parts.tm_min,     parts.tm_sec};
}

const char *time_format(int64_t time, char text[TIME_TEXT_SIZE])
{
    struct time_parts parts = time_split(time);

    snprintf(text, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.year, parts.month, parts.day, parts.hour,
             parts.minute, parts.second);
    return text;
}

/* Reads exactly `digits` digits and moves the text past them. */
static bool read_digits(const char **text, int digits, int minimum, int maximum, int *ret_value)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)(*text)[i]))
            return false;
        value = value * 10 + ((*text)[i] - '0');
    }
    if (value < minimum || value > maximum)
        return false;
    *text += digits;
    *ret_value = value;
    return true;
}

static bool read_character(const char **text, char character)
{
    if (**text != character)
        return false;
    (*text)++;
    return true;
}

/* A letter of ISO-8601, upper or lower case. */
static bool read_letter(const char **text, char letter)
{
    return read_character(text, letter) || read_character(text, (char)tolower((unsigned char)letter));
}

static bool read_clock(const char **text, struct tm *parts)
{
    if (!read_digits(text, 2, 0, 23, &parts->tm_hour) || !read_character(text, ':') ||
        !read_digits(text, 2, 0, 59, &parts->tm_min))
        return false;
    if (!read_character(text, ':'))
        return true;
    if (!read_digits(text, 2, 0, 59, &parts->tm_sec))
        return false;
    if (read_character(text, '.')) {
        if (!isdigit((unsigned char)**text))
            return false;
        while (isdigit((unsigned char)**text))
            (*text)++;
    }
    return true;
}

/* As java.time.OffsetDateTime reads it: Z, or hours with minutes and seconds or without, at most 18 hours. */
static bool read_offset(const char **text, int64_t *ret_seconds)
{
    int hours, minutes = 0, seconds = 0, sign;

    *ret_seconds = 0;
    if (read_letter(text, 'Z'))
        return true;
    sign = **text == '-' ? -1 : 1;
    if (!read_character(text, '+') && !read_character(text, '-'))
        return false;
    if (!read_digits(text, 2, 0, 18, &hours))
        return false;
    if (read_character(text, ':') && !read_digits(text, 2, 0, 59, &minutes))
        return false;
    if (read_character(text, ':') && !read_digits(text, 2, 0, 59, &seconds))
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60 + seconds);
    return *ret_seconds >= -OFFSET_MAX && *ret_seconds <= OFFSET_MAX;
}

static bool parse(const char *text, bool loosely, int64_t *ret_time)
{
    struct tm parts = {0};
    int year, month, day;
    int64_t offset = 0, time;

    if (!read_digits(&text, 4, 1, 9999, &year) || !read_character(&text, '-') ||
        !read_digits(&text, 2, 1, 12, &month) || !read_character(&text, '-') || !read_digits(&text, 2, 1, 31, &day) ||
        !(read_letter(&text, 'T') || (loosely && read_character(&text, ' '))) || !read_clock(&text, &parts))
        return false;
    if (!(loosely && *text == '\0') && (!read_offset(&text, &offset) || *text != '\0'))
        return false;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    time = (int64_t)timegm(&parts);
    /* timegm turns 30 February into 2 March; such a date is an error. */
    if (time_split(time).day != day)
        return false;
    *ret_time = time - offset;
    return true;
}

bool time_parse(const char *text, int64_t *ret_time)
{
    return parse(text, false, ret_time);
}

bool time_parse_loosely(const char *text, int64_t *ret_time)
{
    return parse(text, true, ret_time);
}

struct timespec time_deadline(int64_t milliseconds)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / MS_PER_SECOND;
    until.tv_nsec += milliseconds % MS_PER_SECOND * NS_PER_MS;
    if (until.tv_nsec >= NS_PER_SECOND) {
        until.tv_sec++;
        until.tv_nsec -= NS_PER_SECOND;
    }
    return until;
}

void time_sleep_ms(int64_t milliseconds)
{
    struct timespec time = {milliseconds / MS_PER_SECOND, (long)(milliseconds % MS_PER_SECOND) * NS_PER_MS};

    nanosleep(&time, NULL);
}
