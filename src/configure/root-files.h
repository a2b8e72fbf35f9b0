/*
 * Editing files of the installed root; not for other rooms. Every path is resolved inside 'root'.
 * What is read must be a regular file of text, of a sane size: a fifo, a device or a binary file
 * where a configuration file belongs is an error that names it. Nothing here follows a symlink out
 * of the root. All functions fill *err (ERR_SYSTEM) when they fail.
 */
#pragma once

#include <sys/stat.h>

#include "base/err.h"
#include "base/strbuf.h"

#define ROOT_KEEP_MODE (-1)

/* 1 and the text, or 0 and "" when there is no such file. The caller frees *ret_text always. */
int root_read(int root, const char *path, char **ret_text, struct err *err);
/* Replace or make 'path'. The owner stays what it was; so does the mode with ROOT_KEEP_MODE (0644
 * for a new file). */
int root_write(int root, const char *path, const char *text, int mode, struct err *err);

/* The same by lines, without their newlines. */
int root_read_lines(int root, const char *path, struct strv *ret_lines, struct err *err);
int root_write_lines(
    int root, const char *path, const struct strv *lines, int mode, struct err *err);

/* Status without following a last symlink; 1, or 0 when there is nothing. */
int root_lstat(int root, const char *path, struct stat *ret, struct err *err);
/* 1 if something is there, symlinks followed (also one that cannot be followed is not there). */
bool root_has(int root, const char *path);
/* A symlink in place of what is there; a directory there is an error. */
int root_symlink(int root, const char *path, const char *target, struct err *err);
/* Where on this machine an open file is, or NULL. The caller frees. */
char *root_path_of(int fd);
/* The target of a symlink, or NULL. The caller frees. */
char *root_readlink(int root, const char *path);
/* Directories with mode 0755, the last one with 'mode' when it was not there. */
int root_mkdir(int root, const char *path, uint32_t mode, struct err *err);
int root_chown(int root, const char *path, uint32_t uid, uint32_t gid, struct err *err);
/* The symlink itself. */
int root_lchown(int root, const char *path, uint32_t uid, uint32_t gid, struct err *err);
/* rm -rf; the last component may be a glob (a leading '.' matches only '.'). */
int root_remove(int root, const char *path, struct err *err);
/* Names in a directory, sorted, without "." and ".."; none when it is not there. */
int root_list(int root, const char *path, struct strv *ret_names, struct err *err);
