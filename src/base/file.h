/*
 * Files, below a directory that is not to be left. All of these return 0 or a negative errno and
 * print nothing; 'root' is a directory descriptor, and paths are resolved inside it as if it were
 * "/" (openat2 with RESOLVE_IN_ROOT: absolute symlinks and '..' never lead out of it).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/strbuf.h"

/* openat2(2) in 'root'; returns a descriptor with O_CLOEXEC set, or negative errno. */
int file_open_in(int root, const char *path, int flags, mode_t mode);
/* The directory that holds 'path', made with its parents (mode 0755) when absent; *ret_name
 * points at the last component inside 'path'. Returns a descriptor of the directory. */
int file_open_parent_in(int root, const char *path, const char **ret_name);
/* mkdir -p; a directory that exists is fine. */
int file_make_directories_in(int root, const char *path, mode_t mode);
/* The whole file. Larger than max_bytes: -EFBIG. *ret_data is NUL-terminated, the caller frees. */
int file_read_in(int root, const char *path, size_t max_bytes, char **ret_data, size_t *ret_size);
/* Replace 'path' by these bytes: a new file beside it, then a rename. A symlink is followed. */
int file_write_in(int root, const char *path, const void *bytes, size_t size, mode_t mode);
/* 1 if there is something (symlinks followed inside root), 0 if not, or negative errno. */
int file_exists_in(int root, const char *path);

int file_read(const char *path, size_t max_bytes, char **ret_data, size_t *ret_size);
int file_read_fd(int fd, size_t max_bytes, char **ret_data, size_t *ret_size);
/* All of it, or an error. */
int file_write_all(int fd, const void *bytes, size_t size);
int file_pwrite_all(int fd, const void *bytes, size_t size, uint64_t offset);
int file_pread_all(int fd, void *bytes, size_t size, uint64_t offset); /* short: -ENODATA */
/* mkdir -p for the machine's own paths. */
int file_make_directories(const char *path, mode_t mode);
/* rm -rf of 'name' in directory 'dir', never crossing into another mount or symlink. Absent: 0. */
int file_remove_tree(int dir, const char *name);
