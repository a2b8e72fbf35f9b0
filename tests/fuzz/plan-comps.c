#include <stdio.h>

#include "fuzz.h"
#include "plan/comps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    auto_free void *copy = xmemdup(data, size);
    auto_cleanup(comps_free) struct comps *comps = comps_new();
    struct err err = {0};
    FILE *file = fmemopen(copy, size, "r");
    if (comps_read(comps, file, "comps.xml", &err) == 0) {
        comps_group(comps, "core");
        comps_environment(comps, "Minimal");
    }
    fclose(file);
    err_done(&err);
    return 0;
}
