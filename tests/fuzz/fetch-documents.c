/* repomd.xml, metalinks and mirror lists: each input is read as each of them. What is taken from
 * them has to be what its comments promise: files inside the repository, checksums that are some.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "fetch/address.h"
#include "fetch/repomd.h"
#include "fuzz.h"

static void expect(bool condition)
{
    if (!condition)
        abort();
}

static void check_error(struct err *err)
{
    expect(err->kind == ERR_NETWORK && err->message);
    for (const char *p = err->message; *p; p++)
        expect((unsigned char)*p >= ' ');
    err_done(err);
}

static void check_record(const struct repomd_record *record)
{
    if (!record->location)
        return;
    expect(address_is_inside(record->location));
    expect(checksum_is_valid(record->checksum_type, record->checksum));
}

static void read_repomd(int fd)
{
    auto_cleanup(repomd_free) struct repomd *repomd = NULL;
    struct err err = {0};
    lseek(fd, 0, SEEK_SET);
    if (repomd_read(fd, "repomd.xml", &repomd, &err) < 0) {
        check_error(&err);
        return;
    }
    expect(repomd->primary.location);
    check_record(&repomd->primary);
    check_record(&repomd->filelists);
    check_record(&repomd->group);
    check_record(&repomd->modules);
}

static void read_metalink(int fd)
{
    auto_strv struct strv urls = {0};
    struct checksums sums = {0};
    struct err err = {0};
    lseek(fd, 0, SEEK_SET);
    if (metalink_read(fd, "metalink", &urls, &sums, &err) < 0)
        check_error(&err);
    for (size_t i = 0; i < sums.hex.n; i++)
        expect(checksum_is_valid(sums.type, sums.hex.v[i]));
    checksums_done(&sums);
}

static void read_mirrorlist(int fd)
{
    auto_strv struct strv urls = {0};
    struct err err = {0};
    lseek(fd, 0, SEEK_SET);
    if (mirrorlist_read(fd, "mirrorlist", &urls, &err) < 0)
        check_error(&err);
    for (size_t i = 0; i < urls.n; i++) {
        auto_free char *joined = address_join(urls.v[i], "repodata/repomd.xml");
        auto_free char *shown = address_for_people(joined);
        auto_free char *path = address_path(joined);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_close int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || file_write_all(fd, data, size) < 0)
        return 0;
    read_repomd(fd);
    read_metalink(fd);
    read_mirrorlist(fd);
    return 0;
}
