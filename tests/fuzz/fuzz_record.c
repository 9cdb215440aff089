/* Decoding: the fast path and the decoder as a whole read every message as jansson does, and accept nothing else. */
#include "compare_decoder.h"
#include "fuzz.h"

#define ARRIVAL 1645351200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoder decoder;
    bool accepted;

    promise(scan_agrees((const char *)data, size, &accepted));
    decoder_init(&decoder, (struct record_limits){.max_future = 3600, .max_bytes = INT64_MAX});
    promise(decoder_agrees(&decoder, (const char *)data, size, ARRIVAL));
    decoder_release(&decoder);
    promise(accepts_no_less((const char *)data, size, ARRIVAL));
    return 0;
}
