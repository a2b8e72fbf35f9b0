/* The adapter of librpm for signatures. Only for the processes of verify.c. */
#pragma once

#include "fetch/verify.h"

struct signature_checker;
struct signature_checker *signature_checker_new(void);

/* Each fills *ret_detail, which the caller frees. */
enum verify_fault signature_of_package(struct signature_checker *checker, const char *path,
    const struct keys *keys, char **ret_detail);
/* A detached signature, as gpg --detach-sign (--armor) makes it. */
enum verify_fault signature_of_file(struct signature_checker *checker, const char *path,
    const char *signature_path, const struct keys *keys, char **ret_detail);
