/*
 * The decoder's fast path against jansson, on generated messages: plain ones, and plain ones damaged in a few places.
 * CASES sets how many (default 300 000), SEED which.
 */
#include "../fuzz/compare_scan.h"
#include "unit.h"

#define MESSAGE_SIZE 512

static uint64_t seed;

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). */
static uint64_t draw(uint64_t below)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static const char *blank(void)
{
    static const char *const blanks[] = {"", "", "", " ", "\n", "\t ", "\r\n"};

    return blanks[draw(sizeof(blanks) / sizeof(*blanks))];
}

static size_t append_field(char *text, unsigned field)
{
    static const char *const names[] = {"timestamp", "id", "antenna_id", "bytes", "app"};
    static const char *const texts[] = {"SKYPE", "u", "00000000-0000-0000-0000-000000000001", "12345678", "a b"};

    if (field == 0 || field == 3)
        return (size_t)sprintf(text, "\"%s\"%s:%s%llu", names[field], blank(), blank(),
                               (unsigned long long)draw(field ? 1000000 : 4102444800u));
    return (size_t)sprintf(text, "\"%s\"%s:%s\"%s\"", names[field], blank(), blank(), texts[draw(5)]);
}

static size_t make_plain(char message[MESSAGE_SIZE])
{
    unsigned order[] = {0, 1, 2, 3, 4};
    size_t size = 0;

    for (unsigned i = 4; i > 0; i--) {
        unsigned other = (unsigned)draw(i + 1), kept = order[i];

        order[i] = order[other];
        order[other] = kept;
    }
    size += (size_t)sprintf(message + size, "%s{", blank());
    for (unsigned i = 0; i < 5; i++) {
        size += (size_t)sprintf(message + size, "%s%s", i ? "," : "", blank());
        size += append_field(message + size, order[i]);
        size += (size_t)sprintf(message + size, "%s", blank());
    }
    return size + (size_t)sprintf(message + size, "}%s", blank());
}

static size_t damage(char message[MESSAGE_SIZE], size_t size)
{
    static const char interesting[] = "\"\\{}[]:,0123456789-+.eE \n\t\x7f\x80\xc3\xa9\xff\x01utnabidsp";
    size_t at = draw(size);

    switch (draw(4)) {
    case 0: /* another byte */
        message[at] = interesting[draw(sizeof(interesting))];
        return size;
    case 1: /* a byte less */
        memmove(message + at, message + at + 1, size - at - 1);
        return size - 1;
    case 2: /* a byte more */
        memmove(message + at + 1, message + at, size - at);
        message[at] = interesting[draw(sizeof(interesting))];
        return size + 1;
    default: /* cut off */
        return draw(20) ? size : at + 1;
    }
}

static void test_fast_path_agrees_with_jansson(void **state)
{
    const char *cases_text = getenv("CASES"), *seed_text = getenv("SEED");
    long cases = cases_text ? atol(cases_text) : 300000, accepted_count = 0;

    (void)state;
    seed = seed_text ? (uint64_t)atol(seed_text) : 1;
    for (long i = 0; i < cases; i++) {
        char message[MESSAGE_SIZE];
        size_t size = make_plain(message);
        unsigned damages = (unsigned)draw(4);
        bool accepted;

        for (unsigned j = 0; j < damages && size > 1; j++)
            size = damage(message, size);
        if (!scan_agrees(message, size, &accepted))
            fail_msg("case %ld is read otherwise than by jansson: %.*s", i, (int)size, message);
        if (damages == 0 && !accepted)
            fail_msg("case %ld is plain and was not accepted: %.*s", i, (int)size, message);
        accepted_count += accepted;
    }
    /* Neither side must have been idle. */
    assert_true(accepted_count > cases / 4 && accepted_count < cases * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fast_path_agrees_with_jansson)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
