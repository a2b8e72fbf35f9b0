/* Feed every file of the directories given to the fuzz target: what was once found stays found. */
#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "fuzz.h"

#define MAX_BYTES ((size_t)16 << 20)

static int replay(const char *directory)
{
    DIR *d = opendir(directory);
    int n = 0;
    if (!d)
        return -1;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        auto_free char *path = xprintf("%s/%s", directory, e->d_name);
        auto_free char *data = NULL;
        size_t size = 0;
        if (e->d_name[0] == '.' || file_read(path, MAX_BYTES, &data, &size) < 0)
            continue;
        LLVMFuzzerTestOneInput((const uint8_t *)data, size);
        n++;
    }
    closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int n = replay(argv[i]);
        if (n <= 0) {
            fprintf(stderr, "no inputs in '%s'\n", argv[i]);
            return 1;
        }
        total += n;
    }
    printf("%d inputs\n", total);
    return total ? 0 : 1;
}
