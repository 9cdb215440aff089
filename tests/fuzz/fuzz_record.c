/* A libFuzzer target: the fast path accepts nothing that jansson reads otherwise, and decoding never misbehaves. */
#include <stdint.h>
#include <stdlib.h>

#include "compare_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decoder decoder;
    struct record record;
    struct reject reject;
    bool accepted;

    if (!scan_agrees((const char *)data, size, &accepted))
        abort();
    decoder_init(&decoder, (struct record_limits){.max_future = 3600, .max_bytes = INT64_MAX});
    if (parse_json_data(&decoder, (const char *)data, size, 1645351200, &record, &reject) &&
        reject.reason >= REJECT_REASONS)
        abort();
    decoder_release(&decoder);
    return 0;
}
